"""Everything that the log determines: tables, directory, open contacts, idempotence window and interned names."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from engine.effects.derive import OwedCallback
from engine.ingest.names import InternedNames, NamesInForce, NamesRecord
from engine.ingest.registry import ContactEntry, OpenContacts
from engine.ingest.seen import SeenCopy, SeenFacts, SeenReplay
from engine.kernel.resize import resize
from engine.kernel.step import ROOM, fold
from engine.kernel.tables import Array, Capacity, Tables, new_tables
from engine.messages.kinds import (
    CALLBACK_REQUESTED,
    CONFIGURATION_LOADED,
    CONTACT_ARRIVED,
    CONTACT_LEFT,
    CONTACT_QUEUED,
    ENGINE_STARTED,
    EXIT_CALLBACK,
    FACT_REFUSED,
    FIRST_DECIDED,
    FLAG_CLOSES,
    LEG_RECORDED,
    REQUIREMENT_DEFINED,
)
from engine.messages.observed import CallbackRequested, ContactArrived, LegRecorded
from engine.model.directory import Directory, decode_directory, encode_directory
from engine.model.setting_tables import SettingTables
from engine.ports import Turn

NAMES_ONLY: Final = 1
"""In `a` of CONFIGURATION_LOADED: the payload is a NamesRecord, not a directory."""
OUT_ROWS: Final = 4 * ROOM
"""Rows that one crossing into the kernel may write: drivers that decide in the same turns use the same."""
UNSAVED: Final = ("agenda",)
"""Tables that hold nothing between two turns."""
OWED_KEPT: Final = 1024
REMEMBERED_FACTS: Final = 1_000_000


def _kind_set(*kinds: int) -> Array:
    """A set of kinds to index with: far faster over many rows than numpy's own search."""
    found = np.zeros(1 << 16, np.bool_)
    found[list(kinds)] = True
    return found


IS_DETAIL: Final = _kind_set(LEG_RECORDED, CONTACT_QUEUED, CALLBACK_REQUESTED)
IS_CONFIGURATION: Final = _kind_set(ENGINE_STARTED, CONFIGURATION_LOADED, REQUIREMENT_DEFINED)


class EngineRecord(msgspec.Struct, frozen=True):
    """Payload of ENGINE_STARTED."""

    version: str
    capacity: Capacity
    names: NamesRecord


