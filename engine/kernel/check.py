"""Which observed facts the state allows. A fact that came too late, or contradicts what is known, is logged like any
other, changes nothing, and is answered by FACT_REFUSED with the reason that stands here.
"""

from typing import Any

from engine.kernel.door import obstacle, takes_over, worth_waiting_for
from engine.kernel.jit import jit
from engine.kernel.lookup import find_engagement, wraps_up
from engine.kernel.seize import requested_group
from engine.kernel.setting_bounds import (
    AGENT_BOUNDS,
    COUNT_MAX,
    INTERVAL_MIN_NS,
    LEVEL_BOUND,
    LONGEST_NS,
    QUEUE_BOUNDS,
    QUEUE_NUMBERS,
    TRUNK_GROUP_BOUNDS,
    in_bounds,
    is_requirement,
)
from engine.kernel.tables import Tables
from engine.messages.kinds import (
    AGENT_REACHABILITY_CHANGED,
    AGENT_STATUS_CHANGED,
    ALERT_ACKNOWLEDGED,
    BY_AGENT,
    BY_CUSTOMER,
    BY_SYSTEM,
    CALLBACK_REQUESTED,
    CALLER_MOVED,
    CASE_OPENED,
    CASE_REOPENED,
    CHANNELS,
    CONTACT_ARRIVED,
    CONTACT_CLASSIFIED,
    CONTACT_CONNECTED,
    CONTACT_FREE,
    CONTACT_HELD,
    CONTACT_HELD_STATE,
    CONTACT_OFFERED,
    CONTACT_RELEASED,
    CONTACT_RESUMED,
    CONTACT_WAITING,
    CONTACT_WITHDRAWN,
    ENGAGEMENT_OFFERED,
    EXIT_KEY_PRESSED,
    EXIT_SYSTEM_ERROR,
    HOLD_REQUESTED,
    MESSAGE_SENT,
    MESSAGES_READ,
    NOTE_WRITTEN,
    OFFER_ANSWERED,
    OFFER_DECLINED,
    OFFER_NO_ANSWER,
    OFFER_RANG,
    OFFER_UNREACHABLE,
    PLAN_ACTIVATED,
    PLAN_DEACTIVATED,
    PRIORITY_CHANGED,
    QUALITY_EVALUATED,
    QUEUE_CLOSED,
    QUEUE_OPENED,
    REFUSED_NO_SUCH_OFFER,
    REFUSED_NOT_ADMITTED,
    REFUSED_OUT_OF_RANGE,
    REFUSED_SLOT_TAKEN,
    REFUSED_WRONG_STATE,
    REQUEUE_REQUESTED,
    REQUIREMENT_DEFINED,
    RESUME_REQUESTED,
    SCHEDULE_EXCEPTED,
    SETTING_CHANGED,
    STATUS_AVAILABLE,
    STATUS_OFFLINE,
    SURVEY_ANSWERED,
    SURVEY_CES,
    SURVEY_CSAT,
    SURVEY_REQUESTED,
    TABLE_AGENT,
    TABLE_CHANNEL,
    TABLE_ENGINE,
    TABLE_MEMBERSHIP,
    TABLE_QUEUE,
    TABLE_SKILL_LEVEL,
    TABLE_TRUNK_GROUP,
    TRANSFER_REQUESTED,
    TRUNK_RELEASED,
    TRUNK_REQUESTED,
    WRAP_UP_FINISHED,
)
from engine.messages.rows import TRUNK_BITS, TRUNKS_A_FIELD, TRUNKS_MAX
from engine.model.settings import (
    AGENT_COLUMNS,
    CHANNEL_COLUMNS,
    ENGINE_COLUMNS,
    PRIORITIES,
    QUEUE_COLUMNS,
    SKILLS_MAX,
    TRUNK_GROUP_COLUMNS,
    AgentSetting,
    EngineSetting,
    QueueSetting,
)

SCORE_MAX = 10
"""The best answer of all kinds of surveys."""
SCORE_FULL = 10_000
"""The best score of an evaluation, in 1/100 %."""


