"""Snapshots: what was stored comes back, and whatever is doubtful is ignored."""

import errno
from pathlib import Path

import numpy as np
import pytest

from engine.log.snapshot import Part, Snapshot, SnapshotStore
from tests.log.simulated_disk import SimulatedDisk

STATE = np.dtype([("flag", "u1"), ("since_ns", "i8"), ("skill", "u2", (3,))], align=True)
CHAIN = {seq: seq * 7 + 1 for seq in range(100)}


def state(seq: int) -> dict[str, Part]:
    agents = np.zeros(5, STATE)
    agents["since_ns"] = np.arange(5) + seq
    counters = np.arange(12, dtype=np.int64).reshape(3, 4)
    return {"agents": agents, "counters": counters, "none": np.empty((0, 2)), "names": b"\x81\xa1a\x01", "": b""}


def load(folder: Path, code_hash: str = "code") -> Snapshot | None:
    return SnapshotStore(folder).load_newest(code_hash, CHAIN.get)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = SnapshotStore(tmp_path / "snapshots")
    for seq in (10, 20, 30):
        store.write(seq, CHAIN[seq], "code", state(seq))
    return tmp_path / "snapshots"


def test_the_position_of_the_newest_is_known_without_its_parts(folder: Path) -> None:
    store = SnapshotStore(folder)
    assert (store.newest_seq("code"), store.newest_seq("other")) == (30, 0)
    newest = folder / store.names()[-1]
    newest.write_bytes(newest.read_bytes()[:20])
    assert store.newest_seq("code") == 20
    assert SnapshotStore(folder / "absent").newest_seq("code") == 0


def test_the_newest_comes_back_whole(folder: Path) -> None:
    snapshot = load(folder)
    assert snapshot is not None
    assert (snapshot.covered_seq, snapshot.chain_checksum) == (30, CHAIN[30])
    for name, part in state(30).items():
        loaded = snapshot.parts[name]
        if isinstance(part, bytes):
            assert loaded == part
        else:
            assert isinstance(loaded, np.ndarray)
            assert loaded.dtype == part.dtype
            assert loaded.shape == part.shape
            assert np.array_equal(loaded, part)
            assert not loaded.size or not loaded.flags.writeable


def test_a_snapshot_gets_its_name_when_it_is_whole_and_old_ones_go_when_the_name_is_durable() -> None:
    disk = SimulatedDisk()
    store = SnapshotStore(Path("/snapshots"), disk)
    for seq in (10, 20):
        store.write(seq, CHAIN[seq], "code", {"one": b"1"})
    before = len(disk.calls)
    store.write(30, CHAIN[30], "code", {"one": b"1"})
    assert disk.calls[before:] == ["create", "write", "write", "sync", "rename", "sync_folder", "unlink"]


def test_two_are_kept_and_drafts_are_removed(folder: Path) -> None:
    draft = folder / "snapshot-00000000000000000040.trk.tmp"
    draft.write_bytes(b"half")
    (folder / "spare-1.tmp").write_bytes(b"not mine")
    SnapshotStore(folder).write(40, CHAIN[40], "code", state(40))
    assert [path.name for path in sorted(folder.iterdir())] == [
        "snapshot-00000000000000000030.trk",
        "snapshot-00000000000000000040.trk",
        "spare-1.tmp",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("call", ["write", "sync"])
def test_a_disk_that_is_full_keeps_nothing_of_a_draft(call: str) -> None:
    disk = SimulatedDisk()
    store = SnapshotStore(Path("/snapshots"), disk)
    written = store.write(10, CHAIN[10], "code", {"one": b"1"})
    disk.fail_on[call] = OSError(errno.ENOSPC, "no space left on device")
    with pytest.raises(OSError, match="no space left"):
        store.write(20, CHAIN[20], "code", {"one": b"1"})
    assert list(disk.names) == [written]
    assert not disk.handles


def test_every_flipped_byte_falls_back_to_the_one_before(folder: Path) -> None:
    path = folder / "snapshot-00000000000000000030.trk"
    image = path.read_bytes()
    padding = 0
    for offset in range(0, len(image), 3):
        damaged = bytearray(image)
        damaged[offset] ^= 0x40
        path.write_bytes(damaged)
        snapshot = load(folder)
        assert snapshot is not None
        padding += snapshot.covered_seq == 30
        assert snapshot.covered_seq in {20, 30}
        assert np.array_equal(snapshot.parts["agents"], state(snapshot.covered_seq)["agents"])
    assert padding < 64 * 6, "only the gaps between the parts may be damaged unnoticed"


@pytest.mark.parametrize("size", [0, 1, 23, 24, 100, 600])
def test_a_cut_one_falls_back(folder: Path, size: int) -> None:
    path = folder / "snapshot-00000000000000000030.trk"
    path.write_bytes(path.read_bytes()[:size])
    snapshot = load(folder)
    assert snapshot is not None
    assert snapshot.covered_seq == 20


def test_another_code_another_chain_or_a_shorter_log_has_none(folder: Path) -> None:
    assert load(folder, "other code") is None
    assert SnapshotStore(folder).load_newest("code", lambda seq: CHAIN[seq] + 1) is None
    shorter = SnapshotStore(folder).load_newest("code", lambda seq: CHAIN[seq] if seq <= 25 else None)
    assert shorter is not None
    assert shorter.covered_seq == 20


def test_no_folder_has_none(tmp_path: Path) -> None:
    assert load(tmp_path / "absent") is None
