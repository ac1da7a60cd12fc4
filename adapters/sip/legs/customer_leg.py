"""The side of a customer who is called back: our INVITE through a trunk, its answer, then a dialog as callers have."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from adapters.sip.legs.caller_leg import CallerLeg
from adapters.sip.legs.leg import ALLOW, LegOwner
from adapters.sip.legs.places import Places
from adapters.sip.legs.records import CustomerCall, DialogState
from adapters.sip.protocol import (
    SDP,
    ClientTransaction,
    Dialog,
    Headers,
    Hop,
    LocalProtocolError,
    MalformedMessage,
    Request,
    Response,
    SessionTimer,
    agreed_session_timer,
    authorization_for,
    build_request,
    parse_datagram,
    session_timer_headers,
    wanted_min_se_s,
)
from adapters.sip.settings import SECOND_NS
from adapters.sip.ways_out import Route, dialled


class CustomerCaller(LegOwner, Protocol):
    """What a customer's leg tells its call."""

    def customer_rings(self, body: bytes) -> None:
        """The customer's phone rings; `body` is early media."""

    def customer_answered(self) -> None:
        """The customer is on the line."""

    def unreached(self, status: int, then: Callable[[], None] | None = None) -> None:
        """The customer is not: this is the final status."""


class CustomerLeg(CallerLeg):
    """The customer's side. States: idle, finding, recording, calling, ringing, answered, cancelled, ended."""

    chose_call_id = True

    def __init__(self, call: CustomerCaller, number: str, attempt: int) -> None:
        super().__init__(call, None)
        self._owner = call
        self.number = number
        self.attempt = attempt
        """The attempts begun so far."""
        self.state = "idle"
        self._route: Route | None = None
        self._places: Places | None = None
        """The addresses of the way out."""
        self._offered = b""
        self._sent: Request | None = None
        self._transaction: ClientTransaction | None = None
        self._min_se_s = 0
        """What a 422 has asked for."""
        self._challenges: dict[int, Response] = {}
        """The 401 and the 407 that ask for a password."""
        self._proofs: Counter[int] = Counter()
        """How often each was answered."""
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def shown(self) -> str:
        """How the customer is shown to agents: a From value without its tag."""
        return f'"Callback" <sip:{dialled(self.number).replace("#", "%23")}@{self.core.endpoint.address}>'

    @property
    def number_shown(self) -> str:
        """The customer's number."""
        return self.number

    @property
    def name_shown(self) -> str:
        """The number is all that is known of whom to call."""
        return ""

    # --- out

    def dial(self, route: Route, body: bytes) -> None:
        """Call the customer, offering the agent's session description; nothing is sent before it is on record."""
        core = self.core
        self.attempt += 1
        self._route, self._offered, self._sent = route, body, None
        self.state = "finding"
        self._places = Places(core.endpoint, core.unwanted_answers, route.hop, self._call_at)
        self._places.begin()

    def _call_at(self, hop: Hop) -> None:
        """Call at one address of the way out."""
        route, sent = self._route, self._sent
        if self.state not in ("finding", "calling") or route is None:
            return  # the agent was faster to give up
        try:
            if sent is None:
                self._begin(route, hop, self._offered)
            else:
                self.core.counters["callbacks.next_address"] += 1
                self._challenges.clear()
                self._again(sent, hop, [])
        except LocalProtocolError:
            self._fail(503)

    def _begin(self, route: Route, hop: Hop, body: bytes) -> None:
        endpoint = self.core.endpoint
        settings, transport, target = route.settings, hop.transport, route.target(dialled(self.number))
        self._sent = build_request(
            "INVITE",
            target,
            via=endpoint.layer.new_via(transport),
            from_=f"<sip:{settings.caller_id.replace('#', '%23')}@{endpoint.address}>;tag={endpoint.tokens.new_tag()}",
            to=f"<{target}>",
            call_id=endpoint.tokens.new_call_id(),
            cseq=1,
            contact=endpoint.contact(transport),
            headers=[ALLOW, *session_timer_headers(self.core.policy), ("X-Contact", self.call.name)],
            content_type=SDP,
            body=self.origin.pass_on(body),
        )
        self.state = "recording"
        self.core.facts.insist([self.recorded()], lambda _receipts: self._send())

    def resume(self, record: CustomerCall, route: Route, *, only_to_end: bool = False) -> None:
        """Go on after a restart: the INVITE may have been sent or not, so it is repeated, unless it only is to end.

        Raises LocalProtocolError and MalformedMessage.
        """
        invite = parse_datagram(record.raw, record.hop)
        if not isinstance(invite, Request) or record.hop is None:
            raise LocalProtocolError("the record of the customer holds no request")
        endpoint = self.core.endpoint
        self._route, self._sent = route, invite
        self._places = Places(endpoint, self.core.unwanted_answers, route.hop, self._call_at)
        self._places.take_up(record.hop)
        self.origin.pass_on(invite.body)
        self.state = "calling"
        self._transaction = endpoint.layer.resume_client(invite, record.hop, self, endpoint.now_ns())
        if not only_to_end:
            endpoint.send_once(invite, record.hop)
            self._limit()

    def finish(self, answer: object = None) -> None:
        """End the leg, in whatever state it is."""
        self.hang_up(getattr(answer, "headers", ()))

    def hang_up(self, headers: Headers = ()) -> None:
        """Take the INVITE back, or send BYE."""
        self._stop_alarm()
        if self.state == "answered":
            super().hang_up(headers)
            return
        if self.state in ("calling", "ringing") and self._transaction is not None:
            self.core.endpoint.cancel(self._transaction, tuple(headers))
            self.state = "cancelled"
        else:
            self.state = "ended"
        self.closed = True

    def own_record(self) -> CustomerCall | DialogState:
        """What there is by now."""
        if self.state == "answered":
            return DialogState("", self._dialog(), self.flow, self.origin, self.sdp, self.call.holds.by_desk)
        if self._sent is not None and self._places is not None and self.state in ("recording", "calling", "ringing"):
            return CustomerCall(self.attempt, self._sent.raw, self._places.hop)
        return CustomerCall(self.attempt)

    def _send(self) -> None:
        if self.state != "recording" or self._sent is None or self._places is None:
            return  # the agent was faster to give up
        self.state = "calling"
        try:
            self._transaction = self.core.endpoint.send(self._sent, self._places.hop, self)
            self._places.called(self._transaction)
        except LocalProtocolError:
            self._fail(503)
        else:
            if self._alarm is None:  # else it is the same call, once more
                self.core.counters["callbacks.dialled"] += 1
                self._limit()

    def _again(self, first: Request, hop: Hop, headers: Headers) -> None:
        """Send the INVITE once more, as the answers so far ask for, and not before that is on record."""
        endpoint = self.core.endpoint
        self._sent = build_request(
            "INVITE",
            first.target,
            via=endpoint.layer.new_via(hop.transport),
            from_=first.get("from"),
            to=first.get("to"),
            call_id=first.call_id,
            cseq=first.cseq.number + 1,
            contact=first.get("contact"),
            headers=[
                ALLOW,
                *session_timer_headers(self.core.policy, self._min_se_s),
                ("X-Contact", self.call.name),
                *headers,
            ],
            content_type=SDP,
            body=first.body,
        )
        self.state = "recording"
        self.core.facts.insist([self.recorded()], lambda _receipts: self._send())

    def _limit(self) -> None:
        limit_s = self.core.settings.callbacks.ring_limit_ns / SECOND_NS
        self._alarm = asyncio.get_running_loop().call_later(limit_s, self._rang_out)

    def _rang_out(self) -> None:
        self._alarm = None
        if self.state in ("recording", "calling", "ringing"):
            rang = self.state == "ringing"
            self.hang_up((("Reason", 'Q.850;cause=19;text="no answer"'),))
            self._owner.unreached(408 if rang else 504)

    def _stop_alarm(self) -> None:
        if self._places is not None:
            self._places.settle()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    # --- from the transaction layer

    def on_response(self, transaction: ClientTransaction, response: Response) -> None:
        """Take what the customer's side says to the INVITE."""
        if transaction is not self._transaction:
            return
        if self._places is not None:
            self._places.settle()
        try:
            if response.status < 200:
                self._progress(response)
            elif response.status < 300:
                self._success(transaction, response)
            else:
                self._failure(response)
        except (MalformedMessage, LocalProtocolError):
            self.core.counters["bad_answers"] += 1
            self._fail(500)

    def on_failure(self, _transaction: ClientTransaction, status: int) -> None:
        """No answer came, or the trunk cannot be reached: not the customer's silence."""
        if self._goes_on(status):
            return
        self._fail(504 if status == 408 else status)

    def _progress(self, response: Response) -> None:
        if response.status == 100 or self.state not in ("calling", "ringing"):
            return
        self.state = "ringing"
        body = response.body if response.content_type == SDP else b""
        self.sdp = body or self.sdp
        self._owner.customer_rings(body)

    def _success(self, transaction: ClientTransaction, response: Response) -> None:
        if self.state not in ("calling", "ringing"):
            self.core.unwanted_answers.answer(response)  # it crossed our CANCEL
            return
        self._stop_alarm()
        contact = self.core.endpoint.contact(transaction.hop.transport)
        self.enter(Dialog.from_response(response, contact), response.source)
        self.state = "answered"
        self.renewed(response)
        self.session = agreed_session_timer(response) or SessionTimer(self.core.policy.interval_s, True, "uac", False)
        self.acknowledged = True
        self.acknowledge(transaction, response)
        self._owner.customer_answered()
        self.ready()

    def _failure(self, response: Response) -> None:
        first, route, places, status = self._sent, self._route, self._places, response.status
        if self._goes_on(status):
            return
        if self.state in ("calling", "ringing") and route is not None and places is not None and first is not None:
            if status == 422 and not self._min_se_s:
                self._min_se_s = wanted_min_se_s(response)
                self._again(first, places.hop, self._answers_to_challenges(first, route))
                return
            if status in (401, 407) and route.settings.user and status not in self._challenges:
                self._challenges[status] = response
                if proofs := self._answers_to_challenges(first, route):
                    self._again(first, places.hop, proofs)
                    return
        self._fail(status)

    def _goes_on(self, status: int) -> bool:
        """Whether the customer is called at another address of the way out: nothing has rung at this one."""
        return self.state == "calling" and self._places is not None and self._places.go_on(status)

    def _answers_to_challenges(self, invite: Request, route: Route) -> Headers:
        """The proofs that we know the password: each answer to a nonce has a count of its own (RFC 7616 §3.4.5)."""
        user, password = route.settings.user, route.settings.password
        proofs = []
        for status, challenge in self._challenges.items():
            self._proofs[status] += 1
            cnonce = self.core.endpoint.tokens.new_tag()
            proofs.append(authorization_for(challenge, invite, user, password, cnonce, self._proofs[status]))
        return [] if None in proofs else [proof for proof in proofs if proof is not None]

    def _fail(self, status: int) -> None:
        self._stop_alarm()
        if self.state in ("finding", "calling", "ringing"):
            self.state = "ended"
            self.closed = True
            self._owner.unreached(status)
        elif self.state == "cancelled":
            self.state = "ended"
