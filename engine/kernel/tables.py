"""The kernel's whole state: one structured array a table, all tables in one directory.

Capacities are fixed when the tables are made; what does not fit is refused by name, never dropped.
"""

from typing import Any, ClassVar, Final

import msgspec
import numpy as np

from engine.kernel.records import AGENT, BOOK, CONTACT, ENGAGEMENT, LINE, POOL, QUEUE, TIMER, TRUNK_GROUP
from engine.kernel.table_set import Schema, TableSet
from engine.messages.kinds import CHANNELS
from engine.model.settings import (
    AGENT_DEFAULTS,
    CHANNEL_COLUMNS,
    ENGINE_DEFAULTS,
    QUEUE_DEFAULTS,
    SKILLS_MAX,
)
from engine.model.tallies import HISTOGRAM_BINS, HISTOGRAMS, TALLY_COLUMNS

Array = np.ndarray[Any, Any]

RINGING_MAX: Final = 16
"""Contacts that ring at one agent at once, whatever the capacity; more follow as they are answered."""
WRAPPING_MAX: Final = 16
"""Wrap-ups of one agent at once; a contact that ends beyond them has none."""


class Capacity(msgspec.Struct, frozen=True):
    """How much the tables hold."""

    contacts: int = 16_384
    agents: int = 256
    queues: int = 64
    trunk_groups: int = 16
    requirements: int = 256
    lines: int = 512
    """Waiting lines: one for each combination of queue, requirement and channel in use."""
    intervals: int = 192
    """Rows of the interval table: two days of quarter hours."""

    @property
    def engagements(self) -> int:
        """Room for everything that agents can hold: talks are bounded by contacts, the rest for each agent."""
        return self.contacts + (RINGING_MAX + WRAPPING_MAX) * self.agents


WAITING_LEVELS: Final = 32
"""Counts of waiting contacts that a price is kept for; beyond, one more costs no more."""
FREE_LEVELS: Final = 32
"""Counts of free slots that a price is kept for; beyond, an agent costs nothing."""
PRICE_LEVELS: Final = WAITING_LEVELS + FREE_LEVELS
"""Prices by slack, free slots less waiting contacts: from -WAITING_LEVELS on."""
POOLS: Final = 1024
"""Places for pools, the agents who may serve the same queues. Two that fall into one share their estimates."""

SCHEMA: Final[Schema] = (
    ("book", BOOK, 1),
    ("contacts", CONTACT, 1),
    ("agents", AGENT, 1),
    ("queues", QUEUE, 1),
    ("lines", LINE, 1),  # after the common lines, one for each agent
    ("engagements", ENGAGEMENT, 1),
    ("trunk_groups", TRUNK_GROUP, 1),
    ("timers", TIMER, 1),
    ("slots", np.dtype(np.int64), 1),  # ring of free contact slots
    ("requirements", np.dtype(np.int64), 2),  # (n, 2) packed conditions, relaxed requirement
    ("skill_levels", np.dtype(np.int8), 2),  # (agents, skills)
    ("memberships", np.dtype(np.int16), 2),  # (agents, queues) position + 1, 0 none
    # (lines + channels + 2, words): who may serve a line; is free for a channel; is logged in; is available
    ("agent_masks", np.dtype(np.uint64), 2),
    # (lines, words): of those who may serve a line, who takes not much longer than most
    ("apt_masks", np.dtype(np.uint64), 2),
    ("apt_lines", np.dtype(np.uint64), 2),  # (agents, words) the same by agent: the lines
    # (agents + 2, words): lines an agent may serve; then lines with somebody waiting; then lines short of free slots
    ("line_masks", np.dtype(np.uint64), 2),
    ("idle_seqs", np.dtype(np.int64), 1),  # orders the idle: sequence of the last contact's end or of the log-in
    ("prices", np.dtype(np.float64), 2),  # (queues, PRICE_LEVELS) cost of taking a slot at each slack
    # of prices, what the slack of each queue's oldest line selects now, for each ns that a slot is taken; else 0
    ("line_prices", np.dtype(np.float64), 1),
    # (queues, POOLS, 3) by pool of agents: contacts and time, ns, remembered long; time over a working day
    ("services", np.dtype(np.float64), 3),
    ("service_means", np.dtype(np.float64), 2),  # (queues, POOLS) mean handling time, ns, as last estimated; 0 unknown
    ("pools", POOL, 1),
    ("agent_pools", np.dtype(np.int64), 1),
    ("channel_settings", np.dtype(np.int64), 2),
    ("tallies", np.dtype(np.int64), 2),  # (cells, TALLY_COLUMNS) since the beginning
    ("intervals", np.dtype(np.int64), 4),  # (rows, 2, cells, TALLY_COLUMNS): by event, by arrival
    ("interval_starts", np.dtype(np.int64), 1),
    ("interval_gaps", np.dtype(np.int64), 1),  # times that some source's facts of the interval are incomplete
    ("agenda", np.dtype(np.int64), 2),  # (n, 2) what to decide next, and about whom
    ("histograms", np.dtype(np.int64), 3),  # (cells, HISTOGRAMS, HISTOGRAM_BINS)
)
"""Every table: name, type of a record, dimensions."""


