"""The agents that each interval needs: from the formulas, raised and lowered until the simulated goals just hold.

The needs are agents of all groups that serve any queue of a set, by set and interval; the cheapest mix of groups that
has them is played. A queue that misses its goal raises the need of its own agents, and of every set all of whose queues
miss theirs. A need that binds while all queues of its set keep more than their goal is lowered, never to where it was
too low before.
"""

from typing import Final

import msgspec
import numpy as np

from simulations.queueing.arrays import Floats, Integers
from simulations.scenario.scenario import Scenario
from simulations.solve.demand import Demand
from simulations.solve.staffed import staffed
from simulations.solve.trials import Trial, Trials
from simulations.staffing import cover

ROUNDS_MAX: Final = 20
FEW_MIN: Final = 4
FEW_ROUNDS: Final = 7
SETTLED: Final = 4
"""After so many rounds without a cheaper plan the search ends, if all goals were kept."""
STUBBORN: Final = 2
"""So many misses in a row, and all agents of the whole set are raised, however the groups are mixed."""


class Needed(msgspec.Struct):
    """Agents at work that keep the goals."""

    needs: Integers
    """Shape (sets, intervals)."""
    staffing: Integers
    """Shape (groups, intervals)."""
    trial: Trial
    kept: bool
    """Whether all goals held in the simulation when the search ended."""
    rounds: int


class Mixes:
    """The cheapest whole numbers of agents of each group that have what an interval needs; remembered."""

    def __init__(self, demand: Demand, prices: Floats, group_max: Floats) -> None:
        self._able, self._prices, self._most = demand.able, prices, group_max
        self._known: dict[bytes, Integers] = {}

    def of(self, needs: Integers) -> Integers:
        """Return the mix of every interval, shape (groups, intervals). Raises Unreachable."""
        return np.stack([self._one(column) for column in np.ascontiguousarray(needs.T)], axis=1)

    def _one(self, needs: Integers) -> Integers:
        key = needs.tobytes()
        if key not in self._known:
            groups = self._able.shape[1]
            if (self._able.sum(axis=1) == 1.0).all():
                # Nobody serves two queues: every group is told by the sets that it alone serves.
                found = (self._able * needs[:, None]).max(axis=0)
                if (found <= self._most).all():
                    self._known[key] = np.rint(found).astype(np.int64)
                    return self._known[key]
            plan = cover(needs[:, None], np.ones((1, 1)), self._prices[:, None], able=self._able, group_max=self._most)
            self._known[key] = plan.counts.reshape(groups)
        return self._known[key]


def needed(scenario: Scenario, trials: Trials, mixes: Mixes, channels: dict[str, int], begin: Integers) -> Needed:
    """Return the fewest agents that keep the goals in the trials' simulation, from the needs `begin` on.

    A quarter of the replications leads near, all of them the rest of the way. Raises Unreachable where the groups
    cannot have so many, and SimulationFailed.
    """
    replications = trials.replications
    few = replications // 4
    if few >= FEW_MIN:
        trials.replications = few
        begin = _search(scenario, trials, mixes, channels, begin, FEW_ROUNDS).needs
        trials.replications = replications
    return _search(scenario, trials, mixes, channels, begin)


def _search(
    scenario: Scenario,
    trials: Trials,
    mixes: Mixes,
    channels: dict[str, int],
    begin: Integers,
    rounds_max: int = ROUNDS_MAX,
) -> Needed:
    demand = trials.demand
    needs, floor = begin.copy(), np.zeros_like(begin)
    stubborn = np.zeros(demand.contacts.shape, np.int64)
    best: Needed | None = None
    for round_ in range(1, rounds_max + 1):
        staffing = mixes.of(needs)
        trial = trials.play(staffed(scenario, staffing, channels))
        now = Needed(needs.copy(), staffing, trial, not trial.missed.any(), round_)
        if best is None or _rank(now) < _rank(best):
            best = now
        stubborn = np.where(trial.missed, stubborn + 1, 0)
        settled = best.kept and round_ - best.rounds >= SETTLED
        if settled or not _moved(needs, floor, demand, trial, demand.able @ staffing, stubborn):
            break
    assert best is not None
    return best


def _rank(found: Needed) -> tuple[int, int]:
    """Order plans: fewest goals missed, then fewest agents."""
    return int(found.trial.missed.sum()), int(found.staffing.sum())


def _moved(needs: Integers, floor: Integers, demand: Demand, trial: Trial, duty: Floats, stubborn: Integers) -> bool:
    """Raise and lower the needs by what the trial found; tell whether any changed. `duty`: agents by set, interval."""
    before = needs.copy()
    missed, steps = trial.missed, trial.steps
    late = trial.late
    for row, members in enumerate(demand.sets):
        inside = missed[members]
        all_missed = (inside | ~np.isfinite(steps[members])).all(axis=0) & inside.any(axis=0)
        worst = np.where(inside, steps[members], 0.0).max(axis=0)
        raised = all_missed | (stubborn[members].max(axis=0) >= STUBBORN)
        wanted = np.rint(duty[row] + np.maximum(worst, 1.0)).astype(np.int64)
        needs[row] = np.where(raised, np.maximum(needs[row], wanted), needs[row])
        # What an earlier interval left behind says nothing about this one.
        learnt = raised & ~late[members].any(axis=0)
        floor[row] = np.where(learnt, np.maximum(floor[row], np.rint(duty[row]).astype(np.int64) + 1), floor[row])
        spare = steps[members].max(axis=0)
        lowered = (spare < 0.0) & np.isfinite(spare) & (duty[row] <= before[row] + 0.5)
        # Groups that share work: a part of the way only, as others lean on the same agents.
        by = spare if demand.able[row].sum() == 1.0 else np.maximum(np.ceil(spare / 2) - 1, spare)
        less = np.maximum(needs[row] + np.where(lowered, by, 0.0).astype(np.int64), floor[row])
        needs[row] = np.where(lowered, np.minimum(needs[row], np.maximum(less, 0)), needs[row])
    return bool((needs != before).any())
