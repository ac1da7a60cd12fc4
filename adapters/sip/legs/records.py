"""What the log keeps of each leg, so that a restart finds the call again: MessagePack, one tagged struct a kind."""

from typing import Final

import msgspec

from adapters.sip.protocol import Dialog, Hop, LocalProtocolError
from adapters.sip.protocol.offer_answer import Origin

_ENCODER: Final = msgspec.msgpack.Encoder()


class _Record(msgspec.Struct, frozen=True, array_like=True):
    """What every leg record has."""

    def encode(self) -> bytes:
        """As MessagePack."""
        return _ENCODER.encode(self)


class CallerInvite(_Record, frozen=True, tag="c", array_like=True):
    """A caller's INVITE as it came: enough for every answer to it, and for the dialog of a 2xx."""

    raw: bytes
    source: Hop
    local_tag: str
    rseq: int = 0
    """The number of the last reliable provisional response, 0 for none."""


class CustomerCall(_Record, frozen=True, tag="k", array_like=True):
    """A customer who is to be called: which attempt it is, and our INVITE while it is under way."""

    attempt: int
    """The attempts begun so far."""
    raw: bytes = b""
    hop: Hop | None = None


class AgentInvite(_Record, frozen=True, tag="o", array_like=True):
    """Our INVITE to a phone that rings: enough to take it back, or to take its answer."""

    agent: str
    raw: bytes
    hop: Hop


class AgentAnswer(_Record, frozen=True, tag="a", array_like=True):
    """A phone's 2xx: enough for the dialog, and for the answer to the caller."""

    agent: str
    raw: bytes
    hop: Hop
    offered: bytes
    """The session description that our INVITE carried."""


class DialogState(_Record, frozen=True, tag="d", array_like=True):
    """A leg of which something changed since it was answered."""

    agent: str
    """'' for the caller's."""
    dialog: Dialog
    flow: Hop | None
    origin: Origin
    sdp: bytes
    desk_holds: bool = False
    """Whether a desk holds the call; said of the caller's."""


class Moved(_Record, frozen=True, tag="m", array_like=True):
    """A caller who has gone over to another contact, by an attended transfer; what ends this one is not for them."""

    to: str
    """The other contact."""
    record: bytes
    """The leg as it was, for where the other contact is gone too."""


class Joining(_Record, frozen=True, tag="j", array_like=True):
    """A caller who came by an attended transfer to an agent; the two are not told yet where to send their media."""

    record: bytes
    """The leg as it is."""
    asking: bytes
    """The leg whose place it has: that of the agent who had asked around, which ends."""


LegRecord = CallerInvite | CustomerCall | AgentInvite | AgentAnswer | DialogState | Moved | Joining
_DECODER: Final = msgspec.msgpack.Decoder(LegRecord)


def decode_leg(record: bytes) -> LegRecord:
    """Read what `encode` wrote. Raises LocalProtocolError."""
    try:
        leg: LegRecord = _DECODER.decode(record)
    except msgspec.DecodeError as error:
        raise LocalProtocolError(f"this is no leg record: {error}") from error
    return leg
