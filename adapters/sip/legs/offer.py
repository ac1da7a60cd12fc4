"""An offer to one agent: every phone where the agent is registered rings, and the first that answers has the call."""

from collections.abc import Callable
from typing import Final, NamedTuple

from msgspec.structs import replace

from adapters.sip.legs.caller_leg import CallerLeg
from adapters.sip.legs.leg import ALLOW, Leg, LegOwner
from adapters.sip.legs.places import Places
from adapters.sip.legs.records import AgentAnswer, AgentInvite, DialogState
from adapters.sip.protocol import (
    SDP,
    ClientTransaction,
    Dialog,
    Hop,
    LocalProtocolError,
    MalformedMessage,
    Request,
    Response,
    ServerTransaction,
    SessionTimer,
    agreed_session_timer,
    build_request,
    session_timer_headers,
    wanted_min_se_s,
)
from adapters.sip.registration.phones import Target
from adapters.sip.translate import Declined, cancel_reason, cause_of, decline_of
from engine.messages.observed import Observed, OfferAnswered, OfferRang
from engine.ports import Receipt

AUTO_ANSWER: Final = "<http://www.notused.com>;info=alert-autoanswer;delay=0"
"""The Alert-Info by which other phones know that they are to answer; nobody fetches the address."""
MOST_TELLING: Final[tuple[Declined, ...]] = ("busy", "declined", "no_answer", "unreachable")


class PendingRefer(NamedTuple):
    """A REFER that the engine has not decided yet."""

    transaction: ServerTransaction
    request: Request


