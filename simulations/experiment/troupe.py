"""Who plays replications: threads of this process, or the workers of a cluster, each by players of their own."""

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from simulations.cores import cores
from simulations.experiment.cluster import Cluster, ClusterTroupe
from simulations.experiment.cluster_worker import Plays

Workers = int | Cluster
"""So many threads here, or a cluster."""
What = TypeVar("What")
Came = TypeVar("Came")


def troupe(
    player_of: Callable[[What], Plays[Came]], what: What, workers: Workers | None
) -> "Troupe[What, Came] | ClusterTroupe[Came]":
    """Return who plays this, by the players that `player_of` makes of it; one thread a core where not said."""
    if isinstance(workers, Cluster):
        return workers.troupe(player_of, what)
    return Troupe(player_of, what, workers or cores())


class Troupe(Generic[What, Came]):
    """Threads that play one thing; what they have not begun when it is left is not played."""

    def __init__(self, player_of: Callable[[What], Plays[Came]], what: What, threads: int) -> None:
        self._player_of, self._what = player_of, what
        self._threads = threads
        self._players: queue.SimpleQueue[Plays[Came]] = queue.SimpleQueue()
        self._made = 0
        self._pool = ThreadPoolExecutor(threads, "replication")

    def __enter__(self) -> "Troupe[What, Came]":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def play(self, seed: int, replications: range, done: Callable[[int], None]) -> list[Came]:
        """Return what the replications of these numbers came to, in order. Raises what a player does."""
        while self._made < min(self._threads, max(len(replications), 1)):
            self._players.put(self._player_of(self._what))
            self._made += 1
        futures = [self._pool.submit(self._play_one, seed, number) for number in replications]
        played = []
        for finished, future in enumerate(futures, 1):
            played.append(future.result())
            done(finished)
        return played

    def _play_one(self, seed: int, number: int) -> Came:
        player = self._players.get()
        try:
            return player.play(seed, number)
        finally:
            self._players.put(player)
