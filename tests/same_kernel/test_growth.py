"""Tables that grow in the middle of a day decide like those that were as large from the beginning."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.kernel.audit import audit
from engine.kernel.fingerprint import fingerprint
from engine.kernel.resize import resize
from engine.kernel.tables import Capacity, capacity_of, new_tables
from engine.live.clock import ManualClock
from engine.log.runs import runs
from engine.messages import kinds
from engine.replay.recheck import Recheck
from engine.replay.restore import restore
from engine.state import EngineState
from tests.driver_support import CAPACITY, CENTRE, START_NS, House, load_centre
from tests.random_day import Day

STEPS = 250
ROW_TAKES_NS = 7919
SHORT_INTERVALS = CENTRE.replace("name: test centre", "name: test centre, interval: 1m")
LARGE = Capacity(contacts=200, agents=90, queues=9, trunk_groups=5, requirements=40, lines=130, intervals=11)
GROWN_BY_ONE = tuple(
    Capacity(**{**{f: getattr(CAPACITY, f) for f in Capacity.__struct_fields__}, name: getattr(LARGE, name)})
    for name in Capacity.__struct_fields__
)


class RestlessClock(ManualClock):
    """Never tells two turns the same time, so that no two deadlines are equal and slots decide nothing.

    How often it is asked says nothing: timers on the wall ask, too, and more often the slower the machine is.
    """

    def __init__(self, now_ns: int, house: House) -> None:
        super().__init__(now_ns)
        self._house = house

    def now_ns(self) -> int:
        """The time, a little later with each row."""
        return super().now_ns() + self._house.state.seq * ROW_TAKES_NS


async def two_days(folder: Path, seed: int, first: Capacity, second: Capacity) -> House:
    """Half a day, a restart, and the other half."""
    house = House(load_centre(folder, SHORT_INTERVALS), capacity=first)
    house.clock = RestlessClock(START_NS, house)
    await house.open()
    day = Day(seed)
    await day.run(house, STEPS, at_once=(1,))
    await house.reopen(second)
    await day.run(house, STEPS, at_once=(1,))
    await house.engine.stop()
    assert house.faults == []
    return house


def without_slots(house: House) -> Any:
    """All rows, each contact named by the sequence of its arrival instead of its slot."""
    rows: Any = np.concatenate([frame.rows for frame in house.log.read()]).copy()
    arrival = np.full(house.capacity.contacts, -1)
    for seq, row in enumerate(rows, 1):
        kind, slot = int(row["kind"]), int(row["contact"])
        row["payload_offset"] = row["payload_size"] = 0
        if kind == kinds.SETTING_CHANGED:
            continue
        if kind == kinds.CONTACT_ARRIVED:
            arrival[slot] = seq
        if slot >= 0:
            row["contact"] = arrival[slot]
        if kind == kinds.CALLER_MOVED:
            row["a"] = arrival[int(row["a"])]
        if kind == kinds.OFFER_MADE and row["b"] >> 29 & 1:
            other = int(row["b"] >> 32) - 1
            row["b"] = (int(row["b"]) & 0xFFFFFFFF) | (int(arrival[other]) if other >= 0 else 0) << 32
    return rows


@pytest.mark.parametrize("seed", range(4))
async def test_decisions_are_those_of_tables_large_from_the_start(tmp_path: Path, seed: int) -> None:
    grown = await two_days(tmp_path, seed, CAPACITY, LARGE)
    large = await two_days(tmp_path, seed, LARGE, LARGE)
    assert audit(grown.state.tables) == []
    np.testing.assert_array_equal(without_slots(grown), without_slots(large))
    one, other = grown.state.tables, large.state.tables
    for name in ("tallies", "histograms", "skill_levels", "memberships", "requirements", "idle_seqs", "prices"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    for name in ("agents", "queues", "trunk_groups"):
        for column in set(getattr(one, name).dtype.names) - {"engagement"}:
            np.testing.assert_array_equal(getattr(one, name)[column], getattr(other, name)[column], err_msg=column)
    kept = one.interval_starts > 0
    np.testing.assert_array_equal(one.interval_starts[kept], other.interval_starts[kept])
    np.testing.assert_array_equal(one.intervals[kept], other.intervals[kept])


@pytest.mark.parametrize("capacity", [*GROWN_BY_ONE, LARGE], ids=[*Capacity.__struct_fields__, "all"])
async def test_replay_and_verify_grow_where_the_engine_did(tmp_path: Path, capacity: Capacity) -> None:
    house = await two_days(tmp_path, 11, CAPACITY, capacity)
    assert capacity_of(house.state.tables) == capacity
    assert audit(house.state.tables) == []
    replayed = EngineState(CAPACITY)
    restore(house.log, replayed)
    assert fingerprint(replayed.tables) == fingerprint(house.state.tables)
    assert replayed.capacity == capacity
    check = Recheck(EngineState(CAPACITY))
    assert all(check.add(run) for run in runs(house.log.read()))
    report = check.report()
    assert report.ok, str(report)
    assert report.fingerprint == f"{fingerprint(house.state.tables):016x}"


def test_new_tables_grow_into_new_tables() -> None:
    grown = resize(new_tables(CAPACITY), LARGE)
    for (name, table), (_, expected) in zip(grown.items(), new_tables(LARGE).items(), strict=True):
        assert np.array_equal(table, expected), name


def test_tables_do_not_shrink() -> None:
    with pytest.raises(ValueError, match="fewer agents, lines"):
        resize(new_tables(LARGE), Capacity(contacts=1000, agents=1, queues=10, trunk_groups=9, lines=1, intervals=12))
