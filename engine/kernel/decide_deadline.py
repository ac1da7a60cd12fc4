"""What follows when time passes: whose deadline it was, and what was promised for then."""

from engine.kernel.admit import admit
from engine.kernel.decide_agent import end_wrap_up_of
from engine.kernel.decide_offer import fail_offer
from engine.kernel.door import takes_over
from engine.kernel.eligibility import is_deserted, lacks_agents
from engine.kernel.emit import MATCH_AGENT, MATCH_ANY, MATCH_CONTACT, PASS_DEADLINE, emit, then
from engine.kernel.endings import end_with_agent, leave
from engine.kernel.jit import jit
from engine.kernel.lookup import find_line, room_for_line
from engine.kernel.tables import Array, Tables
from engine.kernel.waiting_line import first_to_leave
from engine.messages.kinds import (
    AGENT_RESUMED,
    BY_IDLE,
    CONTACT_CONNECTED,
    CONTACT_HELD_STATE,
    ENGAGEMENT_OFFERED,
    ENTRY_OVERFLOW,
    EXIT_CALLBACK,
    EXIT_EMPTY,
    EXIT_OVERFLOWED,
    EXIT_REFUSED_CLOSED,
    EXIT_REFUSED_EMPTY,
    EXIT_REFUSED_FULL,
    EXIT_TIMED_OUT,
    FLAG_CLOSES,
    OFFER_NO_ANSWER,
    QUEUE_DRAINED,
    REQUIREMENT_RELAXED,
    STEP_CALLBACK,
    STEP_OVERFLOW,
    STEP_REFUSE,
    STEP_RELAX,
)
from engine.messages.rows import GAVE_UP_AGENT, HELD_LONG_ENOUGH
from engine.model.settings import QueueSetting

FIRES_MAX = 256
"""Deadlines one row may fire; the driver repeats the row while more are due."""


@jit
def pass_deadline(t: Tables, out: Array) -> None:
    """Fire the earliest deadline if it is due, then look again. Every firing moves or removes its own deadline."""
    book = t.book[0]
    if book.timers == 0 or book.fired == FIRES_MAX:
        return
    subject = t.timers[0].order
    if t.timers[subject].deadline_ns > book.now_ns:
        return
    book.fired += 1
    _fire(t, out, subject)
    then(t, PASS_DEADLINE, 0)


@jit
def _fire(t: Tables, out: Array, subject: int) -> None:
    if subject < len(t.contacts):
        _take_step(t, out, subject)
        return
    subject -= len(t.contacts)
    if subject < len(t.engagements):
        engagement = t.engagements[subject]
        if engagement.state == ENGAGEMENT_OFFERED:
            fail_offer(t, out, engagement.contact, engagement.agent, OFFER_NO_ANSWER)
        else:
            a = engagement.agent
            end_wrap_up_of(t, out, subject)
            then(t, MATCH_AGENT, a)
        return
    subject -= len(t.engagements)
    if subject < len(t.agents):
        emit(t, out, AGENT_RESUMED, -1, -1, subject, 0, 0, 0)
        then(t, MATCH_AGENT, subject)
        return
    drain(t, out, subject - len(t.agents))


@jit
def _take_step(t: Tables, out: Array, c: int) -> None:
    """A waiting contact's time for its next step has come; or a connected chat was silent for too long."""
    contact = t.contacts[c]
    if contact.state == CONTACT_CONNECTED or contact.state == CONTACT_HELD_STATE:
        end_with_agent(t, out, c, BY_IDLE, FLAG_CLOSES)
        return
    settings = t.queues[contact.queue].settings
    if contact.own_agent >= 0 and t.book[0].now_ns >= contact.enqueued_ns + settings[QueueSetting.PREFERRED_WAIT_NS]:
        emit(t, out, REQUIREMENT_RELAXED, c, contact.queue, -1, contact.requirement, GAVE_UP_AGENT, 0)
        then(t, MATCH_CONTACT, c)
        return
    if contact.held_back and t.book[0].now_ns >= contact.enqueued_ns + settings[QueueSetting.HOLD_BACK_NS]:
        emit(t, out, REQUIREMENT_RELAXED, c, contact.queue, -1, contact.requirement, HELD_LONG_ENOUGH, 0)
        then(t, MATCH_CONTACT, c)
        return
    step = contact.step
    action = settings[QueueSetting.FIRST_STEP + 3 * step + 1]
    target = settings[QueueSetting.FIRST_STEP + 3 * step + 2]
    if action == STEP_OVERFLOW and takes_over(t, c, target):
        since_ns = contact.line_ns
        leave(t, out, c, EXIT_OVERFLOWED, 0)
        admit(t, out, c, target, -1, since_ns, ENTRY_OVERFLOW)
    elif action == STEP_OVERFLOW or action == STEP_RELAX:
        requirement = contact.requirement
        relaxed = t.requirements[requirement, 1]
        room = find_line(t, contact.queue, relaxed, contact.channel) >= 0 or room_for_line(t) >= 0
        if action == STEP_RELAX and relaxed >= 0 and room:
            requirement = relaxed
        emit(t, out, REQUIREMENT_RELAXED, c, contact.queue, -1, requirement, step, 0)
        then(t, MATCH_CONTACT, c)
    elif action == STEP_CALLBACK:
        leave(t, out, c, EXIT_CALLBACK, FLAG_CLOSES)
    elif action == STEP_REFUSE:
        leave(t, out, c, _refusal_exit(t, c), FLAG_CLOSES)
    else:
        leave(t, out, c, EXIT_TIMED_OUT, FLAG_CLOSES)


@jit
def _refusal_exit(t: Tables, c: int) -> int:
    """Return why the queue cannot serve the waiting contact: it closed, nobody is there, or too many are ahead."""
    contact = t.contacts[c]
    if t.queues[contact.queue].settings[QueueSetting.OPEN] == 0:
        return EXIT_REFUSED_CLOSED
    if lacks_agents(t, contact.queue, contact.requirement, contact.channel, 1):
        return EXIT_REFUSED_EMPTY
    return EXIT_REFUSED_FULL


@jit
def drain(t: Tables, out: Array, queue: int) -> None:
    """Let the next contact, but no callback, leave the lines of a queue that nobody may serve now, then look again."""
    # The first queue's deadline also stands for what an earlier row left open, so the end of it looks around.
    settings = t.queues[queue].settings
    rule, target = settings[QueueSetting.LEAVE_EMPTY], settings[QueueSetting.EMPTY_TARGET]
    line = t.queues[queue].first_line
    while line >= 0 and not (rule != 0 and first_to_leave(t, line) >= 0 and is_deserted(t, line, rule)):
        line = t.lines[line].next_line
    if line < 0:
        emit(t, out, QUEUE_DRAINED, -1, queue, -1, 0, 0, 0)
        then(t, MATCH_ANY, 0)
        return
    c = first_to_leave(t, line)
    if takes_over(t, c, target):
        since_ns = t.contacts[c].line_ns
        leave(t, out, c, EXIT_OVERFLOWED, 0)
        admit(t, out, c, target, -1, since_ns, ENTRY_OVERFLOW)
    else:
        leave(t, out, c, EXIT_EMPTY, FLAG_CLOSES)
