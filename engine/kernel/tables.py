"""The kernel's whole state: one structured array a table, all tables in one directory.

An entity is its index. Links between entities are indices, -1 is none. Everything is integer but the running estimates.
Capacities are fixed when the tables are made; what does not fit is refused by name, never dropped.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from engine.messages.kinds import AGENT_STATES, CHANNELS
from engine.model.settings import (
    AGENT_COLUMNS,
    AGENT_DEFAULTS,
    CHANNEL_COLUMNS,
    ENGINE_COLUMNS,
    ENGINE_DEFAULTS,
    PRIORITIES,
    QUEUE_COLUMNS,
    QUEUE_DEFAULTS,
    SKILLS_MAX,
    TRUNK_GROUP_COLUMNS,
)
from engine.model.tallies import HISTOGRAM_BINS, HISTOGRAMS, TALLY_COLUMNS

Array = np.ndarray[Any, Any]

BOOK: Final = np.dtype(
    [
        ("settings", "i8", (ENGINE_COLUMNS,)),
        ("seq", "i8"),  # sequence of the row applied last
        ("cause_seq", "i8"),  # sequence of the observed row being decided
        ("now_ns", "i8"),  # its time; never goes back
        ("refused", "i8"),  # facts set aside
        ("interval_end_ns", "i8"),
        ("interval_row", "i8"),  # row of the interval table in use
        ("produced", "i8"),  # rows written in the step under way; 0 at rest
        ("agenda_head", "i8"),  # what is still to be decided of the row under way; empty at rest
        ("agenda_tail", "i8"),
        ("fired", "i8"),  # deadlines fired by the row under way
        ("slot_head", "i8"),  # ring of free contact slots: oldest freed first
        ("slot_count", "i8"),
        ("engagement_free", "i8"),  # stack of engagements that were used and are free again
        ("engagements_used", "i8"),  # those beyond were never used, and lie in memory nobody touched
        ("timers", "i8"),  # armed timers
        ("lines", "i8"),  # lines in use (agents' own lines come after all of these)
        ("held_back", "i8"),  # contacts that wait although an agent is free, kept for other queues
    ],
    align=True,
)

CONTACT: Final = np.dtype(
    [
        ("arrival_seq", "i8"),
        ("arrived_ns", "i8"),
        ("enqueued_ns", "i8"),
        ("line_ns", "i8"),  # place in line: since when it counts as waiting
        ("cohort", "i8"),  # row of the interval table for the entry, as long as cohort_ns stands there
        ("cohort_ns", "i8"),
        ("order", "i8"),  # tie-break in line: sequence of the entry
        ("answered_ns", "i8"),
        ("held_since_ns", "i8"),
        ("hold_ns", "i8"),
        ("told_p50_ns", "i8"),
        ("told_p90_ns", "i8"),
        ("queue", "i8"),
        ("line", "i8"),
        ("requirement", "i8"),
        ("trunk_group", "i8"),  # whose channel it holds
        ("asked_group", "i8"),  # by which it came
        ("own_agent", "i8"),  # preferred agent, or the agent it was transferred to
        ("agent", "i8"),  # who answered
        ("next", "i8"),
        ("prev", "i8"),
        ("engagement", "i8"),  # first of its engagements
        ("let_go_by", "i8"),  # the agent who let go of it last, and the sequence of the row that says so
        ("let_go_seq", "i8"),
        ("offers", "i8"),  # live offers
        ("source", "i8"),
        ("state", "i8"),
        ("channel", "i8"),
        ("priority", "i8"),
        ("step", "i8"),  # next timed step of its queue
        ("brought", "i8"),  # 1: the requirement is its own, not its queue's
        ("held_back", "i8"),  # 1: waits although an agent is free, kept for other queues
        ("flags", "i8"),
    ],
    align=True,
)

AGENT: Final = np.dtype(
    [
        ("settings", "i8", (AGENT_COLUMNS,)),
        ("state_since_ns", "i8"),
        ("suspended_until_ns", "i8"),  # 0 not, -1 until the status changes
        ("busy_since_ns", "i8"),
        ("login_ns", "i8"),
        ("busy_ns", "i8"),  # time with at least one contact, since log-in: wall clock, however many
        ("answered", "i8"),
        ("offers", "i8"),
        ("not_answered", "i8"),
        ("declined", "i8"),
        ("talk_ns", "i8"),
        ("hold_ns", "i8"),
        ("wrap_up_ns", "i8"),
        ("ring_ns", "i8"),
        ("state_ns", "i8", (AGENT_STATES,)),  # time spent in each state
        ("load", "i8", (CHANNELS,)),  # engagements by channel: offered, connected, wrapping
        ("ringing", "i8"),
        ("connected", "i8"),
        ("wrapping", "i8"),
        ("engagement", "i8"),
        ("misses", "i8"),  # unanswered offers in a row
        ("reason", "i8"),
        ("status", "i8"),
        ("state", "i8"),
        ("reachable", "i8"),
    ],
    align=True,
)

QUEUE: Final = np.dtype(
    [
        ("settings", "i8", (QUEUE_COLUMNS,)),
        ("arrivals", "f8"),  # decayed count of entries, for the arrival rate
        ("handled", "f8"),  # decayed count and sum: mean handling time
        ("handle_ns", "f8"),
        ("quit", "f8"),  # decayed count of abandonments over time waited: patience
        ("waited_ns", "f8"),
        ("decayed_at_ns", "i8"),
        ("priced_at_ns", "i8"),
        ("first_ns", "i8"),
        ("waiting", "i8"),  # not yet answered: in line or being offered
        ("connected", "i8"),
        ("last_agent", "i8"),  # round-robin stands here
        ("first_line", "i8"),
        ("factor", "f8"),  # weight of this queue's waits when one agent serves several
    ],
    align=True,
)

LINE: Final = np.dtype(
    [
        ("queue", "i8"),
        ("requirement", "i8"),
        ("channel", "i8"),
        ("next_line", "i8"),  # of the same queue
        ("count", "i8"),
        ("idle", "i8"),  # agents free to serve it now
        ("head", "i8", (PRIORITIES,)),
        ("tail", "i8", (PRIORITIES,)),
    ],
    align=True,
)

ENGAGEMENT: Final = np.dtype(
    [
        ("started_ns", "i8"),  # of the present state
        ("talk_ns", "i8"),  # known once wrap-up began
        ("cohort", "i8"),  # of its contact, likewise
        ("cohort_ns", "i8"),
        ("contact", "i8"),
        ("agent", "i8"),
        ("queue", "i8"),
        ("next_of_contact", "i8"),
        ("next_of_agent", "i8"),
        ("prev_of_agent", "i8"),
        ("state", "i8"),
        ("channel", "i8"),
    ],
    align=True,
)

TRUNK_GROUP: Final = np.dtype(
    [
        ("settings", "i8", (TRUNK_GROUP_COLUMNS,)),
        ("seized", "i8"),
        ("refused", "i8"),
        ("busy_ns", "i8"),  # integral of busy channels over time
        ("busy_at_ns", "i8"),
        ("protected", "f8"),  # decayed counts of calls offered, for the reserve that costs least
        ("unprotected", "f8"),
        ("ended", "f8"),  # decayed count and sum: mean holding time
        ("held_ns", "f8"),
        ("estimated_at_ns", "i8"),
        ("first_ns", "i8"),
        ("best_reserve", "i8"),  # by the estimates
        ("reserve", "i8"),  # in force, where it is for the kernel to say
        ("busy", "i8"),
        ("peak", "i8"),
    ],
    align=True,
)

TIMER: Final = np.dtype([("deadline_ns", "i8"), ("place", "i8"), ("order", "i4")], align=True)
"""deadline_ns and place (in the heap, plus 1; 0 not armed) belong to subject i; order[i] is the subject at place i.

