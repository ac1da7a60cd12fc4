"""What an agent may do at the desk, each as the one fact that it makes."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec

from engine.messages import observed
from engine.messages.observed import Name, NameOrNone, Observed, Text
from engine.projections.contacts.engagements import Engagement

SERVED: Final = ("connected", "held")


class NotAllowed(Exception):
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

    text: observed.Message


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


AnyCommand = SetStatus | Accept | Decline | Say | Read | End | Transfer | Finish


def fact_of(command: AnyCommand, agent: str, held: Sequence[Engagement]) -> Observed:
    """Return the fact that a command makes; its id is unique among those of all desks. Raises NotAllowed.

    What the kernel checks itself (whose offer, who is connected) is left to it, so that a command sent again after a
    lost answer is answered as the first time, whatever happened since.
    """
    name = f"{agent} {command.id}"
    match command:
        case SetStatus():
            return observed.AgentStatusChanged(
                id=name, agent=agent, status=command.status, reason=command.reason, by=agent
            )
        case Accept():
            return observed.OfferAnswered(id=name, agent=agent, contact=command.contact)
        case Decline():
            return observed.OfferDeclined(id=name, agent=agent, contact=command.contact)
        case Say():
            return observed.MessageSent(id=name, contact=command.contact, by="agent", agent=agent, text=command.text)
        case Read():
            return observed.MessagesRead(
                id=name, contact=command.contact, by="agent", agent=agent, up_to_seq=command.up_to_seq
            )
        case End():
            require(command.contact, held, SERVED)
            return observed.ContactReleased(id=name, contact=command.contact, by="agent")
        case Transfer():
            require(command.contact, held, SERVED)
            return observed.TransferRequested(
                id=name, contact=command.contact, queue=command.queue, agent=command.agent, by=agent
            )
        case Finish():
            return observed.WrapUpFinished(id=name, agent=agent, contact=command.contact)


def require(contact: str, held: Sequence[Engagement], states: Sequence[str]) -> Engagement:
    """Return the agent's engagement with this contact. Raises NotAllowed where there is none in one of the states."""
    for engagement in held:
        if engagement.contact == contact and engagement.state in states:
            return engagement
    raise NotAllowed("you do not serve this contact now")
