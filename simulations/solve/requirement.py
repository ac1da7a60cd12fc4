"""The agents that each interval needs: from the formulas, moved about until the simulated goals just hold.

Trials say what each queue lacks or has to spare, and, by what they differ in, what one more agent of a group does for
it. First a quarter of the replications shows the way, moves being free; then all of them do; then agents only move
where a goal is missed, and missing it is ever dearer.
"""

from typing import Final

import msgspec
import numpy as np

from simulations.queueing.arrays import Floats, Integers
from simulations.scenario.scenario import Scenario
from simulations.solve.demand import Demand
from simulations.solve.effects import Effects
from simulations.solve.moves import Aim, changes, improved
from simulations.solve.staffed import staffed
from simulations.solve.trials import Trial, Trials
from simulations.staffing import cover

FEW_MIN: Final = 4
FREE_ROUNDS: Final = 10
"""From the formulas on."""
NEAR_ROUNDS: Final = 3
"""Once fewer replications led near."""
LAST_ROUNDS: Final = 15
"""In which nothing but misses is cured, at most."""
ROOM: Final = 0.25
"""Of its agents a group may win or lose so much from one trial to the next, or ROOM_MIN."""
ROOM_MIN: Final = 2.0
DEARNESS: Final = 3.0
"""What an agent that lacks counts, in agents."""
DEARER: Final = 0.5
"""By how much more with each of the last rounds."""
LACK_MIN: Final = 0.5
"""In the last rounds: agents that a queue lacks at least where it misses its goal."""
SPARED: Final = 0.3
"""Once near: agents that a queue may have to spare."""
SOFT: Final = 0.4
SHARP: Final = 0.2
"""Agents within which need counts as near, before and once it is."""


class Needed(msgspec.Struct):
    """Agents at work that keep the goals."""

    staffing: Integers
    """Shape (groups, intervals)."""
    trial: Trial
    kept: bool
    """Whether all goals held in the simulation when the search ended."""
    rounds: int


class Mixes:
    """The cheapest whole numbers of agents of each group that have what an interval needs; remembered."""

    def __init__(self, demand: Demand, prices: Floats, most: Floats) -> None:
        """`prices` of an agent have the shape (groups,), the `most` of each group at once (groups, intervals)."""
        self._able, self._prices, self._most = demand.able, prices, most
        self._known: dict[bytes, Integers] = {}

    def of(self, needs: Integers) -> Integers:
        """Return the mix of every interval, shape (groups, intervals). Raises Unreachable."""
        columns = zip(np.ascontiguousarray(needs.T), np.ascontiguousarray(self._most.T), strict=True)
        return np.stack([self._one(*column) for column in columns], axis=1)

    def _one(self, needs: Integers, most: Floats) -> Integers:
        key = needs.tobytes() + most.tobytes()
        if key not in self._known:
            groups = self._able.shape[1]
            if (self._able.sum(axis=1) == 1.0).all():
                # Nobody serves two queues: every group is told by the sets that it alone serves.
                found = (self._able * needs[:, None]).max(axis=0)
                if (found <= most).all():
                    self._known[key] = np.rint(found).astype(np.int64)
                    return self._known[key]
            plan = cover(needs[:, None], np.ones((1, 1)), self._prices[:, None], able=self._able, group_max=most)
            self._known[key] = plan.counts.reshape(groups)
        return self._known[key]


class Search:
    """Looks for the cheapest agents that keep the goals; what is learnt on the way is kept."""

    def __init__(self, scenario: Scenario, trials: Trials, prices: Floats, most: Floats, channels: dict[str, int]):
        """`prices` of an agent have the shape (groups,), the `most` of each group at once (groups, intervals)."""
        self._scenario, self._trials, self._channels = scenario, trials, channels
        self._prices, self._most = prices / prices.mean(), most
        self._effects = Effects(trials.demand)
        self._moves = changes(trials.demand.serves)

    @property
    def effects(self) -> Floats:
        """What an agent of each group does for each queue, shape (queues, groups), as far as it was learnt."""
        return self._effects.weights

    def needed(self, begin: Integers, *, anew: bool = True) -> Needed:
        """Return the fewest agents that keep the goals in the trials' simulation, from a staffing on.

        `anew`: it is far from the goals, as formulas are. Raises SimulationFailed.
        """
        trials, free = self._trials, FREE_ROUNDS if anew else NEAR_ROUNDS
        replications, few = trials.replications, trials.replications // 4
        if anew and few >= FEW_MIN:
            trials.replications = few
            begin = self._rounds(begin, FREE_ROUNDS, 0).staffing
            trials.replications, free = replications, NEAR_ROUNDS
        return self._rounds(begin, free, LAST_ROUNDS)

    def _rounds(self, staffing: Integers, free: int, last: int) -> Needed:
        """Return the best of so many free rounds and, at most, so many last ones; without such the last of all."""
        best = before = None
        pressed = 0
        for round_ in range(1, free + last + 1):
            trial = self._trials.play(staffed(self._scenario, staffing, self._channels))
            now = Needed(staffing, trial, not trial.missed.any(), round_)
            if before is not None:
                self._learn(before, now)
            if best is None or not last or self._rank(now) < self._rank(best):
                best = now
            if now.kept and last and round_ >= free:
                break
            before = now
            if last and round_ >= free:
                pressed += 1
            staffing = self._next(now, pressed, near=last > 0)
            while pressed < last and (staffing == now.staffing).all():
                pressed += 1
                staffing = self._next(now, pressed, near=True)
            if (staffing == now.staffing).all():
                break
        assert best is not None
        return best

    def _learn(self, before: Needed, now: Needed) -> None:
        with np.errstate(invalid="ignore"):
            gained = before.trial.steps - now.trial.steps
        self._effects.learn((now.staffing - before.staffing).astype(float), gained)

    def _rank(self, found: Needed) -> tuple[int, float, float]:
        """Order plans: fewest goals missed, then by fewest agents, then the cheapest agents."""
        return *found.trial.short, float((self._prices @ found.staffing).sum())

    def _next(self, now: Needed, pressed: int, *, near: bool) -> Integers:
        """Return the staffing to play next; once `pressed`, ever harder, only goals that are missed are cared for."""
        demand, agents, steps = self._trials.demand, now.staffing, now.trial.steps
        # Where nobody came the formula says how many still talk, if anybody does; the first sets are the queues alone.
        talk = demand.needs[: len(steps)]
        idle = np.where(talk > 0, talk - demand.serves @ agents, -np.inf)
        lacking = np.where(np.isfinite(steps), steps, idle)
        if near:
            lacking = np.minimum(lacking + SPARED, np.maximum(lacking, 0.0))
        if pressed:
            lacking = np.where(now.trial.missed, np.maximum(lacking, LACK_MIN), lacking)
        aim = Aim(self._prices, self._most, DEARNESS + DEARER * pressed, SHARP if near else SOFT)
        room = np.maximum(np.round(ROOM * agents), ROOM_MIN)
        found = improved(agents, lacking, self._effects.weights, self._moves, room, aim)
        return np.where(now.trial.missed.any(axis=0), found, agents) if pressed else found
