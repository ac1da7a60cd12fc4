"""How a row changes the state. Only this file (with the rooms it calls) writes the tables; live, replay and simulation
all come through `apply`. Nothing here decides: what a row does follows from the row and the state alone.
"""

from typing import Any

from engine.kernel.deadlines import arm, disarm
from engine.kernel.evolve_contact import (
    answer,
    end_contact,
    end_offer,
    end_wrap_up,
    enter_queue,
    hold_back,
    leave_queue,
    make_offer,
    relax,
    set_next_step,
    start_wrap_up,
)
from engine.kernel.jit import jit
from engine.kernel.marks import put, take
from engine.kernel.masks import ONE, ZERO, lowest
from engine.kernel.messages import take_message
from engine.kernel.prices import ask_for_prices, chooses_by_prices, count_entry
from engine.kernel.review import open_line, review_agent, review_free, review_lines_of, watch_line
from engine.kernel.standing import join_line, leave_line
from engine.kernel.subjects import agent_subject, queue_subject
from engine.kernel.tables import CONCLUSIONS_MAX, Tables
from engine.kernel.tally import begin_anew, note_gap
from engine.kernel.trunks import give_back_channel, move_channel, take_channel
from engine.kernel.waiting_line import common_lines
from engine.messages.kinds import (
    AGENT_HELD_BACK,
    AGENT_REACHABILITY_CHANGED,
    AGENT_RESUMED,
    AGENT_STATUS_CHANGED,
    AGENT_SUSPENDED,
    CALLER_MOVED,
    CHANNELS,
    CONTACT_ANSWERED,
    CONTACT_ARRIVED,
    CONTACT_CONNECTED,
    CONTACT_ENDED,
    CONTACT_HELD,
    CONTACT_HELD_STATE,
    CONTACT_LEFT,
    CONTACT_NEW,
    CONTACT_QUEUED,
    CONTACT_RECEIVED,
    CONTACT_RESUMED,
    CONTACT_WAITING,
    FACT_REFUSED,
    MESSAGE_SENT,
    OFFER_ENDED,
    OFFER_MADE,
    PRIORITY_CHANGED,
    QUEUE_CLOSED,
    QUEUE_DRAINED,
    QUEUE_OPENED,
    REQUIREMENT_DEFINED,
    REQUIREMENT_RELAXED,
    SETTING_CHANGED,
    STATUS_AVAILABLE,
    STATUS_OFFLINE,
    STREAM_GAPPED,
    TABLE_AGENT,
    TABLE_CHANNEL,
    TABLE_ENGINE,
    TABLE_MEMBERSHIP,
    TABLE_QUEUE,
    TABLE_SKILL_LEVEL,
    TABLE_TRUNK_GROUP,
    TRUNK_REFUSED,
    TRUNK_RELEASED,
    TRUNK_RESERVE_CHANGED,
    TRUNK_SEIZED,
    WRAP_UP_ENDED,
    WRAP_UP_STARTED,
)
from engine.messages.rows import RESERVE_BITS
from engine.model.settings import AgentSetting, EngineSetting, QueueSetting


@jit
def apply(t: Tables, row: Any) -> None:
    """Change the state as `row`, whose sequence is book.seq, says."""
    kind = row.kind
    if kind == OFFER_MADE:
        make_offer(t, row)
    elif kind == CONTACT_QUEUED:
        enter_queue(t, row)
        count_entry(t, row.queue)
    elif kind == CONTACT_ANSWERED:
        answer(t, row)
    elif kind == CONTACT_ENDED:
        end_contact(t, row)
    elif kind == CONTACT_ARRIVED:
        _arrive(t, row)
    elif kind == CONTACT_LEFT:
        leave_queue(t, row)
    elif kind == OFFER_ENDED:
        end_offer(t, row)
    elif kind == WRAP_UP_STARTED:
        start_wrap_up(t, row)
    elif kind == WRAP_UP_ENDED:
        end_wrap_up(t, row)
    elif kind == CONTACT_RECEIVED:
        take_channel(t, row.contact, row.a)
    elif kind == REQUIREMENT_RELAXED:
        relax(t, row)
    elif kind == FACT_REFUSED:
        t.book[0].refused += 1
    else:
        _apply_rare(t, row)
    if t.book[0].seq - t.book[0].cause_seq == CONCLUSIONS_MAX:
        # Too much for one row: whatever is still open is looked for at once, as a deadline of the first queue.
        arm(t.book, t.timers, queue_subject(t, 0), t.book[0].now_ns)


