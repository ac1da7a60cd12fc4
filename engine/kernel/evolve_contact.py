"""What decided rows do to a contact: into a queue, offered, answered, ended, or out of the queue unserved."""

from typing import Any

from engine.kernel.deadlines import NEVER_NS, arm, disarm
from engine.kernel.engagements import connect, engage, release, wrap
from engine.kernel.estimates import count_handled, count_taken
from engine.kernel.jit import jit
from engine.kernel.lookup import find_engagement
from engine.kernel.messages import watch_silence
from engine.kernel.review import hold_line, let_go_of_line, watch_line
from engine.kernel.standing import join_line, leave_line
from engine.kernel.subjects import engagement_subject
from engine.kernel.tables import Tables
from engine.kernel.tally import cells_of, count, count_at, count_longest, count_wrap_up, join_cohort, measure
from engine.kernel.trunks import count_offered, give_back_channel
from engine.kernel.waiting_line import common_lines
from engine.messages.exits import IS_SENT_AWAY
from engine.messages.kinds import (
    BY_IDLE,
    BY_TRANSFER,
    CONTACT_CONNECTED,
    CONTACT_FREE,
    CONTACT_HELD_STATE,
    CONTACT_NEW,
    CONTACT_OFFERED,
    CONTACT_WAITING,
    ENTRY_OVERFLOW,
    EXIT_ABANDONED,
    EXIT_ANSWERED,
    EXIT_CALLBACK,
    EXIT_REFUSED_TRUNK,
    EXIT_SHORT_ABANDONED,
    FLAG_CALLS_BACK,
    FLAG_CLOSES,
    FLAG_NO_CALLBACK,
    FLAG_WAITED,
    FLAG_WRAPS,
    OFFER_BUSY,
    OFFER_CONTACT_LEFT,
    OFFER_NO_ANSWER,
    OFFER_REJECTED,
    OFFER_TAKEN_ELSEWHERE,
    OFFER_UNREACHABLE,
    RING_ALL,
    STEP_CALLBACK,
    STEP_NONE,
)
from engine.messages.rows import GAVE_UP_AGENT, UNTOLD
from engine.model.settings import STEPS_MAX, AgentSetting, QueueSetting
from engine.model.tallies import MEASURED_ANSWERED, MEASURED_HANDLE, MEASURED_LOST, Tally

SECOND_NS = 1_000_000_000
HANDED_ON = 1 << 16
"""Among a contact's flags: it came by overflow, and so stays a second at least; rules that point in a circle, each step
due at once, would otherwise go round without end.
"""


@jit
def enter_queue(t: Tables, row: Any) -> None:
    """CONTACT_QUEUED: put the contact into the queue's line, or into its own agent's."""
    c, book = row.contact, t.book[0]
    contact = t.contacts[c]
    contact.queue = row.queue
    contact.own_agent = row.agent
    contact.enqueued_ns = book.now_ns
    contact.line_ns = row.a
    contact.order = book.seq
    contact.agent = -1
    contact.step = 0
    contact.hold_ns = 0
    contact.flags &= ~HANDED_ON
    if row.b & 0xFF == ENTRY_OVERFLOW:
        contact.flags |= HANDED_ON
    if contact.brought == 0:
        contact.requirement = t.queues[row.queue].settings[QueueSetting.REQUIREMENT]
    contact.told_p50_ns = _told_ns((row.b >> 8) & UNTOLD)
    contact.told_p90_ns = _told_ns((row.b >> 32) & UNTOLD)
    join_cohort(t, c)
    t.queues[row.queue].waiting += 1
    count(t, cells_of(t, c), Tally.ENTRIES, 1)
    wait_in_line(t, c)


@jit
def _told_ns(seconds: int) -> int:
    return -1 if seconds == UNTOLD else seconds * SECOND_NS