@jit
def refusal(t: Tables, row: Any) -> int:
    """Return 0 if the observed row may be applied, else a REFUSED_* number."""
    kind = row.kind
    if kind == CONTACT_ARRIVED:
        return _arrival(t, row)
    if CONTACT_RELEASED <= kind <= PRIORITY_CHANGED:
        return _about_contact(t, row)
    if kind == MESSAGE_SENT or kind == MESSAGES_READ:
        return _line(t, row)
    if kind == AGENT_STATUS_CHANGED or kind == AGENT_REACHABILITY_CHANGED or kind == WRAP_UP_FINISHED:
        return _about_agent(t, row)
    if kind == QUEUE_OPENED or kind == QUEUE_CLOSED:
        return 0 if 0 <= row.queue < len(t.queues) else REFUSED_OUT_OF_RANGE
    if kind == SETTING_CHANGED:
        return _setting(t, row)
    if kind == REQUIREMENT_DEFINED:
        known = 0 < row.queue < len(t.requirements) and -1 <= row.b < row.queue
        return 0 if known and is_requirement(row.a) else REFUSED_OUT_OF_RANGE
    if kind == TRUNK_REQUESTED or kind == TRUNK_RELEASED:
        return _about_trunk(t, row)
    if kind == CALLER_MOVED:
        return _caller_moved(t, row)
    if kind == SURVEY_REQUESTED or kind == SURVEY_ANSWERED:
        is_one = SURVEY_CSAT <= (row.a & 0xFF) <= SURVEY_CES and 0 <= row.a >> 8 <= SCORE_MAX
        return 0 if is_one and 0 < row.b <= t.book[0].seq else REFUSED_OUT_OF_RANGE
    if NOTE_WRITTEN <= kind <= RESUME_REQUESTED:
        return _from_desk(t, row)
    if QUALITY_EVALUATED <= kind <= CASE_REOPENED:
        return _about_quality(t, row)
    if kind == ALERT_ACKNOWLEDGED or kind == PLAN_ACTIVATED or kind == PLAN_DEACTIVATED:
        return 0
    return 0 if 0 < kind < REQUIREMENT_DEFINED else REFUSED_OUT_OF_RANGE


@jit
def _about_quality(t: Tables, row: Any) -> int:
    fits = 0 <= row.b <= t.book[0].seq
    if row.kind == QUALITY_EVALUATED:
        fits = fits and row.b > 0 and 0 <= row.a <= SCORE_FULL and -1 <= row.agent < len(t.agents)
    elif row.kind == SCHEDULE_EXCEPTED:
        fits = 0 <= row.agent < len(t.agents) and 0 <= row.a < row.b
    elif row.kind == CASE_OPENED:
        fits = fits and 0 <= row.queue < len(t.queues) and row.a >= 0
    else:
        fits = fits and row.b > 0 and row.a >= 0
    return 0 if fits else REFUSED_OUT_OF_RANGE


@jit
def _about_agent(t: Tables, row: Any) -> int:
    if not 0 <= row.agent < len(t.agents):
        return REFUSED_OUT_OF_RANGE
    if row.kind == AGENT_STATUS_CHANGED:
        if not STATUS_OFFLINE <= row.a <= STATUS_AVAILABLE:
            return REFUSED_OUT_OF_RANGE
        exists = t.agents[row.agent].settings[AgentSetting.EXISTS] != 0
        return 0 if exists or row.a == STATUS_OFFLINE else REFUSED_WRONG_STATE
    if row.kind == WRAP_UP_FINISHED:
        if row.a < 0:
            return REFUSED_OUT_OF_RANGE
        return 0 if row.a == 0 or wraps_up(t, row.agent, row.a) else REFUSED_WRONG_STATE
    return 0 if 0 <= row.a <= 1 else REFUSED_OUT_OF_RANGE


@jit
def _arrival(t: Tables, row: Any) -> int:
    book = t.book[0]
    if not (0 <= row.queue < len(t.queues) and -1 <= row.agent < len(t.agents) and row.a >= 0):
        return REFUSED_OUT_OF_RANGE
    if (row.a & 0xFF) >= CHANNELS or ((row.a >> 8) & 0xFF) >= PRIORITIES:
        return REFUSED_OUT_OF_RANGE
    if ((row.a >> 16) & 0xFFFF) >= len(t.requirements) or ((row.a >> 32) & 0xFFFF) > len(t.trunk_groups):
        return REFUSED_OUT_OF_RANGE
    if not 0 <= row.b <= book.now_ns:
        return REFUSED_OUT_OF_RANGE
    if book.slot_count == 0 or row.contact != t.slots[book.slot_head]:
        return REFUSED_SLOT_TAKEN
    return 0


