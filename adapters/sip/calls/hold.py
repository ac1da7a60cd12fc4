"""Hold and resume at the agent's word from elsewhere, as a desk: offers of our own to both sides.

Nobody here sends music: on hold, nothing is sent either way, and both phones show it.
"""

from collections.abc import Callable
from typing import Protocol

from adapters.sip.calls.leg import Leg, LegOwner
from adapters.sip.calls.offer_answer import with_direction
from adapters.sip.calls.reinvite import OwnOffer
from adapters.sip.protocol import is_on_hold
from engine.messages.observed import ContactHeld, ContactResumed


class Talk(LegOwner, Protocol):
    """A call with both sides on the line."""

    @property
    def caller(self) -> Leg: ...


def hold(call: Talk) -> None:
    """Silence the customer's side, then the agent's; the engine is told once the customer's has answered."""
    agent = call.peer_of(call.caller)
    if agent is None or call.held_by:
        return

    def held(_answer: bytes) -> None:
        if not _talk(call, agent):
            return
        call.held_by.add(agent)
        call.core.counters["holds"] += 1
        call.core.mention([ContactHeld(contact=call.name)])
        _offer(agent, with_direction(agent.origin.sent, "inactive"), lambda _answer: _keep(call))

    _offer(call.caller, with_direction(call.caller.origin.sent, "inactive"), held)


def resume(call: Talk) -> None:
    """Let both sides hear each other again: the agent's first, whose answer is what the customer's side is offered."""
    agent = call.peer_of(call.caller)
    if agent is None:
        return

    def agreed(answer: bytes) -> None:
        if not _talk(call, agent) or not answer or is_on_hold(answer):
            return  # that phone holds the call itself
        _offer(call.caller, answer, resumed)

    def resumed(_answer: bytes) -> None:
        if not _talk(call, agent):
            return
        call.held_by.clear()
        call.core.mention([ContactResumed(contact=call.name)])
        _keep(call)

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
    call.core.mention([side.recorded() for side in sides if side is not None and side.acknowledged])
