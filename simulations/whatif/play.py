"""Two sets of rules, the same people: replications of both over all cores, and what they come to."""

from typing import Any, NamedTuple

import msgspec
import numpy as np

from engine.messages.exits import GAVE_UP, LOST
from engine.messages.kinds import EXIT_ANSWERED
from simulations.experiment.cluster import Cluster
from simulations.experiment.simulate import Progress, after
from simulations.experiment.worker_pool import Workers, threads_of, worker_pool
from simulations.whatif.people import People
from simulations.whatif.rerun import Rerun, Rules, RulesRunner

Array = np.ndarray[Any, Any]


class Recorded(NamedTuple):
    """What became of the contacts in the record, each of shape (contacts,)."""

    agents: Array
    """Who answered first, -1."""
    queues: Array
    """To which queue each came."""
    ended: Array
    """Whether its first wait came to an end."""


class Drawn(NamedTuple):
    """What single draws came to of those whose wait came to an end in the record, each (replications, queues)."""

    answered: Array
    gave_up: Array
    waited_s: Array
    """The sum over both."""


class Side(msgspec.Struct):
    """What one set of rules came to, over all replications."""

    tallies: Array
    """shape (replications, queues, TALLY_COLUMNS)."""
    states_ns: Array
    """shape (replications, AGENT_STATES)."""
    waited_s: Array
    """shape (contacts,): mean over the replications in which it was answered or gave up; nan where it was in none."""
    answered: Array
    """shape (contacts,): share of replications."""
    gave_up: Array
    """shape (contacts,): share of replications in which it gave up."""
    served_wait_s: Array
    """shape (contacts,): mean over the replications of the wait of who was answered or gave up, 0 of others."""
    lost: Array
    """shape (contacts,): ... or was lost otherwise: hung up on by the queue, refused, by a fault."""
    served_by: Array
    """shape (contacts,): agent in the first replication, -1."""
    way_out: Array
    """shape (contacts,): EXIT_* in the first replication, -1."""
    first_wait_s: Array
    """shape (contacts,): wait in the first replication; nan where it did not end."""
    as_served: float
    """Share of contacts answered in the record that the same agent answered, over all replications."""
    refused: int
    drawn: Drawn
    """By the queue that contacts came to."""


class _Sum:
    """Adds up reruns, one after the other."""

    def __init__(self, contacts: int, recorded: Recorded) -> None:
        self._answered, self._gave_up, self._served_wait, self._lost = np.zeros((4, contacts))
        self._agents, self._answered_before = recorded.agents, recorded.agents >= 0
        self._queue_of, self._known = recorded.queues[recorded.ended], recorded.ended
        self._drawn: list[Array] = []
        self._same = self._refused = 0
        self._tallies: list[Array] = []
        self._states: list[Array] = []
        self._first: Rerun | None = None

    def add(self, one: Rerun) -> None:
        answered, gave_up = one.way_out == EXIT_ANSWERED, np.isin(one.way_out, GAVE_UP)
        served_wait_s = np.where(answered | gave_up, one.waited_ns / 1e9, 0.0)
        self._answered += answered
        self._gave_up += gave_up
        self._served_wait += served_wait_s
        self._lost += np.isin(one.way_out, LOST)
        self._same += int((one.served_by == self._agents)[self._answered_before].sum())
        self._refused += one.refused
        self._tallies.append(one.tallies)
        self._states.append(one.states_ns)
        self._drawn.append(self._by_queue(len(one.tallies), answered, gave_up, served_wait_s))
        self._first = self._first or one

    def _by_queue(self, queues: int, *parts: Array) -> Array:
        """Return the columns of `Drawn` of one replication, shape (3, queues)."""
        return np.stack([np.bincount(self._queue_of, part[self._known], queues) for part in parts])

    def side(self) -> Side:
        first, n = self._first, len(self._tallies)
        assert first is not None
        with np.errstate(invalid="ignore"):
            waited_s = self._served_wait / (self._answered + self._gave_up)
        before = max(int(self._answered_before.sum()), 1)
        return Side(
            np.stack(self._tallies),
            np.stack(self._states),
            waited_s,
            self._answered / n,
            self._gave_up / n,
            self._served_wait / n,
            self._lost / n,
            first.served_by,
            first.way_out,
            np.where(first.waited_ns >= 0, first.waited_ns / 1e9, np.nan),
            self._same / n / before,
            self._refused,
            Drawn(*np.stack(self._drawn, axis=1)),
        )


class RunTask(msgspec.Struct, frozen=True):
    """What is played."""

    rules: tuple[Rules, Rules]
    people: People


class PairRunner:
    """Plays the same people under both sets of rules. Not for two threads at once."""

    def __init__(self, task: RunTask) -> None:
        self._people = task.people
        self._runners = tuple(RulesRunner(rules, task.people) for rules in task.rules)

    def play(self, seed: int, replication: int) -> list[Rerun]:
        """Return what a replication comes to under each. Raises SimulationFailed."""
        drawn = self._people.drawn(seed, replication)
        return [runner.play(drawn) for runner in self._runners]


def play_both(
    task: RunTask,
    recorded: Recorded,
    replications: int,
    seed: int,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> tuple[Side, Side]:
    """Return what both sets of rules come to; in each replication the same people come to both.

    `workers` threads play, one a core if not said, or a cluster. Raises SimulationFailed and ClusterFailed.
    """
    at_once = max(workers.threads(), 1) if isinstance(workers, Cluster) else min(threads_of(workers), replications)
    pool = worker_pool(PairRunner, task, workers if isinstance(workers, Cluster) else at_once)
    sums = [_Sum(len(task.people.persons), recorded) for _ in task.rules]
    with pool:
        for first in range(0, replications, at_once):
            # No more at once than are played at once: what one replication says of every contact is large.
            numbers = range(first, min(first + at_once, replications))
            for played in pool.play(seed, numbers, after(progress, first, replications)):
                for total, one in zip(sums, played, strict=True):
                    total.add(one)
    return sums[0].side(), sums[1].side()