class EngineState:
    """The state of one engine. Its tables are replaced only by `grow`; nobody may keep them beyond that."""

    tables: Tables

    def __init__(self, capacity: Capacity, remembered_facts: int = REMEMBERED_FACTS) -> None:
        self._hold(new_tables(capacity), capacity)
        self.interned = InternedNames()
        self.names = NamesInForce(Directory(), self.interned)
        self.contacts = OpenContacts(capacity.contacts)
        self.generation = max(1, remembered_facts // 2)
        self.seen = SeenFacts(self.generation)

    @property
    def directory(self) -> Directory:
        """The directory of the configuration in force."""
        return self.names.directory

    @directory.setter
    def directory(self, directory: Directory) -> None:
        self.names.directory = directory

    @property
    def seq(self) -> int:
        """Sequence of the row applied last."""
        return int(self._seq[0])

    @property
    def now_ns(self) -> int:
        """Time of the row applied last."""
        return int(self._now_ns[0])

    def grow(self, capacity: Capacity) -> None:
        """Make room up to `capacity`, as the ENGINE_STARTED that says so is applied. Raises ValueError to shrink."""
        if capacity != self.capacity:
            self._hold(resize(self.tables, capacity), capacity)
            self.contacts.grow(capacity.contacts)

    def _hold(self, tables: Tables, capacity: Capacity) -> None:
        self.tables, self.capacity = tables, capacity
        book = np.asarray(tables.book)
        self._seq, self._now_ns = book["seq"], book["now_ns"]

    def settings(self) -> SettingTables:
        """The kernel's settings as they are."""
        t = self.tables
        return SettingTables(
            requirements=t.requirements,
            engine=t.book["settings"],
            channels=t.channel_settings,
            trunk_groups=t.trunk_groups["settings"],
            queues=t.queues["settings"],
            agents=t.agents["settings"],
            skill_levels=t.skill_levels,
            memberships=t.memberships,
        )

    def copy(self) -> "StateCopy":
        """Return the state of this instant: nothing is made here but copies, and only of what was ever used."""
        t = self.tables
        tables = {name: np.asarray(table).copy() for name, table in t.items() if name not in (*UNSAVED, "intervals")}
        rows, cells = _intervals_used(t)
        tables["intervals"] = t.intervals[rows, :, :cells]
        return StateCopy(
            self.capacity,
            tables,
            self.seen.copy(),
            self.contacts.save(),
            self.directory,
            self.interned.all(),
        )

    def save(self) -> dict[str, Array | bytes]:
        """Return everything as named parts: the state of this instant."""
        return self.copy().parts()

    def load(self, parts: Mapping[str, Array | bytes]) -> None:
        """Take over what `save` returned, into a new state made with the same capacity."""
        for name, table in self.tables.items():
            if name not in (*UNSAVED, "intervals"):
                table[...] = np.asarray(parts[f"table.{name}"]).view(table.dtype).reshape(table.shape)
        rows, cells = _intervals_used(self.tables)
        self.tables.intervals[rows, :, :cells] = _array(parts["table.intervals"])
        self.seen.load(_array(parts["seen_keys"]), _array(parts["seen_values"]))
        self.contacts.load(_bytes(parts["contacts"]))
        self.directory = decode_directory(_bytes(parts["directory"]))
        self.interned.apply(msgspec.msgpack.decode(_bytes(parts["interned"]), type=NamesRecord))


class StateCopy(NamedTuple):
    """A state that stands still, for another thread to write down."""

    capacity: Capacity
    tables: dict[str, Array]
    seen: SeenCopy
    contacts: bytes
    directory: Directory
    interned: NamesRecord

    def parts(self) -> dict[str, Array | bytes]:
        """Return it as named parts."""
        parts: dict[str, Array | bytes] = {f"table.{name}": table for name, table in self.tables.items()}
        parts |= self.seen.save_all()
        parts["contacts"] = self.contacts
        parts["directory"] = encode_directory(self.directory)
        parts["interned"] = msgspec.msgpack.encode(self.interned)
        parts["capacity"] = msgspec.msgpack.encode(self.capacity)
        return parts


def _intervals_used(t: Tables) -> tuple[Array, int]:
    """Rows of the interval table that ever were in use, and how many of its cells: the widest table is mostly empty."""
    cells = np.flatnonzero(t.tallies.any(axis=1))
    return np.flatnonzero(t.interval_starts >= 0), int(cells[-1]) + 1 if len(cells) else 0


def _array(part: Array | bytes) -> Array:
    assert isinstance(part, np.ndarray)
    return part


def _bytes(part: Array | bytes) -> bytes:
    assert isinstance(part, bytes)
    return part


class StateReplay:
    """Applies recorded frames to a state: the kernel folds the rows, the rest is picked out of them by vector."""

    def __init__(self, state: EngineState, *, fold_rows: Callable[[Tables, Array], object] = fold) -> None:
        self._state = state
        self._fold = fold_rows
        self._seen = SeenReplay(state.seen, state.generation)
        self.owed: deque[OwedCallback] = deque(maxlen=OWED_KEPT)
        """The latest customers who left for a callback."""

    def apply(self, run: Turn) -> None:
        """Apply the next run of frames."""
        self._fold_growing(run)
        self._seen.absorb(run.first_seq, run.rows)
        self._note_configuration(run)
        self._note_contacts(run)

    def finish(self) -> None:
        """Complete the idempotence window."""
        self._seen.finish()

    def _fold_growing(self, run: Turn) -> None:
        """Fold; where an engine started with more room, the tables grow first, as they did then."""
        done = 0
        for place in np.flatnonzero(run.rows["kind"] == ENGINE_STARTED).tolist():
            self._fold(self._state.tables, run.rows[done:place])
            self._state.grow(started_with(run.rows[place], run.payload))
            done = place
        self._fold(self._state.tables, run.rows[done:] if done else run.rows)

    def _note_configuration(self, run: Turn) -> None:
        state = self._state
        kinds = run.rows["kind"]
        for place in np.flatnonzero(IS_CONFIGURATION[kinds]):
            row, kind = run.rows[place], int(kinds[place])
            if kind == REQUIREMENT_DEFINED:
                state.directory.fold(run.rows[place : place + 1].view(np.recarray))
            elif kind == ENGINE_STARTED:
                state.interned.apply(msgspec.msgpack.decode(payload_of(run, int(place)), type=EngineRecord).names)
            elif int(row["a"]) == NAMES_ONLY:
                state.interned.apply(msgspec.msgpack.decode(payload_of(run, int(place)), type=NamesRecord))
            else:
                state.directory = decode_directory(payload_of(run, int(place)))

    def _note_contacts(self, run: Turn) -> None:
        rows, contacts = run.rows, self._state.contacts
        kinds, slots = np.ascontiguousarray(rows["kind"]), rows["contact"]
        arrivals = np.flatnonzero(kinds == CONTACT_ARRIVED)
        decided = np.flatnonzero(kinds >= FIRST_DECIDED)
        closing = (rows["flags"][decided] & FLAG_CLOSES != 0) & (slots[decided] >= 0)
        closing |= (kinds[decided] == FACT_REFUSED) & (rows["b"][decided] == CONTACT_ARRIVED)
        closes = decided[closing]
        self._note_owed(run, arrivals, closes)
        last = np.full(len(self._state.tables.contacts), -1, np.int64)
        # A later row about the same slot is written over an earlier one, so each place is the last.
        last[slots[arrivals]] = arrivals
        last[slots[closes]] = np.maximum(closes, last[slots[closes]])
        closed = np.zeros(len(last), np.bool_)
        closed[slots[closes]] = True
        for slot in np.flatnonzero(closed & contacts.taken()).tolist():
            contacts.close(slot)
        arrived = np.full(len(last), -1, np.int64)
        for place in arrivals[last[slots[arrivals]] == arrivals].tolist():
            row = rows[place]
            fact = msgspec.msgpack.decode(payload_of(run, place), type=ContactArrived)
            contacts.open(int(row["contact"]), int(row["source"]), fact, run.first_seq + place)
            arrived[row["contact"]] = place
        self._note_details(run, arrived)

    def _note_details(self, run: Turn, arrived: Array) -> None:
        """Keep the legs, the place in line and the number for a callback of each contact that is open now."""
        rows = run.rows
        places = np.flatnonzero(IS_DETAIL[rows["kind"]])
        slots = rows["contact"][places]
        known = (slots >= 0) & self._state.contacts.taken()[slots] & (places >= arrived[slots])
        for place, slot in zip(places[known].tolist(), slots[known].tolist(), strict=True):
            entry = self._state.contacts.at(slot)
            assert entry is not None, "taken"
            kind = int(rows["kind"][place])
            if kind == CONTACT_QUEUED:
                entry.line_ns = int(rows["a"][place])
            elif kind == LEG_RECORDED:
                leg = msgspec.msgpack.decode(payload_of(run, place), type=LegRecorded)
                entry.legs[leg.leg] = leg.record
            elif rows["payload_size"][place]:
                fact = msgspec.msgpack.decode(payload_of(run, place), type=CallbackRequested)
                entry.callback_number = fact.number

    def _note_owed(self, run: Turn, arrivals: Array, closes: Array) -> None:
        rows = run.rows
        left = closes[(rows["kind"][closes] == CONTACT_LEFT) & (rows["a"][closes] == EXIT_CALLBACK)]
        for place in left.tolist():
            row = rows[place]
            slot = int(row["contact"])
            earlier = arrivals[(arrivals < place) & (rows["contact"][arrivals] == slot)]
            entry = self._state.contacts.at(slot)
            if len(earlier):
                fact = msgspec.msgpack.decode(payload_of(run, int(earlier[-1])), type=ContactArrived)
                entry = ContactEntry(slot, int(row["source"]), run.first_seq + int(earlier[-1]), fact)
                entry.source = int(rows["source"][earlier[-1]])
            if entry is None:
                continue
            cause = place - int(row["cause"])
            if rows["kind"][cause] == CALLBACK_REQUESTED and rows["payload_size"][cause]:
                asked = msgspec.msgpack.decode(payload_of(run, cause), type=CallbackRequested)
                entry.callback_number = asked.number
            self.owed.append(
                OwedCallback(run.first_seq + place, entry, int(row["queue"]), int(row["at_ns"]) - int(row["b"]))
            )


def payload_of(run: Turn, place: int) -> memoryview:
    """The payload of one row of a run."""
    return _payload(run.rows[place], run.payload)


def started_with(row: Any, payload: memoryview) -> Capacity:
    """The capacity from an ENGINE_STARTED row on; `payload` is that of its run or frame."""
    return msgspec.msgpack.decode(_payload(row, payload), type=EngineRecord).capacity


def _payload(row: Any, payload: memoryview) -> memoryview:
    offset = int(row["payload_offset"])
    return payload[offset : offset + int(row["payload_size"])]
