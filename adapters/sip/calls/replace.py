"""An INVITE with Replaces: another phone takes the caller's place in a call that goes on (RFC 3891)."""

from collections.abc import Callable

from adapters.sip.calls.call import Call, Calls, Phase
from adapters.sip.legs.caller_leg import CallerLeg
from adapters.sip.legs.leg import OverCall
from adapters.sip.protocol import (
    DialogId,
    Hop,
    Refusal,
    Replaces,
    Request,
    ServerTransaction,
    answer_session_timer,
)
from adapters.sip.protocol.offer_answer import with_direction
from adapters.sip.sessions.held import tell_engine
from adapters.sip.sessions.reinvite import RETRIES_MAX, OwnOffer
from adapters.sip.sessions.relay import PENDING
from adapters.sip.translate import FinalAnswer

AreTogether = Callable[[Hop | None, Hop | None], bool]
"""Whether two sources are one side: one host, or one trunk group."""


def replace(
    calls: Calls, are_together: AreTogether, transaction: ServerTransaction, request: Request, replaces: Replaces
) -> None:
    """Take an INVITE that replaces a caller's dialog. Raises MalformedMessage."""
    core = calls.core
    leg = calls.dialogs.get(DialogId(replaces.call_id, replaces.to_tag, replaces.from_tag))
    refusal = _obstacle(are_together, leg, replaces, request)
    session = answer_session_timer(request, core.policy)
    if refusal is None and isinstance(session, Refusal):
        refusal = session
    if refusal is not None or isinstance(session, Refusal):
        assert refusal is not None, "a session that is refused is a refusal"
        core.counters["replacements_refused"] += 1
        core.endpoint.reply(transaction, refusal.status, headers=refusal.headers)
        return
    assert leg is not None, "checked"
    call = leg.call
    assert isinstance(call, Call), "checked"
    fresh = ReplacingLeg(call, transaction)
    fresh.receive(transaction, request)
    fresh.session = session
    Replacement(call, fresh).begin()


def _obstacle(are_together: AreTogether, leg: object, replaces: Replaces, request: Request) -> Refusal | None:
    if not isinstance(leg, CallerLeg) or leg.closed or not isinstance(leg.call, Call) or leg.call.caller is not leg:
        return Refusal(481)
    if not are_together(leg.flow, request.source):
        return Refusal(403)  # the tags of a dialog are no secret, so they are no proof (RFC 3891 §8)
    if leg.call.phase != Phase.TALKING or leg.call.agent is None:
        return Refusal(603)
    if replaces.early_only:
        return Refusal(486)
    if not request.body:
        return Refusal(488)  # the agent's phone would have to make an offer in the middle of a call
    legs, holds = (leg, leg.call.agent), leg.call.holds
    between_words = holds.settling or holds.asked is not None or any(one.is_busy or one.next_out for one in legs)
    return PENDING if between_words else None


class ReplacingLeg(CallerLeg):
    """A caller's side that is not yet part of the call."""

    def on_cancel(self, _request: Request) -> None:
        """It gives up; the call stays as it was."""
        self.on_unreachable()

    def on_unreachable(self) -> None:
        """It is gone; the call stays as it was."""
        self.cancelled = True
        self.finish()


class Replacement(OwnOffer):
    """The new phone's offer on its way to the agent; with the agent's answer the caller's place is taken."""

    def __init__(self, call: Call, fresh: CallerLeg) -> None:
        assert call.agent is not None, "only connected calls have their caller replaced"
        super().__init__(call.agent, _heard(call, fresh), self._take_place)
        self._call = call
        self._fresh = fresh
        call.holds.settle()
        self._tries = RETRIES_MAX  # whoever wants the place tries again

    def _take_place(self, answer: bytes) -> None:
        call, fresh, former = self._call, self._fresh, self._call.caller
        if call.phase != Phase.TALKING or not fresh.accept(answer):
            fresh.finish()
            if call.phase == Phase.TALKING:
                OwnOffer(self.leg, _heard(call, former), _nothing).begin()
            call.holds.settled()
            return
        call.core.counters["replacements"] += 1
        call.caller = fresh
        was_held = call.holds.is_on
        call.holds.by_phones.discard(former)
        tell_engine(call, was_held)
        call.core.facts.insist([fresh.recorded()])
        former.hang_up()
        former.call = OverCall(call)
        call.holds.settled()

    def give_way(self) -> None:
        """The agent's phone is asked nothing any more."""
        self._fresh.finish(FinalAnswer(PENDING.status, "", ()))
        self._call.holds.settled()

    def _fail(self, status: int) -> None:
        super()._fail(status)
        self._fresh.finish(FinalAnswer(status if 400 <= status < 700 else 500, "", ()))
        self._call.holds.settled()


def _heard(call: Call, caller: CallerLeg) -> bytes:
    """What the agent's phone is told of a caller's media: nothing moves while a desk holds the call."""
    return with_direction(caller.sdp, "inactive") if call.holds.by_desk else caller.sdp


def _nothing(_answer: bytes) -> None:
    """For offers whose answer changes nothing."""
