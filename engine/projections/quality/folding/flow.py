"""Contacts counted many rows at once: offers, talks, and customers who came again."""

from typing import Any, Final, NamedTuple

import numpy as np

from engine.messages import kinds
from engine.messages.kind_set import KindSet
from engine.messages.row_fields import RowFields, fields_of
from engine.projections.quality.columns.cells import Counted, Key, packed
from engine.projections.quality.columns.people import SERVED, TRANSFERS_MAX, Arrived
from engine.projections.quality.columns.ring import KEY, Array, in_order_of
from engine.projections.quality.folding.folded import Folded
from engine.projections.quality.subjects import resolution

_OF_COURSES: Final = KindSet(kinds.CONTACT_ANSWERED, kinds.CONTACT_ENDED, kinds.CONTACT_LEFT)
"""Kinds by which a contact goes its course: who left may have been served before, in rows of the same batch."""


class Taken(NamedTuple):
    """What a batch brought, for its rows that are taken one by one."""

    closed_before: int
    """How many contacts had closed before the batch."""
    closings: Array
    """At which sequences contacts close in it."""
    telling: list[tuple[int, RowFields, dict[str, str]]]
    """Arrivals with attributes: sequence, row and these."""

    def closed_by(self, seq: int) -> int:
        """How many contacts had closed at a position of the batch."""
        return self.closed_before + int(np.searchsorted(self.closings, seq))


class Counts:
    """What is counted of one batch, from the rows of it in any order."""

    def __init__(self) -> None:
        self._parts: list[tuple[Array, Counted]] = []
        self._ones: list[tuple[int, int, int, int]] = []

    def add(self, mask: Array, seqs: Array, start_ns: Array, where: Array, column: int) -> None:
        """Count each row of a mask."""
        places = np.flatnonzero(mask)
        size = len(places)
        if size:
            self._parts.append(
                (seqs[places], Counted(start_ns[places], where[places], np.full(size, column), np.ones(size, np.int64)))
            )

    def add_one(self, seq: int, key: Key, column: int) -> None:
        """Count one."""
        self.add_cell(seq, key.start_ns, packed(key.queue, key.agent, key.channel), column)

    def add_cell(self, seq: int, start_ns: int, where: int, column: int) -> None:
        """Count one in a cell."""
        self._ones.append((seq, start_ns, where, column))

    def in_order(self) -> Counted:
        """Return everything in the order of the log."""
        ones = np.array(self._ones, np.int64).reshape(-1, 4)
        start_ns, where, column = ones[:, 1], ones[:, 2], ones[:, 3]
        parts = [*self._parts, (ones[:, 0], Counted(start_ns, where, column, np.ones(len(ones), np.int64)))]
        order = np.argsort(np.concatenate([seqs for seqs, _ in parts]), kind="stable")
        columns = zip(*(counted for _, counted in parts), strict=True)
        return Counted(*(np.concatenate(part)[order] for part in columns))


def take_contacts(
    state: Folded, rows: Array, seqs: Array, put_back: Array, payload: memoryview, counts: Counts
) -> Taken:
    """Take in rows of the kinds that are counted, shape (n,): what the state knows of contacts follows.

    `put_back`: mask of the ends of talks whose contacts go back to their queues.
    """
    people, slots = state.people, np.ascontiguousarray(rows["contact"])
    row_kinds, a = np.ascontiguousarray(rows["kind"]), rows["a"]
    arrived, ended = row_kinds == kinds.CONTACT_ARRIVED, row_kinds == kinds.CONTACT_ENDED
    offers = row_kinds == kinds.OFFER_ENDED
    closed_before = people.closed.count
    arriving = rows.compress(arrived)
    arrivals = people.arriving(arriving, seqs[arrived], payload, state.plan.reason)
    records, which = people.of_rows(slots, arrived, arrivals.records)
    known = records["id"] != 0
    closes = (ended | (row_kinds == kinds.CONTACT_LEFT)) & (rows["flags"] & kinds.FLAG_CLOSES != 0) & known
    judged = ended & closes & ~records["is_task"] & (records["person"] != 0)
    at_ns = np.ascontiguousarray(rows["at_ns"])
    start_ns = at_ns // state.interval_ns * state.interval_ns
    where = packed(*(part.astype(np.int64) for part in (rows["queue"], rows["agent"], records["channel"])))
    transferred = ended & (a == kinds.BY_TRANSFER) & ~put_back
    for mask, column in (
        (offers | (row_kinds == kinds.CONTACT_ANSWERED), resolution.OFFERS),
        (offers & (a == kinds.OFFER_NO_ANSWER), resolution.NO_ANSWERS),
        (ended, resolution.HANDLED),
        (transferred, resolution.TRANSFERS),
        (put_back, resolution.PUT_BACK),
        (judged, resolution.JUDGED),
    ):
        counts.add(mask, seqs, start_ns, where, column)
    served = np.zeros(int(judged.sum()), SERVED)
    served[KEY], served["ended_ns"] = records["person"][judged], at_ns[judged]
    served["start_ns"], served["where"] = start_ns[judged], where[judged]
    _note_customers(state, arriving, arrivals, served, seqs[judged], counts)
    leaving, their = np.flatnonzero(closes), which[closes]
    customers = people.customers[slots[leaving]]
    customers[their >= 0] = arrivals.customers[their[their >= 0]]
    people.enter(slots[arrived], arrivals)
    served_rows = _follow_courses(rows, records, transferred)
    people.note_course(slots[served_rows], records.take(served_rows))
    people.close(rows.take(leaving), records.take(leaving), customers)
    return Taken(closed_before, seqs[leaving], _telling(arriving, arrivals))


