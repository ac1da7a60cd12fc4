"""Between payloads and messages, purely: what a payload says or where it goes wrong, and what is answered."""

from collections.abc import Sequence
from typing import Final

import msgspec

from engine.messages.decoding import FAULTS_MAX, FORMS, JSON, MSGPACK, Fault, Malformed
from engine.messages.effects import AnyEffect
from engine.messages.fact_results import FactResult, facts_taken
from engine.messages.observed import Observed
from engine.model.plan_views import PlanStatus
from engine.ports import OpenContact, Receipt
from engine.projections.agents.status import AgentStatus
from engine.projections.queues.status import QueueStatus
from engine.projections.queues.tiles import QueueTile, agent_tile, queue_tile

_encode: Final = msgspec.json.Encoder().encode


class IntakeResult(msgspec.Struct, frozen=True):
    """What became of one message, published when all accepted facts of it are durable."""

    source: str
    accepted: int = 0
    """New facts in the log, refused ones included."""
    duplicates: int = 0
    rejected: int = 0
    """Facts with an error; a message that cannot be read counts as one."""
    refused: int = 0
    seq: int = 0
    """Highest sequence among them."""
    results: list[FactResult] = []
    """One for each fact, in order; none if the message cannot be read."""
    errors: list[Fault] = []


class Cursor(msgspec.Struct, frozen=True):
    """How far events were published."""

    seq: int
    at_ns: int
    """When this was written: the engine was connected then."""


class Gap(msgspec.Struct, frozen=True):
    """Something was not told: read the HTTP interface for what is true now."""

    what: str
    """events or effects."""
    count: int
    """Rows of the log, or effects."""
    after_seq: int = 0
    until_seq: int = 0


class ContactRestored(msgspec.Struct, frozen=True, tag_field="type", tag="contact_restored"):
    """The engine started again and still has this contact open: bring your side in line with it."""

    contact: str
    queue: str
    state: str
    agents: tuple[str, ...]


class QueueState(QueueTile, frozen=True, kw_only=True):
    """One queue; ages are instants, counters are of today."""

    counted_since_ns: int
    short_abandoned: int
    exits: dict[str, int]


def form_of(payload: bytes, content_type: str = "") -> str:
    """Return the form of a payload: as the content type says, or by the first byte. Raises Malformed."""
    if content_type:
        found = FORMS.get(content_type.partition(";")[0].strip().lower())
        if found is None:
            known = ", ".join(FORMS)
            raise Malformed([Fault(f"the content type {content_type[:60]!r} is none of {known}")])
        return found
    # MessagePack's maps and arrays begin with bytes that no JSON text can begin with.
    return MSGPACK if payload and (payload[0] & 0xE0 == 0x80 or 0xDC <= payload[0] <= 0xDF) else JSON


def result_of(source: str, facts: Sequence[Observed], receipts: Sequence[Receipt], many: bool) -> IntakeResult:
    """Return what is told of facts that the engine has answered."""
    taken = facts_taken(facts, receipts, many)
    wrong = [Fault(result.error, result.pointer) for result in taken.results if result.error]
    return IntakeResult(source, **msgspec.structs.asdict(taken), errors=wrong[:FAULTS_MAX])


def unread(source: str, faults: Sequence[Fault]) -> IntakeResult:
    """Return what is told of a message that could not be read."""
    return IntakeResult(source=source, rejected=1, errors=list(faults))


def effect_payload(effect: AnyEffect) -> bytes:
    """Return an effect's payload."""
    return _encode(effect)


def restored_payload(contact: OpenContact) -> bytes:
    """Return the payload that gives an open contact back after a start."""
    return _encode(ContactRestored(contact.contact, contact.queue, contact.state, contact.agents))


def stated(body: bytes, as_of: int, at_ns: int) -> bytes:
    """Return a state's JSON object with the position and time at which it became so."""
    return b'{"as_of":%d,"at_ns":%d,%s' % (as_of, at_ns, body[1:])


def queue_body(status: QueueStatus) -> bytes:
    """Return what is published of a queue, without its position: equal bodies say the same."""
    since_ns, short, exits = status.since_ns, status.short_abandoned, status.exits
    return _encode(queue_tile(status, QueueState, counted_since_ns=since_ns, short_abandoned=short, exits=exits))


def plan_body(status: PlanStatus) -> bytes:
    """Return what is published of a continuity plan, without its position."""
    return _encode(status)


def agent_body(status: AgentStatus) -> bytes:
    """Return what is published of an agent, without its position."""
    return _encode(agent_tile(status))
