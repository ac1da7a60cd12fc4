"""What every figure starts from: a window of the kernel's counters, and the arithmetic that says null for 0/0."""

from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.exits import DISMISSED, FAULTS, FLOW_OUTS, GAVE_UP, MOVED_ON, REFUSED, exit_names
from engine.messages.kinds import (
    CHANNELS,
    CONTACT_CONNECTED,
    CONTACT_HELD_STATE,
    CONTACT_OFFERED,
    CONTACT_WAITING,
    ENGAGEMENT_WRAPPING,
    EXIT_ANSWERED,
    EXIT_NAMES,
    EXIT_SHORT_ABANDONED,
    EXITS,
    FLAG_CALLS_BACK,
)
from engine.model.settings import EngineSetting, QueueSetting
from engine.model.tallies import MAXIMA, TALLY_COLUMNS, Tally

NS: Final = 1e9
BY_EVENT: Final = 0
BY_ARRIVAL: Final = 1
NEVER_NS: Final = np.iinfo(np.int64).max


def ratio(part: float, whole: float) -> float | None:
    """Return part/whole, or None when there is nothing to divide by: not computable is not zero."""
    return float(part / whole) if whole else None


def mean_s(total_ns: float, count: float) -> float | None:
    """Return the mean in seconds of `count` times that sum to `total_ns`, or None of nothing."""
    return round(float(total_ns) / count / NS, 3) if count else None


def add_up(tallies: Array) -> Array:
    """Add counters over all axes but the last; the columns of MAXIMA are no sums."""
    flat = tallies.reshape(-1, TALLY_COLUMNS)
    total: Array = flat.sum(axis=0)
    total[[*MAXIMA]] = flat[:, [*MAXIMA]].max(axis=0, initial=0)
    return total


