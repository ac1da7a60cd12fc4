"""Figures of quality by queue, agent, channel and interval, added up from the cells."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from engine.messages.kinds import CHANNEL_NAMES
from engine.model.directory import Directory
from engine.projections.quality import evaluations, resolution, surveys
from engine.projections.quality.cells import LUMP_NS, Cells, Key
from engine.projections.quality.evaluations import EvaluationFigures, evaluation_figures
from engine.projections.quality.folded import Folded
from engine.projections.quality.resolution import ResolutionFigures, resolution_figures
from engine.projections.quality.surveys import SurveyFigures, survey_figures
from engine.projections.queues.intervals import IntervalRow

GROUPS: Final = ("queue", "agent", "channel", "interval")
Group = tuple[int, int, int, int]
"""Interval, queue, agent and channel; ANY where they are not told apart."""
ANY: Final = -2


class QualityRow(msgspec.Struct, frozen=True):
    """One group; what it is not told apart by is null, what is not known is empty."""

    queue: str | None
    agent: str | None
    channel: str | None
    interval_start: str | None
    """RFC 3339, UTC; empty: older than the intervals that are kept."""
    surveys: list[SurveyFigures]
    evaluations: list[EvaluationFigures]
    resolution: ResolutionFigures


class QualityTable(msgspec.Struct, frozen=True):
    """Figures at one position of the log."""

    as_of: int
    at_ns: int
    group_by: list[str]
    rows: list[QualityRow]


class Window(msgspec.Struct, frozen=True):
    """What is asked for."""

    group_by: Sequence[str]
    from_ns: int
    to_ns: int
    step_ns: int
    now_ns: int
    queue: int = ANY
    agent: int = ANY


def quality_rows(state: Folded, directory: Directory, window: Window) -> list[QualityRow]:
    """Return the rows, by name and time; groups of which nothing was told have none. Raises ValueError."""
    for word in window.group_by:
        if word not in GROUPS:
            raise ValueError(f"{word!r} is not one of {', '.join(GROUPS)}")
    flow = _added(state.flow, window)
    mature_before_ns = window.now_ns - state.plan.window_ns - state.interval_ns
    mature = _added(state.flow, window, mature_before_ns)
    asked = {kind: _added(cells, window) for kind, cells in state.surveys.cells.items()}
    judged = {card: _added(cells, window) for card, cells in state.evaluations.cells.items()}
    groups = {*flow, *(group for found in (*asked.values(), *judged.values()) for group in found)}
    rows = []
    for group in groups:
        told = [survey_figures(kind, found[group]) for kind, found in asked.items() if group in found]
        scored = [evaluation_figures(card, found[group]) for card, found in judged.items() if group in found]
        empty = [0] * resolution.WIDTH
        figures = resolution_figures(flow.get(group, empty), mature.get(group, empty), state.plan.window_ns)
        rows.append(QualityRow(*_words(group, directory), told, scored, figures))
    return sorted(
        rows, key=lambda row: [word or "" for word in (row.interval_start, row.queue, row.agent, row.channel)]
    )


def _added(cells: Cells, window: Window, before_ns: int | None = None) -> dict[Group, list[int]]:
    """Add cells up by group; of those that start before `before_ns` alone, if that is said."""
    found: dict[Group, list[int]] = {}
    to_ns = window.to_ns if before_ns is None else min(window.to_ns, before_ns + 1)
    for key, counts in cells.between(window.from_ns, to_ns):
        if window.queue not in (ANY, key.queue) or window.agent not in (ANY, key.agent):
            continue
        group = _group(key, window)
        total = found.get(group)
        if total is None:
            found[group] = list(counts)
        else:
            for column, count in enumerate(counts):
                total[column] += count
    return found


def _group(key: Key, window: Window) -> Group:
    by = window.group_by
    return (
        key.start_ns // window.step_ns * window.step_ns if "interval" in by else ANY,
        key.queue if "queue" in by else ANY,
        key.agent if "agent" in by else ANY,
        key.channel if "channel" in by else ANY,
    )


def _words(group: Group, directory: Directory) -> tuple[str | None, str | None, str | None, str | None]:
    start_ns, queue, agent, channel = group
    return (
        None if queue == ANY else directory.queues.name(queue),
        None if agent == ANY else directory.agents.name(agent),
        None if channel == ANY else CHANNEL_NAMES.get(channel, ""),
        None if start_ns == ANY else interval_start(start_ns),
    )


def interval_start(start_ns: int) -> str:
    """Return the start of an interval as it is written; empty for the lump of the old."""
    return "" if start_ns == LUMP_NS else datetime.fromtimestamp(start_ns // 1_000_000_000, UTC).isoformat()


class IntervalQuality(msgspec.Struct, frozen=True):
    """The columns of the interval table."""

    surveys_requested: int
    surveys_answered: int
    csat: float | None
    nps: float | None
    ces: float | None
    qa_score: float | None
    no_answers: int
    handled: int
    transfers: int
    first_contact_resolution: float | None
    reopen_rate: float | None


NOTHING: Final = IntervalQuality(0, 0, None, None, None, None, 0, 0, 0, None, None)


def interval_quality(state: Folded, window: Window) -> dict[tuple[int, int, int], IntervalQuality]:
    """Return the columns by interval start, queue and channel."""
    window = msgspec.structs.replace(window, group_by=("interval", "queue", "channel"))
    asked = {kind: _added(cells, window) for kind, cells in state.surveys.cells.items()}
    judged: dict[Group, list[int]] = {}
    for cells in state.evaluations.cells.values():
        for group, counts in _added(cells, window).items():
            judged[group] = [a + b for a, b in zip(judged.get(group, [0] * evaluations.WIDTH), counts, strict=True)]
    flow = _added(state.flow, window)
    mature = _added(state.flow, window, window.now_ns - state.plan.window_ns - state.interval_ns)
    nothing = [0] * resolution.WIDTH
    found = {}
    for group in {*flow, *judged, *(group for added in asked.values() for group in added)}:
        figures = {kind: survey_figures(kind, added.get(group, [0] * surveys.WIDTH)) for kind, added in asked.items()}
        score = evaluation_figures("", judged[group]).score if group in judged else None
        ends = resolution_figures(flow.get(group, nothing), mature.get(group, nothing), state.plan.window_ns)
        once, again = ends.first_contact_resolution, ends.reopen_rate
        csat, nps, ces = figures["csat"].share, figures["nps"].nps, figures["ces"].mean
        found[group[0], group[1], group[3]] = IntervalQuality(
            surveys_requested=sum(one.requested for one in figures.values()),
            surveys_answered=sum(one.answered + one.unasked for one in figures.values()),
            csat=csat.value if csat is not None else None,
            nps=nps.value if nps is not None else None,
            ces=ces.value if ces is not None else None,
            qa_score=score.value if score is not None else None,
            no_answers=ends.no_answers,
            handled=ends.handled,
            transfers=ends.transfers,
            first_contact_resolution=once.value if once is not None else None,
            reopen_rate=again.value if again is not None else None,
        )
    return found


def with_quality(
    rows: list[IntervalRow], told: Mapping[tuple[int, int, int], IntervalQuality] | None, directory: Directory
) -> list[IntervalRow]:
    """Return the rows of the interval table with what is told of surveys and evaluations."""
    if told is None:
        return rows
    by_words = {
        (interval_start(start_ns), directory.queues.name(queue), CHANNEL_NAMES.get(channel, "")): one
        for (start_ns, queue, channel), one in told.items()
    }
    found = []
    for row in rows:
        one = by_words.get((row.interval_start, row.queue, row.channel), NOTHING)
        found.append(msgspec.structs.replace(row, **msgspec.structs.asdict(one)))
    return found
