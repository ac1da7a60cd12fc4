"""What became of each contact: kept from durable turns, found by name and by customer, bounded in number."""

from bisect import bisect_right
from collections import OrderedDict, defaultdict, deque
from typing import Any, Final

import msgspec

from engine.messages.kinds import (
    AGENT_HELD_BACK,
    BY_NAMES,
    CHANNEL_NAMES,
    CONTACT_ANSWERED,
    CONTACT_ARRIVED,
    CONTACT_ENDED,
    CONTACT_HELD,
    CONTACT_LEFT,
    CONTACT_QUEUED,
    CONTACT_RESUMED,
    ENTRY_NAMES,
    EXIT_NAMES,
    FACT_REFUSED,
    FLAG_CLOSES,
    OFFER_END_NAMES,
    OFFER_ENDED,
    OFFER_MADE,
    PRIORITY_CHANGED,
)
from engine.messages.row_fields import RowFields, unpacked
from engine.messages.rows import unpack_choice, unpack_entry
from engine.model.directory import Directory
from engine.ports import Turn
from engine.projections.names import Interned, name_at

RECORDS_MAX: Final = 50_000
"""Contacts remembered: a day of a large centre, about 100 MB at most."""
PER_CUSTOMER_MAX: Final = 100
STEPS_KEPT: Final = 32
"""Visits to queues and offers kept of one contact: the latest."""
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


class Visit(msgspec.Struct):
    """One stay in one queue."""

    queue: str
    entry: str
    entered_ns: int
    told_p50_s: int | None
    """The expected wait that the contact was told on entry; null: it could not be told."""
    told_p90_s: int | None
    left_ns: int = 0
    exit: str = ""
    """Empty while it stays."""


class Offer(msgspec.Struct):
    """One offer to one agent, and how it was decided."""

    seq: int
    agent: str
    queue: str
    offered_ns: int
    strategy: int
    candidates: int
    runner_up: str
    tied: bool
    score: int
    contact_chosen: bool
    """The agent came free and this contact was chosen; otherwise the contact came and the agent was chosen."""
    ended_ns: int = 0
    outcome: str = ""
    """Empty while it rings."""


class HeldBack(msgspec.Struct, frozen=True):
    """An agent was free and kept for others: what serving was worth, and what the agent would have cost."""

    seq: int
    at_ns: int
    agent: str
    value: int
    price: int


class ContactRecord(msgspec.Struct):
    """One contact from its arrival on."""

    contact: str
    id: int
    """Sequence of its arrival: its name for ever."""
    source: str
    customer: str
    entry: str
    channel: str
    priority: int
    attributes: dict[str, str]
    arrived_ns: int
    state: str = "new"
    queue: str = ""
    agent: str = ""
    """Who answered last."""
    answered_ns: int = 0
    closed_ns: int = 0
    exit: str = ""
    ended_by: str = ""
    wait_s: float = 0.0
    """In queues until the last exit or answer."""
    talk_s: float = 0.0
    """Connected, holds included."""
    visits: list[Visit] = []
    offers: list[Offer] = []
    held_back: HeldBack | None = None
    last_seq: int = 0

    @property
    def open(self) -> bool:
        """Whether more can happen to it."""
        return self.closed_ns == 0


class ArrivalFacts(msgspec.Struct):
    """What an arrival's payload must say for a record; the rest of the fact is not needed here."""

    contact: str = ""
    customer: str = ""
    entry: str = ""
    attributes: dict[str, str] = {}


KIND, CONTACT, CAUSE = (RowFields._fields.index(name) for name in ("kind", "contact", "cause"))
_DECODER: Final = msgspec.msgpack.Decoder(ArrivalFacts)


