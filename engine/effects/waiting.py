"""What waiting customers are told: their place in line and the expected wait, on entry and again from time to time."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from engine.effects.address import Addressed, Names
from engine.ingest.registry import OpenContacts
from engine.kernel.tables import Array, Tables
from engine.messages.effects import InformQueued
from engine.messages.kinds import CONTACT_WAITING
from engine.model.settings import SECOND_NS
from engine.projections.queues.line_order import in_order, places, places_of

Estimate = Callable[[int, int], tuple[float | None, float | None]]
"""Median and 90 % quantile of the wait from now on of (slot, place in line), in seconds; None: cannot be told."""

DEFAULT_CHANGED_AFTER_NS: Final = 10 * SECOND_NS
"""A customer whose place changed hears of it at most this often."""
DEFAULT_SILENT_AFTER_NS: Final = 40 * SECOND_NS
"""A customer hears something at least this often: SIP proxies give up on a call after a minute of silence."""
FEW: Final = 4
"""So many places are counted one by one rather than by sorting everybody."""
TOLD_AT_ONCE: Final = 64
"""Customers told in one go; the others are told in the next."""


def positions(t: Tables, among: Array) -> tuple[Array, Array]:
    """Return the slots of the waiting contacts `among` slots, and the place of each in its queue, 1 being the head."""
    slots = among[np.asarray(t.contacts)["state"][among] == CONTACT_WAITING]
    ordered = in_order(t, slots)
    return ordered, places(t, ordered)


class WaitingLines:
    """Remembers what each waiting customer was told, and when."""

    def __init__(
        self,
        t: Tables,
        contacts: OpenContacts,
        names: Names,
        estimate: Estimate,
        changed_after_ns: int = DEFAULT_CHANGED_AFTER_NS,
        silent_after_ns: int = DEFAULT_SILENT_AFTER_NS,
        told_at_once: int = TOLD_AT_ONCE,
    ) -> None:
        self._t = t
        self._contacts = contacts
        self._names = names
        self._estimate = estimate
        self._changed_after_ns = changed_after_ns
        self._silent_after_ns = silent_after_ns
        self._told_at_once = told_at_once
        self._told_place = np.zeros(len(t.contacts), np.int32)
        self._told_ns = np.zeros(len(t.contacts), np.int64)
        self._records = np.asarray(t.contacts)

    def entered(self, queued: Mapping[int, int]) -> list[Addressed]:
        """Return what those of `queued` (slot: sequence of its CONTACT_QUEUED) are told who still wait now."""
        contacts = self._records
        states = contacts["state"]
        if not any(states.item(slot) == CONTACT_WAITING for slot in queued):
            return []
        if len(queued) <= FEW:
            # A caller is told at once; those before and behind stay where they are.
            slots = np.array(sorted(slot for slot in queued if states.item(slot) == CONTACT_WAITING), np.int64)
            places = places_of(self._t, self._contacts.slots(), slots)
        else:
            slots, places = positions(self._t, self._contacts.slots())
            chosen = np.isin(slots, np.fromiter(queued, np.int64, len(queued)))
            slots, places = slots[chosen], places[chosen]
        queues, entered_ns = contacts["queue"][slots], contacts["enqueued_ns"][slots]
        p50s_ns, p90s_ns = contacts["told_p50_ns"][slots], contacts["told_p90_ns"][slots]
        self._told_place[slots], self._told_ns[slots] = places, entered_ns
        columns = (slots, places, queues, p50s_ns, p90s_ns)
        return [
            self._told(slot, queued[slot], place, queue, _seconds(p50_ns), _seconds(p90_ns))
            for slot, place, queue, p50_ns, p90_ns in zip(*(column.tolist() for column in columns), strict=True)
        ]

    def due(self, now_ns: int) -> list[Addressed]:
        """Return what those are told to whom something is due now: so many at most, the longest silent first."""
        slots, places = positions(self._t, self._contacts.slots())
        if not len(slots):
            return []
        silent_ns = now_ns - self._told_ns[slots]
        changed = places != self._told_place[slots]
        due = (silent_ns >= self._silent_after_ns) | (changed & (silent_ns >= self._changed_after_ns))
        chosen = np.flatnonzero(due)
        if len(chosen) > self._told_at_once:
            chosen = chosen[np.argsort(-silent_ns[chosen], kind="stable")[: self._told_at_once]]
        seq = int(self._t.book["seq"][0])
        slots, places = slots[chosen], places[chosen]
        self._told_place[slots], self._told_ns[slots] = places, now_ns
        queues = self._records["queue"][slots]
        return [
            self._told(slot, seq, place, queue, *self._estimate(slot, place))
            for slot, place, queue in zip(slots.tolist(), places.tolist(), queues.tolist(), strict=True)
        ]

    def _told(self, slot: int, seq: int, place: int, queue: int, p50_s: float | None, p90_s: float | None) -> Addressed:
        entry = self._contacts.at(slot)
        assert entry is not None, "only open contacts wait"
        name = self._names.queues[queue]
        effect = InformQueued(
            seq=seq, contact=entry.name, queue=name, position=place, wait_p50_s=p50_s, wait_p90_s=p90_s
        )
        return Addressed(entry.source, effect, entry.calls_back)


def _seconds(ns: int) -> float | None:
    return ns / SECOND_NS if ns >= 0 else None
