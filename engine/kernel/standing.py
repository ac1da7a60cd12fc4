"""Joining and leaving a waiting line. Contacts mostly join at the tail; one that comes back to its place finds it by
walking from there.
"""

from engine.kernel.jit import jit
from engine.kernel.lookup import is_oldest
from engine.kernel.marks import put, take
from engine.kernel.review import set_price
from engine.kernel.tables import Tables
from engine.kernel.waiting_line import common_lines
from engine.messages.kinds import FLAG_CALLS_BACK


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
    if contact.flags & FLAG_CALLS_BACK:
        entry.promised += 1
    if line < common_lines(t):
        if entry.count == 1:
            put(t.line_masks, len(t.agents), line)
        if is_oldest(t, line):
            set_price(t, line)


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
    if contact.flags & FLAG_CALLS_BACK:
        entry.promised -= 1
    if line < common_lines(t):
        if entry.count == 0:
            take(t.line_masks, len(t.agents), line)
        if is_oldest(t, line):
            set_price(t, line)


@jit
def _precedes(t: Tables, one: int, other: int) -> bool:
    if t.contacts[one].line_ns != t.contacts[other].line_ns:
        return t.contacts[one].line_ns < t.contacts[other].line_ns
    return t.contacts[one].order < t.contacts[other].order
