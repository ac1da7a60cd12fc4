"""The registry of open contacts, made from recorded rows: by vector over whole runs. Only what is still open in the end
is ever decoded, so that a contact that came and went costs no more than its rows.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np

from engine.effects.callback_names import callback_keys
from engine.effects.derive import OwedCallback
from engine.ingest.names import InternedNames
from engine.ingest.registry import ContactEntry, OpenContacts, entry_of
from engine.kernel.tables import Array
from engine.log_port import Turn
from engine.messages.kinds import (
    CALLBACK_REQUESTED,
    CONTACT_ARRIVED,
    CONTACT_LEFT,
    CONTACT_QUEUED,
    EXIT_CALLBACK,
    FACT_REFUSED,
    FIRST_DECIDED,
    FLAG_CLOSES,
    LEG_RECORDED,
)
from engine.messages.observed import CallbackRequested, ContactArrived, LegRecorded
from engine.messages.recorded import read_recorded
from engine.messages.rows import ROW
from engine.state import row_payload

OWED_KEPT: Final = 1024
RUNS_KEPT: Final = 16
"""Runs whose payloads are kept at hand; then what is open is decoded, and they are let go."""
WORDS: Final = ROW.itemsize // 8


class LatestRows:
    """The latest row of one kind about each slot."""

    def __init__(self, slots: int) -> None:
        self.seqs = np.zeros(slots, np.int64)
        """Sequence of each; 0: there is none."""
        self._words = np.zeros((slots, WORDS), np.uint64)
        self._runs = np.zeros(slots, np.int32)
        self.rows: Any = self._words.reshape(-1).view(ROW)

    def grow(self, slots: int) -> None:
        """Make room for so many slots."""
        more = slots - len(self.seqs)
        self.seqs = np.pad(self.seqs, (0, more))
        self._words = np.pad(self._words, ((0, more), (0, 0)))
        self._runs = np.pad(self._runs, (0, more))
        self.rows = self._words.reshape(-1).view(ROW)

    def note(self, run: Turn, places: Array, slots: Array, run_number: int) -> None:
        """Take in rows of one run; of several about one slot the last counts."""
        self.seqs[slots] = places + run.first_seq
        self._words[slots] = run.rows.view(np.uint64).reshape(-1, WORDS)[places]
        self._runs[slots] = run_number

    def told(self, slots: Array, payloads: list[memoryview]) -> Iterator[tuple[int, int, int, memoryview]]:
        """Yield (slot, source, sequence, payload) of the rows about these slots."""
        rows = self.rows[slots]
        columns = (slots, rows["source"], self.seqs[slots], self._runs[slots], rows["payload_offset"])
        ends = rows["payload_offset"] + rows["payload_size"]
        for slot, source, seq, number, start, end in zip(*(found.tolist() for found in (*columns, ends)), strict=True):
            yield slot, source, seq, payloads[number][start:end]

    def payload(self, slot: int, payloads: list[memoryview]) -> memoryview:
        """The payload of the row about this slot; `payloads` are those of the runs."""
        return row_payload(self.rows[slot], payloads[self._runs[slot]])


class Noted(NamedTuple):
    """One row with its sequence, 0 where there is none, and its payload."""

    seq: int
    row: Any
    payload: memoryview


class Opened(NamedTuple):
    """An arrival that was not decoded yet."""

    slot: int
    source: int
    seq: int
    payload: bytes


class Owed(NamedTuple):
    """One customer who left for a callback, as the rows say it."""

    seq: int
    queue: int
    line_ns: int
    entry: ContactEntry | None
    """None: its arrival was not decoded yet."""
    opened: Opened
    asked: bytes | None
    """Payload of the last CALLBACK_REQUESTED; None where there is none."""
    keys: tuple[int, ...]
    """Idempotence keys by which the callback's arrival would be known."""

    def told(self) -> OwedCallback:
        """Decode it."""
        slot, source, seq, payload = self.opened
        entry = self.entry
        if entry is None:
            entry = entry_of(slot, source, seq, payload)
        if self.asked is not None:
            entry.callback_number = number_in(self.asked)
        entry.line_ns = self.line_ns
        return OwedCallback(self.seq, entry, self.queue, self.line_ns)


