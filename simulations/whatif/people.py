"""The people of a record as the model needs them: what was seen of each, and what was not, drawn.

An answered contact's talk and an abandoned one's patience are facts. A wait that was cut short by an answer only says
that patience was longer, a talk under way when the log ends that it is longer: the rest is drawn by Kaplan and Meier's
curve of the queue, beyond what was seen. What is drawn goes by the contact's number, so that every policy meets the
same people.
"""

from typing import Any, Final

import msgspec
import numpy as np

from engine.messages.kinds import BY_CUSTOMER, CONTACT_RELEASED
from simulations.fit.patience import Survival, kaplan_meier
from simulations.whatif.record import Record
from simulations.world.tables import PERSON, STAGE

Array = np.ndarray[Any, Any]
FEW: Final = 5
"""Of a queue with fewer samples, those of all queues are taken."""
_LUCKS: Final = ("patience", "talk", "ring", "wrap_up")


class Habits(msgspec.Struct, frozen=True):
    """What is known of the people of one queue."""

    patience: Survival
    talk: Survival
    ring: Survival
    wrap_ups_ns: Array
    """Sorted samples of those that agents ended themselves."""


class People(msgspec.Struct, frozen=True):
    """A record's people, ready to be drawn: the same table for all replications, and what must be drawn for it."""

    persons: Array
    """dtype PERSON, as a replication begins."""
    stages: Array
    """dtype STAGE, what is known filled in."""
    offers: Array
    """dtype OFFER."""
    recorded: Array
    """dtype RECORDED, stage by stage."""
    habits: tuple[Habits, ...]
    """By queue."""

    def drawn(self, seed: int, replication: int) -> Array:
        """Return the stages of one replication, dtype STAGE; each purpose draws from the first contact on."""
        stages, seen = self.stages.copy(), self.recorded
        luck = {
            name: np.random.default_rng([seed, replication, number]).random(len(stages))
            for number, name in enumerate(_LUCKS)
        }
        for queue, habits in enumerate(self.habits):
            mine = np.flatnonzero(seen["queue"] == queue)
            waits = mine[seen["leaves_by"][mine] == 0]
            # Who was answered would have waited as long at least; so the very first instant is not ruled out.
            at_least = seen["wait_ns"][waits] - 1
            stages["patience_ns"][waits] = _beyond(habits.patience, at_least, luck["patience"][waits])
            talks = mine[~seen["talk_ended"][mine]]
            stages["talk_ns"][talks] = _beyond(habits.talk, seen["talk_ns"][talks], luck["talk"][talks])
            rings = mine[~seen["ring_ended"][mine]]
            stages["ring_ns"][rings] = _beyond(habits.ring, seen["ring_ns"][rings], luck["ring"][rings])
            wraps = mine[seen["wrap_up_ns"][mine] < 0]
            stages["wrap_up_ns"][wraps] = _sampled(habits.wrap_ups_ns, luck["wrap_up"][wraps])
        return stages


def _beyond(curve: Survival, seen_ns: Array, luck: Array) -> Array:
    """Return durations, ns, of which it was seen that they are longer than `seen_ns`; -1: nothing was."""
    return np.asarray(np.maximum((curve.beyond(seen_ns / 1e9, luck) * 1e9).astype(np.int64), seen_ns + 1))


def _sampled(samples_ns: Array, luck: Array) -> Array:
    if not len(samples_ns):
        return np.zeros(len(luck), np.int64)
    return np.asarray(samples_ns[(luck * len(samples_ns)).astype(np.int64)])


def people_of(record: Record) -> People:
    """Return the people of a record."""
    seen, arrivals = record.stages, record.arrivals
    persons = np.zeros(len(arrivals), PERSON)
    for column in ("queue", "packed", "line_ns", "flags", "agent"):
        persons[column] = arrivals[column]
    persons["source"], persons["arrived_ns"] = arrivals["queue"], arrivals["at_ns"]
    persons["first_stage"] = record.first_stages
    persons["stages"] = np.diff(np.r_[record.first_stages, len(seen)])
    persons["waited_ns"] = persons["served_by"] = persons["way_out"] = -1
    stages = np.zeros(len(seen), STAGE)
    for column in ("leaves_with", "ring_ns", "talk_ns", "wrap_up_ns", "wraps_early", "first_offer", "offers"):
        stages[column] = seen[column]
    for column in ("then", "then_queue", "then_agent", "then_flags"):
        stages[column] = seen[column]
    own_will = seen["leaves_by"] > 0
    stages["patience_ns"] = seen["wait_ns"]
    stages["leaves_by"] = np.where(own_will, seen["leaves_by"], CONTACT_RELEASED)
    stages["leaves_with"] = np.where(own_will, seen["leaves_with"], BY_CUSTOMER)
    queues = len(record.directory.queues)
    return People(persons, stages, record.offers, seen, tuple(_habits(seen, queue) for queue in range(queues)))


def _habits(seen: Array, queue: int) -> Habits:
    waits = _enough(seen[seen["wait_ns"] >= 0], queue)
    talks = _enough(seen[seen["talk_ns"] >= 0], queue)
    rings = _enough(seen[seen["ring_ns"] >= 0], queue)
    wraps = _enough(seen[seen["wraps_early"]], queue)
    return Habits(
        patience=kaplan_meier(waits["wait_ns"] / 1e9, waits["leaves_by"] > 0),
        talk=kaplan_meier(talks["talk_ns"] / 1e9, talks["talk_ended"].copy()),
        ring=kaplan_meier(rings["ring_ns"] / 1e9, rings["ring_ended"].copy()),
        wrap_ups_ns=np.sort(wraps["wrap_up_ns"]),
    )


def _enough(samples: Array, queue: int) -> Array:
    mine = samples[samples["queue"] == queue]
    return mine if len(mine) >= FEW else samples