class ContactHistory:
    """The last contacts, updated by `apply` with every durable turn in order."""

    def __init__(self, directory: Directory, interned: Interned, records_max: int = RECORDS_MAX) -> None:
        self.directory = directory
        self._interned = interned
        self._records_max = records_max
        self._records: OrderedDict[int, ContactRecord] = OrderedDict()
        self._by_name: dict[str, int] = {}
        self._by_customer: dict[str, deque[int]] = {}
        self._by_slot: defaultdict[int, list[int]] = defaultdict(list)
        self._slots: dict[int, int] = {}
        self.as_of = 0
        """Sequence of the last row taken in."""
        self.forgotten = 0
        """Records dropped because there were too many."""

    def __len__(self) -> int:
        return len(self._records)

    def apply(self, turn: Turn) -> None:
        """Take in one turn."""
        self.as_of = turn.last_seq
        # Row by row from the bytes: most turns are short, and crossing into numpy costs more than a few rows.
        rows = list(enumerate(unpacked(turn.rows), turn.first_seq))
        refused = {seq - row[CAUSE] for seq, row in rows if row[KIND] == FACT_REFUSED}
        for seq, row in rows:
            if row[KIND] in FOLLOWED and row[CONTACT] >= 0 and seq not in refused:
                self._apply_row(seq, turn.payload, row)

    def find(self, contact: str) -> ContactRecord | None:
        """The latest contact of this name, or the one whose id this is, written as a number."""
        seq = self._by_name.get(contact)
        if seq is None and contact.isascii() and contact.isdigit():
            seq = int(contact)
        return self._records.get(seq) if seq is not None else None

    def of_customer(self, customer: str) -> list[ContactRecord]:
        """The customer's contacts, latest first."""
        return [self._records[seq] for seq in reversed(self._by_customer.get(customer, ()))]

    def id_in(self, slot: int, seq: int) -> int | None:
        """Id of the contact that was in `slot` at position `seq`; None when that is forgotten."""
        arrivals = self._by_slot.get(slot, [])[:]  # readers in other threads
        place = bisect_right(arrivals, seq)
        return arrivals[place - 1] if place else None

    def name_in(self, slot: int, seq: int) -> str:
        """Name of the contact that was in `slot` at position `seq`; empty when that is forgotten."""
        found = self.id_in(slot, seq)
        record = None if found is None else self._records.get(found)
        return record.contact if record is not None else ""

    def slot_of(self, record: ContactRecord) -> int:
        """The slot that the contact has or had."""
        return self._slots[record.id]

    def _apply_row(self, seq: int, payload: memoryview, row: tuple[int, ...]) -> None:
        at_ns, kind, flags, source, _, agent, queue, slot, _, a, b, offset, size = row
        if kind == CONTACT_ARRIVED:
            self._begin(seq, at_ns, source, slot, a, payload[offset : offset + size])
            return
        arrivals = self._by_slot.get(slot)
        record = self._records.get(arrivals[-1]) if arrivals else None
        if record is None or not record.open:
            return
        record.last_seq = seq
        if kind == CONTACT_QUEUED:
            self._enter(record, self.directory.queues.name(queue), at_ns, b)
        elif kind == OFFER_MADE:
            self._offer(record, seq, at_ns, agent, queue, a, b)
        elif kind == OFFER_ENDED:
            _end_offer(record, self.directory.agents.name(agent), at_ns, OFFER_END_NAMES.get(a, str(a)))
        elif kind == AGENT_HELD_BACK:
            record.held_back = HeldBack(seq, at_ns, self.directory.agents.name(agent), a, b)
        else:
            _apply_outcome(record, kind, at_ns, self.directory.agents.name(agent), a, b)
        if flags & FLAG_CLOSES:
            record.closed_ns = at_ns
            record.state = "closed"

    def _begin(self, seq: int, at_ns: int, source: int, slot: int, a: int, payload: memoryview) -> None:
        facts = arrival_facts(payload)
        record = ContactRecord(
            contact=facts.contact or str(seq),
            id=seq,
            source=name_at(self._interned.sources, source),
            customer=facts.customer,
            entry=facts.entry,
            channel=CHANNEL_NAMES.get(a & 0xFF, ""),
            priority=a >> 8 & 0xFF,
            attributes=facts.attributes,
            arrived_ns=at_ns,
            last_seq=seq,
        )
        self._records[seq] = record
        self._slots[seq] = slot
        self._by_slot[slot].append(seq)
        self._by_name[record.contact] = seq
        if record.customer:
            self._by_customer.setdefault(record.customer, deque(maxlen=PER_CUSTOMER_MAX)).append(seq)
        while len(self._records) > self._records_max:
            self._forget()

    def _forget(self) -> None:
        seq, record = self._records.popitem(last=False)
        self.forgotten += 1
        if self._by_name.get(record.contact) == seq:
            del self._by_name[record.contact]
        arrivals = self._by_slot[self._slots.pop(seq)]
        arrivals.remove(seq)
        theirs = self._by_customer.get(record.customer)
        if theirs and theirs[0] == seq:
            theirs.popleft()
            if not theirs:
                del self._by_customer[record.customer]

    def _enter(self, record: ContactRecord, queue: str, at_ns: int, packed: int) -> None:
        entry, p50_s, p90_s = unpack_entry(packed)
        visit = Visit(queue, ENTRY_NAMES.get(entry, str(entry)), at_ns, p50_s, p90_s)
        record.visits = [*record.visits, visit][-STEPS_KEPT:]
        record.queue, record.state = queue, "waiting"

    def _offer(
        self, record: ContactRecord, seq: int, at_ns: int, agent: int, queue: int, score: int, packed: int
    ) -> None:
        candidates, strategy, runner_up, tied, contact_chosen = unpack_choice(packed)
        agents, queues = self.directory.agents, self.directory.queues
        other = self.name_in(runner_up, seq) if contact_chosen else agents.name(runner_up)
        offer = Offer(
            seq,
            agents.name(agent),
            queues.name(queue),
            at_ns,
            strategy,
            candidates,
            other,
            tied,
            score,
            contact_chosen,
        )
        record.offers = [*record.offers, offer][-STEPS_KEPT:]
        record.state = "offered"


