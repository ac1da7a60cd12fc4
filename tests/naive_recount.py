"""What a reader with pencil and paper makes of a log: every counter of every queue, from the rows alone.

Written from what the words mean, not from how the engine counts. Each contact's stay in a queue is a record; what
happens in it is written into two ledgers, under the instant when it happened and under that when the stay began.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from engine.messages import kinds as k
from engine.messages.rows import unpack_entry
from engine.model.settings import ENGINE_DEFAULTS, QUEUE_DEFAULTS, EngineSetting, QueueSetting
from engine.model.tallies import (
    HISTOGRAM_BINS,
    HISTOGRAMS,
    MEASURED_ANSWERED,
    MEASURED_FIRST_RESPONSE,
    MEASURED_HANDLE,
    MEASURED_LOST,
    MEASURED_REPLY,
    TALLY_COLUMNS,
    Tally,
    bin_edge_ns,
)

SECOND_NS: Final = 1_000_000_000
SENT_AWAY: Final = ("timed_out", "empty", "refused_full", "refused_empty", "refused_closed", "refused_trunk")
Cell = tuple[int, int]
MAXIMA: Final = {
    Tally.LONGEST_WAIT_NS,
    Tally.LONGEST_ANSWERED_NS,
    Tally.LONGEST_LOST_NS,
    Tally.LONGEST_HANDLE_NS,
    Tally.LONGEST_FIRST_RESPONSE_NS,
    Tally.LONGEST_REPLY_NS,
}
LONGEST: Final = {
    MEASURED_ANSWERED: Tally.LONGEST_ANSWERED_NS,
    MEASURED_LOST: Tally.LONGEST_LOST_NS,
    MEASURED_HANDLE: Tally.LONGEST_HANDLE_NS,
    MEASURED_FIRST_RESPONSE: Tally.LONGEST_FIRST_RESPONSE_NS,
    MEASURED_REPLY: Tally.LONGEST_REPLY_NS,
}
ENDS: Final = {
    k.OFFER_NO_ANSWER: Tally.OFFERS_NOT_ANSWERED,
    k.OFFER_REJECTED: Tally.OFFERS_DECLINED,
    k.OFFER_BUSY: Tally.OFFERS_DECLINED,
    k.OFFER_UNREACHABLE: Tally.OFFERS_DECLINED,
    k.OFFER_CONTACT_LEFT: Tally.OFFERS_LOST,
    k.OFFER_TAKEN_ELSEWHERE: Tally.OFFERS_LOST,
    k.OFFER_WITHDRAWN: Tally.OFFERS_LOST,
}


class Stay(msgspec.Struct):
    """One contact's stay in one queue, from its entry to the end of the talk; `wraps` are what agents do after it."""

    cell: Cell
    since: int
    lengths: int
    """Lengths that intervals had had when it began: those of another length have no cohort for it."""
    told: tuple[int | None, int | None] = (None, None)
    rings: dict[int, int] = {}
    answered: int = 0
    held_since: int | None = None
    held: int = 0


class Talk(msgspec.Struct):
    """What was written in one contact, over all its stays."""

    since: int
    responded: bool = False
    asked: int | None = None


class WrapUp(msgspec.Struct):
    """What an agent still does for a stay that is over."""

    stay: Stay
    talk: int
    since: int


class Ledger:
    """Counters by any key."""

    def __init__(self) -> None:
        self.cells: defaultdict[Any, defaultdict[Cell, list[int]]] = defaultdict(
            lambda: defaultdict(lambda: [0] * TALLY_COLUMNS)
        )

    def add(self, key: Any, cell: Cell, column: int, amount: int) -> None:
        counters = self.cells[key][cell]
        counters[column] = max(counters[column], amount) if column in MAXIMA else counters[column] + amount


