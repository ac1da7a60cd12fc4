"""Replications over all cores, until there are enough of them."""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from engine.errors import ConfigError
from simulations.experiment.asked import whole
from simulations.experiment.cluster import Cluster
from simulations.experiment.narrow import half_width
from simulations.experiment.result import Result
from simulations.experiment.runner import ReplicationRunner
from simulations.experiment.worker_pool import Workers, worker_pool
from simulations.scenario.scenario import Scenario
from simulations.scenario.sections import Stop
from simulations.scenario.values import metric_fault
from simulations.world.warm import warm

Progress = Callable[[int, int], None]
"""Called with replications done and planned, from any thread."""
GROWTH: Final = 2.0
"""By how much replications grow at most before the interval is looked at again."""


def simulate(
    scenario: Scenario | Path | str,
    replications: int | None = None,
    seed: int | None = None,
    *,
    workers: Workers | None = None,
    stops: Sequence[Stop] = (),
    progress: Progress | None = None,
) -> Result:
    """Play a scenario many times over and return what came of it.

    `replications`, `seed` and `stops` are the scenario's own `experiment` where not said. With `stops` more are made
    until the interval of confidence of every figure is narrow enough, or its `at_most` are done. Replication r of a
    seed is the same whatever else is run: contacts, their patience and their handling times are keyed by seed,
    replication, queue and number. `workers` threads play at once, one a core if not said; or a `Cluster` plays, with
    the same result. Raises ConfigError, SimulationFailed and ClusterFailed.
    """
    if not isinstance(scenario, Scenario):
        scenario = Scenario.load(scenario)
    experiment = scenario.file.experiment
    wanted = replications_of(replications, experiment.replications)
    seed = seed_of(seed, experiment.seed)
    if not stops and replications is None and experiment.stop is not None:
        stops = (experiment.stop,)
    result = Result(scenario.model, seed, experiment.confidence, [], stops=tuple(stops))
    for stop in stops:
        check_metric(scenario, stop.metric)
    if not isinstance(workers, Cluster):
        warm()  # compiling says nothing of how fast it plays
        after(progress, 0, wanted)(0)
    began = time.monotonic()
    with worker_pool(ReplicationRunner, scenario.model, workers) as pool:
        while True:
            numbers = range(len(result.played), wanted)
            played = pool.play(seed, numbers, after(progress, numbers.start, wanted))
            result = Result(scenario.model, seed, experiment.confidence, result.played + played, stops=tuple(stops))
            more = max((_wanted(result, stop) for stop in stops), default=wanted)
            if more <= wanted:
                break
            wanted = more
    result.elapsed_s = time.monotonic() - began
    return result


def replications_of(said: int | None, otherwise: int, least: int = 1) -> int:
    """Return how many replications to play: as many as were said, or else `otherwise`, of which there are enough.

    Raises ConfigError below `least`: 2 where what is told is how much they differ.
    """
    advice = f"play {least} or more, or say none, for as many as the scenario says"
    return max(otherwise, least) if said is None else whole(said, "replications", least, advice)


def seed_of(said: int | None, otherwise: int) -> int:
    """Return the seed that was said, or else `otherwise`. Raises ConfigError below 0."""
    advice = "a seed is 0 or more; or say none, for that of the scenario"
    return otherwise if said is None else whole(said, "seed", 0, advice)


def check_metric(scenario: Scenario, metric: str) -> None:
    """Raise ConfigError unless `metric` is FIGURE or QUEUE.FIGURE."""
    if wrong := metric_fault(metric, scenario.file.queues):
        raise ConfigError([f"{metric}: {wrong}"])


def _wanted(result: Result, stop: Stop) -> int:
    """Return how many replications there should be: as many as the present spread asks for, in steps."""
    half = half_width(result, stop.metric)
    n = result.replications
    if half <= stop.half_width or n >= stop.at_most:
        return n
    needed = GROWTH * n if math.isnan(half) else min(1.05 * n * (half / stop.half_width) ** 2, GROWTH * n)
    return min(max(math.ceil(needed), n + 1, 10), stop.at_most)


class Told(Protocol):
    """Called with what is done; what is planned is known already."""

    def __call__(self, done: int, planned: int = 0, /) -> None: ...


def after(progress: Progress | None, before: int, planned: int) -> Told:
    """Return who is told what is done of a part, when so much was done before it, of all that is planned."""

    def told(done: int, _: int = 0, /) -> None:
        if progress is not None:
            progress(before + done, planned)

    return told
