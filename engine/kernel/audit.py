"""The books must balance: what holds at every position of the log, checked over the whole state.

The running auditor, `verify` and the tests all ask here. Plain numpy: it runs beside the kernel, not inside it. Each
check holds by itself, so that the auditor may let turns be made between two of them.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import (
    CHANNELS,
    CONTACT_CONNECTED,
    CONTACT_FREE,
    CONTACT_HELD_STATE,
    CONTACT_OFFERED,
    CONTACT_WAITING,
    ENGAGEMENT_CONNECTED,
    ENGAGEMENT_OFFERED,
    ENGAGEMENT_WRAPPING,
    EXITS,
    FLAG_CALLS_BACK,
)
from engine.model.settings import QueueSetting
from engine.model.tallies import Tally


def audit(t: Tables) -> list[str]:
    """Return every invariant that does not hold, as a sentence; empty when the books balance."""
    return [fault for check in CHECKS for fault in check(t)]


def _slots(t: Tables) -> list[str]:
    """Every slot is either in use or in the ring of free slots, once."""
    faults = []
    book, state = t.book[0], t.contacts["state"].copy()
    ring = t.slots[(book.slot_head + np.arange(book.slot_count)) % len(t.slots)]
    marked = np.zeros(len(state), np.bool_)
    marked[ring] = True  # a tenth of the time that sorting takes, and nearly all slots are free
    if np.count_nonzero(marked) != len(ring) or np.any(state[ring] != CONTACT_FREE):
        faults.append("a contact's slot is in use and free at once")
    live = np.count_nonzero(state != CONTACT_FREE)
    if live + book.slot_count != len(t.contacts):
        faults.append(f"{live} contacts live and {book.slot_count} slots free do not make {len(t.contacts)}")
    return faults


def _channels(t: Tables) -> list[str]:
    """A trunk group counts the channels that contacts hold."""
    state = t.contacts["state"]
    held = t.contacts["trunk_group"][state != CONTACT_FREE]
    busy = np.bincount(held[held >= 0], minlength=len(t.trunk_groups))
    return [
        f"trunk group {group} counts {t.trunk_groups['busy'][group]} busy channels, contacts hold {busy[group]}"
        for group in np.flatnonzero(busy != t.trunk_groups["busy"])
    ]


def _counters(t: Tables) -> list[str]:
    """Offered = sum of exits + waiting, in every queue and channel."""
    faults = []
    waits = np.isin(t.contacts["state"], (CONTACT_WAITING, CONTACT_OFFERED))
    cells = t.contacts["queue"][waits] * CHANNELS + t.contacts["channel"][waits]
    waiting = np.bincount(cells, minlength=len(t.tallies))
    balance = t.tallies[:, Tally.ENTRIES] - t.tallies[:, Tally.EXIT : Tally.EXIT + EXITS].sum(axis=1)
    for cell in np.flatnonzero(balance != waiting):
        queue, channel = divmod(int(cell), CHANNELS)
        faults.append(f"queue {queue} channel {channel}: offered - exits = {balance[cell]}, but {waiting[cell]} wait")
    by_queue = waiting.reshape(-1, CHANNELS).sum(axis=1)
    faults += [
        f"queue {queue} counts {t.queues['waiting'][queue]} waiting, {by_queue[queue]} are"
        for queue in np.flatnonzero(by_queue != t.queues["waiting"])
    ]
    offered = t.contacts["queue"][t.contacts["state"] == CONTACT_OFFERED]
    by_queue = np.bincount(offered, minlength=len(t.queues))
    faults += [
        f"queue {queue} counts a wrong number of offered" for queue in np.flatnonzero(by_queue != t.queues["offered"])
    ]
    return faults


def _owners(t: Tables) -> list[str]:
    """A contact has one owner at most, and an agent has each offer."""
    faults = []
    used = np.flatnonzero(t.engagements["state"])
    state, contact = (t.engagements[name][used] for name in ("state", "contact"))
    owned = contact[state == ENGAGEMENT_CONNECTED]
    if len(np.unique(owned)) != len(owned):
        faults.append("a contact has two owners")
    talks = np.flatnonzero(np.isin(t.contacts["state"], (CONTACT_CONNECTED, CONTACT_HELD_STATE)))
    if not np.array_equal(np.sort(owned), talks):
        faults.append("connected contacts and connected agents are not the same calls")
    rings = np.flatnonzero(t.contacts["state"] == CONTACT_OFFERED)
    offered = contact[state == ENGAGEMENT_OFFERED]
    if not np.array_equal(np.unique(offered[np.isin(offered, rings)]), rings):
        faults.append("a contact counts as offered, but no agent has the offer")
    return faults


def _loads(t: Tables) -> list[str]:
    """An agent's load is what hangs on the agent."""
    faults = []
    used = np.flatnonzero(t.engagements["state"])
    state, agent = (t.engagements[name][used] for name in ("state", "agent"))
    for name, kind in (
        ("ringing", ENGAGEMENT_OFFERED),
        ("connected", ENGAGEMENT_CONNECTED),
        ("wrapping", ENGAGEMENT_WRAPPING),
    ):
        counted = np.bincount(agent[state == kind], minlength=len(t.agents))
        faults += [f"agent {a} counts a wrong number of {name}" for a in np.flatnonzero(counted != t.agents[name])]
    load = np.zeros((len(t.agents), CHANNELS), np.int64)
    np.add.at(load, (agent, t.engagements["channel"][used]), 1)
    faults += [f"agent {a} has a wrong load" for a in np.flatnonzero(np.any(load != t.agents["load"], axis=1))]
    return faults


