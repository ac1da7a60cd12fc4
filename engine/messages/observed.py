"""Observed facts: what the outside tells the engine, as frozen typed messages.

These are the only things an adapter may say, and the body of `POST /api/v1/events`: JSON and MessagePack carry the same
fields, with the fact's name in `type`. Names of queues, agents, skills and trunk groups are those of the configuration;
a contact's name is the adapter's own and must be unique among the contacts that are not closed.
"""

from typing import Annotated, Literal

import msgspec

from engine.messages.checked import line_of_text
from engine.messages.fact import (
    ATTRIBUTES_MAX,
    CALLBACK_NUMBER,
    INTEGER_MAX,
    MESSAGE_MAX,
    Attributes,
    Cause,
    Channel,
    Fact,
    Instant,
    Message,
    Name,
    NameOrNone,
    Priority,
    Text,
)
from engine.messages.quality_facts import CaseOpened, CaseReopened, CaseResolved, QualityEvaluated, ScheduleExcepted
from engine.messages.rows import TRUNKS_MAX

__all__ = [
    "ATTRIBUTES_MAX",
    "CALLBACK_NUMBER",
    "INTEGER_MAX",
    "MESSAGE_MAX",
    "Attributes",
    "CaseOpened",
    "CaseReopened",
    "CaseResolved",
    "Cause",
    "Channel",
    "Fact",
    "Instant",
    "Message",
    "Name",
    "NameOrNone",
    "Priority",
    "QualityEvaluated",
    "ScheduleExcepted",
    "Text",
]


class ContactArrived(Fact, frozen=True, kw_only=True, tag="contact_arrived"):
    """A contact wants to be served."""

    contact: Name
    queue: Name
    channel: Channel = "voice"
    priority: Priority = 0
    skills: Annotated[dict[Name, Annotated[int, msgspec.Meta(ge=0, le=10)]], msgspec.Meta(max_length=4)] = (
        msgspec.field(default_factory=dict)
    )
    """Skills required beyond the queue's own, with the least level."""
    preferred_agent: NameOrNone = ""
    trunk_group: NameOrNone = ""
    protected: bool = False
    """May use the reserve of its trunk group."""
    customer: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """Who is calling, as far as the adapter knows: number, address or customer id."""
    entry: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """Where it came in: dialled number, inbox, page."""
    waiting_since_ns: Instant = 0
    """Place in line earned earlier (a callback, a hand-over); 0: now."""
    callback: bool = True
    """Whether the customer can be called back; where not, the queue's `callback` steps are passed over."""
    attributes: Attributes = msgspec.field(default_factory=dict)


class ContactFact(Fact, frozen=True, kw_only=True):
    """A fact about one contact."""

    contact: Name


class ContactReleased(ContactFact, frozen=True, kw_only=True, tag="contact_released"):
    """A side hung up, or the network lost the contact; or it is gone, and how it went was missed: `unknown`."""

    by: Literal["customer", "agent", "network", "system", "unknown"] = "customer"
    cause: Cause = 0
    """The adapter's own cause number, as ISDN Q.850 for telephony."""


class OfferRang(ContactFact, frozen=True, kw_only=True, tag="offer_rang"):
    """The agent's phone rings."""

    agent: Name


class OfferAnswered(ContactFact, frozen=True, kw_only=True, tag="offer_answered"):
    """The agent took the offered contact."""

    agent: Name


class OfferDeclined(ContactFact, frozen=True, kw_only=True, tag="offer_declined"):
    """The agent or the agent's phone did not take the offered contact."""

    agent: Name
    reason: Literal["declined", "busy", "no_answer", "unreachable"] = "declined"
    cause: Cause = 0


class ContactHeld(ContactFact, frozen=True, kw_only=True, tag="contact_held"):
    """The connected contact was put on hold."""


class ContactResumed(ContactFact, frozen=True, kw_only=True, tag="contact_resumed"):
    """The held contact was taken back."""


class TransferRequested(ContactFact, frozen=True, kw_only=True, tag="transfer_requested"):
    """The connected (or waiting) contact shall go to another queue or to one agent: exactly one of the two is given."""

    queue: NameOrNone = ""
    agent: NameOrNone = ""
    keep_place: bool = False
    by: Text = ""
    reason: Text = ""


