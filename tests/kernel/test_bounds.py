"""Bounds: whatever is thrown at it, one row's conclusions fit their room, and what was cut off follows at once."""

import pytest

from engine.kernel.audit import audit
from engine.kernel.deadlines import NEVER_NS
from engine.kernel.emit import MATCH_AGENT, MATCH_ANY, then
from engine.kernel.step import ROOM, next_deadline_ns
from engine.kernel.tables import AGENDA, CONCLUSIONS_MAX, Capacity, new_tables
from engine.messages import kinds as k
from engine.messages.rows import pack_arrival
from engine.model.settings import SECOND_NS, AgentSetting, QueueSetting
from tests.kernel.facts import Fact
from tests.kernel.scene import BEGIN_NS, SteppedKernel

CONTACTS = 5_000


class Crowd(SteppedKernel):
    """A big centre, audited only when asked: `sizes` are the rows that each fact led to."""

    def __init__(self, agents: int, *, contacts: int = CONTACTS, capacity: int = 1, queues: int = 1) -> None:
        super().__init__(Capacity(contacts=contacts, agents=agents, queues=queues, lines=16, intervals=4))
        self.now_ns = BEGIN_NS
        self.sizes: list[int] = []
        for agent in range(agents):
            self.setting(k.TABLE_AGENT, agent, AgentSetting.EXISTS, 1)
            self.setting(k.TABLE_AGENT, agent, AgentSetting.CAPACITY, capacity)

    def fact(self, kind: int, **fields: int) -> list[Fact]:
        """Observe a fact; the agenda must be empty after it."""
        said = self.observe(Fact(kind, at_ns=self.now_ns, **fields))
        self.sizes.append(len(said))
        assert len(said) < ROOM
        assert self.tables.book["agenda_tail"][0] == 0
        return said

    def setting(self, table: int, index: int, column: int, value: int) -> list[Fact]:
        """One setting changes."""
        return self.fact(k.SETTING_CHANGED, agent=table, queue=index, contact=int(column), a=value)

    def arrive(self, count: int, queue: int = 0, **fields: int) -> None:
        """So many contacts arrive."""
        for _ in range(count):
            slot = int(self.tables.slots[self.tables.book["slot_head"][0]])
            self.fact(k.CONTACT_ARRIVED, contact=slot, queue=queue, a=pack_arrival(0, 0), **fields)

    def come(self) -> None:
        """All agents come, and nobody is served yet: the queue has members only."""
        for agent in range(len(self.tables.agents)):
            self.fact(k.AGENT_STATUS_CHANGED, agent=agent, a=k.STATUS_AVAILABLE)

    def settle(self) -> list[Fact]:
        """Pass every deadline that is due now; each pass gets something done."""
        said: list[Fact] = []
        for _ in range(CONTACTS):
            if next_deadline_ns(self.tables) > self.now_ns:
                break
            said += self.fact(k.DEADLINE_PASSED)
        assert next_deadline_ns(self.tables) > self.now_ns
        assert audit(self.tables) == []
        return said

    def states(self, state: int) -> int:
        """How many contacts are in this state."""
        return int((self.tables.contacts["state"] == state).sum())


def test_the_agenda_has_room_for_every_conclusion() -> None:
    assert CONCLUSIONS_MAX + 1_100 < ROOM
    assert AGENDA >= 2 * ROOM


def test_nobody_is_forgotten_beyond_a_full_agenda() -> None:
    tables = new_tables(Capacity(contacts=2, agents=1, queues=1, lines=1, requirements=1, intervals=1))
    book = tables.book[0]
    for subject in range(AGENDA + 100):
        then(tables, MATCH_AGENT, subject)
    assert book.agenda_tail - book.agenda_head == AGENDA
    assert tables.agenda[:-1].tolist() == [[MATCH_AGENT, subject] for subject in range(AGENDA - 1)]
    assert tables.agenda[-1].tolist() == [MATCH_ANY, 0], "it finds whoever had no place"
    tables.book["agenda_head"] += 2
    for subject in (7, 8, 9):
        then(tables, MATCH_AGENT, subject)
    assert tables.agenda[:2].tolist() == [[MATCH_AGENT, 7], [MATCH_ANY, 0]]


@pytest.mark.slow
def test_more_deadlines_than_one_row_fires() -> None:
    crowd = Crowd(1, contacts=700)
    crowd.setting(k.TABLE_QUEUE, 0, QueueSetting.FIRST_STEP, 10 * SECOND_NS)
    crowd.setting(k.TABLE_QUEUE, 0, QueueSetting.FIRST_STEP + 1, k.STEP_TIME_OUT)
    crowd.arrive(700)
    crowd.now_ns += 10 * SECOND_NS
    crowd.settle()
    assert crowd.sizes[-3:] == [256, 256, 188]
    assert crowd.states(k.CONTACT_FREE) == 700
    assert next_deadline_ns(crowd.tables) == NEVER_NS


