"""The naive twin's state: plain objects, everything looked up afresh each time it is asked for."""

import math
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.kernel.tables import Capacity
from engine.messages import kinds as k
from engine.model.settings import (
    AGENT_DEFAULTS,
    ENGINE_DEFAULTS,
    QUEUE_DEFAULTS,
    SECOND_NS,
    STEPS_MAX,
    AgentSetting,
    QueueSetting,
)
from tests.kernel import naive_formulas as formulas

Line = tuple[int, int, int]
"""Queue, requirement, channel."""
Pool = tuple[tuple[int, int], ...]
"""Queues that agents of one skill may serve, with their levels there."""


@dataclass
class Contact:
    """One contact, from arrival to its slot's end."""

    slot: int
    arrival: int
    """Sequence of its arrival."""
    arrived: int
    place: int
    queue: int
    channel: int
    priority: int
    requirement: int
    brought: bool
    asked_group: int
    own: int
    protected: bool
    calls_back: bool
    no_callback: bool
    group: int = -1
    seized: int = 0
    """When it took the channel of its group."""
    entered: int = 0
    order: int = 0
    state: int = k.CONTACT_NEW
    agent: int = -1
    answered: int = 0
    step: int = 0
    handed_on: bool = False
    asked: int = 0
    """Since when it waits for a line of the agent."""
    idle_due: int = 0
    """When the connected chat has been silent for too long; 0: never."""
    held: bool = False
    """Waits although an agent is free, kept for dearer queues."""
    let_go: tuple[int, int] = (-1, -1)
    """The agent who let go of it last, and in which turn."""
    ties: list["Engagement"] = field(default_factory=list)
    """Offers and the talk, latest first."""


@dataclass
class Engagement:
    """An agent bound to a contact, or to what it left to wrap up."""

    number: int
    contact: Contact
    agent: int
    queue: int
    channel: int
    since: int
    state: int = k.ENGAGEMENT_OFFERED
    due: int = 0
    """When it ends by itself; 0: never."""


@dataclass
class Agent:
    """One agent, for all queues."""

    settings: dict[int, int] = field(default_factory=lambda: dict(AGENT_DEFAULTS))
    status: int = k.STATUS_OFFLINE
    reachable: bool = False
    suspended: int = 0
    misses: int = 0
    idle_seq: int = 0
    login: int = 0
    answered: int = 0
    busy: int = 0
    busy_since: int | None = None
    ties: list[Engagement] = field(default_factory=list)

    def count(self, state: int) -> int:
        """How many engagements are in this state."""
        return sum(tie.state == state for tie in self.ties)


@dataclass
class Queue:
    """One queue, with its running estimates."""

    settings: dict[int, int] = field(default_factory=lambda: dict(QUEUE_DEFAULTS))
    last_agent: int = -1
    drain_due: int = 0
    arrivals: float = 0.0
    seen: float = 0.0
    steady_arrivals: float = 0.0
    steady_seen: float = 0.0
    handled: float = 0.0
    handle_ns: float = 0.0
    long_handled: float = 0.0
    long_handle_ns: float = 0.0
    quit: float = 0.0
    waited_ns: float = 0.0
    expected_quit: float = 0.0
    """As many as its chain expected to give up."""
    quit_share: float = 0.0
    """What share of entries it expects to."""
    first: int = 0
    priced: int = 0
    services: dict[Pool, list[float]] = field(default_factory=dict)
    """By pool: contacts and time, remembered long; time over a working day."""
    means: dict[Pool, float] = field(default_factory=dict)
    """Mean handling time by pool, as last estimated."""
    prices: dict[int, float] = field(default_factory=dict)
    arrival_rate: float = 0.0
    entered: float = 0.0
    """Entries over a working day."""
    priced_rate: float = 0.0
    """The arrival rate that the prices are for, and the value."""
    priced_value: int = 0
    worth: float = 1.0
    """Weight of the first who waits, by the time that it takes."""
    ageing: float = 0.0
    """By how much that grows with waiting."""
    looked: int = 0
    """When it looked at who may serve it."""
    looked_crew: dict[int, int] = field(default_factory=dict)
    own: tuple[float, float] = (0.0, 0.0)
    """Slots for itself and mean handling time there, as seen then."""
    rate: float = 0.0
    """1 / mean handling time that the prices are for."""

    def get(self, column: int) -> int:
        """A setting."""
        return self.settings.get(column, 0)

    def has_moved(self) -> bool:
        """Whether the prices are no longer what they were computed for."""
        if self.priced_value != self.get(QueueSetting.VALUE):
            return True
        moved = self.arrival_rate - self.priced_rate
        return moved * moved * self.steady_arrivals > 0.25 * self.arrival_rate * self.arrival_rate