def _follow_courses(rows: Array, records: Array, transferred: Array) -> Array:
    """Add to the `records`, dtype OPEN, of contacts that are answered, ended or left what all these rows say of each.

    Returns the places of those rows. `transferred`: mask of the ends of talks that were handed over.
    """
    row_kinds = rows["kind"]
    places = np.flatnonzero(_OF_COURSES.mask(row_kinds))
    if not len(places):
        return places
    ids, order = in_order_of(records["id"][places])
    places = places[order]
    answered, ended = (row_kinds[places] == kind for kind in (kinds.CONTACT_ANSWERED, kinds.CONTACT_ENDED))
    a, b = rows["a"][places], rows["b"][places]
    begins = np.concatenate(([True], ids[1:] != ids[:-1]))
    starts, contact = np.flatnonzero(begins), np.cumsum(begins) - 1
    waited_ns = np.maximum.reduceat(np.where(answered, a, 0), starts)[contact]
    talked_ns = np.add.reduceat(np.where(ended, b, 0), starts)[contact]
    transfers = np.add.reduceat(transferred[places].astype(np.int64), starts)[contact]
    records["waited_ns"][places] = np.maximum(records["waited_ns"][places], waited_ns)
    records["talked_ns"][places] += talked_ns
    records["transfers"][places] = np.minimum(records["transfers"][places] + transfers, TRANSFERS_MAX)
    return places


def _note_customers(
    state: Folded, rows: Array, arrivals: Arrived, served: Array, served_seqs: Array, counts: Counts
) -> None:
    """Note whose contacts ended, and count of those who arrive again what they had come for before."""
    ring, before = state.people.served, state.people.served.count
    counting = ~arrivals.records["is_task"] & (rows["flags"] & kinds.FLAG_CALLS_BACK == 0)
    numbers = np.flatnonzero(counting & (arrivals.records["person"] != 0))
    records = arrivals.records.take(numbers)
    earlier = ring.has(records["person"]) | _ended_before(records, served[KEY], served_seqs)
    ring.append(served)
    again = np.flatnonzero(earlier)
    at_ns = rows["at_ns"][numbers[again]]
    for person, seq, here_ns in zip(
        *(part.tolist() for part in (records["person"][again], records["id"][again], at_ns)), strict=True
    ):
        by = before + int(np.searchsorted(served_seqs, seq))
        for ended_ns, start_ns, where in state.people.came_again(person, by):
            if here_ns - ended_ns <= state.plan.window_ns:
                counts.add_cell(seq, start_ns, where, resolution.REPEATED)


def _ended_before(arriving: Array, people: Array, seqs: Array) -> Array:
    """Tell which arrivals, dtype OPEN, are of people of whom a contact ended before, at one of these sequences."""
    if not len(people):
        return np.zeros(len(arriving), np.bool_)
    known, first = np.unique(people, return_index=True)
    at = np.minimum(np.searchsorted(known, arriving["person"]), len(known) - 1)
    found: Array = (known[at] == arriving["person"]) & (seqs[first[at]] < arriving["id"])
    return found


def _telling(rows: Any, arrivals: Arrived) -> list[tuple[int, RowFields, dict[str, str]]]:
    numbers = [number for number, _ in arrivals.telling]
    ids, found = arrivals.records["id"][numbers].tolist(), fields_of(rows.take(numbers))
    return list(zip(ids, found, (attributes for _, attributes in arrivals.telling), strict=True))