@pytest.mark.slow
def test_five_thousand_leave_when_the_last_agent_does() -> None:
    crowd = Crowd(1)
    crowd.setting(k.TABLE_QUEUE, 0, QueueSetting.LEAVE_EMPTY, 1)
    crowd.fact(k.AGENT_STATUS_CHANGED, agent=0, a=k.STATUS_AVAILABLE)
    crowd.arrive(CONTACTS)
    crowd.fact(k.AGENT_STATUS_CHANGED, agent=0, a=k.STATUS_OFFLINE)
    left = [fact for fact in crowd.settle() if fact.kind == k.CONTACT_LEFT]
    assert len(left) == CONTACTS
    assert {fact.a for fact in left} == {k.EXIT_EMPTY}


@pytest.mark.slow
def test_one_setting_makes_hundreds_of_agents_eligible_for_thousands() -> None:
    crowd = Crowd(300, capacity=16)
    crowd.setting(k.TABLE_QUEUE, 0, QueueSetting.MEMBERS_ONLY, 1)
    crowd.come()
    crowd.arrive(CONTACTS)
    assert crowd.states(k.CONTACT_WAITING) == CONTACTS
    said = crowd.setting(k.TABLE_QUEUE, 0, QueueSetting.MEMBERS_ONLY, 0)
    assert len(said) == CONCLUSIONS_MAX
    said += crowd.settle()
    offers = [fact.contact for fact in said if fact.kind == k.OFFER_MADE]
    assert offers == list(range(300 * 16))


@pytest.mark.slow
def test_one_deadline_over_many_ring_all_contacts() -> None:
    crowd = Crowd(300, capacity=16)
    crowd.setting(k.TABLE_QUEUE, 0, QueueSetting.MEMBERS_ONLY, 1)
    crowd.setting(k.TABLE_QUEUE, 0, QueueSetting.STRATEGY, k.RING_ALL)
    crowd.setting(k.TABLE_QUEUE, 0, QueueSetting.RING_ALL_LIMIT, 1000)
    crowd.come()
    crowd.arrive(40)
    crowd.setting(k.TABLE_QUEUE, 0, QueueSetting.MEMBERS_ONLY, 0)
    crowd.settle()
    assert crowd.tables.agents["ringing"].tolist() == [16] * 300
    crowd.now_ns += 20 * SECOND_NS
    crowd.settle()
    crowd.fact(k.CONTACT_RELEASED, contact=0, a=k.BY_CUSTOMER)
    crowd.settle()


@pytest.mark.slow
def test_one_agent_leaves_a_line_of_thousands_of_its_own() -> None:
    crowd = Crowd(2, contacts=3_000)
    crowd.setting(k.TABLE_QUEUE, 0, QueueSetting.PREFERRED_WAIT_NS, 3_600 * SECOND_NS)
    crowd.come()
    crowd.arrive(3_000, agent=0)
    crowd.fact(k.AGENT_STATUS_CHANGED, agent=0, a=k.STATUS_OFFLINE)
    crowd.settle()
    assert (crowd.tables.contacts["own_agent"] == -1).all()
    assert crowd.states(k.CONTACT_OFFERED) == 1


@pytest.mark.slow
def test_hundreds_of_wrap_ups_end_at_once() -> None:
    crowd = Crowd(400)
    crowd.setting(k.TABLE_QUEUE, 0, QueueSetting.WRAP_UP_NS, 10 * SECOND_NS)
    crowd.come()
    crowd.arrive(1_000)
    for contact in range(400):
        agent = int(crowd.tables.engagements["agent"][crowd.tables.contacts["engagement"][contact]])
        crowd.fact(k.OFFER_ANSWERED, contact=contact, agent=agent)
    for contact in range(400):
        crowd.fact(k.CONTACT_RELEASED, contact=contact, a=k.BY_CUSTOMER)
    crowd.now_ns += 10 * SECOND_NS
    said = crowd.settle()
    assert sum(fact.kind == k.WRAP_UP_ENDED for fact in said) == 400
    assert sum(fact.kind == k.OFFER_MADE for fact in said) == 400


@pytest.mark.slow
def test_engagements_never_run_out() -> None:
    crowd = Crowd(2, contacts=64, capacity=1000)
    crowd.setting(k.TABLE_QUEUE, 0, QueueSetting.WRAP_UP_NS, -1)
    crowd.setting(k.TABLE_QUEUE, 0, QueueSetting.STRATEGY, k.RING_ALL)
    crowd.come()
    for _ in range(20):
        crowd.arrive(64 - crowd.states(k.CONTACT_CONNECTED))
        for contact in range(64):
            for agent in range(2):
                crowd.fact(k.OFFER_ANSWERED, contact=contact, agent=agent)
        for contact in range(0, 64, 2):
            crowd.fact(k.CONTACT_RELEASED, contact=contact, a=k.BY_AGENT)
        assert crowd.tables.book["engagement_free"][0] >= 0
        assert audit(crowd.tables) == []
    assert crowd.tables.agents["wrapping"].tolist() == [16, 16]
