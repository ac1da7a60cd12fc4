"""Legs of before a restart, made again from what the log kept of them.

CSeq numbers continue with a gap, as those used last are not in the log. Whatever session timer was agreed, it is we who
show that the session lives.
"""

from typing import Final

from adapters.sip.core import Core
from adapters.sip.legs.caller_leg import CallerLeg
from adapters.sip.legs.leg import Leg, LegOwner
from adapters.sip.legs.offer import AgentLeg, Offer
from adapters.sip.legs.records import AgentAnswer, AgentInvite, CallerInvite, DialogState
from adapters.sip.protocol import Dialog, LocalProtocolError, Request, Response, SessionTimer, parse_datagram
from adapters.sip.registration.phones import Target

SEQ_GAP: Final = 1000


def invite_of(record: CallerInvite) -> Request:
    """Return a caller's INVITE. Raises LocalProtocolError and MalformedMessage."""
    request = parse_datagram(record.raw, record.source)
    if not isinstance(request, Request):
        raise LocalProtocolError("the record of the caller holds no request")
    return request


def resume_dialog(leg: Leg, record: DialogState) -> None:
    """Go on with a dialog as it was."""
    record.dialog.local_seq += SEQ_GAP
    leg.enter(record.dialog, record.flow)
    leg.origin = record.origin
    leg.sdp = record.sdp
    leg.acknowledged = True
    leg.in_doubt = True
    leg.session = _own_session(leg.core)
    leg.refreshed_ns = leg.core.endpoint.now_ns()


def resume_caller(leg: CallerLeg, record: CallerInvite) -> None:
    """Go on with the dialog of an INVITE that had its 2xx: nothing is to be answered."""
    invite = invite_of(record)
    dialog = Dialog.from_request(invite, record.local_tag, leg.core.endpoint.contact(record.source.transport))
    dialog.state = "confirmed"
    dialog.local_seq += SEQ_GAP
    leg.enter(dialog, record.source)
    leg.renewed(invite)
    leg.acknowledged = True
    leg.in_doubt = True
    leg.session = _own_session(leg.core)


def resume_talking(call: LegOwner, caller: CallerLeg, slot: str, record: AgentAnswer | DialogState) -> AgentLeg:
    """Return the leg of an agent whose phone had answered. Raises LocalProtocolError and MalformedMessage."""
    offer = Offer(call, caller, record.agent, "", b"")
    if isinstance(record, DialogState):
        leg = AgentLeg(offer, slot, Target(record.dialog.remote_target, record.flow or record.dialog.next_hop()))
        resume_dialog(leg, record)
    else:
        leg = AgentLeg(offer, slot, Target("", record.hop))
        response = parse_datagram(record.raw, record.hop)
        if not isinstance(response, Response):
            raise LocalProtocolError("the record of the agent's phone holds no response")
        leg.answer = response
        leg.origin.pass_on(record.offered)
        leg.enter(Dialog.from_response(response, leg.core.endpoint.contact(record.hop.transport)), record.hop)
        leg.renewed(response)
        leg.session = _own_session(leg.core)
        leg.in_doubt = True
    leg.state = "connected"
    offer.taken = leg
    return leg


def resume_ringing(offer: Offer, slot: str, record: AgentInvite) -> AgentLeg:
    """Return the leg of a phone that rang, whose answer is taken. Raises LocalProtocolError and MalformedMessage."""
    invite = parse_datagram(record.raw)
    if not isinstance(invite, Request):
        raise LocalProtocolError("the record of a ringing phone holds no request")
    leg = AgentLeg(offer, slot, Target(invite.target, record.hop))
    endpoint = leg.core.endpoint
    leg.invite = invite
    leg.state = "ringing"
    leg.origin.pass_on(invite.body)
    leg.transaction = endpoint.layer.resume_client(invite, record.hop, leg, endpoint.now_ns())
    return leg


def leave_gap(leg: Leg) -> None:
    """Pass over the CSeq numbers that were used last."""
    leg._dialog().local_seq += SEQ_GAP


def _own_session(core: Core) -> SessionTimer:
    return SessionTimer(core.policy.interval_s, True, "uac", False)