class ContactReplay:
    """Follows runs of rows; `settle` brings the registry to what they say."""

    def __init__(self, contacts: OpenContacts, names: InternedNames) -> None:
        self._names = names
        self._contacts = contacts
        slots = len(contacts.taken())
        self._opened = np.zeros(slots, np.int64)
        """By slot: sequence of the arrival of the contact that is open; 0: none is."""
        for entry in contacts:
            self._opened[entry.slot] = max(1, entry.arrival_seq)
        self._last = np.zeros(slots, np.int64)
        self._arrivals = LatestRows(slots)
        self._queued = LatestRows(slots)
        self._asked = LatestRows(slots)
        self._legs: list[tuple[Array, Array, memoryview]] = []
        """Sequences and rows of LEG_RECORDED, run by run, with the run's payload."""
        self._payloads: list[memoryview] = []
        self._owed: deque[Owed] = deque(maxlen=OWED_KEPT)

    def absorb(self, run: Turn, kinds: Array) -> None:
        """Take in the next run, whose rows are of these kinds; a later slot than ever before is room that was made."""
        self._grow(len(self._contacts.taken()))
        self._payloads.append(run.payload)
        rows = run.rows
        arrivals, closes = np.flatnonzero(kinds == CONTACT_ARRIVED), _closes(rows, kinds)
        queued, asked = np.flatnonzero(kinds == CONTACT_QUEUED), np.flatnonzero(kinds == CALLBACK_REQUESTED)
        left = closes[(kinds[closes] == CONTACT_LEFT) & (rows["a"][closes] == EXIT_CALLBACK)][-OWED_KEPT:]
        if len(left):
            self._note_owed(run, left, arrivals, queued, asked)
        if self._owed:
            self._drop_answered(rows["dedupe"][arrivals])
        self._note_open(run, arrivals, closes)
        number = len(self._payloads) - 1
        for latest, places in ((self._queued, queued), (self._asked, asked)):
            latest.note(run, places, rows["contact"][places], number)
        self._note_legs(run, np.flatnonzero(kinds == LEG_RECORDED))
        if len(self._payloads) >= RUNS_KEPT:
            self.settle()

    def settle(self) -> None:
        """Enter every contact that is open now, with what its rows said; the payloads of the runs are let go."""
        opened = self._opened
        fresh = np.flatnonzero(self._arrivals.seqs)
        fresh = fresh[np.argsort(self._arrivals.seqs[fresh])]
        for slot, source, seq, payload in self._arrivals.told(fresh, self._payloads):
            self._contacts.open(entry_of(slot, source, seq, bytes(payload)))
        in_line = np.flatnonzero((self._queued.seqs > opened) & (opened > 0))
        for slot, line_ns in zip(in_line.tolist(), self._queued.rows["a"][in_line].tolist(), strict=True):
            self._entry(slot).line_ns = line_ns
        asked = np.flatnonzero((self._asked.seqs > opened) & (opened > 0))
        for slot, _, _, payload in self._asked.told(asked, self._payloads):
            self._entry(slot).callback_number = number_in(payload)
        for seqs, rows, payload in self._legs:
            for place in np.flatnonzero(self._is_of_open(seqs, rows)).tolist():
                leg = read_recorded(row_payload(rows[place], payload), LegRecorded)
                self._entry(int(rows["contact"][place])).record_leg(leg.leg, leg.record)
        for latest in (self._arrivals, self._queued, self._asked):
            latest.seqs[:] = 0
        self._legs.clear()
        self._payloads.clear()

    def owed(self) -> list[OwedCallback]:
        """The latest customers who left for a callback that never came, in order."""
        return [owed.told() for owed in self._owed]

    def name_of(self, arrival_seq: int) -> str:
        """Name of the open contact that arrived at this sequence."""
        slot = int(np.flatnonzero(self._opened == arrival_seq)[0])
        entry = self._contacts.at(slot)
        if entry is None or self._arrivals.seqs[slot] == arrival_seq:
            return read_recorded(self._arrivals.payload(slot, self._payloads), ContactArrived).contact
        return entry.name

    def _grow(self, slots: int) -> None:
        more = slots - len(self._opened)
        if more:
            self._opened, self._last = np.pad(self._opened, (0, more)), np.pad(self._last, (0, more))
            for latest in (self._arrivals, self._queued, self._asked):
                latest.grow(slots)

    def _entry(self, slot: int) -> ContactEntry:
        entry = self._contacts.at(slot)
        assert entry is not None, "open"
        return entry

    def _is_of_open(self, seqs: Array, rows: Array) -> Array:
        """Which of these rows are about a contact that is open now, and not about one before it in its slot."""
        opened = self._opened[rows["contact"]]
        found: Array = (opened > 0) & (seqs > opened) & (rows["contact"] >= 0)
        return found

    def _note_open(self, run: Turn, arrivals: Array, closes: Array) -> None:
        """What happened last to each slot decides."""
        slots = run.rows["contact"]
        happened = np.sort(np.concatenate([arrivals, closes]))
        touched = slots[happened]
        self._last[touched] = happened
        for slot in np.unique(touched[self._contacts.taken()[touched]]).tolist():
            self._contacts.close(slot)
        self._opened[touched] = 0
        self._arrivals.seqs[touched] = 0
        stay = arrivals[self._last[slots[arrivals]] == arrivals]
        self._arrivals.note(run, stay, slots[stay], len(self._payloads) - 1)
        self._opened[slots[stay]] = stay + run.first_seq

    def _note_legs(self, run: Turn, places: Array) -> None:
        rows, seqs = run.rows[places], places + run.first_seq
        kept = np.flatnonzero(self._is_of_open(seqs, rows))
        if len(kept):
            self._legs.append((seqs[kept], rows[kept], run.payload))

    def _note_owed(self, run: Turn, left: Array, arrivals: Array, queued: Array, asked: Array) -> None:
        """Keep what is known of those who left, as of then; decoded if it is still among the latest in the end."""
        slots = run.rows["contact"][left]
        noted = zip(
            zip(left.tolist(), slots.tolist(), run.rows["queue"][left].tolist(), strict=True),
            self._before(run, self._arrivals, arrivals, left, slots),
            self._before(run, self._queued, queued, left, slots),
            self._before(run, self._asked, asked, left, slots),
            strict=True,
        )
        for (place, slot, queue), arrival, line, number in noted:
            entry = None if arrival.seq else self._contacts.at(slot)
            if not arrival.seq and entry is None:
                continue
            line_ns = entry.line_ns if entry is not None else 0
            if line.seq > arrival.seq:
                line_ns = int(line.row["a"])
            told = bytes(number.payload) if number.seq > arrival.seq else None
            opened = Opened(slot, int(arrival.row["source"]), arrival.seq, bytes(arrival.payload))
            seq = run.first_seq + place
            source = entry.source if entry is not None else opened.source
            owner = self._names.owners[source] if source < len(self._names.owners) else ""
            self._owed.append(Owed(seq, queue, line_ns, entry, opened, told, callback_keys(seq, owner)))

    def _drop_answered(self, dedupe: Array) -> None:
        """Forget those whose callback is among these arrivals."""
        came = set(dedupe[dedupe != 0].tolist())
        if came:
            owed = [owed for owed in self._owed if came.isdisjoint(owed.keys)]
            if len(owed) < len(self._owed):
                self._owed = deque(owed, maxlen=OWED_KEPT)

    def _before(self, run: Turn, latest: LatestRows, places: Array, asked: Array, slots: Array) -> Iterator[Noted]:
        """For each asked place the last row of a kind about its slot before it: in this run, or in an earlier one."""
        rows = run.rows
        in_run = latest_before(places, rows["contact"][places], asked, slots)
        for place, slot in zip(in_run.tolist(), slots.tolist(), strict=True):
            if place >= 0:
                yield Noted(run.first_seq + place, rows[place], row_payload(rows[place], run.payload))
            elif latest.seqs[slot]:
                yield Noted(int(latest.seqs[slot]), latest.rows[slot], latest.payload(slot, self._payloads))
            else:
                yield Noted(0, latest.rows[slot], memoryview(b""))


def _closes(rows: Any, kinds: Array) -> Array:
    """Places of the rows after which the contact is no more, or never was."""
    closing = (rows["flags"] & FLAG_CLOSES != 0) & (kinds >= FIRST_DECIDED)
    refused = np.flatnonzero(kinds == FACT_REFUSED)
    closing[refused[rows["b"][refused] == CONTACT_ARRIVED]] = True
    closes = np.flatnonzero(closing)
    found: Array = closes[rows["contact"][closes] >= 0]
    return found


def latest_before(places: Array, slots: Array, asked: Array, asked_slots: Array) -> Array:
    """For each asked place the last of `places` before it that is about the same slot; -1 where there is none."""
    keys = np.r_[-1, np.sort(slots.astype(np.int64) << 32 | places)]
    found = keys[np.searchsorted(keys, asked_slots.astype(np.int64) << 32 | asked) - 1]
    before: Array = np.where(found >> 32 == asked_slots, found & 0xFFFFFFFF, -1)
    return before


def number_in(payload: bytes | memoryview) -> str:
    """The number that a CALLBACK_REQUESTED gives; none without a payload."""
    return read_recorded(payload, CallbackRequested).number if len(payload) else ""
