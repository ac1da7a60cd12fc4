"""The kernel stepped fact by fact: facts as method calls, conclusions as named rows, books audited after each row."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from engine.kernel.audit import audit
from engine.kernel.deadlines import NEVER_NS
from engine.kernel.step import ROOM, next_deadline_ns, step
from engine.kernel.tables import Capacity, Tables, new_tables
from engine.messages import kinds as k
from engine.messages.rows import empty_rows, pack_arrival, pack_requirement
from engine.model.settings import SECOND_NS, AgentSetting, QueueSetting
from tests.kernel.facts import Fact

BEGIN_NS = 1_700_000_000 * SECOND_NS
FIELDS = ("kind", "contact", "queue", "agent", "a", "b", "flags")


def observed_row(fact: Fact) -> Any:
    """One observed row, as the kernel takes it."""
    row = empty_rows(1)
    for name in (*FIELDS, "at_ns"):
        row[name] = getattr(fact, name)
    return row


def facts_of(rows: Any) -> list[Fact]:
    """Rows as facts, without the time."""
    return [Fact(*numbers) for numbers in zip(*(rows[name].tolist() for name in FIELDS), strict=True)]


class SteppedKernel:
    """Tables and a clock; `observe` gives what the kernel concluded."""

    def __init__(self, capacity: Capacity) -> None:
        self.tables: Tables = new_tables(capacity)
        self.rows: list[Any] = []
        """Everything produced so far."""
        self._out = empty_rows(ROOM + 8)

    def observe(self, fact: Fact) -> list[Fact]:
        """Give one fact to the kernel."""
        consumed, produced = step(self.tables, observed_row(fact), self._out)
        assert consumed == 1
        rows = self._out[:produced].copy()
        self.rows.append(rows)
        return facts_of(rows)[1:]

    def produced(self) -> Any:
        """All rows, observed and decided."""
        return np.concatenate(self.rows).view(np.recarray)


class Scene(SteppedKernel):
    """A contact centre of a few people. Times are seconds; agents are available unless said otherwise."""

    def __init__(
        self, agents: int = 1, queues: int = 1, *, available: Iterable[int] | None = None, **sizes: int
    ) -> None:
        sizes = {"contacts": 64, "requirements": 8, "lines": 32, "trunk_groups": 2, "intervals": 8} | sizes
        super().__init__(Capacity(agents=agents, queues=queues, **sizes))
        self.now_ns = BEGIN_NS
        self.said: list[Fact] = []
        """What followed from the last fact."""
        for agent in range(agents):
            self.agent(agent, AgentSetting.EXISTS, 1)
        for agent in range(agents) if available is None else available:
            self.status(agent, k.STATUS_AVAILABLE)

    # --- what happens

    def fact(self, kind: int, **fields: int) -> list[Fact]:
        """Observe a fact now; the books must balance after it."""
        self.said = self.observe(Fact(kind, at_ns=self.now_ns, **fields))
        assert audit(self.tables) == []
        return self.said

    def wait(self, seconds: float) -> list[Fact]:
        """Let time pass, each deadline at its own time; return what followed."""
        until_ns = self.now_ns + round(seconds * SECOND_NS)
        followed: list[Fact] = []
        while (due_ns := next_deadline_ns(self.tables)) <= until_ns:
            self.now_ns = max(self.now_ns, due_ns)
            followed += self.fact(k.DEADLINE_PASSED)
        self.now_ns = until_ns
        self.said = followed
        return followed

    def arrive(
        self,
        queue: int = 0,
        *,
        channel: int = k.VOICE,
        priority: int = 0,
        requirement: int = 0,
        trunk_group: int = -1,
        agent: int = -1,
        since_s: float = 0,
        flags: int = 0,
    ) -> int:
        """A contact arrives; return its slot."""
        book = self.tables.book[0]
        slot = int(self.tables.slots[book.slot_head])
        place = self.now_ns - round(since_s * SECOND_NS) if since_s else 0
        packed = pack_arrival(channel, priority, requirement, trunk_group)
        self.fact(k.CONTACT_ARRIVED, contact=slot, queue=queue, agent=agent, a=packed, b=place, flags=flags)
        return slot

    def answer(self, contact: int, agent: int) -> list[Fact]:
        """The agent picks up."""
        return self.fact(k.OFFER_ANSWERED, contact=contact, agent=agent)

    def decline(self, contact: int, agent: int, reason: int = k.OFFER_REJECTED) -> list[Fact]:
        """The agent does not take it."""
        return self.fact(k.OFFER_DECLINED, contact=contact, agent=agent, a=reason)

    def release(self, contact: int, by: int = k.BY_CUSTOMER) -> list[Fact]:
        """Somebody hangs up."""
        return self.fact(k.CONTACT_RELEASED, contact=contact, a=by)

    def transfer(self, contact: int, *, queue: int = -1, agent: int = -1, keep_place: bool = False) -> list[Fact]:
        """To another queue or agent."""
        flags = k.FLAG_KEEP_PLACE if keep_place else 0
        return self.fact(k.TRANSFER_REQUESTED, contact=contact, queue=queue, agent=agent, flags=flags)

    def status(self, agent: int, status: int) -> list[Fact]:
        """An agent comes, pauses or goes."""
        return self.fact(k.AGENT_STATUS_CHANGED, agent=agent, a=status)

    # --- rules

    def setting(self, table: int, index: int, column: int, value: int, second: int = 0) -> list[Fact]:
        """One setting changes."""
        return self.fact(k.SETTING_CHANGED, agent=table, queue=index, contact=column, a=value, b=second)

    def queue(self, index: int, column: QueueSetting | int, value: int) -> list[Fact]:
        """A queue's setting changes."""
        return self.setting(k.TABLE_QUEUE, index, int(column), value)

    def agent(self, index: int, column: AgentSetting | int, value: int) -> list[Fact]:
        """An agent's setting changes."""
        return self.setting(k.TABLE_AGENT, index, int(column), value)

    def step(self, queue: int, number: int, after_s: float, action: int, target: int = -1) -> None:
        """A timed step of a queue."""
        first = QueueSetting.FIRST_STEP + 3 * number
        for offset, value in enumerate((round(after_s * SECOND_NS), action, target)):
            self.queue(queue, first + offset, value)

    def skill(self, agent: int, skill: int, level: int) -> list[Fact]:
        """An agent learns or forgets."""
        return self.setting(k.TABLE_SKILL_LEVEL, agent, 0, level, skill)

    def requirement(self, number: int, *conditions: tuple[int, int], relaxed: int = -1) -> list[Fact]:
        """A requirement is defined."""
        return self.fact(k.REQUIREMENT_DEFINED, queue=number, a=pack_requirement(*conditions), b=relaxed)

    # --- what there is to see

    def kinds(self) -> list[str]:
        """The kinds of what followed from the last fact."""
        return [k.KIND_NAMES[fact.kind] for fact in self.said]

    def only(self, kind: int) -> Fact:
        """The one row of this kind that followed."""
        (found,) = self.all(kind)
        return found

    def all(self, kind: int) -> list[Fact]:
        """The rows of this kind that followed."""
        return [fact for fact in self.said if fact.kind == kind]

    def offered(self) -> list[tuple[int, int]]:
        """(contact, agent) of the offers that followed."""
        return [(fact.contact, fact.agent) for fact in self.all(k.OFFER_MADE)]

    def state(self, contact: int) -> str:
        """The contact's state in words."""
        return k.CONTACT_STATE_NAMES[int(self.tables.contacts["state"][contact])]

    def agent_state(self, agent: int) -> str:
        """The agent's state in words."""
        return k.AGENT_STATE_NAMES[int(self.tables.agents["state"][agent])]

    def talk(self, queue: int = 0, **fields: int) -> tuple[int, int]:
        """A contact arrives and is answered at once; return (contact, agent)."""
        contact = self.arrive(queue, **fields)
        agent = self.only(k.OFFER_MADE).agent
        self.answer(contact, agent)
        return contact, agent

    def is_quiet(self) -> bool:
        """No deadline is set."""
        return bool(next_deadline_ns(self.tables) == NEVER_NS)
