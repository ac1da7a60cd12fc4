"""The client transactions: INVITE (RFC 3261 §17.1.1 with RFC 6026 §7.2) and all others (§17.1.2)."""

from adapters.sip.protocol.build import Headers, build_request
from adapters.sip.protocol.message import Request, Response
from adapters.sip.protocol.transaction import (
    ClientTransaction,
    Context,
    Signal,
    State,
    Table,
    absorb,
    resend,
    stop_timers,
    terminate,
)


def build_ack(invite: Request, response: Response) -> Request:
    """Write the ACK of a 3xx-6xx: hop by hop, in the INVITE's own transaction (§17.1.1.3)."""
    return _same_transaction(invite, "ACK", response.get("to"), ())


def build_cancel(invite: Request, headers: Headers = ()) -> Request:
    """Write the CANCEL of an INVITE (§9.1)."""
    return _same_transaction(invite, "CANCEL", invite.get("to"), headers)


def _same_transaction(invite: Request, method: str, to: str, headers: Headers) -> Request:
    return build_request(
        method,
        invite.target,
        via=invite.vias[0],
        from_=invite.get("from"),
        to=to,
        call_id=invite.call_id,
        cseq=invite.cseq.number,
        routes=invite.fields.get("route", ()),
        headers=headers,
    )


def start(context: Context, transaction: ClientTransaction) -> None:
    """Send the request; start timers A and B, or E and F."""
    context.send(transaction.octets, transaction.hop)
    if not transaction.hop.reliable:
        transaction.interval_ns = context.timing.t1_ns
        context.start_retransmit(transaction, transaction.interval_ns)
    context.start_expiry(transaction, context.timing.timeout_ns)


def _repeat_invite(context: Context, transaction: ClientTransaction, _message: None) -> None:
    """Timer A: each time twice as long."""
    context.send(transaction.octets, transaction.hop)
    transaction.interval_ns *= 2
    context.start_retransmit(transaction, transaction.interval_ns)


def _repeat_request(context: Context, transaction: ClientTransaction, _message: None) -> None:
    """Timer E: twice as long, up to T2."""
    context.send(transaction.octets, transaction.hop)
    transaction.interval_ns = min(2 * transaction.interval_ns, context.timing.t2_ns)
    context.start_retransmit(transaction, transaction.interval_ns)


def _ringing(context: Context, transaction: ClientTransaction, response: Response) -> None:
    """The first provisional response to INVITE stops timers A and B; a CANCEL that waited for it goes out."""
    stop_timers(transaction)
    context.emit_response(transaction, response)
    if transaction.cancel_headers is not None:
        context.send_cancel(transaction)


def _still_trying(context: Context, transaction: ClientTransaction, response: Response) -> None:
    """The first provisional response to another method: timer E goes on with T2."""
    transaction.interval_ns = context.timing.t2_ns
    context.emit_response(transaction, response)


def _deliver(context: Context, transaction: ClientTransaction, response: Response) -> None:
    context.emit_response(transaction, response)


def _succeeded(context: Context, transaction: ClientTransaction, response: Response) -> None:
    """A 2xx to INVITE: its user acknowledges it; start timer M, within which forks may answer too."""
    stop_timers(transaction)
    transaction.request = None
    transaction.octets = b""
    transaction.cancel_headers = None
    context.start_expiry(transaction, context.timing.timeout_ns)
    context.emit_response(transaction, response)


def _succeeded_again(context: Context, transaction: ClientTransaction, response: Response) -> None:
    """A repeated 2xx gets its ACK again (§13.2.2.4); one from another fork is passed on."""
    if not transaction.acknowledged_tag or response.to_tag != transaction.acknowledged_tag:
        context.emit_response(transaction, response)
    else:
        context.send(transaction.octets, transaction.hop)


def _failed(context: Context, transaction: ClientTransaction, response: Response) -> None:
    """A 3xx-6xx to INVITE: acknowledge it; start timer D, within which it may be repeated."""
    stop_timers(transaction)
    assert transaction.request is not None, "the request is kept until the final response"
    transaction.octets = build_ack(transaction.request, response).raw
    transaction.request = None
    context.send(transaction.octets, transaction.hop)
    context.emit_response(transaction, response)
    context.start_expiry(transaction, 0 if transaction.hop.reliable else context.timing.timeout_ns)