@dataclass
class Group:
    """One trunk group, with its running estimates."""

    settings: dict[int, int] = field(default_factory=dict)
    protected: float = 0.0
    unprotected: float = 0.0
    ended: float = 0.0
    held: float = 0.0
    first: int = 0
    estimated: int = 0
    best: int = 0
    reserve: int = 0

    def get(self, column: int) -> int:
        """A setting."""
        return self.settings.get(column, 0)

    def load(self, calls: float, now: int) -> float:
        """Erlangs of so many calls, faded until the last estimate."""
        calls *= math.exp(-(now - self.estimated) / formulas.MEMORY_NS)
        seen = formulas.MEMORY_NS * (1.0 - math.exp(-max(now - self.first, 60e9) / formulas.MEMORY_NS))
        return calls / seen * (self.held + formulas.HANDLE_GUESS_NS * 0.1) / (self.ended + 0.1)


class Books:
    """Everything the twin knows."""

    def __init__(self, capacity: Capacity) -> None:
        self.capacity = capacity
        self.now = 0
        self.seq = 0
        self.turn = 0
        self.looked_at = 0
        self.engine = dict(ENGINE_DEFAULTS)
        self.contacts: dict[int, Contact] = {}
        self.free_slots = deque(range(capacity.contacts))
        self.agents = [Agent() for _ in range(capacity.agents)]
        self.queues = [Queue() for _ in range(capacity.queues)]
        self.groups = [Group() for _ in range(capacity.trunk_groups)]
        self.requirements: dict[int, tuple[list[tuple[int, int]], int]] = {}
        self.skills: dict[tuple[int, int], int] = {}
        self.members: dict[tuple[int, int], int] = {}
        self.interrupts = dict.fromkeys(range(k.CHANNELS), 0)
        self.lines: list[Line] = []
        """By place; a line that is given back leaves its place to another."""
        self.opened: list[Line] = []
        """The same, oldest first."""
        self.slow: dict[Line, set[int]] = {}
        """Those who may serve a line and are not apt for it."""
        self.loads: dict[Pool, float] = {}
        """Slots of each pool that contacts take up on the mean, as added up at the last time below."""
        self.loaded = 0
        self.given_back = 0
        self.rings: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        self.free_engagements = list(range(capacity.engagements))[::-1]

    # --- who waits

    def waiting(self, line: Line) -> list[Contact]:
        """Those who stand in the line, not in their own agent's."""
        return [c for c in self._standing() if c.own < 0 and (c.queue, c.requirement, c.channel) == line]

    def waiting_for(self, agent: int) -> list[Contact]:
        """Those who wait for this very agent."""
        return [c for c in self._standing() if c.own == agent]

    def _standing(self) -> Iterator[Contact]:
        return (c for c in self.contacts.values() if c.state == k.CONTACT_WAITING)

    def room_for(self, line: Line) -> int:
        """The place of the line, or one where it could be opened; -1 if there is none."""
        if line in self.lines:
            return self.lines.index(line)
        if len(self.lines) < self.capacity.lines:
            return len(self.lines)
        kept = {
            (c.queue, c.requirement, c.channel)
            for c in self.contacts.values()
            if c.state in {k.CONTACT_WAITING, k.CONTACT_OFFERED}
        }
        kept |= {
            (number, queue.get(QueueSetting.REQUIREMENT), queue.get(QueueSetting.CHANNEL))
            for number, queue in enumerate(self.queues)
        }
        places = [(self.given_back + 1 + step) % len(self.lines) for step in range(len(self.lines))]
        return next((place for place in places if self.lines[place] not in kept), -1)

    def in_queue(self, queue: int) -> int:
        """How many are not answered yet."""
        states = (k.CONTACT_WAITING, k.CONTACT_OFFERED)
        return sum(c.queue == queue and c.state in states for c in self.contacts.values())

    def head_start(self, c: Contact) -> int:
        """Since when the contact counts as waiting, its priority's head start included."""
        return c.place - c.priority * self.queues[c.queue].get(QueueSetting.PRIORITY_CREDIT_NS)

    def head(self, waiting: list[Contact]) -> Contact | None:
        """First come, first served within a priority; between priorities the longest effective wait."""
        heads: dict[int, Contact] = {}
        for c in sorted(waiting, key=lambda c: (c.place, c.order)):
            heads.setdefault(c.priority, c)
        return min(heads.values(), key=lambda c: (self.head_start(c), c.order), default=None)

    def next_step(self, c: Contact) -> int | None:
        """When the waiting contact's next timed step is due."""
        queue, due = self.queues[c.queue], []
        while (c.calls_back or c.no_callback) and c.step < STEPS_MAX and self._action(c) == k.STEP_CALLBACK:
            c.step += 1
        if c.step < STEPS_MAX and self._action(c) != k.STEP_NONE:
            after = queue.get(QueueSetting.FIRST_STEP + 3 * c.step)
            due.append(c.entered + (max(after, SECOND_NS) if c.handed_on else after))
        if c.own >= 0:
            due.append(c.entered + queue.get(QueueSetting.PREFERRED_WAIT_NS))
        if c.held:
            due.append(c.entered + queue.get(QueueSetting.HOLD_BACK_NS))
        return min(due, default=None)

    def let_go_by(self, c: Contact) -> int:
        """The agent who let go of the contact in this turn."""
        agent, turn = c.let_go
        return agent if turn == self.turn else -1

    def _action(self, c: Contact) -> int:
        return self.queues[c.queue].get(QueueSetting.FIRST_STEP + 3 * c.step + 1)

    # --- who may serve

    def qualifies(self, agent: int, queue: int, requirement: int) -> bool:
        """Configured, a member if the queue asks for that, and skilled."""
        if not self.agents[agent].settings.get(AgentSetting.EXISTS):
            return False
        if self.queues[queue].get(QueueSetting.MEMBERS_ONLY) and not self.members.get((agent, queue)):
            return False
        conditions = self.requirements.get(requirement, ([], -1))[0]
        return all(self.skills.get((agent, skill), 0) >= level for skill, level in conditions)

    def is_free(self, number: int, channel: int) -> bool:
        """Whether the agent can be offered one more contact of this channel."""
        agent = self.agents[number]
        if agent.status != k.STATUS_AVAILABLE or agent.suspended or agent.count(k.ENGAGEMENT_OFFERED) >= 16:
            return False
        if channel == k.VOICE and agent.settings.get(AgentSetting.NEEDS_PHONE) and not agent.reachable:
            return False
        loads = [tie.channel for tie in agent.ties]
        if loads.count(channel) >= agent.settings.get(AgentSetting.CAPACITY + channel, 0):
            return False
        return all(other == channel or self.interrupts[channel] >> other & 1 for other in loads)

    def serving(self, line: Line) -> list[int]:
        """The agents free to serve the line now."""
        queue, requirement, channel = line
        return [
            a for a in range(len(self.agents)) if self.is_free(a, channel) and self.qualifies(a, queue, requirement)
        ]

    def is_deserted(self, queue: int, requirement: int, rule: int) -> bool:
        """Whether nobody who could serve is logged in (rule 1), or available (rule 2)."""
        least = k.STATUS_AVAILABLE if rule == 2 else k.STATUS_PAUSED
        return not any(
            agent.status >= least and self.qualifies(number, queue, requirement)
            for number, agent in enumerate(self.agents)
        )

    def wrap_ups(self, number: int, arrival: int) -> list[Engagement]:
        """The agent's wrap-ups of the contact that arrived so, or (0) all."""
        ties = [tie for tie in self.agents[number].ties if tie.state == k.ENGAGEMENT_WRAPPING]
        return [tie for tie in ties if arrival in {0, tie.contact.arrival}]

    def occupancy(self, agent: Agent) -> float:
        """Busy time over time since log-in."""
        busy = agent.busy + (self.now - max(agent.busy_since, agent.login) if agent.busy_since is not None else 0)
        return busy / max(self.now - agent.login, 1)

    # --- what it costs

    def is_at_work(self, agent: Agent, channel: int) -> bool:
        """Whether the agent takes contacts of this channel, be it once it has finished what it has in hand."""
        reachable = channel != k.VOICE or agent.reachable or not agent.settings.get(AgentSetting.NEEDS_PHONE)
        return agent.status == k.STATUS_AVAILABLE and not agent.suspended and bool(reachable)

    def slots(self, line: Line, without: Line | None = None, only: int | None = None) -> int:
        """Contacts that those at work could hold at once who may serve the line, and not the other; one agent's."""
        queue, requirement, channel = line
        return sum(
            agent.settings.get(AgentSetting.CAPACITY + channel, 0)
            for number, agent in enumerate(self.agents)
            if only in {None, number}
            and self.is_at_work(agent, channel)
            and self.qualifies(number, queue, requirement)
            and not (without and self.qualifies(number, without[0], without[1]))
        )

    def open_slots(self, line: Line) -> int:
        """Contacts that could be offered to somebody now."""
        return sum(self._free_slots(a, line[2]) for a in self.serving(line))

    def apt_slots(self, line: Line) -> int:
        """The same of agents who are apt."""
        return sum(self._free_slots(a, line[2]) for a in self.serving(line) if self.is_apt(line, a))

    def is_apt(self, line: Line, number: int) -> bool:
        """Whether the agent, who may serve the line, takes not much longer than most."""
        return number not in self.slow.get(line, set())

    def forget_slow(self) -> None:
        """Whoever may serve a line anew is thought apt."""
        self.slow = {
            line: {number for number in slow if self.qualifies(number, line[0], line[1])}
            for line, slow in self.slow.items()
            if line in self.opened
        }

    def _free_slots(self, number: int, channel: int) -> int:
        agent = self.agents[number]
        taken = sum(tie.channel == channel for tie in agent.ties)
        return agent.settings.get(AgentSetting.CAPACITY + channel, 0) - taken
