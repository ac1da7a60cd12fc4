"""Blind transfer: an agent's phone asks by REFER that the caller go to another queue or agent (RFC 3515)."""

from typing import Final

from adapters.sip.legs.leg import Leg, OverCall
from adapters.sip.legs.offer import AgentLeg, PendingRefer
from adapters.sip.protocol import (
    SIPFRAG,
    ClientTransaction,
    DialogId,
    LocalProtocolError,
    MalformedMessage,
    Request,
    Response,
    ServerTransaction,
    notify_headers,
    refer_to_of,
    sipfrag,
)
from engine.errors import Overloaded
from engine.messages.observed import TransferRequested
from engine.ports import Receipt

NO_SUBSCRIPTION: Final = (("Refer-Sub", "false"),)


def refer(leg: Leg, transaction: ServerTransaction, request: Request) -> None:
    """Take a REFER."""
    if not leg.take(request, transaction):
        return
    core = leg.core
    status, fact = _judge(leg, request)
    if fact is None or not isinstance(leg, AgentLeg):
        core.counters[f"transfers_refused.{status}"] += 1
        core.endpoint.reply(transaction, status)
        return
    pending = leg.refer = PendingRefer(transaction, request)

    def check(receipts: list[Receipt]) -> None:
        if (receipts[0].error or receipts[0].refused) and leg.refer is pending:
            leg.refer = None
            core.endpoint.reply(transaction, 404 if receipts[0].error else 480)

    try:
        core.facts.submit([fact], check)
    except Overloaded as full:
        leg.refer = None
        core.endpoint.reply(transaction, 503, headers=(("Retry-After", str(full.retry_after_s)),))


def leave(leg: AgentLeg) -> None:
    """The caller has left this agent: report it where a REFER asked for it, then hang up. The call goes on without the
    leg, whatever becomes of it.
    """
    leg.call = OverCall(leg.call)
    pending, leg.refer = leg.refer, None
    if pending is None:
        leg.stop()
        return
    endpoint = leg.core.endpoint
    leg.core.counters["transfers"] += 1
    transaction, request = pending
    if leg.closed or request.get("refer-sub").strip().lower() == "false":  # who has hung up is told nothing later
        endpoint.reply(transaction, 202, headers=NO_SUBSCRIPTION)
        leg.stop()
        return
    endpoint.reply(transaction, 202, with_contact=True)
    try:
        leg.request("NOTIFY", NotifySent(leg), headers=notify_headers(200), content_type=SIPFRAG, body=sipfrag(200))
    except LocalProtocolError:
        leg.stop()


def _judge(leg: Leg, request: Request) -> tuple[int, TransferRequested | None]:
    """The fact that a REFER amounts to, or the status that refuses it."""
    call, core = leg.call, leg.core
    if not isinstance(leg, AgentLeg) or call.peer_of(leg) is None:
        return 603, None
    if leg.refer is not None:
        return 491, None
    try:
        target = refer_to_of(request)
    except MalformedMessage:
        return 400, None
    if target.method != "INVITE":
        return 501, None
    named = target.replaces
    if named is not None and DialogId(named.call_id, named.to_tag, named.from_tag) not in call.dialogs:
        return 501, None  # somebody else's dialog; one of ours that is not connected yet is as good as none
    user = target.uri.decoded_user
    agent = core.registrar.phones.agents_by_user.get(user, "")
    queue = core.queue_of(user, by_default=False)
    if queue:
        return 202, TransferRequested(contact=call.name, queue=queue, by=leg.agent)
    if agent:
        return 202, TransferRequested(contact=call.name, agent=agent, by=leg.agent)
    return 404, None


class NotifySent:
    """The report of a transfer under way; when it has arrived, or not, the agent's leg ends."""

    def __init__(self, leg: AgentLeg) -> None:
        self._leg = leg

    def on_response(self, _transaction: ClientTransaction, response: Response) -> None:
        """It has arrived."""
        if response.status >= 200:
            self._leg.stop()

    def on_failure(self, _transaction: ClientTransaction, _status: int) -> None:
        """It has not."""
        self._leg.stop()
