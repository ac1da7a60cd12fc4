"""The latest contacts, kept from durable turns: found by name and by customer, bounded in number.

Every row passes here and few are ever asked about. So rows are only put aside by contact, as the bytes they are, and
become a record when somebody wants to see it. Contacts are numbered as they come and lie in a ring; names, customers
and slots lead to numbers, from when somebody first asks for one.
"""

from bisect import bisect_left
from collections.abc import Iterator
from copy import deepcopy
from itertools import islice
from threading import RLock
from typing import Any, Final

import msgspec
import numpy as np

from engine.log_port import Turn
from engine.messages.kind_set import KindSet
from engine.messages.kinds import (
    AGENT_HELD_BACK,
    CALLER_MOVED,
    CONTACT_ANSWERED,
    CONTACT_ARRIVED,
    CONTACT_ENDED,
    CONTACT_HELD,
    CONTACT_LEFT,
    CONTACT_QUEUED,
    CONTACT_RESUMED,
    FACT_REFUSED,
    FLAG_CLOSES,
    OFFER_ENDED,
    OFFER_MADE,
    PRIORITY_CHANGED,
)
from engine.messages.row_fields import ROW_STRUCT, RowFields
from engine.messages.rows import ROW
from engine.model.directory import Directory
from engine.projections.contacts.records import ContactRecord, Words, begun, go_on
from engine.projections.contacts.ring_index import RingIndex, column
from engine.projections.names import Interned, OpenContacts

RECORDS_MAX: Final = 50_000
"""Contacts remembered: a day of a large centre, in about 40 MB."""
ID_DIGITS_MAX: Final = 18
"""Of a contact's id, a sequence of the log; longer numbers are nothing but names."""
ROWS_ASIDE_MAX: Final = 64
"""Rows of one contact kept as they are; more become a record, whose size is bounded."""
NEVER_NS: Final = 2**63 - 1
ASIDE_MAX_BYTES: Final = ROWS_ASIDE_MAX * ROW.itemsize
FOLLOWED: Final = KindSet(
    CONTACT_ARRIVED,
    CALLER_MOVED,
    CONTACT_HELD,
    CONTACT_RESUMED,
    PRIORITY_CHANGED,
    CONTACT_QUEUED,
    OFFER_MADE,
    OFFER_ENDED,
    CONTACT_ANSWERED,
    CONTACT_LEFT,
    CONTACT_ENDED,
    AGENT_HELD_BACK,
)
Array = np.ndarray[Any, Any]


class ArrivalNames(msgspec.Struct):
    """What an arrival's payload must say to find the contact again."""

    contact: str = ""
    customer: str = ""


_DECODER: Final = msgspec.msgpack.Decoder(ArrivalNames)


