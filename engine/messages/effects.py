"""Effects: what the engine asks an adapter to do, once the cause is durable. Imperative, frozen."""

import msgspec


class Effect(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every effect has."""

    seq: int
    """Sequence of the decided row that it follows from."""
    contact: str
    """The adapter's own name of the contact."""


class InformQueued(Effect, frozen=True, kw_only=True, tag="inform_queued"):
    """Tell the waiting customer where in line it is; sent on entry and again while it waits."""

    queue: str
    position: int
    """1 is the head of the line."""
    wait_p50_s: float | None
    """Median of the expected wait from now on, seconds; None: cannot be told (nobody is there)."""
    wait_p90_s: float | None


class OfferContact(Effect, frozen=True, kw_only=True, tag="offer_contact"):
    """Offer the contact to the agent: ring the phone, show the chat."""

    agent: str
    queue: str
    channel: str
    ring_limit_ns: int
    call_back: str = ""
    """Number of the customer who is to be called once the agent is there; '' when the customer is here."""


class EndOffer(Effect, frozen=True, kw_only=True, tag="end_offer"):
    """Take the offer back: the contact left, was taken elsewhere, or the time to answer is over."""

    agent: str
    reason: str
    """A name of messages.kinds.OFFER_END_NAMES."""


class ConnectContact(Effect, frozen=True, kw_only=True, tag="connect_contact"):
    """Connect the customer with the agent who answered."""

    agent: str
    queue: str


class RefuseContact(Effect, frozen=True, kw_only=True, tag="refuse_contact"):
    """The contact left its queue unserved and is over: say so to the customer, in the words of the protocol."""

    queue: str
    exit: str
    """A name of messages.kinds.EXIT_NAMES."""
    retry_after_s: int = 0


class EndContact(Effect, frozen=True, kw_only=True, tag="end_contact"):
    """The served contact is over: hang up whatever leg is still there."""

    agent: str
    by: str


class MoveContact(Effect, frozen=True, kw_only=True, tag="move_contact"):
    """The connected contact leaves this agent: release the agent's leg, keep the customer's."""

    agent: str
    queue: str


class CallBack(Effect, frozen=True, kw_only=True, tag="call_back"):
    """The customer left the line for a callback: end the call kindly; the engine has queued the callback."""

    queue: str


class UseTrunk(Effect, frozen=True, kw_only=True, tag="use_trunk"):
    """Call the customer through this trunk group: the contact holds a channel of it now."""

    trunk_group: str


class DenyTrunk(Effect, frozen=True, kw_only=True, tag="deny_trunk"):
    """Do not call the customer now: none of the trunk groups requested has a channel for the contact."""


class HoldContact(Effect, frozen=True, kw_only=True, tag="hold_contact"):
    """The agent wants the contact on hold: do so, and say `contact_held` once it is."""

    agent: str


class ResumeContact(Effect, frozen=True, kw_only=True, tag="resume_contact"):
    """The agent wants the held contact back: do so, and say `contact_resumed` once it is."""

    agent: str


class RejectFact(Effect, frozen=True, kw_only=True, tag="reject_fact"):
    """A fact came too late or contradicted the engine's state, as an answer to an offer taken back: undo it outside."""

    agent: str
    kind: str
    reason: str


AnyEffect = (
    InformQueued
    | OfferContact
    | EndOffer
    | ConnectContact
    | RefuseContact
    | EndContact
    | MoveContact
    | CallBack
    | UseTrunk
    | DenyTrunk
    | HoldContact
    | ResumeContact
    | RejectFact
)