class RequeueRequested(ContactFact, frozen=True, kw_only=True, tag="requeue_requested"):
    """The contact shall return to its queue with its place kept."""

    by: Text = ""
    reason: Text = ""


class CallbackRequested(ContactFact, frozen=True, kw_only=True, tag="callback_requested"):
    """The waiting customer leaves the line and wants to be called back."""

    number: Annotated[str, msgspec.Meta(max_length=128)] = ""


class ExitKeyPressed(ContactFact, frozen=True, kw_only=True, tag="exit_key_pressed"):
    """The waiting customer pressed a key to leave the queue."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=1)]


class ContactWithdrawn(ContactFact, frozen=True, kw_only=True, tag="contact_withdrawn"):
    """A supervisor or a program took the waiting contact out."""

    by: Text = ""
    reason: Text = ""


class PriorityChanged(ContactFact, frozen=True, kw_only=True, tag="priority_changed"):
    """The waiting contact's priority changed."""

    priority: Priority
    by: Text = ""
    reason: Text = ""


class TrunkRequested(ContactFact, frozen=True, kw_only=True, tag="trunk_requested"):
    """A call to the contact's customer needs a trunk channel; `use_trunk` or `deny_trunk` answers.

    For contacts that hold none: who came by a trunk group has its channel. It is held until `trunk_released`, or until
    the contact is closed.
    """

    trunk_groups: Annotated[list[Name], msgspec.Meta(min_length=1, max_length=TRUNKS_MAX)]
    """The groups by which the call may go, the most wanted first."""


class TrunkReleased(ContactFact, frozen=True, kw_only=True, tag="trunk_released"):
    """The call for which the contact had requested a trunk channel is over, or was never made; the contact goes on."""


class Attachment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that goes with a message; its bytes are kept beside the log, under their digest."""

    name: Name
    media_type: Annotated[str, msgspec.Meta(min_length=3, max_length=128, pattern=r"^[\w.+-]+/[\w.+-]+(?![\s\S])")]
    size_bytes: Annotated[int, msgspec.Meta(ge=1, le=INTEGER_MAX)]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}(?![\s\S])")]
    """Of the bytes, hexadecimal."""


class MessageSent(ContactFact, frozen=True, kw_only=True, tag="message_sent"):
    """A line of the conversation: a text, an attachment or both."""

    by: Literal["customer", "agent", "system"] = "customer"
    agent: NameOrNone = ""
    """Who wrote it, where an agent did."""
    text: Message = ""
    attachment: Attachment | None = None


class MessagesRead(ContactFact, frozen=True, kw_only=True, tag="messages_read"):
    """A side has seen the conversation up to a place."""

    by: Literal["customer", "agent"] = "customer"
    agent: NameOrNone = ""
    """Who read, where an agent did."""
    up_to_seq: Annotated[int, msgspec.Meta(ge=1, le=INTEGER_MAX)]
    """Sequence of the last message seen."""


class CallerMoved(ContactFact, frozen=True, kw_only=True, tag="caller_moved"):
    """The contact's caller is another contact's from now on, as after an attended transfer: its trunk channel, too.

    The caller whom the other contact had is gone, and that one's channel is free.
    """

    to: Name
    """The contact whose caller it is now, open as well."""


class SurveyFact(Fact, frozen=True, kw_only=True):
    """A fact about the survey after a contact, which is closed by then: `contact_id` says which of that name."""

    contact: Name
    contact_id: Annotated[int, msgspec.Meta(ge=1, le=INTEGER_MAX)]
    """Sequence of its arrival."""
    kind: Literal["csat", "nps", "ces"]


class SurveyRequested(SurveyFact, frozen=True, kw_only=True, tag="survey_requested"):
    """The customer was asked how it was."""


class SurveyAnswered(SurveyFact, frozen=True, kw_only=True, tag="survey_answered"):
    """The customer said how it was."""

    score: Annotated[int, msgspec.Meta(ge=0, le=10)]
    """csat: 1 to 5; nps: 0 to 10; ces: 1 to 7; the best is the highest."""
    comment: Message = ""


class RemarkFact(Fact, frozen=True, kw_only=True):
    """What an agent says about a contact, perhaps closed by then: `contact_id` says which of that name."""

    contact: Name
    contact_id: Annotated[int, msgspec.Meta(ge=1, le=INTEGER_MAX)]
    """Sequence of its arrival."""
    agent: Name


class NoteWritten(RemarkFact, frozen=True, kw_only=True, tag="note_written"):
    """An agent wrote a note about a contact, for colleagues; the customer never sees it."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MESSAGE_MAX)]


