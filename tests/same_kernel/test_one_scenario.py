"""One kernel, three drivers: a simulated scenario, the replay of its log and the live engine reach one fingerprint."""

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
from engine.messages.rows import ROW, SCHEMA
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


async def test_the_live_engine_decides_the_same_on_a_scripted_clock(world: World) -> None:
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
