"""The idempotence window: what it knows, for how long, and that a replay knows the same."""

import tracemalloc
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.ingest.seen import Generation, SeenFacts, SeenReplay, dedupe_key, remembered
from engine.messages.kinds import CONTACT_QUEUED, CONTACT_RELEASED, FACT_REFUSED
from engine.messages.rows import Rows, empty_rows


def add(seen: SeenFacts, key: int, seq: int, refusal: int = 0) -> None:
    seen.add([key], [seq], {seq: refusal} if refusal else {})


def find(seen: SeenFacts, key: int) -> tuple[int, int] | None:
    (value,) = seen.find([key])
    return remembered(value) if value else None


def test_the_key_names_source_and_id_without_confusing_them() -> None:
    keys = {dedupe_key(source, fact_id) for source, fact_id in (("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", ""))}
    assert len(keys) == 4
    assert 0 not in keys


@given(limit=st.integers(1, 5), count=st.integers(0, 30))
def test_at_least_a_generation_and_at_most_two_are_known(limit: int, count: int) -> None:
    seen = SeenFacts(limit)
    for number in range(1, count + 1):
        add(seen, number, 100 + number)
    known = [number for number in range(1, count + 1) if find(seen, number) is not None]
    assert len(known) == len(seen)
    assert min(count, limit) <= len(known) <= 2 * limit
    assert known == list(range(count - len(known) + 1, count + 1))
    assert all(find(seen, number) == (100 + number, 0) for number in known)


@given(limit=st.integers(1, 5), count=st.integers(0, 30))
def test_saved_and_loaded_it_knows_the_same(limit: int, count: int) -> None:
    seen, again = SeenFacts(limit), SeenFacts(limit)
    for number in range(1, count + 1):
        add(seen, number, 100 + number, number % 5)
    again.load(*seen.save().values())
    assert [find(again, number) for number in range(count + 2)] == [find(seen, number) for number in range(count + 2)]


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
            add(live, key, 1 + place, refusal)
    replay = SeenReplay(replayed, limit)
    starts = [*observed[::chunk].tolist(), len(rows)]
    for start, end in pairwise(starts):
        replay.absorb(1 + start, rows[start:end])
    replay.finish()
    # Where the generations turn over may differ by what was dropped whole; what the last generation holds may not.
    latest = [key for key in keys if key][-limit:]
    assert [find(replayed, key) for key in latest] == [find(live, key) for key in latest]


KEYS = (st.integers(-(2**63), 2**63 - 1) | st.integers(1, 5)).filter(bool)
"""As 64 bits with a sign."""


@given(single=st.lists(st.tuples(KEYS, st.integers(1, 2**63 - 1)), max_size=50), count=st.integers(0, 5000))
def test_a_generation_knows_every_key_that_was_added_alone_or_with_others(
    single: list[tuple[int, int]], count: int
) -> None:
    generation, expected = Generation(), dict[int, int]()
    many = np.arange(1, 1 + count) * 3
    for chunk in np.array_split(many, 3):
        generation.add(chunk, chunk + 1)
        expected |= {key: key + 1 for key in chunk.tolist()}
        for key, value in single:
            generation.add(np.array([key]), np.array([value]))
            expected[key] = value
    assert generation.count == len(expected)
    wanted = np.array([*expected, *(key for key in range(-7, 8) if key not in expected)], np.int64)
    found = np.zeros(len(wanted), np.int64)
    generation.find(wanted, found)
    assert found.tolist() == [expected.get(key, 0) for key in wanted.tolist()]
    keys, values = generation.columns()
    assert dict(zip(keys.view(np.int64).tolist(), values.tolist(), strict=True)) == expected


def test_what_a_fact_takes_is_bounded() -> None:
    count = 50_000
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        seen = SeenFacts(count)
        for number in range(count):
            add(seen, dedupe_key("desk", str(number)), 1 + number)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(seen) == count
    assert (after - before) / count < 50


def test_a_fact_is_known_by_its_source_and_id() -> None:
    seen = SeenFacts()
    seen.add([dedupe_key("http:desk", "an 1")], [7], {})
    assert seen.knows("http:desk", "an 1")
    assert not seen.knows("http:desk", "an 2")
    assert not seen.knows("sip", "an 1")
    assert not seen.knows("http:desk", "")
    assert not seen.knows("http:desk", "\ud800")
