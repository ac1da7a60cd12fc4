"""Callers: they ring a queue, wait as long as they have patience, talk, and hang up; all behind one SIP gateway."""

import asyncio
from collections.abc import Callable

from adapters.sip.protocol import (
    SDP,
    AckMissing,
    CancelReceived,
    ClientTransaction,
    Dialog,
    Event,
    Hop,
    Request,
    RequestReceived,
    Response,
    ResponseReceived,
    ServerTransaction,
    TransactionTimedOut,
    TransportFailed,
)
from simulations.demo.people.tally import Tally
from simulations.demo.people.traits import Chance
from simulations.demo.people.user_agent import UserAgent


class Call:
    """One call of one caller."""

    def __init__(self, call_id: str, number: str) -> None:
        self.call_id = call_id
        self.number = number
        self.invite: ClientTransaction | None = None
        self.dialog: Dialog | None = None
        self.gave_up = False
        self.timer: asyncio.TimerHandle | None = None


class Callers:
    """Everybody who calls."""

    def __init__(self, switch: Hop, chance: Chance, tally: Tally) -> None:
        self._agent = UserAgent(self._on_event)
        self._switch = switch
        self._chance = chance
        self._tally = tally
        self._calls: dict[str, Call] = {}
        """By Call-ID."""
        self._ends_s: float | None = None
        """How soon calls end once everybody goes home; None while the day lasts."""

    async def start(self) -> None:
        """Open the socket."""
        await self._agent.open(self._switch)

    def stop(self) -> None:
        """Close the socket."""
        for call in list(self._calls.values()):
            self._over(call)
        self._agent.close()

    @property
    def count(self) -> int:
        """Calls that are not over."""
        return len(self._calls)

    def call(self) -> None:
        """Somebody dials."""
        number, queue = self._chance.number(), self._chance.queue()
        call = Call(self._agent.tokens.new_tag(), number)
        target = f"sip:{queue}@{self._switch.host}:{self._switch.port}"
        request = self._agent.request(
            "INVITE",
            target,
            f"<sip:{number}@{self._switch.host}>;tag={self._agent.tokens.new_tag()}",
            f"<{target}>",
            call_id=call.call_id,
            contact=self._agent.contact(number),
            content_type=SDP,
            body=self._agent.session(),
        )
        self._calls[call.call_id] = call
        self._tally.calls += 1
        call.invite = self._agent.send(request, self._switch, context=call)
        self._after(call, self._chance.patience_s(self._chance.traits.patience_s), self._give_up)

    def end_soon(self, mean_s: float, patience_s: float) -> None:
        """Whoever talks ends soon, and so does who is answered from now on; who waits until then gives up."""
        self._ends_s = mean_s
        for call in self._calls.values():
            if call.dialog is not None:
                self._after(call, self._chance.wait_s(mean_s), self._hang_up)
            elif not call.gave_up:
                self._after(call, patience_s, self._give_up)

    # --- what is heard

    def _on_event(self, event: Event) -> None:
        if isinstance(event, ResponseReceived) and event.transaction.method == "INVITE":
            self._on_response(event.transaction, event.response)
        elif isinstance(event, RequestReceived):
            self._on_request(event.transaction, event.request)
        elif isinstance(event, TransactionTimedOut | TransportFailed):
            if event.transaction.method == "INVITE":
                self._tally.calls_failed += 1
                self._over(event.transaction.context)
        elif isinstance(event, CancelReceived):
            self._agent.reply(event.transaction, 487)
        elif isinstance(event, AckMissing):
            self._tally.calls_failed += 1

    def _on_response(self, transaction: ClientTransaction, response: Response) -> None:
        call: Call = transaction.context
        if response.status < 200:
            return
        self._tally.statuses[str(response.status)] = self._tally.statuses.get(str(response.status), 0) + 1
        if response.status < 300:
            self._answered(call, transaction, response)
            return
        if response.status == 487 and call.gave_up:
            self._tally.calls_given_up += 1
        else:
            self._tally.calls_refused += 1
        self._over(call)

    def _answered(self, call: Call, transaction: ClientTransaction, response: Response) -> None:
        call.dialog = Dialog.from_response(response, self._agent.contact(call.number))
        self._agent.acknowledge(transaction, call.dialog, response)
        self._tally.calls_answered += 1
        if call.gave_up:
            # The answer crossed our CANCEL: there is a call, so it is ended as one (RFC 3261 §9.1).
            self._hang_up(call)
        else:
            lasts_s = self._chance.talk_s() if self._ends_s is None else self._chance.wait_s(self._ends_s)
            self._after(call, lasts_s, self._hang_up)

    def _on_request(self, transaction: ServerTransaction, request: Request) -> None:
        call = self._calls.get(request.call_id)
        if call is None or call.dialog is None:
            self._agent.reply(transaction, 200 if request.method == "OPTIONS" else 481)
            return
        refusal = call.dialog.receive_request(request)
        if refusal is not None:
            self._agent.reply(transaction, refusal.status)
        elif request.method in ("INVITE", "UPDATE"):
            contact = self._agent.contact(call.number)
            self._agent.reply(transaction, 200, contact=contact, content_type=SDP, body=self._agent.session())
        else:
            self._agent.reply(transaction, 200)
            if request.method == "BYE":
                self._over(call)

    # --- what callers do

    def _give_up(self, call: Call) -> None:
        if call.invite is not None and not call.gave_up:
            call.gave_up = True
            self._agent.cancel(call.invite)

    def _hang_up(self, call: Call) -> None:
        if call.dialog is not None and call.dialog.state != "terminated":
            self._agent.say(call.dialog, "BYE")
        self._over(call)

    def _over(self, call: Call) -> None:
        if call.timer is not None:
            call.timer.cancel()
        self._calls.pop(call.call_id, None)

    def _after(self, call: Call, delay_s: float, action: Callable[[Call], None]) -> None:
        if call.timer is not None:
            call.timer.cancel()
        call.timer = asyncio.get_running_loop().call_later(delay_s, action, call)
