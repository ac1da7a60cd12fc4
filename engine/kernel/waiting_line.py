"""Waiting lines: for each queue, requirement and channel, and for each agent; within a line eight first-in first-out
lists, one a priority, so that the head is found by comparing eight places whatever waits behind them.

A contact's place is (line_ns, order): since when it counts as waiting, then the sequence of its entry. Contacts mostly
join at the tail; one that comes back to its place finds it by walking from the nearer known end.
"""

from engine.kernel.jit import jit
from engine.kernel.masks import put, take
from engine.kernel.tables import Tables
from engine.model.settings import PRIORITIES, QueueSetting


@jit
def join_line(t: Tables, c: int, line: int) -> None:
    """Put contact `c` at its place in `line`."""
    contact = t.contacts[c]
    entry = t.lines[line]
    level = contact.priority
    after = entry.tail[level]
    while after >= 0 and _precedes(t, c, after):
        after = t.contacts[after].prev
    before = entry.head[level] if after < 0 else t.contacts[after].next
    contact.prev = after
    contact.next = before
    if after < 0:
        entry.head[level] = c
    else:
        t.contacts[after].next = c
    if before < 0:
        entry.tail[level] = c
    else:
        t.contacts[before].prev = c
    contact.line = line
    entry.count += 1
    if entry.count == 1 and line < common_lines(t):
        put(t.line_masks, len(t.agents), line)


@jit
def leave_line(t: Tables, c: int) -> None:
    """Take contact `c` out of the line it stands in, if any. Nobody is held back from it any more."""
    contact = t.contacts[c]
    line = contact.line
    if line < 0:
        return
    t.book[0].held_back -= contact.held_back
    contact.held_back = 0
    entry = t.lines[line]
    level = contact.priority
    if contact.prev < 0:
        entry.head[level] = contact.next
    else:
        t.contacts[contact.prev].next = contact.next
    if contact.next < 0:
        entry.tail[level] = contact.prev
    else:
        t.contacts[contact.next].prev = contact.prev
    contact.prev = -1
    contact.next = -1
    contact.line = -1
    entry.count -= 1
    if entry.count == 0 and line < common_lines(t):
        take(t.line_masks, len(t.agents), line)


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


@jit
def _precedes(t: Tables, one: int, other: int) -> bool:
    if t.contacts[one].line_ns != t.contacts[other].line_ns:
        return t.contacts[one].line_ns < t.contacts[other].line_ns
    return t.contacts[one].order < t.contacts[other].order
