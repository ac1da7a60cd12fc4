"""Counting: every counter of a queue, since the beginning and by interval, by event and by arrival."""

import math
from typing import Final

import numpy as np

from engine.kernel.jit import jit
from engine.kernel.native import highest
from engine.kernel.tables import Tables
from engine.messages.kinds import CHANNELS
from engine.model.settings import EngineSetting
from engine.model.tallies import HISTOGRAM_BINS, LONGEST, MEASURED_HANDLE, Tally, bin_edge_ns

_LONGEST: Final = tuple(int(column) for column in LONGEST)
NO_COHORT: Final = -2
"""Of a cohort's start: the table holds it no more. A row that was never used says -1."""


@jit
def advance(t: Tables, at_ns: int) -> None:
    """Move the kernel's time on; open a new row of the interval table when an interval is over."""
    book = t.book[0]
    book.now_ns = max(book.now_ns, at_ns)
    if book.now_ns < book.interval_end_ns:
        return
    length_ns = book.settings[EngineSetting.INTERVAL_NS]
    number = book.now_ns // length_ns
    book.interval_row = _open_row(t, number)
    book.interval_end_ns = (number + 1) * length_ns


@jit
def _open_row(t: Tables, number: int) -> int:
    """Use the row of an interval for it, whatever stood there before; return the row."""
    row = number % len(t.intervals)
    t.intervals[row] = 0
    t.interval_starts[row] = number * t.book[0].settings[EngineSetting.INTERVAL_NS]
    t.interval_gaps[row] = 0
    return row


@jit
def begin_anew(t: Tables) -> None:
    """Empty the interval table: intervals of another length neither add up with those before nor have their rows."""
    t.interval_starts[:] = -1
    for c in range(len(t.contacts)):
        t.contacts[c].cohort_ns = NO_COHORT
    for e in range(t.book[0].engagements_used):
        t.engagements[e].cohort_ns = NO_COHORT
    t.book[0].interval_end_ns = 0
    advance(t, t.book[0].now_ns)


