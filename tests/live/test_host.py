"""One whole engine on disk: snapshots, limits, opening hours, reloads, and the care it takes of itself."""

import asyncio
import gc
import logging
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import pytest

from engine.commands.serve import Reloader
from engine.config import Config
from engine.errors import ConfigError, ContactsFull, LogDamaged, LogLocked, SettingsRefused
from engine.kernel.fingerprint import fingerprint
from engine.live.adapters import AdapterFailed, Adapters, Followed
from engine.live.clock import LiveClock
from engine.live.host import SWITCH_INTERVAL_S, EngineHost, SpaceWatch, serve
from engine.live.loop import LiveEngine
from engine.live.snapshots import Snapshots
from engine.log.event_log import SegmentLog
from engine.log.segment import SMALLEST_SEGMENT_BYTES
from engine.log_port import Turn
from engine.messages.effects import AnyEffect, CallBack
from engine.messages.observed import (
    CallbackRequested,
    ContactArrived,
    ContactReleased,
    ContactWithdrawn,
    QueueClosed,
)
from engine.model.settings import EngineSetting
from engine.ports import AdapterStatus, OpenContact
from engine.replay.restore import state_at
from engine.replay.verify import verify
from engine.state import EngineState, StateCopy
from tests.driver_support import CENTRE, SECOND_NS, house, load_centre

SEGMENT_BYTES = SMALLEST_SEGMENT_BYTES * 8


def host_of(folder: Path, text: str = CENTRE) -> EngineHost:
    return EngineHost(load_centre(folder, text), folder / "data", segment_bytes=SEGMENT_BYTES)


async def calls(host: EngineHost, first: int, count: int) -> None:
    for number in range(first, first + count):
        await host.engine.submit("desk", [ContactArrived(contact=f"c{number}", queue="sales")])
        if number % 2:
            await host.engine.submit("desk", [ContactReleased(contact=f"c{number}")])


async def test_a_restart_from_a_snapshot_is_a_restart_from_the_log(tmp_path: Path) -> None:
    host = host_of(tmp_path)
    await host.start()
    assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL_S)
    await calls(host, 0, 10)
    await host.stop()
    mark, seq = fingerprint(host.engine.state.tables), host.engine.state.seq
    (snapshot,) = (tmp_path / "data" / "snapshots").glob("*.trk")
    assert f"{seq:020d}" in snapshot.name
    whole = state_at(tmp_path / "data")
    assert (whole.seq, fingerprint(whole.tables)) == (seq, mark)

    again = host_of(tmp_path)
    await again.start()
    assert {entry.name for entry in again.engine.state.contacts} == {"c0", "c2", "c4", "c6", "c8"}
    assert again.engine.views.contacts.find("c1").contact.state == "closed"
    await calls(again, 10, 4)
    await again.stop()
    report = verify(tmp_path / "data")
    assert report.ok, str(report)
    assert report.fingerprint == f"{fingerprint(again.engine.state.tables):016x}"


