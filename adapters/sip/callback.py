"""A customer is called back: the agent's phone first, then the customer; once both are there it is a call like any.

Third-party call control (RFC 3725), of its flow III the agent's half: the phone is called without an offer, and what it
offers is answered at once by a session without media, so that nothing runs out however long the customer's phone
rings. The customer's half is flow I's: the trunk gets the phone's offer in the INVITE, as trunks want it. The answer
then goes to the phone as a new offer. Flow I alone would leave the phone without its ACK while the customer's rings,
and phones give up after 32 seconds.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapters.sip.call import TABLE, Call, Calls, Phase
from adapters.sip.caller_leg import CallerLeg
from adapters.sip.customer_leg import CustomerLeg
from adapters.sip.offer_answer import held_answer
from adapters.sip.outbound import Seizure
from adapters.sip.protocol import LocalProtocolError, Reason
from adapters.sip.records import CustomerCall
from adapters.sip.reinvite import OwnOffer, reconnect
from adapters.sip.transfer import leave
from adapters.sip.translate import Declined, Side, cause_of, decline_of
from engine.messages.effects import (
    AnyEffect,
    CallBack,
    ConnectContact,
    EndContact,
    EndOffer,
    InformQueued,
    MoveContact,
    OfferContact,
    RefuseContact,
    RejectFact,
)
from engine.messages.observed import ContactWithdrawn, LegRecorded, TransferRequested
from engine.ports import Receipt

NOBODY: Final = "nobody"
"""The phase in which nobody is on the line; agents' phones may ring."""
DIALLING: Final = "dialling"
"""The phase in which the agent is on the line and the customer is called."""
NOT_ACCEPTABLE: Final = 488
WORDS: Final[Mapping[Declined, str]] = {
    "busy": "busy",
    "declined": "declined",
    "no_answer": "no answer",
    "unreachable": "not reached",
}


