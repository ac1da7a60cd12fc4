"""An agent's SIP phone: rings, is answered, declined or ignored, and talks until one side has enough."""

import asyncio
from collections.abc import Callable

from adapters.sip.protocol import (
    SDP,
    AckMissing,
    CancelReceived,
    Dialog,
    Event,
    Hop,
    Request,
    RequestReceived,
    ResponseReceived,
    ServerTransaction,
    TransactionTimedOut,
    TransportFailed,
    dialog_id_of,
)
from simulations.demo.people.registration import Account, Registration
from simulations.demo.people.tally import Tally
from simulations.demo.people.traits import Chance
from simulations.demo.people.user_agent import UserAgent


class AgentPhone:
    """One phone; it takes one call at a time."""

    def __init__(self, account: Account, registrar: Hop, chance: Chance, tally: Tally) -> None:
        self._user = account.user
        self._agent = UserAgent(self._on_event)
        self.registration = Registration(self._agent, account, registrar)
        self._registrar = registrar
        self._chance = chance
        self._tally = tally
        self._invite: ServerTransaction | None = None
        """The offer that rings."""
        self._dialog: Dialog | None = None
        """The call that was taken."""
        self._timer: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Open the socket and register."""
        await self._agent.open(self._registrar)
        self.registration.start()

    def stop(self) -> None:
        """Close the socket."""
        self.registration.stop()
        self._wait_no_more()
        self._agent.close()

    @property
    def port(self) -> int:
        """Of its socket."""
        return self._agent.port

    @property
    def is_busy(self) -> bool:
        """Whether it rings or talks."""
        return self._invite is not None or self._dialog is not None

    # --- what is heard

    def _on_event(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self._on_request(event.transaction, event.request)
        elif isinstance(event, CancelReceived):
            self._on_cancel(event.transaction)
        elif isinstance(event, ResponseReceived):
            if isinstance(event.transaction.context, Request):
                self.registration.on_response(event.response, event.transaction.context)
        elif isinstance(event, TransactionTimedOut | TransportFailed):
            if isinstance(event.transaction.context, Request):
                self.registration.on_failure()
        elif isinstance(event, AckMissing):
            self._hang_up()

    def _on_request(self, transaction: ServerTransaction, request: Request) -> None:
        dialog = self._dialog
        if request.to_tag and (dialog is None or dialog.id != dialog_id_of(request)):
            self._agent.reply(transaction, 481)
        elif request.to_tag and dialog is not None:
            self._in_call(dialog, transaction, request)
        elif request.method != "INVITE":
            self._agent.reply(transaction, 200)
        elif self.is_busy:
            self._agent.reply(transaction, 486)
        else:
            self._ring(transaction)

    def _in_call(self, dialog: Dialog, transaction: ServerTransaction, request: Request) -> None:
        refusal = dialog.receive_request(request)
        if refusal is not None:
            self._agent.reply(transaction, refusal.status)
        elif request.method in ("INVITE", "UPDATE"):
            contact = self._agent.contact(self._user)
            self._agent.reply(transaction, 200, contact=contact, content_type=SDP, body=self._agent.session())
        else:
            self._agent.reply(transaction, 200)
            if request.method == "BYE":
                self._wait_no_more()
                self._dialog = None

    def _on_cancel(self, transaction: ServerTransaction) -> None:
        self._agent.reply(transaction, 487)
        if transaction is self._invite:
            self._wait_no_more()
            self._invite = None

    # --- what the agent does

    def _ring(self, transaction: ServerTransaction) -> None:
        self._invite = transaction
        self._tally.rang += 1
        self._agent.reply(transaction, 180, contact=self._agent.contact(self._user))
        reaction = self._chance.reaction()
        if reaction == "no_answer":
            self._tally.not_answered += 1
            return
        self._after(self._chance.ring_s(), self._take if reaction == "answer" else self._decline)

    def _take(self) -> None:
        invite, self._invite = self._invite, None
        if invite is None or invite.request is None:
            return
        contact = self._agent.contact(self._user)
        self._dialog = Dialog.from_request(invite.request, invite.local_tag, contact)
        self._dialog.state = "confirmed"
        self._agent.reply(invite, 200, contact=contact, content_type=SDP, body=self._agent.session())
        self._after(self._chance.talk_s(), self._hang_up)

    def _decline(self) -> None:
        invite, self._invite = self._invite, None
        if invite is not None:
            self._tally.declined += 1
            self._agent.reply(invite, 603)

    def _hang_up(self) -> None:
        self._wait_no_more()
        dialog, self._dialog = self._dialog, None
        if dialog is not None and dialog.state != "terminated":
            self._agent.say(dialog, "BYE")

    def _after(self, delay_s: float, action: Callable[[], None]) -> None:
        self._wait_no_more()
        self._timer = asyncio.get_running_loop().call_later(delay_s, action)

    def _wait_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
