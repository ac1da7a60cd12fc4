"""What cannot be is said before anything is played: when, of which queues, and what bars the way."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from engine.model.settings import SECOND_NS
from simulations.queueing.arrays import Floats
from simulations.queueing.errors import Unreachable
from simulations.scenario.file import ScenarioFile
from simulations.solve.demand import Demand
from simulations.solve.goals import Question
from simulations.solve.timetable import Timetable


def check_reach(
    file: ScenarioFile, question: Question, demand: Demand, table: Timetable | None, shares: Floats, most: Floats
) -> None:
    """Raise Unreachable where as many as the formulas ask for cannot be at work: the first interval, all its queues.

    `shares` at work of those on a shift and the `most` of each group have the shape (groups,).
    """
    may_work = np.ones((len(most), file.intervals), np.bool_)
    if table is not None:
        may_work = (table.allowed @ table.works) > 0.0
        most = most * shares
    allowed = demand.able @ np.where(may_work, np.where(np.isfinite(most), most, 1e9)[:, None], 0.0)
    lacking = np.argwhere((demand.needs > allowed + 1e-6).T)
    if not len(lacking):
        return
    interval, row = (int(place) for place in lacking[0])
    at_ns = file.start_ns + interval * file.horizon.interval_ns
    clock = f"{datetime.fromtimestamp(at_ns // SECOND_NS, ZoneInfo(file.time_zone)):%Y-%m-%d %H:%M}"
    names = np.array(list(file.queues))[demand.sets[row]]
    needed = f"{clock}, {'queue' if len(names) == 1 else 'queues'} {', '.join(names)}: {demand.needs[row, interval]}"
    serving = demand.able[row] > 0.0
    if not may_work[serving, interval].any():
        raise Unreachable(f"{needed} required, and nobody who may serve has a shift then; give one that works then")
    bars = [f"{name}={count}" for name, count in question.group_max.items() if serving[_place(file, name)]]
    raise Unreachable(
        f"{needed} required at work, at most {int(allowed[row, interval] + 1e-6)} allowed "
        f"(--group-max {', '.join(bars)}); allow more, or other shifts"
    )


def _place(file: ScenarioFile, name: str) -> int:
    return [group.name for group in file.groups].index(name)
