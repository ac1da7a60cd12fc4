"""The interval table: one row for each interval, queue and channel, with the same columns as planned figures have.

By event, a figure stands where it happened; by arrival, where its contact entered the queue: such a row is open until
the last of its contacts has left.
"""

import csv
import io
from collections import Counter
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, Final

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import CHANNEL_NAMES, CHANNELS, VOICE
from engine.model.directory import Directory
from engine.model.plans import ActivePlans
from engine.model.settings import EngineSetting, QueueSetting
from engine.model.tallies import Tally
from engine.projections.agents.interval_times import AgentTimes
from engine.projections.figures import BY_ARRIVAL, BY_EVENT, NS, add_up, counts, mean_s, overdue_contacts, ratio
from engine.projections.formulas import abandonment, service_level
from engine.projections.formulas.handle_time import average_handle_s
from engine.projections.names import existing
from engine.projections.queues.interval_waits import IntervalWaits

BY: Final = {"event": BY_EVENT, "arrival": BY_ARRIVAL}


_EXACT: Final = "Bounds of a simulated figure. Null in live rows, where the figure is exact."
_UNHANDLED: Final = "Null where no served contact ended."
_PLANNED: Final = "Of plans. Null in live rows."
_BY_EVENT: Final = "Of the surveys requested here. Null by arrival, and in plans."
_UNANSWERED: Final = "Null where nothing was answered or judged, by arrival, and in plans."
_FLOW: Final = "Null by arrival, and in plans."
_TOO_YOUNG: Final = "Null where nothing is old enough to judge, by arrival, and in plans."
_OF_AGENTS: Final = (
    "Of the agents who may serve the queue, whatever they did. Null by arrival, in plans, and in intervals that were "
    "not seen whole. "
)
_OF_SCHEDULE: Final = (
    "Of the agents who may serve the queue. Null by arrival, and where none of them is in the configuration's schedule."
)
_NOT_KEPT: Final = (
    "Null in live rows: not kept by interval. What holds now is in the real-time table and in the queues."
)


_WAITS: Final = (
    "Of the answered, exact to 9 % from 0.13 s on. Null where nothing was answered, in rows by arrival, and in "
    "intervals that began before the latest 500,000 events at the start of the process."
)
_BLOCKING: Final = (
    "Of the offered, the share refused for want of a channel of a trunk group. Null where no call was offered, and for "
    "other channels than voice."
)


