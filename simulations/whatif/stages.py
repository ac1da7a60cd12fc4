"""The waits and talks of recorded contacts, put together row by row."""

from typing import Any, Final

import msgspec
import numpy as np

from engine.messages import kinds
from simulations.whatif.cuts import NOT_THEIR_WILL
from simulations.whatif.packed import Packed
from simulations.world.tables import IN_VAIN, OFFER, PICKS_UP, RINGS_ON

Array = np.ndarray[Any, Any]
UNKNOWN: Final = -1
LEFT_KINDS: Final = (
    kinds.CONTACT_RELEASED,
    kinds.EXIT_KEY_PRESSED,
    kinds.CONTACT_WITHDRAWN,
    kinds.CALLBACK_REQUESTED,
)
"""Facts by which customers leave of their own will."""
DECLINED: Final = (kinds.OFFER_REJECTED, kinds.OFFER_BUSY, kinds.OFFER_UNREACHABLE)
RECORDED: Final = np.dtype(
    [
        ("person", "i8"),
        ("queue", "i8"),  # into which the stage began
        ("wait_ns", "i8"),  # until the answer, or until it left, or as far as the log goes
        ("way_out", "i8"),  # EXIT_*; -1: still waiting
        ("leaves_by", "i8"),  # kind of the fact by which it left of its own will; 0: something else ended the wait
        ("leaves_with", "i8"),
        ("agent", "i8"),
        ("ring_ns", "i8"),  # of the offer that was answered; of one that was not, how long it rang; -1: none
        ("ring_ended", "?"),  # by an answer
        ("first_offer", "i8"),  # the offers that came before the one that was answered
        ("offers", "i8"),
        ("talk_ns", "i8"),  # without interruptions; -1: none; of one still going on, or cut, so far
        ("talk_ended", "?"),
        ("talk_began_ns", "i8"),  # of who was called back: that talk
        ("talked_with", "i8"),
        ("wrap_up_ns", "i8"),  # -1: unknown
        ("wraps_early", "?"),  # the agent ended it
        ("then", "i8"),  # kind of the fact by which it went on after the talk, 0
        ("then_queue", "i8"),
        ("then_agent", "i8"),
        ("then_flags", "i8"),
    ]
)


class _Offer(msgspec.Struct):
    agent: int
    made_ns: int
    ended_ns: int = UNKNOWN
    after_ns: int = 0
    how: int = PICKS_UP

    def end(self, at_ns: int, after_ns: int, how: int) -> None:
        self.ended_ns, self.after_ns, self.how = at_ns, after_ns, how

    def rang_until(self, at_ns: int) -> bool:
        """Tell whether it rang until its contact left at `at_ns`."""
        return self.ended_ns < 0 or (self.ended_ns == at_ns and self.how == RINGS_ON)


class _Stage(msgspec.Struct):
    person: int
    queue: int
    began_ns: int
    wait_ns: int = UNKNOWN
    way_out: int = UNKNOWN
    leaves_by: int = 0
    leaves_with: int = 0
    agent: int = UNKNOWN
    ring_ns: int = UNKNOWN
    talk_ns: int = UNKNOWN
    talk_ended: bool = False
    place: int = UNKNOWN
    line_ns: int = UNKNOWN
    called_back: int = UNKNOWN
    answered_ns: int = 0
    then: tuple[int, int, int, int] = (0, UNKNOWN, UNKNOWN, 0)
    offers: list[_Offer] = []
    is_written: bool = False

    def rings(self, agent: int) -> _Offer | None:
        """Return the offer that rings at an agent."""
        return next((offer for offer in self.offers if offer.agent == agent and offer.ended_ns < 0), None)


