"""A what-if: a record under the rules that held, and under a policy, with the same people in both."""

import math
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from engine.messages.exits import GAVE_UP
from engine.messages.kinds import EXIT_ANSWERED
from simulations.experiment.estimates import t_quantile
from simulations.experiment.simulate import Progress, replications_of, seed_of
from simulations.experiment.worker_pool import Workers
from simulations.whatif.decisions import Names, Parting, first_parting
from simulations.whatif.people import People, people_of
from simulations.whatif.play import Recorded, RunTask, Side, play_both
from simulations.whatif.policy import Said
from simulations.whatif.record import Record
from simulations.whatif.rerun import Rules, RulesRunner
from simulations.whatif.rules import as_recorded, changed_by

Array = np.ndarray[Any, Any]
REPLICATIONS: Final = 10
SEED: Final = 1
LISTED: Final = 5
"""Contacts that are listed of those whose wait grew most, and of those whose wait shrank most."""
NOTICED_S: Final = 0.05
"""A wait that changed by less did not change."""


class Answer(msgspec.Struct, frozen=True):
    """What a what-if came to."""

    record: Record
    names: Names
    """Agents whom the policy adds included."""
    before: Side
    """The recorded rules, through the model."""
    now: Side
    parting: Parting | None
    """The first decision that differs in the first replication."""
    seed: int
    replications: int
    confidence: float
    time_zone: str

    @property
    def wait_change_s(self) -> Array:
        """How much longer each contact waits now, shape (contacts,), s; nan of who is answered or gives up on one side
        alone, or on none.
        """
        return self.now.waited_s - self.before.waited_s

    def queue_of(self, number: int) -> Array:
        """Return the places of the contacts that came to a queue."""
        return np.flatnonzero(self.record.arrivals["queue"] == number)

    def most_changed(self, longer: bool) -> list[int]:
        """Return contacts, the one whose wait grew, or shrank, most first; LISTED at most."""
        change = np.nan_to_num(self.wait_change_s) * (1 if longer else -1)
        order = np.argsort(-change, kind="stable")[:LISTED]
        return [int(place) for place in order if change[place] > NOTICED_S]


def ask(
    record: Record,
    said: Said,
    replications: int = REPLICATIONS,
    seed: int = SEED,
    *,
    confidence: float = 0.95,
    time_zone: str = "UTC",
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> Answer:
    """Play the record under its own rules and under the policy, the same people in both.

    `workers` threads play, one a core if not said, or a cluster. Raises SimulationFailed,
    ClusterFailed, and ConfigError where nothing is to be played.
    """
    replications, seed = replications_of(replications, REPLICATIONS, least=2), seed_of(seed, SEED)
    people = people_of(record)
    before, now = as_recorded(record), changed_by(record, said, time_zone)
    first = record.stages[record.first_stages]
    recorded = Recorded(first["agent"], record.arrivals["queue"], first["way_out"] >= 0)
    task = RunTask((before.rules, now.rules), people)
    sides = play_both(task, recorded, replications, seed, workers, progress)
    parting = first_parting(*(_rows(rules, people, seed) for rules in (before.rules, now.rules)))
    names = Names(record.directory.queues.names, now.agents)
    return Answer(record, names, *sides, parting, seed, replications, confidence, time_zone)


def rows_of_rules(record: Record, rules: Rules, seed: int) -> Iterator[Array]:
    """Yield all rows of the first replication under a set of rules, some at a time."""
    return _rows(rules, people_of(record), seed)


def _rows(rules: Rules, people: People, seed: int) -> Iterator[Array]:
    """Yield the rows of the first replication; played once before, so that there is room enough."""
    runner, drawn = RulesRunner(rules, people), people.drawn(seed, 0)
    runner.play(drawn)
    return runner.rows(drawn)


class Seen(msgspec.Struct, frozen=True):
    """What became of contacts' first wait, as shares and means, to hold the model against the record."""

    contacts: int
    answered: float
    abandoned: float
    """Of those who were answered or gave up, as `abandon_rate` is; of nobody 0."""
    wait_s: float
    """Of the same, as the figure of that name is: who was refused did not wait."""


def seen_in_record(record: Record, places: Array) -> Seen:
    """Return what was recorded of these contacts' first wait; those still waiting at the end are left out."""
    first = record.stages[record.first_stages[places]]
    first = first[first["way_out"] >= 0]
    gave_up, answered = np.isin(first["way_out"], GAVE_UP), first["way_out"] == EXIT_ANSWERED
    waited_s = float(first["wait_ns"][answered | gave_up].sum()) / 1e9
    return _seen(len(first), int(answered.sum()), int(gave_up.sum()), waited_s)


def seen_in_model(record: Record, side: Side, places: Array) -> Seen:
    """Return the same of the same contacts as the model has it, in the mean over the replications."""
    known = places[record.stages["way_out"][record.first_stages[places]] >= 0]
    totals = (float(part[known].sum()) for part in (side.answered, side.gave_up, side.served_wait_s))
    return _seen(len(known), *totals)


def _seen(contacts: int, answered: float, gave_up: float, waited_s: float) -> Seen:
    served = max(answered + gave_up, 1e-9)
    return Seen(contacts, answered / max(contacts, 1), gave_up / served, waited_s / served)


class Draws(msgspec.Struct, frozen=True):
    """Where a further draw would lie, low and high: the record is held against these, being one outcome and no mean."""

    abandoned: tuple[float, float]
    wait_s: tuple[float, float]


def draws_of(side: Side, number: int | None, confidence: float) -> Draws:
    """Return where single draws of a queue lie, of all together where `number` is None, of figures as `Seen` has them.

    A further draw lies within with that confidence: Student's t, with the spread of one draw on top of that of the mean
    (Hahn and Meeker, Statistical Intervals, 4.7). There must be two replications at least.
    """
    places = slice(None) if number is None else slice(number, number + 1)
    answered, gave_up, waited_s = (part[:, places].sum(axis=1) for part in side.drawn)
    count = len(answered)
    reach = t_quantile(confidence, count - 1) * math.sqrt(1.0 + 1.0 / count)

    def around(part: Array, whole: Array, most: float) -> tuple[float, float]:
        values = part / np.maximum(whole, 1.0)
        middle, half = float(values.mean()), reach * float(values.std(ddof=1))
        return max(middle - half, 0.0), min(middle + half, most)

    return Draws(around(gave_up, answered + gave_up, 1.0), around(waited_s, answered + gave_up, math.inf))
