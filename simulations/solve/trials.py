"""Trials: a staffing is played, and what it came to is held against the goals. Every trial meets the same callers.

What intervals that are alike came to is taken together: one that misses its goal by its own chance alone is left.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from simulations.experiment.result import Result
from simulations.experiment.simulate import simulate
from simulations.experiment.worker_pool import Workers
from simulations.queueing.arrays import Floats
from simulations.scenario.scenario import Scenario
from simulations.solve.alike import alike, pooled
from simulations.solve.demand import Asked, Demand, asked_of, steps_to
from simulations.solve.goals import Goal

Told = Callable[[int, int], None]
SHORT: Final = 0.005
"""By how much a plan may fall short of what agents without end come to, where these miss a goal."""


class Trial(msgspec.Struct, frozen=True):
    """What a staffing came to."""

    result: Result
    steps: Floats
    """Shape (queues, intervals): agents that are missing, or, below 0, too many; -inf where nobody came."""
    levels: Floats
    """Of that shape: share served in time, of all intervals that are alike together; nan where nobody came."""
    losses: Floats
    """Likewise: share lost."""

    @property
    def missed(self) -> Any:
        """Which queues and intervals miss their goal, shape (queues, intervals)."""
        return self.steps > 0.0

    @property
    def short(self) -> tuple[int, float]:
        """How many goals are missed, and by how many agents in all."""
        return int(self.missed.sum()), float(self.steps[self.missed].sum())


class Best(NamedTuple):
    """What is served at best, however many agents there are."""

    levels: Floats
    """Shape (queues, intervals)."""
    losses: Floats
    """Of that shape."""


class Misses(NamedTuple):
    """Which goals are missed, by queue and interval."""

    level: Any
    """Shape (queues, intervals): too few are served in time."""
    loss: Any
    """Of that shape: too many are lost."""

    @property
    def any(self) -> Any:
        """Where either is missed, of that shape."""
        return self.level | self.loss


class Trials:
    """Plays trials and counts them. `replications` may grow between them.

    `in_reach` is what agents enough for everybody came to, where they miss a goal: trials ask for hardly more.
    """

    def __init__(
        self,
        demand: Demand,
        goals: list[Goal],
        replications: int,
        seed: int | None,
        workers: Workers | None = None,
        told: Told | None = None,
    ) -> None:
        self.demand, self.goals = demand, goals
        self.replications, self.seed, self.workers = replications, seed, workers
        self.done, self.planned = 0, 0
        self.in_reach: Best | None = None
        self._told = told

    def play(self, scenario: Scenario) -> Trial:
        """Play one. Raises SimulationFailed."""
        found = self.look(scenario, self.replications)
        self.done += 1
        if self._told is not None:
            self._told(self.done, max(self.planned, self.done + 1))
        return found

    def look(self, scenario: Scenario, replications: int) -> Trial:
        """Play one of so many replications that is none of the search's. Raises SimulationFailed."""
        result = simulate(scenario, replications, self.seed, workers=self.workers)
        warm = scenario.file.horizon.warm_up_ns > 0
        classes = alike(self.demand, result.agents_at_work(), warm=warm)
        levels, losses = (pooled(result, name, classes) for name in ("staffed_level", "lost_rate"))
        levels = np.where(_forgotten(result, levels, self.goals), 0.0, levels)
        return Trial(result, steps_to(self.demand, self._asked(levels.shape), levels, losses), levels, losses)

    def _asked(self, shape: tuple[int, ...]) -> Asked:
        """Return what is asked of every queue and interval, where it can be reached."""
        asked = asked_of(self.goals, shape)
        if self.in_reach is None:
            return asked
        levels = np.fmin(asked.levels, np.maximum(self.in_reach.levels - SHORT, 0.0))
        return Asked(levels, np.fmax(asked.losses, self.in_reach.losses + SHORT), asked.within_s)


def proven_missed(result: Result, goals: list[Goal]) -> Any:
    """Return where a goal is proven missed, shape (queues, intervals)."""
    return proven_misses(result, goals).any


def proven_misses(result: Result, goals: list[Goal]) -> Misses:
    """Return where even the interval of confidence lies on the wrong side of the goal.

    A plan is not good by sending people away: hung up on or refused for want of agents is not served in time, and is
    as lost as giving up.

    All intervals hold together with the confidence of the scenario (Bonferroni).
    """
    places = len(goals) * result.model.file.intervals
    confidence = 1.0 - (1.0 - result.confidence) / places
    wide = Result(result.model, result.seed, confidence, result.played)
    level = wide.by_queue("staffed_level").high
    level = np.where(_forgotten(result, level, goals), 0.0, level)
    return _misses(level, wide.by_queue("lost_rate").low, goals)


def seen_misses(result: Result, goals: list[Goal]) -> Misses:
    """Return where what was seen lies on the wrong side of the goal, by chance or not."""
    level = result.by_queue("staffed_level").value
    level = np.where(_forgotten(result, level, goals), 0.0, level)
    return _misses(level, result.by_queue("lost_rate").value, goals)


def _forgotten(result: Result, level: Any, goals: list[Goal]) -> Any:
    """Return where people wait and nobody is served, shape (queues, intervals), as far as the goal's time is over.

    A service level is of those whose wait came to an end. Who is patient and whom nobody serves is in none: such a
    queue would keep every goal.
    """
    file = result.model.file
    left_s = (file.end_ns + file.horizon.drain_ns - result.edges_ns[1:]) / 1e9
    is_over = left_s >= np.array([[goal.within_s] for goal in goals])
    return np.isnan(level) & (result.count("unfinished").sum(axis=0) > 0) & is_over


def _misses(level: Any, loss: Any, goals: list[Goal]) -> Misses:
    """Tell where levels, or losses, of shape (queues, intervals) miss the goals; none of nobody does."""
    asked = asked_of(goals, level.shape)
    return Misses(level < asked.levels, loss > asked.losses)
