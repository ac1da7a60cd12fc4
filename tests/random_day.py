"""A day of a small centre, drawn from a seed: everything that callers, agents and supervisors do, likely or not."""

import random
from collections.abc import Sequence
from typing import Final

from engine.live.recovered import open_contacts
from engine.messages.observed import (
    AgentStatusChanged,
    CallbackRequested,
    CallerMoved,
    ContactArrived,
    ContactHeld,
    ContactReleased,
    ContactResumed,
    ContactWithdrawn,
    ExitKeyPressed,
    LegRecorded,
    MessageSent,
    MessagesRead,
    Observed,
    OfferAnswered,
    OfferDeclined,
    PriorityChanged,
    QueueClosed,
    QueueOpened,
    RequeueRequested,
    TransferRequested,
    TrunkReleased,
    TrunkRequested,
    WrapUpFinished,
)
from tests.driver_support import House

QUEUES: Final = ("sales", "help", "later")
AGENTS: Final = ("alice", "bob")
OPEN_MAX: Final = 40
"""Contacts beyond which no more come: what a full engine answers is another story."""


class Day:
    """Draws facts. The same seed over the same engine gives the same log."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._arrived = 0

    async def run(self, house: House, steps: int, at_once: Sequence[int] = (1, 1, 1, 2, 5, 12)) -> None:
        """Let so many things happen, several at once now and then, with time passing between."""
        for _ in range(steps):
            facts = [self._fact(house) for _ in range(self._random.choice(at_once))]
            await house.submit(*facts)
            if self._random.random() < 0.3:
                await house.pass_time(self._random.choice((0.1, 1, 5, 21, 61)))
        await house.settle()

    def _fact(self, house: House) -> Observed:
        draw = self._random
        number = draw.random()
        if number < 0.25 and len(house.state.contacts) < OPEN_MAX:
            return self._arrival()
        agent, contact = draw.choice(AGENTS), self._contact(house)
        if number < 0.35:
            return AgentStatusChanged(agent=agent, status=draw.choice(("available",) * 6 + ("paused", "offline")))
        if number < 0.6:
            contact, agent = self._offer(house, contact, agent)
            return OfferAnswered(contact=contact, agent=agent)
        if number < 0.82:
            contact = self._talk(house, contact)
            return ContactReleased(contact=contact, by=draw.choice(("customer", "agent", "network", "system")))
        return self._rare(house, contact, agent)

    def _arrival(self) -> ContactArrived:
        draw = self._random
        self._arrived += 1
        name = f"c{self._arrived}"
        return ContactArrived(
            # Every tenth is sent a second time under the id of the one before.
            id=name if self._arrived % 10 else f"c{self._arrived - 1}",
            contact=name,
            queue=draw.choice(QUEUES),
            channel=draw.choice(("voice", "voice", "chat")),
            priority=draw.choice((0, 0, 0, 2, 7)),
            skills=draw.choice(({}, {}, {"billing": 3}, {"english": 1})),
            preferred_agent=draw.choice(("", "", "bob")),
            trunk_group=draw.choice(("", "", "", "main")),
            customer=f"+84 {self._arrived}",
        )

    def _contact(self, house: House) -> str:
        """An open contact, or now and then one that is not."""
        names = [entry.name for entry in house.state.contacts]
        return self._random.choice([*names, "nobody"])

    def _offer(self, house: House, contact: str, agent: str) -> tuple[str, str]:
        """An offer that is being made, or now and then one that is not."""
        contacts = [found for of_adapter in open_contacts(house.state).values() for found in of_adapter]
        offers = [
            (found.contact, offered) for found in contacts if found.state == "offered" for offered in found.agents
        ]
        return self._random.choice(offers) if offers and self._random.random() < 0.9 else (contact, agent)

    def _talk(self, house: House, contact: str) -> str:
        """A contact that is connected, more often than any other."""
        contacts = [found for of_adapter in open_contacts(house.state).values() for found in of_adapter]
        talks = [found.contact for found in contacts if found.state in ("connected", "held")]
        return self._random.choice(talks) if talks and self._random.random() < 0.7 else contact

    def _rare(self, house: House, contact: str, agent: str) -> Observed:
        draw = self._random
        return draw.choice(
            (
                OfferDeclined(contact=contact, agent=agent, reason=draw.choice(("declined", "busy", "no_answer"))),
                ContactHeld(contact=contact),
                ContactResumed(contact=contact),
                TransferRequested(contact=contact, queue=draw.choice(QUEUES), keep_place=draw.random() < 0.5),
                TransferRequested(contact=contact, agent=agent),
                RequeueRequested(contact=contact, by="eve"),
                CallbackRequested(contact=contact, number="+84 99"),
                ExitKeyPressed(contact=contact, key="0"),
                MessageSent(contact=contact, text=f"line {draw.randrange(99)}"),
                MessageSent(contact=contact, by="agent", agent=agent, text="good morning"),
                MessagesRead(contact=contact, up_to_seq=1),
                ContactWithdrawn(contact=contact, by="eve", reason="test"),
                PriorityChanged(contact=contact, priority=draw.choice((0, 1, 7))),
                LegRecorded(contact=contact, leg=draw.choice(("caller", "agent")), record=draw.randbytes(9)),
                TrunkRequested(contact=contact, trunk_groups=["main"]),
                TrunkReleased(contact=contact),
                CallerMoved(contact=contact, to=self._contact(house)),
                WrapUpFinished(agent=agent),
                WrapUpFinished(agent=agent, contact=contact),
                QueueClosed(queue="later", by="eve"),
                QueueOpened(queue="later", by="eve"),
            )
        )