class Stages:
    """The stages of contacts by slot, while they are open; what is over is kept as numbers."""

    def __init__(self) -> None:
        self._open: dict[int, _Stage] = {}
        self._ended = UNKNOWN
        self._wrapping: dict[int, int] = {}
        self._wraps: dict[int, tuple[int, bool]] = {}
        self._over, self._offers = Packed(RECORDED), Packed(OFFER)
        self._owed: dict[tuple[int, int], _Stage] = {}
        self._called_back: dict[int, _Stage] = {}

    def forget(self, slot: int) -> None:
        """Follow the contact in this slot no more."""
        self._open.pop(slot, None)

    def cut_by(self, slot: int, fact: tuple[int, ...]) -> int:
        """Return whose contact this fact, a row, takes out of its slot against everybody's will; -1: nobody's."""
        kind, agent, queue, a = fact[1], fact[5], fact[6], fact[9]
        if (stage := self._open.get(slot)) is None:
            return UNKNOWN
        if kind == kinds.CONTACT_RELEASED:
            return stage.person if a in NOT_THEIR_WILL else UNKNOWN
        puts_back = kind == kinds.REQUEUE_REQUESTED and agent < 0 and queue < 0 and stage.is_written
        return stage.person if puts_back else UNKNOWN

    def begin(self, slot: int, person: int, queue: int, at_ns: int, *, is_written: bool = False) -> None:
        """Let a stage begin, of what `is_written`, as an e-mail, or is not."""
        self._open[slot] = _Stage(person, queue, at_ns, is_written=is_written)

    def queue(self, slot: int, line_ns: int) -> None:
        """It has a place in line."""
        if slot in self._open:
            self._open[slot].line_ns = line_ns

    def call_back(self, slot: int, queue: int, line_ns: int, at_ns: int) -> None:
        """A customer is called back who left this place in line for it: the talk is that of who left."""
        self._open.pop(slot, None)
        if (owed := self._owed.pop((queue, line_ns), None)) is not None:
            self._open[slot] = _Stage(owed.person, queue, at_ns, called_back=owed.place, offers=owed.offers)

    def offer(self, slot: int, agent: int, at_ns: int) -> None:
        """It rings."""
        if slot in self._open:
            self._open[slot].offers.append(_Offer(agent, at_ns))

    def end_offer(self, slot: int, agent: int, at_ns: int, why: int, *, was_declined: bool) -> None:
        """It rings there no more; `why` is OFFER_*, `was_declined` if the agent, or the phone, said so."""
        if (stage := self._open.get(slot)) is None or (offer := stage.rings(agent)) is None:
            return
        rang_ns = at_ns - offer.made_ns
        if was_declined or why in DECLINED:
            offer.end(at_ns, rang_ns, why)
        elif why == kinds.OFFER_NO_ANSWER:
            offer.end(at_ns, IN_VAIN, PICKS_UP)
        elif why == kinds.OFFER_TAKEN_ELSEWHERE:
            offer.end(at_ns, rang_ns + 1, PICKS_UP)
        else:
            offer.end(at_ns, rang_ns, RINGS_ON)

    def answer(self, slot: int, agent: int, at_ns: int) -> None:
        """Somebody picked up."""
        if (stage := self._open.get(slot)) is None:
            return
        stage.wait_ns, stage.agent, stage.answered_ns = at_ns - stage.began_ns, agent, at_ns
        stage.way_out, stage.ring_ns = kinds.EXIT_ANSWERED, 0
        if (offer := stage.rings(agent)) is not None:
            stage.ring_ns = at_ns - offer.made_ns
            offer.end(at_ns, stage.ring_ns, PICKS_UP)
            if offer is stage.offers[-1]:
                stage.offers.pop()  # those after the last on record ring as long as the one that was answered

    def leave(self, slot: int, queue: int, at_ns: int, way_out: int, kind: int, how: int) -> None:
        """It left a queue: by a fact of `kind` of its own, 0 if something else made it."""
        if (stage := self._open.pop(slot, None)) is None:
            return
        stage.wait_ns, stage.way_out = at_ns - stage.began_ns, way_out
        rang = [offer for offer in stage.offers if offer.rang_until(at_ns)]
        stage.ring_ns = max((at_ns - offer.made_ns for offer in rang), default=UNKNOWN)
        stage.offers = [offer for offer in stage.offers if offer not in rang]
        if kind and not (kind == kinds.CONTACT_RELEASED and how in NOT_THEIR_WILL):
            stage.leaves_by, stage.leaves_with = kind, how
        self._keep(stage)
        if way_out == kinds.EXIT_CALLBACK:
            self._owed[queue, stage.line_ns] = stage

    def end(
        self,
        slot: int,
        at_ns: int,
        talk_ns: int,
        then: tuple[int, int, int, int] | None,
        has_wrap_up: bool,
        *,
        was_cut: bool = False,
    ) -> None:
        """The talk is over; `then` is by which (kind, queue, agent, flags) it goes on.

        One that `was_cut` had not come to its end: it would have lasted longer, and does not go on by itself.
        """
        self._ended = UNKNOWN
        if (stage := self._open.pop(slot, None)) is None:
            return
        stage.talk_ns, stage.talk_ended = talk_ns, not was_cut
        if then is not None:
            stage.then = (0, UNKNOWN, UNKNOWN, 0) if was_cut else then
            queue = then[1] if then[1] >= 0 else stage.queue
            self._open[slot] = _Stage(stage.person, queue, at_ns, is_written=stage.is_written)
        self._keep(stage)
        if has_wrap_up:
            self._ended = stage.place
        else:
            self._wraps[stage.place] = (0, False)

    def wrap(self, engagement: int) -> None:
        """The wrap-up of the talk that ended last begins."""
        if self._ended >= 0:
            self._wrapping[engagement] = self._ended
        self._ended = UNKNOWN

    def unwrap(self, engagement: int, lasted_ns: int, by_agent: bool) -> None:
        """A wrap-up is over."""
        if (place := self._wrapping.pop(engagement, UNKNOWN)) >= 0:
            self._wraps[place] = (lasted_ns, by_agent)

    def close(self, end_ns: int) -> int:
        """Keep what is open as far as it is known; return how much that is."""
        for stage in self._open.values():
            if stage.answered_ns:
                stage.talk_ns = end_ns - stage.answered_ns
            else:
                stage.wait_ns = end_ns - stage.began_ns
            self._keep(stage)
        return len(self._open)

    def _keep(self, stage: _Stage) -> None:
        if stage.called_back >= 0:
            stage.place = stage.called_back
            if stage.talk_ns >= 0:
                self._called_back[stage.place] = stage
            return
        first_offer, offers = self._keep_offers(stage)
        stage.place = self._over.add(
            (
                *(stage.person, stage.queue, stage.wait_ns, stage.way_out),
                *(stage.leaves_by, stage.leaves_with),
                *(
                    stage.agent,
                    stage.ring_ns,
                    stage.agent >= 0,
                    first_offer,
                    offers,
                ),
                *(stage.talk_ns, stage.talk_ended, stage.answered_ns, stage.agent),
                *(UNKNOWN, False, *stage.then),
            )
        )

    def _keep_offers(self, stage: _Stage) -> tuple[int, int]:
        """Return from where on how many offers of a stage are kept."""
        first = len(self._offers)
        for offer in stage.offers:
            if offer.ended_ns >= 0:
                self._offers.add((offer.after_ns, offer.how))
        return first, len(self._offers) - first

    def tables(self) -> tuple[Array, Array]:
        """Return all stages, dtype RECORDED, person by person in order; and their offers, dtype OFFER."""
        found = self._over.table()
        if self._wraps:
            places = np.fromiter(self._wraps, np.int64)
            found["wrap_up_ns"][places] = [lasted_ns for lasted_ns, _ in self._wraps.values()]
            found["wraps_early"][places] = [by_agent for _, by_agent in self._wraps.values()]
        for place, stage in self._called_back.items():
            found["ring_ns"][place], found["talk_ns"][place] = stage.ring_ns, stage.talk_ns
            found["talk_began_ns"][place], found["talked_with"][place] = stage.answered_ns, stage.agent
            found["ring_ended"][place], found["talk_ended"][place] = True, stage.talk_ended
            found["first_offer"][place], found["offers"][place] = self._keep_offers(stage)
            for column, value in zip(("then", "then_queue", "then_agent", "then_flags"), stage.then, strict=True):
                found[column][place] = value
        return found[np.argsort(found["person"], kind="stable")], self._offers.table()