@jit
def note_gap(t: Tables, since_ns: int) -> None:
    """Mark every interval that the time from `since_ns` until now touches: what was counted in it is incomplete.

    One in which nothing was counted is marked, too, as far back as the table reaches: that may be what is missing.
    """
    length_ns = t.book[0].settings[EngineSetting.INTERVAL_NS]
    last = t.book[0].now_ns // length_ns
    for number in range(max(since_ns // length_ns, last - len(t.intervals) + 1), last + 1):
        row = row_of(t, number * length_ns)
        if row >= 0:
            t.interval_gaps[row] += 1


@jit
def row_of(t: Tables, at_ns: int) -> int:
    """Return the interval row of an instant, which may be one in which nothing else happened; -1 if it is too old."""
    book = t.book[0]
    if t.interval_starts[book.interval_row] <= at_ns < book.interval_end_ns:
        return int(book.interval_row)
    number = at_ns // t.book[0].settings[EngineSetting.INTERVAL_NS]
    row = number % len(t.intervals)
    start_ns = number * t.book[0].settings[EngineSetting.INTERVAL_NS]
    if t.interval_starts[row] == start_ns:
        return row
    span_ns = len(t.intervals) * t.book[0].settings[EngineSetting.INTERVAL_NS]
    return _open_row(t, number) if start_ns > t.interval_starts[t.book[0].interval_row] - span_ns else -1


@jit
def join_cohort(t: Tables, c: int) -> None:
    """Note in which interval the contact entered its queue."""
    t.contacts[c].cohort = t.book[0].interval_row
    t.contacts[c].cohort_ns = t.interval_starts[t.book[0].interval_row]


@jit
def cells_of(t: Tables, c: int) -> tuple[int, int, int]:
    """Return where a contact is counted: the cell of its queue and channel, the row of the interval table for this
    instant, and the row for the cohort it entered with, -1 if the table holds that no more.
    """
    contact = t.contacts[c]
    return _cells(t, contact.queue * CHANNELS + contact.channel, contact.cohort, contact.cohort_ns)


@jit
def _cells(t: Tables, cell: int, cohort: int, cohort_ns: int) -> tuple[int, int, int]:
    return cell, t.book[0].interval_row, cohort if t.interval_starts[cohort] == cohort_ns else -1


@jit
def count(t: Tables, cells: tuple[int, int, int], column: int, amount: int) -> None:
    """Add to a counter: in all, at this instant, and for the cohort."""
    cell, row, cohort = cells
    if amount == 0:
        return
    t.tallies[cell, column] += amount
    t.intervals[row, 0, cell, column] += amount
    if cohort >= 0:
        t.intervals[cohort, 1, cell, column] += amount


@jit
def count_at(t: Tables, c: int, column: int, at_ns: int) -> None:
    """Add one to a counter of the contact's queue and channel, as of an earlier instant. That may take the row of the
    interval table which another instant had: what `cells_of` said before holds no more.
    """
    row = row_of(t, at_ns)
    cell, _, cohort = cells_of(t, c)
    t.tallies[cell, column] += 1
    if row >= 0:
        t.intervals[row, 0, cell, column] += 1
    if cohort >= 0:
        t.intervals[cohort, 1, cell, column] += 1


@jit
def count_longest(t: Tables, cells: tuple[int, int, int], column: int, lasted_ns: int) -> None:
    """Keep the longest, in a column of MAXIMA."""
    cell, row, cohort = cells
    t.tallies[cell, column] = max(t.tallies[cell, column], lasted_ns)
    t.intervals[row, 0, cell, column] = max(t.intervals[row, 0, cell, column], lasted_ns)
    if cohort >= 0:
        t.intervals[cohort, 1, cell, column] = max(t.intervals[cohort, 1, cell, column], lasted_ns)


@jit
def count_wrap_up(t: Tables, e: int, lasted_ns: int) -> None:
    """Count the end of a wrap-up, whose contact is gone already."""
    wrap_up = t.engagements[e]
    cells = _cells(t, wrap_up.queue * CHANNELS + wrap_up.channel, wrap_up.cohort, wrap_up.cohort_ns)
    count(t, cells, Tally.WRAPPED, 1)
    count(t, cells, Tally.WRAP_UP_NS, lasted_ns)
    measure(t, cells, MEASURED_HANDLE, wrap_up.talk_ns + lasted_ns)


@jit
def measure(t: Tables, cells: tuple[int, int, int], which: int, lasted_ns: int) -> None:
    """Add a duration to a histogram, and keep the longest of it."""
    count_longest(t, cells, _LONGEST[which], lasted_ns)
    t.histograms[cells[0], which, bin_of(lasted_ns)] += 1


def _bin_by_formula(lasted_ns: int) -> int:
    return min(max(math.ceil(8.0 * math.log2(lasted_ns / 125e6)), 0), HISTOGRAM_BINS - 1)


def _edge_ns(place: int) -> int:
    """Return the longest duration of a bin by the formula, which rounds."""
    edge_ns = bin_edge_ns(place)
    while _bin_by_formula(edge_ns) > place:
        edge_ns -= 1
    while _bin_by_formula(edge_ns + 1) <= place:
        edge_ns += 1
    return edge_ns


_EDGES_NS: Final = np.array([*(_edge_ns(place) for place in range(HISTOGRAM_BINS - 1)), np.iinfo(np.int64).max])
_FIRST_BINS: Final = np.array(
    [_bin_by_formula((8 + part) << octave >> 3) if octave > 2 else 0 for octave in range(63) for part in range(8)]
)
"""By the highest bit of a duration and the three below it: the bin of the shortest such duration."""


@jit
def bin_of(lasted_ns: int) -> int:
    """Return the bin of a histogram in which a duration is counted, looking for it no further than two bins."""
    if lasted_ns <= _EDGES_NS[0]:
        return 0
    octave = highest(np.uint64(lasted_ns))
    place = _FIRST_BINS[(octave << 3) + ((lasted_ns >> (octave - 3)) & 7)]
    place += 1 if lasted_ns > _EDGES_NS[place] else 0
    place += 1 if lasted_ns > _EDGES_NS[place] else 0
    return place
