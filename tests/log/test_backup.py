"""Copies of a log: made while it is written, brought up to date, and started from."""

from pathlib import Path

import pytest

from engine.errors import LogDamaged, LogError, LogLocked
from engine.log.backup import back_up, restore_log
from engine.log.file_ops import FileOps
from engine.log.lock import lock_folder
from engine.log.retention import delete_segments_below
from engine.log.segment import segment_paths
from engine.log.writer import SegmentWriter
from tests.log.support import check_rows, open_writer, write_turns

OPS = FileOps()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copy"


@pytest.fixture
def writer(source: Path) -> SegmentWriter:
    """A writer at work, its log several segments long."""
    source.mkdir()
    made = open_writer(OPS, folder=source)
    for _ in range(20):
        write_turns(made, [(10, 5), (11, 0)])
    return made


def test_a_log_in_use_is_copied_to_its_last_whole_turn(writer: SegmentWriter, source: Path, copy: Path) -> None:
    report = back_up(source, copy)
    assert (report.last_seq, report.segments_kept) == (420, 0)
    assert report.segments_copied == len(segment_paths(OPS, source)) > 3
    assert check_rows(OPS, copy) == 420
    write_turns(writer, [(3, 0)])
    assert check_rows(OPS, copy) == 420


def test_what_stands_behind_the_last_whole_turn_is_left_out(writer: SegmentWriter, source: Path, copy: Path) -> None:
    write_turns(writer, [(3, 0)])
    active = segment_paths(OPS, source)[-1]
    frames = active.read_bytes()
    end = len(frames.rstrip(b"\0")) // 64 * 64
    with active.open("r+b") as file:  # the middle of a turn is on the disk, and not its beginning
        file.seek(end + 4096)
        file.write(b"half a turn")
    report = back_up(source, copy)
    assert check_rows(OPS, copy) == report.last_seq == 423
    assert b"half a turn" not in segment_paths(OPS, copy)[-1].read_bytes()


def test_a_later_copy_takes_only_what_is_new(writer: SegmentWriter, source: Path, copy: Path) -> None:
    before = back_up(source, copy)
    stamps = {path.name: path.stat().st_mtime_ns for path in segment_paths(OPS, copy)}
    write_turns(writer, [(10, 0)])
    after = back_up(source, copy)
    assert after.segments_kept >= before.segments_copied - 1
    assert after.segments_copied <= 2
    assert check_rows(OPS, copy) == 430
    kept = segment_paths(OPS, copy)[: after.segments_kept]
    assert all(path.stat().st_mtime_ns == stamps[path.name] for path in kept)


def test_a_restored_log_goes_on(writer: SegmentWriter, source: Path, copy: Path, tmp_path: Path) -> None:
    back_up(source, copy)
    again = tmp_path / "again"
    assert restore_log(copy, again).last_seq == 420
    active = segment_paths(OPS, again)[-1].stat()
    assert active.st_blocks * 512 >= active.st_size, "a writer finds the room that it counts on"
    write_turns(open_writer(OPS, folder=again), [(7, 9)])
    assert check_rows(OPS, again) == 427


def test_a_log_is_never_written_over(writer: SegmentWriter, source: Path, copy: Path, tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no log"):
        back_up(tmp_path / "nothing", copy)
    assert not copy.exists()
    back_up(source, copy)
    with pytest.raises(LogError, match="holds a log already"):
        restore_log(copy, source)
    other = tmp_path / "other"
    other.mkdir()
    write_turns(open_writer(OPS, folder=other), [(1, 0)])
    with pytest.raises(LogError, match="another log"):
        back_up(other, copy)
    held = lock_folder(OPS, copy)
    assert isinstance(held, int)
    with pytest.raises(LogLocked):
        back_up(source, copy)
    OPS.close(held)
    assert check_rows(OPS, copy) == 420


def test_a_copy_that_knows_more_is_kept(writer: SegmentWriter, source: Path, copy: Path, tmp_path: Path) -> None:
    early = tmp_path / "early"
    back_up(source, early)
    for _ in range(10):
        write_turns(writer, [(10, 5), (11, 0)])
    back_up(source, copy)
    with pytest.raises(LogError, match="more of this log"):
        back_up(early, copy)
    assert check_rows(OPS, copy) == 630


def test_damage_is_not_copied_over_a_good_copy(writer: SegmentWriter, source: Path, copy: Path) -> None:
    back_up(source, copy)
    first = segment_paths(OPS, source)[0]
    with first.open("r+b") as file:
        file.seek(4096 + 200)
        file.write(b"!")
    with pytest.raises(LogDamaged):
        back_up(source, copy)
    assert check_rows(OPS, copy) == 420


def test_a_log_whose_beginning_was_deleted_is_copied_as_one(writer: SegmentWriter, source: Path, copy: Path) -> None:
    second = segment_paths(OPS, source)[1]
    delete_segments_below(OPS, source, int(second.stem))
    assert back_up(source, copy).last_seq == 420
    assert segment_paths(OPS, copy)[0].name == second.name
