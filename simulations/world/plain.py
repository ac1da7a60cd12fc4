"""A plain simulated world: callers with patience, agents who pick up and talk, and a clock that jumps.

It drives the kernel exactly as the live engine does, through `step`, and keeps what it observed: the same rows given
to any other driver must lead to the same decisions.
"""

import heapq
import random
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from engine.kernel.step import ROOM, next_deadline_ns, step
from engine.kernel.tables import Capacity, Tables, new_tables
from engine.messages.kinds import (
    AGENT_STATUS_CHANGED,
    BY_AGENT,
    BY_CUSTOMER,
    CONTACT_ANSWERED,
    CONTACT_ARRIVED,
    CONTACT_QUEUED,
    CONTACT_RELEASED,
    DEADLINE_PASSED,
    FLAG_CLOSES,
    OFFER_ANSWERED,
    OFFER_MADE,
    REQUIREMENT_DEFINED,
    SETTING_CHANGED,
    STATUS_AVAILABLE,
    TABLE_AGENT,
    TABLE_QUEUE,
    TABLE_SKILL_LEVEL,
)
from engine.messages.rows import ROW, empty_rows, pack_arrival, pack_requirement
from engine.model.settings import SECOND_NS, AgentSetting, QueueSetting

Rows = np.ndarray[Any, Any]


class Centre(msgspec.Struct, frozen=True):
    """A made-up contact centre."""

    agents: int
    queues: int
    skills: int
    skills_per_agent: int
    occupancy: float
    """Offered load / agents."""
    seed: int = 1
    strategy: int = 0
    handle_s: float = 180.0
    """Mean of the exponential talk time."""
    patience_s: float = 120.0
    ring_s: float = 3.0
    wrap_up_s: float = 0.0
    contacts_max: int = 16_384
    hold_back_s: float = 0.0
    """Wait up to which agents may be held back for dearer queues; 0: never."""
    value_step: float = 0.0
    """How much more a contact of each queue is worth than one of the queue before; the first one's is 1."""


