"""Who plays every simulated engine: whatever needs more room gets it and is played anew, as if it had had it."""

from typing import Any

import numpy as np
import pytest

from engine.kernel.step import ROOM
from engine.kernel.tables import Capacity
from simulations.experiment.runner import Played, ReplicationRunner
from simulations.scenario.scenario import Scenario
from simulations.world import runner as world_runner
from simulations.world.blank import RETRIALS, Span, blank_world
from simulations.world.runner import SimulationFailed
from simulations.world.tables import WorldTables

pytestmark = pytest.mark.timeout(600)  # the first of them compiles the world
HORIZON = {"from": "2026-11-23 08:00", "to": "2026-11-23 09:00", "interval": "30m"}


def crowded(contacts: int) -> Scenario:
    """A hundred callers for one agent, with room for so many at first."""
    queue = {
        "arrivals": {"rate": "2/min"},
        "handle": {"talk": "exponential(10m)"},
        "patience": "exponential(1h)",
        "strategy": "longest-idle",
        "agents": 1,
    }
    return Scenario.of({"horizon": HORIZON, "queues": {"q": queue}, "limits": {"contacts": contacts}})


def same(one: Played, other: Played) -> bool:
    """Whether two replications came to the same."""
    pairs = [(getattr(one, name), getattr(other, name)) for name in one.__struct_fields__]
    return all(np.array_equal(a, b) for a, b in pairs)


def test_whoever_needs_more_room_is_played_as_if_there_had_been_enough() -> None:
    small, large = ReplicationRunner(crowded(16).model), ReplicationRunner(crowded(1024).model)
    for replication in (0, 1, 0):
        assert same(small.play(3, replication), large.play(3, replication))
    assert small.settled.capacity.contacts > 16
    assert large.settled.capacity.contacts == 1024


def test_rows_that_were_told_are_not_told_again_in_another_way() -> None:
    taken: list[Any] = []
    small = ReplicationRunner(crowded(16).model, log_rows=ROOM + 8)
    with pytest.raises(SimulationFailed, match="play it once without a log"):
        small.play(3, 0, taken.append)
    assert taken
    pilot = ReplicationRunner(crowded(16).model)
    played = pilot.play(3, 0)
    told: list[Any] = []
    again = ReplicationRunner(pilot.settled, log_rows=ROOM + 8).play(3, 0, told.append)
    assert np.array_equal(again.tallies, played.tallies)
    rows = np.concatenate(told)
    assert len(rows) == again.rows == played.rows + 2, "a log begins with a start and a configuration"
    assert np.array_equal(rows[: len(taken[0])]["kind"], taken[0]["kind"])


def test_room_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world_runner, "CONTACTS_MAX", 63)
    with pytest.raises(SimulationFailed, match="more than 15 contacts at once"):
        ReplicationRunner(crowded(16).model).play(3, 0)


def test_a_blank_world_has_room_for_all_that_is_counted_and_for_everybody() -> None:
    capacity = Capacity(contacts=10_000, agents=3, queues=4, trunk_groups=2)
    parts = blank_world(capacity, 4, Span(5, 30, 100, intervals=2), groups=2, sources=5)
    world = WorldTables(**parts)
    counted = ("waits", "longest", "crowd", "retried", "cut_off", "peaks")
    assert {name: len(parts[name]) for name in counted} == dict.fromkeys(counted, 2)
    assert len(world.states) == len(world.busy_trunks) == 3
    assert world.speeds.tolist() == [[1.0] * 5] * 3
    assert len(world.arrivals) == len(world.sources) == 5
    assert len(world.retrials) == capacity.contacts
    assert len(world.timers) == len(world.places) == 2 * capacity.contacts + capacity.engagements + capacity.agents
    assert len(blank_world(Capacity(contacts=8), 1, Span(0, 1, 1))["retrials"]) == RETRIALS
    (book,) = world.book
    assert (book["from_ns"], book["boundary_ns"], book["interval"], book["stop_ns"]) == (5, 5, -1, 100)