class NaiveRecount:
    """Reads rows in their order; `rows` is everything from the first on, sequence 1."""

    def __init__(self, rows: Iterable[Any]) -> None:
        told = list(rows)
        self.now = 0
        self.whole = Ledger()
        self.by_event, self.by_arrival = Ledger(), Ledger()
        self.histograms: defaultdict[Cell, list[list[int]]] = defaultdict(
            lambda: [[0] * HISTOGRAM_BINS for _ in range(HISTOGRAMS)]
        )
        self._settings: dict[tuple[int, int], int] = {}
        self.interval_ns = ENGINE_DEFAULTS[EngineSetting.INTERVAL_NS]
        self.lengths = 0
        self._channels: dict[int, int] = {}
        self._talks: dict[int, Talk] = {}
        self.stays: dict[int, Stay] = {}
        self._last_ended: dict[int, tuple[Stay, int]] = {}
        self._wraps: dict[int, WrapUp] = {}
        refused = {seq - int(row["cause"]) for seq, row in enumerate(told, 1) if row["kind"] == k.FACT_REFUSED}
        for seq, row in enumerate(told, 1):
            self.now = max(self.now, int(row["at_ns"]))
            react = REACTIONS.get(int(row["kind"]))
            if react is not None and seq not in refused:
                react(self, row)

    # --- how things are written down

    def interval(self, at: int) -> int:
        return at // self.interval_ns

    def _note(self, stay: Stay, column: int, amount: int = 1, at: int | None = None) -> None:
        self.whole.add(None, stay.cell, column, amount)
        self.by_event.add(self.interval(self.now if at is None else at), stay.cell, column, amount)
        if stay.lengths == self.lengths:
            self.by_arrival.add(self.interval(stay.since), stay.cell, column, amount)

    def _measure(self, stay: Stay, which: int, lasted: int) -> None:
        place = next((p for p in range(HISTOGRAM_BINS) if lasted <= bin_edge_ns(p)), HISTOGRAM_BINS - 1)
        self.histograms[stay.cell][which][place] += 1
        self._note(stay, LONGEST[which], lasted)

    def _threshold(self, stay: Stay) -> int:
        return self._queue(stay.cell[0], QueueSetting.THRESHOLD_NS)

    def _queue(self, queue: int, column: int) -> int:
        return self._settings.get((queue, column), QUEUE_DEFAULTS.get(column, 0))

    # --- what the rows say

    def _set(self, row: Any) -> None:
        if row["agent"] == k.TABLE_QUEUE:
            self._settings[int(row["queue"]), int(row["contact"])] = int(row["a"])
        is_length = row["agent"] == k.TABLE_ENGINE and row["contact"] == EngineSetting.INTERVAL_NS
        if is_length and int(row["a"]) != self.interval_ns:
            self.interval_ns, self.lengths = int(row["a"]), self.lengths + 1
            self.by_event, self.by_arrival = Ledger(), Ledger()

    def _arrive(self, row: Any) -> None:
        self._channels[int(row["contact"])] = int(row["a"]) & 0xFF
        self._talks[int(row["contact"])] = Talk(self.now)

    def _enter(self, row: Any) -> None:
        slot, queue = int(row["contact"]), int(row["queue"])
        _, p50, p90 = unpack_entry(int(row["b"]))
        stay = self.stays[slot] = Stay((queue, self._channels[slot]), self.now, self.lengths, (p50, p90))
        self._note(stay, Tally.ENTRIES)

    def _leave(self, row: Any) -> None:
        slot, queue, way_out = int(row["contact"]), int(row["queue"]), int(row["a"])
        if not row["flags"] & k.FLAG_WAITED:
            stay = Stay((queue, self._channels[slot]), self.now, self.lengths)
            self._note(stay, Tally.ENTRIES)
        else:
            stay = self.stays.pop(slot)
            assert not stay.rings
            assert stay.cell[0] == queue
        wait, threshold = self.now - stay.since, self._threshold(stay)
        abandoned = way_out in (k.EXIT_ABANDONED, k.EXIT_SHORT_ABANDONED)
        self._note(stay, Tally.EXIT + way_out)
        self._note(stay, Tally.LONGEST_WAIT_NS, wait)
        if abandoned:
            self._note(stay, Tally.ABANDONED_WAIT_NS, wait)
            self._measure(stay, MEASURED_LOST, wait)
        if wait <= threshold and abandoned:
            self._note(stay, Tally.ABANDONED_WITHIN)
        if wait <= threshold and way_out == k.EXIT_CALLBACK:
            self._note(stay, Tally.OTHER_WITHIN)
        # The first of: answered, abandoned (a short one does not count), hung up on by the queue, threshold passed.
        if wait > threshold:
            self._note(stay, Tally.MISSED, at=stay.since + threshold)
        elif way_out == k.EXIT_ABANDONED or (row["flags"] & k.FLAG_WAITED and k.EXIT_NAMES[way_out] in SENT_AWAY):
            self._note(stay, Tally.MISSED)

    def _offer(self, row: Any) -> None:
        stay = self.stays[int(row["contact"])]
        stay.rings = stay.rings | {int(row["agent"]): self.now}
        self._note(stay, Tally.OFFERS)

    def _end_offer(self, row: Any) -> None:
        stay = self.stays[int(row["contact"])]
        self._note(stay, ENDS[int(row["a"])])
        self._note(stay, Tally.RING_NS, self.now - stay.rings.pop(int(row["agent"])))

    def _answer(self, row: Any) -> None:
        stay = self.stays[int(row["contact"])]
        wait, (p50, p90) = self.now - stay.since, stay.told
        self._note(stay, Tally.RING_NS, self.now - stay.rings.pop(int(row["agent"])))
        stay.answered = self.now
        self._note(stay, Tally.EXIT + k.EXIT_ANSWERED)
        self._note(stay, Tally.ANSWERED_WAIT_NS, wait)
        self._note(stay, Tally.LONGEST_WAIT_NS, wait)
        self._measure(stay, MEASURED_ANSWERED, wait)
        if wait <= self._threshold(stay):
            self._note(stay, Tally.ANSWERED_WITHIN)
            self._note(stay, Tally.MET)
        else:
            self._note(stay, Tally.MISSED, at=stay.since + self._threshold(stay))
        if p50 is not None and p90 is not None:
            self._note(stay, Tally.TOLD)
            self._note(stay, Tally.TOLD_WITHIN_P50, int(wait <= p50 * SECOND_NS))
            self._note(stay, Tally.TOLD_WITHIN_P90, int(wait <= p90 * SECOND_NS))

    def _hold(self, row: Any) -> None:
        self.stays[int(row["contact"])].held_since = self.now

    def _resume(self, row: Any) -> None:
        stay = self.stays[int(row["contact"])]
        assert stay.held_since is not None
        stay.held, stay.held_since = stay.held + self.now - stay.held_since, None

    def _end(self, row: Any) -> None:
        stay = self.stays.pop(int(row["contact"]))
        if stay.held_since is not None:
            stay.held += self.now - stay.held_since
        talk = self.now - stay.answered
        self._note(stay, Tally.HANDLED)
        self._note(stay, Tally.TALK_NS, talk)
        self._note(stay, Tally.HOLD_NS, stay.held)
        if row["a"] == k.BY_IDLE:
            self._note(stay, Tally.ENDED_IDLE)
        if row["a"] == k.BY_TRANSFER:
            self._note(stay, Tally.TRANSFERRED_OUT)
        if row["flags"] & k.FLAG_WRAPS:
            self._last_ended[int(row["agent"])] = stay, talk
        else:
            self._measure(stay, MEASURED_HANDLE, talk)

    def _write(self, row: Any) -> None:
        slot, by = int(row["contact"]), int(row["a"])
        stay, talk = self.stays[slot], self._talks[slot]
        if by == k.BY_CUSTOMER:
            self._note(stay, Tally.MESSAGES_RECEIVED)
            talk.asked = self.now if talk.asked is None else talk.asked
        if by != k.BY_AGENT:
            return
        self._note(stay, Tally.MESSAGES_SENT)
        if not talk.responded:
            self._note(stay, Tally.FIRST_RESPONSES)
            self._note(stay, Tally.FIRST_RESPONSE_NS, self.now - talk.since)
            self._measure(stay, MEASURED_FIRST_RESPONSE, self.now - talk.since)
        elif talk.asked is not None:
            self._note(stay, Tally.REPLIES)
            self._note(stay, Tally.REPLY_NS, self.now - talk.asked)
            self._measure(stay, MEASURED_REPLY, self.now - talk.asked)
        talk.responded, talk.asked = True, None

    def _wrap(self, row: Any) -> None:
        self._wraps[int(row["b"])] = WrapUp(*self._last_ended.pop(int(row["agent"])), self.now)

    def _end_wrap(self, row: Any) -> None:
        wrap = self._wraps.pop(int(row["a"]))
        lasted = self.now - wrap.since
        self._note(wrap.stay, Tally.WRAPPED)
        self._note(wrap.stay, Tally.WRAP_UP_NS, lasted)
        self._measure(wrap.stay, MEASURED_HANDLE, wrap.talk + lasted)


