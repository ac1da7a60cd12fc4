"""Counters by interval, queue, agent and channel: sparse, bounded, in columns, and never losing a count.

Counts are put aside first and entered together, in the order in which they came: what is lumped together does not
depend on when that happens.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

CELLS_MAX: Final = 100_000
KEPT: Final = 0.75
"""Share of the cells that is left when there were too many."""
LUMP_NS: Final = 0
"""The interval that holds what is too old to be told apart."""
ASIDE_MAX: Final = 32_768
"""Counts put aside before they are entered."""
QUEUE_SHIFT: Final = 36
AGENT_SHIFT: Final = 4
AGENT_MASK: Final = (1 << QUEUE_SHIFT - AGENT_SHIFT) - 1
CHANNEL_MASK: Final = (1 << AGENT_SHIFT) - 1
OF_QUEUE: Final = -1 << QUEUE_SHIFT
OF_AGENT: Final = AGENT_MASK << AGENT_SHIFT
OF_CHANNEL: Final = CHANNEL_MASK
"""Parts of where a count stands: bits of what `packed` gives."""

Array = np.ndarray[Any, Any]


class Key(NamedTuple):
    """Where a count stands; -1: not known."""

    start_ns: int
    queue: int
    agent: int
    channel: int


class Counted(NamedTuple):
    """Counts that came one after the other, in columns of the same length."""

    start_ns: Array
    where: Array
    """As `packed` gives it."""
    column: Array
    more: Array


class Block(NamedTuple):
    """The cells of one interval, by `where`."""

    where: Array
    """Shape (n,), ascending."""
    counts: Array
    """Shape (n, width)."""


class Columns(NamedTuple):
    """Cells of some intervals, a copy: columns of the same length."""

    start_ns: Array
    where: Array
    counts: Array
    """Shape (n, width)."""

    def chosen(self, mask: Array) -> "Columns":
        """Return the cells of a mask of shape (n,)."""
        return Columns(*(part[mask] for part in self))

    def of_queues(self, queues: Collection[int]) -> "Columns":
        """Return the cells of these queues."""
        return self.chosen(self._of(queues))

    def without(self, queues: Collection[int]) -> "Columns":
        """Return the cells of all other queues, and of none."""
        return self.chosen(~self._of(queues)) if queues else self

    def _of(self, queues: Collection[int]) -> Array:
        return np.isin((self.where >> QUEUE_SHIFT) - 1, list(queues))

    def total(self) -> list[int]:
        """Return all of them together, one number for each column."""
        found: list[int] = self.counts.sum(axis=0).tolist()
        return found

    def added(self, parts: int, step_ns: int = 0) -> Iterator[tuple[Key, list[int]]]:
        """Yield sums by some `parts` of `where`, a mask of its bits, and by steps that intervals begin in, 0: all.

        What is not told apart is -1, or the interval 0, in the keys.
        """
        if not len(self.where):
            return
        begins = self.start_ns // step_ns * step_ns if step_ns else np.zeros_like(self.start_ns)
        (starts, start), (places, place) = (
            np.unique(values, return_inverse=True) for values in (begins, self.where & parts)
        )
        group = start * len(places) + place
        order = np.argsort(group, kind="stable")
        group = group[order]
        firsts = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
        sums = np.add.reduceat(self.counts[order], firsts, axis=0).tolist()
        begins, wheres = starts[group[firsts] // len(places)].tolist(), places[group[firsts] % len(places)].tolist()
        for start_ns, where, counts in zip(begins, wheres, sums, strict=True):
            yield unpacked(start_ns, where), counts


class SavedCells(msgspec.Struct):
    """Cells as they stand in a snapshot."""

    width: int
    floor_ns: int
    blocks: list[tuple[int, bytes, bytes]]


def packed(queue: Any, agent: Any, channel: Any) -> Any:
    """Return queue, agent and channel as one number, or arrays of them as one array of int64."""
    return queue + 1 << QUEUE_SHIFT | agent + 1 << AGENT_SHIFT | channel + 1


def unpacked(start_ns: int, where: int) -> Key:
    """Return a cell's key."""
    agent = (where >> AGENT_SHIFT & AGENT_MASK) - 1
    return Key(start_ns, (where >> QUEUE_SHIFT) - 1, agent, (where & CHANNEL_MASK) - 1)


