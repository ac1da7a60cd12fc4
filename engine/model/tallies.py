"""The counters that the kernel keeps: one row of int64 for each queue and channel, lifetime and by interval.

The kernel adds to them while it folds rows; projections read them and give the formulas. Sums are in nanoseconds.
The cell of queue q and channel c is `q * CHANNELS + c`. Everything here equals a recount of the log, which tests do.
"""

from enum import IntEnum
from typing import Final

from engine.messages.kinds import EXITS


class Tally(IntEnum):
    """Columns of a queue's counters."""

    ENTRIES = 0
    """Contacts offered to the queue (each entry: arrival, overflow, transfer)."""
    EXIT = 1
    """From here EXITS columns, one for each way out; ENTRIES - sum(exits) = waiting."""
    ANSWERED_WITHIN = EXIT + EXITS
    """Answered with wait <= T."""
    ABANDONED_WITHIN = 17
    """Abandoned (short ones included) with wait <= T."""
    OTHER_WITHIN = 18
    """Callbacks requested with wait <= T."""
    MET = 19
    """Service level by the live rule: the first of answered, abandoned, threshold passed was an answer."""
    MISSED = 20
    """... was the passing of the threshold, or an abandonment that is not short."""
    ANSWERED_WAIT_NS = 21
    ABANDONED_WAIT_NS = 22
    LONGEST_WAIT_NS = 23
    """Longest wait of any outcome."""
    HANDLED = 24
    """Contacts ended after an answer."""
    TALK_NS = 25
    """Connected time, holds included."""
    HOLD_NS = 26
    WRAPPED = 27
    WRAP_UP_NS = 28
    OFFERS = 29
    OFFERS_NOT_ANSWERED = 30
    OFFERS_DECLINED = 31
    """Declined, busy or unreachable."""
    OFFERS_LOST = 32
    """Ended because the contact left, was taken elsewhere, or the offer was withdrawn."""
    RING_NS = 33
    TRANSFERRED_OUT = 34
    """Connected contacts that went on to another queue or agent."""
    TOLD = 35
    """Contacts answered that had been told an expected wait."""
    TOLD_WITHIN_P50 = 36
    TOLD_WITHIN_P90 = 37


TALLY_COLUMNS: Final = 38
assert int(Tally.ANSWERED_WITHIN) == 16

HISTOGRAM_BINS: Final = 128
"""Bins of the wait histogram: bin 0 is [0, 1/8 s); from there eight bins an octave up to 2^15 s."""

MEASURED_ANSWERED: Final = 0
MEASURED_LOST: Final = 1
MEASURED_HANDLE: Final = 2
HISTOGRAMS: Final = 3
"""Histograms a cell has: wait of the answered, wait of the lost, handle time."""


def bin_edge_ns(place: int) -> int:
    """Return the upper edge of histogram bin `place` in ns: 1/8 s * 2^(place/8)."""
    return int(125_000_000 * 2.0 ** (place / 8.0))
