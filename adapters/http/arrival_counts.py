"""Contacts counted by where they came in, and callbacks by what became of them: from durable turns since the start."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import numpy as np
from prometheus_client.core import CounterMetricFamily, Metric

from engine.messages.kinds import (
    CHANNEL_NAMES,
    CONTACT_ANSWERED,
    CONTACT_ARRIVED,
    CONTACT_LEFT,
    EXIT_CALLBACK,
    EXIT_NAMES,
    FACT_REFUSED,
    FLAG_CALLS_BACK,
    FLAG_CLOSES,
)
from engine.ports import Turn

ENTRIES_MAX: Final = 100
"""Entries (dialled numbers, inboxes, pages) that are counted apart; the rest counts as `other`."""
OTHER: Final = "other"
NOWHERE: Final = ""
"""The entry of contacts that came without one, or before the process started."""
REASONS: Final = {
    number: "trunk_full" if name == "refused_trunk" else name.removeprefix("refused_")
    for number, name in EXIT_NAMES.items()
    if name.startswith("refused_")
}
"""Why a contact was turned away, by its exit."""
PROMISED: Final = "promised"
ANSWERED: Final = "answered"
LOST: Final = "lost"
RESULTS: Final = (PROMISED, ANSWERED, LOST)
"""A customer left the line for a callback; an agent took the callback; it ended without one."""
_FOLLOWED: Final = np.array([CONTACT_ANSWERED, CONTACT_LEFT])


class _Arrival(msgspec.Struct):
    """What an arrival's payload must say here."""

    entry: str = ""


class _Came(msgspec.Struct, gc=False):
    """How the contact in a slot came."""

    channel: int
    entry: str
    calls_back: bool


_DECODER: Final = msgspec.msgpack.Decoder(_Arrival)


class ArrivalCounts:
    """Counts by name and number; bounded by ENTRIES_MAX and by the contacts that are open."""

    def __init__(self) -> None:
        self._entries = {NOWHERE: NOWHERE}
        self._open: dict[int, _Came] = {}
        """By slot; a slot is used again after its contact is closed."""
        self._received: Counter[tuple[int, str]] = Counter()
        self._blocked: Counter[tuple[int, str, int]] = Counter()
        self._callbacks: Counter[tuple[int, str]] = Counter()

    def note(self, turn: Turn) -> None:
        """Count one durable turn; must see every one, in order."""
        rows = turn.rows
        kinds = rows["kind"]
        accepted = kinds == CONTACT_ARRIVED
        refused = np.flatnonzero(kinds == FACT_REFUSED)
        accepted[refused - rows["cause"][refused]] = False
        for slot, a, flags, offset, size in _columns(
            rows[accepted], "contact", "a", "flags", "payload_offset", "payload_size"
        ):
            entry = self._label(_DECODER.decode(turn.payload[offset : offset + size]).entry if size else NOWHERE)
            came = self._open[slot] = _Came(a & 0xFF, entry, bool(flags & FLAG_CALLS_BACK))
            self._received[came.channel, entry] += 1
        followed = rows[np.isin(kinds, _FOLLOWED)]
        for kind, slot, queue, a, flags in _columns(followed, "kind", "contact", "queue", "a", "flags"):
            self._go_on(kind, slot, queue, a, flags)
        closed = rows["contact"][(rows["flags"] & FLAG_CLOSES) != 0]
        for slot in closed.tolist():
            self._open.pop(slot, None)

    def _go_on(self, kind: int, slot: int, queue: int, a: int, flags: int) -> None:
        came = self._open.get(slot)
        if kind == CONTACT_ANSWERED:
            if came is not None and came.calls_back:
                self._callbacks[queue, ANSWERED] += 1
            return
        if a in REASONS:
            channel, entry = (came.channel, came.entry) if came is not None else (0, NOWHERE)
            self._blocked[channel, entry, a] += 1
        if a == EXIT_CALLBACK:
            self._callbacks[queue, PROMISED] += 1
        elif came is not None and came.calls_back and flags & FLAG_CLOSES:
            self._callbacks[queue, LOST] += 1

    def _label(self, entry: str) -> str:
        found = self._entries.get(entry)
        if found is None:
            if len(self._entries) > ENTRIES_MAX:
                return OTHER
            found = self._entries[entry] = entry
        return found

    def families(self) -> Iterator[Metric]:
        """Yield what was counted by channel and entry."""
        received = CounterMetricFamily(
            "trunkline_contacts_received", "Contacts that arrived", labels=["channel", "entry"]
        )
        blocked = CounterMetricFamily(
            "trunkline_contacts_blocked", "Contacts turned away", labels=["channel", "entry", "reason"]
        )
        for channel, word in CHANNEL_NAMES.items():
            for entry in sorted({NOWHERE, *(entry for number, entry in self._received if number == channel)}):
                received.add_metric([word, entry], self._received[channel, entry])
            places = {NOWHERE, *(entry for number, entry, _ in self._blocked if number == channel)}
            for entry in sorted(places):
                for number, reason in REASONS.items():
                    blocked.add_metric([word, entry, reason], self._blocked[channel, entry, number])
        yield received
        yield blocked

    def callbacks(self, queues: Iterable[tuple[int, str]]) -> Metric:
        """Return what became of the callbacks of these queues (number, name)."""
        family = CounterMetricFamily("trunkline_callbacks", "Callbacks", labels=["queue", "result"])
        for number, name in queues:
            for result in RESULTS:
                family.add_metric([name, result], self._callbacks[number, result])
        return family


def _columns(rows: Any, *names: str) -> Iterator[tuple[int, ...]]:
    return zip(*(rows[name].tolist() for name in names), strict=True)
