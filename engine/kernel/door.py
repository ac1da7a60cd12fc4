"""Looking through the door of a queue: who would get in, and whether waiting for one agent there is worth it."""

from engine.kernel.eligibility import is_free, lacks_agents
from engine.kernel.jit import jit
from engine.kernel.lookup import find_line, room_for_line
from engine.kernel.masks import has
from engine.kernel.tables import Tables
from engine.kernel.waiting_line import common_lines
from engine.messages.kinds import (
    CHANNELS,
    CONTACT_OFFERED,
    CONTACT_WAITING,
    ENTRY_ARRIVAL,
    ENTRY_REQUEUE,
    ENTRY_TRANSFER_TO_AGENT,
    EXIT_REFUSED_CLOSED,
    EXIT_REFUSED_EMPTY,
    EXIT_REFUSED_FULL,
    EXIT_SYSTEM_ERROR,
    FLAG_CALLS_BACK,
)
from engine.model.settings import QueueSetting


@jit
def obstacle(t: Tables, c: int, queue: int) -> tuple[int, int]:
    """Return (exit, queue that takes over or -1) of what bars the contact from `queue`, (0, -1) if nothing does."""
    settings = t.queues[queue].settings
    contact = t.contacts[c]
    requirement = contact.requirement if contact.brought else settings[QueueSetting.REQUIREMENT]
    line = find_line(t, queue, requirement, contact.channel)
    if line < 0 and room_for_line(t) < 0:
        return EXIT_SYSTEM_ERROR, -1
    if settings[QueueSetting.OPEN] == 0:
        return EXIT_REFUSED_CLOSED, settings[QueueSetting.CLOSED_TARGET]
    limit = settings[QueueSetting.MAX_LENGTH]
    if limit > 0 and ahead_of(t, c, queue) >= limit:
        return EXIT_REFUSED_FULL, settings[QueueSetting.FULL_TARGET]
    rule = settings[QueueSetting.JOIN_EMPTY]
    if rule != 0 and lacks_agents(t, queue, requirement, contact.channel, rule):
        return EXIT_REFUSED_EMPTY, settings[QueueSetting.EMPTY_TARGET]
    return 0, -1


@jit
def let_in_before(t: Tables, c: int, entry: int) -> bool:
    """Tell whether the doors' rules spare the contact, as its place was promised: it comes back, or is called back."""
    if entry == ENTRY_REQUEUE or entry == ENTRY_TRANSFER_TO_AGENT:
        return True
    return entry == ENTRY_ARRIVAL and t.contacts[c].flags & FLAG_CALLS_BACK != 0


@jit
def ahead_of(t: Tables, c: int, queue: int) -> int:
    """Return how many are in the queue besides the contact, which may itself be in it still."""
    contact = t.contacts[c]
    stands_in = contact.queue == queue and (contact.state == CONTACT_WAITING or contact.state == CONTACT_OFFERED)
    return t.queues[queue].waiting - (1 if stands_in else 0)


@jit
def takes_over(t: Tables, c: int, target: int) -> bool:
    """Tell whether `target` is another queue that lets the waiting contact in, and would not send it away at once."""
    contact = t.contacts[c]
    if target < 0 or target >= len(t.queues) or target == contact.queue or obstacle(t, c, target)[0] != 0:
        return False
    settings = t.queues[target].settings
    rule = settings[QueueSetting.LEAVE_EMPTY]
    requirement = contact.requirement if contact.brought else settings[QueueSetting.REQUIREMENT]
    return rule == 0 or not lacks_agents(t, target, requirement, contact.channel, rule)


@jit
def worth_waiting_for(t: Tables, a: int, channel: int, queue: int) -> bool:
    """Tell whether a contact's own agent is free, or logged in and worth the wait that the queue allows for it."""
    if t.queues[queue].settings[QueueSetting.PREFERRED_WAIT_NS] == 0:
        return is_free(t, a, channel)
    return has(t.agent_masks, common_lines(t) + CHANNELS, a)