@jit
def _apply_rare(t: Tables, row: Any) -> None:
    kind = row.kind
    if kind == CONTACT_HELD:
        t.contacts[row.contact].state = CONTACT_HELD_STATE
        t.contacts[row.contact].held_since_ns = t.book[0].now_ns
    elif kind == CONTACT_RESUMED:
        contact = t.contacts[row.contact]
        contact.state = CONTACT_CONNECTED
        contact.hold_ns += t.book[0].now_ns - contact.held_since_ns
    elif kind == MESSAGE_SENT:
        take_message(t, row)
    elif kind == PRIORITY_CHANGED:
        _change_priority(t, row.contact, row.a)
    elif kind == AGENT_HELD_BACK:
        hold_back(t, row)
    elif kind == AGENT_STATUS_CHANGED:
        _change_status(t, row.agent, row.a, row.b)
    elif kind == AGENT_REACHABILITY_CHANGED:
        t.agents[row.agent].reachable = row.a
        review_free(t, row.agent)
    elif kind == AGENT_SUSPENDED:
        t.agents[row.agent].suspended_until_ns = row.a if row.a != 0 else -1
        if row.a != 0:
            arm(t.book, t.timers, agent_subject(t, row.agent), row.a)
        review_free(t, row.agent)
    elif kind == AGENT_RESUMED:
        _resume_agent(t, row.agent)
    elif kind == STREAM_GAPPED:
        note_gap(t, row.a)
    elif kind == TRUNK_RESERVE_CHANGED:
        t.trunk_groups[row.a].reserve = row.b & ((1 << RESERVE_BITS) - 1)
    elif kind == TRUNK_SEIZED:
        take_channel(t, row.contact, row.a)
    elif kind == TRUNK_REFUSED:
        # Not a call lost: the contact waits and asks again. So it does not count among the calls offered.
        t.trunk_groups[row.a].refused += 1
    elif kind == CALLER_MOVED:
        move_channel(t, row.contact, row.a)
    elif kind == TRUNK_RELEASED:
        give_back_channel(t, row.contact)
    elif kind == QUEUE_DRAINED:
        disarm(t.book, t.timers, queue_subject(t, row.queue))
    elif kind == QUEUE_OPENED:
        t.queues[row.queue].settings[QueueSetting.OPEN] = 1
    elif kind == QUEUE_CLOSED:
        t.queues[row.queue].settings[QueueSetting.OPEN] = 0
    elif kind == SETTING_CHANGED:
        _change_setting(t, row)
    elif kind == REQUIREMENT_DEFINED:
        t.requirements[row.queue, 0] = row.a
        t.requirements[row.queue, 1] = row.b
        for line in range(t.book[0].lines):
            if t.lines[line].requirement == row.queue:
                review_lines_of(t, t.lines[line].queue)


@jit
def _arrive(t: Tables, row: Any) -> None:
    book = t.book[0]
    book.slot_head = book.slot_head + 1 if book.slot_head + 1 < len(t.slots) else 0
    book.slot_count -= 1
    contact = t.contacts[row.contact]
    contact.arrival_seq = book.seq
    contact.arrived_ns = book.now_ns
    contact.enqueued_ns = book.now_ns
    contact.line_ns = row.b if row.b != 0 else book.now_ns
    contact.order = book.seq
    contact.answered_ns = 0
    contact.held_since_ns = 0
    contact.hold_ns = 0
    contact.asked_ns = 0
    contact.responded = 0
    contact.queue = row.queue
    contact.channel = row.a & 0xFF
    contact.priority = (row.a >> 8) & 0xFF
    contact.requirement = (row.a >> 16) & 0xFFFF
    contact.brought = 1 if contact.requirement != 0 else 0
    contact.trunk_group = -1
    contact.asked_group = ((row.a >> 32) & 0xFFFF) - 1
    contact.own_agent = row.agent
    contact.agent = -1
    contact.let_go_seq = 0
    contact.offers = 0
    contact.source = row.source
    contact.step = 0
    contact.flags = row.flags
    contact.state = CONTACT_NEW


