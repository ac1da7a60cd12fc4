"""Counting: every counter of a queue, since the beginning and by interval, by event and by arrival."""

import math

from engine.kernel.jit import jit
from engine.kernel.tables import Tables
from engine.messages.kinds import CHANNELS
from engine.model.settings import EngineSetting
from engine.model.tallies import HISTOGRAM_BINS, Tally


@jit
def advance(t: Tables, at_ns: int) -> None:
    """Move the kernel's time on; open a new row of the interval table when an interval is over."""
    book = t.book[0]
    book.now_ns = max(book.now_ns, at_ns)
    if book.now_ns < book.interval_end_ns:
        return
    length_ns = book.settings[EngineSetting.INTERVAL_NS]
    number = book.now_ns // length_ns
    row = number % len(t.intervals)
    t.intervals[row] = 0
    t.interval_starts[row] = number * length_ns
    t.interval_gaps[row] = 0
    book.interval_row = row
    book.interval_end_ns = (number + 1) * length_ns


@jit
def note_gap(t: Tables, since_ns: int) -> None:
    """Mark every interval that the time from `since_ns` until now touches: what was counted in it is incomplete."""
    length_ns = t.book[0].settings[EngineSetting.INTERVAL_NS]
    for row in range(len(t.intervals)):
        start_ns = t.interval_starts[row]
        if start_ns >= 0 and start_ns <= t.book[0].now_ns and start_ns > since_ns - length_ns:
            t.interval_gaps[row] += 1


@jit
def row_of(t: Tables, at_ns: int) -> int:
    """Return the interval row of an instant, -1 if the table no longer holds it."""
    book = t.book[0]
    number = at_ns // book.settings[EngineSetting.INTERVAL_NS]
    row = number % len(t.intervals)
    return row if t.interval_starts[row] == number * book.settings[EngineSetting.INTERVAL_NS] else -1


@jit
def join_cohort(t: Tables, c: int) -> None:
    """Note in which interval the contact entered its queue."""
    t.contacts[c].cohort = t.book[0].interval_row
    t.contacts[c].cohort_ns = t.interval_starts[t.book[0].interval_row]


@jit
def cohort_of(t: Tables, c: int) -> int:
    """Return the interval row in which the contact entered its queue, -1 if the table no longer holds it."""
    contact = t.contacts[c]
    return contact.cohort if t.interval_starts[contact.cohort] == contact.cohort_ns else -1


@jit
def count(t: Tables, c: int, column: int, amount: int) -> None:
    """Add to a counter of the contact's queue and channel: at this instant, and for the cohort that entered with it."""
    contact = t.contacts[c]
    cell = contact.queue * CHANNELS + contact.channel
    cohort = cohort_of(t, c)
    t.tallies[cell, column] += amount
    t.intervals[t.book[0].interval_row, 0, cell, column] += amount
    if cohort >= 0:
        t.intervals[cohort, 1, cell, column] += amount


@jit
def count_at(t: Tables, c: int, column: int, at_ns: int) -> None:
    """Add one to a counter of the contact's queue and channel, as of an earlier instant."""
    contact = t.contacts[c]
    cell = contact.queue * CHANNELS + contact.channel
    row, cohort = row_of(t, at_ns), cohort_of(t, c)
    t.tallies[cell, column] += 1
    if row >= 0:
        t.intervals[row, 0, cell, column] += 1
    if cohort >= 0:
        t.intervals[cohort, 1, cell, column] += 1


@jit
def count_longest(t: Tables, c: int, wait_ns: int) -> None:
    """Keep the longest wait."""
    contact = t.contacts[c]
    cell = contact.queue * CHANNELS + contact.channel
    column = Tally.LONGEST_WAIT_NS
    row, cohort = t.book[0].interval_row, cohort_of(t, c)
    t.tallies[cell, column] = max(t.tallies[cell, column], wait_ns)
    t.intervals[row, 0, cell, column] = max(t.intervals[row, 0, cell, column], wait_ns)
    if cohort >= 0:
        t.intervals[cohort, 1, cell, column] = max(t.intervals[cohort, 1, cell, column], wait_ns)


@jit
def count_cell(t: Tables, queue: int, channel: int, column: int, amount: int) -> None:
    """Add to a counter of a queue and channel at this instant, where the contact is gone already."""
    cell = queue * CHANNELS + channel
    t.tallies[cell, column] += amount
    t.intervals[t.book[0].interval_row, 0, cell, column] += amount


@jit
def measure(t: Tables, queue: int, channel: int, which: int, lasted_ns: int) -> None:
    """Add a duration to a histogram."""
    place = 0
    if lasted_ns > 125_000_000:
        place = min(math.ceil(8.0 * math.log2(lasted_ns / 125e6)), HISTOGRAM_BINS - 1)
    t.histograms[queue * CHANNELS + channel, which, place] += 1