class Tables(TableSet):
    """All of the kernel's state. Subjects of timers: contacts, then engagements, agents and queues."""

    SCHEMA = SCHEMA
    FIXED: ClassVar[dict[str, tuple[int, ...]]] = {
        "requirements": (2,),
        "skill_levels": (SKILLS_MAX,),
        "prices": (PRICE_LEVELS,),
        "services": (POOLS, 3),
        "service_means": (POOLS,),
        "pools": (POOLS,),
        "channel_settings": (CHANNEL_COLUMNS,),
        "tallies": (TALLY_COLUMNS,),
        "intervals": (TALLY_COLUMNS,),
        "agenda": (2,),
        "histograms": (HISTOGRAMS, HISTOGRAM_BINS),
    }
    __slots__ = tuple(name for name, _, _ in SCHEMA)

    book: Array
    contacts: Array
    agents: Array
    queues: Array
    lines: Array
    engagements: Array
    trunk_groups: Array
    timers: Array
    slots: Array
    requirements: Array
    skill_levels: Array
    memberships: Array
    agent_masks: Array
    apt_masks: Array
    apt_lines: Array
    line_masks: Array
    idle_seqs: Array
    prices: Array
    line_prices: Array
    services: Array
    service_means: Array
    pools: Array
    agent_pools: Array
    channel_settings: Array
    tallies: Array
    intervals: Array
    interval_starts: Array
    interval_gaps: Array
    agenda: Array
    histograms: Array


CONCLUSIONS_MAX: Final = 2048
"""Rows that may follow from one observed row before the rest is put off to a deadline of now. What one item of the
agenda writes beyond that still fits the room that `step` keeps: a thousand offers and a few rows."""
AGENDA: Final = 8192
"""Room of the agenda, a ring and so a power of two: more than one row ever needed. `emit.then` keeps what would not fit
from being forgotten.
"""
assert AGENDA & (AGENDA - 1) == 0


def _words(count: int) -> int:
    return (count + 63) // 64


def _records(count: int, dtype: "np.dtype[np.void]") -> Array:
    return np.zeros(count, dtype).view(np.recarray)