class IntervalRow(msgspec.Struct, frozen=True):
    """One interval of one queue and channel. Planned figures and those that live data cannot give are null."""

    scenario: str
    replication: int
    queue: str
    channel: str
    interval_start: str
    """RFC 3339, UTC."""
    interval_s: float
    by: str
    open: bool
    """More can still be counted here."""
    incomplete: bool
    """A source had lost its stream at this time: what it would have told is missing here.

    A queue of which nothing at all was told in such an interval has a row of zeros.
    """
    offered: int
    blocked: int
    """Refused, at the door or by a step: full, empty, closed, or no trunk."""
    answered: int
    answered_in_threshold: int
    abandoned: int
    """Short ones included."""
    short_abandoned: int
    dismissed: int
    """The queue hung up on them: `timed_out` and `empty`."""
    moved_on: int
    """Went on elsewhere: to another queue, to an agent, or by a key."""
    overflowed: int
    """Of these, sent on by a rule of the queue."""
    callbacks: int
    withdrawn: int
    failed: int
    """Lost by a fault: `system_error` and `unknown`."""
    service_level: Annotated[
        float | None, msgspec.Meta(description="Null where no contact counts by the formula chosen.")
    ]
    service_level_met: int
    service_level_of: int
    """What the level divides by what, so that rows can be added up."""
    sl_lo: Annotated[float | None, msgspec.Meta(description=_EXACT)]
    sl_hi: Annotated[float | None, msgspec.Meta(description=_EXACT)]
    asa_s: Annotated[float | None, msgspec.Meta(description="Null where nothing was answered.")]
    wait_max_s: float
    abandon_rate: Annotated[float | None, msgspec.Meta(description="Null where no contact counts by its formula.")]
    aht_s: Annotated[float | None, msgspec.Meta(description=_UNHANDLED)]
    talk_s: Annotated[float | None, msgspec.Meta(description=_UNHANDLED)]
    hold_s: Annotated[float | None, msgspec.Meta(description=_UNHANDLED)]
    wrap_s: Annotated[float | None, msgspec.Meta(description="Null where no wrap-up ended.")]
    erlangs: float
    """Handling time that ended here over the interval's length."""
    source: str
    wait_p50_s: Annotated[float | None, msgspec.Meta(description=_WAITS)] = None
    wait_p90_s: Annotated[float | None, msgspec.Meta(description=_WAITS)] = None
    agents_required: Annotated[float | None, msgspec.Meta(description=_PLANNED)] = None
    agents_required_with_shrinkage: Annotated[float | None, msgspec.Meta(description=_PLANNED)] = None
    agents_scheduled: Annotated[
        float | None, msgspec.Meta(description="Those scheduled for work, on average. " + _OF_SCHEDULE)
    ] = None
    agents_actual: Annotated[float | None, msgspec.Meta(description=_OF_AGENTS + "Those at work, on average.")] = None
    gap: Annotated[float | None, msgspec.Meta(description=_PLANNED)] = None
    occupancy: Annotated[float | None, msgspec.Meta(description=_OF_AGENTS + "Handling over handling and idle.")] = None
    utilization: Annotated[float | None, msgspec.Meta(description=_OF_AGENTS + "Handling over time signed in.")] = None
    shrinkage: Annotated[float | None, msgspec.Meta(description=_PLANNED)] = None
    trunks_p99: Annotated[float | None, msgspec.Meta(description=_NOT_KEPT)] = None
    trunk_blocking: Annotated[float | None, msgspec.Meta(description=_BLOCKING)] = None
    max_queue: Annotated[float | None, msgspec.Meta(description=_NOT_KEPT)] = None
    cost: Annotated[float | None, msgspec.Meta(description=_PLANNED)] = None
    surveys_requested: Annotated[int | None, msgspec.Meta(description=_BY_EVENT)] = None
    surveys_answered: Annotated[int | None, msgspec.Meta(description=_BY_EVENT)] = None
    csat: Annotated[float | None, msgspec.Meta(description=_UNANSWERED)] = None
    """Share of the satisfied."""
    nps: Annotated[float | None, msgspec.Meta(description=_UNANSWERED)] = None
    """-100 to 100."""
    ces: Annotated[float | None, msgspec.Meta(description=_UNANSWERED)] = None
    """Mean, 1 to 7."""
    qa_score: Annotated[float | None, msgspec.Meta(description=_UNANSWERED)] = None
    """Mean of the evaluations, %."""
    no_answers: Annotated[int | None, msgspec.Meta(description=_FLOW)] = None
    """Offers that rang out."""
    handled: Annotated[int | None, msgspec.Meta(description=_FLOW)] = None
    """Talks that ended, one for each agent who had the contact."""
    transfers: Annotated[int | None, msgspec.Meta(description=_FLOW)] = None
    """Of these, by being handed over."""
    first_contact_resolution: Annotated[float | None, msgspec.Meta(description=_TOO_YOUNG)] = None
    reopen_rate: Annotated[float | None, msgspec.Meta(description=_TOO_YOUNG)] = None
    adherence: Annotated[
        float | None, msgspec.Meta(description="Share of scheduled time in which they kept to it. " + _OF_SCHEDULE)
    ] = None
    drill: bool = False
    """A drill of a continuity plan lasted in a part of it: its figures are those of an exercise, too."""


