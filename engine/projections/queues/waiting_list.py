"""The waiting list of a queue, in the order in which routing serves it."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import (
    CHANNEL_NAMES,
    CONTACT_OFFERED,
    CONTACT_STATE_NAMES,
    CONTACT_WAITING,
    ENGAGEMENT_OFFERED,
    STEP_CALLBACK,
    STEP_NAMES,
    STEP_OVERFLOW,
)
from engine.messages.observed import INTEGER_MAX
from engine.model.directory import Directory
from engine.model.settings import STEPS_MAX, QueueSetting
from engine.projections.figures import age_s, waiting_since_ns
from engine.projections.names import OpenContacts
from engine.projections.queues.expected_wait import ExpectedWait, expected_wait_of
from engine.projections.queues.line_order import in_order, later_in_order, place_key, places

_CURSOR: Final = re.compile(r"(-?[0-9]{1,18}|[0-9]{19})\.([0-9]{1,18})")
ANY_AGENT: Final = "any_agent"
"""Of a next step: the contact waits no longer for its own agent."""


class NextStep(msgspec.Struct, frozen=True):
    """The next timed step that the queue takes with a waiting contact; while it rings, one that is still to come."""

    action: str
    at_ns: int
    queue: str
    """Where an overflow or a callback leads; empty for the others."""


class WaitingContact(msgspec.Struct, frozen=True):
    """One contact that was not answered yet."""

    contact: str
    customer: str
    """Who is calling, as far as the adapter knows."""
    position: int
    """1 is served next: how many wait before it, plus one. Those who are being offered to somebody do not count."""
    state: str
    channel: str
    priority: int
    entered_ns: int
    """Into this queue; of a callback, when its customer came."""
    wait_s: float
    arrived_ns: int
    """Of a callback, when its customer came; the contact's own arrival is in its record."""
    offered_to: list[str]
    next_step: NextStep | None
    expected_wait: ExpectedWait
    asked_by: str = ""
    """The shown name of the agent who asks a colleague about this customer, who does not wait; empty: nobody asks."""


class WaitingList(msgspec.Struct, frozen=True):
    """A page of a queue's waiting list; `total` counts all of it."""

    as_of: int
    at_ns: int
    queue: str
    total: int
    contacts: list[WaitingContact]
    next_after: str | None = None
    """Where the next page begins, whoever leaves meanwhile; null: this is the last."""


class LongWait(NamedTuple):
    """One of the contacts who wait longest."""

    slot: int
    contact: str
    customer: str
    """Who is calling, as far as the adapter knows; may be empty."""
    queue: str
    channel: str
    state: str
    priority: int
    since_ns: int
    """When it entered its queue; of a callback, when its customer did."""
    arrived_ns: int
    """Of a callback, when its customer came; the contact's own arrival is in its record."""
    asked_by: str = ""
    """As of a `WaitingContact`."""


def longest_waiting(
    t: Tables, directory: Directory, names: OpenContacts, limit: int, queues: Sequence[str] = ()
) -> list[LongWait]:
    """Return up to `limit` waiting contacts of these queues, of none: of all, longest wait first."""
    contacts = t.contacts
    state = contacts["state"]
    wanted = np.isin(contacts["queue"], [directory.queues.number(queue) for queue in queues]) if queues else True
    waits = (state == CONTACT_WAITING) | (state == CONTACT_OFFERED)
    slots = np.flatnonzero((contacts["queue"] >= 0) & waits & wanted)
    since_ns = waiting_since_ns(t, slots)
    first = np.lexsort((contacts["order"][slots], since_ns))[:limit]
    return [
        LongWait(
            slot,
            names.name_of(slot),
            customer_of(names, slot),
            directory.queues.name(int(contacts[slot]["queue"])),
            CHANNEL_NAMES[int(contacts[slot]["channel"])],
            CONTACT_STATE_NAMES[int(contacts[slot]["state"])],
            int(contacts[slot]["priority"]),
            entered_ns,
            min(int(contacts[slot]["arrived_ns"]), entered_ns),
        )
        for slot, entered_ns in zip(slots[first].tolist(), since_ns[first].tolist(), strict=True)
    ]


def customer_of(names: OpenContacts, slot: int) -> str:
    """Return who the contact in `slot` is with; empty where nobody knows."""
    entry = names.at(slot)
    return entry.arrival.customer if entry is not None else ""


