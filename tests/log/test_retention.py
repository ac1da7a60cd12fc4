"""Deleting old segments when asked, and missing those that nobody deleted."""

import pytest

from engine.errors import LogDamaged
from engine.log.reader import read_log, verify_log
from engine.log.retention import delete_segments_below
from engine.log.segment import segment_paths
from tests.log.simulated_disk import SimulatedDisk
from tests.log.support import FOLDER, open_writer, several_segments


@pytest.fixture
def disk() -> SimulatedDisk:
    return several_segments()


def test_old_segments_are_deleted_only_below_the_asked_sequence(disk: SimulatedDisk) -> None:
    paths = segment_paths(disk, FOLDER)
    second, third = (int(path.stem) for path in paths[1:3])
    assert delete_segments_below(disk, FOLDER, second - 1) == 0
    assert delete_segments_below(disk, FOLDER, third - 1) == 1
    assert verify_log(FOLDER, disk).first_seq == second
    assert next(frame.first_seq for frame in read_log(FOLDER, ops=disk)) == second
    writer = open_writer(disk)
    assert writer.durable_seq == 420
    assert delete_segments_below(disk, FOLDER, 10**9) == len(paths) - 2
    assert open_writer(disk).durable_seq == 420


def test_segments_that_vanish_after_retention_are_still_missed(disk: SimulatedDisk) -> None:
    paths = segment_paths(disk, FOLDER)
    delete_segments_below(disk, FOLDER, int(paths[2].stem))
    disk.unlink(paths[2])
    with pytest.raises(LogDamaged, match="missing"):
        verify_log(FOLDER, disk)


def test_an_unreadable_retention_note_is_refused(disk: SimulatedDisk) -> None:
    delete_segments_below(disk, FOLDER, int(segment_paths(disk, FOLDER)[1].stem))
    disk.names[FOLDER / "floor"].data[0] = ord("x")
    with pytest.raises(LogDamaged, match="floor"):
        verify_log(FOLDER, disk)


def test_where_the_note_is_gone_it_is_named_among_what_is_to_be_restored(disk: SimulatedDisk) -> None:
    delete_segments_below(disk, FOLDER, int(segment_paths(disk, FOLDER)[1].stem))
    disk.unlink(FOLDER / "floor")
    with pytest.raises(LogDamaged, match=r"before sequence \d+ are missing\. .* restore the note of it, .*floor"):
        verify_log(FOLDER, disk)


def test_a_log_whose_segments_are_all_gone_is_not_begun_anew(disk: SimulatedDisk) -> None:
    delete_segments_below(disk, FOLDER, int(segment_paths(disk, FOLDER)[1].stem))
    for path in segment_paths(disk, FOLDER):
        disk.unlink(path)
    with pytest.raises(LogDamaged, match="all segments are missing"):
        open_writer(disk)