def window_start_ns(t: Tables, since_ns: int) -> int:
    """Return where figures since `since_ns` really begin: with its interval, or with the oldest that is kept.

    0, the beginning of the log, stays what it is.
    """
    if since_ns <= 0:
        return 0
    length_ns = int(t.book["settings"][0, EngineSetting.INTERVAL_NS])
    newest_ns = book_now_ns(t) // length_ns * length_ns
    return max(since_ns // length_ns * length_ns, newest_ns - (len(t.intervals) - 1) * length_ns)


def window(t: Tables, since_ns: int = 0, until_ns: int = NEVER_NS, by: int = BY_EVENT) -> Array:
    """Return the counters of every cell, shape (cells, TALLY_COLUMNS), of the intervals that start in the window.

    `since_ns` is what `window_start_ns` made of it.

    With the defaults: everything since the beginning of the log.
    """
    if since_ns <= 0 and until_ns == NEVER_NS:
        return t.tallies
    starts = t.interval_starts
    rows = t.intervals[(starts >= since_ns) & (starts >= 0) & (starts < until_ns), by]
    total: Array = rows.sum(axis=0)
    total[:, [*MAXIMA]] = rows[:, :, [*MAXIMA]].max(axis=0, initial=0)
    return total


def cells_of(queue: int) -> slice:
    """Return the counters' cells of all channels of a queue."""
    return slice(queue * CHANNELS, (queue + 1) * CHANNELS)


class Counts(msgspec.Struct, frozen=True):
    """What became of the entries of a window: whole numbers, straight from the counters."""

    entries: int
    answered: int
    answered_within: int
    abandoned: int
    """All who left while waiting, short ones included."""
    short_abandoned: int
    abandoned_within: int
    """Abandoned, short ones included, after a wait <= T."""
    callbacks_within: int
    met: int
    """Served in time, by the live rule."""
    missed: int
    """Missed, by the live rule, whatever became of them; without those who still wait past T."""
    exits: dict[str, int]
    """Every way out by name, zeros included; their sum is entries - waiting."""

    def left(self, exits: tuple[int, ...]) -> int:
        """Return how many left in one of these ways."""
        return sum(self.exits[name] for name in exit_names(exits))

    @property
    def flow_outs(self) -> int:
        """Left the line by the queue's doing or by choice of another way, and had been waiting in it."""
        return self.left(FLOW_OUTS)

    @property
    def refused(self) -> int:
        """Refused, at the door or by a step."""
        return self.left(REFUSED)

    @property
    def dismissed(self) -> int:
        """The queue hung up on them."""
        return self.left(DISMISSED)

    @property
    def moved_on(self) -> int:
        """Went on elsewhere: overflowed, transferred, or by a key."""
        return self.left(MOVED_ON)

    @property
    def failed(self) -> int:
        """Lost by a fault."""
        return self.left(FAULTS)


def counts(tally: Array) -> Counts:
    """Read one row of counters (see `add_up`)."""
    exits = tally[Tally.EXIT : Tally.EXIT + EXITS].tolist()
    return Counts(
        entries=int(tally[Tally.ENTRIES]),
        answered=exits[EXIT_ANSWERED],
        answered_within=int(tally[Tally.ANSWERED_WITHIN]),
        abandoned=sum(exits[way_out] for way_out in GAVE_UP),
        short_abandoned=exits[EXIT_SHORT_ABANDONED],
        abandoned_within=int(tally[Tally.ABANDONED_WITHIN]),
        callbacks_within=int(tally[Tally.OTHER_WITHIN]),
        met=int(tally[Tally.MET]),
        missed=int(tally[Tally.MISSED]),
        exits={EXIT_NAMES[number]: exits[number] for number in range(EXITS)},
    )


class LiveCells(msgspec.Struct, frozen=True):
    """Who is in the house now, one figure for each cell (queue and channel)."""

    waiting: Array
    """Not answered yet: in line or being offered."""
    offered: Array
    connected: Array
    held: Array
    wrapping: Array
    overdue: Array
    """In the queue for longer than T: already misses of the service level, as the counters will have it."""
    oldest_entered_ns: Array
    """Since when the longest waiting waits, see `waiting_since_ns`; NEVER_NS: nobody waits."""
    oldest_arrived_ns: Array
    callbacks: Array
    """Of the waiting, those whom the engine calls back."""
    callback_since_ns: Array
    """When the first of them asked for it; NEVER_NS: there is none."""


def live_cells(t: Tables, now_ns: int) -> LiveCells:
    """Count the contacts and wrap-ups of every cell at `now_ns`."""
    size = len(t.tallies)
    queue, slots = t.contacts["queue"], np.flatnonzero(t.contacts["queue"] >= 0)
    queue, state = queue[slots], t.contacts["state"][slots]
    cell = queue * CHANNELS + t.contacts["channel"][slots]

    def count(mask: Array) -> Array:
        return np.bincount(cell[mask], minlength=size)

    waits = (state == CONTACT_WAITING) | (state == CONTACT_OFFERED)
    waiting, waiting_cell = slots[waits], cell[waits]
    entered_ns = waiting_since_ns(t, waiting)
    late = (
        now_ns - t.contacts["enqueued_ns"][waiting] > t.queues["settings"][:, QueueSetting.THRESHOLD_NS][queue[waits]]
    )
    calls_back = t.contacts["flags"][waiting] & FLAG_CALLS_BACK != 0
    return LiveCells(
        waiting=np.bincount(waiting_cell, minlength=size),
        offered=count(state == CONTACT_OFFERED),
        connected=count(state == CONTACT_CONNECTED),
        held=count(state == CONTACT_HELD_STATE),
        wrapping=np.bincount(_wrapping_cells(t), minlength=size),
        overdue=np.bincount(waiting_cell[late], minlength=size),
        oldest_entered_ns=_oldest(size, waiting_cell, entered_ns),
        oldest_arrived_ns=_oldest(size, waiting_cell, np.minimum(t.contacts["arrived_ns"][waiting], entered_ns)),
        callbacks=np.bincount(waiting_cell[calls_back], minlength=size),
        callback_since_ns=_oldest(size, waiting_cell[calls_back], entered_ns[calls_back]),
    )


class Overdue(NamedTuple):
    """Contacts that wait past T, as arrays."""

    cell: Array
    entered_ns: Array
    passed_ns: Array
    """When T had passed: the instant of the miss."""


def overdue_contacts(t: Tables, now_ns: int) -> Overdue:
    """Return who waits past T at `now_ns`."""
    contacts, state = t.contacts, t.contacts["state"]
    slots = np.flatnonzero((contacts["queue"] >= 0) & ((state == CONTACT_WAITING) | (state == CONTACT_OFFERED)))
    queue, entered_ns = contacts["queue"][slots], contacts["enqueued_ns"][slots]
    passed_ns = entered_ns + t.queues["settings"][:, QueueSetting.THRESHOLD_NS][queue]
    late = passed_ns < now_ns
    cell = queue * CHANNELS + contacts["channel"][slots]
    return Overdue(cell[late], entered_ns[late], passed_ns[late])


def overdue_since(t: Tables, now_ns: int, since_ns: int) -> Array:
    """Return how many wait past T in each cell, and became a miss since an instant: as the counters will have it."""
    found = overdue_contacts(t, now_ns)
    return np.bincount(found.cell[found.passed_ns >= since_ns], minlength=len(t.tallies))


def waiting_since_ns(t: Tables, slots: Array) -> Array:
    """Return since when each of these contacts waits: its entry into the queue; a callback, since its customer did."""
    contacts = t.contacts
    calls_back = contacts["flags"][slots] & FLAG_CALLS_BACK != 0
    since_ns: Array = np.where(calls_back, contacts["line_ns"][slots], contacts["enqueued_ns"][slots])
    return since_ns


def _wrapping_cells(t: Tables) -> Array:
    """Return the cell of every wrap-up, by way of the agents who have one: there is room for far more engagements."""
    found = [np.empty(0, np.int64)]
    places = t.agents["engagement"][t.agents["wrapping"] > 0]
    while len(places := places[places >= 0]):
        wraps = (t.engagements["state"][places] == ENGAGEMENT_WRAPPING) & (t.engagements["queue"][places] >= 0)
        chosen = places[wraps]
        found.append(t.engagements["queue"][chosen] * CHANNELS + t.engagements["channel"][chosen])
        places = t.engagements["next_of_agent"][places]
    return np.concatenate(found)


def _oldest(size: int, cell: Array, since_ns: Array) -> Array:
    oldest = np.full(size, NEVER_NS, np.int64)
    np.minimum.at(oldest, cell, since_ns)
    return oldest


def age_s(since_ns: int, now_ns: int) -> float:
    """Return how long ago `since_ns` was, in seconds; 0 for NEVER_NS."""
    return 0.0 if since_ns == NEVER_NS else round(max(0, now_ns - since_ns) / NS, 3)


def position(t: Tables) -> int:
    """Return the sequence of the row that the tables hold last."""
    return int(t.book["seq"][0])


def book_now_ns(t: Tables) -> int:
    """Return the time of the tables' last turn."""
    return int(t.book["now_ns"][0])


def now_of(t: Tables, now_ns: int | None) -> int:
    """The later of a caller's time and the tables' own, ns."""
    return max(book_now_ns(t), now_ns or 0)


Json = dict[str, Any]
