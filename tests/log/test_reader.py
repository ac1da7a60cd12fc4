"""Reading and verifying without the lock, and refusing what is not intact."""

from pathlib import Path

import pytest

from engine.errors import LogDamaged
from engine.log.frame import HEADER_BYTES
from engine.log.reader import LogReport, checksum_at, read_log, read_runs, unsealed, verify_log
from engine.log.segment import SEGMENT_HEADER_BYTES, open_segment, segment_paths
from tests.log.simulated_disk import SimulatedDisk
from tests.log.support import FOLDER, check_rows, several_segments


@pytest.fixture
def disk() -> SimulatedDisk:
    return several_segments()


def test_an_empty_or_absent_folder_is_an_empty_log(tmp_path: Path) -> None:
    assert verify_log(tmp_path / "absent") == LogReport(0, 0, 1, 0, 0, 0, 0, 0)
    assert list(read_log(tmp_path)) == []


def test_a_whole_log_is_reported(disk: SimulatedDisk) -> None:
    before = disk.images(), list(disk.calls)
    report = verify_log(FOLDER, disk)
    assert (report.first_seq, report.last_seq, report.epoch, report.torn_bytes) == (1, 420, 1, 0)
    assert report.segment_count == len(segment_paths(disk, FOLDER)) > 3
    assert report.frame_count == 42
    assert report.at_ns == 410_000
    assert (disk.images(), disk.calls) == before


def test_unfinished_writing_is_reported_and_not_read(disk: SimulatedDisk) -> None:
    path = segment_paths(disk, FOLDER)[-1]
    inode = disk.names[path]
    inode.data[-100:] = bytes(90) + b"0123456789"
    assert verify_log(FOLDER, disk).torn_bytes > 0
    assert check_rows(disk) == 420


def test_reading_stops_where_it_is_told(disk: SimulatedDisk) -> None:
    frames = list(read_log(FOLDER, 100, 200, ops=disk))
    assert frames[0].first_seq <= 100 <= frames[0].last_seq
    assert frames[-1].first_seq <= 200 <= frames[-1].last_seq
    assert sum(len(frame.rows) for frame in frames) == frames[-1].last_seq - frames[0].first_seq + 1


def test_every_position_has_one_checksum(disk: SimulatedDisk) -> None:
    ends = {frame.last_seq: frame.checksum for frame in read_log(FOLDER, ops=disk)}
    assert {seq: checksum_at(FOLDER, seq, disk) for seq in range(425)} == {seq: ends.get(seq) for seq in range(425)}


def test_damage_is_met_when_it_is_read(disk: SimulatedDisk) -> None:
    path = segment_paths(disk, FOLDER)[1]
    disk.names[path].data[4200] ^= 1
    first_seq = int(path.stem)
    with pytest.raises(LogDamaged) as caught:
        list(read_log(FOLDER, ops=disk))
    assert (caught.value.path, caught.value.seq) == (path, first_seq)
    last = segment_paths(disk, FOLDER)[-1]
    assert next(frame.first_seq for frame in read_log(FOLDER, int(last.stem), ops=disk)) == int(last.stem)
    with pytest.raises(LogDamaged):
        list(read_log(FOLDER, int(last.stem), 500, ops=disk))


@pytest.mark.parametrize("frame", [0, 3, -1])
def test_damage_is_named_alike_by_reading_and_by_verifying(disk: SimulatedDisk, frame: int) -> None:
    path = segment_paths(disk, FOLDER)[1]
    (table,) = unsealed(open_segment(disk, path))
    disk.names[path].data[int(table.offsets[frame]) + HEADER_BYTES] ^= 1
    with pytest.raises(LogDamaged) as verified:
        verify_log(FOLDER, disk)
    with pytest.raises(LogDamaged) as read:
        list(read_runs(FOLDER, ops=disk))
    assert (read.value.path, read.value.offset, read.value.seq) == (path, table.offsets[frame], verified.value.seq)
    assert read.value.offset == verified.value.offset


def test_only_what_is_asked_for_is_read(disk: SimulatedDisk) -> None:
    path = segment_paths(disk, FOLDER)[1]
    first, second, *later = [frame.first_seq for frame in read_log(FOLDER, int(path.stem), ops=disk)]
    before = [frame.rows.tobytes() for frame in read_log(FOLDER, second, ops=disk)]
    disk.names[path].data[SEGMENT_HEADER_BYTES + HEADER_BYTES] ^= 1
    assert [frame.rows.tobytes() for frame in read_log(FOLDER, second, ops=disk)] == before
    assert next(read_runs(FOLDER, second, ops=disk)).first_seq == second
    with pytest.raises(LogDamaged) as caught:
        list(read_log(FOLDER, first, ops=disk))
    assert (caught.value.path, caught.value.seq) == (path, first)
    disk.names[path].data[SEGMENT_HEADER_BYTES] ^= 1  # now its header does not lead to the next
    with pytest.raises(LogDamaged):
        list(read_log(FOLDER, later[0], ops=disk))
