"""The idempotence window: what it knows, for how long, and that a replay knows the same."""

import tracemalloc
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.ingest.seen import Generation, SeenFacts, SeenReplay, dedupe_key
from engine.messages.kinds import CONTACT_QUEUED, CONTACT_RELEASED, FACT_REFUSED
from engine.messages.rows import Rows, empty_rows


def test_the_key_names_source_and_id_without_confusing_them() -> None:
    keys = {dedupe_key(source, fact_id) for source, fact_id in (("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", ""))}
    assert len(keys) == 4
    assert 0 not in keys


@given(limit=st.integers(1, 5), count=st.integers(0, 30))
def test_at_least_a_generation_and_at_most_two_are_known(limit: int, count: int) -> None:
    seen = SeenFacts(limit)
    for number in range(1, count + 1):
        seen.add(number, 100 + number)
    known = [number for number in range(1, count + 1) if seen.find(number) is not None]
    assert len(known) == len(seen)
    assert min(count, limit) <= len(known) <= 2 * limit
    assert known == list(range(count - len(known) + 1, count + 1))
    assert all(seen.find(number) == (100 + number, 0) for number in known)


@given(limit=st.integers(1, 5), count=st.integers(0, 30))
def test_saved_and_loaded_it_knows_the_same(limit: int, count: int) -> None:
    seen, again = SeenFacts(limit), SeenFacts(limit)
    for number in range(1, count + 1):
        seen.add(number, 100 + number, number % 5)
    again.load(*seen.save().values())
    assert [again.find(number) for number in range(count + 2)] == [seen.find(number) for number in range(count + 2)]


def recorded(keys: list[int], refusals: list[int]) -> "Rows":
    """Observed rows with these keys, each followed by one decided row; a refused one by its refusal too."""
    parts = []
    for key, refusal in zip(keys, refusals, strict=True):
        rows = empty_rows(3 if refusal else 2)
        rows["kind"][0], rows["dedupe"][0] = CONTACT_RELEASED, key
        rows["kind"][1], rows["cause"][1] = CONTACT_QUEUED, 1
        if refusal:
            rows["kind"][2], rows["cause"][2], rows["a"][2] = FACT_REFUSED, 2, refusal
        parts.append(rows)
    return np.concatenate(parts).view(np.recarray)


@given(data=st.data(), limit=st.integers(1, 4), chunk=st.integers(1, 7))
def test_a_replay_knows_what_the_live_window_knew(data: st.DataObject, limit: int, chunk: int) -> None:
    count = data.draw(st.integers(1, 25))
    keys = [1000 + number if number % 3 else 0 for number in range(count)]
    refusals = [number % 5 if number % 4 == 0 else 0 for number in range(count)]
    rows = recorded(keys, refusals)
    live, replayed = SeenFacts(limit), SeenFacts(limit)
    observed = np.flatnonzero(rows["kind"] == CONTACT_RELEASED)
    for place, key, refusal in zip(observed.tolist(), keys, refusals, strict=True):
        if key:
            live.add(key, 1 + place, refusal)
    replay = SeenReplay(replayed, limit)
    starts = [*observed[::chunk].tolist(), len(rows)]
    for start, end in pairwise(starts):
        replay.absorb(1 + start, rows[start:end])
    replay.finish()
    # Where the generations turn over may differ by what was dropped whole; what the last generation holds may not.
    latest = [key for key in keys if key][-limit:]
    assert [replayed.find(key) for key in latest] == [live.find(key) for key in latest]


KEYS = st.integers(1, 2**64 - 1) | st.integers(1, 5)


@given(single=st.lists(st.tuples(KEYS, st.integers(1, 2**63 - 1)), max_size=50), count=st.integers(0, 5000))
def test_a_generation_knows_every_key_that_was_added_alone_or_with_others(
    single: list[tuple[int, int]], count: int
) -> None:
    generation, expected = Generation(), dict[int, int]()
    many = np.arange(1, 1 + count, dtype=np.uint64) * np.uint64(3)
    for chunk in np.array_split(many, 3):
        generation.add_all(chunk, chunk.astype(np.int64) + 1)
        expected |= {key: key + 1 for key in chunk.tolist()}
        for key, value in single:
            generation.add(key, value)
            expected[key] = value
    assert generation.count == len(expected)
    assert {key: generation.get(key) for key in expected} == expected
    assert generation.get(2**64 - 7) == expected.get(2**64 - 7, 0)
    keys, values = generation.columns()
    assert dict(zip(keys.tolist(), values.tolist(), strict=True)) == expected


def test_what_a_fact_takes_is_bounded() -> None:
    count = 50_000
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        seen = SeenFacts(count)
        for number in range(count):
            seen.add(dedupe_key("desk", str(number)), 1 + number)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(seen) == count
    assert (after - before) / count < 50