@jit
def _about_contact(t: Tables, row: Any) -> int:
    kind = row.kind
    if not 0 <= row.contact < len(t.contacts):
        return REFUSED_OUT_OF_RANGE
    state = t.contacts[row.contact].state
    if state == CONTACT_FREE:
        return REFUSED_WRONG_STATE
    waits = state == CONTACT_WAITING or state == CONTACT_OFFERED
    talks = state == CONTACT_CONNECTED or state == CONTACT_HELD_STATE
    if kind == OFFER_RANG or kind == OFFER_ANSWERED or kind == OFFER_DECLINED:
        if kind == OFFER_DECLINED and not OFFER_NO_ANSWER <= row.a <= OFFER_UNREACHABLE:
            return REFUSED_OUT_OF_RANGE
        e = find_engagement(t, row.contact, row.agent)
        if e < 0 or t.engagements[e].state != ENGAGEMENT_OFFERED:
            return REFUSED_NO_SUCH_OFFER
        return 0
    if kind == CONTACT_HELD:
        return 0 if state == CONTACT_CONNECTED else REFUSED_WRONG_STATE
    if kind == CONTACT_RESUMED:
        return 0 if state == CONTACT_HELD_STATE else REFUSED_WRONG_STATE
    if kind == CALLBACK_REQUESTED or kind == EXIT_KEY_PRESSED or kind == CONTACT_WITHDRAWN:
        return 0 if waits else REFUSED_WRONG_STATE
    if kind == PRIORITY_CHANGED:
        return 0 if 0 <= row.a < PRIORITIES else REFUSED_OUT_OF_RANGE
    if kind == TRANSFER_REQUESTED:
        if not (-1 <= row.queue < len(t.queues) and -1 <= row.agent < len(t.agents)) or row.queue + row.agent == -2:
            return REFUSED_OUT_OF_RANGE
        if not (waits or talks):
            return REFUSED_WRONG_STATE
        return _door(t, row.contact, row.queue) if row.agent < 0 else _colleague(t, row.contact, row.queue, row.agent)
    if kind == REQUEUE_REQUESTED:
        if waits:
            return 0
        return _room(t, row.contact, t.contacts[row.contact].queue) if talks else REFUSED_WRONG_STATE
    return 0


@jit
def _about_trunk(t: Tables, row: Any) -> int:
    """One channel a contact; that by which a caller came is held until the contact is closed."""
    if not 0 <= row.contact < len(t.contacts):
        return REFUSED_OUT_OF_RANGE
    if row.kind == TRUNK_REQUESTED:
        beyond = TRUNK_BITS * TRUNKS_A_FIELD
        if row.a < 0 or row.b < 0 or row.a >> beyond != 0 or row.b >> beyond != 0 or requested_group(row, 0) < 0:
            return REFUSED_OUT_OF_RANGE
        for place in range(TRUNKS_MAX):
            if requested_group(row, place) >= len(t.trunk_groups):
                return REFUSED_OUT_OF_RANGE
    contact = t.contacts[row.contact]
    if contact.state == CONTACT_FREE or contact.asked_group >= 0:
        return REFUSED_WRONG_STATE
    return 0 if (contact.trunk_group < 0) == (row.kind == TRUNK_REQUESTED) else REFUSED_WRONG_STATE


@jit
def _line(t: Tables, row: Any) -> int:
    """A line, or a mark of how far one was read: an agent's only from the one who is connected."""
    if not (0 <= row.contact < len(t.contacts) and -1 <= row.agent < len(t.agents)):
        return REFUSED_OUT_OF_RANGE
    if row.a != BY_CUSTOMER and row.a != BY_AGENT and row.a != BY_SYSTEM:
        return REFUSED_OUT_OF_RANGE
    contact = t.contacts[row.contact]
    if contact.state == CONTACT_FREE or (row.a == BY_AGENT and (row.agent < 0 or contact.agent != row.agent)):
        return REFUSED_WRONG_STATE
    return 0


