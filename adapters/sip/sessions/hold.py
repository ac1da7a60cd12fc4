"""Hold and resume at the agent's word from elsewhere, as a desk: offers of our own to both sides.

Nobody here sends music: on hold, nothing is sent either way, and both phones show it. What a phone refuses leaves both
sides as they were, and the desk is told.
"""

from collections.abc import Callable
from typing import ClassVar, Literal, Protocol

from adapters.sip.legs.leg import Leg, LegOwner
from adapters.sip.protocol import is_on_hold
from adapters.sip.protocol.offer_answer import with_direction
from adapters.sip.sessions.held import tell_engine
from adapters.sip.sessions.reinvite import OwnOffer, media_of
from engine.messages.observed import ContactHeld
from engine.ports import Hint

Side = Literal["customer", "agent"]


class Talk(LegOwner, Protocol):
    """A call with both sides on the line."""

    @property
    def caller(self) -> Leg: ...


def hold(call: Talk) -> None:
    """Silence the customer's side, then the agent's; the engine is told once the customer's has answered."""
    if not call.holds.by_desk and call.peer_of(call.caller) is not None:
        call.holds.ask(Hold(call))


def resume(call: Talk) -> None:
    """Let both sides hear each other again: the agent's first, whose answer is what the customer's side is offered.

    A phone that holds the call itself goes on doing so, and takes it back itself: the desk is told.
    """
    if call.peer_of(call.caller) is not None:
        call.holds.ask(Resume(call))


class _Change:
    """What a desk asks for, of the two who are on the line when it begins."""

    verb: ClassVar[Literal["hold", "resume"]]

    def __init__(self, call: Talk) -> None:
        self._call = call
        self._caller = call.caller
        self._agent: Leg | None = None

    def begin(self) -> None:
        """Ask both sides, as they are now."""
        call = self._call
        self._caller, self._agent = call.caller, call.peer_of(call.caller)
        if self._agent is None:
            call.holds.asked = None
        else:
            self._begin(self._agent)

    def anew(self) -> "_Change":
        """The same from its beginning."""
        return type(self)(self._call)

    def _begin(self, agent: Leg) -> None:
        raise TypeError("only changes of a kind begin")

    @property
    def _goes_on(self) -> bool:
        """Whether it is still wanted, and these two are still on the line."""
        call, agent = self._call, self._agent
        return (
            call.holds.asked is self
            and agent is not None
            and call.peer_of(call.caller) is agent
            and not agent.closed
            and not call.caller.closed
        )

    def _done(self) -> None:
        self._call.holds.asked = None

    def _refused(self, by: Side) -> None:
        """A phone does not do it."""
        self._done()
        self._call.core.counters[f"{self.verb}s_refused"] += 1
        self._tell(by)

    def _tell(self, by: Side, *, holds: bool = False) -> None:
        """Say at the desk that it does not come about; `holds`: as the phone holds the call itself."""
        call, agent = self._call, self._agent
        assert agent is not None, "what did not begin is not refused"
        call.core.engine.hint(Hint(call.name, by, agent.agent, typing=False, refused=self.verb, holds=holds))


class Hold(_Change):
    """Nothing is sent either way."""

    verb = "hold"

    def _begin(self, agent: Leg) -> None:
        def held(_answer: bytes) -> None:
            if not self._goes_on:
                return
            call = self._call
            self._done()
            was_held = call.holds.is_on
            call.holds.by_desk = True
            call.core.counters["holds"] += 1
            if not was_held:
                call.core.facts.mention([ContactHeld(contact=call.name)])
            _keep(call)
            _silence(call, agent)

        def refused(_status: int) -> None:
            if self._goes_on:
                self._refused("customer")

        caller = self._caller
        _offer(caller, with_direction(caller.origin.sent, "inactive"), held, refused)


class Resume(_Change):
    """Both hear each other again, or neither does."""

    verb = "resume"

    def _begin(self, agent: Leg) -> None:
        call, caller = self._call, self._caller
        heard = media_of(caller.sdp)

        def agreed(answer: bytes) -> None:
            if not self._goes_on:
                return
            if not answer:
                refused_by_customer(0)  # there is nothing that the customer's side could be offered
            elif is_on_hold(answer):
                self._done()
                call.holds.by_phones.add(agent)
                call.holds.by_desk = False
                _keep(call)
                self._tell("agent", holds=True)
            else:
                _offer(caller, answer, resumed, refused_by_customer)

        def resumed(answer: bytes) -> None:
            if not self._goes_on:
                return
            self._done()
            was_held = call.holds.clear()
            if answer and is_on_hold(answer):
                call.holds.by_phones.add(caller)
                self._tell("customer", holds=True)
            tell_engine(call, was_held)
            _keep(call)
            if answer and (is_on_hold(answer) or media_of(answer) != heard):
                _offer(agent, answer, lambda _answer: _keep(call))

        def refused_by_agent(_status: int) -> None:
            if self._goes_on:
                self._refused("agent")

        def refused_by_customer(_status: int) -> None:
            if self._goes_on:
                self._refused("customer")
                _silence(call, agent)  # it sends already, to who hears nothing

        _offer(agent, with_direction(caller.sdp, "sendrecv"), agreed, refused_by_agent)


def _silence(call: Talk, agent: Leg) -> None:
    """Let the agent's phone send nothing."""
    _offer(agent, with_direction(agent.origin.sent, "inactive"), lambda _answer: _keep(call))


def _offer(
    leg: Leg, body: bytes, then: Callable[[bytes], None], otherwise: Callable[[int], None] = lambda _status: None
) -> None:
    """Offer it under a version of our own: the description is ours, even where its words are the peer's."""
    leg.origin.replaced = True
    OwnOffer(leg, body, then, otherwise=otherwise).begin()


def _keep(call: Talk) -> None:
    """Keep what changed for a restart."""
    sides = (call.caller, call.peer_of(call.caller))
    call.core.facts.mention([side.recorded() for side in sides if side is not None and side.acknowledged])