class World:
    """One run of a centre. `rows` are the observed rows so far, `decided` the rows the kernel produced."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.random = random.Random(centre.seed)
        self.capacity = Capacity(
            contacts=centre.contacts_max, agents=centre.agents, queues=centre.queues, lines=2 * centre.queues
        )
        self.tables: Tables = new_tables(self.capacity)
        self.observed: list[Rows] = []
        self.produced: list[Rows] = []
        self.now_ns = 1_700_000_000 * SECOND_NS
        self._due: list[tuple[int, int, int, int, int]] = []
        self._order = 0
        self._generation = [0] * centre.contacts_max
        self._out = empty_rows(ROOM + 64)
        self._row = empty_rows(1)
        self._set_up()

    def run(self, contacts: int) -> None:
        """Let `contacts` arrive, and everything happen until the last is gone."""
        rate_per_s = self.centre.agents * self.centre.occupancy / self.centre.handle_s
        arrivals = self._arrival_times(contacts, rate_per_s)
        arrival_ns = next(arrivals, None)
        while True:
            due_ns = self._due[0][0] if self._due else None
            deadline_ns = next_deadline_ns(self.tables)
            upcoming = [at for at in (arrival_ns, due_ns) if at is not None]
            if not upcoming and self.tables.book[0].slot_count == self.capacity.contacts:
                return
            next_ns = min([*upcoming, deadline_ns])
            self.now_ns = max(self.now_ns, next_ns)
            if next_ns == deadline_ns:
                self._observe(kind=DEADLINE_PASSED)
            elif next_ns == arrival_ns:
                self._arrive()
                arrival_ns = next(arrivals, None)
            else:
                self._happen(heapq.heappop(self._due))

    def _arrival_times(self, contacts: int, rate_per_s: float) -> Iterator[int]:
        at_ns = self.now_ns
        for _ in range(contacts):
            at_ns += int(self.random.expovariate(rate_per_s) * SECOND_NS)
            yield at_ns

    def _set_up(self) -> None:
        centre = self.centre
        for q in range(centre.queues):
            self._observe(kind=REQUIREMENT_DEFINED, queue=q + 1, a=pack_requirement((q % centre.skills, 1)), b=-1)
            for column, value in (
                (QueueSetting.REQUIREMENT, q + 1),
                (QueueSetting.STRATEGY, centre.strategy),
                (QueueSetting.WRAP_UP_NS, int(centre.wrap_up_s * SECOND_NS)),
                (QueueSetting.HOLD_BACK_NS, int(centre.hold_back_s * SECOND_NS)),
                (QueueSetting.VALUE, round(1000 * (1 + q * centre.value_step))),
            ):
                self._observe(kind=SETTING_CHANGED, agent=TABLE_QUEUE, queue=q, contact=int(column), a=value)
        for a in range(centre.agents):
            self._observe(kind=SETTING_CHANGED, agent=TABLE_AGENT, queue=a, contact=int(AgentSetting.EXISTS), a=1)
            for skill in self.random.sample(range(centre.skills), centre.skills_per_agent):
                level = self.random.randint(1, 10)
                self._observe(kind=SETTING_CHANGED, agent=TABLE_SKILL_LEVEL, queue=a, contact=0, a=level, b=skill)
            self._observe(kind=AGENT_STATUS_CHANGED, agent=a, a=STATUS_AVAILABLE)

    def _arrive(self) -> None:
        tables = self.tables
        if tables.book[0].slot_count == 0:
            return
        slot = int(tables.slots[tables.book[0].slot_head])
        self._observe(
            kind=CONTACT_ARRIVED, contact=slot, queue=self.random.randrange(self.centre.queues), a=pack_arrival(0, 0)
        )

    def _later(self, after_s: float, what: int, contact: int, agent: int) -> None:
        self._order += 1
        at_ns = self.now_ns + int(after_s * SECOND_NS)
        heapq.heappush(self._due, (at_ns, self._order, what, contact, agent << 32 | self._generation[contact]))

    def _happen(self, event: tuple[int, int, int, int, int]) -> None:
        _, _, what, contact, packed = event
        agent, generation = packed >> 32, packed & 0xFFFFFFFF
        if generation != self._generation[contact]:
            return
        if what == OFFER_ANSWERED:
            self._observe(kind=OFFER_ANSWERED, contact=contact, agent=agent)
        elif agent >= 0 or not self._is_served(contact):
            self._observe(kind=CONTACT_RELEASED, contact=contact, a=BY_AGENT if agent >= 0 else BY_CUSTOMER)

    def _is_served(self, contact: int) -> bool:
        return bool(self.tables.contacts[contact].answered_ns)

    def _observe(self, **fields: int) -> None:
        """Give one row to the kernel and let the world react to what it decided."""
        row = self._row
        row[0] = (0, 0, 0, 0, 0, -1, -1, -1, 0, 0, 0, 0, 0)
        row[0].at_ns = self.now_ns
        for name, value in fields.items():
            row[0][name] = value
        self.observed.append(row.copy())
        _, produced = step(self.tables, row, self._out)
        rows = self._out[:produced].copy()
        self.produced.append(rows)
        for place in range(1, produced):
            self._react(rows[place])

    def _react(self, row: Any) -> None:
        kind, contact = int(row.kind), int(row.contact)
        if kind == CONTACT_QUEUED:
            self._later(self.random.expovariate(1.0 / self.centre.patience_s), CONTACT_RELEASED, contact, -1)
        elif kind == OFFER_MADE:
            self._later(self.random.uniform(0.5, 1.5) * self.centre.ring_s, OFFER_ANSWERED, contact, int(row.agent))
        elif kind == CONTACT_ANSWERED:
            talk_s = self.random.expovariate(1.0 / self.centre.handle_s)
            self._later(talk_s, CONTACT_RELEASED, contact, int(row.agent))
        if row["flags"] & FLAG_CLOSES:
            self._generation[contact] += 1


def joined(parts: list[Rows]) -> Rows:
    """Return the rows of `parts` as one record array."""
    return np.concatenate(parts).view(np.recarray) if parts else np.zeros(0, ROW).view(np.recarray)
