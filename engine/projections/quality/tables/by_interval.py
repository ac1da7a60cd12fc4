"""The schedule and who kept to it by interval and queue: columns of the interval table."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
import numpy as np

from engine.kernel.tables import Array
from engine.model.quality import Shift
from engine.model.settings import SECOND_NS
from engine.projections.quality.subjects.adherence import Compared, compared
from engine.projections.quality.subjects.presence import Change, Exempt
from engine.projections.queues.intervals import IntervalRow

SCHEDULED: Final = 0
ADHERENT: Final = 1
WORK_SCHEDULED: Final = 2
WIDTH: Final = 3


class Schedule(NamedTuple):
    """What one agent was to do, and did."""

    agent: int
    shifts: list[Shift]
    """In order and without overlap."""
    statuses: list[Change]
    """As Presence.statuses gives them, of the time that `around` tells."""
    exceptions: list[Exempt]


def around(from_ns: int, to_ns: int, tolerance_ns: int, now_ns: int) -> tuple[int, int]:
    """Return the time to be looked at for [from_ns, to_ns): what is forgiven in it may begin before, and end later."""
    return from_ns - tolerance_ns - 1, min(to_ns + tolerance_ns + 1, now_ns)


def with_schedule(
    rows: Sequence[IntervalRow],
    schedules: Sequence[Schedule],
    tolerance_ns: int,
    step_ns: int,
    now_ns: int,
    eligible: Callable[[str], Array],
) -> list[IntervalRow]:
    """Return the rows with the schedule of the agents who may serve the queue, and their adherence to it."""
    starts = [int(datetime.fromisoformat(row.interval_start).timestamp()) * SECOND_NS for row in rows]
    if not schedules or not rows:
        return list(rows)
    first_ns, last_ns = min(starts), max(starts)
    times = np.zeros((len(schedules), (last_ns - first_ns) // step_ns + 1, WIDTH), np.int64)
    for one, own in zip(schedules, times, strict=True):
        begin_ns, end_ns = around(first_ns, last_ns + step_ns, tolerance_ns, now_ns)
        spans = compared(one.shifts, one.statuses, one.exceptions, begin_ns, end_ns, tolerance_ns)
        _spread(own, spans, first_ns, step_ns)
    numbers = np.array([one.agent for one in schedules])
    of_queue: dict[str, Array | None] = {}
    for queue in {row.queue for row in rows}:
        theirs = eligible(queue)[numbers]
        of_queue[queue] = times[theirs].sum(axis=0) if theirs.any() else None
    told = []
    for row, start_ns in zip(rows, starts, strict=True):
        found, passed_ns = of_queue[row.queue], min(step_ns, now_ns - start_ns)
        if found is None or passed_ns <= 0:
            told.append(row)
            continue
        scheduled, adherent, work = found[(start_ns - first_ns) // step_ns].tolist()
        kept = round(adherent / scheduled, 4) if scheduled else None
        told.append(msgspec.structs.replace(row, agents_scheduled=round(work / passed_ns, 4), adherence=kept))
    return told


def _spread(times: Array, found: Compared, first_ns: int, step_ns: int) -> None:
    """Add one agent's times to the intervals that they fall into, shape (intervals, WIDTH)."""
    columns = ((SCHEDULED, found.scheduled), (ADHERENT, found.adherent), (WORK_SCHEDULED, found.work))
    for column, spans in columns:
        for from_ns, to_ns in spans:
            place = max(0, (from_ns - first_ns) // step_ns)
            while place < len(times) and (start_ns := first_ns + place * step_ns) < to_ns:
                times[place, column] += min(to_ns, start_ns + step_ns) - max(from_ns, start_ns)
                place += 1
