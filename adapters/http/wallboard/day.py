"""The day so far by interval, against its plan: contacts from the counters, agents from their times by interval."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from adapters.http.boards import BoardSettings
from adapters.http.day_plan import PlanFault, Planned, read_plan
from engine.projections.days import midnight_ns, next_midnight_ns
from engine.projections.queues.intervals import IntervalRow, IntervalTable
from engine.projections.views import Views

NS: Final = 1_000_000_000
STEP_NS: Final = 1800 * NS


class DayRow(msgspec.Struct, frozen=True):
    """One interval of the board's queues together; null: not known, or not yet."""

    start_ns: int
    offered: int | None
    answered: int | None
    abandoned: int | None
    service_level: float | None
    agents: float | None
    """At work on average, in as much of the interval as has passed; each counts once."""
    forecast: float | None
    required: float | None
    scheduled: float | None


class Day(msgspec.Struct, frozen=True):
    """A day by interval, oldest first."""

    as_of: int
    at_ns: int
    step_s: float
    rows: list[DayRow]
    planned: bool
    fault: str = ""
    """Why the plan cannot be shown."""
    fault_code: str = ""
    """The same for those who say it in their own words; `fault_given` goes with it."""
    fault_given: dict[str, str] = {}


class Counted(NamedTuple):
    """What a day is made of, at one position of the log."""

    table: IntervalTable
    agents: dict[int, float | None]
    """Those at work for the board's queues, by the start of the interval."""
    zone: str
    for_colleagues: tuple[str, ...]
    """Queues in which no customer waits."""


def cut_day(views: Views, board: BoardSettings, wall_ns: int, zone: str) -> Callable[[], Counted]:
    """Return what counts the day of `wall_ns` in a time zone as it is now, by half hours where intervals allow it.

    That takes a while: call it in a thread.
    """
    now_ns, interval_ns = views.now_ns(wall_ns), views.interval_ns
    step_ns = STEP_NS if STEP_NS % interval_ns == 0 else interval_ns
    first_ns = midnight_ns(now_ns, zone)
    end_ns = next_midnight_ns(now_ns, zone)
    table = views.cut_intervals(step_ns, first_ns, end_ns, now_ns=now_ns)
    starts = list(range(first_ns, end_ns, step_ns))
    agents = views.agents_at_work(starts, step_ns, board.queues, now_ns)
    at_work = dict(zip(starts, agents, strict=True))
    return lambda: Counted(table(), at_work, zone, views.directory.colleague_queues)


def day_of(board: BoardSettings, day: Counted, queues: Collection[str]) -> Day:
    """Put a day of customers together; a plan may name `queues`. It reads the plan's file: call it in threads."""
    table = day.table
    step_ns, now_ns = int(table.step_s * NS), table.at_ns
    first_ns = midnight_ns(now_ns, day.zone)
    rows_shown = [row for row in table.rows if board.shows(row.queue) and row.queue not in day.for_colleagues]
    actual = _by_start(rows_shown)
    fault, planned = PlanFault("", ""), dict[int, list[Planned]]()
    try:
        planned = _plan(board, first_ns, step_ns, day, queues)
    except PlanFault as error:
        fault = error
    rows = []
    for start_ns, agents in day.agents.items():
        if start_ns <= now_ns or start_ns in planned:
            rows.append(_row(start_ns, agents, actual.get(start_ns, []), planned.get(start_ns, [])))
    while rows and rows[0].offered is None and rows[0].forecast is None:
        rows.pop(0)
    return Day(table.as_of, now_ns, step_ns / NS, rows, bool(planned), str(fault), fault.code, fault.given)


def _row(start_ns: int, agents: float | None, rows: Sequence[IntervalRow], plan: Sequence[Planned]) -> DayRow:
    # The level by which the table was made, of all rows together.
    met, of = sum(row.service_level_met for row in rows), sum(row.service_level_of for row in rows)
    return DayRow(
        start_ns=start_ns,
        offered=sum(row.offered for row in rows) if rows else None,
        answered=sum(row.answered for row in rows) if rows else None,
        abandoned=sum(row.abandoned for row in rows) if rows else None,
        service_level=round(met / of, 4) if of else None,
        agents=agents,
        forecast=_sum([each.forecast for each in plan]),
        required=_sum([each.required for each in plan]),
        scheduled=_sum([each.scheduled for each in plan]),
    )


def _by_start(rows: Sequence[IntervalRow]) -> dict[int, list[IntervalRow]]:
    found: dict[int, list[IntervalRow]] = {}
    for row in rows:
        start_ns = int(datetime.fromisoformat(row.interval_start).timestamp()) * NS
        found.setdefault(start_ns, []).append(row)
    return found


def _plan(
    board: BoardSettings, first_ns: int, step_ns: int, counted: Counted, queues: Collection[str]
) -> dict[int, list[Planned]]:
    """The plan of the day by the intervals shown. Raises PlanFault."""
    if not board.plan:
        return {}
    known = ZoneInfo(counted.zone)
    day = datetime.fromtimestamp(first_ns / NS, UTC).astimezone(known)
    end_ns = next_midnight_ns(first_ns, counted.zone)
    found: dict[int, list[Planned]] = {}
    for each in read_plan(Path(board.plan), day, known, queues):
        is_shown = not each.queue or (board.shows(each.queue) and each.queue not in counted.for_colleagues)
        if first_ns <= each.start_ns < end_ns and is_shown:
            start_ns = first_ns + (each.start_ns - first_ns) // step_ns * step_ns
            found.setdefault(start_ns, []).append(each)
    return found


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
