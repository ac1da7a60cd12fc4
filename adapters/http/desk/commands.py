"""What an agent may do at the desk, each as the one fact that it makes."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec

from engine.errors import TrunklineError
from engine.messages import observed
from engine.messages.checked import WITHOUT_CONTROLS
from engine.messages.observed import Attachment, NameOrNone, Observed, Text
from engine.projections.contacts.engagements import Engagement

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=WITHOUT_CONTROLS)]
ContactId = Annotated[int, msgspec.Meta(ge=1, le=observed.INTEGER_MAX)]
SERVED: Final = ("connected", "held")
HAS_OR_HAD: Final = (*SERVED, "wrapping")


class NotAllowed(TrunklineError):
    """The state of the desk does not allow that; the sentence says why."""


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="verb"):
    """One thing to do. `id` is the page's own: the same again changes nothing."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class SetStatus(Command, frozen=True, kw_only=True, tag="status"):
    """Choose a status."""

    status: Literal["available", "paused", "offline"]
    reason: Annotated[str, msgspec.Meta(max_length=64)] = ""


class ContactCommand(Command, frozen=True, kw_only=True):
    """Something about one contact, by the name it came with."""

    contact: Name


class Accept(ContactCommand, frozen=True, kw_only=True, tag="accept"):
    """Take what is offered."""


class Decline(ContactCommand, frozen=True, kw_only=True, tag="decline"):
    """Do not take what is offered."""


class Say(ContactCommand, frozen=True, kw_only=True, tag="say"):
    """Write a line."""

    text: observed.Message = ""
    attachment: Annotated[str, msgspec.Meta(max_length=2048)] = ""
    """The ticket that an upload was answered with."""
    contact_id: Annotated[int, msgspec.Meta(ge=0, le=observed.INTEGER_MAX)] = 0
    """Of the contact that the file was brought for."""


class Read(ContactCommand, frozen=True, kw_only=True, tag="read"):
    """Say how far the conversation was read."""

    up_to_seq: Annotated[int, msgspec.Meta(ge=1, le=observed.INTEGER_MAX)]


class End(ContactCommand, frozen=True, kw_only=True, tag="end"):
    """Hang up."""


class Transfer(ContactCommand, frozen=True, kw_only=True, tag="transfer"):
    """Hand over to a queue or a colleague."""

    queue: NameOrNone = ""
    agent: NameOrNone = ""
    reason: Text = ""


class Finish(ContactCommand, frozen=True, kw_only=True, tag="finish"):
    """End the wrap-up."""


class Hold(ContactCommand, frozen=True, kw_only=True, tag="hold"):
    """Put the caller on hold."""


class Resume(ContactCommand, frozen=True, kw_only=True, tag="resume"):
    """Take the caller back."""


class Note(ContactCommand, frozen=True, kw_only=True, tag="note"):
    """Write a note for colleagues."""

    contact_id: ContactId
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=observed.MESSAGE_MAX)]


class Classify(ContactCommand, frozen=True, kw_only=True, tag="classify"):
    """Say what the contact is about."""

    contact_id: ContactId
    code: NameOrNone = ""
    fields: Annotated[dict[Annotated[str, msgspec.Meta(max_length=64)], Text], msgspec.Meta(max_length=32)] = {}


Act = Accept | Decline | Hold | Resume | End | Transfer | Finish
AnyCommand = SetStatus | Say | Read | Note | Classify | Act


def fact_of(
    command: AnyCommand,
    agent: str,
    held: Sequence[Engagement],
    attachment: Attachment | None = None,
    *,
    came_before: bool = False,
    had_lately: bool = False,
) -> Observed:
    """Return the fact that a command makes. Raises NotAllowed.

    `attachment` is the file that goes with a line; `had_lately` says that the agent may still remark on the contact.

    A command that `came_before` is sent again after a lost answer: it is not held against what happened since, and
    the engine answers it as the first time. What the kernel checks itself (whose offer, who is connected) is left to
    it in any case.
    """
    name = fact_id(command, agent)
    if not (came_before or had_lately):
        _require_held(command, held)
    if isinstance(command, SetStatus):
        return observed.AgentStatusChanged(id=name, agent=agent, status=command.status, reason=command.reason, by=agent)
    if isinstance(command, Say | Read):
        return _line(command, name, agent, attachment)
    if isinstance(command, Note | Classify):
        return _remark(command, name, agent)
    return _act(command, name, agent)


def fact_id(command: Command, agent: str) -> str:
    """Name the fact of a command: unique among those of all desks."""
    return f"{agent} {command.id}"


def _require_held(command: AnyCommand, held: Sequence[Engagement]) -> None:
    match command:
        case Note() | Classify():
            require_same(command.contact, command.contact_id, held)
        case End() | Transfer():
            require(command.contact, held, SERVED)


def _line(command: Say | Read, name: str, agent: str, file: Attachment | None) -> Observed:
    contact = command.contact
    if isinstance(command, Say):
        if not command.text and file is None:
            raise NotAllowed("there is nothing in the line")
        said = command.text
        return observed.MessageSent(id=name, contact=contact, by="agent", agent=agent, text=said, attachment=file)
    return observed.MessagesRead(id=name, contact=contact, by="agent", agent=agent, up_to_seq=command.up_to_seq)


def _remark(command: Note | Classify, name: str, agent: str) -> Observed:
    contact, contact_id = command.contact, command.contact_id
    if isinstance(command, Note):
        return observed.NoteWritten(id=name, contact=contact, contact_id=contact_id, agent=agent, text=command.text)
    return observed.ContactClassified(
        id=name, contact=contact, contact_id=contact_id, agent=agent, code=command.code, fields=command.fields
    )


def _act(command: Act, name: str, agent: str) -> Observed:
    contact = command.contact
    match command:
        case Accept():
            return observed.OfferAnswered(id=name, agent=agent, contact=contact)
        case Decline():
            return observed.OfferDeclined(id=name, agent=agent, contact=contact)
        case Hold():
            return observed.HoldRequested(id=name, agent=agent, contact=contact)
        case Resume():
            return observed.ResumeRequested(id=name, agent=agent, contact=contact)
        case Finish():
            return observed.WrapUpFinished(id=name, agent=agent, contact=contact)
        case End():
            return observed.ContactReleased(id=name, contact=contact, by="agent")
        case Transfer():
            to, by = command, agent
            return observed.TransferRequested(id=name, contact=contact, queue=to.queue, agent=to.agent, by=by)


def require(contact: str, held: Sequence[Engagement], states: Sequence[str]) -> Engagement:
    """Return the agent's engagement with this contact. Raises NotAllowed where there is none in one of the states."""
    for engagement in held:
        if engagement.contact == contact and engagement.state in states:
            return engagement
    raise NotAllowed("you do not serve this contact now")


def require_same(contact: str, contact_id: int, held: Sequence[Engagement]) -> Engagement:
    """Return the agent's engagement with the contact of this name and id, wrap-up included. Raises NotAllowed."""
    found = require(contact, held, HAS_OR_HAD)
    if found.contact_id != contact_id:
        raise NotAllowed("that contact is over; another one has its name now")
    return found