class ContactClassified(RemarkFact, frozen=True, kw_only=True, tag="contact_classified"):
    """An agent said what a contact was about; the latest counts."""

    code: NameOrNone = ""
    """One of the configuration's wrap-up codes; empty: none."""
    fields: Annotated[dict[Annotated[str, msgspec.Meta(max_length=64)], Text], msgspec.Meta(max_length=32)] = (
        msgspec.field(default_factory=dict)
    )
    """The quality fields that were filled in."""


class HoldRequested(ContactFact, frozen=True, kw_only=True, tag="hold_requested"):
    """The agent wants the connected contact on hold; whoever has the call says `contact_held` when it is."""

    agent: Name


class ResumeRequested(ContactFact, frozen=True, kw_only=True, tag="resume_requested"):
    """The agent wants the held contact back; whoever has the call says `contact_resumed` when it is."""

    agent: Name


class LegRecorded(ContactFact, frozen=True, kw_only=True, tag="leg_recorded"):
    """What an adapter needs to find a leg of the contact again after a restart; opaque to the engine."""

    leg: Name
    record: bytes


class AgentStatusChanged(Fact, frozen=True, kw_only=True, tag="agent_status_changed"):
    """A person chose a status."""

    agent: Name
    status: Literal["available", "paused", "offline"]
    reason: Annotated[str, msgspec.Meta(max_length=64)] = ""
    by: Text = ""
    note: Text = ""
    """Why somebody else chose it."""


class AgentReachabilityChanged(Fact, frozen=True, kw_only=True, tag="agent_reachability_changed"):
    """The agent's phone registered or went away."""

    agent: Name
    reachable: bool


class WrapUpFinished(Fact, frozen=True, kw_only=True, tag="wrap_up_finished"):
    """The agent finished the after-contact work: of one contact, by the name it had, or of all."""

    agent: Name
    contact: NameOrNone = ""


class QueueOpened(Fact, frozen=True, kw_only=True, tag="queue_opened"):
    """The queue takes contacts from now on."""

    queue: Name
    by: Text = ""
    reason: Text = ""


class QueueClosed(Fact, frozen=True, kw_only=True, tag="queue_closed"):
    """The queue takes no contacts until it opens; those waiting stay."""

    queue: Name
    by: Text = ""
    reason: Text = ""


class AlertAcknowledged(Fact, frozen=True, kw_only=True, tag="alert_acknowledged"):
    """Somebody has seen an alert, or a lost contact, and sees to it."""

    alert: Annotated[str, line_of_text(1, 256)]
    """Its name: as the wallboard has it, BOARD/QUEUE/FIGURE, or lost/ID of a contact."""
    since_ns: Instant = 0
    """Since when it stood; 0: not known."""
    by: Text = ""
    reason: Text = ""


class StreamGapped(Fact, frozen=True, kw_only=True, tag="stream_gapped"):
    """An adapter lost its stream for a while: figures of that time are incomplete."""

    lost_since_ns: Instant
    reason: Text = ""


Observed = (
    ContactArrived
    | ContactReleased
    | OfferRang
    | OfferAnswered
    | OfferDeclined
    | ContactHeld
    | ContactResumed
    | TransferRequested
    | RequeueRequested
    | CallbackRequested
    | ExitKeyPressed
    | ContactWithdrawn
    | PriorityChanged
    | TrunkRequested
    | TrunkReleased
    | MessageSent
    | MessagesRead
    | CallerMoved
    | SurveyRequested
    | SurveyAnswered
    | NoteWritten
    | ContactClassified
    | HoldRequested
    | ResumeRequested
    | QualityEvaluated
    | ScheduleExcepted
    | CaseOpened
    | CaseResolved
    | CaseReopened
    | LegRecorded
    | AgentStatusChanged
    | AgentReachabilityChanged
    | WrapUpFinished
    | QueueOpened
    | QueueClosed
    | AlertAcknowledged
    | StreamGapped
)
