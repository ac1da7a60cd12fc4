"""Contacts counted by where they came in, and callbacks by what became of them: from durable turns since the start."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import numpy as np
from prometheus_client.core import CounterMetricFamily, Metric

from engine.messages.exits import REFUSED, exit_marks
from engine.messages.kinds import (
    CHANNEL_NAMES,
    CONTACT_ANSWERED,
    CONTACT_ARRIVED,
    CONTACT_LEFT,
    EXIT_CALLBACK,
    EXIT_NAMES,
    EXIT_REFUSED_TRUNK,
    FACT_REFUSED,
    FLAG_CALLS_BACK,
    FLAG_CLOSES,
)
from engine.messages.recorded import read_each
from engine.ports import Turn

ENTRIES_MAX: Final = 100
"""Entries (dialled numbers, inboxes, pages) that are counted apart; the rest counts as `other`."""
ENTRY_NUMBERS: Final = ENTRIES_MAX + 2
"""With those of OTHER and NOWHERE."""
OTHER: Final = "other"
NOWHERE: Final = ""
"""The entry of contacts that came without one, or before the process started."""
REASONS: Final = {
    way_out: "trunk_full" if way_out == EXIT_REFUSED_TRUNK else EXIT_NAMES[way_out].removeprefix("refused_")
    for way_out in REFUSED
}
"""Why a contact was turned away, by its exit."""
PROMISED: Final = "promised"
ANSWERED: Final = "answered"
LOST: Final = "lost"
RESULTS: Final = (PROMISED, ANSWERED, LOST)
"""A customer left the line for a callback; an agent took the callback; it ended without one."""
_REFUSES: Final = exit_marks(REFUSED)
"""Of each exit, whether it is one of a contact that was turned away."""
_CAME: Final = np.dtype([("channel", np.uint8), ("entry", np.uint8), ("calls_back", np.bool_)])
"""How the contact in a slot came; zeros for one that came before the process started."""


class _Arrival(msgspec.Struct, gc=False):
    """What an arrival's payload must say here."""

    entry: str = ""


_ARRIVALS: Final = msgspec.msgpack.Decoder(list[_Arrival])


class ArrivalCounts:
    """Counts by name and number; bounded by ENTRIES_MAX and by the contacts that are open."""

    def __init__(self) -> None:
        self._entries = {NOWHERE: 0, OTHER: 1}
        """Numbers of entries."""
        self._came = np.zeros(0, _CAME)
        """By slot; a slot is used again after its contact is closed."""
        self._received: Counter[tuple[int, int]] = Counter()
        """By channel and entry."""
        self._blocked: Counter[tuple[int, int, int]] = Counter()
        """By channel, entry and exit."""
        self._callbacks: Counter[tuple[int, str]] = Counter()

    def note(self, turn: Turn) -> None:
        """Count one durable turn; must see every one, in order."""
        rows = turn.rows
        kinds = rows["kind"]
        accepted = kinds == CONTACT_ARRIVED
        refused = (kinds == FACT_REFUSED).nonzero()[0]
        accepted[refused - rows["cause"][refused]] = False
        self._make_room(int(rows["contact"].max()))
        # `compress`, as numpy's indexing is ten times slower for rows of several fields.
        self._receive(rows.compress(accepted), turn.payload)
        answered = rows.compress(kinds == CONTACT_ANSWERED)
        called_back = self._came["calls_back"][answered["contact"]]
        self._callbacks.update((queue, ANSWERED) for queue in answered["queue"][called_back].tolist())
        self._let_go(rows.compress(kinds == CONTACT_LEFT))
        self._came[rows["contact"][(rows["flags"] & FLAG_CLOSES) != 0]] = 0

    def _make_room(self, slot: int) -> None:
        if slot >= len(self._came):
            wider = np.zeros(1 << slot.bit_length(), _CAME)
            wider[: len(self._came)] = self._came
            self._came = wider

    def _receive(self, arrivals: Any, payload: memoryview) -> None:
        told, known = read_each(_ARRIVALS, arrivals, payload), self._entries
        entries = [known[one.entry] if one.entry in known else self._number(one.entry) for one in told]
        channels = arrivals["a"] & 0xFF
        came = np.bincount(channels * ENTRY_NUMBERS + np.array(entries, np.int64))
        for number in came.nonzero()[0].tolist():
            self._received[divmod(number, ENTRY_NUMBERS)] += int(came[number])
        slots = arrivals["contact"]
        self._came["channel"][slots] = channels
        self._came["entry"][slots] = entries
        self._came["calls_back"][slots] = arrivals["flags"] & FLAG_CALLS_BACK != 0

    def _let_go(self, left: Any) -> None:
        came, exits, queues = self._came[left["contact"]], left["a"], left["queue"]
        refuses, promised = _REFUSES[exits], exits == EXIT_CALLBACK
        lost = came["calls_back"] & ~promised & (left["flags"] & FLAG_CLOSES != 0)
        columns = came["channel"][refuses], came["entry"][refuses], exits[refuses]
        self._blocked.update(zip(*(column.tolist() for column in columns), strict=True))
        self._callbacks.update((queue, PROMISED) for queue in queues[promised].tolist())
        self._callbacks.update((queue, LOST) for queue in queues[lost].tolist())

    def _number(self, entry: str) -> int:
        number = self._entries.get(entry)
        if number is None:
            if len(self._entries) > ENTRIES_MAX + 1:
                return self._entries[OTHER]
            number = self._entries[entry] = len(self._entries)
        return number

    def families(self) -> Iterator[Metric]:
        """Yield what was counted by channel and entry."""
        received = CounterMetricFamily(
            "trunkline_contacts_received", "Contacts that arrived", labels=["channel", "entry"]
        )
        blocked = CounterMetricFamily(
            "trunkline_contacts_blocked", "Contacts turned away", labels=["channel", "entry", "reason"]
        )
        for channel, word in CHANNEL_NAMES.items():
            for entry, number in sorted(self._entries.items()):
                if entry == NOWHERE or (channel, number) in self._received:
                    received.add_metric([word, entry], self._received[channel, number])
                exits = {way_out: self._blocked.get((channel, number, way_out), 0) for way_out in REASONS}
                for way_out, count in exits.items() if entry == NOWHERE or any(exits.values()) else ():
                    blocked.add_metric([word, entry, REASONS[way_out]], count)
        yield received
        yield blocked

    def callbacks(self, queues: Iterable[tuple[int, str]]) -> Metric:
        """Return what became of the callbacks of these queues (number, name)."""
        family = CounterMetricFamily("trunkline_callbacks", "Callbacks", labels=["queue", "result"])
        for number, name in queues:
            for result in RESULTS:
                family.add_metric([name, result], self._callbacks[number, result])
        return family