async def test_a_damaged_snapshot_costs_time_and_nothing_else(tmp_path: Path) -> None:
    host = host_of(tmp_path)
    await host.start()
    await calls(host, 0, 6)
    await host.stop()
    for snapshot in (tmp_path / "data" / "snapshots").glob("*.trk"):
        data = bytearray(snapshot.read_bytes())
        data[len(data) // 2] ^= 1
        data[-100] ^= 1
        snapshot.write_bytes(bytes(data[: len(data) - 64]))
    again = host_of(tmp_path)
    await again.start()
    assert {entry.name for entry in again.engine.state.contacts} == {"c0", "c2", "c4"}
    await again.stop()
    assert verify(tmp_path / "data").ok


@pytest.mark.parametrize("harm", ["the segment is deleted", "the end is zeroed"])
async def test_a_log_that_a_snapshot_knows_better_is_refused(tmp_path: Path, harm: str) -> None:
    host = host_of(tmp_path)
    await host.start()
    await calls(host, 0, 30)
    await host.stop()
    data = tmp_path / "data"
    segment = max((data / "log").glob("*.log"))
    if harm == "the segment is deleted":
        segment.unlink()
    else:
        image = segment.read_bytes()
        used = len(image.rstrip(b"\0"))
        segment.write_bytes(image[: used - 3000].ljust(len(image), b"\0"))
    files = {path: path.read_bytes() for path in (data / "log").iterdir()}
    with pytest.raises(LogDamaged, match=r"yet snapshot-0{10}\d+\.trk was made of it at sequence \d+: .* are missing"):
        await host_of(tmp_path).start()
    with pytest.raises(LogDamaged):
        verify(data)
    assert {path: path.read_bytes() for path in (data / "log").iterdir()} == files
    (data / "snapshots").rename(data / "elsewhere")
    if harm == "the segment is deleted":
        with pytest.raises(LogDamaged, match="move the spares out of"):
            await host_of(tmp_path).start()
        for spare in (data / "log").glob("spare-*"):
            spare.unlink()
    again = host_of(tmp_path)
    await again.start()
    await again.stop()


async def test_snapshots_are_taken_while_it_runs(tmp_path: Path) -> None:
    host = host_of(tmp_path)
    await host.start()
    frequent = Snapshots(tmp_path / "frequent", host.engine.log, every_rows=20)  # type: ignore[arg-type]
    frequent.follow(host.engine)
    await calls(host, 0, 30)
    await frequent.finish()
    assert host.engine.counters["snapshots"] >= 2
    newest = frequent.newest()
    assert newest is not None
    assert newest.capacity == host.engine.state.capacity
    await host.stop()


async def test_a_snapshot_is_of_the_moment_at_which_nothing_was_owed(tmp_path: Path) -> None:
    host = host_of(tmp_path)
    await host.start()
    engine = host.engine
    await engine.submit("desk", [ContactArrived(contact="c", queue="sales")])
    frequent = Snapshots(tmp_path / "frequent", engine.log, every_rows=1)  # type: ignore[arg-type]
    frequent.follow(engine)
    noted: list[int] = []

    def at_once(_turn: Turn) -> None:
        if not noted:
            noted.append(engine.state.seq)
            engine.tell("desk", [CallbackRequested(contact="c", number="+1")])
            engine._make_turns()  # and its callback may still be owed when the snapshot's task begins
            frequent._every_rows = 1 << 30

    engine.subscribe(at_once)
    await engine.submit("desk", [QueueClosed(queue="help")])
    assert frequent._writing is not None
    await frequent._writing
    stored = frequent.newest()
    assert stored is not None
    book: Any = stored.parts["table.book"]
    assert book.view(np.asarray(engine.state.tables.book).dtype)["seq"].tolist() == noted
    await host.stop()


class Desk:
    """An adapter that writes down what it was given and told; it fails where it is asked to."""

    fails = ""
    told: ClassVar[list[tuple[str, str]]] = []
    given: ClassVar[list[str]] = []
    engine: Any = None

    def __init__(self, settings: object, engine: Any) -> None:
        if Desk.fails == "make":
            raise OSError("no certificate")
        Desk.engine = engine
        self.up = True

    async def start(self, contacts: Sequence[OpenContact]) -> None:
        if Desk.fails == "start":
            raise OSError("address in use")
        Desk.given = [contact.contact for contact in contacts]

    def act(self, effect: AnyEffect) -> None:
        assert self.up, "told of something when it had stopped"
        Desk.told.append((type(effect).__name__, effect.contact))

    def status(self) -> AdapterStatus:
        return AdapterStatus("desk", True, True, "", {})

    async def stop(self) -> None:
        self.up = False


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Desk]]:
    """The adapter `desk`, which hosts find by its name."""
    made: Any = Desk
    monkeypatch.setattr("engine.live.host.Adapters", partial(Adapters, find_class=lambda _: made))
    yield Desk
    Desk.fails, Desk.told, Desk.given = "", [], []


def with_desk(folder: Path, text: str = CENTRE) -> EngineHost:
    config = load_centre(folder, text).model_copy(update={"adapters": {"desk": {}}})
    return EngineHost(config, folder / "data", segment_bytes=SEGMENT_BYTES)


