"""Contacts as quality sees them: who they are while open, whom a score is about once closed, who came again.

Kept in columns, by slot while they are open and in rings from then on: there are many, and few are ever asked about.
(Rows of several fields are moved by `take`, `put` and `compress`: numpy's indexing is twenty times slower for them.)
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from xxhash import xxh3_64_intdigest as digest

from engine.messages import kinds
from engine.messages.recorded import read_each
from engine.projections.quality.columns.ring import KEY, Array, Ring, in_order_of

CLOSED_MAX: Final = 50_000
"""Closed contacts of which later facts may speak."""
CODES_MAX: Final = 65_536
"""Contacts of which it is known what an agent said that they were about."""
CUSTOMERS_MAX: Final = 200_000
NO_CHANNEL: Final = -1
"""Of a slot in which no contact was so far; else that of the latest stays known."""
COURSE: Final = ("transfers", "waited_ns", "talked_ns")
"""What is known of the course of a contact, open or closed."""
TRANSFERS_MAX: Final = 0xFFFF
SERVED_MAX: Final = 8
"""Contacts of one customer that ended while another was open."""
CASE_ATTRIBUTE: Final = "case_id"
"""Attribute of a contact that works on a case, or tells of it: no contact of a customer's own."""

OPEN: Final = np.dtype(
    [
        ("id", np.int64),
        ("person", np.int64),
        ("source", np.uint32),
        ("channel", np.int8),
        ("is_task", np.bool_),
        ("transfers", np.uint16),
        ("waited_ns", np.int64),
        ("talked_ns", np.int64),
    ]
)
"""An open contact: sequence of its arrival (0: the slot is free), hash of customer and reason (0: not known), how often
it was handed over, its longest wait that ended in an answer, and how long agents had it so far."""
CLOSED: Final = np.dtype(
    [
        (KEY, np.int64),
        ("ended_ns", np.int64),
        ("queue", np.int32),
        ("agent", np.int32),
        ("source", np.uint32),
        ("channel", np.int8),
        ("talked", np.bool_),
        ("transfers", np.uint16),
        ("waited_ns", np.int64),
        ("talked_ns", np.int64),
    ]
)
"""A closed contact by its id, with the last queue and agent that it had; agent -1: nobody served it last."""
SERVED: Final = np.dtype(
    [(KEY, np.int64), ("ended_ns", np.int64), ("start_ns", np.int64), ("where", np.int64)],
)
"""A contact that ended after an answer, by customer and reason, and the cell where it is counted."""


class Arrival(msgspec.Struct, gc=False):
    """What is read of every arrival's payload."""

    customer: str = ""
    attributes: dict[str, str] | None = None


class Named(msgspec.Struct):
    """What is read of a task's."""

    contact: str = ""


class Classified(msgspec.Struct):
    """What the payload of a classification says."""

    code: str = ""


_ARRIVALS: Final = msgspec.msgpack.Decoder(list[Arrival])
_NAMED: Final = msgspec.msgpack.Decoder(Named)
_CODES: Final = msgspec.msgpack.Decoder(Classified)


class Task(msgspec.Struct, array_like=True):
    """An open contact that works on a case, or tells of it."""

    id: int
    contact: str
    case_id: int


class Segment(NamedTuple):
    """A closed contact, by the last queue and agent that it had."""

    customer: str
    queue: int
    agent: int
    """-1: nobody served it last."""
    channel: int
    ended_ns: int
    talked: bool
    code: str = ""
    source: int = 0


UNKNOWN: Final = Segment("", -1, -1, -1, 0, talked=False)


class Arrived(NamedTuple):
    """Contacts that arrive in a batch."""

    records: Array
    """Shape (n,), dtype OPEN."""
    customers: Array
    """Shape (n,), of str."""
    telling: list[tuple[int, dict[str, str]]]
    """Which of them have attributes, and these."""


class SavedPeople(msgspec.Struct):
    """Contacts as they stand in a snapshot."""

    open: bytes
    customers: list[str]
    closed: tuple[int, bytes]
    closed_customers: list[str]
    served: tuple[int, bytes]
    codes: dict[int, str]
    tasks: dict[int, Task]


