"""The damage matrix: what a crash leaves is repaired, what damages acknowledged rows is refused."""

import random
from itertools import pairwise, takewhile
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.errors import LogDamaged
from engine.log.frame import SEALED, read_header
from engine.log.recovery import recover
from engine.log.segment import SEGMENT_HEADER_BYTES, decode_header, open_segment, segment_name, segment_paths
from engine.log.snapshot import SnapshotWitness
from tests.log.simulated_disk import SECTOR_BYTES, SimulatedDisk
from tests.log.support import FOLDER, check_rows, open_writer, write_turns

SEGMENT_BYTES = 32768
ACKNOWLEDGED = [[(1, 0)], [(3, 10), (1, 70)], [(8, 0)], [(2, 100), (2, 1), (1, 63)], [(5, 64)], [(1, 1)]]
IN_FLIGHT = [(2, 30), (6, 500), (1, 0)]


class Spot(NamedTuple):
    """Where a frame lies."""

    offset: int
    end: int
    first_seq: int
    row_count: int


class Log(NamedTuple):
    """One segment whose last group was being written when the power went."""

    path: Path
    image: bytes
    spots: list[Spot]
    acknowledged_seq: int
    in_flight_from: int


def frames_of(image: bytes) -> list[Spot]:
    view = memoryview(image)
    header = decode_header(FOLDER / segment_name(1), view)
    spots, offset = [], SEGMENT_HEADER_BYTES
    while (frame := read_header(view, offset, header.seed)) is not None:
        spots.append(Spot(offset, offset + frame.size, frame.first_seq, frame.row_count))
        offset += frame.size
    return spots


@pytest.fixture(scope="module")
def log() -> Log:
    disk = SimulatedDisk()
    writer = open_writer(disk, SEGMENT_BYTES)
    for group in ACKNOWLEDGED:
        write_turns(writer, group)
    acknowledged_seq = writer.durable_seq
    write_turns(writer, IN_FLIGHT)
    (path,) = segment_paths(disk, FOLDER)
    image = disk.images()[path]
    spots = frames_of(image)
    in_flight_from = next(spot.offset for spot in spots if spot.first_seq > acknowledged_seq)
    return Log(path, image, spots, acknowledged_seq, in_flight_from)


def damaged(log: Log, offset: int, data: bytes) -> bytes:
    return log.image[:offset] + data + log.image[offset + len(data) :]


def expect_torn(log: Log, image: bytes) -> None:
    """Recovery keeps all frames before the first damaged one, so every acknowledged row, and the log goes on."""
    disk = SimulatedDisk({log.path: image})
    writer = open_writer(disk, SEGMENT_BYTES)
    recovered_seq = writer.durable_seq
    whole = takewhile(lambda spot: image[spot.offset : spot.end] == log.image[spot.offset : spot.end], log.spots)
    assert recovered_seq == max(spot.first_seq + spot.row_count - 1 for spot in whole) >= log.acknowledged_seq
    write_turns(writer, [(1, 5)])
    assert check_rows(disk) == recovered_seq + 1
    found = recover(disk, FOLDER)
    assert found.garbage_end == found.tail.offset


def expect_refused(log: Log, image: bytes, spot: Spot) -> None:
    """Recovery names the damaged frame and leaves the disk as it is."""
    disk = SimulatedDisk({log.path: image})
    with pytest.raises(LogDamaged) as caught:
        open_writer(disk, SEGMENT_BYTES)
    assert (caught.value.path, caught.value.offset, caught.value.seq) == (log.path, spot.offset, spot.first_seq)
    assert disk.calls == []


def vouched(log: Log) -> list[Spot]:
    """Frames with rows that a later frame on the disk vouches for: all that are acknowledged."""
    return [spot for spot in log.spots if spot.row_count and spot.first_seq <= log.acknowledged_seq]


def test_an_intact_log_is_read_to_its_end(log: Log) -> None:
    expect_torn(log, log.image)


@pytest.mark.slow
def test_tail_lost_from_any_byte_on(log: Log) -> None:
    end = log.spots[-1].end
    for cut in range(log.in_flight_from, end):
        image = log.image[:cut] + bytes(SEGMENT_BYTES - cut)
        expect_torn(log, image)