@jit
def wait_in_line(t: Tables, c: int) -> None:
    """Put a contact that is in nobody's hands into its line, and set the deadline of its next timed step."""
    contact = t.contacts[c]
    contact.state = CONTACT_WAITING
    # Kept open even while the contact waits for its own agent, so that there is room when it gives up waiting.
    line = hold_line(t, c)
    if contact.own_agent >= 0:
        join_line(t, c, common_lines(t) + contact.own_agent)
    else:
        join_line(t, c, line)
        watch_line(t, line)
    set_next_step(t, c)


@jit
def set_next_step(t: Tables, c: int) -> None:
    """Set the deadline of the waiting contact's next timed step, as its queue's settings now say."""
    _pass_over_callbacks(t, c)
    deadline_ns = next_step_ns(t, c)
    if deadline_ns == NEVER_NS:
        disarm(t.book, t.timers, c)
    else:
        arm(t.book, t.timers, c, deadline_ns)


@jit
def _pass_over_callbacks(t: Tables, c: int) -> None:
    """Who cannot be called back, or is called back already, does not leave the line for it: the place would be lost."""
    contact = t.contacts[c]
    if contact.flags & (FLAG_CALLS_BACK | FLAG_NO_CALLBACK) == 0:
        return
    settings = t.queues[contact.queue].settings
    while contact.step < STEPS_MAX and settings[QueueSetting.FIRST_STEP + 3 * contact.step + 1] == STEP_CALLBACK:
        contact.step += 1


@jit
def next_step_ns(t: Tables, c: int) -> int:
    """Return when the contact's next timed step is due: a step of its queue, or giving up on its own agent."""
    contact = t.contacts[c]
    settings = t.queues[contact.queue].settings
    deadline_ns = NEVER_NS
    if contact.step < STEPS_MAX:
        place = QueueSetting.FIRST_STEP + 3 * contact.step
        if settings[place + 1] != STEP_NONE:
            deadline_ns = contact.enqueued_ns + max(settings[place], SECOND_NS if contact.flags & HANDED_ON else 0)
    if contact.own_agent >= 0:
        deadline_ns = min(deadline_ns, contact.enqueued_ns + settings[QueueSetting.PREFERRED_WAIT_NS])
    if contact.held_back:
        deadline_ns = min(deadline_ns, contact.enqueued_ns + settings[QueueSetting.HOLD_BACK_NS])
    return deadline_ns


@jit
def hold_back(t: Tables, row: Any) -> None:
    """AGENT_HELD_BACK: the contact waits on, until its queue's bound at most."""
    t.contacts[row.contact].held_back = 1
    t.book[0].held_back += 1
    set_next_step(t, row.contact)


@jit
def relax(t: Tables, row: Any) -> None:
    """REQUIREMENT_RELAXED: a timed step was taken; the contact goes to the line of what it asks for now."""
    contact = t.contacts[row.contact]
    leave_line(t, row.contact)
    disarm(t.book, t.timers, row.contact)
    if row.b == GAVE_UP_AGENT:
        contact.own_agent = -1
    elif row.b >= 0:
        contact.step = row.b + 1
        contact.requirement = row.a
    wait_in_line(t, row.contact)


@jit
def make_offer(t: Tables, row: Any) -> None:
    """OFFER_MADE: out of the line, onto the agent."""
    c, a = row.contact, row.agent
    contact = t.contacts[c]
    queue = t.queues[contact.queue]
    if contact.state == CONTACT_WAITING:
        leave_line(t, c)
        disarm(t.book, t.timers, c)
        contact.state = CONTACT_OFFERED
        queue.offered += 1
    limit_ns = t.agents[a].settings[AgentSetting.RING_LIMIT_NS]
    if limit_ns == 0:
        limit_ns = queue.settings[QueueSetting.RING_LIMIT_NS]
    engage(t, c, a, t.book[0].now_ns + limit_ns)
    if queue.settings[QueueSetting.STRATEGY] != RING_ALL:
        queue.last_agent = a
    t.agents[a].offers += 1
    count(t, cells_of(t, c), Tally.OFFERS, 1)


