"""What the four transaction state machines of RFC 3261 §17 share.

Rules of the machines:
  1. Each is one table: (state, signal) -> (next state, action). What has no row is ignored and counted.
  2. Actions send, emit and start timers through the Context; they never look at the state.
  3. A transaction has two timers: `retransmit` (A, E, G and the repeating of a 2xx or a reliable provisional response)
     and `expiry` (all the others).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec

from adapters.sip.protocol.hop import Hop
from adapters.sip.protocol.message import Message, Request

MILLISECOND_NS = 1_000_000


class Timing(msgspec.Struct, frozen=True):
    """The base values of all timers (§17.1.1.1)."""

    t1_ns: int = 500 * MILLISECOND_NS
    """The round-trip estimate."""
    t2_ns: int = 4_000 * MILLISECOND_NS
    """The longest interval between retransmissions of a non-INVITE request or an INVITE response."""
    t4_ns: int = 5_000 * MILLISECOND_NS
    """The longest time a message stays in the network."""

    @property
    def timeout_ns(self) -> int:
        """64*T1: timers B, F, H, J, L and M, and D, which asks for at least 32 s."""
        return 64 * self.t1_ns


class State:
    """The states of the four machines."""

    CALLING: Final = "calling"
    TRYING: Final = "trying"
    PROCEEDING: Final = "proceeding"
    ACCEPTED: Final = "accepted"
    COMPLETED: Final = "completed"
    CONFIRMED: Final = "confirmed"
    TERMINATED: Final = "terminated"


class Signal:
    """What can happen to a transaction: a message received, a response to send, or a timer."""

    REQUEST: Final = "request"
    ACK: Final = "ack"
    PROVISIONAL: Final = "1xx"
    SUCCESS: Final = "2xx"
    FAILURE: Final = "3xx-6xx"
    RETRANSMIT: Final = "retransmit"
    EXPIRED: Final = "expired"
    TRANSPORT_ERROR: Final = "transport error"


def signal_of(status: int) -> str:
    """The signal that a response with this status is."""
    if status < 200:
        return Signal.PROVISIONAL
    return Signal.SUCCESS if status < 300 else Signal.FAILURE


class Transaction:
    """One transaction. `context` is its user's own; everything else belongs to the layer."""

    __slots__ = (
        "context",
        "expires_at_ns",
        "hop",
        "interval_ns",
        "key",
        "method",
        "octets",
        "request",
        "retransmit_at_ns",
        "state",
        "table",
    )

    def __init__(
        self, key: tuple[str, ...], method: str, request: Request, hop: Hop, state: str, table: "Table"
    ) -> None:
        self.key = key
        self.method = method
        self.request: Request | None = request
        """The request, until the final response: after that only what may be repeated is kept."""
        self.hop = hop
        """Where we send to."""
        self.state = state
        self.table = table
        self.octets = b""
        """What is sent again on a retransmission."""
        self.interval_ns = 0
        self.retransmit_at_ns = 0
        self.expires_at_ns = 0
        self.context: Any = None
        """Free for the layer's user."""

    @property
    def is_final(self) -> bool:
        """Whether the final response has passed, in whichever direction."""
        return self.state not in (State.CALLING, State.TRYING, State.PROCEEDING)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.method} {self.state} {self.key}>"


class ServerTransaction(Transaction):
    """A request received, and our responses to it."""

    __slots__ = ("ack_key", "local_tag", "merge_key", "other_hop")

    def __init__(self, key: tuple[str, ...], request: Request, hop: Hop, state: str, table: "Table", tag: str) -> None:
        super().__init__(key, request.method, request, hop, state, table)
        self.local_tag = tag
        """The To tag of our responses: that of the request, or a new one."""
        self.ack_key: tuple[str, str, int] | None = None
        """How the ACK of our 2xx will be recognised."""
        self.merge_key: tuple[str, str, str] | None = None
        self.other_hop: Hop | None = None
        """Where responses go once the connection of the request is gone."""


class ClientTransaction(Transaction):
    """A request sent, and the responses to it."""

    __slots__ = ("acknowledged_tag", "cancel_headers", "cancelled", "internal")

    def __init__(self, key: tuple[str, ...], request: Request, hop: Hop, state: str, table: "Table") -> None:
        super().__init__(key, request.method, request, hop, state, table)
        self.octets = request.raw
        self.cancelled = False
        """Whether cancel() was called."""
        self.cancel_headers: tuple[tuple[str, str], ...] | None = None
        """Extra header fields of a CANCEL that waits for the first provisional response (§9.1)."""
        self.acknowledged_tag = ""
        """The To tag of the 2xx that has its ACK, kept in `octets`."""
        self.internal = False
        """A CANCEL of our own: its outcome is nobody's concern."""


class Context(Protocol):
    """What an action may do."""

    timing: Timing

    def send(self, octets: bytes, hop: Hop) -> None:
        """Put octets into the outbox."""

    def emit_response(self, transaction: ClientTransaction, message: Message) -> None:
        """Tell the user of a response."""

    def emit_timeout(self, transaction: ClientTransaction) -> None:
        """Tell the user that no response came."""

    def emit_transport_failure(self, transaction: ClientTransaction) -> None:
        """Tell the user that the request could not be sent."""

    def emit_ack(self, transaction: ServerTransaction, message: Message) -> None:
        """Tell the user that its 2xx was acknowledged."""

    def emit_provisional_missing(self, transaction: ServerTransaction) -> None:
        """Tell the user that its reliable provisional response was never acknowledged."""

    def emit_ack_missing(self, transaction: ServerTransaction) -> None:
        """Tell the user that its 2xx was never acknowledged."""

    def send_cancel(self, transaction: ClientTransaction) -> None:
        """Send the CANCEL that waited for a provisional response."""

    def start_retransmit(self, transaction: Transaction, interval_ns: int) -> None:
        """(Re)start the retransmission timer."""

    def start_expiry(self, transaction: Transaction, delay_ns: int) -> None:
        """(Re)start the expiry timer; a delay of 0 expires at once."""

    def forget(self, transaction: Transaction) -> None:
        """Drop a terminated transaction."""


Action = Callable[[Context, Any, Any], None]
Table = Mapping[tuple[str, str], tuple[str, Action]]


def advance(context: Context, transaction: Transaction, signal: str, message: Message | None = None) -> bool:
    """Run one row of the transaction's table; False when there is none."""
    row = transaction.table.get((transaction.state, signal))
    if row is None:
        return False
    transaction.state = row[0]
    row[1](context, transaction, message)
    return True


def absorb(_context: Context, _transaction: Transaction, _message: Message | None) -> None:
    """Do nothing: the message was a repetition that needs no answer."""


def resend(context: Context, transaction: Transaction, _message: Message | None) -> None:
    """Send again what was sent last, if anything was."""
    if transaction.octets:
        context.send(transaction.octets, transaction.hop)


def terminate(context: Context, transaction: Transaction, _message: Message | None) -> None:
    """Let the transaction go."""
    context.forget(transaction)


def stop_timers(transaction: Transaction) -> None:
    """Stop both timers."""
    transaction.retransmit_at_ns = 0
    transaction.expires_at_ns = 0