@pytest.mark.slow
def test_any_sectors_of_the_tail_lost() -> None:
    rng = random.Random(7)
    disk = SimulatedDisk()
    writer = open_writer(disk, SEGMENT_BYTES)
    for group in ACKNOWLEDGED:
        write_turns(writer, group)
    before, acknowledged_seq = disk.images(), writer.durable_seq
    write_turns(writer, IN_FLIGHT * 4)
    after = disk.images()
    (path,) = segment_paths(disk, FOLDER)
    log = Log(path, after[path], frames_of(after[path]), acknowledged_seq, 0)
    changed = [
        s for s in range(0, SEGMENT_BYTES, SECTOR_BYTES) if before[path][s : s + 512] != after[path][s : s + 512]
    ]
    for _ in range(1000):
        image = bytearray(after[path])
        for sector in changed:
            if rng.random() < 0.5:
                image[sector] = before[path][sector]
        expect_torn(log, bytes(image))


@pytest.mark.slow
def test_any_byte_of_the_tail_flipped(log: Log) -> None:
    rng = random.Random(8)
    for offset in range(log.in_flight_from, log.spots[-1].end):
        image = damaged(log, offset, bytes([log.image[offset] ^ (1 << rng.randrange(8))]))
        expect_torn(log, image)


@pytest.mark.slow
def test_any_byte_of_acknowledged_frames_flipped(log: Log) -> None:
    rng = random.Random(9)
    for spot in vouched(log):
        for offset in range(spot.offset, spot.end):
            image = damaged(log, offset, bytes([log.image[offset] ^ (1 << rng.randrange(8))]))
            expect_refused(log, image, spot)


def test_any_acknowledged_frame_lost(log: Log) -> None:
    for first in range(len(vouched(log))):
        for last in range(first, len(vouched(log)) - 1):
            spots = vouched(log)[first : last + 1]
            image = damaged(log, spots[0].offset, bytes(spots[-1].end - spots[0].offset))
            expect_refused(log, image, spots[0])


@pytest.mark.slow
def test_garbage_after_the_tail(log: Log) -> None:
    rng = random.Random(10)
    end = log.spots[-1].end
    for _ in range(500):
        start, size = rng.randrange(end, SEGMENT_BYTES - 600), rng.randrange(1, 600)
        expect_torn(log, damaged(log, start, rng.randbytes(size)))


def test_stale_frames_of_another_segment_are_garbage(log: Log) -> None:
    other = SimulatedDisk(seed=2)
    writer = open_writer(other, SEGMENT_BYTES)
    for group in [*ACKNOWLEDGED, IN_FLIGHT, *ACKNOWLEDGED]:
        write_turns(writer, group)
    stale = other.images()[log.path]
    for spot in frames_of(stale):
        end = log.spots[-1].end
        expect_torn(log, damaged(log, end, stale[spot.offset : spot.end]))
        expect_torn(log, damaged(log, end, stale[end : spot.end]))


def test_a_misdirected_frame_over_an_acknowledged_one(log: Log) -> None:
    other = SimulatedDisk(seed=3)
    writer = open_writer(other, SEGMENT_BYTES)
    for group in ACKNOWLEDGED:
        write_turns(writer, group)
    foreign = other.images()[log.path]
    for spot in vouched(log)[:-1]:
        expect_refused(log, damaged(log, spot.offset, foreign[spot.offset : spot.end]), spot)
        for source in log.spots:
            if source.offset != spot.offset and source.end - source.offset <= spot.end - spot.offset:
                image = damaged(log, spot.offset, log.image[source.offset : source.end])
                expect_refused(log, image, spot)


def test_a_marker_vouches_for_the_last_group() -> None:
    disk = SimulatedDisk()
    writer = open_writer(disk, SEGMENT_BYTES)
    write_turns(writer, [(4, 0)])
    assert not writer.is_vouched
    (path,) = segment_paths(disk, FOLDER)
    unvouched = disk.images()[path]
    writer.write_marker()
    assert writer.is_vouched
    spot = next(spot for spot in frames_of(unvouched) if spot.row_count)
    image = disk.images()[path]
    log = Log(path, image, frames_of(image), writer.durable_seq, 0)
    expect_refused(log, damaged(log, spot.offset + 70, b"\xff"), spot)


def rolled() -> SimulatedDisk:
    """A log of several segments."""
    disk = SimulatedDisk()
    writer = open_writer(disk)
    for _ in range(12):
        write_turns(writer, [(15, 40), (3, 0)])
    writer.write_marker()
    assert len(segment_paths(disk, FOLDER)) >= 4
    return disk