class ContactHistory:
    """The last contacts, updated by `apply` with every durable turn in order. Readers may be other threads."""

    def __init__(
        self,
        directory: Directory,
        interned: Interned,
        records_max: int = RECORDS_MAX,
        contacts: OpenContacts | None = None,
    ) -> None:
        self.directory = directory
        self._interned = interned
        self._contacts = contacts
        self._room = records_max
        self._count = 0
        """Contacts so far, and so the number of the latest; number n lies at place n % room."""
        self._indexed = 0
        """Up to which number names, customers and slots lead to contacts."""
        self._seqs = column(records_max)
        self._slots = column(records_max)
        self._payloads = [b""] * records_max
        """Of the arrivals."""
        self._rows = [b""] * records_max
        """One after the other, those that are not in a record; each with its sequence in place of `dedupe`."""
        self._records: dict[int, ContactRecord] = {}
        """By number, of those that had too many rows to keep."""
        self._by_name = RingIndex(records_max)
        self._by_customer = RingIndex(records_max)
        self._by_slot = RingIndex(records_max)
        self._open = column(0)
        """The number of the contact that is open in each slot."""
        self._lock = RLock()
        self.as_of = 0
        """Sequence of the last row taken in."""
        self._began_seq = 0
        """Of the first row taken in; 0: none was."""

    def __len__(self) -> int:
        return min(self._count, self._room)

    @property
    def forgotten(self) -> int:
        """Contacts dropped because there were too many."""
        return max(0, self._count - self._room)

    def apply(self, turn: Turn) -> None:
        """Take in one turn, or many joined to one."""
        rows: Array = np.asarray(turn.rows)
        followed = FOLLOWED.mask(rows["kind"]) & (rows["contact"] >= 0)
        refused = (rows["kind"] == FACT_REFUSED).nonzero()[0]
        if len(refused):
            followed[refused - rows["cause"][refused]] = False
        places = followed.nonzero()[0]
        rows = rows.take(places)  # numpy's indexing is ten times slower for rows of several fields
        rows["dedupe"] = places + turn.first_seq
        with self._lock:
            self.as_of, self._began_seq = turn.last_seq, self._began_seq or turn.first_seq
            if not len(rows):
                return
            arrived = rows["kind"] == CONTACT_ARRIVED
            numbers = np.where(arrived, self._count + np.cumsum(arrived), 0)
            self._begin(rows.compress(arrived), turn.payload)
            by_slot = np.argsort(rows["contact"], kind="stable")
            self._put_aside(rows.take(by_slot), numbers[by_slot])

    def _put_aside(self, rows: Array, numbers: Array) -> None:
        """Keep rows that stand in order of their slots; `numbers` has those of contacts that arrive, 0 for the rest."""
        slots, closing = rows["contact"], rows["flags"] & FLAG_CLOSES != 0
        is_first = numbers > 0
        is_first[0] = True
        is_first[1:] |= (slots[1:] != slots[:-1]) | closing[:-1]
        starts = is_first.nonzero()[0]
        ends = np.append(starts[1:], len(rows))
        raw, oldest, room, asides, opened = rows.tobytes(), self._oldest, self._room, self._rows, self._open
        columns = slots[starts], numbers[starts], starts * ROW.itemsize, ends * ROW.itemsize, closing[ends - 1]
        for slot, arrived, start, end, closes in zip(*(each.tolist() for each in columns), strict=True):
            number = arrived or (opened[slot] if slot < len(opened) else 0)
            if number < oldest:
                continue
            at = number % room
            aside = asides[at] = asides[at] + raw[start:end]
            opened[slot] = 0 if closes else number
            if len(aside) > ASIDE_MAX_BYTES and not closes:
                self._records[number] = self._record(number)
                asides[at] = b""

    def find(self, contact: str | int) -> ContactRecord | None:
        """The contact of this id; of a text: the latest of this name, or the one whose id this is, written as a number.

        Names are given outside, and may be numbers: whoever has an id asks by it.
        """
        with self._lock:
            self._index()
            if not isinstance(contact, str):
                return self._record(number) if (number := self._number_of(contact)) else None
            for number in self._by_name.find(hash(contact), self._oldest):
                if self._names(number).contact == contact:
                    return self._record(number)
            is_id = len(contact) <= ID_DIGITS_MAX and contact.isascii() and contact.isdigit()
            found = self._number_of(int(contact)) if is_id else 0
            return self._record(found) if found else None

    def of_customer(self, customer: str, limit: int, before_id: int | None = None) -> list[ContactRecord]:
        """Up to `limit` of the customer's contacts, latest first; of those that came before the one of this id."""
        with self._lock:
            self._index()
            numbers = self._by_customer.find(hash(customer), self._oldest)
            if before_id is not None:
                numbers = (number for number in numbers if self._seqs[number % self._room] < before_id)
            theirs = (number for number in numbers if self._names(number).customer == customer)
            return [self._record(number) for number in islice(theirs, limit)]

    def records(self) -> Iterator[ContactRecord]:
        """Yield every contact that is remembered, oldest first, as it is when its turn comes."""
        for number in range(self._oldest, self._count + 1):
            with self._lock:
                record = self._record(number) if number >= self._oldest else None
            if record is not None:
                yield record

    @property
    def whole_from_ns(self) -> int:
        """Since when all contacts that arrived are remembered; 0: since the log's first row."""
        with self._lock:
            if self._began_seq <= 1 and not self.forgotten:
                return 0
            return self._record(self._oldest).arrived_ns if self._count else NEVER_NS

    def latest(self, limit: int) -> Iterator[ContactRecord]:
        """Yield up to `limit` contacts that are remembered, latest first."""
        for number in range(self._count, max(0, self._count - limit), -1):
            with self._lock:
                record = self._record(number) if number >= self._oldest else None
            if record is None:
                return
            yield record

    def id_in(self, slot: int, seq: int) -> int | None:
        """Id of the contact that was in `slot` at position `seq`; None when that is forgotten."""
        with self._lock:
            number = self._number_in(slot, seq)
            return self._seqs[number % self._room] if number else None

    def name_in(self, slot: int, seq: int) -> str:
        """Name of the contact that was in `slot` at position `seq`; empty when that is forgotten."""
        with self._lock:
            number = self._number_in(slot, seq)
            return self._names(number).contact if number else ""

    def name_of(self, seq: int) -> str:
        """Name of the contact that arrived at `seq`; empty when that is forgotten."""
        with self._lock:
            number = self._number_of(seq)
            return self._names(number).contact if number else ""

    def slot_of(self, record: ContactRecord) -> int:
        """The slot that the contact has or had. Raises KeyError when it was forgotten meanwhile."""
        with self._lock:
            number = self._number_of(record.id)
            if not number:
                raise KeyError(record.id)
            return self._slots[number % self._room]

    @property
    def _oldest(self) -> int:
        """Number of the oldest contact that is remembered."""
        return max(1, self._count - self._room + 1)

    def _number_of(self, seq: int) -> int:
        """Number of the contact that arrived at `seq`; 0 when there is none."""
        numbers = range(self._oldest, self._count + 1)
        found = bisect_left(numbers, seq, key=lambda number: self._seqs[number % self._room])
        return numbers[found] if found < len(numbers) and self._seqs[numbers[found] % self._room] == seq else 0

    def _number_in(self, slot: int, seq: int) -> int:
        """Number of the contact that was in `slot` at position `seq`; 0 when there is none."""
        self._index()
        return next(
            (n for n in self._by_slot.find(slot, self._oldest) if self._seqs[n % self._room] <= seq),
            0,
        )

    def _names(self, number: int) -> ArrivalNames:
        return names_of(self._seqs[number % self._room], self._payloads[number % self._room])

    def _record(self, number: int) -> ContactRecord:
        """Put together what there is of a contact: a record of the caller's own."""
        words = Words(self.directory, self._interned, self.name_in)
        at = number % self._room
        record = deepcopy(self._records.get(number))
        for fields in ROW_STRUCT.iter_unpack(self._rows[at]):
            row = RowFields._make(fields)
            if record is None:
                record = begun(words, row.dedupe, row, self._payloads[at])
            else:
                go_on(record, words, row.dedupe, row)
        assert record is not None, "the first row is the arrival"
        return record

    def _begin(self, arrivals: Array, payload: memoryview) -> None:
        """Number contacts that arrive, in order, each in the place of one that is forgotten from now on."""
        highest = int(arrivals["contact"].max(initial=0))
        if highest >= len(self._open):
            wider = column(1 << highest.bit_length())
            wider[: len(self._open)] = self._open
            self._open = wider
        starts = arrivals["payload_offset"]
        columns = arrivals["dedupe"], arrivals["contact"], starts, starts + arrivals["payload_size"]
        seqs, slots, rows, payloads, room = self._seqs, self._slots, self._rows, self._payloads, self._room
        kept = None if self._contacts is None else self._contacts.at
        texts = bytes(payload)  # parts of bytes are sooner taken than parts of a view of them
        for seq, slot, start, end in zip(*(each.tolist() for each in columns), strict=True):
            number = self._count = self._count + 1
            at = number % room
            seqs[at], slots[at], rows[at] = seq, slot, b""
            told, entry = texts[start:end], None if kept is None else kept(slot)
            # While a contact is open its arrival is kept for it anyway: once is enough.
            payloads[at] = entry.payload if entry is not None and entry.payload == told else told
            if self._records:
                self._records.pop(number - room, None)

    def _index(self) -> None:
        """Let names, customers and slots lead to the contacts that came since the last time."""
        for number in range(max(self._indexed + 1, self._oldest), self._count + 1):
            names = self._names(number)
            self._by_name.add(number, hash(names.contact))
            self._by_slot.add(number, self._slots[number % self._room])
            if names.customer:
                self._by_customer.add(number, hash(names.customer))
        self._indexed = self._count


def names_of(seq: int, payload: bytes) -> ArrivalNames:
    """The names in an arrival's payload; a contact without one is called by its sequence."""
    names = _DECODER.decode(payload) if payload else ArrivalNames()
    return names if names.contact else ArrivalNames(str(seq), names.customer)