class Cells:
    """Counters of `width` columns each."""

    def __init__(self, width: int, cells_max: int = CELLS_MAX) -> None:
        self.width = width
        self.floor_ns = 0
        """Intervals that start before are lumped together."""
        self._cells_max = cells_max
        self._blocks: dict[int, Block] = {}
        self._size = 0
        self._aside: list[Counted] = []
        self._aside_size = 0
        self._ones: list[tuple[int, int, int, int]] = []

    def add(self, key: Key, column: int, more: int = 1) -> None:
        """Count."""
        self._ones.append((key.start_ns, packed(key.queue, key.agent, key.channel), column, more))
        if len(self._ones) >= ASIDE_MAX:
            self._enter_all()

    def extend(self, counted: Counted) -> None:
        """Count much."""
        self._gather()
        self._aside.append(counted)
        self._aside_size += len(counted.where)
        if self._aside_size >= ASIDE_MAX:
            self._enter_all()

    def columns(self, from_ns: int, to_ns: int) -> Columns:
        """Return the cells of the intervals that start in [from_ns, to_ns); from 0 on the lump of the old is there."""
        self._enter_all()
        found = [(start_ns, block) for start_ns, block in self._blocks.items() if from_ns <= start_ns < to_ns]
        if not found:
            return Columns(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, self.width), np.int64))
        starts = np.repeat([start_ns for start_ns, _ in found], [len(block.where) for _, block in found])
        return Columns(
            starts, np.concatenate([block.where for _, block in found]), np.concatenate([b.counts for _, b in found])
        )

    def save(self) -> SavedCells:
        """Return everything, for a snapshot."""
        self._enter_all()
        blocks = [(start, where.tobytes(), counts.tobytes()) for start, (where, counts) in sorted(self._blocks.items())]
        return SavedCells(self.width, self.floor_ns, blocks)

    @classmethod
    def load(cls, saved: SavedCells) -> "Cells":
        """Return what was saved."""
        cells = cls(saved.width)
        cells.floor_ns = saved.floor_ns
        for start_ns, where, counts in saved.blocks:
            columns = np.frombuffer(counts, np.int64).reshape(-1, saved.width).copy()
            cells._put(start_ns, Block(np.frombuffer(where, np.int64), columns))
        return cells

    def _gather(self) -> None:
        """Put what was counted one by one aside with the rest: many short arrays would cost more than all else."""
        if self._ones:
            ones, self._ones = np.array(self._ones, np.int64), []
            self._aside.append(Counted(*ones.T))

    def _enter_all(self) -> None:
        self._gather()
        aside, self._aside, self._aside_size = self._aside, [], 0
        if aside:
            self._enter(Counted(*(np.concatenate(parts) for parts in zip(*aside, strict=True))))

    def _enter(self, counted: Counted) -> None:
        """Enter counts; where there is no room for all their cells, the oldest are lumped together on the way."""
        full = False
        while len(counted.where):
            old = counted.start_ns < self.floor_ns
            if old.any():
                counted = counted._replace(start_ns=np.where(old, LUMP_NS, counted.start_ns))
            fitting = self._fitting(counted) or int(full)
            if not fitting:
                self._lump()
                full = self._size >= self._cells_max  # the lump alone is: it grows all the same
                continue
            self._enter_fitting(Counted(*(part[:fitting] for part in counted)))
            counted = Counted(*(part[fitting:] for part in counted))
            full = False

    def _fitting(self, counted: Counted) -> int:
        """How many of the counts have room, in order."""
        room = max(0, self._cells_max - self._size)
        if len(counted.where) <= room:
            return len(counted.where)
        firsts = []
        for start_ns, places in _by_start(counted.start_ns):
            where, first = np.unique(counted.where[places], return_index=True)
            firsts.append(places[first[~self._held(start_ns, where)]])
        new = np.sort(np.concatenate(firsts))
        return len(counted.where) if len(new) <= room else int(new[room])

    def _held(self, start_ns: int, where: Array) -> Array:
        block = self._blocks.get(start_ns)
        return np.zeros(len(where), np.bool_) if block is None else np.isin(where, block.where, assume_unique=True)

    def _enter_fitting(self, counted: Counted) -> None:
        for start_ns, places in _by_start(counted.start_ns):
            where, cell = np.unique(counted.where[places], return_inverse=True)
            counts = np.zeros((len(where), self.width), np.int64)
            np.add.at(counts, (cell, counted.column[places]), counted.more[places])
            self._merge(start_ns, where, counts)

    def _merge(self, start_ns: int, where: Array, counts: Array) -> None:
        block = self._blocks.get(start_ns)
        if block is None:
            self._put(start_ns, Block(where, counts))
            return
        at = np.searchsorted(block.where, where)
        held = block.where[np.minimum(at, len(block.where) - 1)] == where
        block.counts[at[held]] += counts[held]
        if not held.all():
            new = ~held
            wider = Block(
                np.insert(block.where, at[new], where[new]), np.insert(block.counts, at[new], counts[new], axis=0)
            )
            self._put(start_ns, wider)

    def _put(self, start_ns: int, block: Block) -> None:
        before = self._blocks.get(start_ns)
        self._size += len(block.where) - (0 if before is None else len(before.where))
        self._blocks[start_ns] = block

    def _lump(self) -> None:
        """Lump the oldest intervals together, until there is room again; if need be, the agents in the lump, too."""
        starts = sorted(start_ns for start_ns in self._blocks if start_ns != LUMP_NS)
        if starts:
            ends = np.cumsum([len(self._blocks[start].where) for start in starts])
            last = int(np.searchsorted(ends, int(self._size * (1 - KEPT)), side="right"))
            self.floor_ns = starts[min(last, len(starts) - 1)] + 1
        for start_ns in starts:
            if start_ns < self.floor_ns:
                block = self._blocks.pop(start_ns)
                self._size -= len(block.where)
                self._merge(LUMP_NS, *block)
        if self._size >= self._cells_max:
            block = self._blocks.pop(LUMP_NS)
            self._size -= len(block.where)
            where, cell = np.unique(block.where & ~OF_AGENT, return_inverse=True)
            counts = np.zeros((len(where), self.width), np.int64)
            np.add.at(counts, cell, block.counts)
            self._put(LUMP_NS, Block(where, counts))


def _by_start(start_ns: Array) -> Sequence[tuple[int, Array]]:
    """Return the starts of intervals, and the places of each in order."""
    if (start_ns == start_ns[0]).all():
        return [(int(start_ns[0]), np.arange(len(start_ns)))]
    order = np.argsort(start_ns, kind="stable")
    starts, firsts = np.unique(start_ns[order], return_index=True)
    return list(zip(starts.tolist(), np.split(order, firsts[1:]), strict=True))
