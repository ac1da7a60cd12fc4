"""What the transaction layer tells its user."""

import msgspec

from adapters.sip.protocol.message import Request, Response
from adapters.sip.protocol.transaction import ClientTransaction, ServerTransaction


class RequestReceived(msgspec.Struct, frozen=True):
    """A new request that passed every check, and must be answered with respond()."""

    transaction: ServerTransaction
    request: Request


class CancelReceived(msgspec.Struct, frozen=True):
    """The peer takes its INVITE back. The CANCEL is answered; the INVITE must still be (with 487)."""

    transaction: ServerTransaction
    """That of the INVITE."""
    request: Request
    """The CANCEL, whose Reason says why."""


class AckReceived(msgspec.Struct, frozen=True):
    """The ACK of a 2xx, once. It may carry the answer to an offer made in the 2xx."""

    transaction: ServerTransaction | None
    """That of the INVITE; None when it is no longer known, as after a restart."""
    request: Request


class AckMissing(msgspec.Struct, frozen=True):
    """A 2xx was repeated for 64*T1 and never acknowledged: the call must be ended with BYE (§13.3.1.4)."""

    transaction: ServerTransaction


class PrackMissing(msgspec.Struct, frozen=True):
    """A reliable provisional response was repeated for 64*T1 and never acknowledged: the INVITE must be refused with
    a 5xx (RFC 3262 §3)."""

    transaction: ServerTransaction


class ResponseUnsent(msgspec.Struct, frozen=True):
    """Whoever sent the INVITE can be told nothing: the connection is gone, and no other can be made."""

    transaction: ServerTransaction


class ResponseReceived(msgspec.Struct, frozen=True):
    """A response to our request. A 2xx to INVITE must be acknowledged with acknowledge()."""

    transaction: ClientTransaction
    response: Response


class TransactionTimedOut(msgspec.Struct, frozen=True):
    """Nobody answered our request in time: to be treated as a 408 (§8.1.3.1)."""

    transaction: ClientTransaction


class TransportFailed(msgspec.Struct, frozen=True):
    """Our request could not be sent: to be treated as a 503 (§8.1.3.1)."""

    transaction: ClientTransaction


class StrayAnswer(msgspec.Struct, frozen=True):
    """A 2xx to an INVITE whose transaction is not known any more: acknowledge it, or end the call."""

    response: Response


Event = (
    RequestReceived
    | CancelReceived
    | AckReceived
    | AckMissing
    | PrackMissing
    | ResponseUnsent
    | ResponseReceived
    | TransactionTimedOut
    | TransportFailed
    | StrayAnswer
)
