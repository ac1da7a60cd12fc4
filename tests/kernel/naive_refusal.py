"""Which observed facts can be true: what is out of range, late, or contradicts what is known is set aside."""

from engine.messages import kinds as k
from engine.model.settings import (
    AGENT_COLUMNS,
    INHERIT,
    QUEUE_COLUMNS,
    SECOND_NS,
    STEPS_MAX,
    STRICT_CREDIT_NS,
    WRAP_UP_BY_AGENT,
    AgentSetting,
    EngineSetting,
    QueueSetting,
)
from tests.kernel.facts import Fact
from tests.kernel.naive_books import Books

WAITS = (k.CONTACT_WAITING, k.CONTACT_OFFERED)
TALKS = (k.CONTACT_CONNECTED, k.CONTACT_HELD_STATE)
STATES_NEEDED = {
    k.CONTACT_HELD: (k.CONTACT_CONNECTED,),
    k.CONTACT_RESUMED: (k.CONTACT_HELD_STATE,),
    k.CALLBACK_REQUESTED: WAITS,
    k.EXIT_KEY_PRESSED: WAITS,
    k.CONTACT_WITHDRAWN: WAITS,
}
FROM_DESK = {
    k.NOTE_WRITTEN: 0,
    k.CONTACT_CLASSIFIED: 0,
    k.HOLD_REQUESTED: k.CONTACT_CONNECTED,
    k.RESUME_REQUESTED: k.CONTACT_HELD_STATE,
}
"""The state that a contact must be in for each; 0: any, or none any more."""
STEPS = range(QueueSetting.FIRST_STEP, QueueSetting.FIRST_STEP + 3 * STEPS_MAX)


def refusal(books: Books, fact: Fact) -> int:
    """0 if the fact may be applied, else why not."""
    kind, sizes = fact.kind, books.capacity
    if kind == k.CONTACT_ARRIVED:
        return _arrival(books, fact)
    if k.CONTACT_RELEASED <= kind <= k.PRIORITY_CHANGED:
        return _about_contact(books, fact)
    if kind in {k.MESSAGE_SENT, k.MESSAGES_READ}:
        return _line(books, fact)
    if kind == k.WRAP_UP_FINISHED:
        if not (0 <= fact.agent < sizes.agents and fact.a >= 0):
            return k.REFUSED_OUT_OF_RANGE
        return 0 if fact.a == 0 or books.wrap_ups(fact.agent, fact.a) else k.REFUSED_WRONG_STATE
    if kind in {k.AGENT_STATUS_CHANGED, k.AGENT_REACHABILITY_CHANGED}:
        most = k.STATUS_AVAILABLE if kind == k.AGENT_STATUS_CHANGED else 1
        if not (0 <= fact.agent < sizes.agents and 0 <= fact.a <= most):
            return k.REFUSED_OUT_OF_RANGE
        gone = not books.agents[fact.agent].settings.get(AgentSetting.EXISTS)
        return k.REFUSED_WRONG_STATE if kind == k.AGENT_STATUS_CHANGED and gone and fact.a else 0
    if kind in {k.QUEUE_OPENED, k.QUEUE_CLOSED}:
        return 0 if 0 <= fact.queue < sizes.queues else k.REFUSED_OUT_OF_RANGE
    if kind == k.SETTING_CHANGED:
        return 0 if _is_setting(books, fact) else k.REFUSED_OUT_OF_RANGE
    if kind == k.REQUIREMENT_DEFINED:
        fits = 0 < fact.queue < sizes.requirements and -1 <= fact.b < fact.queue and conditions(fact.a) is not None
        return 0 if fits else k.REFUSED_OUT_OF_RANGE
    if kind in {k.TRUNK_REQUESTED, k.TRUNK_RELEASED}:
        return _about_trunk(books, fact)
    if kind == k.CALLER_MOVED:
        slots = (fact.contact, fact.a)
        if any(not 0 <= slot < sizes.contacts for slot in slots):
            return k.REFUSED_OUT_OF_RANGE
        return 0 if len(books.contacts.keys() & set(slots)) == 2 else k.REFUSED_WRONG_STATE
    if kind in {k.SURVEY_REQUESTED, k.SURVEY_ANSWERED}:
        fits = fact.a & 0xFF in k.SURVEY_NAMES and 0 <= fact.a >> 8 <= 10 and 0 < fact.b <= books.seq
        return 0 if fits else k.REFUSED_OUT_OF_RANGE
    if kind in FROM_DESK:
        return _from_desk(books, fact)
    if kind in {k.QUALITY_EVALUATED, k.SCHEDULE_EXCEPTED, k.CASE_OPENED, k.CASE_RESOLVED, k.CASE_REOPENED}:
        return 0 if _is_of_quality(books, fact) else k.REFUSED_OUT_OF_RANGE
    if kind in {k.ALERT_ACKNOWLEDGED, k.PLAN_ACTIVATED, k.PLAN_DEACTIVATED}:
        return 0
    return 0 if k.DEADLINE_PASSED <= kind <= k.ENGINE_STARTED else k.REFUSED_OUT_OF_RANGE