@jit
def end_offer(t: Tables, row: Any) -> None:
    """OFFER_ENDED: off the agent; back to its place in line if nobody else is being offered the contact."""
    c, agent = row.contact, t.agents[row.agent]
    contact, cells = t.contacts[c], cells_of(t, c)
    if row.a == OFFER_NO_ANSWER:
        count(t, cells, Tally.OFFERS_NOT_ANSWERED, 1)
        agent.not_answered += 1
        agent.misses += 1
    elif row.a == OFFER_REJECTED or row.a == OFFER_BUSY or row.a == OFFER_UNREACHABLE:
        count(t, cells, Tally.OFFERS_DECLINED, 1)
        agent.declined += 1
    else:
        count(t, cells, Tally.OFFERS_LOST, 1)
    count(t, cells, Tally.RING_NS, row.b)
    if t.queues[contact.queue].settings[QueueSetting.STRATEGY] != RING_ALL:
        _let_go(t, c, row.agent)
    release(t, find_engagement(t, c, row.agent))
    if contact.state == CONTACT_OFFERED and contact.offers == 0:
        t.queues[contact.queue].offered -= 1
        if row.a == OFFER_CONTACT_LEFT or row.a == OFFER_TAKEN_ELSEWHERE:
            contact.state = CONTACT_NEW
        else:
            if contact.own_agent == row.agent:
                contact.own_agent = -1  # its own agent did not take it: anybody may
            wait_in_line(t, c)


@jit
def _let_go(t: Tables, c: int, a: int) -> None:
    """Note that agent `a` has the contact no more: in this turn others come first."""
    t.contacts[c].let_go_by = a
    t.contacts[c].let_go_seq = t.book[0].seq


@jit
def answer(t: Tables, row: Any) -> None:
    """CONTACT_ANSWERED: the agent has the contact."""
    c = row.contact
    contact, agent, cells = t.contacts[c], t.agents[row.agent], cells_of(t, c)
    queue = t.queues[contact.queue]
    contact.state = CONTACT_CONNECTED
    contact.agent = row.agent
    contact.answered_ns = t.book[0].now_ns
    let_go_of_line(t, c)
    e = find_engagement(t, c, row.agent)
    count(t, cells, Tally.RING_NS, t.book[0].now_ns - t.engagements[e].started_ns)
    connect(t, e)
    agent.answered += 1
    agent.misses = 0
    queue.waiting -= 1
    queue.offered -= 1
    queue.connected += 1
    queue.waited_ns += row.a
    count(t, cells, Tally.EXIT + EXIT_ANSWERED, 1)
    count(t, cells, Tally.ANSWERED_WAIT_NS, row.a)
    count_longest(t, cells, Tally.LONGEST_WAIT_NS, row.a)
    threshold_ns = queue.settings[QueueSetting.THRESHOLD_NS]
    if row.a <= threshold_ns:
        count(t, cells, Tally.ANSWERED_WITHIN, 1)
        count(t, cells, Tally.MET, 1)
    else:
        count_at(t, c, Tally.MISSED, contact.enqueued_ns + threshold_ns)
        cells = cells_of(t, c)
    if contact.told_p50_ns >= 0:
        count(t, cells, Tally.TOLD, 1)
        count(t, cells, Tally.TOLD_WITHIN_P50, 1 if row.a <= contact.told_p50_ns else 0)
        count(t, cells, Tally.TOLD_WITHIN_P90, 1 if row.a <= contact.told_p90_ns else 0)
    measure(t, cells, MEASURED_ANSWERED, row.a)
    watch_silence(t, c)


