"""Cutting groups into frames, rolling at the very end of a segment, and what recovery writes."""

import numpy as np
import pytest

from engine.errors import LogDamaged
from engine.log.frame import OPENED, SEALED
from engine.log.reader import verify_log
from engine.log.recovery import recover
from engine.log.segment import open_segment, segment_paths
from engine.log.writer import Staging
from tests.log.simulated_disk import SimulatedDisk
from tests.log.support import FOLDER, check_rows, intact_frames, make_rows, open_writer, write_turns

ROWS_THAT_FILL_A_SEGMENT = 61
"""8192 bytes less its header, the opening marker, this frame's header and the room kept for the seal."""


def test_a_group_of_many_turns_is_one_synced_write() -> None:
    disk = SimulatedDisk()
    writer = open_writer(disk)
    before = len(disk.calls)
    write_turns(writer, [(1, 10)] * 20)
    assert disk.calls[before:] == ["write_durable"]
    assert writer.group_count == 2, "the opening marker and this group"


def test_a_roll_makes_the_header_durable_before_the_name_and_the_name_before_any_frame() -> None:
    disk = SimulatedDisk()
    told: list[int] = []
    writer = open_writer(disk, on_durable=told.append)
    before = len(disk.calls)
    write_turns(writer, [(30, 0), (30, 0), (30, 0)])
    make_spare = ["create", "allocate", "write", "sync", "rename"]
    roll = [*make_spare, "write_durable", "rename", "sync_folder", "write_durable"]
    assert disk.calls[before:] == ["write_durable", *roll, "write_durable"]
    assert told == [60, 90]


def test_a_segment_filled_to_the_last_byte() -> None:
    disk = SimulatedDisk()
    writer = open_writer(disk)
    write_turns(writer, [(ROWS_THAT_FILL_A_SEGMENT, 0)])
    assert writer.room_bytes == 0
    writer.write_marker()
    assert not writer.is_vouched, "a marker is not worth a new segment while no spare is ready"
    assert len(segment_paths(disk, FOLDER)) == 1
    reopened = open_writer(disk)
    assert reopened.durable_seq == ROWS_THAT_FILL_A_SEGMENT
    first, second = (open_segment(disk, path) for path in segment_paths(disk, FOLDER))
    assert first.view[-2] & SEALED
    assert [header.flags & OPENED for _, header in intact_frames(second)] == [OPENED]
    write_turns(reopened, [(1, 0)])
    assert check_rows(disk) == ROWS_THAT_FILL_A_SEGMENT + 1


def test_opening_writes_again_what_nobody_vouches_for() -> None:
    """After a failed sync the cache may show what the disk does not have."""
    disk = SimulatedDisk()
    write_turns(open_writer(disk), [(5, 0)])
    before = len(disk.calls)
    writer = open_writer(disk)
    assert disk.calls[before:] == ["write_durable", "sync", "sync_folder", "write_durable"]
    assert writer.is_vouched
    before = len(disk.calls)
    open_writer(disk)
    assert disk.calls[before:] == ["sync", "sync_folder", "write_durable"], "all was vouched for"


def test_old_segments_are_not_walked_again_when_a_snapshot_covers_them() -> None:
    disk = SimulatedDisk()
    writer = open_writer(disk)
    for _ in range(30):
        write_turns(writer, [(15, 0)])
    paths = segment_paths(disk, FOLDER)
    whole = recover(disk, FOLDER).tail
    assert verify_log(FOLDER, disk).frame_count == whole.frame_count
    disk.names[paths[0]].data[5000] ^= 1
    covered = recover(disk, FOLDER, verify_from_seq=int(paths[1].stem)).tail
    assert covered._replace(frame_count=0) == whole._replace(frame_count=0)
    assert covered.frame_count < whole.frame_count
    with pytest.raises(LogDamaged):
        recover(disk, FOLDER)


def test_a_payload_of_another_item_type_is_refused_before_anything_is_staged() -> None:
    staging = Staging()
    with pytest.raises(ValueError, match="memoryview assignment"):
        staging.add(make_rows(1, 1), np.arange(5, dtype=np.int64).data, 1, 0)
    assert (staging.used, staging.turns) == (0, [])
    size = len(staging.buffer)
    staging.add(make_rows(1, 20_000), b"x" * 1000, 1, 0)
    assert len(staging.buffer) > size
    staging.add(make_rows(20_001, 1), b"", 20_001, 0)
    assert bytes(staging.buffer[64 : 64 + 64]) == make_rows(1, 1).tobytes()
