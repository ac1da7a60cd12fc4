"""Who holds a call: phones, told from what each side offers and answers, and a desk, told by nobody's words."""

from adapters.sip.calls.leg import Leg, LegOwner
from adapters.sip.protocol import direction_of, is_on_hold
from engine.messages.observed import ContactHeld, ContactResumed


def note_hold(offerer: Leg, offer: bytes, answer: bytes = b"") -> None:
    """Note who holds the call after an offer of one side, and the answer to it where that is known by now.

    The engine is told if that changes the call, and what changed is kept for a restart.
    """
    call = offerer.call
    was_held = is_held(call)
    _mark(call, offerer, bool(offer) and is_on_hold(offer))
    peer = call.peer_of(offerer)
    if peer is not None and answer and direction_of(offer) == "sendrecv":
        _mark(call, peer, is_on_hold(answer))  # to any other offer, it may not say so
    tell_engine(call, was_held)
    call.core.facts.mention([side.recorded() for side in (offerer, peer) if side is not None and side.acknowledged])


def forget_holds(call: LegOwner) -> bool:
    """Who holds is out of the call; returns whether somebody did."""
    was_held = is_held(call)
    call.held_by.clear()
    call.desk_holds = False
    return was_held


def is_held(call: LegOwner) -> bool:
    """Whether anybody holds the call."""
    return call.desk_holds or bool(call.held_by)


def tell_engine(call: LegOwner, was_held: bool) -> None:
    """Tell the engine whether the call is on hold now, if that is new."""
    if was_held != is_held(call):
        call.core.facts.mention([ContactResumed(contact=call.name) if was_held else ContactHeld(contact=call.name)])


def take_up_hold(call: LegOwner, caller: Leg, agent: Leg, *, by_desk: bool) -> None:
    """Go on with a call that was on hold before a restart."""
    call.desk_holds = by_desk
    if not by_desk:
        call.held_by = {side for side in (caller, agent) if is_on_hold(side.sdp)} or {caller}


def _mark(call: LegOwner, side: Leg, holds: bool) -> None:
    if holds:
        call.held_by.add(side)
    else:
        call.held_by.discard(side)