def _from_desk(books: Books, fact: Fact) -> int:
    sizes, state = books.capacity, FROM_DESK[fact.kind]
    if not 0 <= fact.agent < sizes.agents:
        return k.REFUSED_OUT_OF_RANGE
    if not state:
        return 0 if 0 < fact.b <= books.seq else k.REFUSED_OUT_OF_RANGE
    if not 0 <= fact.contact < sizes.contacts:
        return k.REFUSED_OUT_OF_RANGE
    contact = books.contacts.get(fact.contact)
    theirs = contact is not None and contact.state == state and contact.agent == fact.agent
    return 0 if theirs else k.REFUSED_WRONG_STATE


def _is_of_quality(books: Books, fact: Fact) -> bool:
    if fact.kind == k.SCHEDULE_EXCEPTED:
        return 0 <= fact.agent < books.capacity.agents and 0 <= fact.a < fact.b
    if fact.kind == k.QUALITY_EVALUATED:
        return 0 < fact.b <= books.seq and 0 <= fact.a <= 10_000 and -1 <= fact.agent < books.capacity.agents
    if fact.kind == k.CASE_OPENED:
        return 0 <= fact.b <= books.seq and fact.a >= 0 and 0 <= fact.queue < books.capacity.queues
    return 0 < fact.b <= books.seq and fact.a >= 0


def conditions(packed: int) -> list[tuple[int, int]] | None:
    """(skill, level) of each condition; None if they make no sense."""
    if not 0 <= packed < 1 << 60:
        return None
    parts = [packed >> 15 * place & 0x7FFF for place in range(4)]
    found = [((part >> 5) - 1, part & 31) for part in parts if part]
    return found if all(0 <= skill < 256 for skill, _ in found) else None


def _arrival(books: Books, fact: Fact) -> int:
    sizes, a = books.capacity, fact.a
    fits = 0 <= fact.queue < sizes.queues and -1 <= fact.agent < sizes.agents and a >= 0 and 0 <= fact.b <= books.now
    fits = fits and a & 0xFF < k.CHANNELS and a >> 8 & 0xFF < 8
    if not fits or a >> 16 & 0xFFFF >= sizes.requirements or a >> 32 & 0xFFFF > sizes.trunk_groups:
        return k.REFUSED_OUT_OF_RANGE
    return 0 if books.free_slots and books.free_slots[0] == fact.contact else k.REFUSED_SLOT_TAKEN


def _about_trunk(books: Books, fact: Fact) -> int:
    if not 0 <= fact.contact < books.capacity.contacts:
        return k.REFUSED_OUT_OF_RANGE
    if fact.kind == k.TRUNK_REQUESTED:
        fields = range(1 << 60)
        places = [number >> 15 * place & 0x7FFF for number in (fact.a, fact.b) for place in range(4)]
        fits = fact.a in fields and fact.b in fields and places[0] > 0
        if not fits or any(place > books.capacity.trunk_groups for place in places):
            return k.REFUSED_OUT_OF_RANGE
    c = books.contacts.get(fact.contact)
    if c is None or c.asked_group >= 0:
        return k.REFUSED_WRONG_STATE
    return 0 if (c.group >= 0) == (fact.kind == k.TRUNK_RELEASED) else k.REFUSED_WRONG_STATE


def _about_contact(books: Books, fact: Fact) -> int:
    kind, sizes = fact.kind, books.capacity
    if not 0 <= fact.contact < sizes.contacts:
        return k.REFUSED_OUT_OF_RANGE
    c = books.contacts.get(fact.contact)
    if c is None:
        return k.REFUSED_WRONG_STATE
    if kind in {k.OFFER_RANG, k.OFFER_ANSWERED, k.OFFER_DECLINED}:
        if kind == k.OFFER_DECLINED and fact.a not in range(k.OFFER_NO_ANSWER, k.OFFER_UNREACHABLE + 1):
            return k.REFUSED_OUT_OF_RANGE
        rings = any(tie.agent == fact.agent and tie.state == k.ENGAGEMENT_OFFERED for tie in c.ties)
        return 0 if rings else k.REFUSED_NO_SUCH_OFFER
    if kind == k.PRIORITY_CHANGED and not 0 <= fact.a < 8:
        return k.REFUSED_OUT_OF_RANGE
    if kind == k.TRANSFER_REQUESTED:
        fits = -1 <= fact.queue < sizes.queues and -1 <= fact.agent < sizes.agents
        return 0 if fits and (fact.queue, fact.agent) != (-1, -1) else k.REFUSED_OUT_OF_RANGE
    return 0 if c.state in STATES_NEEDED.get(kind, WAITS + TALKS) else k.REFUSED_WRONG_STATE


