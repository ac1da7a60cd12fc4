"""Hold and resume at the agent's word from elsewhere, as a desk: offers of our own to both sides.

Nobody here sends music: on hold, nothing is sent either way, and both phones show it.
"""

from collections.abc import Callable
from typing import Protocol

from adapters.sip.calls.held import forget_holds, is_held, tell_engine
from adapters.sip.calls.leg import Leg, LegOwner
from adapters.sip.calls.offer_answer import with_direction
from adapters.sip.calls.reinvite import OwnOffer, media_of
from adapters.sip.protocol import is_on_hold
from engine.messages.observed import ContactHeld


class Talk(LegOwner, Protocol):
    """A call with both sides on the line."""

    @property
    def caller(self) -> Leg: ...


def hold(call: Talk) -> None:
    """Silence the customer's side, then the agent's; the engine is told once the customer's has answered."""
    agent = call.peer_of(call.caller)
    if agent is None or call.desk_holds:
        return

    def held(_answer: bytes) -> None:
        if call.desk_holds or not _talk(call, agent):
            return
        was_held = is_held(call)
        call.desk_holds = True
        call.core.counters["holds"] += 1
        if not was_held:
            call.core.facts.mention([ContactHeld(contact=call.name)])
        _keep(call)
        _offer(agent, with_direction(agent.origin.sent, "inactive"), lambda _answer: _keep(call))

    _offer(call.caller, with_direction(call.caller.origin.sent, "inactive"), held)


def resume(call: Talk) -> None:
    """Let both sides hear each other again: the agent's first, whose answer is what the customer's side is offered.

    A phone that holds the call itself goes on doing so, and takes it back itself.
    """
    agent = call.peer_of(call.caller)
    if agent is None:
        return
    heard = media_of(call.caller.sdp)

    def agreed(answer: bytes) -> None:
        if not _talk(call, agent):
            return
        if answer and not is_on_hold(answer):
            _offer(call.caller, answer, resumed)
        elif answer:
            call.held_by.add(agent)
            call.desk_holds = False
            _keep(call)

    def resumed(answer: bytes) -> None:
        if not _talk(call, agent):
            return
        was_held = forget_holds(call)
        if answer and is_on_hold(answer):
            call.held_by.add(call.caller)
        tell_engine(call, was_held)
        _keep(call)
        if answer and (is_on_hold(answer) or media_of(answer) != heard):
            _offer(agent, answer, lambda _answer: _keep(call))

    _offer(agent, with_direction(call.caller.sdp, "sendrecv"), agreed)


def _talk(call: Talk, agent: Leg) -> bool:
    """Whether these two are still on the line."""
    return call.peer_of(call.caller) is agent and not agent.closed and not call.caller.closed


def _offer(leg: Leg, body: bytes, then: Callable[[bytes], None]) -> None:
    """Offer it under a version of our own: the description is ours, even where its words are the peer's."""
    leg.origin.replaced = True
    OwnOffer(leg, body, then).begin()


def _keep(call: Talk) -> None:
    """Keep what changed for a restart."""
    sides = (call.caller, call.peer_of(call.caller))
    call.core.facts.mention([side.recorded() for side in sides if side is not None and side.acknowledged])
