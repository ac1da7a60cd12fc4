"""One call from a caller to an agent: what the engine says becomes what SIP says, by a table."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapters.sip.calls.transfer import leave
from adapters.sip.core import Core
from adapters.sip.legs.caller_leg import CallerLeg
from adapters.sip.legs.holds import Holds
from adapters.sip.legs.leg import Leg, OverCall
from adapters.sip.legs.offer import AgentLeg, Offer
from adapters.sip.protocol import DialogId, ServerTransaction, queued_phrase
from adapters.sip.protocol.offer_answer import with_direction
from adapters.sip.sessions.hold import hold, resume
from adapters.sip.sessions.reinvite import park, reconnect
from adapters.sip.sessions.relay import part
from adapters.sip.translate import (
    CAUSE_CONGESTION,
    Declined,
    FinalAnswer,
    Side,
    cancel_reason,
    exit_reason,
    final_answer,
    release_reason,
)
from engine.messages.effects import (
    AnyEffect,
    CallBack,
    ConnectContact,
    EndContact,
    EndOffer,
    HoldContact,
    InformQueued,
    MoveContact,
    OfferContact,
    RefuseContact,
    RejectFact,
    ResumeContact,
)
from engine.messages.observed import ContactReleased, OfferDeclined

RETRY_AFTER_CONGESTION_S: Final = 5


class Phase:
    """Where a call is."""

    WAITING: Final = "waiting"
    """The caller's INVITE has no final answer; phones may ring."""
    TALKING: Final = "talking"
    LEAVING: Final = "leaving"
    """The caller goes over to another call, and the engine is being told."""
    PARKED: Final = "parked"
    """The caller was connected and waits for another agent."""
    ENDED: Final = "ended"


