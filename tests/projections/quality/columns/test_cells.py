"""Cells: no count is lost, the oldest are lumped together, and how the counts came in does not matter."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.projections.quality.columns.cells import LUMP_NS, OF_AGENT, OF_QUEUE, Cells, Counted, Key, packed, unpacked

COUNTS = st.lists(st.tuples(st.integers(1, 6), st.integers(-1, 2), st.integers(-1, 2), st.integers(-1, 3)), max_size=80)


def counted(keys: list[tuple[int, int, int, int]]) -> Counted:
    """Return counts of these keys, each in the column of its channel's parity."""
    start, queue, agent, channel = np.array(keys, np.int64).reshape(-1, 4).T
    return Counted(start * 900, packed(queue, agent, channel), channel % 2, np.ones(len(keys), np.int64))


def held(cells: Cells) -> dict[Key, list[int]]:
    """Return every cell."""
    found = cells.columns(0, 10**9)
    keys = map(unpacked, found.start_ns.tolist(), found.where.tolist())
    return dict(zip(keys, found.counts.tolist(), strict=True))


@given(COUNTS)
def test_every_count_stands_where_it_belongs(keys: list[tuple[int, int, int, int]]) -> None:
    cells, naive = Cells(2), Counter[tuple[Key, int]]()
    cells.extend(counted(keys))
    for start, queue, agent, channel in keys:
        naive[Key(start * 900, queue, agent, channel), channel % 2] += 1
    assert {
        (key, column): count for key, row in held(cells).items() for column, count in enumerate(row) if count
    } == naive


@given(COUNTS, st.integers(1, 40))
def test_the_way_in_does_not_matter(keys: list[tuple[int, int, int, int]], part: int) -> None:
    at_once, in_parts, alone = (Cells(2, cells_max=12) for _ in range(3))
    at_once.extend(counted(keys))
    for start in range(0, len(keys), part):
        in_parts.extend(counted(keys[start : start + part]))
        in_parts.save()
    for start, queue, agent, channel in keys:
        alone.add(Key(start * 900, queue, agent, channel), channel % 2)
        held(alone)
    assert at_once.save() == in_parts.save() == alone.save()
    total = sum(sum(row) for row in held(at_once).values())
    assert total == len(keys)
    assert held(Cells.load(at_once.save())) == held(at_once)


def test_the_oldest_are_lumped_together() -> None:
    cells = Cells(1, cells_max=8)
    for start in range(1, 10):
        cells.add(Key(start * 900, 0, 5, 0), 0)
    found = held(cells)
    assert found[Key(LUMP_NS, 0, 5, 0)] == [3]
    assert len(found) == 7
    cells.add(Key(900, 0, 5, 0), 0)
    assert held(cells)[Key(LUMP_NS, 0, 5, 0)] == [4]


def test_a_lump_that_is_too_large_forgets_the_agents() -> None:
    cells = Cells(1, cells_max=8)
    for agent in range(100):
        cells.add(Key(900, agent % 2, agent, 0), 0)
    found = held(cells)
    assert len(found) <= 8
    assert sum(row[0] for row in found.values()) == 100
    assert found[Key(LUMP_NS, 0, -1, 0)][0] > 40


def test_sums_are_those_of_the_cells() -> None:
    cells = Cells(2)
    for start in (900, 1800, 2700, 3600):
        for queue in range(3):
            for agent in range(-1, 4):
                cells.add(Key(start, queue, agent, 1), agent % 2, start // 900 * (queue + 1))
    by_queue, by_step = Counter[int](), Counter[tuple[int, int]]()
    for key, counts in held(cells).items():
        by_queue[key.queue] += sum(counts)
        by_step[key.start_ns // 1800 * 1800, key.agent] += sum(counts)
    every = cells.columns(0, 10**9)
    assert {key: sum(counts) for key, counts in every.added(OF_QUEUE)} == {
        Key(0, queue, -1, -1): count for queue, count in by_queue.items()
    }
    assert {key: sum(counts) for key, counts in every.added(OF_AGENT, 1800)} == {
        Key(start, -1, agent, -1): count for (start, agent), count in by_step.items()
    }
    assert sum(every.total()) == by_queue.total()
    assert list(cells.columns(0, 900).added(OF_QUEUE)) == []


def test_columns_stay_as_they_were_copied() -> None:
    cells = Cells(1)
    cells.add(Key(900, 0, 5, 0), 0)
    found = cells.columns(0, 10**9)
    cells.add(Key(900, 0, 5, 0), 0)
    assert (found.total(), cells.columns(0, 10**9).total()) == ([1], [2])
