"""One day through every driver: live over each log, folded, decided again. All must come to the same fingerprint."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.kernel.audit import audit
from engine.kernel.fingerprint import fingerprint
from engine.log.memory import MemoryLog
from engine.log.runs import runs
from engine.messages import kinds
from engine.messages.rows import ROW
from engine.replay.recheck import Recheck
from engine.replay.restore import restore, state_at
from engine.replay.verify import verify
from engine.state import EngineState
from tests.driver_support import CAPACITY, CENTRE, House, house, on_disk
from tests.naive_recount import NaiveRecount, differences
from tests.random_day import Day

STEPS = 400
SEEDS = (1, 2, 3)


def replayed(log: Any) -> EngineState:
    state = EngineState(CAPACITY)
    restore(log, state)
    return state


def memory_of(state: EngineState) -> dict[str, Any]:
    """What a state knows beside the tables."""
    return {
        "contacts": {entry.name: entry for entry in state.contacts},
        "wrapping": state.contacts.wrapping.all(),
        "sources": (state.interned.sources, state.interned.owners, state.interned.reasons),
        "requirements": state.directory.requirements.pairs,
        "queues": state.directory.queues,
        "seen": state.seen.save()["seen_keys"].tolist(),
        "answers": state.seen.save()["seen_values"].tolist(),
    }


def called_back(log: Any) -> tuple[set[int], set[int]]:
    """Sequences at which somebody left for a callback, and those whose callback came."""
    left, came = set(), set()
    for frame in log.read():
        for seq, row in enumerate(frame.rows, frame.first_seq):
            if row["kind"] == kinds.CONTACT_LEFT and row["a"] == kinds.EXIT_CALLBACK:
                left.add(seq)
            elif row["kind"] == kinds.CONTACT_ARRIVED:
                start = int(row["payload_offset"])
                arrival = msgspec.msgpack.decode(frame.payload[start : start + int(row["payload_size"])])
                prefix, _, number = arrival["contact"].rpartition("-")
                came |= {int(number)} if prefix == "callback" else set()
    return left, came


def assert_same(one: EngineState, other: EngineState) -> None:
    assert other.seq == one.seq
    assert fingerprint(other.tables) == fingerprint(one.tables)
    assert memory_of(other) == memory_of(one)


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_day_live_folded_and_decided_again(tmp_path: Path, seed: int) -> None:
    async with house(tmp_path) as h:
        await Day(seed).run(h, STEPS)
        assert audit(h.state.tables) == []
        assert_same(h.state, replayed(h.log))
        check = Recheck(EngineState(CAPACITY))
        assert all(check.add(run) for run in runs(h.log.read()))
        report = check.report()
        assert report.ok, str(report)
        assert report.fingerprint == f"{fingerprint(h.state.tables):016x}"
        assert report.decided > STEPS


@pytest.mark.parametrize("seed", SEEDS)
async def test_callbacks_that_came_are_owed_no_more_and_those_that_did_not_are(tmp_path: Path, seed: int) -> None:
    async with house(tmp_path) as h:
        await Day(seed).run(h, STEPS)
        left, came = called_back(h.log)
        assert left == came != set()
        assert list(restore(h.log, EngineState(CAPACITY)).owed) == []
        cut = MemoryLog(row_dtype=ROW)
        last = max(came)
        for frame in h.log.read():
            if frame.first_seq <= last:
                cut.append(frame.rows, bytes(frame.payload), frame.at_ns)
        left, came = called_back(cut)
        assert {owed.seq for owed in restore(cut, EngineState(CAPACITY)).owed} == left - came != set()


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_counter_of_a_day_is_what_a_naive_recount_gives(tmp_path: Path, seed: int) -> None:
    async with house(tmp_path, CENTRE.replace("name: test centre", "name: test centre, interval: 1m")) as h:
        await Day(seed).run(h, STEPS)
        recount = NaiveRecount([row for frame in h.log.read() for row in frame.rows])
        assert differences(h.state.tables, recount) == []
        assert len({number for ledger in (recount.by_event, recount.by_arrival) for number in ledger.cells}) > 10


async def test_the_log_on_disk_makes_no_difference(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await Day(7).run(h, STEPS)
        in_memory = h.state
    async with house(tmp_path, log_of=on_disk(tmp_path)) as h:
        await Day(7).run(h, STEPS)
        assert fingerprint(h.state.tables) == fingerprint(in_memory.tables)
        assert memory_of(h.state) == memory_of(in_memory)
        h.log.close()
        report = verify(tmp_path)
        assert report.ok, str(report)
        assert report.fingerprint == f"{fingerprint(h.state.tables):016x}"
        assert_same(h.state, state_at(tmp_path))


async def test_a_day_in_two_shifts_is_the_same_as_recovered_in_between(tmp_path: Path) -> None:
    log = MemoryLog(row_dtype=ROW)

    class Shared(MemoryLog):
        """The one log of both shifts."""

        def __new__(cls, on_durable: Callable[[int], None]) -> Any:
            log._on_durable = on_durable
            return log

    async with house(tmp_path, log_of=Shared) as h:
        await Day(5).run(h, STEPS // 2)
        first = memory_of(h.state)
        time_ns = h.clock.now_ns()
        await h.engine.stop()
    opened = House(h.config, log_of=Shared)
    opened.clock.advance(time_ns - opened.clock.now_ns())
    await opened.open()
    recovered = memory_of(opened.state)
    assert recovered["contacts"] == first["contacts"]
    assert recovered["wrapping"] == first["wrapping"]
    assert recovered["seen"] == first["seen"]
    assert recovered["requirements"] == first["requirements"]
    await Day(6).run(opened, STEPS // 2)
    await opened.engine.stop()
    assert opened.faults == []
    assert_same(opened.state, replayed(log))
    check = Recheck(EngineState(CAPACITY))
    assert all(check.add(run) for run in runs(log.read()))
    assert check.report().ok, str(check.report())


async def test_a_state_saved_and_loaded_goes_on_as_if_nothing_was(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await Day(9).run(h, STEPS // 2)
        await h.settle()
        parts, seq = h.state.save(), h.state.seq
        await Day(10).run(h, STEPS // 2)
        loaded = EngineState(CAPACITY)
        loaded.load(parts)
        assert loaded.seq == seq
        restore(h.log, loaded)
        assert_same(h.state, loaded)
