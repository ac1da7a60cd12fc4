"""Queues and agents as they are told again and again: only what changes by events, ages as instants.

Adapters that tell more of a queue than all others do give a shape of their own, built on `QueueTile`.
"""

from typing import Any, TypeVar

import msgspec

from engine.projections.agents.status import AgentStatus, AgentTile
from engine.projections.queues.status import QueueStatus


class QueueTile(msgspec.Struct, frozen=True, kw_only=True):
    """One queue; counters are of the window that was asked for."""

    queue: str
    display_name: str
    for_colleagues: bool
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
    at_work: int
    unattended: bool
    agents: dict[str, int]
    threshold_s: float
    target: float
    service_level: float | None
    service_level_id: str
    entries: int
    answered: int
    abandoned: int
    average_speed_of_answer_s: float | None
    average_handle_s: float | None
    expected_p50_s: float | None
    expected_p90_s: float | None


Shape = TypeVar("Shape", bound=QueueTile)


def rounded(value: float | None, digits: int) -> float | None:
    """Return a figure with so many digits, so that it is told again only when it looks different."""
    return None if value is None else round(value, digits)


def queue_tile(status: QueueStatus, shape: type[Shape], **more: Any) -> Shape:
    """Return a queue in the shape asked for; `more` are the fields that the shape adds."""
    return shape(
        queue=status.queue,
        display_name=status.display_name,
        for_colleagues=status.for_colleagues,
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
        at_work=status.at_work,
        unattended=status.unattended,
        agents=status.agents,
        threshold_s=status.threshold_s,
        target=status.target,
        service_level=rounded(status.service_level.value, 4),
        service_level_id=status.service_level.id,
        entries=status.entries,
        answered=status.answered,
        abandoned=status.abandoned,
        average_speed_of_answer_s=rounded(status.waits.average_speed_of_answer_s, 1),
        average_handle_s=rounded(status.handle_time.average_handle_s, 1),
        expected_p50_s=rounded(status.expected_wait.p50_s, 0),
        expected_p90_s=rounded(status.expected_wait.p90_s, 0),
        **more,
    )


def agent_tile(status: AgentStatus) -> AgentTile:
    """Return an agent."""
    return AgentTile(*(getattr(status, field) for field in AgentTile.__struct_fields__))
