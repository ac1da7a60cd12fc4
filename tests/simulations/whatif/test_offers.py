"""What became of each offer of a live log comes of it again, in the order in which it was, whoever it is made to."""

import heapq
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.kernel.step import next_deadline_ns
from engine.messages import observed
from engine.messages.effects import AnyEffect, ConnectContact, EndOffer, OfferContact
from engine.messages.kinds import (
    AGENT_NOT_RESPONDING,
    BY_CUSTOMER,
    CONTACT_RELEASED,
    EXIT_ABANDONED,
    EXIT_ANSWERED,
    OFFER_BUSY,
    OFFER_CONTACT_LEFT,
    OFFER_NO_ANSWER,
    OFFER_REJECTED,
    OFFER_TAKEN_ELSEWHERE,
)
from engine.messages.observed import Observed
from simulations.whatif.people import people_of
from simulations.whatif.record import Record, read_record
from simulations.whatif.rerun import RulesRunner
from simulations.whatif.rules import as_recorded
from simulations.whatif.stages import Stages
from simulations.world.changes import RETURN_KNOWN
from simulations.world.tables import IN_VAIN, PICKS_UP, RINGS_ON
from tests.driver_support import SECOND_NS, House, house, on_disk

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
CENTRE = """
service: {name: test centre}
limits: {contacts: 64, agents: 8, queues: 8, trunk_groups: 4, requirements: 16, lines: 32, intervals: 8}
queues:
  one: {strategy: longest-idle, wrap_up: 2s, ring_limit: 6s}
  all: {strategy: ring-all, wrap_up: 0s, ring_limit: 7s}
agents: [{agents}]
"""
AGENTS = ("alice", "bob", "carol", "dave", "eve")
CONTACTS = 90
MILLISECOND_NS = 1_000_000


class Centre:
    """People who call, and agents who answer, decline or let it ring, on a clock that jumps to what is due next."""

    def __init__(self, engine: House, back_after: float = 0.0) -> None:
        self.engine = engine
        self._back_after = back_after
        self._aside: set[int] = set()
        self._chance = random.Random(18)
        self._due: list[tuple[int, int, Callable[[], Iterator[Observed]]]] = []
        self._heard = self._planned = 0
        self._rings: set[tuple[str, str]] = set()
        self._with_agent: set[str] = set()

    def after(self, seconds: float, what: Callable[[], Iterator[Observed]]) -> None:
        self._planned += 1
        at_ns = self.engine.clock.now_ns() + int(seconds * SECOND_NS)
        heapq.heappush(self._due, (at_ns, self._planned, what))

    async def play(self) -> None:
        """Let everything happen until nothing is left to."""
        clock, tables = self.engine.clock, self.engine.state.tables
        while self._due or tables.book[0].slot_count < len(tables.slots):
            deadline_ns = next_deadline_ns(tables)
            own_ns = self._due[0][0] if self._due else deadline_ns
            clock.advance(max(min(own_ns, deadline_ns) - clock.now_ns(), 0))
            if deadline_ns <= own_ns:
                self.engine.engine.wake()
            else:
                await self.engine.submit(*heapq.heappop(self._due)[2]())
            await self.engine.settle()
            for effect in self.engine.effects[self._heard :]:
                self._hear(effect)
            self._heard = len(self.engine.effects)
            for number in np.flatnonzero(tables.agents["suspended_until_ns"] < 0).tolist():
                if number not in self._aside:
                    self._aside.add(number)
                    self.after(self._back_after, lambda number=number: self._come_back(number))  # type: ignore[misc]

    def _come_back(self, number: int) -> Iterator[Observed]:
        self._aside.discard(number)
        yield observed.AgentStatusChanged(agent=AGENTS[number], status="available")

    def come(self, contact: str, queue: str) -> Iterator[Observed]:
        yield observed.ContactArrived(contact=contact, queue=queue)
        self.after(self._chance.uniform(25, 80), lambda: self._give_up(contact))

    def _give_up(self, contact: str) -> Iterator[Observed]:
        if contact not in self._with_agent:
            yield observed.ContactReleased(contact=contact)

    def _hear(self, effect: AnyEffect) -> None:
        chance, contact = self._chance, effect.contact
        if isinstance(effect, OfferContact):
            agent = effect.agent
            self._rings.add((contact, agent))
            reaction = chance.choices(("answer", "decline", "busy", "nothing"), (50, 20, 8, 22))[0]
            if reaction == "answer":
                self.after(chance.uniform(0.5, 5), lambda: self._answer(contact, agent))
            elif reaction != "nothing":
                self.after(chance.uniform(0.5, 4), lambda: self._decline(contact, agent, busy=reaction == "busy"))
        elif isinstance(effect, EndOffer):
            self._rings.discard((contact, effect.agent))
        elif isinstance(effect, ConnectContact):
            self._rings = {(other, agent) for other, agent in self._rings if other != contact}
            self._with_agent.add(contact)
            self.after(chance.uniform(6, 25), lambda: iter([observed.ContactReleased(contact=contact)]))

    def _answer(self, contact: str, agent: str) -> Iterator[Observed]:
        if (contact, agent) in self._rings:
            yield observed.OfferAnswered(contact=contact, agent=agent)

    def _decline(self, contact: str, agent: str, *, busy: bool) -> Iterator[Observed]:
        if (contact, agent) in self._rings:
            yield observed.OfferDeclined(contact=contact, agent=agent, reason="busy" if busy else "declined")