class Callback(Call):
    """One contact whose customer is to be called."""

    def __init__(self, calls: Calls, name: str, number: str, attempt: int = 0) -> None:
        super().__init__(calls, name, None)
        self.number = number
        self.phase = NOBODY
        self.caller: CallerLeg = CustomerLeg(self, number, attempt)
        self.seizure: Seizure | None = None
        """The trunk channel: from the moment that an agent's phone rings."""
        self._failed = False
        """Whether this attempt is over and the engine is being told."""
        self._farewell: tuple[tuple[str, str], ...] = ()
        """The Reason of the BYE to the agent."""

    @property
    def customer(self) -> CustomerLeg:
        """The customer's side until it is on the line."""
        assert isinstance(self.caller, CustomerLeg), "only a customer is dialled"
        return self.caller

    def take(self, effect: AnyEffect) -> None:
        """Carry out an effect."""
        row = CALLBACK_TABLE.get((self.phase, type(effect)))
        if row is None:
            super().take(effect)
            return
        self.phase = row[0]
        row[1](self, effect)

    # --- the agent's half

    def ring(self, effect: OfferContact) -> None:
        """Ring the agent, if the customer can be called at all."""
        core = self.core
        problem = core.outbound.problem(self.number)
        if problem:
            core.counters["callbacks.impossible"] += 1
            core.insist([ContactWithdrawn(contact=self.name, by="sip", reason=problem)])
            return
        if self.seizure is None:
            self.seizure = core.outbound.seize(self.number)
        if self.seizure is None:
            core.counters["callbacks.no_channel"] += 1
            self._put_off("no trunk channel is free")
            return
        self._ring(effect)

    def offer_declined(self, agent: str, reason: Declined, cause: int) -> None:
        """No phone of the agent takes the call."""
        super().offer_declined(agent, reason, cause)
        self._give_back_if_idle()

    def stop_ringing(self, effect: EndOffer) -> None:
        """The offer is over."""
        self._stop_ringing(effect)
        if self.phase == NOBODY:
            self._give_back_if_idle()

    def dial(self, effect: ConnectContact) -> None:
        """The agent is there: answer the phone's offer without media, and call the customer."""
        self._failed, self._farewell = False, ()
        leg = self._take_agent(effect)
        if leg is None:
            return
        leg.state = "connected"
        leg.confirm(held_answer(leg.sdp, self.core.settings.own_host))
        self.core.mention([leg.recorded()])
        self.call_customer()

    def call_customer(self) -> None:
        """Call the customer on behalf of the agent who is on the line."""
        agent, seizure = self.agent, self.seizure or self.core.outbound.seize(self.number)
        self.seizure = seizure
        try:
            if agent is None or not agent.sdp:
                self.unreached(NOT_ACCEPTABLE)
            elif seizure is None:
                self.unreached(503)
            else:
                self.customer.dial(seizure.route, agent.sdp)
        except LocalProtocolError:
            self.unreached(503)

    # --- the customer's half

    def customer_rings(self, body: bytes) -> None:
        """The customer's phone rings; the agent hears what the network plays."""
        if body and self.agent is not None and self.phase == DIALLING:
            OwnOffer(self.agent, body, _nothing).begin()

    def customer_answered(self) -> None:
        """Let the two hear each other."""
        self.phase = Phase.TALKING
        self.core.counters["callbacks.answered"] += 1
        self.core.mention([self.caller.recorded()])
        self.join()

    def join(self) -> None:
        """Give the agent's phone the customer's session description, and the customer what that changes."""
        if self.agent is None or not self.caller.sdp:
            self.release("network", cause_of(NOT_ACCEPTABLE))
        else:
            reconnect(self.agent, self.caller)

    def unreached(self, status: int, then: Callable[[], None] | None = None) -> None:
        """The customer was not reached, or the agent gave up first: try again later, or end it."""
        if self._failed:
            if then is not None:
                then()
            return
        self._failed = True
        settings, attempt = self.core.settings.callbacks, self.customer.attempt
        left_by_agent = status == 487
        declined = decline_of(status, rang=True)
        word = "given up by the agent" if left_by_agent else WORDS[declined]
        self._farewell = (("Reason", str(Reason("Q.850", cause_of(status), f"customer {word}"))),)
        self.core.counters[f"callbacks.unreached.{'agent' if left_by_agent else declined}"] += 1
        side: Side = "agent" if left_by_agent else "network" if declined == "unreachable" else "customer"
        if attempt < settings.attempts and settings.retry_in is not None:
            self.caller.finish()
            text = f"customer {word} ({status}), attempt {attempt} of {settings.attempts}"
            self._put_off(text, lambda: self._give_up(side, status), then)
            return
        self._give_up(side, status, then)

    def _give_up(self, side: Side, status: int, then: Callable[[], None] | None = None) -> None:
        self.core.counters["callbacks.given_up"] += 1
        # Nothing rings any more: after a crash nobody must take this INVITE for one that is under way.
        over = LegRecorded(contact=self.name, leg="caller", record=CustomerCall(self.customer.attempt).encode())
        self.core.insist([over])
        super().release(side, cause_of(status), then)

    def _put_off(
        self,
        why: str,
        otherwise: Callable[[], None] | None = None,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Let the contact wait in the queue for retries, its place kept; its step there leads it back."""
        queue = self.core.settings.callbacks.retry_in

        def check(receipts: list[Receipt]) -> None:
            if then is not None:
                then()
            if receipts[-1].error or receipts[-1].refused:
                self.core.counters["callbacks.retries_refused"] += 1
                if otherwise is not None:
                    otherwise()
                else:
                    self._withdraw(why)

        if queue is None:
            self._withdraw(why)
            return
        self._give_back()
        attempt = LegRecorded(contact=self.name, leg="caller", record=CustomerCall(self.customer.attempt).encode())
        self.core.insist([attempt, TransferRequested(contact=self.name, queue=queue, keep_place=True, by=why)], check)

    def _withdraw(self, why: str) -> None:
        self._give_back()
        self.core.insist([ContactWithdrawn(contact=self.name, by="sip", reason=why)])

    # --- after a restart

    def resume_ringing(self) -> None:
        """Phones ring already: take the channel that the call will need."""
        if self.offers and self.seizure is None:
            self.seizure = self.core.outbound.seize(self.number, anyway=True)

    def resume_dialling(self, record: CustomerCall | None) -> None:
        """The agent is on the line; the customer's phone rings, or nobody knows that it should.

        Raises LocalProtocolError and MalformedMessage.
        """
        self.phase = DIALLING
        self.seizure = self.core.outbound.seize(self.number, anyway=True)
        if record is not None and self.seizure is not None:
            self.customer.resume(record, self.seizure.route)
        else:
            self.call_customer()

    def take_back(self, record: CustomerCall | None) -> None:
        """It is over already: the agent's phone is hung up, and the customer's stops ringing if it still does.

        Raises LocalProtocolError and MalformedMessage.
        """
        self.seizure = self.core.outbound.seize(self.number, anyway=True)
        if record is not None and self.seizure is not None:
            self.customer.resume(record, self.seizure.route, only_to_end=True)
        self.finish()

    def speak_with(self, customer: CallerLeg, phase: str) -> None:
        """The customer is on the line."""
        self.caller, self.phase = customer, phase
        self.seizure = self.core.outbound.seize(self.number, anyway=True)

    # --- the end

    def leave_agent(self, _effect: MoveContact) -> None:
        """Nobody is called on behalf of this agent any more: a retry, or somebody has moved the contact."""
        agent, self.agent = self.agent, None
        attempt = self.customer.attempt
        self.caller.finish()
        self._give_back()
        self.caller = CustomerLeg(self, self.number, attempt)
        if agent is not None and agent.refer is not None:
            leave(agent)
        elif agent is not None:
            agent.stop(self._farewell)

    def release(self, by: Side, cause: int, then: Callable[[], None] | None = None) -> None:
        """A side has hung up, or is gone."""
        if self.phase == DIALLING:
            self.unreached(487 if by == "agent" else 500, then)
        else:
            super().release(by, cause, then)

    def finish(self) -> None:
        """End every leg that is still there."""
        self._give_back()
        if self.agent is not None and self._farewell:
            self.agent.stop(self._farewell)
        super().finish()

    def end(self, _effect: AnyEffect) -> None:
        """The engine has ended the contact."""
        self.finish()

    def reject(self, effect: RejectFact) -> None:
        """A fact came too late."""
        self._reject(effect)

    def ignore(self, _effect: AnyEffect) -> None:
        """Nobody is there to be told."""

    def _give_back_if_idle(self) -> None:
        if not self.offers:
            self._give_back()

    def _give_back(self) -> None:
        if self.seizure is not None:
            self.seizure.give_back()
            self.seizure = None


Action = Callable[[Callback, Any], None]
CALLBACK_TABLE: Final[Mapping[tuple[str, type], tuple[str, Action]]] = {
    (NOBODY, InformQueued): (NOBODY, Callback.ignore),
    (NOBODY, OfferContact): (NOBODY, Callback.ring),
    (NOBODY, EndOffer): (NOBODY, Callback.stop_ringing),
    (NOBODY, ConnectContact): (DIALLING, Callback.dial),
    (NOBODY, RefuseContact): (NOBODY, Callback.end),
    (NOBODY, CallBack): (NOBODY, Callback.end),
    (NOBODY, EndContact): (NOBODY, Callback.end),
    (NOBODY, RejectFact): (NOBODY, Callback.reject),
    (DIALLING, EndOffer): (DIALLING, Callback.stop_ringing),
    (DIALLING, MoveContact): (NOBODY, Callback.leave_agent),
    (DIALLING, EndContact): (DIALLING, Callback.end),
    (DIALLING, RejectFact): (DIALLING, Callback.reject),
}
"""(phase, effect) -> (next phase, action) until both are on the line; from then on the table of calls."""
assert not {phase for phase, _ in CALLBACK_TABLE} & {phase for phase, _ in TABLE}, "each phase has one table"


def _nothing(_answer: bytes) -> None:
    """For offers whose answer changes nothing."""
