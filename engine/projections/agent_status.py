"""Agents: the status a person chose, the state the engine made of it, and how much each carries."""

from collections.abc import Iterable

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import (
    AGENT_IDLE,
    AGENT_STATE_NAMES,
    AGENT_STATES,
    CHANNEL_NAMES,
    CHANNELS,
    STATUS_AVAILABLE,
    STATUS_NAMES,
)
from engine.model.directory import Directory
from engine.model.settings import AgentSetting
from engine.projections.eligibility import configured
from engine.projections.figures import age_s, position, ratio
from engine.projections.names import Interned, name_at
from engine.projections.occupancy import HANDLING, state_times_ns


class ChannelLoad(msgspec.Struct, frozen=True):
    """Contacts at once on one channel: offered, connected and wrapping up, of how many."""

    used: int
    capacity: int


class AgentStatus(msgspec.Struct, frozen=True):
    """One agent."""

    as_of: int
    agent: str
    display_name: str
    site: str
    status: str
    state: str
    since_ns: int
    for_s: float
    """Time in this state so far."""
    reason: str
    """Why paused, as the person gave it."""
    reachable: bool
    """False: the agent needs a phone and it is not registered."""
    suspended_until_ns: int
    """0 no; -1 until the status changes: offers went unanswered."""
    loads: dict[str, ChannelLoad]
    """By channel, those with a capacity."""
    ringing: int
    connected: int
    wrapping: int
    queues: list[str]
    """Queues whose members list the agent."""
    offers: int
    answered: int
    not_answered: int
    declined: int
    misses_in_a_row: int
    occupancy: float | None
    """handling / (handling + idle), by the clock, over the whole log."""


class AgentSummary(msgspec.Struct, frozen=True):
    """All agents counted by state; each person counts once."""

    as_of: int
    agents: int
    states: dict[str, int]
    slots_used: dict[str, int]
    slots_capacity: dict[str, int]
    """Of agents who are available, by channel."""


def agent_statuses(
    t: Tables, directory: Directory, interned: Interned, now_ns: int, numbers: Iterable[int] | None = None
) -> list[AgentStatus]:
    """Return the agents numbered `numbers`, or every configured one."""
    if numbers is None:
        numbers = np.flatnonzero(configured(t)).tolist()
    spent = state_times_ns(t, now_ns)
    handling = spent[:, HANDLING].sum(axis=1)
    idle = spent[:, AGENT_IDLE]
    return [
        _status(t, directory, interned, now_ns, number, int(handling[number]), int(idle[number])) for number in numbers
    ]


def _status(
    t: Tables, directory: Directory, interned: Interned, now_ns: int, number: int, handling_ns: int, idle_ns: int
) -> AgentStatus:
    agent = t.agents[number]
    cards = directory.agent_cards
    card = cards[number] if number < len(cards) else None
    settings = agent["settings"]
    load = agent["load"].tolist()
    capacity = settings[AgentSetting.CAPACITY : AgentSetting.CAPACITY + CHANNELS].tolist()
    since_ns = int(agent["state_since_ns"])
    return AgentStatus(
        as_of=position(t),
        agent=directory.agents.name(number),
        display_name=card.display_name if card else "",
        site=card.site if card else "",
        status=STATUS_NAMES[int(agent["status"])],
        state=AGENT_STATE_NAMES[int(agent["state"])],
        since_ns=since_ns,
        for_s=age_s(since_ns, now_ns) if since_ns else 0.0,
        reason=name_at(interned.reasons, int(agent["reason"])),
        reachable=bool(agent["reachable"]) or not settings[AgentSetting.NEEDS_PHONE],
        suspended_until_ns=int(agent["suspended_until_ns"]),
        loads={CHANNEL_NAMES[c]: ChannelLoad(load[c], capacity[c]) for c in range(CHANNELS) if capacity[c]},
        ringing=int(agent["ringing"]),
        connected=int(agent["connected"]),
        wrapping=int(agent["wrapping"]),
        queues=[directory.queues.name(queue) for queue in np.flatnonzero(t.memberships[number]).tolist()],
        offers=int(agent["offers"]),
        answered=int(agent["answered"]),
        not_answered=int(agent["not_answered"]),
        declined=int(agent["declined"]),
        misses_in_a_row=int(agent["misses"]),
        occupancy=ratio(handling_ns, handling_ns + idle_ns),
    )


def agent_summary(t: Tables) -> AgentSummary:
    """Count all configured agents by state, and their slots by channel."""
    mask = configured(t)
    states = np.bincount(t.agents["state"][mask], minlength=AGENT_STATES)
    used = t.agents["load"][mask].sum(axis=0)
    ready = mask & (t.agents["status"] == STATUS_AVAILABLE)
    capacity = t.agents["settings"][ready, AgentSetting.CAPACITY : AgentSetting.CAPACITY + CHANNELS].sum(axis=0)
    return AgentSummary(
        as_of=position(t),
        agents=int(mask.sum()),
        states={AGENT_STATE_NAMES[state]: int(states[state]) for state in range(AGENT_STATES)},
        slots_used={CHANNEL_NAMES[c]: int(used[c]) for c in range(CHANNELS)},
        slots_capacity={CHANNEL_NAMES[c]: int(capacity[c]) for c in range(CHANNELS)},
    )


class AgentWatch:
    """Finds the agents who changed since the last look, so that a stream tells only those."""

    def __init__(self) -> None:
        self._seen: Array | None = None

    def changed(self, t: Tables) -> list[int]:
        """Return the numbers of the agents that look different from the last call; all of them at the first."""
        agents = t.agents
        now = np.column_stack(
            [
                agents["status"],
                agents["state"],
                agents["state_since_ns"],
                agents["reason"],
                agents["reachable"],
                agents["suspended_until_ns"],
                agents["offers"],
                agents["load"],
                agents["settings"],
            ]
        )
        before, self._seen = self._seen, now
        if before is None:
            return list(np.flatnonzero(configured(t)).tolist())
        return list(np.flatnonzero((now != before).any(axis=1)).tolist())
