"""Finding what belongs together: a line by what it is for, an engagement by its two ends."""

from engine.kernel.jit import jit
from engine.kernel.subjects import engagement_subject
from engine.kernel.tables import Tables
from engine.messages.kinds import ENGAGEMENT_WRAPPING
from engine.model.settings import QueueSetting


@jit
def find_line(t: Tables, queue: int, requirement: int, channel: int) -> int:
    """Return the line of this combination, -1 if there is none yet."""
    line = t.queues[queue].first_line
    while line >= 0:
        entry = t.lines[line]
        if entry.requirement == requirement and entry.channel == channel:
            return line
        line = entry.next_line
    return -1


@jit
def oldest_line(t: Tables, queue: int) -> int:
    """Return the queue's oldest line, the one that its prices are computed for; -1 if it has none yet."""
    line = t.queues[queue].first_line
    while line >= 0 and t.lines[line].next_line >= 0:
        line = t.lines[line].next_line
    return line


@jit
def room_for_line(t: Tables) -> int:
    """Return where a line could be opened now: at a place never used, or that of a line to be given back; -1: nowhere.

    A line can be given back that is kept open for nobody and is not what its queue's own settings ask for.
    """
    lines = len(t.lines) - len(t.agents)
    if t.book[0].lines < lines:
        return t.book[0].lines
    for step in range(1, lines + 1):
        line = (t.book[0].line_given_back + step) % lines
        entry = t.lines[line]
        settings = t.queues[entry.queue].settings
        own = (
            entry.requirement == settings[QueueSetting.REQUIREMENT] and entry.channel == settings[QueueSetting.CHANNEL]
        )
        if entry.holders == 0 and not own:
            return line
    return -1


@jit
def find_engagement(t: Tables, c: int, a: int) -> int:
    """Return the engagement of contact `c` with agent `a`, -1 if there is none."""
    e = t.contacts[c].engagement
    while e >= 0:
        if t.engagements[e].agent == a:
            return e
        e = t.engagements[e].next_of_contact
    return -1


@jit
def is_wrap_up_of(t: Tables, e: int, arrival_seq: int) -> bool:
    """Tell whether the engagement is the wrap-up of the contact with this arrival; of any, if that is 0."""
    engagement = t.engagements[e]
    return engagement.state == ENGAGEMENT_WRAPPING and (arrival_seq == 0 or engagement.arrival_seq == arrival_seq)


@jit
def has_deadline(t: Tables, e: int) -> bool:
    """Tell whether the engagement ends by itself at some time."""
    return t.timers[engagement_subject(t, e)].place > 0


@jit
def wraps_up(t: Tables, a: int, arrival_seq: int) -> bool:
    """Tell whether the agent wraps up the contact with this arrival."""
    e = t.agents[a].engagement
    while e >= 0:
        if is_wrap_up_of(t, e, arrival_seq):
            return True
        e = t.engagements[e].next_of_agent
    return False


@jit
def is_oldest(t: Tables, line: int) -> bool:
    """Tell whether the line is its queue's oldest: the one that the queue's prices are computed for."""
    return t.lines[line].next_line < 0