class People:
    """Open contacts by slot, closed ones by id, and customers by name and reason."""

    def __init__(self) -> None:
        self.open = np.zeros(0, OPEN)
        self.customers = _texts([])
        """Of the open contacts, by slot."""
        self.closed = Ring(CLOSED, CLOSED_MAX)
        self.closed_customers = _texts([""] * len(self.closed.records))
        self.served = Ring(SERVED, CUSTOMERS_MAX)
        self.codes: dict[int, str] = {}
        """What an agent said that a contact was about, by its id."""
        self.tasks: dict[int, Task] = {}
        """By slot."""

    def arriving(self, rows: Array, seqs: Array, payload: memoryview, reason: str) -> Arrived:
        """Read arrivals, rows of shape (n,)."""
        facts = read_each(_ARRIVALS, rows, payload)
        customers = [each.customer for each in facts]
        telling = [(number, each.attributes) for number, each in enumerate(facts) if each.attributes]
        people = [digest(customer.encode()) if customer else 0 for customer in customers]
        for number, attributes in telling:
            if customers[number] and reason and (why := attributes.get(reason)):
                people[number] = digest(f"{why}\0{customers[number]}".encode())
        records = np.zeros(len(rows), OPEN)
        records["id"], records["source"], records["channel"] = seqs, rows["source"], rows["a"] & 0xFF
        records["person"] = np.array(people, np.uint64).view(np.int64)
        records["is_task"][[number for number, attributes in telling if case_of(attributes)]] = True
        return Arrived(records, _texts(customers), telling)

    def of_rows(self, slots: Array, arrived: Array, arrivals: Array) -> tuple[Array, Array]:
        """Return the contact of each row, dtype OPEN, and which of the `arrivals` it is, -1: it was open before.

        `slots` are the rows', `arrived` is the mask of the rows in which contacts arrive.
        """
        self._make_room(int(slots.max(initial=-1)))
        sorted_slots, order = in_order_of(slots)
        latest = np.maximum.accumulate(np.where(arrived[order], np.arange(len(order)), -1))
        here = (latest >= 0) & (sorted_slots[latest] == sorted_slots)
        which = np.full(len(slots), -1)
        which[order[here]] = (np.cumsum(arrived) - 1)[order[latest[here]]]
        records = self.open.take(slots)
        new = np.flatnonzero(which >= 0)
        records.put(new, arrivals.take(which[new]))
        return records, which

    def enter(self, slots: Array, arrived: Arrived) -> None:
        """Let contacts be open in these slots, of several in one the last."""
        self.open.put(slots, arrived.records)
        self.customers[slots] = arrived.customers

    def note_course(self, slots: Array, records: Array) -> None:
        """Let those of these contacts, dtype OPEN, that are still open have the course that is said here."""
        here = np.flatnonzero((self.open["id"][slots] == records["id"]) & (records["id"] != 0))
        for name in COURSE:
            self.open[name][slots[here]] = records[name][here]

    def close(self, rows: Array, records: Array, customers: Array) -> None:
        """Let contacts be closed by these rows; a later one in a slot stays."""
        closed = np.zeros(len(rows), CLOSED)
        closed[KEY], closed["ended_ns"], closed["talked"] = records["id"], rows["at_ns"], _talked(rows)
        for name in ("queue", "agent"):
            closed[name] = rows[name]
        for name in ("source", "channel", *COURSE):
            closed[name] = records[name]
        self.closed_customers[self.closed.append(closed)] = customers
        slots = rows["contact"]
        slots = slots[self.open["id"][slots] == records["id"]]
        self.open["id"][slots], self.customers[slots] = 0, ""

    def move(self, slot: int, other: int) -> None:
        """Let a contact have another's caller from now on."""
        self._make_room(max(slot, other))
        if slot >= 0 and other >= 0 and self.open["id"][slot] and self.open["id"][other]:
            self.open["person"][other], self.customers[other] = self.open["person"][slot], self.customers[slot]

    def segment(self, contact_id: int, by: int | None = None) -> Segment:
        """Return the closed contact of this id; UNKNOWN where it is forgotten, or not closed.

        As it was when `by` contacts had closed, if that is said.
        """
        number = next(self.closed.find(contact_id, self.closed.count if by is None else by), 0)
        return self._segment(number) if number else UNKNOWN

    def talked(self, from_ns: int, to_ns: int) -> Array:
        """Return the kept contacts that ended in [from_ns, to_ns) with an agent who served them, dtype CLOSED."""
        records = self.closed.records.take(self.closed.places())
        ended_ns = records["ended_ns"]
        found: Array = records[records["talked"] & (records["agent"] >= 0) & (ended_ns >= from_ns) & (ended_ns < to_ns)]
        return found

    def is_open(self, contact_id: int) -> bool:
        """Whether the contact of this id is open."""
        return bool((self.open["id"] == contact_id).any())

    def source_of(self, contact_id: int, by: int) -> int:
        """Return who brought a contact, 0 where it is forgotten, when `by` contacts had closed."""
        if not contact_id:
            return 0
        number = next(self.closed.find(contact_id, by), 0) or next(self.closed.find(contact_id, self.closed.count), 0)
        if number:
            return int(self.closed.records["source"][self.closed.place(number)])
        found = np.flatnonzero(self.open["id"] == contact_id)
        return int(self.open["source"][found[0]]) if len(found) else 0

    def classify(self, contact_id: int, payload: Any) -> None:
        """Note what an agent said that a contact was about; the latest counts."""
        self.codes.pop(contact_id, None)
        self.codes[contact_id] = _CODES.decode(payload).code
        if len(self.codes) > CODES_MAX:
            del self.codes[next(iter(self.codes))]

    def came_again(self, person: int, by: int) -> list[tuple[int, int, int]]:
        """Return the end, interval and cell of the person's contacts, which are then forgotten: they resolved nothing.

        Of those that had ended when `by` contacts of customers had. Only the latest few are told.
        """
        served = self.served
        places = [served.place(number) for number in served.find(person, by)]
        served.records[KEY][places] = 0
        return [served.records[place].item()[1:] for place in places[:SERVED_MAX]]

    def save(self) -> SavedPeople:
        """Return a copy of everything, for a snapshot."""
        used = int(np.flatnonzero(self.open["channel"] != NO_CHANNEL).max(initial=-1)) + 1
        places = self.closed.places()
        return SavedPeople(
            self.open[:used].tobytes(),
            self.customers[:used].tolist(),
            self.closed.save(),
            self.closed_customers[places].tolist(),
            self.served.save(),
            dict(self.codes),
            dict(self.tasks),
        )

    @classmethod
    def load(cls, saved: SavedPeople) -> "People":
        """Return what was saved."""
        people = cls()
        people.open = np.frombuffer(saved.open, OPEN).copy()
        people.customers = _texts(saved.customers)
        people.closed.load(*saved.closed)
        people.closed_customers[people.closed.places()] = saved.closed_customers
        people.served.load(*saved.served)
        people.codes, people.tasks = saved.codes, saved.tasks
        return people

    def _segment(self, number: int) -> Segment:
        place = self.closed.place(number)
        contact_id, ended_ns, queue, agent, source, channel, talked, *_ = self.closed.records[place].item()
        customer, code = self.closed_customers[place], self.codes.get(contact_id, "")
        return Segment(customer, queue, agent, channel, ended_ns, talked, code, source)

    def _make_room(self, slot: int) -> None:
        if slot >= len(self.open):
            wider = np.zeros(1 << slot.bit_length(), OPEN)
            wider["channel"] = NO_CHANNEL
            wider[: len(self.open)] = self.open
            self.customers = np.append(self.customers, _texts([""] * (len(wider) - len(self.open))))
            self.open = wider


def _texts(texts: Sequence[str]) -> Array:
    """Return texts as an array of Python's own."""
    found = np.empty(len(texts), object)
    found[:] = texts
    return found


def _talked(rows: Array) -> Array:
    talked: Array = rows["kind"] == kinds.CONTACT_ENDED
    return talked


def case_of(attributes: dict[str, str]) -> int:
    """Return the case that a contact of these attributes is a task of, or tells of; 0: none."""
    case_id = attributes.get(CASE_ATTRIBUTE, "")
    return int(case_id) if case_id.isascii() and case_id.isdigit() and len(case_id) < 19 else 0


def task_of(contact_id: int, case_id: int, payload: Any) -> Task:
    """Return the task that an arrival of this payload is."""
    return Task(contact_id, (_NAMED.decode(payload).contact if len(payload) else "") or str(contact_id), case_id)