async def ended(host: EngineHost) -> None:
    await host.engine.durable()
    await asyncio.sleep(0)


def snapshots_in(folder: Path) -> list[Path]:
    return list((folder / "data" / "snapshots").glob("*.trk"))


async def test_what_fell_due_while_it_was_down_reaches_the_adapter_that_has_the_contact(
    tmp_path: Path, desk: type[Desk]
) -> None:
    text = CENTRE.replace("ring_limit: 20s}", "ring_limit: 20s, steps: [{after: 1s, do: refuse}]}")
    host = with_desk(tmp_path, text)
    await host.start()
    await desk.engine.submit("desk", [ContactArrived(contact="c", queue="sales")])
    await ended(host)
    await host.stop()
    desk.told.clear()
    clock = LiveClock.now_ns
    with pytest.MonkeyPatch.context() as later:
        later.setattr(LiveClock, "now_ns", lambda self: clock(self) + 60 * SECOND_NS)
        again = with_desk(tmp_path, text)
        await again.start()
        await ended(again)
        assert (desk.given, desk.told) == (["c"], [("RefuseContact", "c")])
        assert not again.engine.state.contacts.find("c")
        assert not again.engine.outbox.unaddressed
        await again.stop()


@pytest.mark.parametrize("fails", ["make", "start"])
async def test_ends_are_told_by_the_first_start_that_comes_so_far(
    tmp_path: Path, desk: type[Desk], fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a snapshot nor the callback that is queued at each start hides what the crash swallowed."""
    host = with_desk(tmp_path)
    await host.start()
    names = ("c", "calls back")
    await desk.engine.submit("desk", [ContactArrived(contact=name, queue="sales") for name in names])
    await ended(host)
    host.engine.outbox.is_open = False
    monkeypatch.setattr(host.engine, "queue_callback", lambda _owed: None)
    facts = [ContactWithdrawn(contact="c"), CallbackRequested(contact="calls back", number="+1")]
    await desk.engine.submit("desk", facts)
    crashed = tmp_path / "crashed"
    shutil.copytree(tmp_path / "data", crashed / "data")
    await host.stop()
    desk.told.clear()
    desk.fails = fails
    for _ in range(2):
        with pytest.raises((AdapterFailed, OSError)):
            await with_desk(crashed).start()
        assert snapshots_in(crashed) == []
    desk.fails = ""
    again = with_desk(crashed)
    await again.start()
    await ended(again)
    assert desk.given[-2:] == ["c", "calls back"]
    assert desk.told[:2] == [("RefuseContact", "c"), ("CallBack", "calls back")]
    shutil.copytree(crashed / "data", tmp_path / "last" / "data")
    await again.stop()
    assert len(snapshots_in(crashed)) == 1
    desk.told.clear()
    last = with_desk(tmp_path / "last")
    await last.start()
    await ended(last)
    assert [told for told in desk.told if told[0] != "InformQueued"] == [], "that start said that they were told"
    await last.stop()


async def test_a_stop_leaves_to_the_next_start_what_adapters_were_not_told(tmp_path: Path, desk: type[Desk]) -> None:
    host = with_desk(tmp_path)
    await host.start()
    await desk.engine.submit("desk", [ContactArrived(contact="c", queue="sales")])
    withdrawn = desk.engine.submit("desk", [ContactWithdrawn(contact="c")])
    await host.stop()
    assert withdrawn.done()
    assert ("RefuseContact", "c") not in desk.told
    assert snapshots_in(tmp_path) == []
    again = with_desk(tmp_path)
    await again.start()
    await ended(again)
    assert (desk.given, desk.told[-1]) == (["c"], ("RefuseContact", "c"))
    await again.stop()
    assert snapshots_in(tmp_path), "nothing is owed any more"


async def test_a_snapshot_that_cannot_be_taken_over_costs_time_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    saved = StateCopy.parts
    monkeypatch.setattr(StateCopy, "parts", lambda copy: {**saved(copy), "directory": b"\xc1"})
    host = host_of(tmp_path)
    await host.start()
    await calls(host, 0, 6)
    await host.stop()
    assert len(snapshots_in(tmp_path)) == 1
    again = host_of(tmp_path)
    await again.start()
    assert {entry.name for entry in again.engine.state.contacts} == {"c0", "c2", "c4"}
    assert "a snapshot cannot be taken over" in caplog.text
    await again.stop()
    assert verify(tmp_path / "data").ok


async def test_the_log_is_closed_after_the_snapshot_that_is_being_written_and_whatever_it_meets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = host_of(tmp_path)
    await host.start()
    log, closed = host.engine.log, asyncio.Event()
    assert isinstance(log, SegmentLog)
    snapshots = host._snapshots
    assert snapshots is not None

    def write(_seq: int, _copy: StateCopy) -> None:
        assert not closed.is_set(), "the log was closed under a snapshot"
        raise RuntimeError("a fault of its own")

    close = log.close

    def noted() -> None:
        closed.set()
        close()

    monkeypatch.setattr(log, "close", noted)
    monkeypatch.setattr(snapshots, "_write", write)
    snapshots._every_rows = 1
    await host.engine.submit("desk", [ContactArrived(contact="c", queue="sales")])
    assert snapshots._writing is not None
    host.engine.outbox.routes["desk"] = lambda _effect: None
    host.engine.outbox.stop("desk")
    host.engine.outbox.hold(host.engine.state.seq + 1, [("desk", CallBack(seq=1, contact="c", queue="sales"))])
    await host.stop()
    assert closed.is_set()
    assert host.engine.counters["snapshots_failed"] >= 1
    again = host_of(tmp_path)
    await again.start()
    await again.stop()


async def test_a_snapshot_holds_no_requirement_of_later(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        copy = h.state.copy()
        known = len(h.state.directory.requirements.pairs)
        await h.tell(ContactArrived(contact="v", queue="help", skills={"vip": 3}))
        assert len(h.state.directory.requirements.pairs) > known
        loaded = EngineState(h.capacity)
        loaded.load(copy.parts())
        assert len(loaded.directory.requirements.pairs) == known


async def test_as_many_contacts_get_in_as_the_limit_says(tmp_path: Path) -> None:
    host = host_of(tmp_path, CENTRE.replace("contacts: 64", "contacts: 16"))
    await host.start()
    facts = [ContactArrived(contact=f"c{number}", queue="sales") for number in range(16)]
    assert not [receipt for receipt in await host.engine.submit("desk", facts) if receipt.error]
    with pytest.raises(ContactsFull):
        await host.engine.submit("desk", [ContactArrived(contact="one more", queue="sales")])
    await host.stop()


async def test_limits_grow_at_a_start_and_never_shrink(tmp_path: Path) -> None:
    host = host_of(tmp_path)
    await host.start()
    await calls(host, 0, 1)
    await host.stop()
    for limits, expected in (("agents: 4", 8), ("agents: 11", 16), ("agents: 15", 16)):
        again = host_of(tmp_path, CENTRE.replace("agents: 8", limits))
        await again.start()
        state = again.engine.state
        assert (state.capacity.agents, len(state.tables.agents)) == (expected, expected)
        assert state.contacts.find("c0") is not None
        await again.stop()
        (tmp_path / "data" / "snapshots").rename(tmp_path / f"snapshots{limits[-2:]}")  # the next start reads the log
    report = verify(tmp_path / "data")
    assert report.ok, str(report)


async def test_a_day_of_any_interval_fits_from_the_next_start_on(tmp_path: Path) -> None:
    unsaid = CENTRE.replace(", intervals: 8", "")
    host = host_of(tmp_path, unsaid)
    await host.start()
    await calls(host, 0, 1)
    assert host.engine.state.capacity.intervals == 192
    short = unsaid.replace("name: test centre", "interval: 5m")
    followed = load_centre(tmp_path, short)
    with pytest.raises(SettingsRefused) as caught:
        await host.reload(followed)
    assert caught.value.faults == [
        "the running engine keeps 192 intervals of 5m, and a day has more: figures of today begin late until you "
        "restart it"
    ]
    assert host.engine.state.tables.book["settings"][0, EngineSetting.INTERVAL_NS] == 300 * SECOND_NS
    await host.stop()
    again = host_of(tmp_path, short)
    await again.start()
    assert again.engine.state.capacity.intervals == 301
    assert (await again.reload(followed)).settings == 0
    await again.stop()
    report = verify(tmp_path / "data")
    assert report.ok, str(report)


async def test_a_reload_uses_the_room_there_is_and_asks_for_a_restart_beyond(tmp_path: Path) -> None:
    host = host_of(tmp_path, CENTRE.replace("agents: 8", "agents: 9"))
    await host.start()
    with pytest.raises(LogLocked):
        await host_of(tmp_path).start()
    more = "\n".join(f"  - {{name: agent{number}}}" for number in range(10))
    assert (await host.reload(load_centre(tmp_path, CENTRE.replace("agents: 8", "agents: 12") + more))).settings > 0
    assert host.engine.state.directory.agents.number("agent9") == 11
    with pytest.raises(ConfigError, match=r"limits.contacts is 128.*room for 64; restart"):
        await host.reload(load_centre(tmp_path, CENTRE.replace("contacts: 64", "contacts: 128")))
    await host.stop()


async def test_a_reload_says_which_sections_others_follow(tmp_path: Path) -> None:
    host = host_of(tmp_path)
    await host.start()
    hours = 'opening_hours: {day: {time_zone: UTC, weekly: {monday-friday: "08:00-17:00"}}}\n'
    assert (await host.reload(load_centre(tmp_path, hours + CENTRE))).sections == ["opening_hours"]
    assert (await host.reload(load_centre(tmp_path, hours + CENTRE))) == (0, [])
    await host.stop()


async def test_a_reload_says_who_is_still_in_what_it_took_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    host = host_of(tmp_path)
    await host.start()
    await host.engine.submit("desk", [ContactArrived(contact="c", queue="help")])
    caplog.clear()
    await host.reload(load_centre(tmp_path, "\n".join(line for line in CENTRE.split("\n") if "later:" not in line)))
    assert not caplog.records
    await host.reload(load_centre(tmp_path, "\n".join(line for line in CENTRE.split("\n") if "help:" not in line)))
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "queue 'help' is no longer configured: 1 of its contacts are still there"
    ]
    await host.stop()


async def test_garbage_is_collected_again_where_a_start_and_its_stop_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = host_of(tmp_path)

    async def fail() -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(host, "_start", fail)
    monkeypatch.setattr(host, "stop", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        await host.start()
    collected = gc.isenabled()
    gc.enable()
    assert collected


async def test_a_start_says_who_is_still_in_what_is_not_configured(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host = host_of(tmp_path)
    await host.start()
    await host.engine.submit("desk", [ContactArrived(contact="c", queue="help")])
    await host.stop()
    caplog.clear()
    fewer = "\n".join(line for line in CENTRE.split("\n") if "help:" not in line and "later:" not in line)
    for _ in range(2):
        host = host_of(tmp_path, fewer)
        await host.start()
        warned = [record.getMessage().partition(";")[0] for record in caplog.records if record.levelname == "WARNING"]
        assert warned == ["queue 'help' is no longer configured: 1 of its contacts are still there"]
        await host.stop()
        caplog.clear()


async def test_serve_is_ready_and_stops_when_cancelled(tmp_path: Path) -> None:
    ready: asyncio.Future[EngineHost] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(load_centre(tmp_path), tmp_path / "data", ready=ready.set_result))
    host = await ready
    await host.engine.submit("desk", [ContactArrived(contact="c", queue="sales")])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gc.isenabled()
    assert verify(tmp_path / "data").ok


async def test_a_reload_goes_on_behind_what_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = host_of(tmp_path)
    await host.start()

    def refuse(_config: Config) -> int:
        raise SettingsRefused(["trunk group 'main': routing does not take 5 as channels"])

    monkeypatch.setattr(host.engine, "configure", refuse)
    followed: list[str] = []
    assert host._adapters is not None
    assert host._hours is not None

    def reload(*_: Any) -> Followed:
        followed.append("adapters")
        return Followed(["adapter 'sip' refuses"], [])

    monkeypatch.setattr(host._adapters, "reload", reload)
    monkeypatch.setattr(host._hours, "reload", lambda _config: followed.append("hours"))
    with pytest.raises(SettingsRefused) as caught:
        await host.reload(load_centre(tmp_path))
    assert followed == ["adapters", "hours"]
    assert caught.value.faults == ["trunk group 'main': routing does not take 5 as channels", "adapter 'sip' refuses"]
    assert list(host.engine.loads.not_taken) == caught.value.faults, "it is told for as long as it is so"
    monkeypatch.undo()
    await host.reload(load_centre(tmp_path))
    assert not host.engine.loads.not_taken
    await host.stop()


@pytest.mark.parametrize("part", ["plans", "adapters", "hours", "durable"])
async def test_a_part_that_fails_to_follow_keeps_no_other_from_it_and_the_file_is_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    host = host_of(tmp_path)
    await host.start()

    def fail(*_: Any) -> None:
        raise OSError("no space left on device")

    followed: list[str] = []
    assert host._adapters is not None
    assert host._hours is not None
    monkeypatch.setattr(host._hours, "reload", lambda _config: followed.append("hours"))
    parts = {"plans": (host.plans, "follow"), "adapters": (host._adapters, "reload"), "hours": (host._hours, "reload")}
    monkeypatch.setattr(*parts.get(part, (host.engine, "durable")), fail)
    (tmp_path / "centre.yaml").write_text(CENTRE.replace("later:", "evening:"), encoding="utf-8")
    await Reloader(tmp_path / "centre.yaml").reload(host)
    assert followed == ([] if part == "hours" else ["hours"])
    assert "evening" in host.engine.state.directory.queues.in_force
    loads = host.engine.loads
    assert not loads.refused, "routing follows it"
    (told,) = loads.not_taken
    assert "OSError: no space left on device; restart the engine" in told
    assert (loads.counts["in_part"], loads.counts["refused"]) == (1, 0)
    monkeypatch.undo()
    await host.stop()


async def test_what_a_reload_refused_keeps_no_service_from_coming_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    follow = LiveEngine.configure

    def refuse(engine: LiveEngine, config: Config) -> int:
        follow(engine, config)
        raise SettingsRefused(["trunk group 'main': routing does not take 5 as channels"])

    monkeypatch.setattr(LiveEngine, "configure", refuse)
    interval_s = sys.getswitchinterval()
    host = host_of(tmp_path)
    await host.start()
    assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL_S)
    assert list(host.engine.loads.not_taken) == ["trunk group 'main': routing does not take 5 as channels"]
    await host.stop()
    assert sys.getswitchinterval() == pytest.approx(interval_s)
    assert [record.message for record in caplog.records if record.levelno == logging.ERROR] == [
        "the configuration is followed but for this: trunk group 'main': routing does not take 5 as channels"
    ]


async def test_a_lack_of_disk_space_is_said_once_and_so_is_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Log:
        admitting = False
        disk_full = True

    log = Log()
    watch = SpaceWatch(cast("SegmentLog", log), tmp_path, SEGMENT_BYTES, Counter())
    for admitting, disk_full in ((False, False), (False, True), (False, True), (True, False), (True, True)):
        log.admitting, log.disk_full = admitting, disk_full
        watch.look()
        watch.stop()
    slow, lacking, over = (record for record in caplog.records if record.levelno == logging.WARNING)
    assert "for a moment" in slow.getMessage()
    assert f"needs {SEGMENT_BYTES} bytes" in lacking.getMessage()
    assert "are free" in lacking.getMessage()
    assert "new contacts are taken" in over.getMessage()


async def test_a_host_that_starts_without_disk_space_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(SegmentLog, "admitting", False)
    monkeypatch.setattr(SegmentLog, "disk_full", True)
    host = host_of(tmp_path)
    await host.start()
    await host.stop()
    assert [record.levelname for record in caplog.records if "lack of disk space" in record.message] == ["WARNING"]