def _answered(context: Context, transaction: ClientTransaction, response: Response) -> None:
    """The final response to another method; start timer K."""
    stop_timers(transaction)
    transaction.request = None
    transaction.octets = b""
    context.emit_response(transaction, response)
    context.start_expiry(transaction, 0 if transaction.hop.reliable else context.timing.t4_ns)


def _timed_out(context: Context, transaction: ClientTransaction, _message: None) -> None:
    """Timers B and F, and the wait for a cancelled INVITE to end."""
    context.emit_timeout(transaction)
    context.forget(transaction)


def _unreachable(context: Context, transaction: ClientTransaction, _message: None) -> None:
    context.emit_transport_failure(transaction)
    context.forget(transaction)


INVITE_CLIENT: Table = {
    (State.CALLING, Signal.RETRANSMIT): (State.CALLING, _repeat_invite),
    (State.CALLING, Signal.EXPIRED): (State.TERMINATED, _timed_out),
    (State.CALLING, Signal.TRANSPORT_ERROR): (State.TERMINATED, _unreachable),
    (State.CALLING, Signal.PROVISIONAL): (State.PROCEEDING, _ringing),
    (State.CALLING, Signal.SUCCESS): (State.ACCEPTED, _succeeded),
    (State.CALLING, Signal.FAILURE): (State.COMPLETED, _failed),
    (State.PROCEEDING, Signal.PROVISIONAL): (State.PROCEEDING, _deliver),
    (State.PROCEEDING, Signal.SUCCESS): (State.ACCEPTED, _succeeded),
    (State.PROCEEDING, Signal.FAILURE): (State.COMPLETED, _failed),
    (State.PROCEEDING, Signal.EXPIRED): (State.TERMINATED, _timed_out),
    (State.PROCEEDING, Signal.TRANSPORT_ERROR): (State.TERMINATED, _unreachable),
    (State.COMPLETED, Signal.FAILURE): (State.COMPLETED, resend),
    (State.COMPLETED, Signal.EXPIRED): (State.TERMINATED, terminate),
    (State.COMPLETED, Signal.TRANSPORT_ERROR): (State.TERMINATED, terminate),
    (State.ACCEPTED, Signal.SUCCESS): (State.ACCEPTED, _succeeded_again),
    (State.ACCEPTED, Signal.EXPIRED): (State.TERMINATED, terminate),
}

OTHER_CLIENT: Table = {
    (State.TRYING, Signal.RETRANSMIT): (State.TRYING, _repeat_request),
    (State.TRYING, Signal.EXPIRED): (State.TERMINATED, _timed_out),
    (State.TRYING, Signal.TRANSPORT_ERROR): (State.TERMINATED, _unreachable),
    (State.TRYING, Signal.PROVISIONAL): (State.PROCEEDING, _still_trying),
    (State.TRYING, Signal.SUCCESS): (State.COMPLETED, _answered),
    (State.TRYING, Signal.FAILURE): (State.COMPLETED, _answered),
    (State.PROCEEDING, Signal.RETRANSMIT): (State.PROCEEDING, _repeat_request),
    (State.PROCEEDING, Signal.EXPIRED): (State.TERMINATED, _timed_out),
    (State.PROCEEDING, Signal.TRANSPORT_ERROR): (State.TERMINATED, _unreachable),
    (State.PROCEEDING, Signal.PROVISIONAL): (State.PROCEEDING, _deliver),
    (State.PROCEEDING, Signal.SUCCESS): (State.COMPLETED, _answered),
    (State.PROCEEDING, Signal.FAILURE): (State.COMPLETED, _answered),
    (State.COMPLETED, Signal.SUCCESS): (State.COMPLETED, absorb),
    (State.COMPLETED, Signal.FAILURE): (State.COMPLETED, absorb),
    (State.COMPLETED, Signal.EXPIRED): (State.TERMINATED, terminate),
}
