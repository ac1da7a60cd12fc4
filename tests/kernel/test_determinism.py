"""Determinism: the same observed rows give the same state, folded or decided, in any batches, from any snapshot."""

import random
from typing import Any

import numpy as np
import pytest

from engine.kernel.audit import audit
from engine.kernel.fingerprint import fingerprint
from engine.kernel.step import ROOM, fold, step
from engine.kernel.tables import Capacity, Tables, capacity_of, new_tables
from engine.messages import kinds as k
from engine.messages.rows import empty_rows
from engine.model.settings import QueueSetting
from simulations.world import Centre, World, joined
from tests.kernel.facts import Fact
from tests.kernel.histories import CAPACITY, History
from tests.kernel.naive import Twin
from tests.kernel.scene import SteppedKernel, observed_row

SEEDS = range(4)


def history(seed: int, facts: int = 400) -> SteppedKernel:
    """A kernel after a random history."""
    twin, stepped = Twin(CAPACITY), SteppedKernel(CAPACITY)
    drawn = History(seed, twin.books)
    beginning = drawn.beginning()
    for number in range(len(beginning) + facts):
        fact = beginning[number] if number < len(beginning) else drawn.next()
        twin.observe(fact)
        stepped.observe(fact)
    return stepped


def observed_of(rows: Any) -> Any:
    """The observed rows among `rows`."""
    return rows[rows["kind"] < k.FIRST_DECIDED].view(np.recarray)


def decide(t: Tables, observed: Any, sizes: Any) -> Any:
    """Give the rows to the kernel in batches of these sizes, again where it takes fewer; return what it produced."""
    produced, start, out = [], 0, empty_rows(ROOM + 200)
    while start < len(observed):
        batch = observed[start : start + next(sizes)]
        consumed, count = step(t, batch, out)
        assert consumed > 0
        produced.append(out[:count].copy())
        start += consumed
    return joined(produced)


def copied(t: Tables) -> Tables:
    """A snapshot of the tables, made into tables again."""
    again = new_tables(capacity_of(t))
    for (_, source), (_, target) in zip(t.items(), again.items(), strict=True):
        target[...] = source
    return again


def forever(draw: Any) -> Any:
    """Endless numbers."""
    while True:
        yield draw()


@pytest.mark.parametrize("seed", SEEDS)
def test_folding_what_was_produced_gives_the_same_state(seed: int) -> None:
    stepped = history(seed)
    again = new_tables(CAPACITY)
    fold(again, stepped.produced())
    assert fingerprint(again) == fingerprint(stepped.tables)
    assert audit(again) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_batches_may_be_split_anywhere(seed: int) -> None:
    stepped = history(seed)
    rows, drawn = stepped.produced(), random.Random(seed)
    for sizes in (forever(lambda: 1 << 20), forever(lambda: drawn.choice((1, 2, 7, 100)))):
        again = new_tables(CAPACITY)
        produced = decide(again, observed_of(rows), sizes)
        assert produced.tobytes() == rows.tobytes()
        assert fingerprint(again) == fingerprint(stepped.tables)


@pytest.mark.parametrize("seed", SEEDS)
def test_folding_may_be_split_before_any_fact(seed: int) -> None:
    stepped = history(seed)
    rows, again, drawn = stepped.produced(), new_tables(CAPACITY), random.Random(seed)
    facts = [*np.flatnonzero(rows["kind"] < k.FIRST_DECIDED).tolist(), len(rows)]
    number = 0
    while number < len(facts) - 1:
        following = min(number + drawn.choice((1, 3, 50)), len(facts) - 1)
        fold(again, rows[facts[number] : facts[following]])
        number = following
    assert fingerprint(again) == fingerprint(stepped.tables)


@pytest.mark.parametrize("seed", SEEDS)
def test_going_on_from_a_snapshot_or_after_a_fold_decides_the_same(seed: int) -> None:
    stepped = history(seed)
    parts, half = stepped.rows, len(stepped.rows) // 2
    first, rest = joined(parts[:half]), joined(parts[half:])
    folded = new_tables(CAPACITY)
    fold(folded, first)
    for tables in (copied(folded), folded):
        produced = decide(tables, observed_of(rest), forever(lambda: 64))
        assert produced.tobytes() == rest.tobytes()
        assert fingerprint(tables) == fingerprint(stepped.tables)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_different_history_leads_elsewhere(seed: int) -> None:
    assert fingerprint(history(seed, 60).tables) != fingerprint(history(seed, 61).tables)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", range(k.STRATEGIES))
def test_a_simulated_centre_replays(strategy: int) -> None:
    world = World(
        Centre(agents=20, queues=5, skills=5, skills_per_agent=2, occupancy=1.0, strategy=strategy, wrap_up_s=10.0)
    )
    world.run(400)
    again = new_tables(world.capacity)
    produced = decide(again, joined(world.observed), forever(lambda: 500))
    assert produced.tobytes() == joined(world.produced).tobytes()
    assert fingerprint(again) == fingerprint(world.tables)
    folded = new_tables(world.capacity)
    fold(folded, produced)
    assert fingerprint(folded) == fingerprint(world.tables)
    assert audit(folded) == []


def test_no_more_is_consumed_than_there_is_room_for() -> None:
    t = new_tables(Capacity(contacts=4, agents=1, queues=1, lines=4, intervals=1))
    rows = joined([observed_row(fact) for fact in History(1, Twin(CAPACITY).books).beginning()[:3]])
    assert step(t, rows, empty_rows(ROOM - 1)) == (0, 0)
    assert step(t, rows, empty_rows(ROOM))[0] == 1
    assert step(t, rows[1:], empty_rows(ROOM + 64))[0] == 2


def test_what_was_refused_is_said_by_the_log_and_not_by_the_rules_of_today() -> None:
    said = (
        Fact(k.QUEUE_CLOSED, queue=1),
        Fact(k.FACT_REFUSED, a=k.REFUSED_WRONG_STATE, b=k.QUEUE_CLOSED),
        Fact(k.SETTING_CHANGED, agent=k.TABLE_QUEUE, queue=1, contact=QueueSetting.VALUE, a=-7),
    )
    rows = joined([observed_row(fact) for fact in said])
    t = new_tables(CAPACITY)
    fold(t, rows)
    settings = t.queues["settings"][1]
    assert (settings[QueueSetting.OPEN], settings[QueueSetting.VALUE]) == (1, -7)
    assert (int(t.book["refused"][0]), int(t.book["seq"][0])) == (1, 3)
    again = decide(new_tables(CAPACITY), observed_of(rows), iter((2,)))
    assert again["kind"].tolist() == [k.QUEUE_CLOSED, k.SETTING_CHANGED, k.FACT_REFUSED]
