"""Old segments are deleted, and what they had led to is not: starts and looks back go on from the state there."""

import shutil
import time
from pathlib import Path
from typing import Any, Final

import pytest
from numpy.lib import recfunctions
from typer.testing import CliRunner

from engine.commands.outcome import Exit
from engine.errors import LogError, LogLocked
from engine.kernel.fingerprint import fingerprint
from engine.live import base
from engine.live.host import EngineHost
from engine.live.prune import KEEP_LEAST_NS, prune
from engine.live.snapshots import Snapshots
from engine.live.state_code import STATE_VERSION
from engine.log.file_ops import FileOps
from engine.log.segment import SMALLEST_SEGMENT_BYTES, segment_paths
from engine.log.snapshot import SnapshotStore
from engine.main import app
from engine.messages.observed import ContactArrived, ContactReleased
from engine.model.tallies import Tally
from engine.replay.past import Past
from engine.replay.restore import restore, state_at
from tests.driver_support import load_centre

SEGMENT_BYTES: Final = SMALLEST_SEGMENT_BYTES * 8
LATER_NS: Final = 2 * KEEP_LEAST_NS
"""So much later somebody prunes."""


def host_of(folder: Path) -> EngineHost:
    return EngineHost(load_centre(folder), folder / "data", segment_bytes=SEGMENT_BYTES)


async def worked(folder: Path, first: int, segments: int) -> int:
    """Let an engine take contacts until the log has so many segments; all but one of each turn leave again.

    Returns the number of the next contact.
    """
    host = host_of(folder)
    await host.start()
    while len(segment_paths(FileOps(), folder / "data" / "log")) < segments:
        names = [f"c{number}" for number in range(first, first + 20)]
        await host.engine.submit("desk", [ContactArrived(contact=name, queue="sales") for name in names])
        leaving = names if first else names[1:]
        await host.engine.submit("desk", [ContactReleased(contact=name) for name in leaving])
        first += 20
    await host.stop()
    return first


def host_snapshots(host: EngineHost, log: Any) -> Snapshots:
    return Snapshots(host._data / "snapshots", log)


def pruned(folder: Path, **more: Any) -> Any:
    return prune(folder / "data", KEEP_LEAST_NS, now_ns=time.time_ns() + LATER_NS, **more)


def entries(state: Any) -> int:
    found: int = state.tables.tallies[:, Tally.ENTRIES].sum()
    return found


async def test_an_engine_goes_on_behind_what_was_deleted_without_any_snapshot(tmp_path: Path) -> None:
    data = tmp_path / "data"
    following = await worked(tmp_path, 0, 4)
    whole = state_at(data)
    looked = pruned(tmp_path, dry_run=True)
    assert (looked.done, looked.segments, looked.segments_kept) == (False, 3, 1)
    assert len(segment_paths(FileOps(), data / "log")) == 4
    done = pruned(tmp_path)
    assert (done.done, done.segments, done.bytes) == (True, 3, 3 * SEGMENT_BYTES)
    assert [int(path.stem) for path in segment_paths(FileOps(), data / "log")] == [done.first_seq]
    assert pruned(tmp_path).segments == 0

    shutil.rmtree(data / "snapshots")
    host = host_of(tmp_path)
    state = host._recover(log := host._open_log(0), host_snapshots(host, log))
    assert done.first_seq <= state.seq < whole.seq
    log.close()
    await host.start()
    assert entries(host.engine.state) == entries(whole)
    assert {entry.name for entry in host.engine.state.contacts} == {"c0"}, "who came long ago is there still"
    assert host.engine.views.quality.from_seq > whole.seq
    earliest = host.engine.kept_state()
    assert earliest is not None
    assert earliest.seq == state.seq, "a look back reaches as far as the log does"
    past = Past(host.engine.log, host.engine.state.capacity, host.engine.kept_state)
    assert past.ask(whole.now_ns, lambda views, _: entries(views)) == entries(whole)
    await host.stop()

    await worked(tmp_path, following, 3)
    mark = state_at_end(tmp_path)
    assert pruned(tmp_path).segments == 2, "from the state at which it began"
    shutil.rmtree(data / "snapshots")
    assert state_at_end(tmp_path) == mark


