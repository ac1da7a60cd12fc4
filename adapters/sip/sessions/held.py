"""What the engine is told of who holds a call, and what is kept of it for a restart."""

from adapters.sip.legs.leg import Leg, LegOwner
from adapters.sip.protocol import direction_of, is_on_hold
from engine.messages.observed import ContactHeld, ContactResumed


def note_hold(offerer: Leg, offer: bytes, answer: bytes = b"") -> None:
    """Note who holds the call after an offer of one side, and the answer to it where that is known by now.

    The engine is told if that changes the call, and what changed is kept for a restart.
    """
    call = offerer.call
    was_held = call.holds.is_on
    _mark(call, offerer, bool(offer) and is_on_hold(offer))
    peer = call.peer_of(offerer)
    if peer is not None and answer and direction_of(offer) == "sendrecv":
        _mark(call, peer, is_on_hold(answer))  # to any other offer, it may not say so
    tell_engine(call, was_held)
    call.core.facts.mention([side.recorded() for side in (offerer, peer) if side is not None and side.acknowledged])


def tell_engine(call: LegOwner, was_held: bool) -> None:
    """Tell the engine whether the call is on hold now, if that is new."""
    if was_held != call.holds.is_on:
        call.core.facts.mention([ContactResumed(contact=call.name) if was_held else ContactHeld(contact=call.name)])


def take_up_hold(call: LegOwner, caller: Leg, agent: Leg, *, by_desk: bool) -> None:
    """Go on with a call that was on hold before a restart."""
    call.holds.by_desk = by_desk
    if not by_desk:
        call.holds.by_phones = {side for side in (caller, agent) if is_on_hold(side.sdp)} or {caller}


def _mark(call: LegOwner, side: Leg, holds: bool) -> None:
    if holds:
        call.holds.by_phones.add(side)
    else:
        call.holds.by_phones.discard(side)
