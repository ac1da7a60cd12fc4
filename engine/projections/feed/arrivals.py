"""Contacts that are remembered no more, found again in the log: who was in a slot, and what became of one."""

from collections import deque
from typing import Final

import numpy as np

from engine.kernel.tables import Array
from engine.log_port import EventLog, Turn
from engine.messages.kinds import CONTACT_ARRIVED, FACT_REFUSED
from engine.messages.row_fields import fields_of
from engine.projections.contacts.history import FOLLOWED, ContactHistory, names_of
from engine.projections.contacts.records import ContactRecord, Words, begun, go_on

LOOK_BACK_ROWS: Final = 500_000
"""Rows before a page that are looked through for arrivals, once: a fraction of a second."""
LIFE_ROWS_MAX: Final = 2_000_000
"""Rows after an arrival that are looked through for what became of it."""


class Arrivals:
    """Who was in which slot, for one reading of the log from a position on.

    From memory; else from the arrivals that were read, for which `note` must see every run; else from those shortly
    before. Answers as ContactHistory does.
    """

    def __init__(self, log: EventLog, history: ContactHistory) -> None:
        self._log = log
        self._history = history
        self._noted: deque[tuple[Array, Turn]] = deque()
        """The places of arrivals in each run, in order, and the run: only its arrivals' rows are kept."""
        self._looked_back = False

    def note(self, run: Turn) -> None:
        """Take in the run that is read next."""
        self._noted.append(_arrivals_in(run))

    def id_in(self, slot: int, seq: int) -> int | None:
        """Id of the contact that was in `slot` at position `seq`; None where its arrival was not found."""
        found = self._history.id_in(slot, seq) or self._found(slot, seq)
        if found is None and self._noted and not self._looked_back:
            self._look_back()
            found = self._found(slot, seq)
        return found

    def name_in(self, slot: int, seq: int) -> str:
        """Name of the contact that was in `slot` at position `seq`; empty where its arrival was not found."""
        found = self.id_in(slot, seq)
        return self.name_of(found) if found is not None else ""

    def name_of(self, seq: int) -> str:
        """Name of the contact that arrived at `seq`; empty where its arrival was not found."""
        if name := self._history.name_of(seq):
            return name
        for seqs, run in self._noted:
            place = int(np.searchsorted(seqs, seq))
            if place < len(seqs) and int(seqs[place]) == seq:
                (row,) = fields_of(run.rows[place : place + 1])
                payload = bytes(run.payload[row.payload_offset : row.payload_offset + row.payload_size])
                return names_of(seq, payload).contact
        return ""

    def _found(self, slot: int, seq: int) -> int | None:
        for seqs, run in reversed(self._noted):
            if len(seqs) and int(seqs[0]) <= seq:
                places = np.flatnonzero((run.rows["contact"] == slot) & (seqs <= seq))
                if len(places):
                    return int(seqs[places[-1]])
        return None

    def _look_back(self) -> None:
        self._looked_back = True
        first_seq = self._noted[0][1].first_seq
        before = []
        for run in self._log.read_runs(max(1, first_seq - LOOK_BACK_ROWS)):
            if run.first_seq >= first_seq:
                break
            before.append(_arrivals_in(run, first_seq))
        self._noted.extendleft(reversed(before))


def _arrivals_in(run: Turn, before_seq: int | None = None) -> tuple[Array, Turn]:
    """Return the sequences of a run's arrivals that let a contact in, and the run with these rows alone."""
    rows = run.rows if before_seq is None else run.rows[: before_seq - run.first_seq]
    places = np.flatnonzero(_taken(rows) & (rows["kind"] == CONTACT_ARRIVED))
    return run.first_seq + places, Turn(run.first_seq, run.last_seq, rows[places], run.payload)


def _taken(rows: Array) -> Array:
    """Return which rows were not set aside by a refusal."""
    taken = np.ones(len(rows), bool)
    refusals = np.flatnonzero(rows["kind"] == FACT_REFUSED)
    refused = refusals - rows["cause"][refusals]
    taken[refused[refused >= 0]] = False
    return taken


def recorded_contact(log: EventLog, words: Words, seq: int) -> tuple[ContactRecord, int] | None:
    """Return the contact that arrived at `seq` and its slot, read from the log; None where nobody arrived there."""
    found: ContactRecord | None = None
    slot = -1
    for run in log.read_runs(seq):
        rows = run.rows
        if found is None:
            place = seq - run.first_seq
            if not 0 <= place < len(rows) or not (_taken(rows) & (rows["kind"] == CONTACT_ARRIVED))[place]:
                return None
            (row,) = fields_of(rows[place : place + 1])
            payload = bytes(run.payload[row.payload_offset : row.payload_offset + row.payload_size])
            found, slot = begun(words, seq, row, payload), row.contact
        theirs = (rows["contact"] == slot) & FOLLOWED.mask(rows["kind"]) & _taken(rows)
        theirs[: max(0, seq + 1 - run.first_seq)] = False
        places = np.flatnonzero(theirs)
        for place, row in zip(places.tolist(), fields_of(rows[places]), strict=True):
            if row.kind == CONTACT_ARRIVED:
                return found, slot
            go_on(found, words, run.first_seq + place, row)
            if not found.open:
                return found, slot
        if run.last_seq - seq > LIFE_ROWS_MAX:
            break
    return None if found is None else (found, slot)
