"""Random histories: facts drawn so that most of them fit what is going on, and some could never be true."""

import random
from collections.abc import Callable

from engine.kernel.tables import Capacity
from engine.messages import kinds as k
from engine.messages.rows import pack_arrival, pack_requirement, pack_trunks
from engine.model.settings import (
    QUEUE_COLUMNS,
    RESERVE_AUTO,
    SECOND_NS,
    STEPS_MAX,
    STRICT_CREDIT_NS,
    AgentSetting,
    ChannelSetting,
    EngineSetting,
    QueueSetting,
    TrunkGroupSetting,
)
from tests.kernel.facts import Fact
from tests.kernel.naive_books import Books

CAPACITY = Capacity(contacts=24, agents=6, queues=4, trunk_groups=2, requirements=6, lines=30, intervals=8)
BEGIN_NS = 1_700_000_000 * SECOND_NS
LAPSES_NS = (0, 0, 0, 0, 1, *(SECOND_NS * tenths // 10 for tenths in (3, 5, 10, 10, 20, 40, 80, 300)))
TIMES_S = (0, 0, 1, 2, 5, 10, 20, 60)
QUEUE_VALUES: dict[int, tuple[int, ...]] = {
    QueueSetting.STRATEGY: tuple(range(k.STRATEGIES)),
    QueueSetting.RING_LIMIT_NS: tuple(s * SECOND_NS for s in (1, 5, 20)),
    QueueSetting.WRAP_UP_NS: (-1, 0, 0, 5 * SECOND_NS, 30 * SECOND_NS),
    QueueSetting.MAX_LENGTH: (0, 0, 1, 3),
    QueueSetting.PRIORITY_CREDIT_NS: (0, 10 * SECOND_NS, STRICT_CREDIT_NS),
    QueueSetting.QUEUE_CREDIT_NS: (0, 30 * SECOND_NS),
    QueueSetting.JOIN_EMPTY: (0, 0, 1, 2),
    QueueSetting.LEAVE_EMPTY: (0, 0, 1, 2),
    QueueSetting.REQUIREMENT: (0, 0, 1, 2, 3),
    QueueSetting.FULL_TARGET: (-1, 0, 1, 2, 3),
    QueueSetting.EMPTY_TARGET: (-1, 0, 1, 2, 3),
    QueueSetting.CLOSED_TARGET: (-1, 0, 1, 2, 3),
    QueueSetting.PREFERRED_WAIT_NS: (0, 5 * SECOND_NS, 60 * SECOND_NS),
    QueueSetting.VALUE: (0, 1000, 3000),
    QueueSetting.CHANNEL: (0, 0, 1),
    QueueSetting.MEMBERS_ONLY: (0, 0, 1),
    QueueSetting.RING_ALL_LIMIT: (1, 2, 16),
    QueueSetting.IDLE_LIMIT_NS: (0, 5 * SECOND_NS, 30 * SECOND_NS),
    QueueSetting.HOLD_BACK_NS: (0, 5 * SECOND_NS, 60 * SECOND_NS, 600 * SECOND_NS),
    **{QueueSetting.FIRST_STEP + 3 * n: tuple(s * SECOND_NS for s in TIMES_S) for n in range(STEPS_MAX)},
    **{QueueSetting.FIRST_STEP + 3 * n + 1: (0, 1, 2, 2, 3, 4, 5) for n in range(STEPS_MAX)},
    **{QueueSetting.FIRST_STEP + 3 * n + 2: (-1, 0, 1, 2, 3) for n in range(STEPS_MAX)},
}
OFTEN = (
    QueueSetting.WRAP_UP_NS,
    QueueSetting.MAX_LENGTH,
    QueueSetting.PRIORITY_CREDIT_NS,
    QueueSetting.JOIN_EMPTY,
    QueueSetting.LEAVE_EMPTY,
    QueueSetting.REQUIREMENT,
    QueueSetting.FULL_TARGET,
    QueueSetting.EMPTY_TARGET,
    QueueSetting.PREFERRED_WAIT_NS,
    QueueSetting.IDLE_LIMIT_NS,
)
"""Columns that histories begin with: what decides most."""
AGENT_VALUES: dict[int, tuple[int, ...]] = {
    AgentSetting.CAPACITY: (0, 1, 1, 1, 2),
    AgentSetting.CAPACITY + 1: (0, 1, 2, 3),
    AgentSetting.CAPACITY + 2: (0, 1),
    AgentSetting.CAPACITY + 3: (0, 1),
    AgentSetting.WRAP_UP_NS: (-2, -2, -1, 0, 10 * SECOND_NS),
    AgentSetting.RING_LIMIT_NS: (0, 0, 3 * SECOND_NS),
    AgentSetting.MAX_NO_ANSWER: (0, 1, 3),
    AgentSetting.NO_ANSWER_DELAY_NS: (0, 5 * SECOND_NS),
    AgentSetting.DECLINE_DELAY_NS: (0, 2 * SECOND_NS),
    AgentSetting.BUSY_DELAY_NS: (0, 10 * SECOND_NS),
    AgentSetting.EXISTS: (0, 1, 1, 1),
    AgentSetting.WEIGHT: (0, 1, 5),
    AgentSetting.NEEDS_PHONE: (0, 0, 1),
}


class History:
    """Draws the next fact; the same seed over the same states gives the same history."""

    def __init__(self, seed: int, books: Books, *, wild: float = 0.03, holding: bool = False) -> None:
        self._random = random.Random(seed)
        self._books = books
        self._wild = wild
        self._holding = holding
        self._statuses = self._random.choice(((0, 1, 2, 2, 2, 2), (2, 2, 2, 2, 2, 2, 1), (0, 0, 1, 2, 2)))
        self.now_ns = BEGIN_NS
        self._drawers: list[tuple[int, Callable[[], Fact]]] = [
            (42, self._arrival),
            (26, self._answer),
            (16, self._release),
            (5, self._decline),
            (4, self._transfer),
            (3, self._hold),
            (16, self._line),
            (9, self._status),
            (3, self._wrap_up),
            (2, self._reachability),
            (5, self._leave),
            (2, self._priority),
            (9, self._trunk),
            (1, self._opening),
            (8, self._setting),
            (20, self._deadline),
        ]

    def beginning(self) -> list[Fact]:
        """The settings of a small centre."""
        draw = self._random
        facts = [
            self._fact(k.REQUIREMENT_DEFINED, queue=1, a=pack_requirement((0, 1)), b=-1),
            self._fact(k.REQUIREMENT_DEFINED, queue=2, a=pack_requirement((1, 5)), b=0),
            self._fact(k.REQUIREMENT_DEFINED, queue=3, a=pack_requirement((0, 3), (1, 2)), b=1),
        ]
        facts += [self._write(k.TABLE_TRUNK_GROUP, group, TrunkGroupSetting.CHANNELS, 4 - group) for group in range(2)]
        facts += [
            self._write(k.TABLE_TRUNK_GROUP, 0, TrunkGroupSetting.RESERVE, draw.choice((RESERVE_AUTO, 0))),
            self._write(k.TABLE_TRUNK_GROUP, 0, TrunkGroupSetting.PROTECTED_VALUE, draw.choice((0, 1000, 20_000))),
        ]
        for agent in range(CAPACITY.agents):
            facts.append(self._write(k.TABLE_AGENT, agent, AgentSetting.EXISTS, 1))
            for skill in range(2):
                level = draw.choice((0, 2, 5, 8))
                facts.append(
                    self._fact(k.SETTING_CHANGED, agent=k.TABLE_SKILL_LEVEL, queue=agent, contact=0, a=level, b=skill)
                )
            facts.append(self._write(k.TABLE_AGENT, agent, AgentSetting.CAPACITY + k.CHAT, draw.choice((1, 2, 3))))
        for queue in range(CAPACITY.queues):
            facts.append(self._write(k.TABLE_QUEUE, queue, QueueSetting.STRATEGY, draw.randrange(k.STRATEGIES)))
            columns = draw.sample(OFTEN, draw.randrange(len(OFTEN)))
            facts += [
                self._write(k.TABLE_QUEUE, queue, column, draw.choice(QUEUE_VALUES[column])) for column in columns
            ]
        if draw.random() < 0.2 or self._holding:
            facts += self._holding_back()
        facts += [self._setting() for _ in range(draw.choice((0, 0, 10, 40)))]
        present = draw.choice((0.2, 0.7, 1.0))
        facts += [
            self._fact(k.AGENT_STATUS_CHANGED, agent=agent, a=k.STATUS_AVAILABLE)
            for agent in range(CAPACITY.agents)
            if draw.random() < present
        ]
        return facts

    def _holding_back(self) -> list[Fact]:
        """Queues of unequal value that keep agents from each other."""
        draw, facts = self._random, []
        for queue in range(CAPACITY.queues):
            for column, value in (
                (QueueSetting.STRATEGY, k.ERLANG),
                (QueueSetting.VALUE, draw.choice((0, 1000, 1000, 5000, 50_000))),
                (QueueSetting.HOLD_BACK_NS, draw.choice((0, 20, 120, 600)) * SECOND_NS),
            ):
                facts.append(self._write(k.TABLE_QUEUE, queue, column, value))
        return facts

    def next(self) -> Fact:
        """One more fact, a little later, or at once, or stamped before the last."""
        draw = self._random
        self.now_ns += draw.choice(LAPSES_NS)
        if draw.random() < self._wild:
            return self._anything()
        drawers = [drawer for _, drawer in self._drawers]
        return draw.choices(drawers, [weight for weight, _ in self._drawers])[0]()

    def _fact(self, kind: int, **fields: int) -> Fact:
        return Fact(kind, at_ns=self.now_ns - (SECOND_NS if self._random.random() < 0.02 else 0), **fields)

    def _write(self, table: int, index: int, column: int, value: int) -> Fact:
        return self._fact(k.SETTING_CHANGED, agent=table, queue=index, contact=column, a=value)

    def _contact(self, *states: int) -> int:
        """The slot of a contact in one of these states, or of any, or one that is not there."""
        fitting = [c.slot for c in self._books.contacts.values() if c.state in states]
        return self._random.choice(fitting or list(self._books.contacts) or [0])

    def _arrival(self) -> Fact:
        draw, books = self._random, self._books
        place = self.now_ns - draw.choice((1, 30, 600)) * SECOND_NS if draw.random() < 0.05 else 0
        requirement = draw.choice((0, 0, 0, 0, 0, 1, 2, 3))
        group = draw.choice((-1, -1, -1, -1, 0, 1))
        return self._fact(
            k.CONTACT_ARRIVED,
            contact=books.free_slots[0] if books.free_slots else 0,
            queue=draw.randrange(CAPACITY.queues),
            agent=draw.randrange(CAPACITY.agents) if draw.random() < 0.15 else -1,
            a=pack_arrival(draw.choice((0, 0, 0, 1, 1, 2)), draw.choice((0, 0, 0, 1, 7)), requirement, group),
            b=place,
            flags=draw.choice((0, 0, k.FLAG_PROTECTED, k.FLAG_PROTECTED, k.FLAG_CALLS_BACK, k.FLAG_NO_CALLBACK)),
        )

    def _offer(self) -> tuple[int, int]:
        """Contact and agent of a live offer, if there is one."""
        offers = [
            (c.slot, tie.agent)
            for c in self._books.contacts.values()
            for tie in c.ties
            if tie.state == k.ENGAGEMENT_OFFERED
        ]
        return self._random.choice(offers or [(self._contact(), 0)])

    def _answer(self) -> Fact:
        contact, agent = self._offer()
        return self._fact(self._random.choice((k.OFFER_ANSWERED,) * 9 + (k.OFFER_RANG,)), contact=contact, agent=agent)

    def _decline(self) -> Fact:
        contact, agent = self._offer()
        return self._fact(k.OFFER_DECLINED, contact=contact, agent=agent, a=self._random.choice((1, 2, 2, 3, 4)))

    def _release(self) -> Fact:
        wanted = self._random.choice((k.CONTACT_CONNECTED, k.CONTACT_CONNECTED, k.CONTACT_WAITING, k.CONTACT_OFFERED))
        return self._fact(k.CONTACT_RELEASED, contact=self._contact(wanted), a=self._random.choice((1, 1, 2, 3, 4, 6)))

    def _transfer(self) -> Fact:
        draw = self._random
        wanted = draw.choice(
            (k.CONTACT_CONNECTED, k.CONTACT_CONNECTED, k.CONTACT_HELD_STATE, k.CONTACT_WAITING, k.CONTACT_OFFERED)
        )
        contact = self._contact(wanted)
        if draw.random() < 0.3:
            return self._fact(k.REQUEUE_REQUESTED, contact=contact, flags=k.FLAG_KEEP_PLACE)
        queue, agent = draw.randrange(-1, CAPACITY.queues), -1
        if queue < 0 or draw.random() < 0.3:
            agent = draw.randrange(CAPACITY.agents)
        flags = draw.choice((0, k.FLAG_KEEP_PLACE))
        return self._fact(k.TRANSFER_REQUESTED, contact=contact, queue=queue, agent=agent, flags=flags)

    def _hold(self) -> Fact:
        if self._random.random() < 0.5:
            return self._fact(k.CONTACT_HELD, contact=self._contact(k.CONTACT_CONNECTED))
        return self._fact(k.CONTACT_RESUMED, contact=self._contact(k.CONTACT_HELD_STATE))

    def _line(self) -> Fact:
        """A line of a conversation, more often in a talk than not."""
        draw = self._random
        wanted = draw.choice((k.CONTACT_CONNECTED, k.CONTACT_CONNECTED, k.CONTACT_CONNECTED, k.CONTACT_WAITING))
        contact = self._contact(wanted)
        known = self._books.contacts.get(contact)
        by = draw.choice((k.BY_CUSTOMER, k.BY_CUSTOMER, k.BY_AGENT, k.BY_AGENT, k.BY_SYSTEM))
        agent = known.agent if by == k.BY_AGENT and known is not None else -1
        kind = draw.choice((k.MESSAGE_SENT,) * 5 + (k.MESSAGES_READ,))
        if draw.randrange(8) == 0:
            kind = draw.choice((k.SURVEY_REQUESTED, k.SURVEY_ANSWERED))
            return self._fact(kind, a=draw.randrange(5) | draw.randrange(-1, 12) << 8, b=draw.randrange(5))
        if draw.randrange(12) == 0:
            return self._from_desk()
        if draw.randrange(12) == 0:
            kind = draw.choice((k.QUALITY_EVALUATED, k.SCHEDULE_EXCEPTED, k.CASE_OPENED, k.CASE_RESOLVED))
            queue, agent = draw.randrange(-1, 3), draw.randrange(-1, 3)
            return self._fact(kind, queue=queue, agent=agent, a=draw.randrange(-1, 10_002), b=draw.randrange(-1, 5))
        return self._fact(kind, contact=contact, agent=agent, a=by, b=draw.randrange(5))

    def _from_desk(self) -> Fact:
        """A remark, or the wish to hold or resume; sometimes of an agent who has nothing to say."""
        draw = self._random
        state = draw.choice((k.CONTACT_CONNECTED, k.CONTACT_HELD_STATE))
        contact = self._contact(state)
        known = self._books.contacts.get(contact)
        agent = known.agent if known is not None and draw.randrange(4) else draw.randrange(-1, CAPACITY.agents)
        kind = draw.choice((k.NOTE_WRITTEN, k.CONTACT_CLASSIFIED, k.HOLD_REQUESTED, k.RESUME_REQUESTED))
        return self._fact(kind, contact=contact, agent=agent, b=draw.randrange(5))

    def _status(self) -> Fact:
        agent = self._random.randrange(CAPACITY.agents)
        return self._fact(k.AGENT_STATUS_CHANGED, agent=agent, a=self._random.choice(self._statuses))

    def _wrap_up(self) -> Fact:
        wrapping = [n for n, agent in enumerate(self._books.agents) if agent.count(k.ENGAGEMENT_WRAPPING)]
        agent = self._random.choice(wrapping or [0])
        arrivals = [tie.contact.arrival for tie in self._books.wrap_ups(agent, 0)]
        return self._fact(k.WRAP_UP_FINISHED, agent=agent, a=self._random.choice([0, 1, *arrivals, *arrivals]))

    def _reachability(self) -> Fact:
        agent = self._random.randrange(CAPACITY.agents)
        return self._fact(k.AGENT_REACHABILITY_CHANGED, agent=agent, a=self._random.choice((0, 1, 1)))

    def _leave(self) -> Fact:
        kind = self._random.choice((k.CALLBACK_REQUESTED, k.EXIT_KEY_PRESSED, k.CONTACT_WITHDRAWN))
        return self._fact(kind, contact=self._contact(k.CONTACT_WAITING, k.CONTACT_OFFERED), a=3)

    def _priority(self) -> Fact:
        return self._fact(k.PRIORITY_CHANGED, contact=self._contact(k.CONTACT_WAITING), a=self._random.randrange(8))

    def _trunk(self) -> Fact:
        """A request for one that has no channel, most often; now and then a release of what was requested, or a caller
        who goes to another contact.
        """
        draw = self._random
        if draw.random() < 0.1:
            return self._fact(k.CALLER_MOVED, contact=self._contact(), a=self._contact())
        outgoing = [c for c in self._books.contacts.values() if c.asked_group < 0]
        if draw.random() < 0.3:
            held = [c.slot for c in outgoing if c.group >= 0]
            return self._fact(k.TRUNK_RELEASED, contact=draw.choice(held) if held else self._contact())
        wanting = [c.slot for c in outgoing if c.group < 0]
        a, b = pack_trunks(draw.choice(((0,), (1,), (0, 1), (0, 1), (1, 0), (1, 0, 1, 1, 0))))
        return self._fact(k.TRUNK_REQUESTED, contact=draw.choice(wanting) if wanting else self._contact(), a=a, b=b)

    def _opening(self) -> Fact:
        kind = self._random.choice((k.QUEUE_OPENED, k.QUEUE_OPENED, k.QUEUE_OPENED, k.QUEUE_CLOSED))
        return self._fact(kind, queue=self._random.randrange(CAPACITY.queues))

    def _deadline(self) -> Fact:
        return self._fact(k.DEADLINE_PASSED)

    def _setting(self) -> Fact:
        draw = self._random
        index, number = draw.randrange(CAPACITY.queues), draw.random()
        if number < 0.5:
            column = draw.choice(list(QUEUE_VALUES))
            return self._write(k.TABLE_QUEUE, index, column, draw.choice(QUEUE_VALUES[column]))
        agent = draw.randrange(CAPACITY.agents)
        if number < 0.7:
            column = draw.choice(list(AGENT_VALUES))
            return self._write(k.TABLE_AGENT, agent, column, draw.choice(AGENT_VALUES[column]))
        if number < 0.8:
            return self._fact(
                k.SETTING_CHANGED,
                agent=k.TABLE_SKILL_LEVEL,
                queue=agent,
                contact=0,
                a=draw.choice((0, 3, 9)),
                b=draw.randrange(2),
            )
        if number < 0.87:
            return self._fact(
                k.SETTING_CHANGED, agent=k.TABLE_MEMBERSHIP, queue=agent, contact=0, a=draw.randrange(4), b=index
            )
        if number < 0.92:
            return self._write(k.TABLE_CHANNEL, draw.randrange(3), ChannelSetting.MAY_INTERRUPT, draw.randrange(8))
        if number < 0.97:
            column = draw.choice((TrunkGroupSetting.CHANNELS, TrunkGroupSetting.RESERVE))
            least = -1 if column == TrunkGroupSetting.RESERVE else 0
            return self._write(k.TABLE_TRUNK_GROUP, draw.randrange(2), column, draw.randrange(least, 5))
        if number < 0.985:
            return self._write(k.TABLE_ENGINE, 0, EngineSetting.SEED, draw.randrange(-5, 1 << 40))
        return self._fact(
            k.REQUIREMENT_DEFINED,
            queue=draw.choice((1, 2, 3)),
            a=pack_requirement((draw.randrange(2), draw.choice((0, 1, 6)))),
            b=draw.choice((-1, 0)),
        )

    def _anything(self) -> Fact:
        """A row of any kind with any numbers: mostly nonsense."""
        draw = self._random
        numbers = (-(1 << 62), -2, -1, 0, 1, 2, 3, 5, 8, 30, 255, 256, 1 << 20, 1 << 33, (1 << 62) - 1)
        small = (-(1 << 31), -2, -1, 0, 1, 2, 3, 5, 8, 30, 255, 256, QUEUE_COLUMNS, 1 << 20, (1 << 31) - 1)
        return Fact(
            draw.randrange(k.FIRST_DECIDED),
            draw.choice(small),
            draw.choice(small),
            draw.choice(small),
            draw.choice(numbers),
            draw.choice(numbers),
            draw.choice((0, 4, 65535)),
            self.now_ns,
        )