def line_of(t: Tables, queue: int) -> Array:
    """Return the slots of the queue's contacts that were not answered yet, in the order of service."""
    contacts = t.contacts
    state = contacts["state"]
    slots = np.flatnonzero((contacts["queue"] == queue) & ((state == CONTACT_WAITING) | (state == CONTACT_OFFERED)))
    return in_order(t, slots)


def waiting_contacts(
    t: Tables, directory: Directory, names: OpenContacts, queue: int, now_ns: int, limit: int, after: str = ""
) -> tuple[int, list[WaitingContact], str | None]:
    """Return how many wait, up to `limit` of them behind `after`, and what `after` is for the next page.

    Raises ValueError for an `after` that no page told.
    """
    slots = line_of(t, queue)
    begin = later_in_order(t, slots, _cursor(after)) if after else 0
    chosen = slice(begin, begin + limit)
    page, standing = slots[chosen].tolist(), places(t, slots)[chosen].tolist()
    listed = [
        waiting_contact(t, directory, names, slot, place, now_ns) for slot, place in zip(page, standing, strict=True)
    ]
    more = begin + limit < len(slots)
    return len(slots), listed, ".".join(map(str, place_key(t, page[-1]))) if more else None


def _cursor(after: str) -> tuple[int, int]:
    """Read the place that a page told as its `next_after`. Raises ValueError."""
    found = _CURSOR.fullmatch(after)
    if found is None or int(found[1]) > INTEGER_MAX:
        raise ValueError(f"{after[:40]!r} is not the 'next_after' of a page")
    return int(found[1]), int(found[2])


def waiting_contact(
    t: Tables, directory: Directory, names: OpenContacts, slot: int, place: int, now_ns: int
) -> WaitingContact:
    """Return the contact in `slot`, which is at `place` of its line."""
    contact = t.contacts[slot]
    entered_ns = int(waiting_since_ns(t, np.array([slot]))[0])
    return WaitingContact(
        contact=names.name_of(slot),
        customer=customer_of(names, slot),
        position=place,
        state=CONTACT_STATE_NAMES[int(contact["state"])],
        channel=CHANNEL_NAMES[int(contact["channel"])],
        priority=int(contact["priority"]),
        entered_ns=entered_ns,
        wait_s=age_s(entered_ns, now_ns),
        arrived_ns=min(int(contact["arrived_ns"]), entered_ns),
        offered_to=[directory.agents.name(agent) for agent in offered_to(t, slot)],
        next_step=next_step(t, directory, slot, now_ns),
        expected_wait=expected_wait_of(t, slot, place),
    )


def offered_to(t: Tables, slot: int) -> list[int]:
    """Return the agents to whom the contact is being offered."""
    found = []
    engagement = int(t.contacts[slot]["engagement"])
    while engagement >= 0:
        row = t.engagements[engagement]
        if row["state"] == ENGAGEMENT_OFFERED:
            found.append(int(row["agent"]))
        engagement = int(row["next_of_contact"])
    return found


def next_step(t: Tables, directory: Directory, slot: int, now_ns: int) -> NextStep | None:
    """Return what time brings the contact next: a step of its queue, or giving up on its own agent; None if nothing.

    Steps do nothing while it rings: one whose time has come by then is taken when the offer ends, if at all.
    """
    contact = t.contacts[slot]
    settings = t.queues[int(contact["queue"])]["settings"]
    step = _queue_step(t, directory, slot)
    if int(contact["state"]) != CONTACT_WAITING:
        return step if step is not None and step.at_ns > now_ns else None
    if int(contact["own_agent"]) < 0:
        return step
    gives_up_ns = int(contact["enqueued_ns"]) + int(settings[QueueSetting.PREFERRED_WAIT_NS])
    return step if step is not None and step.at_ns < gives_up_ns else NextStep(ANY_AGENT, gives_up_ns, "")


def _queue_step(t: Tables, directory: Directory, slot: int) -> NextStep | None:
    contact = t.contacts[slot]
    settings = t.queues[int(contact["queue"])]["settings"]
    place = int(contact["step"])
    if place >= STEPS_MAX:
        return None
    after_ns, action, target = settings[QueueSetting.FIRST_STEP + 3 * place :][:3].tolist()
    if not action:
        return None
    to = directory.queues.name(target) if action in (STEP_OVERFLOW, STEP_CALLBACK) else ""
    return NextStep(STEP_NAMES[action], int(contact["enqueued_ns"]) + after_ns, to)
