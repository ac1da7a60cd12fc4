"""The server transactions: INVITE (RFC 3261 §17.2.1 with RFC 6026 §7.1) and all others (§17.2.2)."""

from adapters.sip.protocol.message import Request, Response
from adapters.sip.protocol.transaction import (
    Context,
    ServerTransaction,
    Signal,
    State,
    Table,
    absorb,
    resend,
    stop_timers,
    terminate,
)


def _send(context: Context, transaction: ServerTransaction, response: Response) -> None:
    """Send a provisional response, and keep it for retransmissions of the request."""
    transaction.octets = response.raw
    context.send(response.raw, transaction.hop)


def _repeat_provisional(context: Context, transaction: ServerTransaction, _message: None) -> None:
    """Send a reliable provisional response again, at intervals that double without a bound (RFC 3262 §3)."""
    context.send(transaction.octets, transaction.hop)
    transaction.interval_ns *= 2
    context.start_retransmit(transaction, transaction.interval_ns)


def _provisional_expired(context: Context, transaction: ServerTransaction, _message: None) -> None:
    """Stop repeating a reliable provisional response; that nobody acknowledged it is reported."""
    transaction.retransmit_at_ns = 0
    context.emit_provisional_missing(transaction)


def _send_success(context: Context, transaction: ServerTransaction, response: Response) -> None:
    """Send a 2xx to INVITE: it is repeated, on every transport, until its ACK comes (§13.3.1.4); start timer L."""
    _send(context, transaction, response)
    transaction.request = None
    transaction.interval_ns = context.timing.t1_ns
    context.start_retransmit(transaction, transaction.interval_ns)
    context.start_expiry(transaction, context.timing.timeout_ns)


def _repeat_success(context: Context, transaction: ServerTransaction, _message: None) -> None:
    context.send(transaction.octets, transaction.hop)
    transaction.interval_ns = min(2 * transaction.interval_ns, context.timing.t2_ns)
    context.start_retransmit(transaction, transaction.interval_ns)


def _success_acknowledged(context: Context, transaction: ServerTransaction, ack: Request) -> None:
    """Pass the first ACK on, and stop repeating the 2xx."""
    if transaction.octets:
        transaction.octets = b""
        transaction.retransmit_at_ns = 0
        context.emit_ack(transaction, ack)


def _success_expired(context: Context, transaction: ServerTransaction, _message: None) -> None:
    """Timer L: end; a 2xx without an ACK is reported."""
    if transaction.octets:
        context.emit_ack_missing(transaction)
    context.forget(transaction)


def _send_failure(context: Context, transaction: ServerTransaction, response: Response) -> None:
    """Send a 3xx-6xx to INVITE; start timers G (unreliable transports only) and H."""
    stop_timers(transaction)  # of a provisional response without PRACK
    _send(context, transaction, response)
    transaction.request = None
    if not transaction.hop.reliable:
        transaction.interval_ns = context.timing.t1_ns
        context.start_retransmit(transaction, transaction.interval_ns)
    context.start_expiry(transaction, context.timing.timeout_ns)


def _failure_acknowledged(context: Context, transaction: ServerTransaction, _ack: Request) -> None:
    """Stop timers G and H; start timer I, which absorbs further ACKs."""
    transaction.octets = b""
    stop_timers(transaction)
    context.start_expiry(transaction, 0 if transaction.hop.reliable else context.timing.t4_ns)


def _send_final(context: Context, transaction: ServerTransaction, response: Response) -> None:
    """Send the final response to another method; start timer J."""
    _send(context, transaction, response)
    transaction.request = None
    context.start_expiry(transaction, 0 if transaction.hop.reliable else context.timing.timeout_ns)


INVITE_SERVER: Table = {
    (State.PROCEEDING, Signal.REQUEST): (State.PROCEEDING, resend),
    (State.PROCEEDING, Signal.PROVISIONAL): (State.PROCEEDING, _send),
    (State.PROCEEDING, Signal.RETRANSMIT): (State.PROCEEDING, _repeat_provisional),
    (State.PROCEEDING, Signal.EXPIRED): (State.PROCEEDING, _provisional_expired),
    (State.PROCEEDING, Signal.SUCCESS): (State.ACCEPTED, _send_success),
    (State.PROCEEDING, Signal.FAILURE): (State.COMPLETED, _send_failure),
    (State.ACCEPTED, Signal.REQUEST): (State.ACCEPTED, absorb),
    (State.ACCEPTED, Signal.ACK): (State.ACCEPTED, _success_acknowledged),
    (State.ACCEPTED, Signal.RETRANSMIT): (State.ACCEPTED, _repeat_success),
    (State.ACCEPTED, Signal.EXPIRED): (State.TERMINATED, _success_expired),
    (State.COMPLETED, Signal.REQUEST): (State.COMPLETED, resend),
    (State.COMPLETED, Signal.RETRANSMIT): (State.COMPLETED, _repeat_success),
    (State.COMPLETED, Signal.ACK): (State.CONFIRMED, _failure_acknowledged),
    (State.COMPLETED, Signal.EXPIRED): (State.TERMINATED, terminate),
    (State.CONFIRMED, Signal.REQUEST): (State.CONFIRMED, absorb),
    (State.CONFIRMED, Signal.ACK): (State.CONFIRMED, absorb),
    (State.CONFIRMED, Signal.EXPIRED): (State.TERMINATED, terminate),
}

# An unanswered request expires in any state: its sender has given up by then (timer F).
OTHER_SERVER: Table = {
    (State.TRYING, Signal.REQUEST): (State.TRYING, absorb),
    (State.TRYING, Signal.PROVISIONAL): (State.PROCEEDING, _send),
    (State.TRYING, Signal.SUCCESS): (State.COMPLETED, _send_final),
    (State.TRYING, Signal.FAILURE): (State.COMPLETED, _send_final),
    (State.TRYING, Signal.EXPIRED): (State.TERMINATED, terminate),
    (State.PROCEEDING, Signal.REQUEST): (State.PROCEEDING, resend),
    (State.PROCEEDING, Signal.PROVISIONAL): (State.PROCEEDING, _send),
    (State.PROCEEDING, Signal.SUCCESS): (State.COMPLETED, _send_final),
    (State.PROCEEDING, Signal.FAILURE): (State.COMPLETED, _send_final),
    (State.PROCEEDING, Signal.EXPIRED): (State.TERMINATED, terminate),
    (State.COMPLETED, Signal.REQUEST): (State.COMPLETED, resend),
    (State.COMPLETED, Signal.EXPIRED): (State.TERMINATED, terminate),
}
