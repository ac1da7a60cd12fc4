"""The contacts that closed last before the log ends: whether their adapters were told, the log does not say.

An effect leaves once its cause is durable, so a crash between the two loses it, and nobody else would ever end what is
still up outside. Those contacts are given back once more, and told once more that they are over. Each process says in
the log once its adapters are up, and up to where they were told: only what lies before that is left out.
"""

from collections import deque
from typing import Any, Final, NamedTuple

import numpy as np

from engine.ingest.registry import ContactEntry, OpenContacts, entry_of
from engine.kernel.tables import Array
from engine.log_port import Turn
from engine.messages.kinds import (
    CONFIGURATION_LOADED,
    CONTACT_ARRIVED,
    CONTACT_ENDED,
    CONTACT_LEFT,
    ENGINE_STARTED,
    FLAG_CLOSES,
    LEG_RECORDED,
)
from engine.messages.observed import LegRecorded
from engine.messages.recorded import read_recorded
from engine.messages.row_fields import RowFields, fields_of
from engine.model.settings import SECOND_NS
from engine.state import payload_of

TAIL_ROWS: Final = 16_384
"""Rows before the end of the log among which contacts are looked for that closed last."""
CLOSED_KEPT: Final = 1024
WITHIN_NS: Final = 10 * SECOND_NS
"""Before the last that closed in one process: two writes of the log last not nearly so long, and most were told."""


class ClosedContact(NamedTuple):
    """One contact that is over, as the rows say it."""

    seq: int
    entry: ContactEntry
    row: RowFields
    """That by which it closed."""
    cause: RowFields
    at_ns: int
    life: int
    """Which of the processes that wrote the log had it close."""


class ClosedContacts:
    """Follows the last runs of a log, each before it is applied to `contacts`, which must be settled."""

    def __init__(self, contacts: OpenContacts) -> None:
        self._contacts = contacts
        self._found: deque[ClosedContact] = deque(maxlen=CLOSED_KEPT)
        self._told_seq = 0
        self._life = 0

    def absorb(self, run: Turn) -> None:
        """Take in the next run."""
        rows: Any = run.rows
        kinds = rows["kind"]
        closing = (rows["flags"] & FLAG_CLOSES != 0) & ((kinds == CONTACT_LEFT) | (kinds == CONTACT_ENDED))
        arrived: dict[int, int] = {}
        legs: dict[int, list[int]] = {}
        just_closed: dict[int, list[int]] = {}
        told = kinds == CONFIGURATION_LOADED
        self._told_seq = max(self._told_seq, int(rows["b"][told].max(initial=0)))
        chosen = closing | (kinds == CONTACT_ARRIVED) | (kinds == LEG_RECORDED) | (kinds == ENGINE_STARTED)
        closed: deque[tuple[int, int, int, int, list[int]]] = deque(maxlen=CLOSED_KEPT)
        places = np.flatnonzero(chosen)
        columns = (places.tolist(), kinds[places].tolist(), rows["contact"][places].tolist())
        for place, kind, slot in zip(*columns, strict=True):
            if kind == ENGINE_STARTED:
                self._life += 1
            elif kind == CONTACT_ARRIVED:
                arrived[slot], legs[slot] = place, []
                just_closed.pop(slot, None)
            elif kind == LEG_RECORDED:
                # Who is refused on arrival closes in the same turn, before the row of their own leg: it is kept there.
                of_contact = just_closed[slot] if slot in just_closed else legs.setdefault(slot, [])
                of_contact.append(place)
            else:
                just_closed[slot] = legs.pop(slot, [])
                closed.append((self._life, place, slot, arrived.pop(slot, -1), just_closed[slot]))
        while self._found and self._found[0].seq <= self._told_seq:
            self._found.popleft()
        for one in closed:
            self._note(run, *one)

    def latest(self) -> list[ClosedContact]:
        """Those that closed last, in order; none of them has a name that is open again."""
        since_ns = {closed.life: closed.at_ns - WITHIN_NS for closed in self._found}
        latest = {closed.entry.name: closed for closed in self._found if closed.at_ns >= since_ns[closed.life]}
        return [closed for name, closed in latest.items() if self._contacts.find(name) is None]

    def _note(self, run: Turn, life: int, place: int, slot: int, arrival: int, legs: list[int]) -> None:
        seq, at_ns = run.first_seq + place, int(run.rows["at_ns"][place])
        if seq <= self._told_seq:
            return
        before = self._contacts.at(slot)
        if arrival >= 0:
            source = int(run.rows["source"][arrival])
            entry = entry_of(slot, source, run.first_seq + arrival, bytes(payload_of(run, arrival)))
        elif before is not None:
            entry = ContactEntry(slot, before.source, before.arrival_seq, before.name, before.payload, legs=before.legs)
        else:
            return
        for leg in legs:
            recorded = read_recorded(payload_of(run, leg), LegRecorded)
            entry.record_leg(recorded.leg, recorded.record)
        row, cause = _row(run.rows, place), _row(run.rows, place - int(run.rows["cause"][place]))
        self._found.append(ClosedContact(seq, entry, row, cause, at_ns, life))


def _row(rows: Array, place: int) -> RowFields:
    (row,) = fields_of(np.asarray(rows[place : place + 1]))
    return row