class AgentLeg(Leg):
    """One phone that rings, or talks. States: calling, ringing, answered, connected, cancelled, ended."""

    chose_call_id = True

    def __init__(self, offer: "Offer", slot: str, target: Target) -> None:
        super().__init__(offer.call, slot)
        self.offer = offer
        self.agent = offer.agent
        self.target = target
        self.state = "calling"
        self._places = Places(self.core.endpoint, self.core.unwanted_answers, target.hop, self._ring_at)
        """The addresses of where the phone is."""
        self.transaction: ClientTransaction | None = None
        """That of the INVITE; None for one answered before a restart."""
        self.invite: Request | None = None
        self.answer: Response | None = None
        self.min_se_s = 0
        self.refer: PendingRefer | None = None

    # --- out

    def ring(self) -> None:
        """Send the INVITE."""
        self._places.begin()

    def _ring_at(self, hop: Hop) -> None:
        """Ring at one address of where the phone is."""
        if self.state != "calling":
            return
        self.target = replace(self.target, hop=hop)
        try:
            self._invite(self.offer.body)
        except LocalProtocolError:
            self._failure(503)

    def _invite(self, body: bytes) -> None:
        endpoint, settings = self.core.endpoint, self.core.settings
        target = self.target
        transport = target.hop.transport
        headers = [ALLOW, *session_timer_headers(self.core.policy, self.min_se_s)]
        headers += self.offer.headers
        if settings.alert_info:
            headers.append(("Alert-Info", settings.alert_info))
        if settings.auto_answer or self.agent in self.core.registrar.phones.auto_answering:
            headers.append(("Call-Info", f"<sip:{endpoint.address}>;answer-after=0"))
            if not settings.alert_info:
                headers.append(("Alert-Info", AUTO_ANSWER))
        invite = build_request(
            "INVITE",
            target.uri,
            via=endpoint.layer.new_via(transport),
            from_=f"{self.offer.caller.shown};tag={endpoint.tokens.new_tag()}",
            to=f"<{target.uri}>",
            call_id=endpoint.tokens.new_call_id(),
            cseq=1,
            contact=endpoint.contact(transport),
            routes=target.routes,
            headers=headers,
            content_type=SDP if body else "",
            body=self.origin.pass_on(body),
            max_forwards=self.offer.caller.hops_left,
        )
        self.invite = invite
        self.transaction = endpoint.send(invite, target.hop, self)
        self._places.called(self.transaction)

    def connect(self) -> None:
        """Acknowledge the answer: the agent has the call. Not yet when the offer was the phone's."""
        self.state = "connected"
        if not self.offer.caller.offered_late or self.offer.caller.acknowledged:
            self.confirm()

    def confirm(self, body: bytes = b"") -> None:
        """Send the ACK, with our answer where the phone made the offer."""
        if self.acknowledged or self.answer is None:
            return
        self.acknowledged = True
        body = self.origin.pass_on(body)
        if self.transaction is not None:
            self.acknowledge(self.transaction, self.answer, body)
        else:
            endpoint, hop = self.core.endpoint, self.hop()
            via = endpoint.layer.new_via(hop.transport)
            ack = self._dialog().build_ack(self.answer, via, content_type=SDP if body else "", body=body)
            endpoint.send_once(ack, hop)

    def stop(self, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """End whatever there is: take the INVITE back, or hang up. Nothing comes of a REFER any more (§15.1.2)."""
        refer, self.refer = self.refer, None
        if refer is not None:
            self.core.endpoint.reply(refer.transaction, 487)
        if self.state in ("calling", "ringing"):
            self._places.settle()
            self.state = "cancelled" if self.transaction is not None else "ended"
            if self.transaction is not None:
                self.core.endpoint.cancel(self.transaction, headers)
        elif self.state in ("answered", "connected"):
            self.state = "ended"
            self.confirm()
            self.hang_up(headers)

    def detour(self) -> Hop | None:
        """Where the phone is registered by now."""
        return self.core.registrar.hop_of(self.agent, self._dialog().remote_target)

    def left(self, cause: int, confirm: Callable[[], None]) -> None:
        """The phone hangs up: the end of the call, if it has the call."""
        self.close()
        if self.state == "answered" or self.call.has(self):
            self.call.release("agent", cause, confirm)
        else:
            confirm()

    # --- from the transaction layer

    def on_response(self, _transaction: ClientTransaction, response: Response) -> None:
        """Take what the phone says to the INVITE."""
        self._places.settle()
        try:
            if response.status < 200:
                self._progress(response)
            elif response.status < 300:
                self._success(response)
            elif response.status == 422 and self.state == "calling" and not self.min_se_s:
                self.min_se_s = wanted_min_se_s(response)
                self._invite(self.offer.body)
            elif not self._goes_on(response.status):
                self._failure(response.status)
        except (MalformedMessage, LocalProtocolError):
            self.core.counters["bad_answers"] += 1
            self._failure(500)

    def on_failure(self, _transaction: ClientTransaction, status: int) -> None:
        """No answer came, or the phone cannot be reached."""
        if not self._goes_on(status):
            self._failure(status)

    def _goes_on(self, status: int) -> bool:
        """Whether it is rung at another address of where it is: nothing has rung at this one."""
        return self.state == "calling" and self._places.go_on(status)

    def _progress(self, response: Response) -> None:
        if response.status == 100 or self.state not in ("calling", "ringing"):
            return
        if self.state == "calling":
            self.state = "ringing"
            self.offer.rings(self)
        if response.status in (180, 183):
            # Early media are for the caller only where there is but one phone.
            self.call.agent_rings(response.body if len(self.offer.legs) == 1 else b"")

    def _success(self, response: Response) -> None:
        if self.answer is not None and response.to_tag == self.answer.to_tag:
            return  # repeated until it has its ACK, which waits for the engine
        if self.answer is not None or self.state not in ("calling", "ringing"):
            self.core.unwanted_answers.answer(response)
            self.state = "ended" if self.state == "cancelled" else self.state
            return
        transport = self.target.hop.transport
        self.state = "answered"
        self.answer = response
        self.enter(Dialog.from_response(response, self.core.endpoint.contact(transport)), response.source)
        self.renewed(response)
        self.session = agreed_session_timer(response) or SessionTimer(self.core.policy.interval_s, True, "uac", False)
        self.offer.answered(self)

    def _failure(self, status: int) -> None:
        ended_here = self.state in ("cancelled", "ended", "answered", "connected")
        rang = self.state == "ringing"
        self.state = "ended" if self.state in ("calling", "ringing", "cancelled") else self.state
        if not ended_here:
            self.offer.failed(self, status, rang)

    def record(self) -> AgentInvite | AgentAnswer | DialogState:
        """What there is by now."""
        hop = self.target.hop
        if self.acknowledged:
            return DialogState(self.agent, self._dialog(), self.flow, self.origin, self.sdp)
        if self.answer is not None:
            return AgentAnswer(self.agent, self.answer.raw, hop, self.origin.sent)
        assert self.invite is not None, "only legs that were rung are recorded"
        return AgentInvite(self.agent, self.invite.raw, hop)


class Offer:
    """One agent, and all of the agent's phones."""

    def __init__(self, call: LegOwner, caller: CallerLeg, agent: str, queue: str, body: bytes) -> None:
        self.call = call
        self.caller = caller
        self.agent = agent
        self.body = body
        self.headers = (("X-Queue", queue), ("X-Contact", call.name))
        self.legs: list[AgentLeg] = []
        self.taken: AgentLeg | None = None
        """The leg that answered."""
        self._declines: dict[Declined, int] = {}
        self._withdrawn = False
        self._begun = True
        """Whether all phones are rung that will be."""

    def begin(self, targets: list[Target]) -> None:
        """Ring at every place where the agent can be reached."""
        self._begun = False
        for target in targets:
            leg = AgentLeg(self, self.call.free_slot(), target)
            self.legs.append(leg)
            leg.ring()
        self._begun = True
        self._decline_if_all_failed()

    def rings(self, leg: AgentLeg) -> None:
        """A phone rings."""
        self.call.core.facts.mention([OfferRang(contact=self.call.name, agent=self.agent), leg.recorded()])

    def answered(self, leg: AgentLeg) -> None:
        """A phone was taken off the hook. Whether the agent has the call is for the engine to say."""
        self.taken = leg
        for other in self.legs:
            if other is not leg:
                other.stop(cancel_reason("taken_elsewhere"))
        facts: list[Observed] = [OfferAnswered(contact=self.call.name, agent=self.agent), leg.recorded()]
        self.call.core.facts.insist(facts, self._check_answer)

    def failed(self, leg: AgentLeg, status: int, rang: bool) -> None:
        """A phone will not take the call."""
        self.call.core.counters[f"phones.{status}"] += 1
        self._declines.setdefault(decline_of(status, rang), status)
        self._decline_if_all_failed()

    def withdraw(self, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Take the offer back; what was answered is hung up."""
        self._withdrawn = True
        for leg in self.legs:
            leg.stop(headers)
        self.legs.clear()

    def hand_over(self) -> AgentLeg | None:
        """Give the leg that answered to the call, if one did; the offer is over."""
        taken, self.taken = self.taken, None
        self.legs.clear()
        return taken

    def _decline_if_all_failed(self) -> None:
        if self._withdrawn or not self._begun or any(leg.state != "ended" for leg in self.legs):
            return
        self._withdrawn = True
        reason: Declined = next((name for name in MOST_TELLING if name in self._declines), "unreachable")
        self.call.offer_declined(self.agent, reason, cause_of(self._declines.get(reason, 503)))

    def _check_answer(self, receipts: list[Receipt]) -> None:
        if receipts[0].error or receipts[0].refused:
            self.call.answer_refused(self.agent)
