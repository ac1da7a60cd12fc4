"""One kernel, three drivers: a simulated scenario, the replay of its log and the live engine reach one fingerprint."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from engine.kernel.audit import audit
from engine.kernel.fingerprint import fingerprint
from engine.kernel.step import fold
from engine.kernel.tables import Capacity, Tables, new_tables
from engine.live.clock import ManualClock
from engine.live.loop import LiveEngine
from engine.log.event_log import SegmentLog
from engine.log.memory import MemoryLog
from engine.messages import kinds as k
from engine.messages.effects import AnyEffect, OfferContact
from engine.messages.observed import AgentStatusChanged, ContactArrived, ContactReleased, Observed, OfferAnswered
from engine.messages.rows import ROW, SCHEMA
from engine.model.directory import Directory, QueueCard
from engine.model.names import Names
from engine.state import EngineState
from simulations.world import Centre, World

STRATEGIES = (k.ERLANG, k.LONGEST_IDLE, k.RING_ALL, k.WEIGHTED_RANDOM)
PLAIN = Centre(agents=8, queues=4, skills=4, skills_per_agent=2, occupancy=1.1, wrap_up_s=15.0)
CENTRES = {k.STRATEGY_NAMES[strategy]: msgspec.structs.replace(PLAIN, strategy=strategy) for strategy in STRATEGIES}
CENTRES["holding back"] = msgspec.structs.replace(PLAIN, occupancy=0.9, hold_back_s=120.0, value_step=20.0)


@pytest.fixture(scope="module", params=CENTRES)
def world(request: pytest.FixtureRequest) -> World:
    """A morning of a small centre, simulated to its end."""
    centre = CENTRES[request.param]
    simulated = World(centre)
    simulated.run(150)
    return simulated


def turns(world: World) -> Iterator[tuple[Any, int]]:
    """Each turn's rows and its time."""
    for rows in world.produced:
        yield rows.view(np.recarray), int(rows["at_ns"][0])


def folded(capacity: Capacity, log: MemoryLog | SegmentLog) -> Tables:
    """The tables after the frames of a log."""
    t = new_tables(capacity)
    for frame in log.read():
        fold(t, np.array(frame.rows).view(np.recarray))
    return t


def test_the_simulation_is_worth_comparing(world: World) -> None:
    happened = {int(kind) for rows in world.produced for kind in np.unique(rows["kind"])}
    assert {k.OFFER_MADE, k.CONTACT_ANSWERED, k.CONTACT_LEFT, k.WRAP_UP_ENDED, k.DEADLINE_PASSED} <= happened
    assert (k.AGENT_HELD_BACK in happened) == (world.centre.hold_back_s > 0)
    assert audit(world.tables) == []


def test_the_log_in_memory_folds_to_the_same_state(world: World) -> None:
    log = MemoryLog(row_dtype=ROW)
    for rows, at_ns in turns(world):
        log.append(rows, b"", at_ns)
    assert fingerprint(folded(world.capacity, log)) == fingerprint(world.tables)


def test_the_log_on_disk_folds_to_the_same_state(world: World, tmp_path: Path) -> None:
    def opened() -> SegmentLog:
        return SegmentLog.open(tmp_path, on_durable=lambda _seq: None, row_dtype=ROW, schema=SCHEMA)

    log = opened()
    for rows, at_ns in turns(world):
        log.append(rows, b"", at_ns)
    log.close()
    log = opened()
    try:
        assert fingerprint(folded(world.capacity, log)) == fingerprint(world.tables)
    finally:
        log.close()


OF_ROWS = ("at_ns", "kind", "flags", "agent", "queue", "contact", "cause", "a", "b")
"""What a row says but who told it and under which id."""


class Told:
    """The scenario's facts as an adapter tells them: by names."""

    def __init__(self, engine: LiveEngine, centre: Centre) -> None:
        agents, queues = [f"a{n}" for n in range(centre.agents)], [f"q{n}" for n in range(centre.queues)]
        state = engine.state
        # Recorded beforehand: a row with the name of the source would move all sequences, by which chance is drawn.
        state.interned.source("desk", "desk")
        state.interned.record()
        state.directory = Directory(
            queues=Names(tuple(queues)), agents=Names(tuple(agents)), queue_cards=(QueueCard(),) * len(queues)
        )
        self.effects: list[AnyEffect] = []
        engine.outbox.routes["desk"] = self.effects.append
        engine.outbox.is_open = True
        self._contacts: dict[int, str] = {}

    def fact(self, row: Any) -> Observed:
        """The fact that a row was made of."""
        kind, slot, agent = int(row["kind"]), int(row["contact"]), f"a{row['agent']}"
        if kind == k.CONTACT_ARRIVED:
            self._contacts[slot] = f"c{row['at_ns']}"
            return ContactArrived(contact=self._contacts[slot], queue=f"q{row['queue']}")
        if kind == k.OFFER_ANSWERED:
            return OfferAnswered(contact=self._contacts[slot], agent=agent)
        if kind == k.AGENT_STATUS_CHANGED:
            return AgentStatusChanged(agent=agent, status="available")
        assert kind == k.CONTACT_RELEASED
        by: Any = k.BY_NAMES[int(row["a"])]
        return ContactReleased(contact=self._contacts[slot], by=by)


async def test_the_live_engine_decides_the_same_of_facts_that_it_is_told(world: World) -> None:
    """Through inbox, admission, turns and outbox, deadlines by the engine's own timers, on a scripted clock."""
    clock = ManualClock(int(world.observed[0]["at_ns"][0]))
    engine = LiveEngine(EngineState(world.capacity), clock=clock, on_fatal=pytest.fail)
    log = MemoryLog(row_dtype=ROW, on_durable=engine.on_durable)
    engine.attach(log)
    engine.run()
    told = Told(engine, world.centre)
    for row in world.observed:
        clock.advance(int(row["at_ns"][0]) - clock.now_ns())
        kind = int(row["kind"][0])
        if kind == k.DEADLINE_PASSED:
            engine.wake()
            await asyncio.sleep(0)
        elif kind in (k.SETTING_CHANGED, k.REQUIREMENT_DEFINED):
            engine.record(row.view(np.recarray))
        else:
            (receipt,) = await engine.submit_for("desk", "desk", [told.fact(row[0])])
            assert not receipt.error
    await engine.durable()
    rows = np.concatenate([frame.rows for frame in log.read()])
    wanted = np.concatenate(world.produced)
    for name in OF_ROWS:
        np.testing.assert_array_equal(rows[name], wanted[name], err_msg=name)
    offers = [effect for effect in told.effects if isinstance(effect, OfferContact)]
    assert len(offers) == np.count_nonzero(wanted["kind"] == k.OFFER_MADE)
    await engine.stop()


async def test_the_live_engine_decides_the_same_of_rows(world: World) -> None:
    clock, log = ManualClock(int(world.observed[0]["at_ns"][0])), MemoryLog(row_dtype=ROW)
    engine = LiveEngine(EngineState(world.capacity), clock=clock, on_fatal=pytest.fail)
    engine.attach(log)
    engine.run()
    for row in world.observed:
        clock.advance(int(row["at_ns"][0]) - clock.now_ns())
        engine.record(row.view(np.recarray))
    assert fingerprint(engine.state.tables) == fingerprint(world.tables)
    assert b"".join(frame.rows.tobytes() for frame in log.read()) == b"".join(rows.tobytes() for rows in world.produced)
    await engine.stop()
    assert fingerprint(folded(world.capacity, log)) == fingerprint(world.tables)
