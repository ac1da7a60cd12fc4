"""What became of one contact, put together from its rows."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from engine.messages.kinds import (
    AGENT_HELD_BACK,
    BY_NAMES,
    CALLER_MOVED,
    CHANNEL_NAMES,
    CONTACT_ANSWERED,
    CONTACT_ENDED,
    CONTACT_HELD,
    CONTACT_LEFT,
    CONTACT_QUEUED,
    CONTACT_RESUMED,
    ENTRY_ARRIVAL,
    ENTRY_NAMES,
    ENTRY_OVERFLOW,
    EXIT_NAMES,
    FLAG_CLOSES,
    FLAG_WAITED,
    OFFER_END_NAMES,
    OFFER_ENDED,
    OFFER_MADE,
    PRIORITY_CHANGED,
    STRATEGY_NAMES,
)
from engine.messages.row_fields import RowFields
from engine.messages.rows import unpack_choice, unpack_entry
from engine.model.directory import Directory
from engine.projections.names import Interned, name_at

STEPS_KEPT: Final = 32
"""Visits to queues and offers kept of one contact: the latest."""


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
    """Empty while it waits."""
    agent: str = ""
    """Who answered."""


class Offer(msgspec.Struct):
    """One offer to one agent, and how it was decided."""

    seq: int
    agent: str
    queue: str
    offered_ns: int
    strategy: str
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
    """An agent was free and kept for others: what the contact stood to lose, and what the others would have lost.

    Both in thousandths of a queue's value.
    """

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
    """Who has it, or had it last; empty while it waits. Who had it before stands in `visits`."""
    offered_to: list[str] = []
    """Where it rings."""
    answered_ns: int = 0
    closed_ns: int = 0
    exit: str = ""
    """How it left its last queue; empty while it waits."""
    ended_by: str = ""
    """Who ended the last conversation; empty while it waits, and where none came of its last wait."""
    caller_moved_to: str = ""
    """Name of the contact in which its caller talks on, as after an attended transfer."""
    wait_s: float = 0.0
    """In queues, so far."""
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


_DECODER: Final = msgspec.msgpack.Decoder(ArrivalFacts)


class Words(NamedTuple):
    """Names for the numbers in rows."""

    directory: Directory
    interned: Interned
    contact_in: Callable[[int, int], str]
    """Name of the contact that was in a slot at a position."""


def begun(words: Words, seq: int, row: RowFields, payload: bytes) -> ContactRecord:
    """The record of a contact whose arrival is this row."""
    facts = arrival_facts(payload)
    return ContactRecord(
        contact=facts.contact or str(seq),
        id=seq,
        source=name_at(words.interned.sources, row.source),
        customer=facts.customer,
        entry=facts.entry,
        channel=CHANNEL_NAMES.get(row.a & 0xFF, ""),
        priority=row.a >> 8 & 0xFF,
        attributes=facts.attributes,
        arrived_ns=row.at_ns,
        last_seq=seq,
    )


def go_on(record: ContactRecord, words: Words, seq: int, row: RowFields) -> None:
    """Take in one more row about the contact."""
    record.last_seq = seq
    queue, agent = words.directory.queues.name(row.queue), words.directory.agents.name(row.agent)
    if row.kind == CONTACT_QUEUED:
        _enter(record, queue, row.at_ns, row.b)
    elif row.kind == OFFER_MADE:
        record.offers = [*record.offers, _offer(words, seq, row, agent, queue)][-STEPS_KEPT:]
        record.state = "offered"
    elif row.kind == OFFER_ENDED:
        _end_offer(record, agent, row.at_ns, OFFER_END_NAMES.get(row.a, str(row.a)))
    elif row.kind == CALLER_MOVED:
        record.caller_moved_to = words.contact_in(row.a, seq)
    elif row.kind == AGENT_HELD_BACK:
        record.held_back = HeldBack(seq, row.at_ns, agent, row.a, row.b)
    else:
        if row.kind == CONTACT_LEFT and not row.flags & FLAG_WAITED:
            _come_to_door(record, queue, row.at_ns)
        _apply_outcome(record, row.kind, row.at_ns, agent, row.a, row.b)
    record.offered_to = [offer.agent for offer in record.offers if not offer.outcome]
    if row.flags & FLAG_CLOSES:
        record.closed_ns = row.at_ns
        record.state = "closed"


def _enter(record: ContactRecord, queue: str, at_ns: int, packed: int) -> None:
    entry, p50_s, p90_s = unpack_entry(packed)
    visit = Visit(queue, ENTRY_NAMES.get(entry, str(entry)), at_ns, p50_s, p90_s)
    record.visits = [*record.visits, visit][-STEPS_KEPT:]
    record.queue, record.state = queue, "waiting"
    record.exit = record.agent = record.ended_by = ""


def _come_to_door(record: ContactRecord, queue: str, at_ns: int) -> None:
    """A queue that did not let it in: a visit too, and over at once."""
    entry = ENTRY_NAMES[ENTRY_OVERFLOW if record.visits else ENTRY_ARRIVAL]
    record.visits = [*record.visits, Visit(queue, entry, at_ns, None, None)][-STEPS_KEPT:]
    record.queue = queue


def _offer(words: Words, seq: int, row: RowFields, agent: str, queue: str) -> Offer:
    candidates, strategy, runner_up, tied, contact_chosen = unpack_choice(row.b)
    other = words.contact_in(runner_up, seq) if contact_chosen else words.directory.agents.name(runner_up)
    by = STRATEGY_NAMES.get(strategy, str(strategy))
    return Offer(seq, agent, queue, row.at_ns, by, candidates, other, tied, row.a, contact_chosen)


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
        if record.visits:
            record.visits[-1].agent = agent
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


def waited_until(record: ContactRecord, now_ns: int) -> ContactRecord:
    """Add to the wait what it waits now; the record must be the caller's own."""
    if record.visits and not record.visits[-1].exit:
        record.wait_s = round(record.wait_s + max(0, now_ns - record.visits[-1].entered_ns) / 1e9, 3)
    return record


def arrival_facts(payload: Any) -> ArrivalFacts:
    """Read an arrival's payload; an arrival without one (simulated) has no names."""
    return _DECODER.decode(payload) if len(payload) else ArrivalFacts()
