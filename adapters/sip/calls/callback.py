"""A customer is called back: the agent's phone first, then the customer; once both are there it is a call like any.

Third-party call control (RFC 3725), of its flow III the agent's half: the phone is called without an offer, and what it
offers is answered at once by a session without media, so that nothing runs out however long the customer's phone
rings. The customer's half is flow I's: the trunk gets the phone's offer in the INVITE, as trunks want it. The answer
then goes to the phone as a new offer. Flow I alone would leave the phone without its ACK while the customer's rings,
and phones give up after 32 seconds.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapters.sip.calls.call import TABLE, Call, Calls, Phase
from adapters.sip.calls.transfer import leave
from adapters.sip.legs.caller_leg import CallerLeg
from adapters.sip.legs.customer_leg import CustomerLeg
from adapters.sip.legs.records import CustomerCall
from adapters.sip.protocol import Reason
from adapters.sip.protocol.offer_answer import held_answer
from adapters.sip.sessions.reinvite import OwnOffer, reconnect
from adapters.sip.translate import Declined, Side, cause_of, decline_of
from adapters.sip.ways_out import Route
from engine.messages.effects import (
    AnyEffect,
    CallBack,
    ConnectContact,
    DenyTrunk,
    EndContact,
    EndOffer,
    InformQueued,
    MoveContact,
    OfferContact,
    RefuseContact,
    RejectFact,
    UseTrunk,
)
from engine.messages.observed import ContactWithdrawn, LegRecorded, TransferRequested, TrunkReleased, TrunkRequested
from engine.ports import Hint, Receipt

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

    def __init__(self, calls: Calls, name: str, number: str, attempt: int = 0, trunk_group: str = "") -> None:
        super().__init__(calls, name, None)
        self.number = number
        self.phase = NOBODY
        self.caller: CallerLeg = CustomerLeg(self, number, attempt)
        self.route: Route | None = self.core.ways_out.by_group(number, trunk_group) if trunk_group else None
        """The way out: from the moment that an agent's phone rings."""
        self._holds_channel = bool(trunk_group)
        self._asks = False
        """Whether the engine was asked for a channel and has not said."""
        self._wanting: dict[str, OfferContact] = {}
        """Offers that wait for the channel, by agent."""
        self._failed = False
        """Whether this attempt is over and the engine is being told."""

    @property
    def customer(self) -> CustomerLeg:
        """The customer's side until it is on the line."""
        assert isinstance(self.caller, CustomerLeg), "only a customer is dialled"
        return self.caller

    def take(self, effect: AnyEffect) -> None:
        """Carry out an effect."""
        if isinstance(effect, UseTrunk | DenyTrunk):
            self._told(effect.trunk_group if isinstance(effect, UseTrunk) else None)
            return
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
        problem = core.ways_out.problem(self.number)
        if problem:
            core.counters["callbacks.impossible"] += 1
            core.facts.insist([ContactWithdrawn(contact=self.name, by="sip", reason=problem)])
            return
        self._wanting[effect.agent] = effect
        if self.route is None:
            self._ask()
        else:
            self._go_on()

    def _ask(self) -> None:
        """Ask the engine for a trunk channel, where the ways out need one."""
        if self._asks:
            return
        self._give_back()  # of a group by which the number does not go any more
        groups = self.core.ways_out.groups(self.number)
        if not groups:
            self._told(None)
            return
        self._asks = True
        self.core.facts.insist([TrunkRequested(contact=self.name, trunk_groups=groups)], self._asked)

    def _asked(self, receipts: list[Receipt]) -> None:
        if self._asks and (receipts[-1].error or receipts[-1].refused):
            self._told(None)

    def _told(self, group: str | None) -> None:
        """The engine has given a channel of a group, or none."""
        self._asks, self._holds_channel = False, group is not None
        self.route = self.core.ways_out.by_group(self.number, group)
        if self.route is not None:
            self._go_on()
            return
        if self.phase == DIALLING and self.customer.state == "idle":
            self.unreached(503)
        elif self.phase == NOBODY and self._wanting:
            self.core.counters["callbacks.no_channel"] += 1
            self._wanting.clear()
            self._put_off("no trunk channel is free")

    def _go_on(self) -> None:
        """Do what needs a way out, now that there is one."""
        if self.phase == DIALLING and self.customer.state == "idle":
            self.call_customer()
        while self._wanting and self.route is not None:
            self._ring(self._wanting.pop(next(iter(self._wanting))))
        if self.phase == NOBODY:
            self._give_back_if_idle()

    def offer_declined(self, agent: str, reason: Declined, cause: int) -> None:
        """No phone of the agent takes the call."""
        super().offer_declined(agent, reason, cause)
        self._give_back_if_idle()

    def stop_ringing(self, effect: EndOffer) -> None:
        """The offer is over."""
        self._wanting.pop(effect.agent, None)
        self._stop_ringing(effect)
        if self.phase == NOBODY:
            self._give_back_if_idle()

    def dial(self, effect: ConnectContact) -> None:
        """The agent is there: answer the phone's offer without media, and call the customer."""
        self._failed, self.farewell = False, ()
        leg = self._take_agent(effect)
        if leg is None:
            return
        leg.state = "connected"
        leg.confirm(held_answer(leg.sdp, self.core.settings.own_host))
        self.core.facts.mention([leg.recorded()])
        self.call_customer()

    def call_customer(self) -> None:
        """Call the customer on behalf of the agent who is on the line."""
        agent = self.agent
        if agent is None or not agent.sdp:
            self.unreached(NOT_ACCEPTABLE)
        elif self.route is None:
            self._ask()
        else:
            self.customer.dial(self.route, agent.sdp)

    # --- the customer's half

    def customer_rings(self, body: bytes) -> None:
        """The customer's phone rings; the agent hears what the network plays."""
        if body and self.agent is not None and self.phase == DIALLING:
            OwnOffer(self.agent, body, _nothing).begin()

    def customer_answered(self) -> None:
        """Let the two hear each other."""
        self.phase = Phase.TALKING
        self.core.counters["callbacks.answered"] += 1
        self.core.facts.mention([self.caller.recorded()])
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
        self.farewell = (("Reason", str(Reason("Q.850", cause_of(status), f"customer {word}"))),)
        self.core.counters[f"callbacks.unreached.{'agent' if left_by_agent else declined}"] += 1
        side: Side = "agent" if left_by_agent else "network" if declined == "unreachable" else "customer"
        again = attempt < settings.attempts and settings.retry_in is not None
        if self.agent is not None and not left_by_agent:
            to = self.agent.agent
            hint = Hint(self.name, "customer", to, typing=False, unreached=declined, again=again)
            self.core.engine.hint(hint)
        if again:
            self.caller.finish()
            text = f"customer {word} ({status}), attempt {attempt} of {settings.attempts}"
            self._put_off(text, lambda: self._give_up(side, status), then)
            return
        self._give_up(side, status, then)

    def _give_up(self, side: Side, status: int, then: Callable[[], None] | None = None) -> None:
        self.core.counters["callbacks.given_up"] += 1
        # Nothing rings any more: after a crash nobody must take this INVITE for one that is under way.
        over = LegRecorded(contact=self.name, leg="caller", record=CustomerCall(self.customer.attempt).encode())
        self.core.facts.insist([over])
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
        self.core.facts.insist(
            [attempt, TransferRequested(contact=self.name, queue=queue, keep_place=True, by=why)], check
        )

    def _withdraw(self, why: str) -> None:
        self.core.facts.insist([ContactWithdrawn(contact=self.name, by="sip", reason=why)])

    # --- after a restart

    def resume_ringing(self) -> None:
        """Phones ring, or did: hold the channel that the call will need, and no other."""
        if self.offers and self.route is None:
            self._ask()
        else:
            self._give_back_if_idle()

    def resume_dialling(self, record: CustomerCall | None) -> None:
        """The agent is on the line; the customer's phone rings, or nobody knows that it should.

        Raises LocalProtocolError and MalformedMessage.
        """
        self.phase = DIALLING
        route = self._any_route()
        if record is not None and route is not None:
            self.customer.resume(record, route)
            self._count()
        else:
            self.call_customer()

    def take_back(self, record: CustomerCall | None) -> None:
        """It is over already: the agent's phone is hung up, and the customer's stops ringing if it still does.

        Raises LocalProtocolError and MalformedMessage.
        """
        route = self._any_route()
        if record is not None and route is not None:
            self.customer.resume(record, route, only_to_end=True)
        self.finish()

    def _any_route(self) -> Route | None:
        return self.route or next(iter(self.core.ways_out.routes(self.number)), None)

    def speak_with(self, customer: CallerLeg, phase: str, *, is_over: bool = False) -> None:
        """The customer is on the line."""
        self.caller, self.phase = customer, phase
        if not is_over:
            self._count()

    def _count(self) -> None:
        """The call is up: a log of before channels were in it has none for it, so ask; it goes on whatever is said."""
        if not self._holds_channel:
            self._ask()

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
            agent.stop(self.farewell)

    def release(self, by: Side, cause: int, then: Callable[[], None] | None = None) -> None:
        """A side has hung up, or is gone."""
        if self.phase == DIALLING:
            self.unreached(487 if by == "agent" else 500, then)
        else:
            super().release(by, cause, then)

    def finish(self) -> None:
        """End every leg that is still there; with the contact, the engine ends its hold of the channel."""
        self._wanting.clear()
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
        if not self.offers and not self._wanting:
            self._give_back()

    def _give_back(self) -> None:
        self.route = None
        if self._holds_channel:
            self._holds_channel = False
            self.core.facts.insist([TrunkReleased(contact=self.name)])


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
