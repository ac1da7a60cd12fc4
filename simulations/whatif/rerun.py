"""One engine and its world, in which recorded people come again, as often as is asked, under one set of rules."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from engine.errors import TrunklineError
from engine.kernel.step import ROOM
from engine.kernel.tables import Capacity, Tables, new_tables, reset
from engine.messages.kinds import AGENT_STATES, CHANNELS
from engine.messages.rows import ROW, pack_arrival
from engine.model.settings import SECOND_NS
from engine.model.tallies import TALLY_COLUMNS
from simulations.whatif.people import People
from simulations.world.run import run
from simulations.world.tables import SOURCE, WorldTables, blank_tables
from simulations.world.waits import WAIT_BINS

Array = np.ndarray[Any, Any]
RETRIALS: Final = 4096
CONTACTS_MAX: Final = 1_000_000
DRAIN_NS: Final = 4 * 3600 * SECOND_NS
"""How long who came in time may still be there after the last fact of the log."""
LOG_ROWS: Final = 8 * ROOM


class RerunFailed(TrunklineError):
    """The record cannot be played again under these rules."""


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


class Theatre:
    """Plays people under one set of rules. Not for two threads at once; others run meanwhile."""

    def __init__(self, rules: Rules, people: People) -> None:
        self._rules, self._people = rules, people
        self._hold(rules.capacity, log_rows=0)

    def play(self, stages: Array) -> Rerun:
        """Play one replication, the people being as `stages` says, dtype STAGE. Raises RerunFailed."""
        for _ in self._rows(stages, log_rows=0):
            pass
        w, t = self._world, self._tables
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
        if len(self._world.log) != log_rows:
            self._hold(self._capacity, log_rows)
        while True:
            self._set_up(stages)
            book, told = self._world.book[0], 0
            while not run(self._tables, self._world):
                count = int(book["logged"])
                yield self._world.log[:count].copy()
                told += count
                book["logged"] = 0
            if not book["lost"] and not book["not_retried"]:
                yield self._world.log[: int(book["logged"])].copy()
                return
            if told:
                raise RerunFailed("more contacts at once than in the replications before; play without a log")
            self._make_room()

    def _make_room(self) -> None:
        contacts = 4 * self._capacity.contacts
        if contacts > CONTACTS_MAX:
            raise RerunFailed(f"more than {CONTACTS_MAX // 4} contacts at once: nobody serves them")
        self._hold(msgspec.structs.replace(self._capacity, contacts=contacts), len(self._world.log))

    def _hold(self, capacity: Capacity, log_rows: int) -> None:
        self._capacity = capacity
        self._tables: Tables = new_tables(capacity)
        self._parts = _parts(self._rules, capacity, self._people, log_rows)
        self._world = WorldTables(**{name: part.copy() for name, part in self._parts.items()})

    def _set_up(self, stages: Array) -> None:
        reset(self._tables)
        for name, part in self._parts.items():
            if name not in ("out", "log", "stages"):
                np.copyto(getattr(self._world, name), part)
        np.copyto(self._world.stages, stages)


def _parts(rules: Rules, capacity: Capacity, people: People, log_rows: int) -> dict[str, Array]:
    """Return the tables of the world as a replication begins: one interval, a source a queue, one for the trace."""
    queues, retrials = len(people.habits), max(RETRIALS, capacity.contacts)
    parts = blank_tables(
        arrivals=(queues + 1,),
        timers=(capacity.contacts + retrials + capacity.engagements,),
        places=(capacity.contacts + retrials + capacity.engagements,),
        callers=(capacity.contacts,),
        retrials=(retrials,),
        pick_ups=(capacity.engagements,),
        out=(2 * ROOM,),
        waits=(1, queues, WAIT_BINS),
        longest=(1, queues),
        retried=(1, queues),
        cut_off=(1, queues),
        states=(2, 1, AGENT_STATES),
        busy_trunks=(2, capacity.trunk_groups),
        peaks=(1, capacity.trunk_groups),
    )
    sources = np.zeros(queues + 1, SOURCE)
    sources["queue"] = np.arange(queues + 1)
    sources["packed"] = pack_arrival(0, 0)
    sources["callback_share"] = sources["volume"] = 1.0
    sources["wrap_up"] = sources["retry_after"] = sources["transfer_to"] = -1
    sources["trace_last"][queues] = len(people.persons)
    book = parts["book"]
    book["from_ns"] = book["boundary_ns"] = rules.begin_ns
    book["interval_ns"] = rules.end_ns - rules.begin_ns + 1
    book["interval"] = -1
    book["stop_ns"] = rules.end_ns + DRAIN_NS
    return parts | {
        "sources": sources,
        "trace": people.persons["arrived_ns"].copy(),
        "people": people.persons,
        "stages": people.stages,
        "speeds": np.ones((capacity.agents, queues + 1)),
        "home_factors": np.ones(capacity.agents),
        "groups": np.zeros(capacity.agents, np.int64),
        "script": rules.script,
        "log": np.zeros(log_rows, ROW),
    }
