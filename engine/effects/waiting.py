"""What waiting customers are told: their place in line and the expected wait, on entry and again from time to time."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np

from engine.effects.address import Addressed, Names
from engine.ingest.registry import OpenContacts
from engine.kernel.tables import Array, Tables
from engine.messages.effects import InformQueued
from engine.messages.kinds import CONTACT_WAITING
from engine.model.settings import SECOND_NS, QueueSetting

Estimate = Callable[[int, int], tuple[float | None, float | None]]
"""Median and 90 % quantile of the wait from now on at (queue, place in line), in seconds; None: cannot be told."""

DEFAULT_CHANGED_AFTER_NS: Final = 10 * SECOND_NS
"""A customer whose place changed hears of it at most this often."""
DEFAULT_SILENT_AFTER_NS: Final = 55 * SECOND_NS
"""A customer hears something at least this often: SIP proxies give up on a call after a minute of silence."""
TOLD_AT_ONCE: Final = 64
"""Customers told in one go; the others are told in the next."""


def positions(t: Tables) -> tuple[Array, Array]:
    """Return the slots of the waiting contacts and the place of each in its queue, 1 being the head.

    The order is the kernel's within one line: time waited plus the credit of its priority, ties by order of entry.
    """
    slots = np.flatnonzero(t.contacts["state"] == CONTACT_WAITING)
    contacts = t.contacts[slots]
    queues = contacts["queue"]
    credit_ns = t.queues["settings"][queues, QueueSetting.PRIORITY_CREDIT_NS] * contacts["priority"]
    order = np.lexsort((contacts["order"], contacts["line_ns"] - credit_ns, queues))
    queues = queues[order]
    starts = np.flatnonzero(np.r_[True, queues[1:] != queues[:-1]]) if len(queues) else np.zeros(0, np.int64)
    lengths = np.diff(np.r_[starts, len(queues)])
    places = np.arange(len(queues)) - np.repeat(starts, lengths) + 1
    return slots[order], places


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

    def entered(self, queued: Mapping[int, int]) -> Iterator[Addressed]:
        """Yield what those of `queued` (slot: sequence of its CONTACT_QUEUED) are told who still wait now."""
        waiting = [slot for slot in queued if self._t.contacts["state"][slot] == CONTACT_WAITING]
        if not waiting:
            return
        for slot, place in zip(waiting, self._places(waiting), strict=True):
            contact = self._t.contacts[slot]
            told = (int(contact["told_p50_ns"]), int(contact["told_p90_ns"]))
            p50_s, p90_s = (ns / SECOND_NS if ns >= 0 else None for ns in told)
            yield from self._inform(slot, queued[slot], place, p50_s, p90_s, int(contact["enqueued_ns"]))

    def due(self, now_ns: int) -> Iterator[Addressed]:
        """Yield what those are told to whom something is due now: at most so many at once, the longest silent first."""
        slots, places = positions(self._t)
        if not len(slots):
            return
        silent_ns = now_ns - self._told_ns[slots]
        changed = places != self._told_place[slots]
        due = (silent_ns >= self._silent_after_ns) | (changed & (silent_ns >= self._changed_after_ns))
        chosen = np.flatnonzero(due)
        if len(chosen) > self._told_at_once:
            chosen = chosen[np.argsort(-silent_ns[chosen], kind="stable")[: self._told_at_once]]
        seq = int(self._t.book["seq"][0])
        for slot, place in zip(slots[chosen].tolist(), places[chosen].tolist(), strict=True):
            p50_s, p90_s = self._estimate(int(self._t.contacts["queue"][slot]), place)
            yield from self._inform(slot, seq, place, p50_s, p90_s, now_ns)

    def _places(self, waiting: list[int]) -> list[int]:
        slots, places = positions(self._t)
        by_slot = dict(zip(slots.tolist(), places.tolist(), strict=True))
        return [by_slot[slot] for slot in waiting]

    def _inform(
        self, slot: int, seq: int, place: int, p50_s: float | None, p90_s: float | None, now_ns: int
    ) -> Iterator[Addressed]:
        entry = self._contacts.at(slot)
        if entry is None:
            return
        self._told_place[slot] = place
        self._told_ns[slot] = now_ns
        queue = self._names.queues[int(self._t.contacts["queue"][slot])]
        yield Addressed(
            entry.source,
            InformQueued(
                seq=seq,
                contact=entry.name,
                queue=queue,
                position=max(place, 1),
                wait_p50_s=p50_s,
                wait_p90_s=p90_s,
            ),
        )