def _lines(t: Tables) -> list[str]:
    """Everybody who waits stands in exactly the line that says so."""
    waiting = np.flatnonzero(t.contacts["state"] == CONTACT_WAITING)
    in_line = t.contacts["line"][waiting]
    if np.any(in_line < 0):
        return ["a waiting contact stands in no line"]
    if np.any(t.timers["place"][waiting[t.contacts["own_agent"][waiting] >= 0]] == 0):
        return ["a contact waits for its own agent without end"]
    waits = np.isin(t.contacts["state"], (CONTACT_WAITING, CONTACT_OFFERED))
    held = t.contacts["held_line"][waits]
    if np.any(held < 0) or np.any(t.contacts["held_line"][~waits] >= 0):
        return ["lines are kept open for others than those who wait"]
    for column in ("queue", "requirement", "channel"):
        if not np.array_equal(t.lines[column][held], t.contacts[column][waits]):
            return [f"a waiting contact has a line kept open of another {column}"]
    if not np.array_equal(np.bincount(held, minlength=len(t.lines)), t.lines["holders"]):
        return ["a line counts a wrong number of those it is kept open for"]
    counted = np.bincount(in_line, minlength=len(t.lines))
    promised = (t.contacts["state"] == CONTACT_WAITING) & (t.contacts["flags"] & FLAG_CALLS_BACK != 0)
    if not np.array_equal(np.bincount(t.contacts["line"][promised], minlength=len(t.lines)), t.lines["promised"]):
        return ["a line counts a wrong number of callbacks"]
    return [f"line {line} counts a wrong number" for line in np.flatnonzero(counted != t.lines["count"])]


def _holds(t: Tables) -> list[str]:
    """Only waiting contacts have agents held back from them, and each is counted."""
    held, counted = np.flatnonzero(t.contacts["held_back"]), int(t.book["held_back"][0])
    waits = t.contacts["state"][held] == CONTACT_WAITING
    faults = [] if np.all(waits) else ["an agent is held back from a contact that does not wait"]
    if len(held) != counted:
        faults.append(f"agents are held back from {len(held)} contacts, {counted} are counted")
    return faults


def _work_conservation(t: Tables) -> list[str]:
    """No free agent and no waiting contact that the agent may serve exist together, unless a row says that the agent is
    held back for another queue, or the rest was put off just now.
    """
    faults = []
    common = len(t.lines) - len(t.agents)
    put_off = t.timers[len(t.timers) - len(t.queues)]
    if put_off["place"] > 0 and put_off["deadline_ns"] <= t.book["now_ns"][0]:
        return []
    waiting = t.contacts[t.contacts["state"] == CONTACT_WAITING]
    for contact in waiting[waiting["line"] >= common]:
        agent = int(contact["line"]) - common
        if t.agent_masks[common + contact["channel"], agent >> 6] >> np.uint64(agent & 63) & np.uint64(1):
            faults.append(f"agent {agent} is free and has somebody of its own waiting")
    for line in np.flatnonzero(t.lines["count"][:common]):
        free = t.agent_masks[line] & t.agent_masks[common + t.lines["channel"][line]]
        if not np.any(free):
            continue
        if not t.contacts["held_back"][_head_of(t, int(line))]:
            faults.append(f"line {line} has somebody waiting and an agent free to serve it")
        elif np.any(free & ~_served_elsewhere(t, int(t.lines["queue"][line]))):
            faults.append(f"an agent is held back from line {line} who could serve nobody else")
    return faults


def _head_of(t: Tables, line: int) -> int:
    """Return who is next in a common line in which somebody waits."""
    slots = np.flatnonzero((t.contacts["line"] == line) & (t.contacts["state"] == CONTACT_WAITING))
    waiting = t.contacts[slots]
    credits_ns = t.queues["settings"][t.lines["queue"][line], QueueSetting.PRIORITY_CREDIT_NS]
    since_ns = waiting["line_ns"] - waiting["priority"] * credits_ns
    return int(slots[np.lexsort((waiting["order"], since_ns))[0]])


def _served_elsewhere(t: Tables, queue: int) -> Array:
    """Return the set of agents who may serve another queue's line."""
    others = np.flatnonzero(t.lines["queue"][: t.book["lines"][0]] != queue)
    return np.bitwise_or.reduce(t.agent_masks[others], axis=0)


CHECKS: Final[tuple[Callable[[Tables], list[str]], ...]] = (
    _slots,
    _channels,
    _counters,
    _owners,
    _loads,
    _lines,
    _holds,
    _work_conservation,
)
"""Each returns what does not hold, at one position of the log."""