class Calls:
    """The calls in progress by name, and their legs by dialog."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.by_name: dict[str, Call] = {}
        self.dialogs: dict[DialogId, Leg] = {}
        self._of_agents: dict[str, dict[Call, None]] = {}
        core.facts.on_overrun = self._overrun

    def _overrun(self, contact: str) -> None:
        """The engine was told that a contact is over, as it could not be told what happened."""
        call = self.by_name.get(contact)
        if call is not None:
            call.break_off()

    def of_agent(self, agent: str) -> "Call | None":
        """The call that the agent has, the oldest of several; None when there is none."""
        return next(iter(self._of_agents.get(agent, ())), None)

    def note_agent(self, call: "Call", before: AgentLeg | None, now: AgentLeg | None) -> None:
        """A call has gone over from an agent to another, or to or from nobody."""
        if before is not None:
            had = self._of_agents[before.agent]
            del had[call]
            if not had:
                del self._of_agents[before.agent]
        if now is not None:
            self._of_agents.setdefault(now.agent, {})[call] = None


class Call:
    """One contact. `take` carries out effects; the legs report what happens on the wire."""

    def __init__(self, calls: Calls, name: str, transaction: ServerTransaction | None) -> None:
        self.core = calls.core
        self.dialogs = calls.dialogs
        self.name = name
        self._calls = calls
        self.phase = Phase.WAITING
        self.caller: CallerLeg = CallerLeg(self, transaction)
        self.offers: dict[str, Offer] = {}
        self._agent: AgentLeg | None = None
        self.holds = Holds()
        self.released = False
        self.farewell: tuple[tuple[str, str], ...] = ()
        """The Reason that whoever is still there is told at the end."""
        calls.by_name[name] = self

    @property
    def agent(self) -> AgentLeg | None:
        """The agent's leg that is connected."""
        return self._agent

    @agent.setter
    def agent(self, leg: AgentLeg | None) -> None:
        self._calls.note_agent(self, self._agent, leg)
        self._agent = leg

    def take(self, effect: AnyEffect) -> None:
        """Carry out an effect."""
        row = TABLE.get((self.phase, type(effect)))
        if row is None:
            self.core.counters["effects_ignored"] += 1
            return
        self.phase = row[0]
        row[1](self, effect)

    def peer_of(self, leg: Leg) -> Leg | None:
        """The other side of a leg, while both are connected."""
        if self.phase != Phase.TALKING or self.agent is None:
            return None
        return self.agent if leg is self.caller else self.caller if leg is self.agent else None

    def has(self, leg: Leg) -> bool:
        """Whether the leg is that of the agent who has the call."""
        return leg is self.agent

    def free_slot(self) -> str:
        """A name for a leg, used again once the leg is over: a contact has few of them."""
        used = {leg.slot for offer in self.offers.values() for leg in offer.legs if leg.state != "ended"}
        if self.agent is not None:
            used.add(self.agent.slot)
        number = 1
        while f"agent{number}" in used:
            number += 1
        return f"agent{number}"

    def let_go(self) -> None:
        """Keep nothing of the caller's side: another call has it."""
        self.caller = CallerLeg(self, None)
        self.caller.closed = True

    # --- what happens on the wire

    def release(self, by: Side, cause: int, then: Callable[[], None] | None = None) -> None:
        """A side has hung up: the engine ends the contact, and so the other side; `then` once that is on record."""
        if self.phase == Phase.ENDED or self.released:
            if then is not None:
                then()
            return
        self.released, self.farewell = True, self.farewell or release_reason(cause)
        fact = ContactReleased(contact=self.name, by=by, cause=cause)

        def on_record(_receipts: object) -> None:
            if then is not None:
                then()
            self.finish()

        self.core.facts.insist([fact], on_record)

    def break_off(self) -> None:
        """End the call for want of room: its release is told already, or waits, and nobody waits for that."""
        self.released, self.farewell = True, release_reason(CAUSE_CONGESTION)
        if self.phase == Phase.WAITING:
            self.caller.finish(FinalAnswer(503, "", (("Retry-After", str(RETRY_AFTER_CONGESTION_S)), *self.farewell)))
        for offer in self.offers.values():
            offer.withdraw(self.farewell)
        self.finish()

    def finish(self) -> None:
        """End every leg that is still there; nothing is left of the call, and no leg keeps it."""
        if self._calls.by_name.pop(self.name, None) is None:
            return
        self.phase = Phase.ENDED
        agent, self.agent = self.agent, None
        self.caller.finish(FinalAnswer(480, "", (agent.reasons if agent is not None else ()) or self.farewell))
        for offer in self.offers.values():
            offer.withdraw(self._why_taken_back("contact_left"))
        self.offers.clear()
        if agent is not None:
            agent.stop(self.caller.reasons or self.farewell)
            agent.call = OverCall(self)
        self.caller.call = OverCall(self)

    def _why_taken_back(self, ended: str) -> tuple[tuple[str, str], ...]:
        """The Reason of the CANCEL to a phone: the caller's own, where the caller has left and gave one."""
        return (self.caller.reasons if ended == "contact_left" else ()) or cancel_reason(ended)

    def agent_rings(self, body: bytes) -> None:
        """Let the caller hear that it rings; early media only where there is but one agent."""
        body = body if len(self.offers) == 1 else b""
        if self.phase == Phase.WAITING and (body or self.caller.said[0] != 180):
            self.caller.tell(183 if body else 180, "", body)

    def caller_acknowledged(self, body: bytes) -> None:
        """The caller has the 2xx; its answer goes to the phone that made the offer."""
        if self.agent is not None:
            self.agent.confirm(body)
            self.agent.ready()

    def offer_declined(self, agent: str, reason: Declined, cause: int) -> None:
        """No phone of the agent takes the call."""
        self.offers.pop(agent, None)
        self.core.facts.insist([OfferDeclined(contact=self.name, agent=agent, reason=reason, cause=cause)])

    def answer_refused(self, agent: str) -> None:
        """The engine has no use for the agent's answer any more."""
        self.core.counters["answers_refused"] += 1
        offer = self.offers.pop(agent, None)
        if offer is not None:
            offer.withdraw(cancel_reason("taken_elsewhere"))

    # --- what the engine says

    def _tell_place(self, effect: InformQueued) -> None:
        wait_s = None if effect.wait_p50_s is None else round(effect.wait_p50_s)
        self.caller.tell(182, queued_phrase(effect.position, wait_s))

    def _ring(self, effect: OfferContact) -> None:
        targets = self.core.registrar.targets_of(effect.agent)
        if not targets:
            self.core.counters["phones.unregistered"] += 1
            self.offer_declined(effect.agent, "unreachable", 20)
            return
        if self.phase == Phase.WAITING and not self.caller.said[0]:
            # An agent was free at once; the caller was in the queue all the same, and hears so before it rings.
            self.caller.tell(182, queued_phrase(1, None))
        body = self.caller.sdp
        if self.phase == Phase.PARKED:
            body = with_direction(body, "sendrecv")
        offer = self.offers[effect.agent] = Offer(self, self.caller, effect.agent, effect.queue, body)
        offer.begin(targets)

    def _stop_ringing(self, effect: EndOffer) -> None:
        offer = self.offers.pop(effect.agent, None)
        if offer is not None:
            offer.withdraw(self._why_taken_back(effect.reason))

    def _connect(self, effect: ConnectContact) -> None:
        leg = self._take_agent(effect)
        if leg is not None and self.caller.accept(leg.sdp):
            leg.connect()
            self.core.counters["calls_connected"] += 1

    def _reconnect(self, effect: ConnectContact) -> None:
        leg = self._take_agent(effect)
        if leg is not None:
            leg.connect()
            self.core.counters["calls_reconnected"] += 1
            reconnect(self.caller, leg)

    def _take_agent(self, effect: ConnectContact) -> AgentLeg | None:
        offer = self.offers.pop(effect.agent, None)
        self.agent = offer.hand_over() if offer is not None else None
        if self.agent is None:
            # The engine believes in an answer that is not here; only ending the call is honest.
            self.core.counters["answers_lost"] += 1
            self.release("network", 41)
        return self.agent

    def _leave_agent(self, _effect: MoveContact) -> None:
        agent, self.agent = self.agent, None
        self.holds.clear()
        if agent is not None:
            part(self.caller, agent)
            leave(agent)
        if self.caller.acknowledged:
            self.caller.kept = True
            self.core.facts.mention([self.caller.recorded()])
        if self.core.settings.park_on_transfer:
            park(self.caller)

    def _refuse(self, effect: RefuseContact) -> None:
        self.caller.finish(final_answer(effect.exit, effect.retry_after_s))
        self.finish()

    def _dismiss(self, effect: RefuseContact) -> None:
        self.caller.hang_up(exit_reason(effect.exit))
        self.finish()

    def _call_back(self, _effect: CallBack) -> None:
        self.caller.finish(final_answer("callback"))
        self.finish()

    def _end(self, _effect: EndContact) -> None:
        self.finish()

    def _hold(self, _effect: HoldContact) -> None:
        hold(self)

    def _resume(self, _effect: ResumeContact) -> None:
        resume(self)

    def _reject(self, effect: RejectFact) -> None:
        if effect.kind == "offer_answered":
            self.answer_refused(effect.agent)


