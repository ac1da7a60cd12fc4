"""Records in a ring: found by key, the latest kept, and what a position finds does not depend on how they came in."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.projections.quality.columns.ring import KEY, Ring, in_order_of

RECORD = np.dtype([(KEY, np.int64), ("number", np.int64)])


def records(keys: Sequence[int], first: int) -> Any:
    """Return records of these keys, numbered from `first` on."""
    found = np.zeros(len(keys), RECORD)
    found[KEY], found["number"] = [spread(key) for key in keys], np.arange(first, first + len(keys))
    return found


def spread(key: int) -> int:
    """Let some keys have a bucket in common."""
    return (key << 40) + key % 2 + 1


@given(st.integers(1, 9), st.lists(st.lists(st.integers(0, 3), max_size=6), max_size=12))
def test_a_key_leads_to_its_latest(kept: int, batches: list[list[int]]) -> None:
    ring, entered = Ring(RECORD, kept), list[int]()
    for keys in batches:
        places = ring.append(records(keys, len(entered) + 1))
        assert ring.records["number"][places].tolist() == list(range(len(entered) + 1, len(entered) + len(keys) + 1))
        entered += keys
        for by in range(len(entered) - len(keys), len(entered) + 1):
            for key in range(5):
                numbers = range(by, max(0, by - kept), -1)
                assert list(ring.find(spread(key), by)) == [one for one in numbers if entered[one - 1] == key]
    has = ring.has(np.array([spread(key) for key in range(5)]))
    assert all(has[key] for key in set(entered[-kept:]))
    assert not any(has[key] for key in range(5) if key not in entered)


def test_what_is_beyond_its_room_is_forgotten() -> None:
    ring = Ring(RECORD, 10)
    ring.append(records([7], 1))
    for first in range(2, 20_002, 5000):
        ring.append(records([1] * 5000, first))
    assert not ring.has(np.array([spread(7)]))[0]
    assert list(ring.find(spread(7), ring.count)) == []
    assert len(list(ring.find(spread(1), ring.count))) == 10
    assert ring.has(np.array([spread(1)]))[0]


@pytest.mark.parametrize("count", [0, 3, 12])
def test_what_was_saved_goes_on_alike(count: int) -> None:
    ring, again = Ring(RECORD, 5), Ring(RECORD, 5)
    ring.append(records([number % 3 for number in range(count)], 1))
    again.load(*ring.save())
    for one in (ring, again):
        one.append(records([2, 2], count + 1))
    assert again.save() == ring.save()
    for key in range(3):
        assert list(again.find(spread(key), again.count)) == list(ring.find(spread(key), ring.count))


@given(st.lists(st.integers(0, 5), max_size=50))
def test_order_is_stable(values: list[int]) -> None:
    found, places = in_order_of(np.array(values, np.int64))
    assert found.tolist() == sorted(values)
    assert places.tolist() == sorted(range(len(values)), key=lambda place: (values[place], place))
