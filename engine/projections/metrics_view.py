"""What a scrape for metrics tells of queues and of those who serve them, read from the tables at one moment."""

from collections import Counter
from typing import Final

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import (
    AGENT_PAUSED,
    AGENT_STATE_NAMES,
    CHANNEL_NAMES,
    CHANNELS,
    CONTACT_OFFERED,
    CONTACT_WAITING,
)
from engine.model.directory import Directory
from engine.model.settings import AgentSetting, QueueSetting
from engine.model.tallies import Tally
from engine.projections.agents.eligibility import configured, eligible, states_of
from engine.projections.figures import NS, LiveCells, age_s
from engine.projections.names import Interned, existing, name_at
from engine.projections.queues.expected_wait import ExpectedWait, expected_wait
from engine.projections.queues.people import People, people_of, presence_of

OTHER: Final = "other"
CALLBACKS: Final = "callbacks"
"""The source of callbacks is called so, or so with the adapter behind a colon."""


class Cell(msgspec.Struct, frozen=True):
    """One queue and channel: what was counted since the beginning of the log, and how things stand."""

    number: int
    """queue_number * CHANNELS + the channel's."""
    queue_number: int
    queue: str
    channel: str
    threshold_s: float
    target: float
    tally: Array
    """Shape (TALLY_COLUMNS,), see model.tallies."""
    histograms: Array
    """Shape (MEASURED, BINS), see model.tallies."""
    waiting: int
    offered: int
    connected: int
    held: int
    wrapping: int
    overdue: int
    oldest_wait_s: float
    """0 if nobody waits."""


class MetricsView:
    """The figures of one moment; `live` is of `now_ns`."""

    def __init__(self, t: Tables, directory: Directory, interned: Interned, live: LiveCells, now_ns: int) -> None:
        self._t = t
        self._directory = directory
        self._interned = interned
        self._live = live
        self._presence = presence_of(t)
        self._now_ns = now_ns

    def cells(self, limit: int) -> tuple[list[Cell], int]:
        """Return every queue's own channel and each other that was ever used, `limit` at most, and how many more."""
        own = self._t.queues["settings"][:, QueueSetting.CHANNEL]
        used = self._t.tallies[:, Tally.ENTRIES] > 0
        found = [
            queue * CHANNELS + channel
            for queue in existing(self._directory.queues)
            for channel in range(CHANNELS)
            if own[queue] == channel or used[queue * CHANNELS + channel]
        ]
        return [self._cell(number) for number in found[:limit]], max(0, len(found) - limit)

    def _cell(self, number: int) -> Cell:
        queue, channel = divmod(number, CHANNELS)
        cards, live = self._directory.queue_cards, self._live
        return Cell(
            number=number,
            queue_number=queue,
            queue=self._directory.queues.name(queue),
            channel=CHANNEL_NAMES[channel],
            threshold_s=int(self._t.queues["settings"][queue, QueueSetting.THRESHOLD_NS]) / NS,
            target=cards[queue].target if queue < len(cards) else 0.8,
            tally=self._t.tallies[number],
            histograms=self._t.histograms[number],
            waiting=int(live.waiting[number]),
            offered=int(live.offered[number]),
            connected=int(live.connected[number]),
            held=int(live.held[number]),
            wrapping=int(live.wrapping[number]),
            overdue=int(live.overdue[number]),
            oldest_wait_s=age_s(int(live.oldest_entered_ns[number]), self._now_ns),
        )

    def expected_wait(self, cell: Cell) -> ExpectedWait:
        """Return the expected wait of a contact that came now, by that channel."""
        return expected_wait(self._t, cell.queue_number, channel=cell.number % CHANNELS)

    def people(self, queue: int) -> People:
        """Return who is there for a queue."""
        return people_of(self._t, self._directory, queue, self._live, self._presence)

    def staff(self, sites_max: int) -> dict[str, dict[str, int]]:
        """Count all agents by site and state; those of no site under '', those of sites beyond the first as `other`."""
        names, everybody = self._directory.sites, configured(self._t)
        site = self._t.agents["settings"][:, AgentSetting.SITE]
        named = existing(names)[:sites_max]
        found = {"": self._states(everybody & (site < 0))}
        found |= {names.name(number): self._states(everybody & (site == number)) for number in named}
        others = everybody & (site >= 0) & ~np.isin(site, named)
        return found | ({OTHER: self._states(others)} if others.any() else {})

    def _states(self, mask: Array) -> dict[str, int]:
        counts = states_of(self._t, mask).tolist()
        return {name: counts[state] for state, name in AGENT_STATE_NAMES.items()}

    def pause_reasons(self, queue: int | None = None) -> Counter[str]:
        """Count the paused agents, or those of them who may serve a queue, by their reason."""
        agents = self._t.agents
        away = configured(self._t) & (agents["state"] == AGENT_PAUSED)
        if queue is not None:
            away &= eligible(self._t, queue)
        return Counter(name_at(self._interned.reasons, number) for number in agents["reason"][away].tolist())

    def pending_callbacks(self) -> list[int]:
        """Count the callbacks in line, and ringing, by queue."""
        contacts, named = self._t.contacts, self._interned.sources
        sources = [number for number, name in enumerate(named) if name.partition(":")[0] == CALLBACKS]
        waits = np.isin(contacts["state"], (CONTACT_WAITING, CONTACT_OFFERED)) & np.isin(contacts["source"], sources)
        counts: list[int] = np.bincount(contacts["queue"][waits], minlength=len(self._t.queues)).tolist()
        return counts