@jit
def leave_queue(t: Tables, row: Any) -> None:
    """CONTACT_LEFT: out of the queue unserved; a contact refused at the door is counted in and out."""
    c, way_out, wait_ns = row.contact, row.a, row.b
    contact = t.contacts[c]
    queue = t.queues[row.queue]
    contact.queue = row.queue
    if row.flags & FLAG_WAITED:
        leave_line(t, c)
        let_go_of_line(t, c)
        disarm(t.book, t.timers, c)
        queue.waiting -= 1
        queue.waited_ns += wait_ns
    else:
        contact.enqueued_ns = t.book[0].now_ns
        join_cohort(t, c)
        count(t, cells_of(t, c), Tally.ENTRIES, 1)
    contact.state = CONTACT_NEW
    cells = cells_of(t, c)
    if way_out == EXIT_REFUSED_TRUNK:
        t.trunk_groups[contact.asked_group].refused += 1
        count_offered(t, c, contact.asked_group)
    count(t, cells, Tally.EXIT + way_out, 1)
    count_longest(t, cells, Tally.LONGEST_WAIT_NS, wait_ns)
    threshold_ns = queue.settings[QueueSetting.THRESHOLD_NS]
    if way_out == EXIT_ABANDONED or way_out == EXIT_SHORT_ABANDONED:
        queue.quit += 1.0
        count(t, cells, Tally.ABANDONED_WAIT_NS, wait_ns)
        measure(t, cells, MEASURED_LOST, wait_ns)
        if wait_ns <= threshold_ns:
            count(t, cells, Tally.ABANDONED_WITHIN, 1)
    elif way_out == EXIT_CALLBACK and wait_ns <= threshold_ns:
        count(t, cells, Tally.OTHER_WITHIN, 1)
    if wait_ns > threshold_ns:
        count_at(t, c, Tally.MISSED, contact.enqueued_ns + threshold_ns)
    elif way_out == EXIT_ABANDONED or (row.flags & FLAG_WAITED and IS_SENT_AWAY[way_out]):
        count(t, cells, Tally.MISSED, 1)
    if row.flags & FLAG_CLOSES:
        close(t, c)


@jit
def end_contact(t: Tables, row: Any) -> None:
    """CONTACT_ENDED: the talk with this agent is over."""
    c = row.contact
    contact, agent, cells = t.contacts[c], t.agents[row.agent], cells_of(t, c)
    queue = t.queues[contact.queue]
    hold_ns = contact.hold_ns
    if contact.state == CONTACT_HELD_STATE:
        hold_ns += t.book[0].now_ns - contact.held_since_ns
    e = find_engagement(t, c, row.agent)
    if row.flags & FLAG_WRAPS:
        wrap(t, e)
        t.engagements[e].talk_ns = row.b
    else:
        release(t, e)
        measure(t, cells, MEASURED_HANDLE, row.b)
    agent.talk_ns += row.b
    agent.hold_ns += hold_ns
    queue.connected -= 1
    count_handled(t, contact.queue, row.agent)
    count_taken(t, contact.queue, row.agent, row.b)
    count(t, cells, Tally.HANDLED, 1)
    count(t, cells, Tally.TALK_NS, row.b)
    count(t, cells, Tally.HOLD_NS, hold_ns)
    if row.a == BY_TRANSFER:
        count(t, cells, Tally.TRANSFERRED_OUT, 1)
    if row.a == BY_IDLE:
        count(t, cells, Tally.ENDED_IDLE, 1)
    contact.state = CONTACT_NEW
    contact.agent = -1
    disarm(t.book, t.timers, c)
    _let_go(t, c, row.agent)
    if row.flags & FLAG_CLOSES:
        close(t, c)


@jit
def start_wrap_up(t: Tables, row: Any) -> None:
    """WRAP_UP_STARTED: the end of wrap-up is known, or left to the agent."""
    if row.a != 0:
        arm(t.book, t.timers, engagement_subject(t, row.b), row.a)


@jit
def end_wrap_up(t: Tables, row: Any) -> None:
    """WRAP_UP_ENDED: the agent has this slot back."""
    t.agents[row.agent].wrap_up_ns += row.b
    count_taken(t, t.engagements[row.a].queue, row.agent, row.b)
    count_wrap_up(t, row.a, row.b)
    release(t, row.a)


@jit
def close(t: Tables, c: int) -> None:
    """Forget the contact: give back its trunk channel and its slot."""
    contact, book = t.contacts[c], t.book[0]
    give_back_channel(t, c)
    contact.state = CONTACT_FREE
    place = book.slot_head + book.slot_count
    t.slots[place if place < len(t.slots) else place - len(t.slots)] = c
    book.slot_count += 1
