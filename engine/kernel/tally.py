"""Counting: every counter of a queue, since the beginning and by interval, by event and by arrival."""

import math
from typing import Final

from engine.kernel.jit import jit
from engine.kernel.tables import Tables
from engine.messages.kinds import CHANNELS
from engine.model.settings import EngineSetting
from engine.model.tallies import HISTOGRAM_BINS, LONGEST, MEASURED_HANDLE, Tally

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
def _add(t: Tables, cell: int, row: int, cohort: int, cohort_ns: int, column: int, amount: int) -> None:
    """Add to a counter in all, in row `row` by event, and in the cohort's by arrival if the table still holds it."""
    t.tallies[cell, column] += amount
    if row >= 0:
        t.intervals[row, 0, cell, column] += amount
    if t.interval_starts[cohort] == cohort_ns:
        t.intervals[cohort, 1, cell, column] += amount


@jit
def _raise(t: Tables, cell: int, cohort: int, cohort_ns: int, column: int, amount: int) -> None:
    """Keep the largest of a column of MAXIMA."""
    row = t.book[0].interval_row
    t.tallies[cell, column] = max(t.tallies[cell, column], amount)
    t.intervals[row, 0, cell, column] = max(t.intervals[row, 0, cell, column], amount)
    if t.interval_starts[cohort] == cohort_ns:
        t.intervals[cohort, 1, cell, column] = max(t.intervals[cohort, 1, cell, column], amount)


@jit
def count(t: Tables, c: int, column: int, amount: int) -> None:
    """Add to a counter of the contact's queue and channel: at this instant, and for the cohort that entered with it."""
    contact = t.contacts[c]
    cell = contact.queue * CHANNELS + contact.channel
    _add(t, cell, t.book[0].interval_row, contact.cohort, contact.cohort_ns, column, amount)


@jit
def count_at(t: Tables, c: int, column: int, at_ns: int) -> None:
    """Add one to a counter of the contact's queue and channel, as of an earlier instant."""
    contact = t.contacts[c]
    cell = contact.queue * CHANNELS + contact.channel
    _add(t, cell, row_of(t, at_ns), contact.cohort, contact.cohort_ns, column, 1)


@jit
def count_longest(t: Tables, c: int, column: int, wait_ns: int) -> None:
    """Keep the longest."""
    contact = t.contacts[c]
    _raise(t, contact.queue * CHANNELS + contact.channel, contact.cohort, contact.cohort_ns, column, wait_ns)


@jit
def count_wrap_up(t: Tables, e: int, lasted_ns: int) -> None:
    """Count the end of a wrap-up, whose contact is gone already."""
    wrap_up = t.engagements[e]
    cell, row = wrap_up.queue * CHANNELS + wrap_up.channel, t.book[0].interval_row
    _add(t, cell, row, wrap_up.cohort, wrap_up.cohort_ns, Tally.WRAPPED, 1)
    _add(t, cell, row, wrap_up.cohort, wrap_up.cohort_ns, Tally.WRAP_UP_NS, lasted_ns)
    handled_ns = wrap_up.talk_ns + lasted_ns
    _raise(t, cell, wrap_up.cohort, wrap_up.cohort_ns, Tally.LONGEST_HANDLE_NS, handled_ns)
    _put(t, cell, MEASURED_HANDLE, handled_ns)


@jit
def measure(t: Tables, c: int, which: int, lasted_ns: int) -> None:
    """Add a duration to a histogram of the contact's queue and channel, and keep the longest of it."""
    count_longest(t, c, _LONGEST[which], lasted_ns)
    _put(t, t.contacts[c].queue * CHANNELS + t.contacts[c].channel, which, lasted_ns)


@jit
def _put(t: Tables, cell: int, which: int, lasted_ns: int) -> None:
    place = 0
    if lasted_ns > 125_000_000:
        place = min(math.ceil(8.0 * math.log2(lasted_ns / 125e6)), HISTOGRAM_BINS - 1)
    t.histograms[cell, which, place] += 1
