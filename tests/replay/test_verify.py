"""The recorded log: verified row by row, restored to any position, and nothing acknowledged is ever lost."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from engine.errors import LogDamaged, LogError
from engine.kernel.fingerprint import fingerprint
from engine.live.host import EngineHost
from engine.live.recovered import open_contacts
from engine.log.memory import MemoryLog
from engine.log.runs import runs
from engine.log.segment import SMALLEST_SEGMENT_BYTES
from engine.messages import kinds
from engine.messages.observed import CallbackRequested, ContactArrived, ContactReleased, QueueClosed
from engine.messages.rows import ROW
from engine.model.settings import QueueSetting
from engine.model.tallies import Tally
from engine.ports import Receipt
from engine.replay.recheck import Recheck, VerifyReport
from engine.replay.recount import Recount
from engine.replay.restore import log_folder, restore, state_at
from engine.replay.verify import verify
from engine.state import EngineState
from tests.driver_support import CAPACITY, CENTRE, House, house, load_centre, on_disk
from tests.random_day import Day

ROOT = Path(__file__).parents[2]
SEGMENT_BYTES = SMALLEST_SEGMENT_BYTES * 8


def tampered(log: MemoryLog, change: Callable[[int, Any], None]) -> MemoryLog:
    """A copy of a log in which `change` was let loose on the rows of each turn."""
    copy = MemoryLog(row_dtype=ROW)
    for frame in log.read():
        rows = frame.rows.copy()
        change(frame.first_seq, rows)
        copy.append(rows, bytes(frame.payload), frame.at_ns)
    return copy


def recheck(log: Any) -> VerifyReport:
    check = Recheck(EngineState(CAPACITY))
    for run in runs(log.read()):
        if not check.add(run):
            break
    return check.report()


async def recorded_day(folder: Path, steps: int = 120) -> House:
    async with house(folder) as h:
        await Day(11).run(h, steps)
    return h


@pytest.fixture(params=[1, 100, 1_000_000])
def run_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way to cut a log into runs."""
    monkeypatch.setattr("engine.log.runs.RUN_ROWS", request.param)


@pytest.mark.usefixtures("run_rows")
async def test_a_row_that_was_decided_otherwise_is_named(tmp_path: Path) -> None:
    h = await recorded_day(tmp_path)
    place: dict[str, int] = {}

    def change(first_seq: int, rows: Any) -> None:
        offers = np.flatnonzero(rows["kind"] == kinds.OFFER_MADE)
        if len(offers) and not place:
            rows["agent"][offers[0]] ^= 1
            place["seq"] = first_seq + int(offers[0])

    report = recheck(tampered(h.log, change))
    assert not report.ok
    assert report.mismatch is not None
    assert report.mismatch.seq == place["seq"]
    assert report.mismatch.recorded.startswith("offer_made ")
    assert report.mismatch.decided.startswith("offer_made ")
    assert report.mismatch.recorded != report.mismatch.decided
    assert f"sequence {place['seq']}: the log says offer_made" in str(report)


@pytest.mark.usefixtures("run_rows")
@pytest.mark.parametrize("missing", [True, False])
async def test_a_decision_that_is_missing_or_too_much_is_named(tmp_path: Path, missing: bool) -> None:
    h = await recorded_day(tmp_path)
    changed = MemoryLog(row_dtype=ROW)
    place = 0
    for frame in h.log.read():
        rows = frame.rows
        if not place and len(rows) > 3 and rows["kind"][-1] == kinds.OFFER_MADE and frame.first_seq > 100:
            rows = rows[:-1] if missing else np.concatenate([rows, rows[-1:]])
            place = frame.first_seq + len(frame.rows) - missing
        changed.append(rows, bytes(frame.payload), frame.at_ns)
    report = recheck(changed)
    assert report.mismatch is not None
    assert report.mismatch.seq == place
    said = (report.mismatch.recorded, report.mismatch.decided)
    assert said[not missing] == "nothing more"
    assert said[missing].startswith("offer_made ")
    assert report.last_seq == place - 1