def state_at_end(folder: Path) -> int:
    """Return the fingerprint of what the log and the state at which it begins say."""
    host = host_of(folder)
    log = host._open_log(0)
    try:
        state = host._recover(log, host_snapshots(host, log))
        restore(log, state)
        found: int = fingerprint(state.tables)
        return found
    finally:
        log.close()


async def test_a_backup_brings_the_state_at_which_the_log_begins(tmp_path: Path) -> None:
    await worked(tmp_path, 0, 3)
    pruned(tmp_path)
    copied = CliRunner().invoke(app, ["backup", str(tmp_path / "data"), str(tmp_path / "copy")])
    assert copied.exit_code == Exit.OK, copied.output
    mark = state_at_end(tmp_path)
    shutil.rmtree(tmp_path / "data")
    brought = CliRunner().invoke(app, ["restore", str(tmp_path / "copy"), str(tmp_path / "data")])
    assert brought.exit_code == Exit.OK, brought.output
    assert state_at_end(tmp_path) == mark


async def test_another_version_goes_on_from_it_as_far_as_it_has_the_same_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await worked(tmp_path, 0, 3)
    mark = state_at_end(tmp_path)
    write = SnapshotStore.write

    def before(store: SnapshotStore, seq: int, checksum: int, _: str, parts: dict[str, Any], log_id: bytes) -> Path:
        older = recfunctions.drop_fields(parts["table.queues"], ["quit_share"])
        parts = parts | {"table.queues": older, "table.prices": parts["table.prices"][:, :-1]}
        return write(store, seq, checksum, f"0123456789abcdef-{STATE_VERSION}", parts, log_id)

    with monkeypatch.context() as patched:
        patched.setattr(SnapshotStore, "write", before)
        pruned(tmp_path)
    shutil.rmtree(tmp_path / "data" / "snapshots")
    assert state_at_end(tmp_path) == mark, "neither is anything but 0 here"
    monkeypatch.setattr(base, "STATE_VERSION", STATE_VERSION + 1)
    with pytest.raises(LogError, match="start the version that wrote it"):
        state_at_end(tmp_path)


async def test_what_cannot_be_is_refused_with_nothing_deleted(tmp_path: Path) -> None:
    data = tmp_path / "data"
    await worked(tmp_path, 0, 3)
    names = sorted(path.name for path in (data / "log").iterdir())
    with pytest.raises(LogError, match="1d is too short: keep 2d or more"):
        prune(data, KEEP_LEAST_NS // 2)
    assert prune(data, KEEP_LEAST_NS).segments == 0, "all of it is of today"
    host = host_of(tmp_path)
    await host.start()
    with pytest.raises(LogLocked, match="stop it first"):
        pruned(tmp_path)
    assert pruned(tmp_path, dry_run=True).segments == 2
    await host.stop()
    with pytest.raises(LogError, match="there is no log in"):
        prune(tmp_path, KEEP_LEAST_NS)
    assert not (data / "base").exists()
    assert set(names) <= {path.name for path in (data / "log").iterdir()}


async def test_nothing_goes_before_the_state_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await worked(tmp_path, 0, 3)

    def full(*_: Any) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SnapshotStore, "write", full)
    with pytest.raises(OSError, match="No space left"):
        pruned(tmp_path)
    assert len(segment_paths(FileOps(), tmp_path / "data" / "log")) == 3


async def test_the_command_says_what_it_deletes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await worked(tmp_path, 0, 3)
    later_ns = time.time_ns() + LATER_NS
    monkeypatch.setattr("engine.live.prune.time.time_ns", lambda: later_ns)

    def said(*more: str) -> str:
        done = CliRunner().invoke(app, ["log", "prune", str(tmp_path / "data"), *more])
        return f"{done.exit_code} {done.output}"

    assert said("--keep", "2d", "--dry-run").startswith(
        "0 would delete 2 segments, 0.1 MB; then the log begins at sequence"
    )
    assert said("--keep", "2d").startswith("0 deleted 2 segments, 0.1 MB; the log begins at sequence")
    assert said("--keep", "2d").startswith("0 nothing to delete: each of the 1 segments holds something that is to be")
    assert '"segments":0' in said("--keep", "2d", "--json")
    assert said("--keep", "1d").startswith("5 error: 1d is too short: keep 2d or more")
    assert said("--keep", "ninety").startswith("2 ")
