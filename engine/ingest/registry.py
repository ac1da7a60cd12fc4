"""The open contacts: names outside, slots inside, and what is needed to act on them or to give them back."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from engine.ingest.wrapping import WrappingContacts
from engine.messages.observed import CALLBACK_NUMBER, ContactArrived
from engine.messages.recorded import read_recorded

_ENCODER: Final = msgspec.msgpack.Encoder()
LEGS_MAX: Final = 16
"""Legs that one contact may have recorded."""
SAVED_AT_ONCE: Final = 1000
_NUMBER: Final = CALLBACK_NUMBER.encode()
NO_LEGS: Final[Mapping[str, bytes]] = {}
"""Shared by all contacts without legs."""


class ContactEntry(msgspec.Struct, array_like=True, gc=False):
    """One open contact. Its arrival stays as it came, in bytes: few ever ask for more than the name.

    Without cycles, and so without a part in garbage collection.
    """

    slot: int
    source: int
    """Number of the source that brought it."""
    arrival_seq: int
    """0 until its arrival is applied."""
    name: str
    """The adapter's own name of it."""
    payload: bytes
    """Its ContactArrived, as MessagePack."""
    line_ns: int = 0
    """Its place in line, as the last CONTACT_QUEUED gave it."""
    callback_number: str = ""
    """Where the customer asked to be called back."""
    legs: Mapping[str, bytes] = msgspec.field(default_factory=lambda: NO_LEGS)
    """The last LegRecorded of each leg."""

    @property
    def arrival(self) -> ContactArrived:
        """The fact that brought it."""
        return read_recorded(self.payload, ContactArrived)

    @property
    def calls_back(self) -> bool:
        """Whether it calls a customer back."""
        return _NUMBER in self.payload and CALLBACK_NUMBER in self.arrival.attributes

    def record_leg(self, leg: str, record: bytes) -> None:
        """Note the last LegRecorded of a leg."""
        self.legs = {**self.legs, leg: record}


def entry_of(slot: int, source: int, arrival_seq: int, payload: bytes) -> ContactEntry:
    """Return the entry of a contact by its arrival as MessagePack. Raises msgspec.DecodeError."""
    return ContactEntry(slot, source, arrival_seq, read_recorded(payload, ContactArrived).contact, payload)


class OpenContacts:
    """Contacts by name and by slot; `capacity` slots."""

    def __init__(self, capacity: int) -> None:
        self._by_name: dict[str, ContactEntry] = {}
        self._by_slot: list[ContactEntry | None] = [None] * capacity
        self._taken = bytearray(capacity)
        self.wrapping = WrappingContacts()
        """Those that agents wrap up, most of them not open any more."""

    def grow(self, capacity: int) -> None:
        """Make room for so many slots."""
        self._taken = self._taken + bytes(capacity - len(self._by_slot))
        self._by_slot += [None] * (capacity - len(self._by_slot))

    def slots(self) -> "np.ndarray[Any, np.dtype[np.int64]]":
        """The slots of all open contacts, ascending."""
        return np.flatnonzero(self.taken())

    def taken(self) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        """Whether each slot has an open contact: a view of the present."""
        return np.frombuffer(self._taken, np.bool_)

    def open(self, entry: ContactEntry) -> None:
        """Enter a contact whose name and slot are free."""
        self._by_name[entry.name] = self._by_slot[entry.slot] = entry
        self._taken[entry.slot] = 1

    def close(self, slot: int) -> ContactEntry | None:
        """Remove and return the contact in `slot`; None when there is none."""
        entry = self._by_slot[slot]
        if entry is not None:
            self._by_slot[slot] = None
            self._taken[slot] = 0
            del self._by_name[entry.name]
        return entry

    def open_all(self, entries: Sequence[ContactEntry], names: Sequence[str], slots: Sequence[int]) -> None:
        """Enter contacts whose `names` and `slots`, which are theirs, are free."""
        self._by_name.update(zip(names, entries, strict=True))
        by_slot, taken = self._by_slot, self._taken
        for slot, entry in zip(slots, entries, strict=True):
            by_slot[slot] = entry
            taken[slot] = 1

    def close_all(self, slots: Sequence[int]) -> None:
        """Remove the contacts in these slots, where there are any."""
        by_slot, by_name, taken = self._by_slot, self._by_name, self._taken
        for slot in slots:
            entry = by_slot[slot]
            if entry is not None:
                by_slot[slot] = None
                taken[slot] = 0
                del by_name[entry.name]

    def with_legs(self, slots: Sequence[int]) -> list[int]:
        """Of these slots, those whose contact has a leg recorded."""
        return [slot for slot, entry in zip(slots, self.in_slots(slots), strict=True) if entry and entry.legs]

    def find(self, contact: str) -> ContactEntry | None:
        """The open contact of this name."""
        return self._by_name.get(contact)

    def at(self, slot: int) -> ContactEntry | None:
        """The open contact in `slot`; None for -1."""
        return self._by_slot[slot] if slot >= 0 else None

    def in_slots(self, slots: Sequence[int]) -> "list[ContactEntry | None]":
        """The open contact in each of these slots."""
        by_slot = self._by_slot
        return [by_slot[slot] for slot in slots]

    def slots_of(self, contacts: Sequence[str]) -> list[int]:
        """Slots of the open contacts of these names; -1 where there is none."""
        entries = map(self._by_name.get, contacts)
        return [-1 if entry is None else entry.slot for entry in entries]

    def has_none_of(self, contacts: Sequence[str]) -> bool:
        """Whether no open contact has one of these names."""
        return self._by_name.keys().isdisjoint(contacts)

    def name_of(self, slot: int) -> str:
        """Name of the contact in `slot`; empty when the slot is free."""
        entry = self._by_slot[slot] if 0 <= slot < len(self._by_slot) else None
        return entry.name if entry is not None else ""

    def slot_of(self, contact: str) -> int:
        """Slot of the open contact called `contact`; -1 when there is none."""
        entry = self._by_name.get(contact)
        return entry.slot if entry is not None else -1

    def __len__(self) -> int:
        return len(self._by_name)

    def __iter__(self) -> Iterator[ContactEntry]:
        return iter(list(self._by_name.values()))

    def save(self) -> bytes:
        """Return all of it as MessagePack, written some at a time: other threads are let in between."""
        entries = list(self._by_name.values())
        parts = [b"\xdd" + len(entries).to_bytes(4, "big")]  # an array with its length in four bytes
        for start in range(0, len(entries), SAVED_AT_ONCE):
            some = entries[start : start + SAVED_AT_ONCE]
            parts.append(_ENCODER.encode(some)[1 if len(some) < 16 else 3 :])  # without the header of its own
        return b"".join(parts)

    def load(self, saved: bytes) -> None:
        """Enter what `save` returned."""
        for entry in msgspec.msgpack.decode(saved, type=list[ContactEntry]):
            entry.legs = entry.legs or NO_LEGS
            self.open(entry)
