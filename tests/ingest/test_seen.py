"""The idempotence window: what it knows, for how long, and that a replay knows the same."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.ingest.seen import SeenFacts, SeenReplay, dedupe_key
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