def new_tables(capacity: Capacity) -> Tables:
    """Return the tables of an engine that has seen nothing."""
    c = capacity
    cells = c.queues * CHANNELS
    subjects = c.contacts + c.engagements + c.agents + c.queues
    tables = Tables(
        book=_records(1, BOOK),
        contacts=_records(c.contacts, CONTACT),
        agents=_records(c.agents, AGENT),
        queues=_records(c.queues, QUEUE),
        lines=_records(c.lines + c.agents, LINE),
        engagements=_records(c.engagements, ENGAGEMENT),
        trunk_groups=_records(c.trunk_groups, TRUNK_GROUP),
        timers=_records(subjects, TIMER),
        slots=np.zeros(c.contacts, np.int64),
        requirements=np.zeros((c.requirements, 2), np.int64),
        skill_levels=np.zeros((c.agents, SKILLS_MAX), np.int8),
        memberships=np.zeros((c.agents, c.queues), np.int16),
        agent_masks=np.zeros((c.lines + CHANNELS + 2, _words(c.agents)), np.uint64),
        apt_masks=np.zeros((c.lines, _words(c.agents)), np.uint64),
        apt_lines=np.zeros((c.agents, _words(c.lines)), np.uint64),
        line_masks=np.zeros((c.agents + 2, _words(c.lines)), np.uint64),
        idle_seqs=np.zeros(c.agents, np.int64),
        prices=np.zeros((c.queues, PRICE_LEVELS), np.float64),
        line_prices=np.zeros(c.lines + c.agents, np.float64),
        services=np.zeros((c.queues, POOLS, 3), np.float64),
        service_means=np.zeros((c.queues, POOLS), np.float64),
        pools=_records(POOLS, POOL),
        agent_pools=np.zeros(c.agents, np.int64),
        channel_settings=np.zeros((CHANNELS, CHANNEL_COLUMNS), np.int64),
        tallies=np.zeros((cells, TALLY_COLUMNS), np.int64),
        intervals=np.zeros((c.intervals, 2, cells, TALLY_COLUMNS), np.int64),
        interval_starts=np.zeros(c.intervals, np.int64),
        interval_gaps=np.zeros(c.intervals, np.int64),
        agenda=np.zeros((AGENDA, 2), np.int64),
        histograms=np.zeros((cells, HISTOGRAMS, HISTOGRAM_BINS), np.int64),
    )
    _lay_out(tables)
    return tables


def reset(t: Tables) -> None:
    """Bring the tables back to the state of an engine that has seen nothing, settings too; nothing is made anew.

    For those who run many short worlds: compiled code that has the tables keeps them.
    """
    for name, _, _ in SCHEMA:
        table: Array = getattr(t, name)
        table.reshape(-1).view(np.uint8)[:] = 0
    _lay_out(t)


def _lay_out(t: Tables) -> None:
    """Write what is not zero at the start."""
    t.slots[:] = np.arange(len(t.slots))
    t.interval_starts[:] = -1
    for column, value in ENGINE_DEFAULTS.items():
        t.book["settings"][0, column] = value
    for column, value in QUEUE_DEFAULTS.items():
        t.queues["settings"][:, column] = value
    for column, value in AGENT_DEFAULTS.items():
        t.agents["settings"][:, column] = value
    t.book["slot_count"] = len(t.contacts)
    t.requirements[:, 1] = -1
    for table, links in (
        (
            t.contacts,
            (
                "queue",
                "line",
                "held_line",
                "trunk_group",
                "asked_group",
                "own_agent",
                "agent",
                "next",
                "prev",
                "engagement",
            ),
        ),
        (t.agents, ("engagement",)),
        (t.queues, ("last_agent", "first_line")),
        (t.lines, ("queue", "next_line", "head", "tail")),
    ):
        for link in links:
            table[link] = -1
    t.book["engagement_free"] = -1
    t.queues["worth"] = 1.0
    t.agent_pools[:] = -1


def capacity_of(t: Tables) -> Capacity:
    """Return the capacity that `t` was made with."""
    return Capacity(
        contacts=len(t.contacts),
        agents=len(t.agents),
        queues=len(t.queues),
        trunk_groups=len(t.trunk_groups),
        requirements=len(t.requirements),
        lines=len(t.lines) - len(t.agents),
        intervals=len(t.intervals),
    )
