"""Figures of quality by queue, agent, channel and interval, added up from the cells."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from engine.messages.kinds import CHANNEL_NAMES
from engine.model.directory import Directory
from engine.projections.quality.columns.cells import (
    AGENT_MASK,
    AGENT_SHIFT,
    LUMP_NS,
    OF_AGENT,
    OF_CHANNEL,
    OF_QUEUE,
    Columns,
)
from engine.projections.quality.folding.taken import Taken
from engine.projections.quality.subjects import evaluations, resolution, surveys
from engine.projections.quality.subjects.evaluations import EvaluationFigures, evaluation_figures
from engine.projections.quality.subjects.resolution import ResolutionFigures, resolution_figures
from engine.projections.quality.subjects.surveys import SurveyFigures, survey_figures
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
    whole_from_ns: int
    """From here on everything is told; later than was asked for where so much was counted that older intervals were
    merged."""
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
    apart: Collection[int] = ()
    """Queues in which no customer waits: they count where they are asked for or told apart, and in no sum."""


def quality_rows(found: Taken, directory: Directory, window: Window) -> list[QualityRow]:
    """Return the rows, by name and time; groups of which nothing was told have none. Raises ValueError."""
    for word in window.group_by:
        if word not in GROUPS:
            raise ValueError(f"{word!r} is not one of {', '.join(GROUPS)}")
    flow, mature = _added(found.flow, window), _added(_mature(found, window), window)
    asked = {kind: _added(cells, window) for kind, cells in found.surveys.items()}
    judged = {card: _added(cells, window) for card, cells in found.evaluations.items()}
    groups = {*flow, *(group for added in (*asked.values(), *judged.values()) for group in added)}
    rows = []
    for group in groups:
        told = [survey_figures(kind, added[group]) for kind, added in asked.items() if group in added]
        scored = [evaluation_figures(card, added[group]) for card, added in judged.items() if group in added]
        empty = [0] * resolution.WIDTH
        figures = resolution_figures(flow.get(group, empty), mature.get(group, empty), found.plan.window_ns)
        rows.append(QualityRow(*_words(group, directory), told, scored, figures))
    return sorted(
        rows, key=lambda row: [word or "" for word in (row.interval_start, row.queue, row.agent, row.channel)]
    )


def _mature(found: Taken, window: Window) -> Columns:
    return found.flow.chosen(found.flow.start_ns < found.mature_before_ns(window.now_ns))


def _added(cells: Columns, window: Window) -> dict[Group, list[int]]:
    """Add cells up by group."""
    if window.queue != ANY:
        cells = cells.of_queues([window.queue])
    elif "queue" not in window.group_by:
        cells = cells.without(window.apart)
    if window.agent != ANY:
        cells = cells.chosen((cells.where >> AGENT_SHIFT & AGENT_MASK) - 1 == window.agent)
    by_interval, by_queue, by_agent, by_channel = (
        word in window.group_by for word in ("interval", "queue", "agent", "channel")
    )
    parts = by_queue * OF_QUEUE | by_agent * OF_AGENT | by_channel * OF_CHANNEL
    return {
        (
            key.start_ns if by_interval else ANY,
            key.queue if by_queue else ANY,
            key.agent if by_agent else ANY,
            key.channel if by_channel else ANY,
        ): counts
        for key, counts in cells.added(parts, window.step_ns if by_interval else 0)
    }


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

FLOW_COLUMNS: Final = ("no_answers", "handled", "transfers", "first_contact_resolution", "reopen_rate")
SURVEY_COLUMNS: Final = ("surveys_requested", "surveys_answered", "csat", "nps", "ces", "qa_score")


def interval_quality(taken: Taken, window: Window) -> dict[tuple[int, int, int], IntervalQuality]:
    """Return the columns by interval start, queue and channel."""
    window = msgspec.structs.replace(window, group_by=("interval", "queue", "channel"))
    asked = {kind: _added(cells, window) for kind, cells in taken.surveys.items()}
    judged: dict[Group, list[int]] = {}
    for cells in taken.evaluations.values():
        for group, counts in _added(cells, window).items():
            judged[group] = [a + b for a, b in zip(judged.get(group, [0] * evaluations.WIDTH), counts, strict=True)]
    flow, mature = _added(taken.flow, window), _added(_mature(taken, window), window)
    nothing = [0] * resolution.WIDTH
    found = {}
    for group in {*flow, *judged, *(group for added in asked.values() for group in added)}:
        figures = {kind: survey_figures(kind, added.get(group, [0] * surveys.WIDTH)) for kind, added in asked.items()}
        score = evaluation_figures("", judged[group]).score if group in judged else None
        ends = resolution_figures(flow.get(group, nothing), mature.get(group, nothing), taken.plan.window_ns)
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


def with_quality(taken: Taken, window: Window, rows: list[IntervalRow], directory: Directory) -> list[IntervalRow]:
    """Return the rows of the interval table, by event, with what is told of surveys, evaluations and resolution.

    Null in intervals that are not told apart any more.
    """
    by_words = {
        (interval_start(start_ns), directory.queues.name(queue), CHANNEL_NAMES.get(channel, "")): one
        for (start_ns, queue, channel), one in interval_quality(taken, window).items()
    }
    of_flow, of_surveys = _first_whole(taken.flow_floor_ns), _first_whole(taken.surveys_floor_ns)
    found = []
    for row in rows:
        one = by_words.get((row.interval_start, row.queue, row.channel), NOTHING)
        columns = msgspec.structs.asdict(one)
        if row.interval_start and row.interval_start < of_flow:
            columns |= dict.fromkeys(FLOW_COLUMNS)
        if row.interval_start and row.interval_start < of_surveys:
            columns |= dict.fromkeys(SURVEY_COLUMNS)
        found.append(msgspec.structs.replace(row, **columns))
    return found


def _first_whole(floor_ns: int) -> str:
    """Return the second from which on intervals are told apart, as it is written."""
    return interval_start(-(-floor_ns // 1_000_000_000) * 1_000_000_000)
