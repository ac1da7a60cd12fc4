"""How far what is allowed reaches: intervals in which fewer may work than the formulas ask for, or nobody at all.

Where nobody has a shift nothing is asked for: what is missed then is told beside the plan, and refused only where most
of a queue's contacts come then. That fewer may work than the formulas' first guess is said only once all of them
have been played, and a goal is missed by what the search for agents would miss it by.
"""

from typing import Any, Final

import numpy as np

from simulations.queueing.arrays import Floats, Integers
from simulations.queueing.errors import Unreachable
from simulations.scenario.file import ScenarioFile
from simulations.solve.demand import Demand
from simulations.solve.goals import MOST, Question
from simulations.solve.stretches import named
from simulations.solve.timetable import Timetable

NAMED: Final = 5
"""Intervals that are named after the first."""


class Reach:
    """Who may be at work at most, held against what the formulas ask for."""

    def __init__(
        self,
        file: ScenarioFile,
        question: Question,
        demand: Demand,
        table: Timetable | None,
        shares: Floats,
        most: Floats,
    ) -> None:
        """`shares` at work of those on a shift and the `most` of each group have the shape (groups,).

        Raises Unreachable where most of a queue's contacts come while nobody who may serve has a shift.
        """
        self._file, self._question, self._demand = file, question, demand
        may_work = np.ones((len(most), file.intervals), np.bool_)
        if table is not None:
            may_work = (table.allowed @ table.works) > 0.0
            most = most * shares
        self.most: Floats = np.floor(np.where(may_work, np.where(np.isfinite(most), most, 1e9)[:, None], 0.0) + 1e-6)
        """Shape (groups, intervals): agents of each group that are allowed at once."""
        self._allowed = demand.able @ self.most
        self._has_somebody = demand.serves @ may_work > 0.0
        self._is_short = (demand.needs > self._allowed) & (demand.able @ may_work > 0.0)
        self._check_shifts()

    @property
    def is_short(self) -> bool:
        """Whether fewer are allowed somewhere than the formulas ask for."""
        return bool(self._is_short.any())

    @property
    def needs(self) -> Integers:
        """What the formulas ask for, no more than is allowed, shape (sets, intervals)."""
        return np.minimum(self._demand.needs, self._allowed).astype(np.int64)

    def all_allowed(self, staffing: Integers) -> Integers:
        """Return a staffing, shape (groups, intervals), with all who are allowed where that is fewer than asked for."""
        short_of = (self._demand.able.T @ self._is_short) > 0.0
        return np.where(short_of, np.minimum(self.most, 1e6), staffing).astype(np.int64)

    def check(self, missed: Any) -> None:
        """Raise Unreachable where all who are allowed were played, and `missed`, shape (queues, intervals), a goal."""
        # What is missed while nobody has a shift is so however many others are allowed.
        of_set = (np.asarray(self._demand.sets, float) @ np.asarray(missed & self._has_somebody, float)) > 0.0
        places = self._places(self._is_short & of_set)
        if not places:
            return
        row, interval = places[0]
        serving = self._demand.able[row] > 0.0
        names = [group.name for group in self._file.groups]
        bars = [f"{name}={count}" for name, count in self._question.group_max.items() if serving[names.index(name)]]
        raise Unreachable(
            f"{self._first(places)} required at work, at most {int(self._allowed[row, interval])} allowed "
            f"(--group-max {', '.join(bars)}), and played with all of them the target is missed{self._others(places)}; "
            "allow more, or other shifts"
        )

    def _check_shifts(self) -> None:
        """Raise Unreachable where most of a queue's contacts come while nobody who may serve has a shift.

        It names every queue of which some do: who mends the shifts mends them at once.
        """
        contacts, sets = self._demand.contacts, len(self._demand.contacts)
        lost = contacts * ~self._somebody_in_time()
        shares = lost.sum(axis=1) / np.maximum(contacts.sum(axis=1), 1e-9)
        if not (shares > MOST).any():
            return
        told = []
        for name, share, places, needs in zip(
            self._file.queues, shares, lost > 0.0, self._demand.needs[:sets], strict=True
        ):
            if share > 0.0:
                when = named(self._file, np.flatnonzero(places).tolist())
                told.append(
                    f"queue {name}: {when}, {100 * share:.0f} % of those who come, {needs[places].max()} required"
                )
        text = f"nobody who may serve has a shift then: {'; '.join(told)}"
        raise Unreachable(f"{text}; give shifts that work then")

    def _somebody_in_time(self) -> Any:
        """Tell where somebody has a shift before the time of the goal is over for whoever comes in an interval, shape
        (queues, intervals): what may wait for hours is not missed in a gap of minutes.
        """
        found = self._has_somebody.copy()
        intervals = found.shape[1]
        for q, goal in enumerate(self._question.goals.values()):
            for later in range(1, min(int(goal.within_s * 1e9 // self._file.horizon.interval_ns), intervals - 1) + 1):
                found[q, :-later] |= self._has_somebody[q, later:]
        return found

    def _places(self, found: Any) -> list[tuple[int, int]]:
        """Return sets and intervals in order of time, of each interval the one that lacks most."""
        lacks = np.where(found, self._demand.needs - self._allowed, -np.inf)
        return [(int(lacks[:, place].argmax()), int(place)) for place in np.flatnonzero(found.any(axis=0))]

    def _first(self, places: list[tuple[int, int]]) -> str:
        row, interval = places[0]
        names = self._queues(row)
        words = f"queue{'' if len(names) == 1 else 's'} {', '.join(names)}"
        return f"{self._file.clock(interval)}, {words}: {self._demand.needs[row, interval]}"

    def _others(self, places: list[tuple[int, int]]) -> str:
        """Return the other intervals with what each requires, a few by name, and the most of all."""
        rest = places[1:]
        if not rest:
            return ""
        needs = self._demand.needs
        told = [f"{self._file.clock(at)} {' '.join(self._queues(row))} {needs[row, at]}" for row, at in rest[:NAMED]]
        more = f" and {len(rest) - NAMED} more" if len(rest) > NAMED else ""
        row, interval = max(places, key=lambda place: int(needs[place]))
        text = f"; so in {len(rest)} more interval{'' if len(rest) == 1 else 's'}: {', '.join(told)}{more}"
        return f"{text}; the most are {needs[row, interval]} at {self._file.clock(interval)}"

    def _queues(self, row: int) -> list[str]:
        return [str(name) for name in np.array(list(self._file.queues))[self._demand.sets[row]]]