@jit
def _change_priority(t: Tables, c: int, priority: int) -> None:
    line = t.contacts[c].line
    leave_line(t, c)
    t.contacts[c].priority = priority
    if line >= 0:
        join_line(t, c, line)
        set_next_step(t, c)


@jit
def _change_status(t: Tables, a: int, status: int, reason: int) -> None:
    agent = t.agents[a]
    lines = common_lines(t)
    if agent.status == STATUS_OFFLINE and status != STATUS_OFFLINE:
        t.idle_seqs[a] = t.book[0].seq
        agent.login_ns = t.book[0].now_ns
        agent.busy_ns = 0
        put(t.agent_masks, lines + CHANNELS, a)
    elif status == STATUS_OFFLINE:
        take(t.agent_masks, lines + CHANNELS, a)
    if status == STATUS_AVAILABLE:
        put(t.agent_masks, lines + CHANNELS + 1, a)
    else:
        take(t.agent_masks, lines + CHANNELS + 1, a)
    agent.status = status
    agent.reason = reason
    agent.misses = 0
    _resume_agent(t, a)
    if status != STATUS_AVAILABLE:
        _watch_lines_of(t, a)


@jit
def _watch_lines_of(t: Tables, a: int) -> None:
    """The agent is gone: contacts may leave its lines for want of agents."""
    waiting = len(t.agents)
    for place in range(t.line_masks.shape[1]):
        word = t.line_masks[a, place] & t.line_masks[waiting, place]
        while word != ZERO:
            line = (place << 6) + lowest(word)
            word &= word - ONE
            watch_line(t, line)


@jit
def _resume_agent(t: Tables, a: int) -> None:
    t.agents[a].suspended_until_ns = 0
    disarm(t.book, t.timers, agent_subject(t, a))
    review_free(t, a)


@jit
def _change_setting(t: Tables, row: Any) -> None:
    table, index, column, value = row.agent, row.queue, row.contact, row.a
    if table == TABLE_QUEUE:
        settings = t.queues[index].settings
        before = chooses_by_prices(t, index)
        settings[column] = value
        if column == QueueSetting.STRATEGY and t.queues[index].first_ns != 0:
            ask_for_prices(t, int(chooses_by_prices(t, index)) - int(before))
        if column == QueueSetting.REQUIREMENT or column == QueueSetting.CHANNEL or column == QueueSetting.MEMBERS_ONLY:
            open_line(t, index, settings[QueueSetting.REQUIREMENT], settings[QueueSetting.CHANNEL])
            review_lines_of(t, index)
        elif column == QueueSetting.LEAVE_EMPTY:
            line = t.queues[index].first_line
            while line >= 0:
                watch_line(t, line)
                line = t.lines[line].next_line
        elif column >= QueueSetting.FIRST_STEP or column == QueueSetting.PREFERRED_WAIT_NS:
            for c in range(len(t.contacts)):
                if t.contacts[c].state == CONTACT_WAITING and t.contacts[c].queue == index:
                    set_next_step(t, c)
    elif table == TABLE_AGENT:
        t.agents[index].settings[column] = value
        if t.agents[index].state_since_ns == 0:
            t.agents[index].state_since_ns = t.book[0].now_ns
        review_agent(t, index)
        review_free(t, index)
        if column == AgentSetting.EXISTS and value == 0:
            _change_status(t, index, STATUS_OFFLINE, 0)
    elif table == TABLE_TRUNK_GROUP:
        t.trunk_groups[index].settings[column] = value
    elif table == TABLE_SKILL_LEVEL:
        t.skill_levels[index, row.b] = value
        review_agent(t, index)
    elif table == TABLE_MEMBERSHIP:
        t.memberships[index, row.b] = value
        review_agent(t, index)
    elif table == TABLE_CHANNEL:
        t.channel_settings[index, column] = value
        for agent in range(len(t.agents)):
            review_free(t, agent)
    elif table == TABLE_ENGINE:
        is_new = t.book[0].settings[column] != value
        t.book[0].settings[column] = value
        if column == EngineSetting.INTERVAL_NS and is_new:
            begin_anew(t)
