"""Old segments are deleted, and what they had led to is not: starts and looks back go on from the state there."""

import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from numpy.lib import recfunctions
from typer.testing import CliRunner

from engine.commands.outcome import Exit
from engine.errors import LogDamaged, LogError, LogLocked
from engine.live.prune import KEEP_LEAST_NS, prune
from engine.log.file_ops import FileOps
from engine.log.segment import SEGMENT_HEADER_BYTES, segment_paths
from engine.log.snapshot import SnapshotStore
from engine.main import app
from engine.projections.quality.folding import folded
from engine.projections.quality.quality import Quality
from engine.replay import base
from engine.replay.past import Past
from engine.replay.restore import state_at
from engine.replay.state_code import STATE_VERSION
from engine.replay.verify import verify
from tests.live.pruning import LATER_NS, SEGMENT_BYTES, entries, host_of, host_snapshots, pruned, state_at_end, worked


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
    assert not host.engine.views.quality.is_scheduled(), "who asks has everything taken in"
    assert host.engine.views.quality.from_seq > whole.seq
    beginning = host.engine.beginning_of_past()
    assert beginning is not None
    assert beginning.seq == state.seq, "a look back reaches as far as the log does"
    past = Past(host.engine.log, host.engine.state.capacity, host.engine.beginning_of_past)
    assert past.ask(whole.now_ns, lambda views, _: entries(views)) == entries(whole)
    await host.stop()

    await worked(tmp_path, following, 3)
    mark = state_at_end(tmp_path)
    assert pruned(tmp_path).segments == 2, "from the state at which it began"
    shutil.rmtree(data / "snapshots")
    assert state_at_end(tmp_path) == mark


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


@pytest.mark.parametrize("method", ["write", "sync", "rename"])
@pytest.mark.parametrize("name", ["snapshot-", "floor"])
async def test_a_full_disk_is_said_in_words_and_no_segment_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, method: str
) -> None:
    data = tmp_path / "data"
    await worked(tmp_path, 0, 3)
    mark = state_at_end(tmp_path)
    with monkeypatch.context() as full:
        refuse(full, name, method, OSError(28, "No space left on device"))
        with pytest.raises(LogError, match=r"no room for the state .* no segment was deleted.* delete the snapshots"):
            pruned(tmp_path)
    assert len(segment_paths(FileOps(), data / "log")) == 3
    assert verify(data).ok
    assert state_at_end(tmp_path) == mark
    assert pruned(tmp_path).segments == 2
    assert verify(data).ok


async def test_a_disk_that_fails_otherwise_is_told_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await worked(tmp_path, 0, 3)
    refuse(monkeypatch, "snapshot-", "sync", OSError(5, "Input/output error"))
    with pytest.raises(OSError, match="Input/output error"):
        pruned(tmp_path)
    assert len(segment_paths(FileOps(), tmp_path / "data" / "log")) == 3


def refuse(patched: pytest.MonkeyPatch, name: str, method: str, error: OSError) -> None:
    """Let a call fail of those that write files of a name."""
    named: set[int] = set()
    create, call = FileOps.create, getattr(FileOps, method)

    def noted(ops: FileOps, path: Path) -> int:
        fd = create(ops, path)
        (named.add if path.name.startswith(name) else named.discard)(fd)
        return fd

    def failing(ops: FileOps, where: Any, *more: Any) -> Any:
        if where in named if isinstance(where, int) else where.name.startswith(name):
            raise error
        return call(ops, where, *more)

    patched.setattr(FileOps, "create", noted)
    patched.setattr(FileOps, method, failing)


async def test_a_log_of_which_the_end_is_missing_is_left_alone(tmp_path: Path) -> None:
    await worked(tmp_path, 0, 4)
    last = segment_paths(FileOps(), tmp_path / "data" / "log")[-1]
    content = last.read_bytes()
    last.write_bytes(content[:SEGMENT_HEADER_BYTES] + bytes(len(content) - SEGMENT_HEADER_BYTES))
    with pytest.raises(LogDamaged, match=r"yet snapshot-\d+\.trk was made of it at sequence"):
        pruned(tmp_path)
    assert not (tmp_path / "data" / "base").exists()


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