@pytest.mark.parametrize("index", range(5))
def test_a_missing_segment_is_refused(index: int) -> None:
    disk = rolled()
    paths = segment_paths(disk, FOLDER)
    images = disk.images()
    del images[paths[index]]
    with pytest.raises(LogDamaged, match="missing"):
        recover(SimulatedDisk(images), FOLDER)


def test_any_damage_to_a_segment_header_is_refused() -> None:
    images = rolled().images()
    for path in [path for path in images if path.suffix == ".log"]:
        for offset in range(88):
            image = bytearray(images[path])
            image[offset] ^= 0x10
            with pytest.raises(LogDamaged):
                recover(SimulatedDisk(images | {path: bytes(image)}), FOLDER)


def test_a_shortened_segment_is_refused_wherever_it_is_cut() -> None:
    images = rolled().images()
    for path in [path for path in images if path.suffix == ".log"]:
        for size in [*range(0, 4096, 500), *range(4096, 8192, 100), 8191]:
            with pytest.raises(LogDamaged, match="cut short"):
                recover(SimulatedDisk(images | {path: images[path][:size]}), FOLDER)


def test_a_segment_under_another_name_or_of_another_log_is_refused() -> None:
    images = rolled().images()
    paths = [path for path in images if path.suffix == ".log"]
    with pytest.raises(LogDamaged, match="holds the segment that begins at"):
        recover(SimulatedDisk(images | {paths[1]: images[paths[2]]}), FOLDER)
    other = SimulatedDisk(seed=5)
    writer = open_writer(other)
    for _ in range(12):
        write_turns(writer, [(15, 40), (3, 0)])
    with pytest.raises(LogDamaged, match="another log"):
        recover(SimulatedDisk(images | {paths[1]: other.images()[paths[1]]}), FOLDER)


def test_a_frame_lost_at_the_end_of_a_finished_segment_is_refused() -> None:
    disk = rolled()
    images = disk.images()
    for path, following in pairwise(segment_paths(disk, FOLDER)):
        segment = open_segment(disk, path)
        offset, last = SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES
        while (frame := read_header(segment.view, offset, segment.header.seed)) is not None:
            if frame.flags & SEALED:
                break
            last, offset = offset, offset + frame.size
        image = images[path][:last] + bytes(len(images[path]) - last)
        with pytest.raises(LogDamaged, match=following.name):
            recover(SimulatedDisk(images | {path: image}), FOLDER)


def test_a_file_that_is_cut_short_names_the_first_sequence_that_it_lacks(log: Log) -> None:
    for spot in log.spots[2:8]:
        for cut in (spot.offset, spot.offset + 1, spot.end - 1):
            disk = SimulatedDisk({log.path: log.image[:cut]})
            with pytest.raises(LogDamaged, match=f"cut short: {cut} of") as raised:
                recover(disk, FOLDER)
            assert (raised.value.offset, raised.value.seq) == (cut, spot.first_seq)


def test_a_snapshot_proves_how_far_its_log_reached(log: Log) -> None:
    disk = SimulatedDisk({log.path: log.image})
    log_id, folder = decode_header(log.path, memoryview(log.image)).log_id.hex(), Path("/snapshots")
    last_seq = recover(disk, FOLDER).tail.next_seq - 1
    for name in (log_id, ""):
        recover(disk, FOLDER, 1, [SnapshotWitness(folder / "a", last_seq, name)])
        ahead = [SnapshotWitness(folder / "a", last_seq - 1, name), SnapshotWitness(folder / "b", last_seq + 5, name)]
        with pytest.raises(LogDamaged) as raised:
            recover(disk, FOLDER, 1, ahead)
        assert raised.value.seq == last_seq + 1
        assert (
            f"the log ends at sequence {last_seq}, yet b was made of it at sequence {last_seq + 5}: "
            "5 rows that were acknowledged are missing. Nothing was changed. "
            f"Restore the log from a backup that reaches sequence {last_seq + 5}, then start again; or, "
            f"to go on without those rows, move the snapshots after sequence {last_seq} out of /snapshots."
        ) in str(raised.value)
    recover(disk, FOLDER, 1, [SnapshotWitness(folder / "of another log", last_seq + 5, "00" * 16)])


def test_a_snapshot_beside_no_segments_proves_that_there_were_some() -> None:
    with pytest.raises(LogDamaged, match=r"the log is empty, yet a was made of it at sequence 7.*move all snap"):
        recover(SimulatedDisk(), FOLDER, 1, [SnapshotWitness(Path("/snapshots/a"), 7, "00" * 16)])
