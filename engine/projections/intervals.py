"""The interval table: one row for each interval, queue and channel, with the same columns as planned figures have.

By event, a figure stands where it happened; by arrival, where its contact entered the queue: such a row is open until
the last of its contacts has left.
"""

import csv
import io
from datetime import UTC, datetime
from typing import Final

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import CHANNEL_NAMES, CHANNELS
from engine.model.directory import Directory
from engine.model.settings import EngineSetting, QueueSetting
from engine.model.tallies import Tally
from engine.projections import abandonment, service_level
from engine.projections.figures import BY_ARRIVAL, BY_EVENT, NS, add_up, counts, mean_s
from engine.projections.handle_time import average_handle_s

BY: Final = {"event": BY_EVENT, "arrival": BY_ARRIVAL}


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
    offered: int
    blocked: int
    """Refused at the door: full, empty, closed, or no trunk."""
    answered: int
    answered_in_threshold: int
    abandoned: int
    """Short ones included."""
    short_abandoned: int
    overflowed: int
    callbacks: int
    service_level: float | None
    sl_lo: float | None
    sl_hi: float | None
    asa_s: float | None
    wait_max_s: float
    abandon_rate: float | None
    aht_s: float | None
    talk_s: float | None
    hold_s: float | None
    wrap_s: float | None
    erlangs: float
    """Handling time that ended here over the interval's length."""
    source: str
    wait_p50_s: float | None = None
    wait_p90_s: float | None = None
    agents_required: float | None = None
    agents_required_with_shrinkage: float | None = None
    agents_scheduled: float | None = None
    agents_actual: float | None = None
    gap: float | None = None
    occupancy: float | None = None
    utilization: float | None = None
    shrinkage: float | None = None
    trunks_p99: float | None = None
    trunk_blocking: float | None = None
    max_queue: float | None = None
    cost: float | None = None


class IntervalTable(msgspec.Struct, frozen=True):
    """The rows asked for, at one position of the log."""

    as_of: int
    at_ns: int
    step_s: float
    by: str
    service_level_formula: str
    rows: list[IntervalRow]


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
) -> list[IntervalRow]:
    """Return the rows that start in [from_ns, to_ns), `step_ns` long, oldest first, without unused combinations.

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
    found = []
    for start_ns in np.unique(starts[held]).tolist():
        tallies = t.intervals[held & (starts == start_ns), BY[by]]
        used = np.flatnonzero(tallies.any(axis=(0, 2)))
        for cell in used.tolist():
            if queue is not None and cell // CHANNELS != queue:
                continue
            found.append(_row(t, directory, add_up(tallies[:, cell]), cell, start_ns, step_ns, by, now_ns, kind))
    return found


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
) -> IntervalRow:
    c = counts(tally)
    level = service_level.service_level(kind, c, _threshold_s(t, cell))
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
        offered=c.entries,
        blocked=c.refused,
        answered=c.answered,
        answered_in_threshold=c.answered_within,
        abandoned=c.abandoned,
        short_abandoned=c.short_abandoned,
        overflowed=c.exits["overflowed"],
        callbacks=c.exits["callback"],
        service_level=level.value,
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
    )


def _threshold_s(t: Tables, cell: int) -> float:
    return int(t.queues[cell // CHANNELS]["settings"][QueueSetting.THRESHOLD_NS]) / NS


def as_csv(rows: list[IntervalRow]) -> str:
    """Return the rows as CSV with a header; null is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(IntervalRow.__struct_fields__)
    for row in rows:
        writer.writerow(msgspec.structs.astuple(row))
    return text.getvalue()
