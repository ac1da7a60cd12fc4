"""One engine and its world, in which recorded people come again, as often as is asked, under one set of rules."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from engine.kernel.step import ROOM
from engine.kernel.tables import Capacity
from engine.messages.kinds import CHANNELS
from engine.messages.rows import pack_arrival
from engine.model.settings import SECOND_NS
from engine.model.tallies import TALLY_COLUMNS
from simulations.whatif.people import People
from simulations.world.blank import Span, blank_world
from simulations.world.runner import Beginning, Short, WorldRunner, more_contacts
from simulations.world.tables import BACK_AFTER_NS

Array = np.ndarray[Any, Any]
DRAIN_NS: Final = 4 * 3600 * SECOND_NS
"""How long who came in time may still be there after the last fact of the log."""
LOG_ROWS: Final = 8 * ROOM


class Rules(msgspec.Struct, frozen=True):
    """What a rerun goes by."""

    script: Array
    """dtype ROW, in order of time."""
    capacity: Capacity
    begin_ns: int
    end_ns: int


class Rerun(msgspec.Struct, frozen=True):
    """What came of one replication."""

    waited_ns: Array
    """shape (contacts,): until the first answer or the way out; -1 of who was still waiting."""
    served_by: Array
    """shape (contacts,): agent who answered first, -1."""
    way_out: Array
    """shape (contacts,): EXIT_*, -1."""
    tallies: Array
    """shape (queues, TALLY_COLUMNS)."""
    states_ns: Array
    """shape (AGENT_STATES,): of all agents together."""
    refused: int
    """Facts that made no sense to the kernel under these rules, as a transfer to who is not there."""


class RulesRunner:
    """Plays people under one set of rules. Not for two threads at once; others run meanwhile."""

    def __init__(self, rules: Rules, people: People) -> None:
        self._rules, self._people = rules, people
        self._capacity = rules.capacity
        self._log_rows = 0
        self._runner = WorldRunner(self._beginning(), self._make_room)

    def play(self, stages: Array) -> Rerun:
        """Play one replication, the people being as `stages` says, dtype STAGE. Raises SimulationFailed."""
        for _ in self._rows(stages, log_rows=0):
            pass
        w, t = self._runner.world, self._runner.tables
        tallies = np.asarray(t.tallies).reshape(-1, CHANNELS, TALLY_COLUMNS).sum(axis=1)
        people = w.people
        return Rerun(
            waited_ns=people["waited_ns"].copy(),
            served_by=people["served_by"].copy(),
            way_out=people["way_out"].copy(),
            tallies=tallies[: len(w.sources) - 1],
            states_ns=np.diff(w.states, axis=0).sum(axis=(0, 1)),
            refused=int(w.book["refused"][0]),
        )

    def rows(self, stages: Array) -> Iterator[Array]:
        """Yield all rows of one replication, some at a time; `dedupe` holds a contact's number and 1."""
        return self._rows(stages, LOG_ROWS)

    def _rows(self, stages: Array, log_rows: int) -> Iterator[Array]:
        if self._log_rows != log_rows:
            self._log_rows = log_rows
            self._runner.hold(self._beginning(), log_rows)
        return self._runner.play(lambda world: np.copyto(world.stages, stages))

    def _make_room(self, _: Short) -> Beginning:
        contacts = more_contacts(self._capacity.contacts)
        self._capacity = msgspec.structs.replace(self._capacity, contacts=contacts)
        return self._beginning()

    def _beginning(self) -> Beginning:
        return Beginning(self._capacity, _parts(self._rules, self._capacity, self._people))


def _parts(rules: Rules, capacity: Capacity, people: People) -> dict[str, Array]:
    """Return the tables of the world as a replication begins: one interval, a source a queue, one for the trace."""
    queues = len(people.habits)
    span = Span(rules.begin_ns, rules.end_ns - rules.begin_ns + 1, rules.end_ns + DRAIN_NS)
    parts = blank_world(capacity, queues, span, sources=queues + 1)
    sources = parts["sources"]
    sources["queue"] = np.arange(queues + 1)
    sources["packed"] = pack_arrival(0, 0)
    sources["callback_share"] = sources["volume"] = 1.0
    sources["back_after_ns"] = BACK_AFTER_NS
    sources["wrap_up"] = sources["retry_after"] = sources["transfer_to"] = -1
    sources["trace_last"][queues] = len(people.persons)
    return parts | {
        "trace": people.persons["arrived_ns"].copy(),
        "people": people.persons,
        "stages": people.stages,
        "offers": people.offers,
        "script": rules.script,
    }