@jit
def _from_desk(t: Tables, row: Any) -> int:
    """What an agent says at a desk: of a contact that came once, or to the one with whom they are connected."""
    if not 0 <= row.agent < len(t.agents):
        return REFUSED_OUT_OF_RANGE
    if row.kind == NOTE_WRITTEN or row.kind == CONTACT_CLASSIFIED:
        return 0 if 0 < row.b <= t.book[0].seq else REFUSED_OUT_OF_RANGE
    if not 0 <= row.contact < len(t.contacts):
        return REFUSED_OUT_OF_RANGE
    contact = t.contacts[row.contact]
    needed = CONTACT_CONNECTED if row.kind == HOLD_REQUESTED else CONTACT_HELD_STATE
    return 0 if contact.state == needed and contact.agent == row.agent else REFUSED_WRONG_STATE


@jit
def _caller_moved(t: Tables, row: Any) -> int:
    if not (0 <= row.contact < len(t.contacts) and 0 <= row.a < len(t.contacts)):
        return REFUSED_OUT_OF_RANGE
    are_open = t.contacts[row.contact].state != CONTACT_FREE and t.contacts[row.a].state != CONTACT_FREE
    return 0 if are_open and row.contact != row.a else REFUSED_WRONG_STATE


@jit
def _door(t: Tables, c: int, queue: int) -> int:
    """Refuse a move to a queue that lets nobody in: better to stay with an agent or in line than to be sent away."""
    way_out, target = obstacle(t, c, queue)
    return 0 if way_out == 0 or takes_over(t, c, target) else REFUSED_NOT_ADMITTED


@jit
def _colleague(t: Tables, c: int, queue: int, a: int) -> int:
    """Refuse a move to an agent who is not free where the queue lets nobody wait for one, or who is not logged in:
    whoever sent the contact can still do something about it. With a queue named beside the agent, it goes there.
    """
    contact = t.contacts[c]
    if queue < 0 and not worth_waiting_for(t, a, contact.channel, contact.queue):
        return REFUSED_NOT_ADMITTED
    return _room(t, c, queue if queue >= 0 else contact.queue)


@jit
def _room(t: Tables, c: int, queue: int) -> int:
    """Refuse a move into a queue that has no line left for the contact: it would be lost."""
    return 0 if obstacle(t, c, queue)[0] != EXIT_SYSTEM_ERROR else REFUSED_NOT_ADMITTED


@jit
def _setting(t: Tables, row: Any) -> int:
    table, column, value = row.agent, row.contact, row.a
    rows, columns = 0, 0
    if table == TABLE_QUEUE:
        rows, columns = len(t.queues), QUEUE_COLUMNS
    elif table == TABLE_AGENT:
        rows, columns = len(t.agents), AGENT_COLUMNS
    elif table == TABLE_TRUNK_GROUP:
        rows, columns = len(t.trunk_groups), TRUNK_GROUP_COLUMNS
    elif table == TABLE_CHANNEL:
        rows, columns = CHANNELS, CHANNEL_COLUMNS
    elif table == TABLE_ENGINE:
        rows, columns = 1, ENGINE_COLUMNS
    elif table == TABLE_SKILL_LEVEL:
        rows, columns, column = len(t.agents), SKILLS_MAX, row.b
    elif table == TABLE_MEMBERSHIP:
        rows, columns, column = len(t.agents), len(t.queues), row.b
    if not (0 <= row.queue < rows and 0 <= column < columns):
        return REFUSED_OUT_OF_RANGE
    return 0 if _is_value(t, table, column, value) else REFUSED_OUT_OF_RANGE


@jit
def _is_value(t: Tables, table: int, column: int, value: int) -> bool:
    if table == TABLE_QUEUE:
        if column == QueueSetting.REQUIREMENT:
            return 0 <= value < len(t.requirements)
        if QUEUE_NUMBERS[column]:
            return -1 <= value < len(t.queues)
        return in_bounds(QUEUE_BOUNDS, column, value)
    if table == TABLE_AGENT:
        return in_bounds(AGENT_BOUNDS, column, value)
    if table == TABLE_TRUNK_GROUP:
        return in_bounds(TRUNK_GROUP_BOUNDS, column, value)
    if table == TABLE_CHANNEL:
        return 0 <= value < 1 << CHANNELS
    if table == TABLE_ENGINE:
        return column != EngineSetting.INTERVAL_NS or INTERVAL_MIN_NS <= value <= LONGEST_NS
    if table == TABLE_SKILL_LEVEL:
        return 0 <= value <= LEVEL_BOUND
    return 0 <= value <= COUNT_MAX
