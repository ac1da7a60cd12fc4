"""Shifts at least cost that cover what is needed, played; where a queue still misses its goal, more are asked for."""

from typing import Any, Final

import msgspec
import numpy as np

from simulations.queueing.arrays import Floats, Integers
from simulations.queueing.errors import Unreachable
from simulations.scenario.scenario import Scenario
from simulations.solve.demand import Demand
from simulations.solve.requirement import LACK_MIN, Needed
from simulations.solve.shortfall import no_shifts
from simulations.solve.sparing import spared
from simulations.solve.staffed import on_shifts
from simulations.solve.timetable import Timetable
from simulations.solve.trials import Trial, Trials
from simulations.staffing import Cover, cover
from simulations.staffing.task import Covered, NoCover

ROUNDS_MAX: Final = 15
SEARCHES_MAX: Final = 5
"""Covers that are nearly the cheapest are looked for so often, once one that is quickly found keeps the goals."""
TERMS_MAX: Final = 20_000
"""Of a programme with more terms, a week's as a rule, cheaper shifts are not looked for: that takes minutes."""
SEARCHED_MAX: Final = 10_000
"""Of days with more terms than that in the mean, a week's covers are those that are quickly found."""
WORTH: Final = 0.005
"""What is not cheaper by that share at least is not looked into further."""
NODES_MAX: Final = 100
"""Of the search for one cover: some seconds."""
MORE: Final = 0.1
"""From one trial to the next a queue is given no more than one agent and so large a part of what it has."""


class Scheduled(msgspec.Struct):
    """Shifts that cover the needs."""

    shifts: list[list[dict[str, Any]]]
    """By group, as a scenario's file says them, with counts."""
    on_duty: Floats
    """Shape (groups, intervals): on their shift, breaks and shrinkage taken off."""
    plan: Cover
    trial: Trial
    kept: bool
    rounds: int
    is_spared: bool = False
    """Whether shifts of the cover were found to be spared: then `plan` covers less than what its bound was of."""

    @property
    def gap(self) -> float | None:
        """How much cheaper shifts that cover as much could be at most, as a share of the cost; None if nothing is known
        of that, for shifts were spared."""
        return None if self.is_spared else self.plan.gap


