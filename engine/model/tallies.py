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
    ABANDONED_WITHIN = 18
    """Abandoned (short ones included) with wait <= T."""
    OTHER_WITHIN = 19
    """Callbacks requested with wait <= T."""
    MET = 20
    """Service level by the live rule: the first of answered, abandoned, threshold passed was an answer."""
    MISSED = 21
    """... was the passing of the threshold, an abandonment that is not short, or the queue that ended the wait."""
    ANSWERED_WAIT_NS = 22
    ABANDONED_WAIT_NS = 23
    LONGEST_WAIT_NS = 24
    """Longest wait of any outcome."""
    HANDLED = 25
    """Contacts ended after an answer."""
    TALK_NS = 26
    """Connected time, holds included."""
    HOLD_NS = 27
    WRAPPED = 28
    WRAP_UP_NS = 29
    OFFERS = 30
    OFFERS_NOT_ANSWERED = 31
    OFFERS_DECLINED = 32
    """Declined, busy or unreachable."""
    OFFERS_LOST = 33
    """Ended because the contact left, was taken elsewhere, or the offer was withdrawn."""
    RING_NS = 34
    TRANSFERRED_OUT = 35
    """Connected contacts that went on to another queue or agent."""
    TOLD = 36
    """Contacts answered that had been told an expected wait."""
    TOLD_WITHIN_P50 = 37
    TOLD_WITHIN_P90 = 38
    LONGEST_ANSWERED_NS = 39
    """Longest wait of the answered."""
    LONGEST_LOST_NS = 40
    """... of the abandoned, short ones included."""
    LONGEST_HANDLE_NS = 41
    """Longest talk and wrap-up of one contact."""

    MESSAGES_RECEIVED = 42
    """Lines that customers wrote."""
    MESSAGES_SENT = 43
    """Lines that agents wrote."""
    FIRST_RESPONSES = 44
    """Contacts to which an agent has written."""
    FIRST_RESPONSE_NS = 45
    """From the arrival to that first line."""
    REPLIES = 46
    """Later lines of agents that a customer waited for."""
    REPLY_NS = 47
    """From the customer's first unanswered line to such a reply."""
    ENDED_IDLE = 48
    """Chats that ended because their customer wrote nothing more."""
    LONGEST_FIRST_RESPONSE_NS = 49
    LONGEST_REPLY_NS = 50


TALLY_COLUMNS: Final = 51
LONGEST: Final = (
    Tally.LONGEST_ANSWERED_NS,
    Tally.LONGEST_LOST_NS,
    Tally.LONGEST_HANDLE_NS,
    Tally.LONGEST_FIRST_RESPONSE_NS,
    Tally.LONGEST_REPLY_NS,
)
"""The column that keeps the longest of each histogram, by the histogram's number."""
MAXIMA: Final = (Tally.LONGEST_WAIT_NS, *LONGEST)
"""Columns that are not sums: of several rows, the largest counts."""
assert int(Tally.ANSWERED_WITHIN) == 17

HISTOGRAM_BINS: Final = 176
"""Bins of a histogram: bin 0 is [0, 1/8 s], each further one begins above the edge of the one before, eight an octave.
The last edge is at five and a half days; what lasts longer is in the last bin, too.
"""

MEASURED_ANSWERED: Final = 0
MEASURED_LOST: Final = 1
MEASURED_HANDLE: Final = 2
MEASURED_FIRST_RESPONSE: Final = 3
MEASURED_REPLY: Final = 4
HISTOGRAMS: Final = 5
"""Histograms a cell has: wait of the answered, wait of the lost, handle time, first response, reply."""


def bin_edge_ns(place: int) -> int:
    """Return the upper edge of histogram bin `place` in ns: 1/8 s * 2^(place/8)."""
    return int(125_000_000 * 2.0 ** (place / 8.0))