async def test_a_refusal_of_the_log_is_followed_and_named_where_it_would_be_none_today(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.tell(QueueClosed(queue="sales"))
        queue = h.state.directory.queues.number("sales")
        *frames, last = list(h.log.read())
    refused = MemoryLog(row_dtype=ROW)
    for frame in frames:
        refused.append(frame.rows, bytes(frame.payload), frame.at_ns)
    rows = np.concatenate([last.rows, last.rows[-1:]])
    rows["kind"][-1], rows["cause"][-1], rows["a"][-1] = kinds.FACT_REFUSED, 1, kinds.REFUSED_WRONG_STATE
    refused.append(rows, bytes(last.payload), last.at_ns)
    for log, is_open in ((h.log, 0), (refused, 1)):
        state = EngineState(CAPACITY)
        restore(log, state)
        assert state.tables.queues["settings"][queue, QueueSetting.OPEN] == is_open
    report = recheck(refused)
    assert report.mismatch is not None
    assert report.mismatch.recorded.startswith("fact_refused ")
    assert (report.mismatch.decided, report.violations) == ("nothing more", ())


async def test_a_report_says_all_as_json(tmp_path: Path) -> None:
    report = recheck((await recorded_day(tmp_path)).log)
    assert report.ok
    assert str(report).startswith(f"verified: {report.rows} rows in {report.frames} turns")
    assert msgspec.json.decode(msgspec.json.encode(report), type=VerifyReport) == report
    assert report.rows == report.observed + report.decided == report.last_seq


async def test_a_counter_that_drifts_is_found_by_the_recount(tmp_path: Path) -> None:
    h = await recorded_day(tmp_path)
    recount = Recount(CAPACITY.queues, CAPACITY.contacts)
    for run in runs(h.log.read()):
        recount.add(run)
    tables = h.state.tables
    assert recount.differences(tables) == []
    assert recount.kinds[kinds.CONTACT_QUEUED] > 0
    tables.tallies[0, Tally.ENTRIES] += 1
    assert recount.differences(tables) == [
        f"entries of queue 0, voice: kept {tables.tallies[0, Tally.ENTRIES]}, "
        f"recounted {tables.tallies[0, Tally.ENTRIES] - 1}"
    ]
    tables.queues["waiting"][1] += 1
    assert recount.differences(tables)[-1].startswith("waiting in queue 1: kept ")


@pytest.mark.parametrize("chunk", [1, 3, 1000])
async def test_a_recount_does_not_depend_on_how_it_is_cut(tmp_path: Path, chunk: int) -> None:
    h = await recorded_day(tmp_path)
    frames = list(h.log.read())
    recount = Recount(CAPACITY.queues, CAPACITY.contacts)
    for start in range(0, len(frames), chunk):
        for run in runs(frames[start : start + chunk]):
            recount.add(run)
    assert recount.differences(h.state.tables) == []


@pytest.mark.usefixtures("run_rows")
async def test_the_state_at_any_position_is_what_it_was_then(tmp_path: Path) -> None:
    async with house(tmp_path, log_of=on_disk(tmp_path)) as h:
        then: dict[int, tuple[int, int]] = {}
        for lap in range(4):
            await Day(20 + lap).run(h, 30)
            then[h.state.seq] = (fingerprint(h.state.tables), len(h.state.contacts))
        await h.engine.stop()
        h.log.close()
    for seq, (mark, contacts) in then.items():
        state = state_at(tmp_path, seq)
        assert (state.seq, fingerprint(state.tables), len(state.contacts)) == (seq, mark, contacts)
    assert state_at(tmp_path).seq == max(then)
    earlier = state_at(tmp_path, max(then) - 1)
    assert earlier.seq < max(then)


@pytest.mark.parametrize("share", [0.0, 0.5])
async def test_damage_to_what_was_acknowledged_is_found(tmp_path: Path, share: float) -> None:
    async with house(tmp_path, log_of=on_disk(tmp_path)) as h:
        await Day(11).run(h, 60)
        await h.engine.stop()
        h.log.close()
    assert verify(tmp_path).rows > 0
    segment = min(log_folder(tmp_path).glob("*.log"))
    content = bytearray(segment.read_bytes())
    frames = [i for i in range(4096, len(content) - 64, 64) if content[i : i + 4] == content[4096:4100]]
    content[frames[int(share * len(frames))] + 70] ^= 1
    segment.write_bytes(content)
    with pytest.raises(LogDamaged):
        verify(tmp_path)


def test_without_a_log_there_is_a_clear_answer(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="there is no log in"):
        verify(tmp_path)


async def test_a_callback_that_was_owed_when_it_stopped_is_queued_at_the_start(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.tell(ContactArrived(contact="c", queue="sales", customer="+84 1"))
        await h.tell(CallbackRequested(contact="c", number="+84 2"))
        await h.settle()
        frames = list(h.log.read())
    cut = MemoryLog(row_dtype=ROW)
    for frame in frames:
        cut.append(frame.rows, bytes(frame.payload), frame.at_ns)
        if kinds.CONTACT_LEFT in frame.rows["kind"]:
            break
    for log, is_owed in ((cut, True), (h.log, False)):
        state = EngineState(CAPACITY)
        replay = restore(log, state)
        told = [(owed.entry.arrival.customer, owed.entry.callback_number) for owed in replay.owed]
        assert told == ([("+84 1", "+84 2")] if is_owed else [])
        assert len(state.contacts) == (0 if is_owed else 1)
    again = House(h.config, log_of=lambda _on_durable: cut)
    await again.open()
    for owed in again.replay.owed:
        again.engine.queue_callback(owed)
        again.engine.queue_callback(owed)
    await asyncio.sleep(0)
    await again.engine.stop()
    (entry,) = again.state.contacts
    assert entry.arrival.customer == "+84 2"
    assert again.state.interned.owners[entry.source] == "desk"


async def test_a_callback_that_was_made_is_not_owed_however_long_ago(tmp_path: Path) -> None:
    text = CENTRE.replace("intervals: 8}", "intervals: 8, remembered_facts: 20}")
    async with house(tmp_path, text) as h:
        await h.tell(ContactArrived(contact="c", queue="sales"), source="chat")
        await h.engine.submit_for("other", "other", [ContactArrived(contact="d", queue="sales")])
        await h.tell(CallbackRequested(contact="c", number="+84 2"))
        await h.tell(CallbackRequested(contact="d", number="+84 3"))
        await h.settle()
        names = [entry.name for entry in h.state.contacts]
        assert len(names) == 2
        await h.tell(*(ContactReleased(contact=name, by="system") for name in names))
        for number in range(60):
            await h.tell(QueueClosed(queue="help", id=f"x{number}"))
        await h.settle()
        assert {"callbacks", "callbacks:other"} <= set(h.state.interned.sources)
    assert list(restore(h.log, EngineState(CAPACITY, 20)).owed) == []


async def test_a_turn_that_was_cut_between_two_frames_can_be_read(tmp_path: Path) -> None:
    text = CENTRE.replace("contacts: 64", "contacts: 8192")
    text = text.replace("{strategy: longest-idle, wrap_up: 0s, ring_limit: 20s}", "{when_closed: queue help}")
    text = text.replace("skills: {english: 2}", "when_closed: queue later")
    capacity = msgspec.structs.replace(CAPACITY, contacts=8192)
    async with house(tmp_path, text, capacity=capacity) as h:
        await h.tell(QueueClosed(queue="sales"), QueueClosed(queue="help"))
        before = len(list(h.log.read()))
        await h.tell(*(ContactArrived(contact=f"c{number}", queue="sales") for number in range(4000)), source="new")
        await h.settle()
        frames = list(h.log.read())
    assert len(frames) > before + 1, "the kernel took it in one piece"
    for names_row, owner in ((True, "desk"), (False, "source-2")):
        cut = MemoryLog(row_dtype=ROW)
        for number, frame in enumerate(frames[: before + 1]):
            rows = frame.rows.copy()
            if number == before and not names_row:
                rows["a"][rows["kind"] == kinds.CONFIGURATION_LOADED] = 0  # as it was written once: it stood elsewhere
                rows["kind"][rows["kind"] == kinds.CONFIGURATION_LOADED] = kinds.DEADLINE_PASSED
            cut.append(rows, bytes(frame.payload), frame.at_ns)
        state = EngineState(capacity)
        restore(cut, state)
        found = open_contacts(state)
        assert list(found) == [owner]
        assert len(found[owner]) > 100


def run_until_killed(config: Path, data: Path, lap: int, lines: int) -> dict[str, int]:
    """Start the process, read so many receipts, kill it without warning; return all that it said."""
    program = [sys.executable, "-m", "tests.live_process", str(config), str(data), str(lap)]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if len(said) == lines:
                process.kill()
        # What it still said before the kill came counts as well, but for a line cut short.
    whole = [line.split() for line in said[1:] if line.endswith("\n")]
    assert said, "the process ended before it was killed"
    return {name: int(seq) for name, seq in whole}


@pytest.mark.slow
async def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    config = load_centre(tmp_path)
    file, data = tmp_path / "centre.yaml", tmp_path / "data"
    receipts: dict[str, int] = {}
    for lap, lines in enumerate((40, 151, 302)):
        receipts |= await asyncio.to_thread(run_until_killed, file, data, lap, lines)
    assert len(receipts) > 450
    report = verify(data)
    assert report.ok, str(report)
    host = EngineHost(config, data, segment_bytes=SEGMENT_BYTES)
    await host.start()
    try:
        kind_of = {
            frame.first_seq + place: kind
            for frame in host.engine.log.read()
            for place, kind in enumerate(frame.rows["kind"].tolist())
        }
        ends = {kinds.CONTACT_RELEASED, kinds.CALLBACK_REQUESTED}
        for name, seq in receipts.items():
            assert kind_of[seq] in ({kinds.CONTACT_ARRIVED} if name.endswith("a") else ends), name
        facts = [
            ContactArrived(id=name, contact=name, queue="sales")
            if name.endswith("a")
            else ContactReleased(id=name, contact=name)
            for name in receipts
        ]
        again = await host.engine.submit("desk", facts)
        assert again == [Receipt(seq, duplicate=True) for seq in receipts.values()]
    finally:
        await host.stop()
    assert verify(data).ok