async def record_of(folder: Path, max_no_answer: int = 0, back_after: float = 0.0) -> Record:
    """The record of a centre in which many an offer is declined or rings in vain."""
    entries = (f"{{name: {agent}, max_no_answer: {max_no_answer}}}" for agent in AGENTS)
    async with house(folder, CENTRE.replace("{agents}", ", ".join(entries)), log_of=on_disk(folder)) as engine:
        await engine.tell(*(observed.AgentStatusChanged(agent=agent, status="available") for agent in AGENTS))
        centre = Centre(engine, back_after)
        for number in range(CONTACTS):
            name, queue = f"c{number}", "all" if number % 3 == 0 else "one"
            centre.after(5.0 * number + 0.1, lambda name=name, queue=queue: centre.come(name, queue))  # type: ignore[misc]
        await centre.play()
    return read_record(folder)


async def test_offers_declined_unanswered_and_answered_come_out_as_they_were(tmp_path: Path) -> None:
    record = await record_of(tmp_path)
    first, offers = record.stages[record.first_stages], record.offers
    mixed = [offers["after_ns"][one["first_offer"] :][: one["offers"]].tolist() for one in first if one["offers"] > 1]
    assert any(IN_VAIN in one and one.index(IN_VAIN) < len(one) - 1 for one in mixed), "in vain before a declined one"
    assert {PICKS_UP, OFFER_REJECTED} < set(offers["how"].tolist())
    assert (first["way_out"] == EXIT_ANSWERED).sum() > CONTACTS // 2
    assert (first["way_out"] != EXIT_ANSWERED).sum() > 2
    people = people_of(record)
    played = RulesRunner(as_recorded(record).rules, people).play(people.drawn(1, 0))
    np.testing.assert_array_equal(played.served_by, first["agent"])
    np.testing.assert_array_equal(played.way_out, first["way_out"])
    assert np.abs(played.waited_ns - first["wait_ns"]).max() < MILLISECOND_NS


async def test_who_was_set_aside_is_back_when_the_record_says_and_others_after_a_while(tmp_path: Path) -> None:
    record = await record_of(tmp_path, max_no_answer=1, back_after=200.0)
    known = record.script[record.script["kind"] == RETURN_KNOWN]
    assert (known["a"] - known["at_ns"] == 200 * SECOND_NS).sum() > 5
    people = people_of(record)
    rules = as_recorded(record).rules
    first = record.stages[record.first_stages]
    played = RulesRunner(rules, people).play(people.drawn(1, 0))
    np.testing.assert_array_equal(played.served_by, first["agent"])
    np.testing.assert_array_equal(played.way_out, first["way_out"])
    by_itself = msgspec.structs.replace(rules, script=rules.script[rules.script["kind"] != RETURN_KNOWN])
    sooner = RulesRunner(by_itself, people).play(people.drawn(1, 0))
    assert sooner.states_ns[AGENT_NOT_RESPONDING] < 0.6 * played.states_ns[AGENT_NOT_RESPONDING]
    assert (sooner.way_out == EXIT_ANSWERED).sum() > (played.way_out == EXIT_ANSWERED).sum()


def test_each_offer_is_kept_with_what_became_of_it() -> None:
    stages = Stages()
    stages.begin(0, person=0, queue=0, at_ns=100)
    for agent, made_ns, ended_ns, why, was_declined in (
        (1, 100, 130, OFFER_NO_ANSWER, False),
        (2, 130, 135, OFFER_BUSY, True),
        (1, 135, 139, OFFER_NO_ANSWER, True),  # the phone says so
        (3, 139, 150, OFFER_CONTACT_LEFT, False),  # it goes on to another queue
    ):
        stages.offer(0, agent, made_ns)
        stages.end_offer(0, agent, ended_ns, why, was_declined=was_declined)
    for agent in (4, 5):
        stages.offer(0, agent, 160)
    stages.answer(0, 5, 168)
    stages.end_offer(0, 4, 168, OFFER_TAKEN_ELSEWHERE, was_declined=False)
    stages.end(0, 200, 32, None, has_wrap_up=False)
    (stage,), offers = stages.tables()
    assert offers.tolist() == [
        (IN_VAIN, PICKS_UP),
        (5, OFFER_BUSY),
        (4, OFFER_NO_ANSWER),
        (11, RINGS_ON),
        (9, PICKS_UP),  # just after the one who was the first
    ]
    assert (stage["first_offer"], stage["offers"], stage["ring_ns"], stage["wait_ns"]) == (0, 5, 8, 68)


def test_what_still_rang_when_the_caller_gave_up_is_no_outcome() -> None:
    stages = Stages()
    stages.begin(0, person=0, queue=0, at_ns=0)
    stages.offer(0, 1, 0)
    stages.end_offer(0, 1, 3, OFFER_REJECTED, was_declined=True)
    stages.offer(0, 2, 3)
    stages.end_offer(0, 2, 10, OFFER_CONTACT_LEFT, was_declined=False)
    stages.leave(0, 0, 10, EXIT_ABANDONED, CONTACT_RELEASED, BY_CUSTOMER)
    (stage,), offers = stages.tables()
    assert offers.tolist() == [(3, OFFER_REJECTED)]
    assert (stage["offers"], stage["ring_ns"], stage["ring_ended"]) == (1, 7, False)
