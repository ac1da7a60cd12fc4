"""What the tests of the log share: rows that say which sequence they are, and a log written without threads."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from engine.log.file_ops import FileOps
from engine.log.frame import RAW_ROW, FrameHeader, Rows
from engine.log.reader import read_log, unsealed
from engine.log.segment import SegmentFile
from engine.log.spares import Spares
from engine.log.writer import SegmentWriter, Staging
from tests.log.simulated_disk import SimulatedDisk

FOLDER = Path("/log")
SMALL_SEGMENT_BYTES = 8192
WORDS = 8


def make_rows(first_seq: int, count: int) -> Rows:
    """Rows whose every word depends on the sequence."""
    sequences = np.arange(first_seq, first_seq + count, dtype=np.uint64).reshape(-1, 1)
    words = sequences * np.uint64(0x9E3779B97F4A7C15) + np.arange(WORDS, dtype=np.uint64)
    return words.view(RAW_ROW).reshape(-1)


def make_payload(first_seq: int, size: int) -> bytes:
    """Bytes that depend on the sequence."""
    return (f"<{first_seq}>".encode() * (size // 3 + 1))[:size]


def open_writer(
    ops: FileOps,
    segment_bytes: int = SMALL_SEGMENT_BYTES,
    folder: Path = FOLDER,
    on_durable: Callable[[int], None] = lambda _seq: None,
) -> SegmentWriter:
    """A writer without threads; spares are made when they are needed."""
    writer = SegmentWriter(ops, folder, Spares(ops, folder, segment_bytes, 1), 1, on_durable)
    writer.begin()
    return writer


def write_turns(writer: SegmentWriter, turns: list[tuple[int, int]]) -> None:
    """Make one group of turns, each (rows, payload bytes), durable."""
    staging = Staging()
    seq = writer.durable_seq + 1
    for row_count, payload_size in turns:
        staging.add(make_rows(seq, row_count), make_payload(seq, payload_size), seq, at_ns=seq * 1000)
        seq += row_count
    writer.write_group(staging)


def check_rows(ops: FileOps, folder: Path = FOLDER) -> int:
    """Read the whole log; every row must be the one that belongs there. Returns the last sequence."""
    seq = 1
    for frame in read_log(folder, ops=ops):
        assert frame.first_seq == seq
        assert frame.at_ns == seq * 1000
        assert frame.rows.tobytes() == make_rows(seq, len(frame.rows)).tobytes()
        assert bytes(frame.payload) == make_payload(seq, len(frame.payload))
        seq += len(frame.rows)
    return seq - 1


def several_segments() -> SimulatedDisk:
    """A log of 420 rows in several segments."""
    disk = SimulatedDisk()
    writer = open_writer(disk)
    for _ in range(20):
        write_turns(writer, [(10, 5), (11, 0)])
    writer.write_marker()
    return disk


def intact_frames(segment: SegmentFile) -> Iterator[tuple[int, FrameHeader]]:
    """Offset and header of each frame in the chain, markers included, up to the first that is not intact."""
    for table in unsealed(segment):
        for offset, fields in zip(table.offsets.tolist(), table.headers.tolist(), strict=True):
            yield offset, FrameHeader._make(fields)