class IntervalTable(msgspec.Struct, frozen=True):
    """The rows asked for, at one position of the log."""

    as_of: int
    at_ns: int
    step_s: float
    by: str
    service_level_formula: str
    rows: list[IntervalRow]
    next_from_ns: int | None = None
    """What `from` must be for the next page; null: this is the last."""


def interval_rows(
    t: Tables,
    directory: Directory,
    now_ns: int,
    from_ns: int,
    to_ns: int,
    step_ns: int,
    by: str = "event",
    queue: int | None = None,
    level: service_level.Variant | None = None,
    limit: int | None = None,
    waits: IntervalWaits | None = None,
) -> tuple[list[IntervalRow], int | None]:
    """Return the rows that start in [from_ns, to_ns), `step_ns` long, oldest first, without unused combinations.

    Where an interval is incomplete, every queue has a row: that of its own channel, if no other.
    As soon as there are `limit`, no further interval is begun; the second is then where the next one starts.
    Raises ValueError when the step is not a multiple of the engine's interval, or `by` is unknown.
    """
    base_ns = int(t.book["settings"][0, EngineSetting.INTERVAL_NS])
    if step_ns < base_ns or step_ns % base_ns:
        raise ValueError(f"the step must be a multiple of the engine's interval of {base_ns / NS:g} s")
    if by not in BY:
        raise ValueError(f"{by!r} is not one of event, arrival")
    kind = level or service_level.variant(service_level.DEFAULT)
    starts = t.interval_starts // step_ns * step_ns
    held = (t.interval_starts >= 0) & (starts >= from_ns) & (starts < to_ns)
    queues = np.array(existing(directory.queues), np.int64)
    own_cells = queues * CHANNELS + t.queues["settings"][queues, QueueSetting.CHANNEL]
    overdue = _overdue(t, now_ns, step_ns, by)
    found: list[IntervalRow] = []
    for start_ns in np.unique(starts[held]).tolist():
        if limit is not None and len(found) >= limit:
            return found, start_ns
        rows = held & (starts == start_ns)
        tallies, gapped = t.intervals[rows, BY[by]], bool(t.interval_gaps[rows].any())
        used = tallies.any(axis=(0, 2))
        used[[cell for passed_ns, cell in overdue if passed_ns == start_ns]] = True
        if gapped:
            used[own_cells[~used.reshape(-1, CHANNELS)[own_cells // CHANNELS].any(axis=1)]] = True
        for cell in np.flatnonzero(used).tolist():
            if queue is not None and cell // CHANNELS != queue:
                continue
            tally = add_up(tallies[:, cell])
            p50_s = p90_s = None
            if waits is not None and by == "event":
                longest_ns = int(tally[Tally.LONGEST_ANSWERED_NS])
                p50_s, p90_s = waits.quantiles_s(start_ns, step_ns, cell, longest_ns, (0.5, 0.9))
            row = _row(t, directory, tally, cell, start_ns, step_ns, by, now_ns, kind, overdue[start_ns, cell])
            found.append(msgspec.structs.replace(row, incomplete=gapped, wait_p50_s=p50_s, wait_p90_s=p90_s))
    return found, None


def _overdue(t: Tables, now_ns: int, step_ns: int, by: str) -> Counter[tuple[int, int]]:
    """Return who waits past T, by the start of the interval in which T passed (or they entered) and by cell."""
    found = overdue_contacts(t, now_ns)
    starts_ns = (found.passed_ns if by == "event" else found.entered_ns) // step_ns * step_ns
    return Counter(zip(starts_ns.tolist(), found.cell.tolist(), strict=True))


def _row(
    t: Tables,
    directory: Directory,
    tally: Array,
    cell: int,
    start_ns: int,
    step_ns: int,
    by: str,
    now_ns: int,
    kind: service_level.Variant,
    overdue: int,
) -> IntervalRow:
    c = counts(tally)
    level = service_level.service_level(kind, c, _threshold_s(t, cell), overdue)
    handled, wrapped = int(tally[Tally.HANDLED]), int(tally[Tally.WRAPPED])
    still_in = c.entries - sum(c.exits.values()) if by == "arrival" else 0
    return IntervalRow(
        scenario="live",
        replication=0,
        queue=directory.queues.name(cell // CHANNELS),
        channel=CHANNEL_NAMES[cell % CHANNELS],
        interval_start=datetime.fromtimestamp(start_ns // 1_000_000_000, UTC).isoformat(),
        interval_s=step_ns / NS,
        by=by,
        open=still_in > 0 or start_ns + step_ns > now_ns,
        incomplete=False,
        offered=c.entries,
        blocked=c.refused,
        answered=c.answered,
        answered_in_threshold=c.answered_within,
        abandoned=c.abandoned,
        short_abandoned=c.short_abandoned,
        dismissed=c.dismissed,
        moved_on=c.moved_on,
        overflowed=c.exits["overflowed"],
        callbacks=c.exits["callback"],
        withdrawn=c.exits["withdrawn"],
        failed=c.failed,
        service_level=level.value,
        service_level_met=level.met,
        service_level_of=level.of,
        sl_lo=None,
        sl_hi=None,
        asa_s=mean_s(tally[Tally.ANSWERED_WAIT_NS], c.answered),
        wait_max_s=round(int(tally[Tally.LONGEST_WAIT_NS]) / NS, 3),
        abandon_rate=abandonment.abandonment(abandonment.variant(abandonment.DEFAULT), c).value,
        aht_s=average_handle_s(tally),
        talk_s=mean_s(tally[Tally.TALK_NS], handled),
        hold_s=mean_s(tally[Tally.HOLD_NS], handled),
        wrap_s=mean_s(tally[Tally.WRAP_UP_NS], wrapped),
        erlangs=round(int(tally[Tally.TALK_NS] + tally[Tally.WRAP_UP_NS]) / step_ns, 4),
        source="live",
        trunk_blocking=ratio(c.exits["refused_trunk"], c.entries) if cell % CHANNELS == VOICE else None,
    )


def _threshold_s(t: Tables, cell: int) -> float:
    return int(t.queues[cell // CHANNELS]["settings"][QueueSetting.THRESHOLD_NS]) / NS


def with_agents(
    rows: list[IntervalRow], times: AgentTimes | None, t: Tables, directory: Directory, step_ns: int, now_ns: int
) -> list[IntervalRow]:
    """Return the rows with what is known of the agents; each row of a queue tells the same of them."""
    if times is None:
        return rows
    found: list[IntervalRow] = []
    for start, group in groupby(rows, key=lambda row: row.interval_start):
        theirs = [(row, directory.queues.number(row.queue)) for row in group]
        start_ns = int(datetime.fromisoformat(start).timestamp()) * 1_000_000_000
        shares = times.of(t, sorted({queue for _, queue in theirs}), start_ns, step_ns, now_ns)
        for row, queue in theirs:
            of_agents = msgspec.structs.asdict(shares[queue]) if queue in shares else {}
            found.append(msgspec.structs.replace(row, **of_agents))
    return found


def with_drills(rows: list[IntervalRow], plans: ActivePlans, step_ns: int) -> list[IntervalRow]:
    """Return the rows, those in which a drill lasted marked."""
    starts = {
        row.interval_start: int(datetime.fromisoformat(row.interval_start).timestamp()) * 1_000_000_000 for row in rows
    }
    drilled = {start for start, start_ns in starts.items() if plans.is_drilled(start_ns, start_ns + step_ns)}
    if not drilled:
        return rows
    return [msgspec.structs.replace(row, drill=True) if row.interval_start in drilled else row for row in rows]


def as_csv(rows: list[IntervalRow]) -> str:
    """Return the rows as CSV with a header; null is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(IntervalRow.__struct_fields__)
    for row in rows:
        writer.writerow(msgspec.structs.astuple(row))
    return text.getvalue()
