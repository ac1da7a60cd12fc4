"""Many facts of one kind in a row: taken in by columns, where each of them says no more than is plain.

A source that connects again, or sends what it gathered, tells of many contacts at once. Each fact by itself is asked
for everything that it might say; a run is asked once. Whatever is not plain about one of them (a name that is wrong, a
skill, an id that came before) leaves the whole run to be taken fact by fact, with an answer to each.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from engine.ingest.answers import CODES
from engine.ingest.fact_writer import PAYLOAD_MAX, FactWriter, encode
from engine.ingest.names import UNNUMBERED, InternedNames, NamesInForce
from engine.ingest.registry import NO_LEGS, ContactEntry, OpenContacts
from engine.ingest.stamp import RowBuffer
from engine.kernel.tables import Tables
from engine.messages import kinds
from engine.messages.kinds import CHANNEL_NAMES
from engine.messages.observed import CALLBACK_NUMBER, INTEGER_MAX, ContactArrived, ContactReleased, Observed
from engine.messages.rows import pack_arrival
from engine.model.names import UNKNOWN

ROWS_OF_A_FACT: Final = 16
"""Rows that one fact may need: its own, the definition of its requirement and that of new names."""
RUN_MIN: Final = 12
"""Facts from which on columns are sooner made than as many rows."""
TAKEN_IN_RUNS: Final[frozenset[type]] = frozenset({ContactArrived, ContactReleased})
SLOTS_KEPT_FREE: Final = 8
"""Slots are reused oldest first; keeping some free keeps a closed contact's slot from being somebody else's at once."""
CHANNEL_NUMBERS: Final = {name: number for number, name in CHANNEL_NAMES.items()}


class RunWriter(FactWriter):
    """Writes runs of facts down; knows which slots the contacts of this turn get."""

    def __init__(
        self, t: Tables, in_force: NamesInForce, buffer: RowBuffer, contacts: OpenContacts, names: InternedNames
    ) -> None:
        super().__init__(in_force, buffer, contacts, names)
        book = np.asarray(t.book)
        self._slot_head, self._slot_count, self._book_seq = book["slot_head"], book["slot_count"], book["seq"]
        self._slots = t.slots
        self._arrivals = 0
        self._first_slot = 0
        self._free_slots = 0
        self._fresh: dict[int, int] = {}

    def begin(self) -> None:
        """Start a turn, together with `buffer.begin`."""
        super().begin()
        self._arrivals = 0
        self._fresh = {}
        self._first_slot = int(self._slot_head[0])
        self._free_slots = int(self._slot_count[0]) - SLOTS_KEPT_FREE

    def _put_run(self, facts: Sequence[Any], keys: Sequence[int], known: Sequence[int]) -> bool:
        """Put facts of one kind into the turn, `keys` and `known` as for `Admission.admit`; False: nothing was put."""
        place, put = self._buffer.count, self._put_arrivals if type(facts[0]) is ContactArrived else self._put_releases
        rows_max, _ = self._buffer.full_beyond(ROWS_OF_A_FACT, 0)
        if place + len(facts) > rows_max or any(known):
            return False
        if self._source.number == UNNUMBERED or not self._all_new(facts, keys):
            return False
        try:
            was_put = are_instants(facts) and put(facts, keys)
        except Exception:  # whatever is wrong with one of them, and which one it is, is said when each is taken alone
            return False
        if was_put and keys[0]:
            self._fresh.update(zip(keys, range(place, place + len(keys)), strict=True))
        return was_put

    def _all_new(self, facts: Sequence[Observed], keys: Sequence[int]) -> bool:
        """Whether all of the facts have ids, none of which came before in this turn, or none has one."""
        if 0 in keys:
            return not any(keys) and not any(fact.id for fact in facts)
        return len(set(keys)) == len(keys) and self._fresh.keys().isdisjoint(keys)

    def _put_arrivals(self, facts: Sequence[ContactArrived], keys: Sequence[int]) -> bool:
        contacts, count, source = self._contacts, len(facts), self._source.number
        names, numbers = [fact.contact for fact in facts], self.directory.queues.in_force
        if self._arrivals + count > self._free_slots or len(set(names)) < count or not contacts.has_none_of(names):
            return False
        queues = [numbers.get(fact.queue, UNKNOWN) for fact in facts]
        if UNKNOWN in queues or not are_plain(facts):
            return False
        if self.directory.numbers is not None:
            facts = [self._known(fact) for fact in facts]
        payloads = [encode(fact) for fact in facts]
        slots = self._slots[(self._first_slot + self._arrivals + np.arange(count)) % len(self._slots)]
        packed = [pack_arrival(CHANNEL_NUMBERS[fact.channel], fact.priority) for fact in facts]
        columns = {"contact": slots, "queue": queues, "a": packed}
        sizes = [*map(len, payloads)]
        _, bytes_max = self._buffer.full_beyond(0, PAYLOAD_MAX)
        if max(sizes) > PAYLOAD_MAX or len(self._buffer.payload) + sum(sizes) > bytes_max:
            return False
        self._buffer.put_run(kinds.CONTACT_ARRIVED, source, keys, columns, payloads)
        self._arrivals += count
        taken = slots.tolist()
        entries = [
            ContactEntry(slot, source, 0, name, payload, 0, "", NO_LEGS)
            for slot, name, payload in zip(taken, names, payloads, strict=True)
        ]
        contacts.open_all(entries, names, taken)
        return True

    def _put_releases(self, facts: Sequence[ContactReleased], keys: Sequence[int]) -> bool:
        slots, causes = self._contacts.slots_of([fact.contact for fact in facts]), [fact.cause for fact in facts]
        if -1 in slots or set(map(type, causes)) != {int} or min(causes) < -INTEGER_MAX or max(causes) > INTEGER_MAX:
            return False
        columns = {"contact": slots, "a": [CODES[fact.by] for fact in facts], "b": causes}
        self._buffer.put_run(kinds.CONTACT_RELEASED, self._source.number, keys, columns)
        return True


def next_run(of_kinds: Sequence[type], start: int) -> tuple[int, int]:
    """Return where the next run from `start` on begins and ends; where there is none, the end of all twice.

    Looks at every RUN_MINth kind, and closer only where a run may be.
    """
    total = len(of_kinds)
    while (last := start + RUN_MIN - 1) < total:
        kind, before = of_kinds[last], last - 1
        if kind not in TAKEN_IN_RUNS:
            start = last + 1
            continue
        while before >= start and of_kinds[before] is kind:
            before -= 1
        if before >= start:
            start = before + 1
            continue
        while last < total and of_kinds[last] is kind:
            last += 1
        return start, last
    return total, total


def are_plain(facts: Sequence[ContactArrived]) -> bool:
    """Whether none of these arrivals wants anybody or anything in particular."""
    return not [
        fact
        for fact in facts
        if fact.skills
        or fact.preferred_agent
        or fact.trunk_group
        or fact.waiting_since_ns
        or fact.protected
        or not fact.callback
        or CALLBACK_NUMBER in fact.attributes
    ]


def are_instants(facts: Sequence[Observed]) -> bool:
    """Whether each fact that says when it happened names an instant."""
    told = [fact.at_ns for fact in facts if fact.at_ns is not None]
    return not told or (min(told) >= 0 and max(told) <= INTEGER_MAX)
