"""What streams carry of queues, agents and waiting contacts: only what changes by events, ages as instants."""

from typing import Final

import msgspec

from adapters.http.masks import masked
from engine.projections.agent_status import AgentStatus, ChannelLoad
from engine.projections.queue_status import QueueStatus
from engine.projections.views import Views

WAITING_MAX: Final = 50
"""Contacts on the list of those who wait longest."""


class QueueTile(msgspec.Struct, frozen=True):
    """One queue; counters are of today."""

    queue: str
    display_name: str
    open: bool
    health: str
    health_reason: str
    waiting: int
    overdue: int
    oldest_since_ns: int
    offered: int
    connected: int
    held: int
    wrapping: int
    staffed: int
    available: int
    agents: dict[str, int]
    threshold_s: float
    target: float
    service_level: float | None
    service_level_id: str
    entries: int
    answered: int
    abandoned: int
    abandon_rate: float | None
    average_speed_of_answer_s: float | None
    average_handle_s: float | None
    expected_p50_s: float | None
    expected_p90_s: float | None
    occupancy: float | None


class AgentTile(msgspec.Struct, frozen=True):
    """One agent."""

    agent: str
    display_name: str
    site: str
    status: str
    state: str
    since_ns: int
    reason: str
    reachable: bool
    loads: dict[str, ChannelLoad]


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
    since_ns: int
    arrived_ns: int


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def queue_tile(status: QueueStatus) -> QueueTile:
    """Return what streams say of a queue."""
    return QueueTile(
        queue=status.queue,
        display_name=status.display_name,
        open=status.open,
        health=status.health,
        health_reason=status.health_reason,
        waiting=status.waiting,
        overdue=status.overdue,
        oldest_since_ns=status.oldest_since_ns,
        offered=status.offered,
        connected=status.connected,
        held=status.held,
        wrapping=status.wrapping,
        staffed=status.staffed,
        available=status.available,
        agents=status.agents,
        threshold_s=status.threshold_s,
        target=status.target,
        service_level=_rounded(status.service_level.value, 4),
        service_level_id=status.service_level.id,
        entries=status.entries,
        answered=status.answered,
        abandoned=status.abandoned,
        abandon_rate=_rounded(status.abandonment.value, 4),
        average_speed_of_answer_s=_rounded(status.waits.average_speed_of_answer_s, 1),
        average_handle_s=_rounded(status.handle_time.average_handle_s, 1),
        expected_p50_s=_rounded(status.expected_wait.p50_s, 0),
        expected_p90_s=_rounded(status.expected_wait.p90_s, 0),
        occupancy=_rounded(status.occupancy, 2),
    )


def agent_tile(status: AgentStatus) -> AgentTile:
    """Return what streams say of an agent."""
    return AgentTile(
        agent=status.agent,
        display_name=status.display_name,
        site=status.site,
        status=status.status,
        state=status.state,
        since_ns=status.since_ns,
        reason=status.reason,
        reachable=status.reachable,
        loads=status.loads,
    )


def waiting_tiles(views: Views, now_ns: int) -> list[WaitingTile]:
    """Return the contacts who wait longest, over all queues."""
    longest = views.longest_waiting(WAITING_MAX)
    reasons = views.waiting_reasons([wait.slot for wait in longest], now_ns)
    return [
        WaitingTile(
            contact=wait.contact,
            caller=masked(wait.customer),
            queue=wait.queue,
            channel=wait.channel,
            state=wait.state,
            priority=wait.priority,
            why=why,
            since_ns=wait.since_ns,
            arrived_ns=wait.arrived_ns,
        )
        for wait, why in zip(longest, reasons, strict=True)
    ]