def _end_offer(record: ContactRecord, agent: str, at_ns: int, outcome: str) -> None:
    for offer in reversed(record.offers):
        if offer.agent == agent and not offer.outcome:
            offer.ended_ns, offer.outcome = at_ns, outcome
            break
    if record.state == "offered" and all(offer.outcome for offer in record.offers):
        record.state = "waiting"


def _leave(record: ContactRecord, at_ns: int, way_out: str, waited_ns: int) -> None:
    if record.visits and not record.visits[-1].exit:
        record.visits[-1].left_ns, record.visits[-1].exit = at_ns, way_out
    record.exit = way_out
    record.wait_s = round(record.wait_s + waited_ns / 1e9, 3)


def _apply_outcome(record: ContactRecord, kind: int, at_ns: int, agent: str, a: int, b: int) -> None:
    if kind == CONTACT_ANSWERED:
        _end_offer(record, agent, at_ns, "answered")
        _leave(record, at_ns, "answered", a)
        record.agent, record.answered_ns, record.state = agent, at_ns, "connected"
    elif kind == CONTACT_LEFT:
        _leave(record, at_ns, EXIT_NAMES.get(a, str(a)), b)
        record.state = "new"
    elif kind == CONTACT_ENDED:
        record.ended_by = BY_NAMES.get(a, str(a))
        record.talk_s = round(record.talk_s + b / 1e9, 3)
        record.state = "new"
    elif kind == CONTACT_HELD:
        record.state = "held"
    elif kind == CONTACT_RESUMED:
        record.state = "connected"
    elif kind == PRIORITY_CHANGED:
        record.priority = a


def arrival_facts(payload: Any) -> ArrivalFacts:
    """Read an arrival's payload; an arrival without one (simulated) has no names."""
    return _DECODER.decode(payload) if len(payload) else ArrivalFacts()
