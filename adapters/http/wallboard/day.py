"""The day so far by interval, against its plan: contacts from the counters, agents from the log itself."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from adapters.http.boards import BoardSettings
from adapters.http.wallboard.plan import PlanFault, Planned, read_plan
from engine.errors import LogError
from engine.model.names import UNKNOWN
from engine.ports import Past
from engine.projections.days import midnight_ns
from engine.projections.queues.intervals import IntervalRow, IntervalTable
from engine.projections.views import Views

NS: Final = 1_000_000_000
DAY_NS: Final = 86_400 * NS
STEP_NS: Final = 1800 * NS
KEPT_MAX: Final = 5000


class DayRow(msgspec.Struct, frozen=True):
    """One interval of the board's queues together; null: not known, or not yet."""

    start_ns: int
    offered: int | None
    answered: int | None
    abandoned: int | None
    service_level: float | None
    agents: int | None
    """At work in the middle of the interval; now, where it is not over."""
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


def intervals_of(views: Views, wall_ns: int, zone: str) -> IntervalTable:
    """Return the intervals of the day of `wall_ns` in a time zone, by half hours where intervals allow it."""
    now_ns, interval_ns = views.now_ns(wall_ns), views.interval_ns
    step_ns = STEP_NS if STEP_NS % interval_ns == 0 else interval_ns
    first_ns = midnight_ns(now_ns, zone)
    return views.intervals(step_ns, first_ns, first_ns + DAY_NS, now_ns=now_ns)


class Days:
    """Puts days together. Looks into the log: call it in threads; what is past is looked up once."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._staffed: OrderedDict[tuple[str, int], int] = OrderedDict()
        self._lock = Lock()
        """For what is known; never held while the log is folded, as `forget` is called between two turns."""
        self._generation = 0

    def forget(self) -> None:
        """Look everything up anew: boards may show other queues now."""
        with self._lock:
            self._generation += 1
            self._staffed.clear()

    def day(self, name: str, board: BoardSettings, table: IntervalTable, present: int, zone: str) -> Day:
        """Return the day of a table that `intervals_of` gave; `present` are the agents at work now."""
        step_ns, now_ns = int(table.step_s * NS), table.at_ns
        first_ns = midnight_ns(now_ns, zone)
        actual = _by_start([row for row in table.rows if board.shows(row.queue)])
        fault, planned = "", dict[int, list[Planned]]()
        try:
            planned = _plan(board, first_ns, step_ns, zone)
        except (PlanFault, OSError) as error:
            fault = str(error)
        rows = []
        for start_ns in range(first_ns, first_ns + DAY_NS, step_ns):
            if start_ns > now_ns and start_ns not in planned:
                continue
            running = start_ns <= now_ns < start_ns + step_ns
            agents = present if running else self._agents(name, board, start_ns, step_ns, now_ns)
            rows.append(_row(start_ns, agents, actual.get(start_ns, []), planned.get(start_ns, [])))
        while rows and rows[0].offered is None and rows[0].forecast is None:
            rows.pop(0)
        return Day(table.as_of, now_ns, step_ns / NS, rows, bool(planned), fault)

    def _agents(self, name: str, board: BoardSettings, start_ns: int, step_ns: int, now_ns: int) -> int | None:
        """Agents at work in the middle of an interval, as the log tells; None where it cannot, or not yet."""
        middle_ns, key = start_ns + step_ns // 2, (name, start_ns)
        if middle_ns > now_ns:
            return None
        with self._lock:
            generation, known = self._generation, self._staffed.get(key)
        if known is not None:
            return known
        try:
            if middle_ns < self._past.began_ns():
                return None
            found = self._past.ask(middle_ns, lambda views, _: views.at_work(_there(views, board)))
        except LogError:
            return None
        with self._lock:
            if generation == self._generation:  # else it is of a board as it was before a reload
                self._staffed[key] = found
                if len(self._staffed) > KEPT_MAX:
                    self._staffed.popitem(last=False)
        return found


def _row(start_ns: int, agents: int | None, rows: Sequence[IntervalRow], plan: Sequence[Planned]) -> DayRow:
    weighed = [(row.service_level, row.offered) for row in rows if row.service_level is not None and row.offered]
    met, of = sum(level * offered for level, offered in weighed), sum(offered for _, offered in weighed)
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


def _plan(board: BoardSettings, first_ns: int, step_ns: int, zone: str) -> dict[int, list[Planned]]:
    """The plan of the day by the intervals shown. Raises PlanFault, OSError."""
    if not board.plan:
        return {}
    known = ZoneInfo(zone)
    day = datetime.fromtimestamp(first_ns / NS, UTC).astimezone(known)
    found: dict[int, list[Planned]] = {}
    for each in read_plan(Path(board.plan), day, known):
        if first_ns <= each.start_ns < first_ns + DAY_NS and (not each.queue or board.shows(each.queue)):
            start_ns = first_ns + (each.start_ns - first_ns) // step_ns * step_ns
            found.setdefault(start_ns, []).append(each)
    return found


def _there(views: Views, board: BoardSettings) -> list[str]:
    """Those of the board's queues that there were."""
    return [queue for queue in board.queues if views.directory.queues.number(queue) != UNKNOWN]


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
