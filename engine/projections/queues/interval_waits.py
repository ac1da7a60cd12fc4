"""How long the answered waited in each interval, as histograms by queue and channel, from durable turns."""

from bisect import bisect_left
from collections.abc import Sequence
from copy import copy
from typing import Final

import numpy as np

from engine.kernel.tables import Array, Tables
from engine.log_port import Turn
from engine.messages.kind_set import KindSet
from engine.messages.kinds import CHANNELS, CONTACT_ANSWERED, CONTACT_ARRIVED
from engine.model.settings import EngineSetting, QueueSetting
from engine.model.tallies import HISTOGRAM_BINS, bin_edge_ns
from engine.projections.formulas.waits import quantiles_s

CELLS_MAX: Final = 20_000
"""Histograms kept, each of one interval, queue and channel; the oldest intervals go first."""
KINDS: Final = KindSet(CONTACT_ARRIVED, CONTACT_ANSWERED)
_COLUMNS: Final = ("kind", "at_ns", "contact", "queue", "a")
_EDGES_NS: Final = [bin_edge_ns(place) for place in range(HISTOGRAM_BINS - 1)]


class IntervalWaits:
    """Updated by `apply` with every durable turn in order; the first says from when on it knows."""

    def __init__(self, t: Tables) -> None:
        self._tables = t
        self._channels = bytearray()
        """One more than that of the contact that arrived last in each slot; 0: none was seen."""
        self._length_ns = 0
        self._known_from_ns = 0
        """Intervals that start before were not seen whole, or were let go."""
        self._cells: dict[int, dict[int, dict[int, int]]] = {}
        """Answers by interval, cell (queue * CHANNELS + channel) and bin."""
        self._size = 0

    def apply(self, turn: Turn) -> None:
        """Take in one turn."""
        length_ns = int(self._tables.book["settings"][0, EngineSetting.INTERVAL_NS])
        if length_ns != self._length_ns and len(turn.rows):
            nothing_missed = turn.first_seq == 1 or (self._length_ns > 0 and not self._known_from_ns and not self._size)
            first_ns = 0 if nothing_missed else -(-int(turn.rows["at_ns"][0]) // length_ns) * length_ns
            self._length_ns, self._known_from_ns, self._cells, self._size = length_ns, first_ns, {}, 0
        rows: Array = np.asarray(turn.rows).compress(KINDS.mask(turn.rows["kind"]))
        if not len(rows):
            return
        self._channels.extend(bytes(max(0, int(rows["contact"].max()) + 1 - len(self._channels))))
        for kind, at_ns, slot, queue, a in zip(*(rows[name].tolist() for name in _COLUMNS), strict=True):
            if kind == CONTACT_ARRIVED:
                self._channels[slot] = (a & 0xFF) + 1
            else:
                self._count(at_ns // length_ns * length_ns, queue, slot, a)

    def _count(self, start_ns: int, queue: int, slot: int, waited_ns: int) -> None:
        channel = self._channels[slot] - 1
        if channel < 0:  # it came before everything that was read: as its queue's own
            channel = int(self._tables.queues["settings"][queue, QueueSetting.CHANNEL])
        cells = self._cells.setdefault(start_ns, {})
        cell = queue * CHANNELS + channel
        if cell not in cells:
            self._size += 1
            cells[cell] = {}
        bins, place = cells[cell], bisect_left(_EDGES_NS, waited_ns)
        bins[place] = bins.get(place, 0) + 1
        while self._size > CELLS_MAX and len(self._cells) > 1:
            oldest_ns = min(self._cells)
            self._size -= len(self._cells.pop(oldest_ns))
            self._known_from_ns = max(self._known_from_ns, oldest_ns + self._length_ns)

    def still(self) -> "IntervalWaits":
        """These as they are now, to be asked in a thread: answers are counted in the latest interval alone."""
        copied = copy(self)
        copied._cells = dict(self._cells)
        if self._cells:
            latest_ns = max(self._cells)
            copied._cells[latest_ns] = {cell: dict(bins) for cell, bins in self._cells[latest_ns].items()}
        return copied

    def quantiles_s(
        self, start_ns: int, step_ns: int, cell: int, longest_ns: int, at: Sequence[float]
    ) -> list[float | None]:
        """Return quantiles of the waits that ended in an answer in [start_ns, start_ns + step_ns), in seconds.

        None where nothing was answered, or not all of it was seen. None is above `longest_ns`.
        """
        histogram = np.zeros(HISTOGRAM_BINS, np.int64)
        if self._length_ns and start_ns >= self._known_from_ns:
            for interval_ns in range(start_ns, start_ns + step_ns, self._length_ns):
                for place, count in self._cells.get(interval_ns, {}).get(cell, {}).items():
                    histogram[place] += count
        return quantiles_s(histogram, longest_ns, at)
