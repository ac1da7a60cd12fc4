"""In which order those who wait are served, and who is ahead of whom: told alike to callers, agents and supervisors.

The order is the kernel's within one line: time waited plus the credit of the contact's priority, then order of entry.
A contact that rings at somebody is ahead of nobody. The auditor and the tests' twin have the order from the rules once
more, on purpose.
"""

import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import CONTACT_WAITING
from engine.model.settings import QueueSetting


def credited_since_ns(t: Tables, slots: Array) -> Array:
    """Return since when each contact counts as waiting, its priority's head start in its queue included."""
    contacts = np.asarray(t.contacts)
    queues = contacts["queue"][slots]
    credits_ns = np.asarray(t.queues)["settings"][queues, QueueSetting.PRIORITY_CREDIT_NS]
    since_ns: Array = contacts["line_ns"][slots] - credits_ns * contacts["priority"][slots]
    return since_ns


def in_order(t: Tables, slots: Array) -> Array:
    """Return the slots queue by queue, and in each in the order in which one agent for all would serve them."""
    contacts = np.asarray(t.contacts)
    order = np.lexsort((contacts["order"][slots], credited_since_ns(t, slots), contacts["queue"][slots]))
    found: Array = slots[order]
    return found


def later_in_order(t: Tables, ordered: Array, after: tuple[int, int]) -> int:
    """Return how many of one queue's `in_order` stand no later than a `place_key`, maybe of one who left."""
    since_ns, orders = credited_since_ns(t, ordered), np.asarray(t.contacts)["order"][ordered]
    return int(np.count_nonzero((since_ns < after[0]) | ((since_ns == after[0]) & (orders <= after[1]))))


def place_key(t: Tables, slot: int) -> tuple[int, int]:
    """Return what the order within a queue goes by: it stays the contact's own as long as it waits."""
    return int(credited_since_ns(t, np.array([slot]))[0]), int(t.contacts[slot]["order"])


def places(t: Tables, ordered: Array) -> Array:
    """Return the place of each contact of `in_order` in its queue: how many wait before it, plus one."""
    contacts = np.asarray(t.contacts)
    queues, waits = contacts["queue"][ordered], contacts["state"][ordered] == CONTACT_WAITING
    ahead = waits.cumsum() - waits
    starts = np.flatnonzero(np.r_[True, queues[1:] != queues[:-1]]) if len(queues) else np.zeros(0, np.int64)
    lengths = np.diff(np.r_[starts, len(queues)])
    found: Array = ahead - np.repeat(ahead[starts], lengths) + 1
    return found


def places_of(t: Tables, among: Array, wanted: Array) -> Array:
    """Return the place in its queue of each of the `wanted` slots: as `places`, for a few of the many `among`.

    `among` ascends and holds all who wait; it costs no sorting, so it is for a few.
    """
    contacts = np.asarray(t.contacts)
    slots = among[contacts["state"][among] == CONTACT_WAITING]
    queues, orders, since_ns = contacts["queue"][slots], contacts["order"][slots], credited_since_ns(t, slots)
    found = np.empty(len(wanted), np.int64)
    for number, slot in enumerate(wanted.tolist()):
        mine_ns = int(credited_since_ns(t, np.array([slot]))[0])
        ahead = (since_ns < mine_ns) | ((since_ns == mine_ns) & (orders < contacts["order"][slot]))
        found[number] = 1 + np.count_nonzero(ahead & (queues == contacts["queue"][slot]))
    return found
