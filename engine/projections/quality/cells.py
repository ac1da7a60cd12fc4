"""Counters by interval, queue, agent and channel: sparse, bounded, and never losing a count."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

CELLS_MAX: Final = 100_000
KEPT: Final = 0.75
"""Share of the cells that is left when there were too many."""
LUMP_NS: Final = 0
"""The interval that holds what is too old to be told apart."""


class Key(NamedTuple):
    """Where a count stands; -1: not known."""

    start_ns: int
    queue: int
    agent: int
    channel: int


class Cells(msgspec.Struct):
    """Counters of `width` columns each."""

    width: int
    floor_ns: int = 0
    """Intervals that start before are lumped together."""
    counts: dict[Key, list[int]] = {}

    def add(self, key: Key, column: int, more: int = 1) -> None:
        """Count."""
        if key.start_ns < self.floor_ns:
            key = key._replace(start_ns=LUMP_NS)
        found = self.counts.get(key)
        if found is None:
            if len(self.counts) >= CELLS_MAX:
                self._lump()
            found = self.counts[key] = [0] * self.width
        found[column] += more

    def between(self, from_ns: int, to_ns: int) -> Iterator[tuple[Key, list[int]]]:
        """Yield the cells of the intervals that start in [from_ns, to_ns); from 0 on the lump of the old is there."""
        for key, counts in self.counts.items():
            if from_ns <= key.start_ns < to_ns:
                yield key, counts

    def _lump(self) -> None:
        """Lump the oldest intervals together, until there is room again."""
        starts = sorted(key.start_ns for key in self.counts)
        self.floor_ns = starts[int(len(starts) * (1 - KEPT))] + 1
        old = [key for key in self.counts if LUMP_NS < key.start_ns < self.floor_ns]
        for key in old:
            counts = self.counts.pop(key)
            into = self.counts.setdefault(key._replace(start_ns=LUMP_NS), [0] * self.width)
            for column, count in enumerate(counts):
                into[column] += count
