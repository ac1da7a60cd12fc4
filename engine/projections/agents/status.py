"""Agents: the status a person chose, the state the engine made of it, and how much each carries."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import (
    AGENT_IDLE,
    AGENT_STATE_NAMES,
    AGENT_STATES,
    CHANNEL_NAMES,
    CHANNELS,
    ENGAGEMENT_WRAPPING,
    STATUS_AVAILABLE,
    STATUS_NAMES,
)
from engine.model.directory import AgentCard, Directory
from engine.model.settings import AgentSetting
from engine.projections.agents.eligibility import configured, phone_lost
from engine.projections.agents.occupancy import HANDLING, state_times_ns
from engine.projections.figures import NEVER_NS, age_s, position, ratio
from engine.projections.names import Interned, name_at


class ChannelLoad(msgspec.Struct, frozen=True, gc=False):
    """Contacts at once on one channel: offered, connected and wrapping up, of how many."""

    used: int
    capacity: int


class AgentTile(msgspec.Struct, frozen=True):
    """One agent as told again and again: only what changes by events."""

    agent: str
    display_name: str
    site: str
    site_display_name: str
    status: str
    state: str
    since_ns: int
    reason: str
    """Why paused, as the person gave it."""
    reachable: bool
    """False: the agent needs a phone and it is not registered."""
    suspended_until_ns: int
    """0 no; -1 until the status changes: offers went unanswered."""
    wrapping_since_ns: int
    """When the oldest wrap-up began that is not done, whatever else is in hand; 0: there is none."""
    loads: dict[str, ChannelLoad]
    """By channel, those with a capacity."""


class AgentStatus(AgentTile, frozen=True):
    """One agent."""

    as_of: int
    for_s: float
    """Time in this state so far."""
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
    """Return the agents numbered `numbers`, or every configured one. Ten thousand take about 0.1 s."""
    chosen = np.flatnonzero(configured(t)) if numbers is None else np.fromiter(numbers, np.int64)
    agents, settings = t.agents, t.agents["settings"][chosen]
    columns = [agents[name][chosen].tolist() for name in _COLUMNS]
    spent = state_times_ns(t, now_ns)[chosen]
    of_settings = settings[:, AgentSetting.CAPACITY : AgentSetting.CAPACITY + CHANNELS].tolist()
    no_phone, wraps = phone_lost(t)[chosen].tolist(), wrapping_since_ns(t)[chosen].tolist()
    handling, idle = spent[:, HANDLING].sum(axis=1).tolist(), spent[:, AGENT_IDLE].tolist()
    queue_names = [directory.queues.name(queue) for queue in range(t.memberships.shape[1])]
    member_of: dict[int, list[str]] = {}
    for place, queue in np.argwhere(t.memberships[chosen]).tolist():
        member_of.setdefault(place, []).append(queue_names[queue])
    as_of, sites = position(t), directory.sites_shown()
    found = []
    for place, number in enumerate(chosen.tolist()):
        agent = _Columns(*(column[place] for column in columns))
        card = directory.agent_cards[number] if number < len(directory.agent_cards) else _NO_CARD
        loads = zip(range(CHANNELS), agent.load, of_settings[place], strict=True)
        found.append(
            AgentStatus(
                as_of=as_of,
                agent=directory.agents.name(number),
                display_name=card.display_name,
                site=card.site,
                site_display_name=sites.get(card.site, ""),
                status=STATUS_NAMES[agent.status],
                state=AGENT_STATE_NAMES[agent.state],
                since_ns=agent.state_since_ns,
                for_s=age_s(agent.state_since_ns, now_ns) if agent.state_since_ns else 0.0,
                reason=name_at(interned.reasons, agent.reason),
                reachable=not no_phone[place],
                suspended_until_ns=agent.suspended_until_ns,
                wrapping_since_ns=wraps[place],
                loads={CHANNEL_NAMES[c]: ChannelLoad(used, capacity) for c, used, capacity in loads if capacity},
                ringing=agent.ringing,
                connected=agent.connected,
                wrapping=agent.wrapping,
                queues=member_of.get(place, []),
                offers=agent.offers,
                answered=agent.answered,
                not_answered=agent.not_answered,
                declined=agent.declined,
                misses_in_a_row=agent.misses,
                occupancy=ratio(handling[place], handling[place] + idle[place]),
            )
        )
    return found


class _Columns(NamedTuple):
    """What is read of each agent, by the names of the table's columns."""

    status: int
    state: int
    state_since_ns: int
    reason: int
    suspended_until_ns: int
    load: list[int]
    ringing: int
    connected: int
    wrapping: int
    offers: int
    answered: int
    not_answered: int
    declined: int
    misses: int


_COLUMNS: Final = _Columns._fields
_NO_CARD: Final = AgentCard()


def wrapping_since_ns(t: Tables) -> Array:
    """Return when each agent's oldest wrap-up began that is not done; 0 where there is none."""
    found = np.full(len(t.agents), NEVER_NS, np.int64)
    wrapping = t.engagements[t.engagements["state"] == ENGAGEMENT_WRAPPING]
    np.minimum.at(found, wrapping["agent"], wrapping["started_ns"])
    found[found == NEVER_NS] = 0
    return found


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
                wrapping_since_ns(t),
            ]
        )
        before, self._seen = self._seen, now
        if before is None:
            return list(np.flatnonzero(configured(t)).tolist())
        return list(np.flatnonzero((now != before).any(axis=1)).tolist())
