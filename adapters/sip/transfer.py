"""Blind transfer: an agent's phone asks by REFER that the caller go to another queue or agent (RFC 3515)."""

from typing import Final

from adapters.sip.arrivals import Arrivals
from adapters.sip.core import Core
from adapters.sip.leg import Leg
from adapters.sip.offer import AgentLeg
from adapters.sip.protocol import (
    SIPFRAG,
    ClientTransaction,
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


class Transfers:
    """Transfers that wait for the engine, by the leg that asked."""

    def __init__(self, core: Core, arrivals: Arrivals) -> None:
        self._core = core
        self._arrivals = arrivals
        self._asked: dict[Leg, tuple[ServerTransaction, Request]] = {}

    def refer(self, leg: Leg, transaction: ServerTransaction, request: Request) -> None:
        """Take a REFER."""
        if not leg.take(request, transaction):
            return
        status, fact = self._judge(leg, request)
        if fact is None:
            self._core.counters[f"transfers_refused.{status}"] += 1
            self._core.endpoint.reply(transaction, status)
            return
        self._asked[leg] = (transaction, request)

        def check(receipts: list[Receipt]) -> None:
            if (receipts[0].error or receipts[0].refused) and self._asked.pop(leg, None) is not None:
                self._core.endpoint.reply(transaction, 404 if receipts[0].error else 480)

        try:
            self._core.submit([fact], check)
        except Overloaded as full:
            del self._asked[leg]
            headers = (("Retry-After", str(full.retry_after_s)),)
            self._core.endpoint.reply(transaction, 503, headers=headers)

    def release(self, leg: AgentLeg) -> None:
        """The caller has left this agent: report it where a REFER asked for it, then hang up."""
        asked = self._asked.pop(leg, None)
        if asked is None or leg.closed:
            leg.stop()
            return
        self._core.counters["transfers"] += 1
        transaction, request = asked
        if request.get("refer-sub").strip().lower() == "false":
            self._core.endpoint.reply(transaction, 202, headers=NO_SUBSCRIPTION)
            leg.stop()
            return
        self._core.endpoint.reply(transaction, 202, with_contact=True)
        try:
            leg.request("NOTIFY", NotifySent(leg), headers=notify_headers(200), content_type=SIPFRAG, body=sipfrag(200))
        except LocalProtocolError:
            leg.stop()

    def _judge(self, leg: Leg, request: Request) -> tuple[int, TransferRequested | None]:
        """The fact that a REFER amounts to, or the status that refuses it."""
        call = leg.call
        if call.agent is None or leg is not call.agent:
            return 603, None
        if leg in self._asked:
            return 491, None
        try:
            target = refer_to_of(request)
        except MalformedMessage:
            return 400, None
        if target.replaces is not None or target.method != "INVITE":
            return 501, None
        user = target.uri.decoded_user
        agent = self._core.registrar.agents_by_user.get(user, "")
        queue = self._arrivals.queue_of(user, by_default=not agent)
        if not queue and not agent:
            return 404, None
        by = call.agent.agent
        if queue:
            return 202, TransferRequested(contact=call.name, queue=queue, by=by)
        return 202, TransferRequested(contact=call.name, agent=agent, by=by)


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
