"""Chains in a ring: a key leads to its latest numbers, latest first, and to none that is forgotten."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from engine.projections.contacts.ring_index import RingIndex


@given(st.integers(1, 9), st.lists(st.none() | st.integers(-3, 3), max_size=60))
def test_a_key_leads_to_what_has_it_among_the_latest(room: int, keys: list[int | None]) -> None:
    index, entered = RingIndex(room), defaultdict[int, list[int]](list)
    for number, key in enumerate(keys, 1):
        if key is not None:
            index.add(number, key * 1_000_003)
            entered[key].insert(0, number)
        oldest = max(1, number - room + 1)
        for wanted in range(-3, 4):
            known = [one for one in entered[wanted] if one >= oldest]
            assert list(index.find(wanted * 1_000_003, oldest)) == known