class Scheduler:
    """Looks for shifts that cost little and keep the goals."""

    def __init__(
        self,
        scenario: Scenario,
        trials: Trials,
        table: Timetable,
        prices: Floats,
        shares: Floats,
        group_max: Floats,
        channels: dict[str, int],
    ) -> None:
        """`prices` of an hour and `shares` at work of the paid have the shape (groups,), `group_max` too."""
        self._scenario, self._trials, self._table, self._channels = scenario, trials, table, channels
        self._is_staffed = trials.demand.serves @ (table.allowed @ table.works) > 0.0
        self._days = np.unique([str(said.get("days")) for said in table.said], return_inverse=True)[1]
        self._known: dict[bytes, Covered] = {}
        terms = len(shares) * np.count_nonzero(table.works)
        self._is_week = terms > TERMS_MAX
        self._nodes = 0 if self._is_week and terms > SEARCHED_MAX * (1 + self._days.max()) else NODES_MAX
        self._prices, self._shares, self._most = prices[:, None] * table.paid_hours, shares, group_max

    def scheduled(self, begin: Needed, effects: Floats) -> Scheduled:
        """Return shifts that do for every queue what the agents of `begin` do, and keep the goals when they are played.

        `effects` of shape (queues, groups) says what an agent does for a queue. Shifts with as many agents for every
        set of queues come first; then cheaper ones that do as much in other ways, if there are not too many to choose
        from. In the end whatever shift can be spared goes. Raises Unreachable.
        """
        demand = self._trials.demand
        as_many = np.rint(demand.able @ begin.staffing)
        best = self._played(self._cover(as_many, demand.able, self._nodes), 1)
        if self._is_week:
            # The first sets are the queues alone.
            best = self._mended(best, as_many, demand.serves)
        else:
            best = self._cheaper(best, _wanted(demand, begin, effects), effects)
        return self._spared(best, effects) if best.kept else best

    def _mended(self, best: Scheduled, wanted: Floats, serves: Floats) -> Scheduled:
        """Return shifts with more agents of every queue that misses its goal, as long as one does."""
        now = best
        for round_ in range(2, ROUNDS_MAX + 1):
            if now.kept:
                break
            self._raise(wanted, now, serves)
            now = self._played(self._cover(wanted, self._trials.demand.able, self._nodes), round_)
            best = min(now, best, key=_rank)
        return best

    def _cheaper(self, best: Scheduled, wanted: Floats, effects: Floats) -> Scheduled:
        """Return cheaper shifts that do as much for every queue as is `wanted`, or more where that misses a goal."""
        counted = np.concatenate([effects, self._trials.demand.able])
        nodes, searched = 0, 0
        for round_ in range(2, ROUNDS_MAX + 1):
            try:
                plan = self._cover(wanted, counted, nodes)
            except Unreachable:
                if best.kept:
                    break
                raise
            worth = (1.0 - WORTH) * best.plan.cost if best.kept else np.inf
            if plan.cost > worth:
                if nodes or plan.bound > worth:
                    break
                nodes = NODES_MAX
                continue
            now = self._played(plan, round_)
            best = min(now, best, key=_rank)
            searched += nodes > 0
            if (now.kept and (nodes or plan.optimal)) or (best.kept and searched >= SEARCHES_MAX):
                break
            if now.kept:
                nodes = NODES_MAX
                continue
            self._raise(wanted, now, effects)
        return best

    def _spared(self, best: Scheduled, effects: Floats) -> Scheduled:
        """Return the shifts without those that can be spared."""
        found = {best.plan.counts.tobytes(): best}

        def play(counts: Integers) -> Trial:
            cost = float((counts * self._prices).sum())
            plan = best.plan._replace(
                counts=counts, on_duty=counts @ self._table.works, cost=cost, bound=0.0, optimal=False
            )
            found[counts.tobytes()] = msgspec.structs.replace(self._played(plan, best.rounds), is_spared=True)
            return found[counts.tobytes()].trial

        works, on_shift = self._table.works, effects * self._shares
        counts, _ = spared(best.plan.counts, best.trial, play, works, self._prices, on_shift)
        return found[counts.tobytes()]

    def _raise(self, wanted: Floats, now: Scheduled, effects: Floats) -> None:
        """Let more be wanted of the queues, the first rows, where they miss their goal and anybody's shift could help;
        `effects`: (queues, groups)."""
        done = effects @ now.on_duty
        more = np.clip(now.trial.steps, LACK_MIN, 1.0 + MORE * done) * effects.max(axis=1)[:, None]
        queues = wanted[: len(done)]
        queues[...] = np.where(now.trial.missed & self._is_staffed, np.maximum(queues, done + more), queues)

    def _cover(self, wanted: Floats, counted: Floats, nodes_max: int) -> Cover:
        try:
            return cover(
                wanted,
                self._table.works,
                self._prices,
                able=counted * self._shares,
                most=np.where(self._table.allowed > 0.0, np.inf, 0.0),
                group_max=self._most,
                days=self._days,
                nodes_max=nodes_max,
                known=self._known,
            )
        except NoCover as error:
            sets = self._trials.demand.sets
            sets = sets if len(counted) == len(sets) else np.vstack([np.eye(sets.shape[1], dtype=np.bool_), sets])
            raise no_shifts(self._scenario.file, error.lacking, sets, counted, self._most) from None

    def _played(self, plan: Cover, round_: int) -> Scheduled:
        shifts = [
            [said | {"count": int(count)} for said, count in zip(self._table.said, counts, strict=True) if count]
            for counts in plan.counts
        ]
        trial = self._trials.play(on_shifts(self._scenario, shifts, self._channels))
        return Scheduled(shifts, plan.on_duty * self._shares[:, None], plan, trial, not trial.missed.any(), round_)


def _wanted(demand: Demand, begin: Needed, effects: Floats) -> Floats:
    """Return what is to be covered, shape (queues + sets, intervals): what queues have of those agents, less what they
    have to spare, and of what the formulas ask for each set as much as there is."""
    queues = np.maximum(effects @ begin.staffing + np.minimum(begin.trial.steps, 0.0), 0.0)
    sets = np.minimum(demand.needs, np.rint(demand.able @ begin.staffing))
    return np.concatenate([queues, sets])


def _rank(found: Scheduled) -> tuple[int, float, float]:
    """Order plans: fewest goals missed, then by fewest agents, then the cheapest."""
    return *found.trial.short, found.plan.cost
