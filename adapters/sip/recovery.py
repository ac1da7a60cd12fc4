"""The calls of before a restart, taken up from what the log kept of their legs.

A waiting caller's INVITE is answered by this process as if it had received it. A phone that rang goes on ringing: its
answer is taken, or its INVITE taken back. A phone whose INVITE was not answered at all, not even by 180, is called
again. Connected calls go on; an ACK that may not have left is sent again, and a 200 where the caller stays silent. Of a
contact given back as closed, what is still up is ended, and nothing begins. Each leg by itself: legs/resumed.py.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Final

from adapters.sip.arrivals import expires_s
from adapters.sip.calls.attended import CAUSE_NORMAL, tell_each_other
from adapters.sip.calls.call import Call, Calls, Phase
from adapters.sip.calls.callback import Callback
from adapters.sip.legs.caller_leg import REPEAT_AFTER_NS, CallerLeg
from adapters.sip.legs.leg import OverCall
from adapters.sip.legs.offer import AgentLeg, Offer
from adapters.sip.legs.records import (
    AgentAnswer,
    AgentInvite,
    CallerInvite,
    CustomerCall,
    DialogState,
    Joining,
    LegRecord,
    Moved,
    decode_leg,
)
from adapters.sip.legs.resumed import (
    invite_of,
    leave_gap,
    resume_caller,
    resume_dialog,
    resume_ringing,
    resume_talking,
)
from adapters.sip.protocol import (
    LocalProtocolError,
    MalformedMessage,
    Refusal,
    answer_session_timer,
    is_on_hold,
    parse_datagram,
)
from adapters.sip.protocol.offer_answer import held_answer
from adapters.sip.sessions.held import take_up_hold
from adapters.sip.sessions.reinvite import media_of, park, reconnect
from adapters.sip.translate import cancel_reason
from engine.messages.effects import OfferContact
from engine.messages.observed import ContactReleased, Observed
from engine.ports import OpenContact

logger = logging.getLogger(__name__)

CONNECTED: Final = frozenset({"connected", "held"})
OF_PHONES: Final = (AgentInvite, AgentAnswer, DialogState)
"""Records of agents' phones, apart from the caller's."""


def ringing_agents(contacts: Iterable[OpenContact]) -> frozenset[str]:
    """Agents at whose phones something rings."""
    return frozenset(agent for contact in contacts if contact.state not in CONNECTED for agent in contact.agents)


def recover(calls: Calls, contacts: Sequence[OpenContact]) -> None:
    """Take up all calls; those that cannot be are released, and the engine is told so."""
    core = calls.core
    lost: list[Observed] = []
    names = frozenset(contact.contact for contact in contacts)
    for contact in contacts:
        try:
            _Recovery(calls, contact, names).run()
            core.counters["calls_recovered"] += 1
        except (LocalProtocolError, MalformedMessage) as error:
            logger.warning("call %s cannot be taken up: %s", contact.contact, error)
            core.counters["calls_lost"] += 1
            call = calls.by_name.get(contact.contact)
            if call is not None:
                call.finish()
            if not contact.closed:
                lost.append(ContactReleased(contact=contact.contact, by="system", cause=41))
    if lost:
        core.facts.insist(lost)


class _Recovery:
    """One call."""

    def __init__(self, calls: Calls, contact: OpenContact, names: frozenset[str]) -> None:
        self._calls = calls
        self._names = names
        """Of every contact that is taken up."""
        self._core = calls.core
        self._contact = contact
        self._asking = b""
        """The leg of who has asked around for the caller, where an attended transfer was not settled."""
        self._by_desk = False
        """Whether a desk held the call when its last record was written."""
        self._legs: dict[str, LegRecord] = {slot: decode_leg(record) for slot, record in contact.legs.items()}

    def run(self) -> None:
        """Take it up. Raises LocalProtocolError and MalformedMessage."""
        caller = self._legs.pop("caller", None)
        if isinstance(caller, Moved):
            if caller.to in self._names:
                self._leave_caller()
                return
            caller = decode_leg(caller.record)
        if isinstance(caller, Joining):
            self._asking = caller.asking
            caller = decode_leg(caller.record)
        self._by_desk = isinstance(caller, DialogState) and caller.desk_holds
        if self._contact.call_back:
            self._take_up_callback(caller)
            return
        call = self._with_caller(caller)
        if self._asking:
            self._hang_up_asking(call)
        if self._contact.state in CONNECTED:
            self._connect(call)
            return
        if call.phase == Phase.PARKED and not self._contact.closed:
            self._park(call.caller)
        self._resume_offers(call)

    def _with_caller(self, record: LegRecord | None) -> Call:
        """The call with its caller alone."""
        contact = self._contact
        if isinstance(record, CallerInvite) and not self._was_answered:
            return self._with_invite(record)
        call = Call(self._calls, contact.contact, None)
        if isinstance(record, CallerInvite):
            resume_caller(call.caller, record)
            call.caller.origin.pass_on(self._heard_before())
        elif isinstance(record, DialogState):
            resume_dialog(call.caller, record)
            call.caller.kept = True
        else:
            raise LocalProtocolError("nothing is known of the caller")
        call.phase = Phase.PARKED
        return call

    @property
    def _was_answered(self) -> bool:
        """Whether the caller of an INVITE had a 2xx before what stands in the log: it is over, or waits once more."""
        contact = self._contact
        return contact.closed if contact.state in CONNECTED else contact.was_connected

    def _heard_before(self) -> bytes:
        """The session description of the agent whom the caller was connected with."""
        for record in self._legs.values():
            if isinstance(record, AgentAnswer | DialogState) and record.agent not in self._contact.agents:
                return record.sdp if isinstance(record, DialogState) else parse_datagram(record.raw, record.hop).body
        return b""

    def _park(self, caller: CallerLeg) -> None:
        """Put a caller on hold who waits for another agent, unless the process had done so."""
        sent = caller.origin.sent
        if self._core.settings.park_on_transfer and sent and not is_on_hold(sent):
            park(caller)

    def _hang_up_asking(self, call: Call) -> None:
        """End the leg of the agent whose place the caller has."""
        leg, record = CallerLeg(OverCall(call), None), decode_leg(self._asking)
        if isinstance(record, CallerInvite):
            resume_caller(leg, record)
        elif isinstance(record, DialogState):
            resume_dialog(leg, record)
        else:
            raise LocalProtocolError("nothing is known of the leg that asked")
        leg.hang_up()

    def _leave_caller(self) -> None:
        """The caller has gone over to another contact, which is taken up too: only the agent's phone is left here."""
        call = Call(self._calls, self._contact.contact, None)
        call.let_go()
        self._connect(call)
        # The process may have died between the two facts; a contact that has ended does not mind.
        self._core.facts.insist([ContactReleased(contact=call.name, by="agent", cause=CAUSE_NORMAL)])

    def _with_invite(self, record: CallerInvite) -> Call:
        core = self._core
        request = invite_of(record)
        transaction = core.endpoint.layer.resume_server(request, record.local_tag, core.endpoint.now_ns())
        call = Call(self._calls, self._contact.contact, transaction)
        call.caller.receive(transaction, request)
        call.caller.resumed = True
        if call.caller.reliable is not None and record.rseq:
            call.caller.reliable.rseq = record.rseq
        call.caller.expire_after(expires_s(request))
        call.caller.said_ns -= REPEAT_AFTER_NS  # said again soon, it shows who is still there
        session = answer_session_timer(request, core.policy)
        call.caller.session = None if isinstance(session, Refusal) else session
        return call

    def _connect(self, call: Call) -> None:
        """The caller talks to an agent, or was about to."""
        agents = self._contact.agents
        found = [
            (slot, record)
            for slot, record in self._legs.items()
            if isinstance(record, AgentAnswer | DialogState) and record.agent in agents
        ]
        if not found:
            raise LocalProtocolError("nothing is known of the agent's phone")
        slot, record = found[0]
        leg = resume_talking(call, call.caller, slot, record)
        call.agent = leg
        call.phase = Phase.TALKING
        if not call.caller.answered:
            self._owe_answer(call.caller, leg.sdp)
        if isinstance(record, AgentAnswer) and (self._contact.closed or not call.caller.offered_late):
            leg.confirm()
        leave_gap(leg)
        if self._contact.state == "held":
            take_up_hold(call, call.caller, leg, by_desk=self._by_desk)
        self._end_others(call, keep=slot)
        if self._contact.closed:
            self._end(call)
        elif self._asking:
            tell_each_other(call, call.caller, leg)
        elif isinstance(record, AgentAnswer) and call.caller.kept and not self._is_told_of(call.caller, leg):
            reconnect(call.caller, leg)

    def _is_told_of(self, caller: CallerLeg, agent: AgentLeg) -> bool:
        """Whether what the caller was told last are the agent's media: who waited for one hears of them by an offer."""
        return media_of(caller.origin.sent) == media_of(agent.sdp)

    def _owe_answer(self, caller: CallerLeg, body: bytes) -> None:
        """The caller was answered, or just about to be: all but the very last ones know.

        So the 2xx is not repeated at once: who has hung up meanwhile says BYE again, and might take it for the answer.
        """
        assert caller.invite is not None, "what has no answer has a transaction"
        caller.in_doubt = True
        caller.resume_answered(caller.invite.hop.transport, body)
        leave_gap(caller)
        if caller.offered_late:
            caller.repeat_answer()  # the phone has waited for the caller's ACK all the time

    def _end(self, call: Call) -> None:
        """Hang up whoever does not know that the contact is over."""
        if self._contact.released_by == "customer":
            call.caller.close()
        call.finish()

    def _take_up_callback(self, record: LegRecord | None) -> None:
        """Nobody is on the line, or the agent is and the customer is called, or both are."""
        contact = self._contact
        attempt = record.attempt if isinstance(record, CustomerCall) else 0
        call = Callback(self._calls, contact.contact, contact.call_back, attempt, contact.trunk_group)
        if contact.state not in CONNECTED:
            if isinstance(record, DialogState):
                call.speak_with(self._customer(call, record), "parked")
                self._resume_offers(call)
                return
            self._resume_offers(call)
            call.resume_ringing()
            return
        leg, of_log = self._agent_on_the_line(call)
        if isinstance(record, DialogState):
            call.speak_with(self._customer(call, record), "talking", is_over=contact.closed)
            if contact.closed:
                self._end(call)
            elif contact.state == "held":
                take_up_hold(call, call.caller, leg, by_desk=self._by_desk)
            elif isinstance(of_log, AgentAnswer) or is_on_hold(leg.origin.sent):
                call.join()
        else:
            sent = record if isinstance(record, CustomerCall) and record.raw else None
            if contact.closed:
                call.take_back(sent)
            else:
                call.resume_dialling(sent)
        self._end_others(call, keep=leg.slot)

    def _agent_on_the_line(self, call: Callback) -> tuple[AgentLeg, LegRecord]:
        """The phone of the agent on whose behalf the customer is called."""
        for slot, record in self._legs.items():
            if isinstance(record, AgentAnswer | DialogState) and record.agent in self._contact.agents:
                leg = call.agent = resume_talking(call, call.caller, slot, record)
                if isinstance(record, AgentAnswer):
                    leg.confirm(held_answer(leg.sdp, self._core.settings.own_host))
                    leave_gap(leg)
                return leg, record
        raise LocalProtocolError("nothing is known of the agent's phone")

    def _customer(self, call: Callback, record: DialogState) -> CallerLeg:
        leg = CallerLeg(call, None)
        resume_dialog(leg, record)
        leg.kept = True
        return leg

    def _resume_offers(self, call: Call) -> None:
        """Phones that rang go on; agents whose phones had not said anything are called again."""
        agents = set(self._contact.agents)
        for slot, record in self._legs.items():
            if isinstance(record, AgentInvite) and record.agent in agents:
                if record.agent not in call.offers:
                    call.offers[record.agent] = Offer(call, call.caller, record.agent, self._contact.queue, b"")
                offer = call.offers[record.agent]
                offer.legs.append(resume_ringing(offer, slot, record))
        self._end_others(call, keep="")
        for agent in sorted(agents - call.offers.keys()):
            offered = OfferContact(
                seq=0, contact=call.name, agent=agent, queue=self._contact.queue, channel="voice", ring_limit_ns=0
            )
            call.take(offered)

    def _end_others(self, call: Call, keep: str) -> None:
        """Take back what rings for nothing, hang up what was answered for nothing."""
        for slot, record in self._legs.items():
            if slot == keep or not isinstance(record, OF_PHONES) or record.agent in call.offers:
                continue
            if isinstance(record, AgentInvite):
                leg = resume_ringing(Offer(call, call.caller, record.agent, "", b""), slot, record)
                leg.stop(cancel_reason("withdrawn"))
            elif record.agent not in self._contact.agents:
                spare = resume_talking(call, call.caller, slot, record)
                spare.acknowledged = True
                leave_gap(spare)
                spare.hang_up()