A new table is all zeros, and what was never armed lies in memory that nobody touched.
"""


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


SCHEMA: Final[tuple[tuple[str, np.dtype[Any], int], ...]] = (
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
    # (agents + 2, words): lines an agent may serve; then lines with somebody waiting; then lines short of idle agents
    ("line_masks", np.dtype(np.uint64), 2),
    ("idle_seqs", np.dtype(np.int64), 1),  # orders the idle: sequence of the last contact's end or of the log-in
    ("prices", np.dtype(np.float64), 2),  # (queues, PRICE_LEVELS) cost of taking an agent at each count of idle agents
    ("line_prices", np.dtype(np.float64), 1),  # of prices, what each line's count of idle agents selects now
    ("channel_settings", np.dtype(np.int64), 2),
    ("tallies", np.dtype(np.int64), 2),  # (cells, TALLY_COLUMNS) since the beginning
    ("intervals", np.dtype(np.int64), 4),  # (rows, 2, cells, TALLY_COLUMNS): by event, by arrival
    ("interval_starts", np.dtype(np.int64), 1),
    ("interval_gaps", np.dtype(np.int64), 1),  # times that some source's facts of the interval are incomplete
    ("agenda", np.dtype(np.int64), 2),  # (n, 2) what to decide next, and about whom
    ("histograms", np.dtype(np.int64), 3),  # (cells, HISTOGRAMS, HISTOGRAM_BINS)
)
"""Every table: name, type of a record, dimensions."""


class Tables:
    """All of the kernel's state. Subjects of timers: contacts, then engagements, agents and queues.

    Compiled code sees one pointer: to `directory`, which holds each table's address and shape. The arrays are made once
    and never replaced, only written into.
    """

    __slots__ = ("address", "directory", *(name for name, _, _ in SCHEMA))

    address: int
    directory: Array
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
    line_masks: Array
    idle_seqs: Array
    prices: Array
    line_prices: Array
    channel_settings: Array
    tallies: Array
    intervals: Array
    interval_starts: Array
    interval_gaps: Array
    agenda: Array
    histograms: Array

    def __init__(self, **tables: Array) -> None:
        words: list[int] = []
        for name, dtype, dimensions in SCHEMA:
            table = tables[name]
            if table.dtype != dtype or table.ndim != dimensions or not table.flags.c_contiguous:
                raise TypeError(f"table {name} must be a contiguous {dimensions}-dimensional array of {dtype}")
            object.__setattr__(self, name, table)
            words += [table.ctypes.data, *table.shape]
        object.__setattr__(self, "directory", np.array(words, np.int64))
        object.__setattr__(self, "address", self.directory.ctypes.data)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"table {name} cannot be replaced: write into it")

    def items(self) -> Iterator[tuple[str, Array]]:
        """Yield every table with its name, in order."""
        for name, _, _ in SCHEMA:
            yield name, getattr(self, name)


CONCLUSIONS_MAX: Final = 2048
"""Rows that may follow from one observed row before the rest is put off to a deadline of now. What one item of the
agenda writes beyond that still fits the room that `step` keeps: a thousand offers and a few rows."""
AGENDA: Final = 8192
"""Room of the agenda, a ring and so a power of two: more than the bounds in the deciding functions leave open."""
assert AGENDA & (AGENDA - 1) == 0
PRICE_LEVELS: Final = 32
"""Counts of idle agents that a price is kept for; beyond, an agent costs nothing."""


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
        slots=np.arange(c.contacts, dtype=np.int64),
        requirements=np.full((c.requirements, 2), 0, np.int64),
        skill_levels=np.zeros((c.agents, SKILLS_MAX), np.int8),
        memberships=np.zeros((c.agents, c.queues), np.int16),
        agent_masks=np.zeros((c.lines + CHANNELS + 2, _words(c.agents)), np.uint64),
        line_masks=np.zeros((c.agents + 2, _words(c.lines)), np.uint64),
        idle_seqs=np.zeros(c.agents, np.int64),
        prices=np.zeros((c.queues, PRICE_LEVELS), np.float64),
        line_prices=np.zeros(c.lines + c.agents, np.float64),
        channel_settings=np.zeros((CHANNELS, CHANNEL_COLUMNS), np.int64),
        tallies=np.zeros((cells, TALLY_COLUMNS), np.int64),
        intervals=np.zeros((c.intervals, 2, cells, TALLY_COLUMNS), np.int64),
        interval_starts=np.full(c.intervals, -1, np.int64),
        interval_gaps=np.zeros(c.intervals, np.int64),
        agenda=np.zeros((AGENDA, 2), np.int64),
        histograms=np.zeros((cells, HISTOGRAMS, HISTOGRAM_BINS), np.int64),
    )
    _lay_out(tables, capacity)
    return tables


def _lay_out(t: Tables, c: Capacity) -> None:
    for column, value in ENGINE_DEFAULTS.items():
        t.book["settings"][0, column] = value
    for column, value in QUEUE_DEFAULTS.items():
        t.queues["settings"][:, column] = value
    for column, value in AGENT_DEFAULTS.items():
        t.agents["settings"][:, column] = value
    t.book["slot_count"] = c.contacts
    t.requirements[:, 1] = -1
    for table, links in (
        (
            t.contacts,
            ("queue", "line", "trunk_group", "asked_group", "own_agent", "agent", "next", "prev", "engagement"),
        ),
        (t.agents, ("engagement",)),
        (t.queues, ("last_agent", "first_line")),
        (t.lines, ("queue", "next_line", "head", "tail")),
    ):
        for link in links:
            table[link] = -1
    t.book["engagement_free"] = -1
    t.queues["factor"] = 1.0


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
