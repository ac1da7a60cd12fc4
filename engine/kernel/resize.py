"""Larger tables with the same contents: how the kernel grows, at a start and at the same row in every driver.

Numbers of contacts, agents, queues and requirements stay what they were. What a capacity had a part in moves along:
agents' own lines, timer subjects, rows of the masks and of the interval table. Plain numpy: it runs once in a while.
"""

import numpy as np

from engine.kernel.tables import Array, Capacity, Tables, capacity_of, new_tables
from engine.model.settings import EngineSetting

COPIED = (
    "book",
    "contacts",
    "agents",
    "queues",
    "trunk_groups",
    "requirements",
    "skill_levels",
    "memberships",
    "idle_seqs",
    "prices",
    "services",
    "service_means",
    "pools",
    "agent_pools",
    "channel_settings",
    "tallies",
    "agenda",
    "histograms",
)
"""Tables whose records keep their places."""


def resize(t: Tables, capacity: Capacity) -> Tables:
    """Return tables of this capacity with the state of `t`, between two steps. Raises ValueError where any shrinks."""
    before = capacity_of(t)
    smaller = [name for name in Capacity.__struct_fields__ if getattr(capacity, name) < getattr(before, name)]
    if smaller:
        raise ValueError(f"tables do not shrink, but there would be fewer {', '.join(smaller)}")
    grown = new_tables(capacity)
    for name in COPIED:
        table = getattr(t, name)
        getattr(grown, name)[tuple(slice(extent) for extent in table.shape)] = table
    used = int(t.book["engagements_used"][0])
    grown.engagements[:used] = t.engagements[:used]
    _move_lines(t, grown)
    _move_masks(t, grown)
    _move_timers(t, grown)
    _move_intervals(t, grown)
    _add_slots(t, grown)
    return grown


def _common(t: Tables) -> int:
    """Lines that are not an agent's own."""
    return len(t.lines) - len(t.agents)


def _move_lines(t: Tables, grown: Tables) -> None:
    """Agents' own lines stand behind all others."""
    old, new = _common(t), _common(grown)
    for name in ("lines", "line_prices"):
        table, into = getattr(t, name), getattr(grown, name)
        into[:old] = table[:old]
        into[new : new + len(t.agents)] = table[old:]
    for table, column in (
        (grown.contacts, "line"),
        (grown.lines, "next_line"),
        (grown.queues, "first_line"),
    ):
        links = table[column]
        links[links >= old] += new - old


def _move_masks(t: Tables, grown: Tables) -> None:
    """Sets of agents by line, then by what they are; sets of lines by agent, then by what those are."""
    for name, first, into in (
        ("agent_masks", _common(t), _common(grown)),
        ("line_masks", len(t.agents), len(grown.agents)),
    ):
        masks, wider = getattr(t, name), getattr(grown, name)
        words = masks.shape[1]
        wider[:first, :words] = masks[:first]
        wider[into:, :words] = masks[first:]
    for name in ("apt_masks", "apt_lines"):
        masks = getattr(t, name)
        getattr(grown, name)[: len(masks), : masks.shape[1]] = masks


def _move_timers(t: Tables, grown: Tables) -> None:
    """Every kind of subject begins elsewhere; their order, which decides between equal deadlines, stays."""
    kinds = ("contacts", "engagements", "agents", "queues")
    starts = np.cumsum([0, *(len(getattr(grown, kind)) for kind in kinds[:-1])])
    subjects = np.concatenate(
        [start + np.arange(len(getattr(t, kind))) for start, kind in zip(starts, kinds, strict=True)]
    )
    count = int(t.book["timers"][0])
    armed = t.timers["order"][:count]
    grown.timers["order"][:count] = subjects[armed]
    for column in ("deadline_ns", "place"):
        grown.timers[column][subjects[armed]] = t.timers[column][armed]


def _move_intervals(t: Tables, grown: Tables) -> None:
    """The number of an interval and the count of rows give its row. The one in use wins a place, then the latest."""
    place_of = np.zeros(len(t.intervals), np.int64)
    used = np.flatnonzero(t.interval_starts >= 0)
    if not len(used):
        return
    in_use = int(t.book["interval_row"][0])
    order = used[np.lexsort((t.interval_starts[used], used == in_use))].tolist()
    length_ns = int(t.book["settings"][0, EngineSetting.INTERVAL_NS])
    cells = t.intervals.shape[2]
    for row in order:
        place = int(t.interval_starts[row]) // length_ns % len(grown.intervals)
        place_of[row] = place
        grown.interval_starts[place] = t.interval_starts[row]
        grown.interval_gaps[place] = t.interval_gaps[row]
        grown.intervals[place] = 0
        grown.intervals[place, :, :cells] = t.intervals[row]
    grown.book["interval_row"] = place_of[in_use]
    for known in (
        grown.contacts["cohort"][: len(t.contacts)],
        grown.engagements["cohort"][: int(t.book["engagements_used"][0])],
    ):
        known[:] = place_of[known]


def _add_slots(t: Tables, grown: Tables) -> None:
    """New slots queue up behind the free ones."""
    free = int(t.book["slot_count"][0])
    ring: Array = t.slots[(int(t.book["slot_head"][0]) + np.arange(free)) % len(t.slots)]
    added = np.arange(len(t.contacts), len(grown.contacts))
    grown.slots[:] = 0
    grown.slots[: free + len(added)] = np.concatenate([ring, added])
    grown.book["slot_head"] = 0
    grown.book["slot_count"] = free + len(added)
