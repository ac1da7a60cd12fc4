"""Recorded runs applied to a state: the kernel folds the rows, everything else is picked out of them by vector."""

from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np

from engine.effects.derive import OwedCallback
from engine.ingest.names import NAMES_ONLY, NamesRecord
from engine.ingest.seen import SeenReplay
from engine.kernel.step import fold
from engine.kernel.tables import Array, Tables
from engine.log_port import Turn
from engine.messages.kinds import (
    CONFIGURATION_LOADED,
    ENGINE_STARTED,
    PLAN_ACTIVATED,
    PLAN_DEACTIVATED,
    REQUIREMENT_DEFINED,
    SETTING_CHANGED,
    TABLE_ENGINE,
)
from engine.model.directory import decode_directory
from engine.model.settings import EngineSetting
from engine.replay.closed import ClosedContact, ClosedContacts
from engine.replay.contacts import OWED_KEPT, ContactReplay
from engine.replay.wrapping import WrappingReplay
from engine.state import EngineRecord, EngineState, payload_of, started_with


def _kind_set(*kinds: int) -> Array:
    """A set of kinds to index with: far faster over many rows than numpy's own search."""
    found = np.zeros(1 << 16, np.bool_)
    found[list(kinds)] = True
    return found


PLANS: Final = (PLAN_ACTIVATED, PLAN_DEACTIVATED)
IS_CONFIGURATION: Final = _kind_set(ENGINE_STARTED, CONFIGURATION_LOADED, REQUIREMENT_DEFINED, *PLANS)


class StateReplay:
    """Applies recorded runs to a state, in order. The tables follow at once, the rest when it is finished."""

    def __init__(self, state: EngineState, *, fold_rows: Callable[[Tables, Array], object] = fold) -> None:
        self._state = state
        self._fold = fold_rows
        self._seen = SeenReplay(state.seen, state.generation)
        self._contacts = ContactReplay(state.contacts, state.interned)
        self._wrapping = WrappingReplay(state, self._contacts)
        self._closed = ClosedContacts(state.contacts)
        self._sources = 0
        self.owed: deque[OwedCallback] = deque(maxlen=OWED_KEPT)
        """The latest customers who left for a callback that never came; filled by `finish`."""
        self.closed: list[ClosedContact] = []
        """The contacts that closed last, whose adapters may not have been told; filled by `finish`."""

    def apply(self, run: Turn, *, in_tail: bool = False) -> None:
        """Apply the next run of turns; `in_tail`: contacts that close in it may not have been told so."""
        kinds = np.ascontiguousarray(run.rows["kind"])
        self._fold_growing(run, kinds)
        self._sources = max(self._sources, int(run.rows["source"].max(initial=0)) + 1)
        self._seen.absorb(run.first_seq, run.rows)
        for place in np.flatnonzero(IS_CONFIGURATION[kinds]).tolist():
            self._note_configuration(run, place, int(kinds[place]))
        if in_tail:
            self._contacts.settle()
            self._closed.absorb(run)
        self._wrapping.absorb(run)
        self._contacts.absorb(run, kinds)

    def settle(self) -> None:
        """Complete the open contacts, for those who want to look before more is applied."""
        self._state.interned.name_sources(self._sources)
        self._contacts.settle()

    def finish(self) -> None:
        """Complete the open contacts and the idempotence window."""
        self.settle()
        self._seen.finish()
        self.owed.extend(self._contacts.owed())
        self.closed = self._closed.latest()

    def _fold_growing(self, run: Turn, kinds: Array) -> None:
        """Fold; where an engine started with more room, the tables grow first, as they did then, and where settings
        changed, what agents did before is settled first.
        """
        done, rows, times = 0, run.rows, self._state.agent_times
        for place in np.flatnonzero((kinds == ENGINE_STARTED) | (kinds == SETTING_CHANGED)).tolist():
            if kinds[place] == ENGINE_STARTED:
                self._fold_timed(rows[done:place])
                self._state.grow(started_with(rows[place], run.payload))
                done = place
                continue
            at_ns = int(rows["at_ns"][place])
            if at_ns != times.settled_ns:
                self._fold_timed(rows[done:place])
                times.settle(self._state.tables, at_ns)
                done = place
            if int(rows["agent"][place]) == TABLE_ENGINE and int(rows["contact"][place]) == EngineSetting.INTERVAL_NS:
                self._fold_timed(rows[done : place + 1])
                times.follow(self._state.tables, at_ns)
                done = place + 1
        self._fold_timed(rows[done:] if done else rows)

    def _fold_timed(self, rows: Array) -> None:
        """Fold; where an interval ends, the times of the agents are looked at."""
        times, tables = self._state.agent_times, self._state.tables
        done, end = 0, len(rows)
        while end > done and int(rows["at_ns"][end - 1]) >= times.next_ns:
            place = done + int(np.searchsorted(rows["at_ns"][done:], times.next_ns))
            if place > done:
                self._fold(tables, rows[done:place])
            times.reach(tables, int(rows["at_ns"][place]))
            done = place
        self._fold(tables, rows[done:] if done else rows)

    def _note_configuration(self, run: Turn, place: int, kind: int) -> None:
        state = self._state
        if kind == REQUIREMENT_DEFINED:
            state.directory.fold(run.rows[place : place + 1].view(np.recarray))
        elif kind in PLANS:
            state.plans.fold(kind, run.first_seq + place, int(run.rows["at_ns"][place]), payload_of(run, place))
        elif kind == ENGINE_STARTED:
            state.interned.apply(msgspec.msgpack.decode(payload_of(run, place), type=EngineRecord).names)
        elif int(run.rows["a"][place]) == NAMES_ONLY:
            state.interned.apply(msgspec.msgpack.decode(payload_of(run, place), type=NamesRecord))
        else:
            state.directory = decode_directory(payload_of(run, place))
