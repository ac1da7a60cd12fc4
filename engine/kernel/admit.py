"""At the door of a queue: open? staffed? room? line to stand in? Then in, on to another queue, or out."""

import math

from engine.kernel.door import let_in_before, obstacle, worth_waiting_for
from engine.kernel.eligibility import slots_for
from engine.kernel.emit import MATCH_CONTACT, emit, then
from engine.kernel.expected_wait import FIFTY, NINETY, in_line, moments, quantile_ns
from engine.kernel.jit import jit
from engine.kernel.seize import room_in
from engine.kernel.tables import Array, Tables
from engine.messages.kinds import (
    CONTACT_LEFT,
    CONTACT_QUEUED,
    CONTACT_RECEIVED,
    CONTACT_WAITING,
    ENTRY_ARRIVAL,
    ENTRY_OVERFLOW,
    EXIT_OVERFLOWED,
    EXIT_REFUSED_FULL,
    EXIT_REFUSED_TRUNK,
    EXIT_SYSTEM_ERROR,
    FLAG_CLOSES,
)
from engine.messages.rows import UNTOLD
from engine.model.settings import QueueSetting

HOPS_MAX = 8
"""Queues a contact may be handed through at the door; rules that point in a circle end here."""


@jit
def admit_arrival(t: Tables, out: Array, c: int) -> None:
    """Give an arrived contact a trunk channel, if it came by a trunk group, and a place in a queue."""
    queue, trunk_group = t.contacts[c].queue, t.contacts[c].asked_group
    if trunk_group >= 0:
        if room_in(t, out, c, trunk_group) <= 0:
            emit(t, out, CONTACT_LEFT, c, queue, -1, EXIT_REFUSED_TRUNK, 0, FLAG_CLOSES)
            return
        emit(t, out, CONTACT_RECEIVED, c, -1, -1, trunk_group, 0, 0)
    admit(t, out, c, queue, t.contacts[c].own_agent, t.contacts[c].line_ns, ENTRY_ARRIVAL)


@jit
def admit(t: Tables, out: Array, c: int, queue: int, own_agent: int, line_ns: int, entry: int) -> None:
    """Let the contact into `queue`, or into the queue that takes over, or out; then look for an agent."""
    for _ in range(HOPS_MAX):
        way_out, target = obstacle(t, c, queue)
        # Those who wait stay when a queue closes or fills, and so does who left the line for a callback.
        if way_out == 0 or (let_in_before(t, c, entry) and way_out != EXIT_SYSTEM_ERROR):
            if own_agent >= 0 and not worth_waiting_for(t, own_agent, t.contacts[c].channel, queue):
                own_agent = -1
            packed = entry | told(t, c, queue) << 8
            emit(t, out, CONTACT_QUEUED, c, queue, own_agent, line_ns, packed, 0)
            then(t, MATCH_CONTACT, c)
            return
        if target < 0 or target >= len(t.queues):
            emit(t, out, CONTACT_LEFT, c, queue, -1, way_out, 0, FLAG_CLOSES)
            return
        emit(t, out, CONTACT_LEFT, c, queue, -1, EXIT_OVERFLOWED, 0, 0)
        queue = target
        entry = ENTRY_OVERFLOW
    emit(t, out, CONTACT_LEFT, c, queue, -1, EXIT_REFUSED_FULL, 0, FLAG_CLOSES)


@jit
def told(t: Tables, c: int, queue: int) -> int:
    """Return the expected wait as CONTACT_QUEUED keeps it: p50 in whole seconds, rounded up, p90 from bit 24."""
    contact, channel = t.contacts[c], t.contacts[c].channel
    requirement = contact.requirement if contact.brought else t.queues[queue].settings[QueueSetting.REQUIREMENT]
    slots, free_slots = slots_for(t, queue, requirement, channel)
    if slots == 0:
        return UNTOLD | UNTOLD << 24
    stages = 0
    if free_slots == 0:
        stages = in_line(t, queue) + 1
        if contact.queue == queue and contact.state == CONTACT_WAITING:
            stages -= 1  # it is in the line itself still
    mean, variance = moments(t, queue, channel, slots, stages)
    p50_s = math.ceil(quantile_ns(mean, variance, stages, FIFTY) / 1e9)
    p90_s = math.ceil(quantile_ns(mean, variance, stages, NINETY) / 1e9)
    return min(p50_s, UNTOLD - 1) | min(p90_s, UNTOLD - 1) << 24
