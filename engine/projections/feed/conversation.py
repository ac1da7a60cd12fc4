"""What was written in one contact: from memory where that is whole, else from the log."""

from typing import Final

import msgspec

from engine.messages.kinds import FACT_REFUSED, KIND_NAMES, MESSAGE_SENT
from engine.messages.observed import Attachment
from engine.projections.contacts.records import ContactRecord
from engine.projections.feed.events import Event, EventReader
from engine.projections.feed.transcripts import Message, Transcripts

_SENT: Final = KIND_NAMES[MESSAGE_SENT]
_TYPES: Final = (_SENT, KIND_NAMES[FACT_REFUSED])


class Conversation(msgspec.Struct, frozen=True):
    """A run of messages of one contact, in order, and how far each side has read."""

    as_of: int
    contact: str
    contact_id: int
    next_after_seq: int
    """Where the next page begins."""
    more: bool
    messages: list[Message]
    customer_read_seq: int = 0
    agent_read_seq: int = 0


def conversation(
    transcripts: Transcripts, events: EventReader, contact: ContactRecord, after_seq: int, limit: int, slot: int = -1
) -> Conversation:
    """Return up to `limit` messages of a contact after a position. Reads the disk for those long ago.

    `slot` is the contact's, for one that is remembered no more.
    """
    as_of = transcripts.as_of
    customer_read_seq, agent_read_seq = transcripts.read_seqs(contact.id)
    if max(after_seq, contact.id) >= transcripts.whole_after_seq:
        kept = transcripts.lines(contact.id, after_seq, limit + 1)
        found, more, reached = [transcripts.message(line) for line in kept], False, after_seq
    else:
        found, more, reached = _from_log(events, contact, after_seq, limit, slot)
    if len(found) > limit:
        found, more, reached = found[:limit], True, 0
    reached = max(reached, found[-1].seq if found else after_seq)
    return Conversation(as_of, contact.contact, contact.id, reached, more, found, customer_read_seq, agent_read_seq)


def _from_log(
    events: EventReader, contact: ContactRecord, after_seq: int, limit: int, slot: int
) -> tuple[list[Message], bool, int]:
    """Return messages of a contact, whether there may be more, and how far they reach; perhaps more than `limit`."""
    page = events.read(max(after_seq, contact.id), 2 * limit + 1, _TYPES, contact, slot)
    told, reached = page.events, page.next_after_seq
    if page.more and len(told) > 1 and told[-1].type == _SENT:
        told, reached = told[:-1], told[-2].seq  # whether it was refused stands on the next page
    refused = {event.cause_seq for event in told if event.type != _SENT}
    return [_message(event) for event in told if event.type == _SENT and event.seq not in refused], page.more, reached


def _message(event: Event) -> Message:
    attachment = event.data.get("attachment")
    said = msgspec.convert(attachment, Attachment) if attachment is not None else None
    return Message(event.seq, event.at_ns, event.data["by"], event.agent, event.data["text"], said)