async def test_quality_of_another_version_is_refused_where_its_rows_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    following = await worked(tmp_path, 0, 3)
    pruned(tmp_path)
    await worked(tmp_path, following, 3)
    first = segment_paths(FileOps(), tmp_path / "data" / "log")[0]
    monkeypatch.setattr(folded, "VERSION", folded.VERSION + 1)
    with pytest.raises(LogError, match="start the version that wrote it"):
        await starts(tmp_path)  # a snapshot of the same rules is there, and its quality is of the other version, too
    shutil.rmtree(tmp_path / "data" / "snapshots")
    with pytest.raises(LogError, match="start the version that wrote it"):
        await starts(tmp_path)
    with pytest.raises(LogError, match="start the version that wrote it"):
        pruned(tmp_path)
    assert segment_paths(FileOps(), tmp_path / "data" / "log")[0] == first


async def test_quality_that_a_snapshot_does_not_bring_begins_where_the_log_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await worked(tmp_path, 0, 3)
    closed = await starts(tmp_path)
    pruned(tmp_path)
    with monkeypatch.context() as lost:
        lost.setattr(Quality, "save", lambda _: b"")
        await starts(tmp_path)
    assert await starts(tmp_path) == closed, "those before the cut are among them"


def test_quality_is_never_folded_over_a_gap() -> None:
    folded.require_next(9, 10)
    folded.require_next(9, 3)
    with pytest.raises(LogError, match="known up to sequence 0, and the log begins at 17"):
        folded.require_next(0, 17)


async def test_what_was_kept_and_is_damaged_is_named_with_the_way_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    following = await worked(tmp_path, 0, 3)
    pruned(tmp_path)
    path = damaged(tmp_path)
    await worked(tmp_path, following, 3)
    said = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert any(str(path) in text and "goes on from a snapshot" in text for text in said), "before it is needed"
    told = f"{path} cannot be used: part .* does not match its checksum.* Restore .*base from a backup"
    with pytest.raises(LogError, match=told):
        pruned(tmp_path)
    with pytest.raises(LogError, match=told):
        verify(tmp_path / "data")
    shutil.rmtree(tmp_path / "data" / "snapshots")
    caplog.clear()
    with pytest.raises(LogError, match=told):
        await starts(tmp_path)
    assert "more of the log is read" not in caplog.text
    shutil.rmtree(tmp_path / "data" / "base")
    with pytest.raises(LogError, match=r"base is missing, or empty.* Restore"):
        await starts(tmp_path)


async def test_what_this_version_cannot_take_over_is_an_error_in_words(tmp_path: Path) -> None:
    following = await worked(tmp_path, 0, 3)
    write = SnapshotStore.write

    def other(store: SnapshotStore, seq: int, checksum: int, code: str, parts: dict[str, Any], log_id: bytes) -> Path:
        parts = parts | {"table.prices": parts["table.prices"][:, 0]}
        return write(store, seq, checksum, code, parts, log_id)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SnapshotStore, "write", other)
        pruned(tmp_path)
    await worked(tmp_path, following, 3)
    with pytest.raises(LogError, match=r"cannot be taken over by this version \(ValueError"):
        pruned(tmp_path)
    shutil.rmtree(tmp_path / "data" / "snapshots")
    with pytest.raises(LogError, match=r"cannot be taken over by this version \(ValueError"):
        await starts(tmp_path)


def damaged(folder: Path) -> Path:
    """Turn over bytes at the end of the state at which the log begins; returns where it stands."""
    (path,) = (folder / "data" / "base").iterdir()
    octets = bytearray(path.read_bytes())
    octets[-200:] = bytes(octet ^ 0xFF for octet in octets[-200:])
    path.write_bytes(octets)
    return path


async def starts(folder: Path) -> int:
    """Start and stop an engine; returns how many closed contacts quality knows."""
    host = host_of(folder)
    await host.start()
    try:
        return host.engine.views.quality._folded().people.closed.count
    finally:
        await host.stop()
