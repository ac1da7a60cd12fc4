"""The log with its threads: groups, markers, failures, full disks."""

import errno
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import LogDamaged, LogError, LogWriteFailed
from engine.log.event_log import SegmentLog
from engine.log.file_ops import FileOps
from engine.log.frame import MARKER, OPENED, SEALED
from engine.log.reader import read_log, verify_log
from engine.log.segment import open_segment, segment_paths
from tests.log.simulated_disk import SimulatedDisk
from tests.log.support import FOLDER, check_rows, intact_frames, make_payload, make_rows

DEADLINE_S = 30.0
SEGMENT_BYTES = 8192


def unexpected(reason: str) -> None:
    raise AssertionError(reason)


def open_log(folder: Path, **options: Any) -> SegmentLog:
    """A log whose failure fails the test instead of ending the process."""
    return SegmentLog.open(folder, **({"on_fatal": unexpected} | options))


def append(log: SegmentLog, count: int, payload_size: int = 0) -> int:
    seq = log.next_seq
    return log.append(make_rows(seq, count), make_payload(seq, payload_size), seq * 1000)


def wait_until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(DEADLINE_S / 0.005)):
        if condition():
            return
        pause.wait(0.005)
    pytest.fail("the condition did not come true in time")


class GatedDisk(SimulatedDisk):
    """A disk whose synced writes wait for permission."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)

    def write_durable(self, fd: int, data: memoryview, offset: int) -> int:
        self.entered.release()
        assert self.gate.wait(DEADLINE_S)
        return super().write_durable(fd, data, offset)


def flags_of(ops: FileOps, folder: Path) -> list[int]:
    """The flags of every frame of the log, in order."""
    segments = [open_segment(ops, path) for path in segment_paths(ops, folder)]
    return [header.flags for segment in segments for _, header in intact_frames(segment)]


def test_what_is_appended_is_durable_told_and_read_back(tmp_path: Path) -> None:
    told: list[int] = []
    log = open_log(tmp_path, on_durable=told.append, segment_bytes=SEGMENT_BYTES)
    assert (log.next_seq, log.durable_seq, log.staged_bytes, log.admitting) == (1, 0, 0, True)
    assert append(log, 3, 10) == 3
    assert append(log, 30) == 33
    assert append(log, 40, 700) == 73
    log.flush()
    assert (log.next_seq, log.durable_seq, log.staged_bytes) == (74, 73, 0)
    assert told[-1] == 73
    assert told == sorted(set(told))
    assert [frame.first_seq for frame in log.read()] == [1, 4, 34]
    assert [frame.first_seq for frame in log.read(33)] == [4, 34]
    assert [frame.first_seq for frame in log.read(34)] == [34]
    assert list(log.read(74)) == []
    log.close()
    assert check_rows(FileOps(), tmp_path) == 73


def test_the_log_goes_on_where_it_was_with_a_new_epoch(tmp_path: Path) -> None:
    for epoch in range(1, 5):
        log = open_log(tmp_path, segment_bytes=SEGMENT_BYTES)
        assert log.next_seq == (epoch - 1) * 20 + 1
        assert log.last_at_ns == (((epoch - 2) * 20 + 1) * 1000 if epoch > 1 else 0)
        append(log, 20)
        log.close()
        assert verify_log(tmp_path).epoch == epoch
    assert {frame.epoch for frame in read_log(tmp_path)} == {1, 2, 3, 4}


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 500)), min_size=1, max_size=40), st.integers(1, 200))
def test_any_turns_in_any_segments_come_back(turns: list[tuple[int, int]], from_seq: int) -> None:
    disk = SimulatedDisk()
    log = open_log(FOLDER, segment_bytes=SEGMENT_BYTES, ops=disk)
    for row_count, payload_size in turns:
        append(log, row_count, payload_size)
    log.flush()
    frames = list(log.read())
    assert [(len(frame.rows), len(frame.payload)) for frame in frames] == turns
    held = [frame for frame in frames if frame.last_seq >= from_seq]
    assert [frame.checksum for frame in log.read(from_seq)] == [frame.checksum for frame in held]
    assert [log.checksum_at(frame.last_seq) for frame in frames] == [frame.checksum for frame in frames]
    log.close()
    assert check_rows(disk) == log.durable_seq


def test_turns_that_come_while_one_group_syncs_share_the_next_sync() -> None:
    disk = GatedDisk()
    told: list[int] = []
    log = open_log(FOLDER, on_durable=told.append, segment_bytes=1 << 20, idle_marker_s=None, ops=disk)
    while disk.entered.acquire(blocking=False):
        pass
    disk.gate.clear()
    before = log.group_count
    append(log, 1)
    assert disk.entered.acquire(timeout=DEADLINE_S)
    for _ in range(100):
        append(log, 2)
    assert log.durable_seq == 0
    assert log.staged_bytes == 128 + 100 * 192
    assert list(log.read()) == []
    disk.gate.set()
    log.flush()
    assert told == [1, 201]
    assert log.group_count - before == 2
    assert len(list(log.read())) == 101
    log.close()


def test_one_sync_a_group_and_no_other_on_the_way() -> None:
    disk = SimulatedDisk()
    log = open_log(FOLDER, segment_bytes=1 << 20, idle_marker_s=None, ops=disk)
    wait_until(lambda: log.space_left() > 2 << 20)
    before = len(disk.calls)
    for _ in range(20):
        append(log, 5)
        log.flush()
    assert disk.calls[before:] == ["write_durable"] * 20
    log.close()


def test_idleness_writes_one_marker_and_then_nothing() -> None:
    disk = SimulatedDisk()
    log = open_log(FOLDER, segment_bytes=1 << 20, idle_marker_s=0.001, ops=disk)
    append(log, 5)
    wait_until(lambda: flags_of(disk, FOLDER) == [MARKER | OPENED, 0, MARKER])
    append(log, 5)
    wait_until(lambda: flags_of(disk, FOLDER) == [MARKER | OPENED, 0, MARKER, 0, MARKER])
    log.close()
    assert flags_of(disk, FOLDER) == [MARKER | OPENED, 0, MARKER, 0, MARKER]


def test_closing_vouches_for_the_last_group() -> None:
    disk = SimulatedDisk()
    log = open_log(FOLDER, segment_bytes=1 << 20, idle_marker_s=None, ops=disk)
    append(log, 5)
    log.close()
    assert flags_of(disk, FOLDER) == [MARKER | OPENED, 0, MARKER]


def test_finished_segments_are_sealed() -> None:
    disk = SimulatedDisk()
    log = open_log(FOLDER, segment_bytes=SEGMENT_BYTES, ops=disk)
    for _ in range(10):
        append(log, 30)
    log.close()
    paths = segment_paths(disk, FOLDER)
    assert len(paths) == 5
    for path in paths[:-1]:
        segment = open_segment(disk, path)
        *_, (offset, header) = intact_frames(segment)
        end = offset + header.size
        assert segment.view[end + 62] == MARKER | SEALED


def test_what_cannot_be_appended_is_refused_with_the_reason(tmp_path: Path) -> None:
    log = open_log(tmp_path, segment_bytes=SEGMENT_BYTES, staging_limit_bytes=0)
    with pytest.raises(LogError, match="without rows"):
        log.append(make_rows(1, 0), b"", 1)
    with pytest.raises(LogError, match="does not fit into a segment of 8192"):
        log.append(make_rows(1, 64), b"", 1)
    with pytest.raises(ValueError, match="64 bytes each"):
        log.append(np.zeros(4, np.int64), b"", 1)
    append(log, 62)
    log.flush()
    with pytest.raises(LogError, match="time went backwards"):
        log.append(make_rows(63, 1), b"", 999)
    assert (log.next_seq, log.staged_bytes) == (63, 0)
    log.close()
    with pytest.raises(LogWriteFailed, match="is closed"):
        append(log, 1)
    log.close()


def test_wrong_settings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="there is no log"):
        open_log(tmp_path / "absent", create=False)
    assert not (tmp_path / "absent").exists()
    with pytest.raises(LogError, match="multiple of 8192"):
        open_log(tmp_path, segment_bytes=10_000)
    with pytest.raises(LogError, match="spare_count"):
        open_log(tmp_path, spare_count=0)


def test_staging_is_bounded() -> None:
    disk = GatedDisk()
    log = open_log(FOLDER, segment_bytes=1 << 20, staging_limit_bytes=2000, ops=disk)
    disk.gate.clear()
    while log.staged_bytes <= 2000:
        append(log, 1)
    with pytest.raises(LogWriteFailed, match="waiting for the disk"):
        append(log, 1)
    assert log.staged_bytes <= 2000 + 128
    disk.gate.set()
    log.flush()
    append(log, 1)
    log.close()
    assert check_rows(disk) == log.durable_seq


@pytest.fixture
def failures() -> Iterator[list[str]]:
    found: list[str] = []
    yield found
    assert len(found) == 1, "on_fatal is called once"


@pytest.mark.parametrize("how", ["error", "short"])
def test_after_a_failed_write_nothing_is_acknowledged(failures: list[str], how: str) -> None:
    disk = SimulatedDisk()
    told: list[int] = []
    log = open_log(
        FOLDER, on_durable=told.append, on_fatal=failures.append, segment_bytes=1 << 20, idle_marker_s=None, ops=disk
    )
    wait_until(lambda: log.space_left() > 2 << 20)
    append(log, 4)
    log.flush()
    if how == "error":
        disk.fail_at[len(disk.calls)] = OSError(errno.EIO, "the disk failed")
    else:
        disk.short_at = len(disk.calls)
    append(log, 4)
    with pytest.raises(LogWriteFailed):
        log.flush()
    with pytest.raises(LogWriteFailed):
        append(log, 4)
    assert not log.admitting
    assert told == [4]
    assert disk.calls[-1] == "write_durable"
    log.close()
    assert disk.calls[-1] == "write_durable", "nothing is tried again"
    assert "disk failed" in failures[0] if how == "error" else "short write" in failures[0]
    disk.fail_at.clear()
    assert open_log(FOLDER, ops=disk, segment_bytes=1 << 20).durable_seq in {4, 8}


def test_a_failing_callback_is_fatal_too(failures: list[str]) -> None:
    def refuse(seq: int) -> None:
        raise ZeroDivisionError(f"at {seq}")

    log = open_log(FOLDER, on_durable=refuse, on_fatal=failures.append, segment_bytes=1 << 20, ops=SimulatedDisk())
    append(log, 1)
    wait_until(lambda: bool(failures))
    log.close()


def test_an_error_while_making_spares_is_fatal(failures: list[str]) -> None:
    disk = SimulatedDisk()
    log = open_log(FOLDER, on_fatal=failures.append, segment_bytes=SEGMENT_BYTES, ops=disk)
    wait_until(lambda: log.space_left() > 2 * SEGMENT_BYTES)
    disk.fail_on["allocate"] = OSError(errno.EIO, "the disk failed")
    append(log, 60)
    append(log, 60)
    wait_until(lambda: bool(failures))
    log.close()


def run_until_spares_are_made(disk: SimulatedDisk) -> None:
    log = open_log(FOLDER, segment_bytes=SEGMENT_BYTES, ops=disk)
    wait_until(lambda: log.space_left() > 2 * SEGMENT_BYTES)
    append(log, 1)
    log.close()


@pytest.mark.parametrize("starts", [1, 2])
def test_a_log_whose_only_segment_is_gone_is_not_begun_anew_beside_its_spares(starts: int) -> None:
    disk = SimulatedDisk()
    for _ in range(starts):
        run_until_spares_are_made(disk)
    (only,) = segment_paths(disk, FOLDER)
    disk.unlink(only)
    names = disk.list_names(FOLDER)
    with pytest.raises(LogDamaged, match="all segments are missing, yet spare-"):
        open_log(FOLDER, segment_bytes=SEGMENT_BYTES, ops=disk)
    assert disk.list_names(FOLDER) == names


def test_a_write_that_succeeds_after_the_failure_is_not_acknowledged(failures: list[str]) -> None:
    disk = GatedDisk()
    told: list[int] = []
    log = open_log(
        FOLDER, on_durable=told.append, on_fatal=failures.append, segment_bytes=SEGMENT_BYTES, spare_count=1, ops=disk
    )
    wait_until(lambda: log.space_left() > SEGMENT_BYTES)
    disk.gate.clear()
    disk.fail_on["allocate"] = OSError(errno.EIO, "the disk failed")
    append(log, 1)
    log._spares.take()
    wait_until(lambda: bool(failures))
    disk.gate.set()
    log.close()
    assert told == []


def test_a_full_disk_stops_admission_before_harm_and_recovers_by_itself() -> None:
    disk = SimulatedDisk()
    log = open_log(FOLDER, segment_bytes=SEGMENT_BYTES, ops=disk)
    wait_until(lambda: log.space_left() > 2 * SEGMENT_BYTES)
    disk.fail_on["allocate"] = OSError(errno.ENOSPC, "no space left on device")
    while log.admitting:
        append(log, 20)
        log.flush()
        wait_until(lambda: log.space_left() > 2 * SEGMENT_BYTES or "allocate" in disk.calls[-20:])
    assert log.space_left() > 0
    append(log, 5)
    log.flush()
    # The rest of the segment and more: it waits for space, unacknowledged, and nothing is lost.
    promised = log.durable_seq
    last_seq = [append(log, 40) for _ in range(4)][-1]
    assert promised <= log.durable_seq < last_seq
    del disk.fail_on["allocate"]
    log.flush()
    wait_until(lambda: log.admitting)
    assert log.durable_seq == last_seq
    log.close()
    assert check_rows(disk) == last_seq


def test_closing_does_not_wait_for_disk_space(failures: list[str]) -> None:
    disk = SimulatedDisk()
    log = open_log(FOLDER, on_fatal=failures.append, segment_bytes=SEGMENT_BYTES, ops=disk)
    wait_until(lambda: log.space_left() > 2 * SEGMENT_BYTES)
    disk.fail_on["allocate"] = OSError(errno.ENOSPC, "no space left on device")
    for _ in range(8):
        append(log, 40)
    wait_until(lambda: not log.admitting)
    log.close()
    assert "no disk space" in failures[0]
    assert check_rows(disk) == log.durable_seq


@pytest.mark.slow
def test_a_really_full_disk(tmp_path: Path) -> None:
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)], capture_output=True, text=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"cannot mount a small tmpfs: {mount.stderr.strip()}")
    try:
        ballast = tmp_path / "ballast"
        ballast.write_bytes(bytes(500 << 10))
        log = open_log(tmp_path, segment_bytes=1 << 16)
        while log.admitting:
            append(log, 50)
            log.flush()
        assert log.space_left() > 0
        append(log, 10)
        log.flush()
        ballast.unlink()
        wait_until(lambda: log.admitting)
        for _ in range(100):
            append(log, 50)
        log.flush()
        last_seq = log.durable_seq
        log.close()
        assert check_rows(FileOps(), tmp_path) == last_seq
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)
