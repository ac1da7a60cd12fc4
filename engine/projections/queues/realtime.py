"""The real-time table in Amazon Connect's manner: null cannot be computed, 0 was counted, an empty list is nobody."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import (
    AGENT_BUSY,
    AGENT_IDLE,
    AGENT_NOT_RESPONDING,
    AGENT_OFFLINE,
    AGENT_PAUSED,
    AGENT_UNREACHABLE,
    AGENT_WRAPPING,
    CHANNEL_NAMES,
    CHANNELS,
)
from engine.model.directory import Directory
from engine.model.settings import AgentSetting, QueueSetting
from engine.projections.agents.eligibility import at_work, eligible
from engine.projections.figures import NEVER_NS, LiveCells, add_up, age_s, counts, overdue_since
from engine.projections.formulas import service_level
from engine.projections.names import existing

GROUPINGS: Final = ("queue", "channel")


class RealtimeRow(msgspec.Struct, frozen=True):
    """One group. `queue` and `channel` are null where the figures are of all of them."""

    queue: str | None
    channel: str | None
    contacts_in_queue: int
    oldest_contact_age_s: float | None
    """None when nobody waits. Seconds, however it is grouped."""
    contacts_active: int
    agents_online: int
    agents_available: int
    agents_staffed: int
    """Online and not paused."""
    agents_on_contact: int
    agents_after_contact_work: int
    agents_non_productive: int
    agents_error: int
    """Offers went unanswered, or the phone is gone."""
    slots_active: int
    slots_available: int
    contacts_queued: int
    contacts_answered: int
    contacts_abandoned: int
    service_level: float | None


class Realtime(msgspec.Struct, frozen=True):
    """The table at one position of the log."""

    as_of: int
    at_ns: int
    since_ns: int
    group_by: list[str]
    rows: list[RealtimeRow]


def realtime_rows(
    t: Tables,
    directory: Directory,
    live: LiveCells,
    tallies: Array,
    now_ns: int,
    group_by: Sequence[str],
    since_ns: int = 0,
) -> list[RealtimeRow]:
    """Return one row a group; `live` is of `now_ns`, `tallies` of the window that begins with `since_ns`.

    Queues for colleagues have their rows by queue, and are in no sum of several.

    Raises ValueError for an unknown grouping.
    """
    for word in group_by:
        if word not in GROUPINGS:
            raise ValueError(f"{word!r} is not one of {', '.join(GROUPINGS)}")
    late, used = overdue_since(t, now_ns, since_ns), existing(directory.queues)
    of_customers = directory.customer_queues(used)
    queues: Iterable[int | None] = used if "queue" in group_by else (None,)
    channels: Iterable[int | None] = range(CHANNELS) if "channel" in group_by else (None,)
    eligible_for = {queue: eligible(t, queue) for queue in used}
    comes = at_work(t)
    everybody = np.logical_or.reduce(list(eligible_for.values())) if eligible_for else np.zeros(len(t.agents), bool)
    rows = []
    for queue in queues:
        mask = everybody if queue is None else eligible_for[queue]
        for channel in channels:
            cells = _cells(of_customers if queue is None else [queue], channel)
            row = _row(t, directory, live, tallies, late, queue, channel, cells, mask, comes, now_ns)
            if row is not None:
                rows.append(row)
    return rows


def _cells(queues: Sequence[int], channel: int | None) -> Array:
    channels = range(CHANNELS) if channel is None else (channel,)
    return np.array([queue * CHANNELS + each for queue in queues for each in channels], np.int64)


def _row(
    t: Tables,
    directory: Directory,
    live: LiveCells,
    tallies: Array,
    late: Array,
    queue: int | None,
    channel: int | None,
    cells: Array,
    mask: Array,
    comes: Array,
    now_ns: int,
) -> RealtimeRow | None:
    capacity = t.agents["settings"][:, AgentSetting.CAPACITY : AgentSetting.CAPACITY + CHANNELS]
    load = t.agents["load"]
    if channel is not None:
        own = t.queues["settings"][cells // CHANNELS, QueueSetting.CHANNEL] == channel
        if not own.any() and not t.tallies[cells].any():
            return None
        capacity, load, comes = (each[:, channel : channel + 1] for each in (capacity, load, comes))
        mask = mask & (capacity[:, 0] > 0)
    states = np.bincount(t.agents["state"][mask], minlength=AGENT_UNREACHABLE + 1)
    online = int(mask.sum() - states[AGENT_OFFLINE])
    c = counts(add_up(tallies[cells]))
    oldest = int(live.oldest_entered_ns[cells].min(initial=NEVER_NS))
    kind = service_level.variant(service_level.DEFAULT)
    return RealtimeRow(
        queue=None if queue is None else directory.queues.name(queue),
        channel=None if channel is None else CHANNEL_NAMES[channel],
        contacts_in_queue=int(live.waiting[cells].sum()),
        oldest_contact_age_s=None if oldest == NEVER_NS else age_s(oldest, now_ns),
        contacts_active=int((live.connected[cells] + live.held[cells]).sum()),
        agents_online=online,
        agents_available=int(states[AGENT_IDLE]),
        agents_staffed=online - int(states[AGENT_PAUSED]),
        agents_on_contact=int(states[AGENT_BUSY]),
        agents_after_contact_work=int(states[AGENT_WRAPPING]),
        agents_non_productive=int(states[AGENT_PAUSED]),
        agents_error=int(states[AGENT_NOT_RESPONDING] + states[AGENT_UNREACHABLE]),
        slots_active=int(load[mask].sum()),
        slots_available=int(np.maximum(capacity - load, 0)[mask[:, None] & comes].sum()),
        contacts_queued=c.entries,
        contacts_answered=c.answered,
        contacts_abandoned=c.abandoned,
        service_level=service_level.service_level(kind, c, None, int(late[cells].sum())).value,
    )