def _line(books: Books, fact: Fact) -> int:
    sides = (k.BY_CUSTOMER, k.BY_AGENT, k.BY_SYSTEM)
    sizes = books.capacity
    if not (0 <= fact.contact < sizes.contacts and -1 <= fact.agent < sizes.agents and fact.a in sides):
        return k.REFUSED_OUT_OF_RANGE
    c = books.contacts.get(fact.contact)
    foreign = c is None or (fact.a == k.BY_AGENT and (fact.agent < 0 or c.agent != fact.agent))
    return k.REFUSED_WRONG_STATE if foreign else 0


def _is_setting(books: Books, fact: Fact) -> bool:
    sizes, table, value = books.capacity, fact.agent, fact.a
    if table == k.TABLE_SKILL_LEVEL:
        return 0 <= fact.queue < sizes.agents and 0 <= fact.b < 256 and 0 <= value <= 31
    if table == k.TABLE_MEMBERSHIP:
        return 0 <= fact.queue < sizes.agents and 0 <= fact.b < sizes.queues and 0 <= value < 1 << 15
    column, sizes_of = (
        fact.contact,
        {
            k.TABLE_QUEUE: (sizes.queues, QUEUE_COLUMNS),
            k.TABLE_AGENT: (sizes.agents, AGENT_COLUMNS),
            k.TABLE_TRUNK_GROUP: (sizes.trunk_groups, 3),
            k.TABLE_CHANNEL: (k.CHANNELS, 1),
            k.TABLE_ENGINE: (1, 2),
        },
    )
    rows, columns = sizes_of.get(table, (0, 0))
    if not (0 <= fact.queue < rows and 0 <= column < columns):
        return False
    if table == k.TABLE_QUEUE:
        return value in _queue_values(column, sizes.queues, sizes.requirements)
    if table == k.TABLE_AGENT:
        return value in _agent_values(column)
    if table == k.TABLE_CHANNEL:
        return 0 <= value < 16
    if table == k.TABLE_TRUNK_GROUP:
        return value in (range(10**6 + 1), range(-1, 10**6 + 1), range(10**9 + 1))[column]
    if table == k.TABLE_ENGINE:
        return column == EngineSetting.SEED or SECOND_NS <= value <= STRICT_CREDIT_NS
    return 0 <= value < 1 << 15


def _queue_values(column: int, queues: int, requirements: int) -> range:
    step = (column - QueueSetting.FIRST_STEP) % 3 if column in STEPS else -1
    if step == 2 or column in {QueueSetting.FULL_TARGET, QueueSetting.EMPTY_TARGET, QueueSetting.CLOSED_TARGET}:
        return range(-1, queues)
    if step == 1:
        return range(k.STEP_REFUSE + 1)
    last: dict[int, range] = {
        QueueSetting.STRATEGY: range(k.STRATEGIES),
        QueueSetting.RING_LIMIT_NS: range(1, STRICT_CREDIT_NS + 1),
        QueueSetting.WRAP_UP_NS: range(WRAP_UP_BY_AGENT, STRICT_CREDIT_NS + 1),
        QueueSetting.MAX_LENGTH: range((1 << 31) + 1),
        QueueSetting.JOIN_EMPTY: range(3),
        QueueSetting.LEAVE_EMPTY: range(3),
        QueueSetting.REQUIREMENT: range(requirements),
        QueueSetting.OPEN: range(2),
        QueueSetting.VALUE: range(10**9 + 1),
        QueueSetting.CHANNEL: range(k.CHANNELS),
        QueueSetting.MEMBERS_ONLY: range(2),
        QueueSetting.RING_ALL_LIMIT: range(1, 1001),
    }
    return last.get(column, range(STRICT_CREDIT_NS + 1))


def _agent_values(column: int) -> range:
    if AgentSetting.CAPACITY <= column < AgentSetting.CAPACITY + k.CHANNELS:
        return range(1001)
    values: dict[int, range] = {
        AgentSetting.WRAP_UP_NS: range(INHERIT, STRICT_CREDIT_NS + 1),
        AgentSetting.MAX_NO_ANSWER: range(1 << 15),
        AgentSetting.SITE: range(-1, 1 << 15),
        AgentSetting.EXISTS: range(2),
        AgentSetting.WEIGHT: range(1 << 15),
        AgentSetting.NEEDS_PHONE: range(2),
    }
    return values.get(column, range(STRICT_CREDIT_NS + 1))
