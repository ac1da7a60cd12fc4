"""Finding what belongs together: a line by what it is for, an engagement by its two ends."""

from engine.kernel.jit import jit
from engine.kernel.tables import Tables


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
def find_engagement(t: Tables, c: int, a: int) -> int:
    """Return the engagement of contact `c` with agent `a`, -1 if there is none."""
    e = t.contacts[c].engagement
    while e >= 0:
        if t.engagements[e].agent == a:
            return e
        e = t.engagements[e].next_of_contact
    return -1
