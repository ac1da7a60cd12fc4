"""The latest contacts, kept from durable turns: found by name and by customer, bounded in number.

Every row passes here and few are ever asked about. So rows are only put aside by contact, as the bytes they are, and
become a record when somebody wants to see it.
"""

from bisect import bisect_right
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator
from struct import Struct
from threading import Lock
from typing import Final

import msgspec
import numpy as np

from engine.messages.kinds import (
    AGENT_HELD_BACK,
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
from engine.ports import Turn
from engine.projections.contact_records import ContactRecord, Words, begun, go_on
from engine.projections.names import Interned

RECORDS_MAX: Final = 50_000
"""Contacts remembered: a day of a large centre, about 100 MB at most."""
PER_CUSTOMER_MAX: Final = 100
ROWS_ASIDE_MAX: Final = 64
"""Rows of one contact kept as they are; more become a record, whose size is bounded."""
FOLLOWED: Final = frozenset(
    {
        CONTACT_ARRIVED,
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
    }
)
_GLANCE: Final = Struct("<8xHH20xiI16xII")
"""Kind, flags, contact, cause, and place and size of the payload: what sorting rows by contact takes."""
assert _GLANCE.size == ROW.itemsize


class ArrivalNames(msgspec.Struct):
    """What an arrival's payload must say to find the contact again."""

    contact: str = ""
    customer: str = ""


_DECODER: Final = msgspec.msgpack.Decoder(ArrivalNames)


class KeptContact:
    """One contact: its record as far as somebody asked, and the rows since then."""

    __slots__ = ("customer", "name", "payload", "record", "rows", "seq", "slot")

    def __init__(self, seq: int, slot: int, payload: bytes) -> None:
        names = _DECODER.decode(payload) if payload else ArrivalNames()
        self.seq = seq
        self.slot = slot
        self.name = names.contact or str(seq)
        self.customer = names.customer
        self.payload = payload
        self.rows: list[tuple[int, bytes]] = []
        self.record: ContactRecord | None = None


class ContactHistory:
    """The last contacts, updated by `apply` with every durable turn in order. Readers may be other threads."""

    def __init__(self, directory: Directory, interned: Interned, records_max: int = RECORDS_MAX) -> None:
        self.directory = directory
        self._interned = interned
        self._records_max = records_max
        self._kept: OrderedDict[int, KeptContact] = OrderedDict()
        self._by_name: dict[str, int] = {}
        self._by_customer: dict[str, deque[int]] = {}
        self._by_slot: defaultdict[int, list[int]] = defaultdict(list)
        self._open: dict[int, KeptContact] = {}
        """By slot."""
        self._lock = Lock()
        self.as_of = 0
        """Sequence of the last row taken in."""
        self.forgotten = 0
        """Contacts dropped because there were too many."""

    def __len__(self) -> int:
        return len(self._kept)

    def apply(self, turn: Turn) -> None:
        """Take in one turn."""
        raw = np.ascontiguousarray(turn.rows).tobytes()
        rows = list(_GLANCE.iter_unpack(raw))
        refused = {place - row[3] for place, row in enumerate(rows) if row[0] == FACT_REFUSED}
        with self._lock:
            self.as_of = turn.last_seq
            for place, (kind, flags, slot, _, offset, size) in enumerate(rows):
                if kind not in FOLLOWED or slot < 0 or place in refused:
                    continue
                seq, start = turn.first_seq + place, place * ROW.itemsize
                if kind == CONTACT_ARRIVED:
                    kept = self._begin(seq, slot, bytes(turn.payload[offset : offset + size]))
                elif slot in self._open:
                    kept = self._open[slot]
                else:
                    continue
                kept.rows.append((seq, raw[start : start + ROW.itemsize]))
                if flags & FLAG_CLOSES:
                    del self._open[slot]
                elif len(kept.rows) > ROWS_ASIDE_MAX:
                    self._record(kept)

    def find(self, contact: str) -> ContactRecord | None:
        """The latest contact of this name, or the one whose id this is, written as a number."""
        with self._lock:
            seq = self._by_name.get(contact)
            if seq is None and contact.isascii() and contact.isdigit():
                seq = int(contact)
            kept = self._kept.get(seq) if seq is not None else None
            return self._record(kept) if kept is not None else None

    def of_customer(self, customer: str) -> list[ContactRecord]:
        """The customer's contacts, latest first."""
        with self._lock:
            return [self._record(self._kept[seq]) for seq in reversed(self._by_customer.get(customer, ()))]

    def records(self) -> Iterator[ContactRecord]:
        """Yield every contact that is remembered, oldest first."""
        with self._lock:
            records = [self._record(kept) for kept in self._kept.values()]
        yield from records

    def id_in(self, slot: int, seq: int) -> int | None:
        """Id of the contact that was in `slot` at position `seq`; None when that is forgotten."""
        arrivals = self._by_slot.get(slot, [])[:]  # the lock may be held by the caller
        place = bisect_right(arrivals, seq)
        return arrivals[place - 1] if place else None

    def name_in(self, slot: int, seq: int) -> str:
        """Name of the contact that was in `slot` at position `seq`; empty when that is forgotten."""
        found = self.id_in(slot, seq)
        kept = None if found is None else self._kept.get(found)
        return kept.name if kept is not None else ""

    def slot_of(self, record: ContactRecord) -> int:
        """The slot that the contact has or had. Raises KeyError when it was forgotten meanwhile."""
        return self._kept[record.id].slot

    def _record(self, kept: KeptContact) -> ContactRecord:
        words = Words(self.directory, self._interned, self.name_in)
        record = kept.record
        for seq, raw in kept.rows:
            row = RowFields._make(ROW_STRUCT.unpack(raw))
            if record is None:
                record = kept.record = begun(words, seq, row, kept.payload)
            else:
                go_on(record, words, seq, row)
        kept.rows.clear()
        assert record is not None, "the first row is the arrival"
        return record

    def _begin(self, seq: int, slot: int, payload: bytes) -> KeptContact:
        kept = self._kept[seq] = self._open[slot] = KeptContact(seq, slot, payload)
        self._by_slot[slot].append(seq)
        self._by_name[kept.name] = seq
        if kept.customer:
            self._by_customer.setdefault(kept.customer, deque(maxlen=PER_CUSTOMER_MAX)).append(seq)
        while len(self._kept) > self._records_max:
            self._forget()
        return kept

    def _forget(self) -> None:
        seq, kept = self._kept.popitem(last=False)
        self.forgotten += 1
        if self._by_name.get(kept.name) == seq:
            del self._by_name[kept.name]
        if self._open.get(kept.slot) is kept:
            del self._open[kept.slot]
        self._by_slot[kept.slot].remove(seq)
        theirs = self._by_customer.get(kept.customer)
        if theirs and theirs[0] == seq:
            theirs.popleft()
            if not theirs:
                del self._by_customer[kept.customer]
