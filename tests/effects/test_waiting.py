"""Places in line, and how often waiting customers hear of theirs."""

import random
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.effects.waiting import WaitingLines, positions
from engine.ingest.registry import entry_of
from engine.messages import kinds
from engine.messages.effects import InformQueued
from engine.messages.observed import ContactArrived
from engine.model.settings import STRICT_CREDIT_NS, QueueSetting
from engine.projections.queues.line_order import places as places_in
from engine.projections.queues.line_order import places_of
from engine.projections.queues.waiting_list import line_of
from engine.state import EngineState
from tests.driver_support import SECOND_NS, START_NS, load_centre, new_state

SALES, HELP = 0, 1


@pytest.fixture
def state(tmp_path: Path) -> EngineState:
    return new_state(load_centre(tmp_path))


def wait(state: EngineState, slot: int, queue: int, line_ns: int, priority: int = 0, order: int = 0) -> None:
    """Let a contact wait in `slot`."""
    fact = ContactArrived(contact=f"c{slot}", queue="sales")
    state.contacts.open(entry_of(slot, 1, 0, msgspec.msgpack.encode(fact)))
    contact = state.tables.contacts[slot]
    contact["state"], contact["queue"], contact["line_ns"] = kinds.CONTACT_WAITING, queue, line_ns
    contact["priority"], contact["order"] = priority, order


def places(state: EngineState) -> dict[int, int]:
    slots, found = positions(state.tables, state.contacts.slots())
    return dict(zip(slots.tolist(), found.tolist(), strict=True))


def test_each_queue_counts_for_itself_by_time_and_then_by_order(state: EngineState) -> None:
    assert places(state) == {}
    wait(state, 5, SALES, 100)
    wait(state, 1, HELP, 50)
    wait(state, 9, SALES, 20)
    wait(state, 3, SALES, 100, order=-1)
    assert places(state) == {9: 1, 3: 2, 5: 3, 1: 1}


@pytest.mark.parametrize(("credit_ns", "expected"), [(STRICT_CREDIT_NS, {2: 1, 1: 2}), (10, {1: 1, 2: 2})])
def test_priority_counts_as_much_as_the_queue_says(
    state: EngineState, credit_ns: int, expected: dict[int, int]
) -> None:
    state.tables.queues["settings"][SALES, QueueSetting.PRIORITY_CREDIT_NS] = credit_ns
    wait(state, 1, SALES, 100)
    wait(state, 2, SALES, 100 + 2 * 10 + 1, priority=2)
    assert places(state) == expected


@pytest.mark.parametrize("seed", range(5))
def test_places_counted_one_by_one_are_those_of_the_sorted_line(state: EngineState, seed: int) -> None:
    chance = random.Random(seed)
    state.tables.queues["settings"][SALES, QueueSetting.PRIORITY_CREDIT_NS] = 10
    for slot in chance.sample(range(60), 40):
        wait(state, slot, chance.choice((SALES, HELP)), chance.randrange(8), chance.randrange(3), order=slot * 7 % 61)
        if not chance.randrange(4):
            state.tables.contacts["state"][slot] = kinds.CONTACT_CONNECTED
    expected = places(state)
    wanted = np.array(sorted(chance.sample(sorted(expected), 4)))
    found = places_of(state.tables, state.contacts.slots(), wanted)
    assert dict(zip(wanted.tolist(), found.tolist(), strict=True)) == {slot: expected[slot] for slot in wanted.tolist()}


@pytest.mark.parametrize("seed", range(5))
def test_supervisors_see_the_places_that_callers_are_told(state: EngineState, seed: int) -> None:
    chance = random.Random(seed)
    state.tables.queues["settings"][SALES, QueueSetting.PRIORITY_CREDIT_NS] = 10
    ringing = []
    for slot in chance.sample(range(60), 40):
        wait(state, slot, chance.choice((SALES, HELP)), chance.randrange(8), chance.randrange(3), order=slot * 7 % 61)
        if not chance.randrange(4):
            state.tables.contacts["state"][slot] = kinds.CONTACT_OFFERED
            ringing.append(slot)
    seen: dict[int, int] = {}
    for queue in (SALES, HELP):
        line = line_of(state.tables, queue)
        seen |= dict(zip(line.tolist(), places_in(state.tables, line).tolist(), strict=True))
    assert len(seen) == 40
    told_to = places(state)
    assert {slot: place for slot, place in seen.items() if slot not in ringing} == told_to


def told(lines: WaitingLines, at_s: float) -> list[tuple[str, int]]:
    effects = [one.effect for one in lines.due(START_NS + int(at_s * SECOND_NS))]
    assert all(isinstance(effect, InformQueued) for effect in effects)
    return [(effect.contact, effect.position) for effect in effects if isinstance(effect, InformQueued)]


def test_a_customer_hears_of_a_change_soon_and_of_anything_within_a_minute(state: EngineState) -> None:
    lines = WaitingLines(state.tables, state.contacts, state.names, lambda slot, place: (slot + place, None))
    wait(state, 0, SALES, 1)
    wait(state, 1, SALES, 2)
    assert told(lines, 0) == [("c0", 1), ("c1", 2)], "after a restart nobody was told anything yet"
    assert told(lines, 1) == []
    state.tables.contacts["state"][0] = kinds.CONTACT_CONNECTED
    assert told(lines, 9) == []
    assert told(lines, 10) == [("c1", 1)]
    assert told(lines, 49) == []
    assert told(lines, 50) == [("c1", 1)]


def test_what_is_told_comes_from_the_estimate_at_that_place(state: EngineState) -> None:
    lines = WaitingLines(state.tables, state.contacts, state.names, lambda slot, place: (10.0 * slot, float(place)))
    wait(state, 0, HELP, 1)
    wait(state, 1, HELP, 2)
    effects = [one.effect for one in lines.due(START_NS)]
    assert [(e.queue, e.wait_p50_s, e.wait_p90_s) for e in effects if isinstance(e, InformQueued)] == [
        ("help", 0.0, 1.0),
        ("help", 10.0, 2.0),
    ]


def test_in_one_go_only_so_many_are_told_and_nobody_is_forgotten(state: EngineState) -> None:
    lines = WaitingLines(state.tables, state.contacts, state.names, lambda _queue, _place: (None, None), told_at_once=5)
    for slot in range(12):
        wait(state, slot, SALES, slot)
    rounds = [[contact for contact, _ in told(lines, at_s)] for at_s in (0, 1, 2, 3)]
    assert [len(heard) for heard in rounds] == [5, 5, 2, 0]
    heard = [contact for contacts in rounds for contact in contacts]
    assert sorted(heard) == sorted(f"c{slot}" for slot in range(12))
