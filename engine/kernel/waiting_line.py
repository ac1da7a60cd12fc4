"""Waiting lines: for each queue, requirement and channel, and for each agent; within a line eight first-in first-out
lists, one a priority, so that the head is found by comparing eight places whatever waits behind them.

A contact's place is (line_ns, order): since when it counts as waiting, then the sequence of its entry. `standing` puts
contacts there.
"""

from engine.kernel.jit import jit
from engine.kernel.tables import Tables
from engine.messages.kinds import FLAG_CALLS_BACK
from engine.model.settings import PRIORITIES, QueueSetting


@jit
def head_of(t: Tables, line: int) -> int:
    """Return the contact that is next in `line`, -1 if nobody waits: the longest effective wait, then first come."""
    entry = t.lines[line]
    best = -1
    if entry.count == 0:
        return best
    for level in range(PRIORITIES):
        c = entry.head[level]
        if c >= 0 and (best < 0 or comes_before(t, c, best)):
            best = c
    return best


@jit
def first_to_leave(t: Tables, line: int) -> int:
    """Return who is next of those in `line` who may be sent away, -1 if nobody may: a callback's place was promised."""
    entry = t.lines[line]
    best = -1
    if entry.count == entry.promised:
        return best
    for level in range(PRIORITIES):
        c = entry.head[level]
        while c >= 0 and t.contacts[c].flags & FLAG_CALLS_BACK:
            c = t.contacts[c].next
        if c >= 0 and (best < 0 or comes_before(t, c, best)):
            best = c
    return best


@jit
def comes_before(t: Tables, one: int, other: int) -> bool:
    """Tell which of two contacts of different priority is next: the longest effective wait, then first come."""
    one_ns, other_ns = effective_since_ns(t, one), effective_since_ns(t, other)
    return one_ns < other_ns or (one_ns == other_ns and t.contacts[one].order < t.contacts[other].order)


@jit
def effective_since_ns(t: Tables, c: int) -> int:
    """Return since when `c` counts as waiting with its priority's head start: what orders contacts of one queue."""
    contact = t.contacts[c]
    return contact.line_ns - contact.priority * t.queues[contact.queue].settings[QueueSetting.PRIORITY_CREDIT_NS]


@jit
def common_lines(t: Tables) -> int:
    """Return how many lines are not some agent's own."""
    return len(t.lines) - len(t.agents)
