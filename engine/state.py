"""Everything that the log determines: tables, directory, open contacts, idempotence window and interned names."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from engine.ingest.names import InternedNames, NamesInForce, NamesRecord
from engine.ingest.registry import OpenContacts
from engine.ingest.seen import SeenCopy, SeenFacts
from engine.kernel.resize import resize
from engine.kernel.step import ROOM
from engine.kernel.tables import Array, Capacity, Tables, new_tables
from engine.log_port import Turn
from engine.model.directory import Directory, decode_directory, encode_directory
from engine.model.plans import ActivePlans
from engine.model.setting_tables import SettingTables
from engine.projections.agents.interval_times import AgentTimes

OUT_ROWS: Final = 4 * ROOM
"""Rows that one crossing into the kernel may write: drivers that decide in the same turns use the same."""
UNSAVED: Final = ("agenda",)
"""Tables that hold nothing between two turns."""
QUALITY: Final = "quality"
"""Part of a state as it is kept: the read model of quality, with a position of its own."""
REMEMBERED_FACTS: Final = 1_000_000
FEWEST_FACTS: Final = 2
"""Remembered where nothing is submitted: nothing can come twice."""
PAGE_BYTES: Final = 4096
PAGES_AT_ONCE: Final = 256
"""A fraction of a millisecond: other threads are let in between."""


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
        self.agent_times = AgentTimes(capacity.intervals)
        """Of agents by queue and interval: to be told before rows are applied that they come."""
        self.plans = ActivePlans()

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
        """Return the state of this instant: nothing is made here but copies, and only of what was ever used.

        A thread may do it, while no turn is made; it never keeps others from running for long.
        """
        t = self.tables
        tables = {name: _copy_of(table) for name, table in t.items() if name not in (*UNSAVED, "intervals")}
        rows, cells = _intervals_used(t)
        used = t.intervals[:, :, :cells]
        intervals = tables["intervals"] = np.empty((len(rows), *used.shape[1:]), used.dtype)
        for place, row in enumerate(rows.tolist()):
            intervals[place] = used[row]
        return StateCopy(
            self.capacity,
            tables,
            self.seen.copy(),
            self.contacts.save(),
            self.contacts.wrapping.save(),
            encode_directory(self.directory),
            self.interned.all(),
            self.agent_times.save(),
            self.plans.save(),
        )

    def save(self) -> dict[str, Array | bytes]:
        """Return everything as named parts: the state of this instant."""
        return self.copy().parts()

    def load(self, parts: Mapping[str, Array | bytes]) -> None:
        """Take over what `save` returned, into a new state made with the same capacity. Of what another version saved,
        columns that it did not have stay as they are in a new state.
        """
        for name, table in self.tables.items():
            if name not in (*UNSAVED, "intervals") and f"table.{name}" in parts:
                _take_over(_array(parts[f"table.{name}"]), table)
        rows, _ = _intervals_used(self.tables)
        saved = _array(parts["table.intervals"])
        for row, of_row in zip(rows.tolist(), saved, strict=True):
            _take_over_common(of_row, self.tables.intervals[row])
        self.seen.load(_array(parts["seen_keys"]), _array(parts["seen_values"]))
        self.contacts.load(_bytes(parts["contacts"]))
        self.contacts.wrapping.load(_bytes(parts["wrapping"]))
        self.directory = decode_directory(_bytes(parts["directory"]))
        self.interned.apply(msgspec.msgpack.decode(_bytes(parts["interned"]), type=NamesRecord))
        self.agent_times.load(_bytes(parts["agent_times"]))
        self.plans.load(_bytes(parts["plans"]))


class StateCopy(NamedTuple):
    """A state that stands still, for another thread to write down."""

    capacity: Capacity
    tables: dict[str, Array]
    seen: SeenCopy
    contacts: bytes
    wrapping: bytes
    directory: bytes
    """Written down at once: requirements are added to it by the next facts."""
    interned: NamesRecord
    agent_times: bytes
    plans: bytes

    def parts(self) -> dict[str, Array | bytes]:
        """Return it as named parts."""
        parts: dict[str, Array | bytes] = {f"table.{name}": table for name, table in self.tables.items()}
        parts |= self.seen.save_all()
        parts["contacts"] = self.contacts
        parts["wrapping"] = self.wrapping
        parts["directory"] = self.directory
        parts["interned"] = msgspec.msgpack.encode(self.interned)
        parts["agent_times"] = self.agent_times
        parts["plans"] = self.plans
        parts["capacity"] = msgspec.msgpack.encode(self.capacity)
        return parts


class StoredState(NamedTuple):
    """A state as a snapshot keeps it."""

    capacity: Capacity
    parts: Mapping[str, Array | bytes]
    seq: int


def no_state() -> StoredState | None:
    """Where nothing is kept."""
    return None


def _intervals_used(t: Tables) -> tuple[Array, int]:
    """Rows of the interval table that ever were in use, and how many of its cells: the widest table is mostly empty."""
    cells = np.flatnonzero(t.tallies.any(axis=1))
    return np.flatnonzero(t.interval_starts >= 0), int(cells[-1]) + 1 if len(cells) else 0


def _copy_of(table: Array) -> Array:
    """Copy a table; what of it nobody touched is left so in the copy."""
    copied: Array = np.zeros(table.nbytes, np.uint8).view(table.dtype).reshape(table.shape)
    for pages, into_pages in _pages(table, copied):
        used = np.flatnonzero(np.bitwise_or.reduce(pages, axis=1))
        into_pages[used] = pages[used]
    return copied


def _take_over(source: Array, target: Array) -> None:
    """Make `target` as `source`, as far as the version that saved that had the same columns."""
    if source.dtype == target.dtype and source.shape == target.shape:
        _copy_pages(source, target)
    elif source.dtype.names is None or target.dtype.names is None:
        _take_over_common(source, target)
    else:
        for name in set(source.dtype.names) & set(target.dtype.names):
            _take_over_common(source[name], target[name])


def _take_over_common(source: Array, target: Array) -> None:
    """Copy what both have a place for: settings and counters are only ever added, at the end.

    Raises ValueError where a name has become something that does not hold what it was.
    """
    if not np.can_cast(source.dtype, target.dtype, "safe"):
        raise ValueError(f"a column of {source.dtype} is one of {target.dtype} here")
    common = tuple(slice(min(pair)) for pair in zip(source.shape, target.shape, strict=True))
    target[common] = source[common]


def _copy_pages(source: Array, target: Array) -> None:
    """Make `target` as `source`, which has as many bytes. Pages that are alike, as unused ones are, stay untouched."""
    for pages, into_pages in _pages(source, target):
        differing = np.flatnonzero((pages != into_pages).any(axis=1))
        into_pages[differing] = pages[differing]


def _pages(source: Array, target: Array) -> Iterator[tuple[Array, Array]]:
    """Yield the pages of two tables of one size, some at a time: shape (pages, bytes of one); the last may be short."""
    octets, into = _octets(source), _octets(target)
    whole = len(octets) // PAGE_BYTES * PAGE_BYTES
    for start in range(0, whole, PAGES_AT_ONCE * PAGE_BYTES):
        end = min(start + PAGES_AT_ONCE * PAGE_BYTES, whole)
        some, into_some = (part[start:end].view(np.uint64).reshape(-1, PAGE_BYTES // 8) for part in (octets, into))
        yield some, into_some
    if whole < len(octets):
        yield octets[whole:].reshape(1, -1), into[whole:].reshape(1, -1)


def _octets(table: Array) -> Array:
    return np.asarray(table).reshape(-1).view(np.uint8)


def _array(part: Array | bytes) -> Array:
    assert isinstance(part, np.ndarray)
    return part


def _bytes(part: Array | bytes) -> bytes:
    assert isinstance(part, bytes)
    return part


def payload_of(run: Turn, place: int) -> memoryview:
    """The payload of one row of a run."""
    return row_payload(run.rows[place], run.payload)


def started_with(row: Any, payload: memoryview) -> Capacity:
    """The capacity from an ENGINE_STARTED row on; `payload` is that of its run or frame."""
    return msgspec.msgpack.decode(row_payload(row, payload), type=EngineRecord).capacity


def row_payload(row: Any, payload: memoryview) -> memoryview:
    """The payload of one row; `payload` is that of its run or frame."""
    offset = int(row["payload_offset"])
    return payload[offset : offset + int(row["payload_size"])]
