"""Trials: a staffing is played, and what it came to is held against the goals. Every trial meets the same callers.

What intervals that are alike came to is taken together: one that misses its goal by its own chance alone is left.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from simulations.experiment.result import Result
from simulations.experiment.simulate import simulate
from simulations.experiment.worker_pool import Workers
from simulations.queueing.arrays import Floats
from simulations.scenario.scenario import Scenario
from simulations.solve.alike import alike, pooled
from simulations.solve.demand import Demand, steps_to
from simulations.solve.goals import Goal

Told = Callable[[int, int], None]


class Trial(msgspec.Struct, frozen=True):
    """What a staffing came to."""

    result: Result
    steps: Floats
    """Shape (queues, intervals): agents that are missing, or, below 0, too many; -inf where nobody came."""

    @property
    def missed(self) -> Any:
        """Which queues and intervals miss their goal, shape (queues, intervals)."""
        return self.steps > 0.0


class Trials:
    """Plays trials and counts them. `replications` may grow between them."""

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
        self._told = told

    def play(self, scenario: Scenario) -> Trial:
        """Play one. Raises SimulationFailed."""
        result = simulate(scenario, self.replications, self.seed, workers=self.workers)
        self.done += 1
        if self._told is not None:
            self._told(self.done, max(self.planned, self.done + 1))
        warm = scenario.file.horizon.warm_up_ns > 0
        classes = alike(self.demand, result.agents_at_work(), warm=warm)
        levels, abandoned = (pooled(result, name, classes) for name in ("staffed_level", "lost_rate"))
        return Trial(result, steps_to(self.demand, self.goals, levels, abandoned))


def proven_missed(result: Result, goals: list[Goal]) -> Any:
    """Return where even the interval of confidence lies on the wrong side of the goal, shape (queues, intervals).

    A plan is not good by sending people away: hung up on or refused for want of agents is not served in time, and is
    as lost as giving up.

    All intervals hold together with the confidence of the scenario (Bonferroni).
    """
    places = len(goals) * result.model.file.intervals
    confidence = 1.0 - (1.0 - result.confidence) / places
    wide = Result(result.model, result.seed, confidence, result.played)
    return _misses(wide.by_queue("staffed_level").high, wide.by_queue("lost_rate").low, goals)


def seen_missed(result: Result, goals: list[Goal]) -> Any:
    """Return where what was seen lies on the wrong side of the goal, by chance or not, shape (queues, intervals)."""
    return _misses(result.by_queue("staffed_level").value, result.by_queue("lost_rate").value, goals)


def _misses(level: Any, loss: Any, goals: list[Goal]) -> Any:
    """Tell where levels, or losses, of shape (queues, intervals) miss the goals; none of nobody does."""
    asked = np.array([[goal.service_level] for goal in goals])
    most = np.array([[1.0 if goal.p_abandon is None else goal.p_abandon] for goal in goals])
    return (level < asked) | (loss > most)
