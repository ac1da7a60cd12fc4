"""Who plays replications: threads of this process, or the workers of a cluster, each by runners of their own."""

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from simulations.cores import cores
from simulations.experiment.asked import whole
from simulations.experiment.cluster import Cluster, ClusterPool
from simulations.experiment.cluster_worker import Runner

Workers = int | Cluster
"""So many threads here, or a cluster."""
What = TypeVar("What")
Came = TypeVar("Came")


def worker_pool(
    runner_of: Callable[[What], Runner[Came]], what: What, workers: Workers | None
) -> "ThreadPool[What, Came] | ClusterPool[Came]":
    """Return who plays this, by the runners that `runner_of` makes of it; one thread a core where not said."""
    if isinstance(workers, Cluster):
        return workers.worker_pool(runner_of, what)
    return ThreadPool(runner_of, what, threads_of(workers))


def threads_of(workers: int | None) -> int:
    """Return how many threads play: so many, or one a core if not said. Raises ConfigError below 1."""
    return cores() if workers is None else whole(workers, "workers", 1, "play with 1 or more, or say none")


class ThreadPool(Generic[What, Came]):
    """Threads that play one thing; what they have not begun when it is left is not played."""

    def __init__(self, runner_of: Callable[[What], Runner[Came]], what: What, threads: int) -> None:
        self._runner_of, self._what = runner_of, what
        self._threads = threads
        self._runners: queue.SimpleQueue[Runner[Came]] = queue.SimpleQueue()
        self._made = 0
        self._pool = ThreadPoolExecutor(threads, "replication")

    def __enter__(self) -> "ThreadPool[What, Came]":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def play(self, seed: int, replications: range, done: Callable[[int], None]) -> list[Came]:
        """Return what the replications of these numbers came to, in order. Raises what a runner does."""
        while self._made < min(self._threads, max(len(replications), 1)):
            self._runners.put(self._runner_of(self._what))
            self._made += 1
        futures = [self._pool.submit(self._play_one, seed, number) for number in replications]
        played = []
        for finished, future in enumerate(futures, 1):
            played.append(future.result())
            done(finished)
        return played

    def _play_one(self, seed: int, number: int) -> Came:
        runner = self._runners.get()
        try:
            return runner.play(seed, number)
        finally:
            self._runners.put(runner)
