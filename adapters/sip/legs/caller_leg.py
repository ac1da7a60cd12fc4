"""The caller's side: an INVITE that waits for its final answer, then a dialog."""

import asyncio
from collections.abc import Callable
from typing import Final

from adapters.sip.legs.leg import ALLOW, Leg, LegOwner
from adapters.sip.legs.records import CallerInvite, CustomerCall, DialogState, Joining
from adapters.sip.protocol import (
    SDP,
    Address,
    Dialog,
    Headers,
    ReliableResponses,
    Request,
    ServerTransaction,
    requires_reliable,
)
from adapters.sip.translate import CAUSE_GONE, FinalAnswer, reasons_given, release_cause

SLOT: Final = "caller"
HOPS_MAX: Final = 255
HOPS_USUAL: Final = 70
REPEAT_AFTER_NS: Final = 50_000_000_000
"""A caller hears something at least this often: proxies may give a call up after a minute of silence (§13.3.1.1)."""
QUEUED: Final = (182, "Queued", b"")
LONGEST_EXPIRY_S: Final = 86_400
TERMINATED: Final = FinalAnswer(487, "", ())
UNACKNOWLEDGED: Final = FinalAnswer(504, "", ())
NOT_SERVED: Final = FinalAnswer(480, "", ())


class CallerLeg(Leg):
    """The leg of whoever called."""

    chose_call_id = False

    def __init__(self, call: LegOwner, transaction: ServerTransaction | None) -> None:
        super().__init__(call, SLOT)
        self.invite = transaction
        """None after a restart when it had its answer long before."""
        self.first: Request | None = None
        """The INVITE, while it may be needed."""
        self.cancelled = False
        """Whether the end came from the caller's side, and is being told to the engine."""
        self._own_end = TERMINATED
        """The final answer then."""
        self._expiry: asyncio.TimerHandle | None = None
        self.said: tuple[int, str, bytes] = (0, "", b"")
        """The last provisional response above 100."""
        self.said_ns = 0
        """When it was, or 100."""
        self.reliable: ReliableResponses | None = None
        """Of callers who take provisional responses only if they may acknowledge them."""
        self._told: tuple[int, str, bytes] = (0, "", b"")
        """The last of these that was sent."""
        self.offered_late = False
        """Whether the caller left the first offer to us."""
        self.hops_left = HOPS_USUAL
        """Max-Forwards of what is sent on in the caller's name, one less than came, so that a ring of forwards ends."""
        self.resumed = False
        """Whether the INVITE is of before a restart."""
        self.recovered = False
        """Whether the 2xx is of before a restart, so that its ACK may have come before."""
        self.owed: bytes | None = None
        """The session description of a 2xx of before a restart, until it shows whether the caller has it."""
        self.kept = False
        """Whether the log knows that the caller has our answer."""
        self.asking = b""
        """The record of the leg whose place this one has by an attended transfer, until that is settled."""

    def receive(self, transaction: ServerTransaction, request: Request) -> None:
        """Begin with an INVITE. Raises MalformedMessage."""
        self.first = request
        self.said_ns = self.core.endpoint.now_ns()  # 100
        self.offered_late = not request.body
        self.hops_left = max(request.get_number("max-forwards", HOPS_MAX, HOPS_USUAL) - 1, 0)
        transaction.context = self
        if requires_reliable(request):
            self.reliable = ReliableResponses(request.cseq.number, int(self.core.endpoint.tokens.new_tag(), 16))
        self.enter(Dialog.from_request(request, transaction.local_tag, ""), request.source)
        self.renewed(request)

    def expire_after(self, seconds: int | None) -> None:
        """Let the INVITE end by itself when it has no final answer by then; None or more than a day: never."""
        if seconds is not None and seconds <= LONGEST_EXPIRY_S:
            self._expiry = asyncio.get_running_loop().call_later(seconds, self._expire)

    def _expire(self) -> None:
        """The caller's own limit has passed: the same as if the caller had given up (§13.3.1)."""
        self._expiry = None
        if self.invite is None or self.answered or self.cancelled:
            return
        self.core.counters["invites_expired"] += 1
        self.cancelled = True
        self.call.release("customer", CAUSE_GONE, self.finish)

    def _stop_expiry(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    @property
    def answered(self) -> bool:
        """Whether the INVITE has its final answer, or had it before a restart."""
        return self.owed is not None or self.invite is None or self.invite.is_final

    @property
    def shown(self) -> str:
        """How the caller is shown to agents: a From value without its tag."""
        caller = Address.parse(self._dialog().remote)
        own = self.core.endpoint.address
        user = caller.uri.user.partition(":")[0] if caller.uri.is_sip else caller.uri.opaque
        return str(Address(caller.display_name, f"sip:{user}@{own}" if user else f"sip:{own}"))

    @property
    def number_shown(self) -> str:
        """The caller's number or name, '' where it is not known."""
        caller = Address.parse(self._dialog().remote).uri
        return "" if caller.host.lower().endswith("anonymous.invalid") else caller.decoded_user

    @property
    def name_shown(self) -> str:
        """The caller's own name, '' where none is told."""
        return Address.parse(self._dialog().remote).display_name

    # --- answers

    def tell(self, status: int, phrase: str = "", body: bytes = b"") -> None:
        """Send a provisional response, and again when there is nothing else to say for long."""
        if self.invite is None or self.answered or self.cancelled:
            return
        self.said = (status, phrase, body)
        endpoint = self.core.endpoint
        self.said_ns = endpoint.now_ns()
        if self.reliable is not None:
            self._tell_reliably(self.invite, self.reliable)
            return
        body = self.origin.pass_on(body)
        content_type = SDP if body else ""
        endpoint.reply(self.invite, status, phrase, with_contact=True, content_type=content_type, body=body)

    def _tell_reliably(self, invite: ServerTransaction, reliable: ReliableResponses) -> None:
        """Say the latest once the caller has acknowledged what was said before.

        Without early media: an answer that was acknowledged could not be followed by another phone's.
        """
        if reliable.is_awaiting:
            return
        self._told = self.said
        endpoint, (status, phrase, body) = self.core.endpoint, self.said
        status = 180 if body else status
        endpoint.reply(invite, status, phrase, with_contact=True, headers=reliable.next_headers())
        endpoint.layer.repeat_until_acknowledged(invite, endpoint.now_ns())
        self.core.facts.mention([self.recorded()])

    def take_prack(self, request: Request, transaction: ServerTransaction) -> None:
        """Take the acknowledgement of what was said last. Raises MalformedMessage."""
        endpoint, reliable = self.core.endpoint, self.reliable
        refusal = self._dialog().receive_request(request)
        if refusal is not None:
            endpoint.reply(transaction, refusal.status, refusal.reason)
        elif self.invite is None or reliable is None or not reliable.acknowledge(request):
            endpoint.reply(transaction, 481)
        else:
            endpoint.layer.provisional_acknowledged(self.invite)
            endpoint.reply(transaction, 200)
            if self.said != self._told and not self.answered and not self.cancelled:
                self._tell_reliably(self.invite, reliable)

    def repeat(self, now_ns: int) -> None:
        """Say the last thing again when it is time; who has heard 100 only, as phones are silent, waits."""
        if now_ns - self.said_ns >= REPEAT_AFTER_NS:
            self.tell(*(self.said if self.said[0] else QUEUED))

    def accept(self, body: bytes) -> bool:
        """Answer with 200 and the agent's session description; False when the caller has left."""
        if self.invite is None or self.answered or self.cancelled:
            return False
        self._stop_expiry()
        endpoint = self.core.endpoint
        self._confirm_dialog(self.invite.hop.transport)
        body = self.origin.pass_on(body)
        headers = (ALLOW, *(self.session.response_headers() if self.session is not None else ()))
        content_type = SDP if body else ""
        endpoint.reply(self.invite, 200, with_contact=True, headers=headers, content_type=content_type, body=body)
        self.refreshed_ns = endpoint.now_ns()
        return True

    def finish(self, answer: FinalAnswer = NOT_SERVED) -> None:
        """End the leg, in whatever state it is."""
        self._stop_expiry()
        if self.invite is not None and not self.answered:
            answer = self._own_end if self.cancelled else answer
            self.core.endpoint.reply(self.invite, answer.status, answer.reason, headers=answer.headers)
            self.core.counters[f"answered.{answer.status}"] += 1
            self.invite.context = None
            self.close()
        else:
            self.hang_up(answer.headers)

    # --- after a restart

    def resume_answered(self, transport: str, body: bytes) -> None:
        """Go on as one who was answered with `body`: that shows, or `repeat_answer` says it again."""
        self._stop_expiry()
        self.recovered = True
        self.owed = body
        self._confirm_dialog(transport)

    def repeat_answer(self) -> bool:
        """Send the 2xx of before a restart again; False when nothing is owed."""
        body, self.owed = self.owed, None
        return body is not None and self.accept(body)

    def _confirm_dialog(self, transport: str) -> None:
        dialog = self._dialog()
        dialog.contact = self.core.endpoint.contact(transport)
        dialog.state = "confirmed"

    def is_heard(self) -> None:
        """Something shows that the caller is in the call."""
        self._believe()
        super().is_heard()

    # --- the end

    def take(self, request: Request, transaction: ServerTransaction) -> bool:
        """Take a request within the dialog, which the caller can only send who has our answer."""
        believed = self._believe()
        taken = super().take(request, transaction)
        if believed and taken and request.method != "BYE":
            self.ready()
        return taken

    def left(self, cause: int, confirm: Callable[[], None]) -> None:
        """The caller hangs up; one without a final answer gets that when the call ends."""
        self.cancelled = True
        if self.answered:
            self.close()
        self.call.release("customer", cause, confirm)

    def hang_up(self, headers: Headers = ()) -> None:
        """Send BYE, once; after the ACK that is still awaited, unless that may have come before a restart."""
        self._believe()
        super().hang_up(headers)

    def _believe(self) -> bool:
        """Wait no longer for the ACK of a 2xx of before a restart, nor send it again; False when none is awaited."""
        if not self.recovered or self.acknowledged or self.invite is None:
            return False
        layer, now_ns = self.core.endpoint.layer, self.core.endpoint.now_ns()
        if self.owed is not None:
            layer.presume_answered(self.invite, now_ns)
        else:
            layer.stop_repeating(self.invite)
        self.acknowledged, self.owed, self.first = True, None, None
        self.invite.context = None
        return True

    # --- from the transaction layer

    def on_cancel(self, request: Request) -> None:
        """The caller gives up. The answer to the INVITE waits until that is on record."""
        self.owed = None
        self.cancelled = True
        self.reasons = reasons_given(request)
        self.call.release("customer", release_cause(request), self.finish)

    def on_unreachable(self) -> None:
        """The caller's connection is gone and no other can be made: whoever cannot be told anything waits no more."""
        self.core.counters["callers_unreachable"] += 1
        self.cancelled = True
        self.call.release("network", CAUSE_GONE, self.finish)

    def on_prack_missing(self) -> None:
        """The caller has not acknowledged what was said, so it does not arrive; the call is refused (RFC 3262 §3)."""
        if self.resumed and self.reliable is not None:
            self.reliable.is_awaiting = False  # what was said last before the restart is not known for sure
            return
        self.core.counters["callers_unreachable"] += 1
        self.cancelled, self._own_end = True, UNACKNOWLEDGED
        self.call.release("network", CAUSE_GONE, self.finish)

    def on_ack(self, request: Request) -> None:
        """The 2xx has arrived."""
        self.acknowledged = True
        self.in_doubt = False
        self.first = None
        if request.body:
            self.renewed(request)
        self.call.caller_acknowledged(request.body)
        if self.bye is not None:
            self.hang_up(self.bye)
        self.ready()

    def on_ack_missing(self) -> None:
        """The 2xx never arrived, so the call is over; unless, after a restart, something else was heard."""
        self.acknowledged = True
        self.first = None
        if self.recovered and not self.in_doubt:
            return
        self.core.counters["callers_lost"] += 1
        self.call.release("network", 102)
        if self.bye is not None:
            self.hang_up(self.bye)

    def record(self) -> CallerInvite | CustomerCall | DialogState | Joining:
        """What it is by itself, and that it is on its way to another agent."""
        own = self.own_record()
        return Joining(own.encode(), self.asking) if self.asking else own

    def own_record(self) -> CallerInvite | CustomerCall | DialogState:
        """The INVITE until something has changed since the answer."""
        if self.first is not None and self.first.source is not None and self.invite is not None:
            rseq = self.reliable.rseq if self.reliable is not None else 0
            return CallerInvite(self.first.raw, self.first.source, self.invite.local_tag, rseq)
        return DialogState("", self._dialog(), self.flow, self.origin, self.sdp, self.call.holds.by_desk)