REACTIONS: Final = {
    k.SETTING_CHANGED: NaiveRecount._set,
    k.CONTACT_ARRIVED: NaiveRecount._arrive,
    k.CONTACT_QUEUED: NaiveRecount._enter,
    k.CONTACT_LEFT: NaiveRecount._leave,
    k.OFFER_MADE: NaiveRecount._offer,
    k.OFFER_ENDED: NaiveRecount._end_offer,
    k.CONTACT_ANSWERED: NaiveRecount._answer,
    k.CONTACT_HELD: NaiveRecount._hold,
    k.CONTACT_RESUMED: NaiveRecount._resume,
    k.MESSAGE_SENT: NaiveRecount._write,
    k.CONTACT_ENDED: NaiveRecount._end,
    k.WRAP_UP_STARTED: NaiveRecount._wrap,
    k.WRAP_UP_ENDED: NaiveRecount._end_wrap,
}


def column_name(column: int) -> str:
    """A counter in words."""
    if Tally.EXIT <= column < Tally.EXIT + k.EXITS:
        return f"exit {k.EXIT_NAMES[column - Tally.EXIT]}"
    return Tally(column).name


def _compare(where: str, kept: Any, counted: dict[Cell, list[int]]) -> list[str]:
    found = []
    for cell, counters in enumerate(kept.tolist()):
        other = counted.get(divmod(cell, k.CHANNELS), [0] * TALLY_COLUMNS)
        place = f"{where}, queue and channel {divmod(cell, k.CHANNELS)}"
        found += [
            f"{place}: {column_name(column)} kept {mine}, counted {theirs}"
            for column, (mine, theirs) in enumerate(zip(counters, other, strict=True))
            if mine != theirs
        ]
    return found


def differences(tables: Any, recount: NaiveRecount) -> list[str]:
    """Where the engine's counters are not the recounted ones, one sentence each."""
    found = _compare("in all", tables.tallies, recount.whole.cells[None])
    rows = {
        int(start) // recount.interval_ns: row
        for row, start in enumerate(tables.interval_starts.tolist())
        if start >= 0
    }
    newest = recount.now // recount.interval_ns
    for by, ledger in enumerate((recount.by_event, recount.by_arrival)):
        name = ("by event", "by arrival")[by]
        for number in ledger.cells:
            if number > newest - len(tables.intervals) and number not in rows:
                found.append(f"{name}: no row for interval {number - newest}")
        for number, row in rows.items():
            where = f"{name}, interval {number - newest}"
            found += _compare(where, tables.intervals[row, by], ledger.cells.get(number, {}))
    for cell in range(len(tables.histograms)):
        counted = recount.histograms.get(divmod(cell, k.CHANNELS), [[0] * HISTOGRAM_BINS] * HISTOGRAMS)
        if tables.histograms[cell].tolist() != counted:
            found.append(f"histograms of queue and channel {divmod(cell, k.CHANNELS)} differ")
    return found
