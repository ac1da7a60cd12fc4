"""What streams carry of queues and waiting contacts: only what changes by events, ages as instants."""

from collections.abc import Sequence
from typing import Final

import msgspec

from adapters.http.wallboard.masks import masked
from engine.projections.queues.status import QueueStatus
from engine.projections.queues.tiles import QueueTile, queue_tile, rounded
from engine.projections.views import Views

WAITING_MAX: Final = 50
"""Contacts on the list of those who wait longest."""


class StreamedQueue(QueueTile, frozen=True, kw_only=True):
    """One queue; counters are of today."""

    counted_since_ns: int
    """Since when they count where fewer intervals are kept than the day has by now; 0: since midnight."""
    service_level_of: int
    """What the level is a share of, so that levels of several queues can be added up."""
    short_abandoned: int
    """Of the abandoned, those who gave up at once: the rate leaves them out."""
    abandon_rate: float | None
    abandon_rate_of: int
    """What the rate is a share of, so that rates of several queues can be added up."""
    abandon_rate_id: str
    occupancy: float | None
    callbacks: int
    """Of the waiting, customers whom the engine calls back."""
    callback_since_ns: int
    """When the first of them came; 0: there is none."""


class WaitingTile(msgspec.Struct, frozen=True):
    """One of the contacts who wait longest in their queue."""

    contact: str
    caller: str
    """The customer, masked; empty where nobody knows."""
    queue: str
    channel: str
    state: str
    priority: int
    why: str
    why_code: str
    """The same for those who say it in their own words; `why_count` and `why_agent` go with it."""
    why_count: int
    why_agent: str
    why_silent: int
    """Further agents who could take it and do not respond, beside those who are engaged."""
    since_ns: int
    arrived_ns: int
    asked_by: str = ""
    """The shown name of the agent who asks a colleague about this customer, who does not wait; empty: nobody asks."""


def streamed_queue(status: QueueStatus, today_ns: int) -> StreamedQueue:
    """Return what streams say of a queue whose figures were asked for since midnight, `today_ns`."""
    lost, occupancy = rounded(status.abandonment.value, 4), rounded(status.occupancy, 2)
    return queue_tile(
        status,
        StreamedQueue,
        counted_since_ns=status.since_ns if status.since_ns > today_ns else 0,
        service_level_of=status.service_level.of,
        short_abandoned=status.short_abandoned,
        abandon_rate=lost,
        abandon_rate_of=status.abandonment.of,
        abandon_rate_id=status.abandonment.id,
        occupancy=occupancy,
        callbacks=status.callbacks,
        callback_since_ns=status.callback_since_ns,
    )


def waiting_tiles(views: Views, now_ns: int, limit: int = WAITING_MAX, queues: Sequence[str] = ()) -> list[WaitingTile]:
    """Return the contacts who wait longest, over these queues; of none: over all."""
    longest = views.contacts.longest_waiting(limit, queues)
    reasons = views.contacts.waiting_reasons([wait.slot for wait in longest], now_ns)
    return [
        WaitingTile(
            contact=wait.contact,
            caller=masked(wait.customer),
            queue=wait.queue,
            channel=wait.channel,
            state=wait.state,
            priority=wait.priority,
            why=why.text,
            why_code=why.code,
            why_count=why.agents,
            why_agent=why.agent,
            why_silent=why.silent,
            since_ns=wait.since_ns,
            arrived_ns=wait.arrived_ns,
            asked_by=wait.asked_by,
        )
        for wait, why in zip(longest, reasons, strict=True)
    ]