Action = Callable[[Call, Any], None]
TABLE: Final[Mapping[tuple[str, type], tuple[str, Action]]] = {
    (Phase.WAITING, InformQueued): (Phase.WAITING, Call._tell_place),
    (Phase.WAITING, OfferContact): (Phase.WAITING, Call._ring),
    (Phase.WAITING, EndOffer): (Phase.WAITING, Call._stop_ringing),
    (Phase.WAITING, ConnectContact): (Phase.TALKING, Call._connect),
    (Phase.WAITING, RefuseContact): (Phase.WAITING, Call._refuse),
    (Phase.WAITING, CallBack): (Phase.WAITING, Call._call_back),
    (Phase.WAITING, EndContact): (Phase.WAITING, Call._end),
    (Phase.WAITING, RejectFact): (Phase.WAITING, Call._reject),
    (Phase.TALKING, EndOffer): (Phase.TALKING, Call._stop_ringing),
    (Phase.TALKING, MoveContact): (Phase.PARKED, Call._leave_agent),
    (Phase.TALKING, EndContact): (Phase.TALKING, Call._end),
    (Phase.TALKING, HoldContact): (Phase.TALKING, Call._hold),
    (Phase.TALKING, ResumeContact): (Phase.TALKING, Call._resume),
    (Phase.TALKING, RejectFact): (Phase.TALKING, Call._reject),
    (Phase.PARKED, OfferContact): (Phase.PARKED, Call._ring),
    (Phase.PARKED, EndOffer): (Phase.PARKED, Call._stop_ringing),
    (Phase.PARKED, ConnectContact): (Phase.TALKING, Call._reconnect),
    (Phase.PARKED, RefuseContact): (Phase.PARKED, Call._dismiss),
    (Phase.PARKED, CallBack): (Phase.PARKED, Call._end),
    (Phase.PARKED, EndContact): (Phase.PARKED, Call._end),
    (Phase.PARKED, RejectFact): (Phase.PARKED, Call._reject),
}
"""(phase, effect) -> (next phase, action). A waiting caller hears of its place; one who is parked hears nothing."""
