"""The kernel against its naive twin: over random histories both reach the same conclusions, row by row."""

import os
from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernel.audit import audit
from engine.kernel.tables import Capacity
from engine.messages import kinds as k
from engine.messages.rows import unpack_entry
from tests.kernel.facts import Fact
from tests.kernel.histories import CAPACITY, History
from tests.kernel.naive import Twin
from tests.kernel.scene import SteppedKernel

SEEDS = range(int(os.environ.get("TWIN_FIRST_SEED", "0")), int(os.environ.get("TWIN_LAST_SEED", "24")))


def comparable(fact: Fact) -> Fact:
    """The fact without what is compared with tolerance."""
    if fact.kind == k.OFFER_MADE:
        return fact._replace(a=0)
    if fact.kind == k.AGENT_HELD_BACK:
        return fact._replace(a=0, b=0)
    if fact.kind == k.TRUNK_SEIZED:
        return fact._replace(b=0)
    if fact.kind == k.TRUNK_RESERVE_CHANGED:
        return fact._replace(b=fact.b & 0xFFFFF)
    return fact._replace(b=fact.b & 0xFF) if fact.kind == k.CONTACT_QUEUED else fact


def assert_alike(wanted: Fact, found: Fact) -> None:
    """Scores agree to a thousandth, waits told to a second."""
    assert comparable(found) == comparable(wanted)
    if found.kind in {k.OFFER_MADE, k.AGENT_HELD_BACK}:
        assert found.a == pytest.approx(wanted.a, rel=1e-3, abs=2)
    if found.kind == k.AGENT_HELD_BACK:
        assert found.b == pytest.approx(wanted.b, rel=1e-3, abs=2)
    elif found.kind == k.TRUNK_SEIZED:
        assert abs(found.b - wanted.b) <= 1
    elif found.kind == k.CONTACT_QUEUED:
        for told, wait in zip(unpack_entry(found.b)[1:], unpack_entry(wanted.b)[1:], strict=True):
            assert (told is None) == (wait is None)
            assert told is None or wait is None or abs(told - wait) <= 1


def words(facts: list[Fact]) -> str:
    """Rows as text, one a line."""
    return "\n".join(f"  {k.KIND_NAMES.get(fact.kind, fact.kind)} {fact[1:]}" for fact in facts)


def compare(
    seed: int, steps: int, wild: float = 0.03, *, holding: bool = False, capacity: Capacity = CAPACITY
) -> Counter[int]:
    """Drive both through one history; return how often each kind was concluded."""
    twin, stepped, concluded = Twin(capacity), SteppedKernel(capacity), Counter[int]()
    history = History(seed, twin.books, wild=wild, holding=holding)
    facts = iter(history.beginning())
    for number in range(steps):
        fact = next(facts, None) or history.next()
        wanted, found = twin.observe(fact), stepped.observe(fact)
        concluded.update(said.kind for said in found)
        where = f"seed {seed}, fact {number}: {k.KIND_NAMES.get(fact.kind, fact.kind)} {fact[1:]}"
        story = f"{where}\ntwin:\n{words(wanted)}\nkernel:\n{words(found)}"
        assert len(found) == len(wanted), story
        for one, other in zip(wanted, found, strict=True):
            try:
                assert_alike(one, other)
            except AssertionError as difference:
                raise AssertionError(f"{story}\n{difference}") from difference
        assert audit(stepped.tables) == [], where
        assert next_of(stepped) == twin.next_deadline(), where
    return concluded


def next_of(stepped: SteppedKernel) -> int | None:
    """When something is due next, None if never."""
    from engine.kernel.deadlines import NEVER_NS
    from engine.kernel.step import next_deadline_ns

    due = int(next_deadline_ns(stepped.tables))
    return None if due == NEVER_NS else due


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_long_random_histories(seed: int) -> None:
    compare(seed, 600)


@pytest.mark.slow
@pytest.mark.parametrize("lines", [1, 5, 9, 14])
def test_histories_with_few_lines_that_are_given_back(lines: int) -> None:
    few = msgspec.structs.replace(CAPACITY, lines=lines)
    for seed in SEEDS[:6]:
        compare(seed + lines, 300, capacity=few, holding=seed % 2 == 0)


@pytest.mark.slow
def test_histories_of_centres_that_hold_agents_back() -> None:
    concluded = Counter[int]()
    for seed in SEEDS:
        concluded += compare(seed, 400, holding=True)
    if len(SEEDS) >= 24:
        assert concluded[k.AGENT_HELD_BACK] > 4
        assert concluded[k.TRUNK_RESERVE_CHANGED] > 0
        assert concluded[k.TRUNK_SEIZED] > concluded[k.TRUNK_REFUSED] > 0


@pytest.mark.slow
@given(seed=st.integers(0, 1 << 32), steps=st.integers(60, 200))
@settings(max_examples=25)
def test_many_short_random_histories(seed: int, steps: int) -> None:
    compare(seed, steps, wild=0.1)
