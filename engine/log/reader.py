"""Read recorded turns in order, without copying and without a lock: for replay, projections and verification."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.errors import LogDamaged
from engine.log.file_ops import FileOps
from engine.log.frame import RAW_ROW, SEALED, Frame, FrameHeader, read_frame
from engine.log.frame_table import FrameTable, frame_tables
from engine.log.recovery import recover
from engine.log.runs import Run, runs_of
from engine.log.segment import SEGMENT_HEADER_BYTES, SegmentFile, open_segment, segment_first_seq, segment_paths
from engine.log.snapshot import SnapshotWitness


class LogReport(NamedTuple):
    """What a verification of the whole log found."""

    segment_count: int
    frame_count: int
    first_seq: int
    last_seq: int
    """0 where the log has no rows."""
    at_ns: int
    epoch: int
    checksum: int
    """Checksum of the last frame; it stands for everything before it."""
    torn_bytes: int
    """Bytes of unfinished, unacknowledged writing after the last frame; the next writer zeroes them."""


def verify_log(folder: Path, ops: FileOps | None = None, witnesses: Sequence[SnapshotWitness] = ()) -> LogReport:
    """Check every frame of the log, and that it reaches as far as `witnesses` say; raises LogDamaged.

    Nothing is changed or locked.
    """
    found = recover(ops or FileOps(), folder, witnesses=witnesses)
    tail = found.tail
    first_seq = found.segments[0].header.first_seq if found.segments else 1
    return LogReport(
        len(found.segments),
        tail.frame_count,
        first_seq,
        tail.next_seq - 1,
        tail.at_ns,
        tail.epoch,
        tail.checksum,
        max(0, found.garbage_end - tail.offset),
    )


def read_log(
    folder: Path,
    from_seq: int = 1,
    up_to_seq: int | None = None,
    *,
    dtype: np.dtype[Any] = RAW_ROW,
    ops: FileOps | None = None,
) -> Iterator[Frame]:
    """Yield the turns from the one that holds `from_seq` to the one that holds `up_to_seq`, each checked as it is read.

    `rows` has shape (n,) of `dtype`, which must be 64 bytes wide. Without `up_to_seq` the log is read to its last
    intact frame. Where retention deleted `from_seq`, the oldest turn left comes first. Raises LogDamaged where a turn
    that must be there is not intact.
    """
    for segment, table in tables_between(folder, from_seq, up_to_seq, ops or FileOps()):
        for offset, fields in zip(table.offsets.tolist(), table.headers.tolist(), strict=True):
            header = FrameHeader._make(fields)
            if header.row_count:
                yield read_frame(segment.view, offset, header, dtype)


def read_runs(
    folder: Path,
    from_seq: int = 1,
    up_to_seq: int | None = None,
    *,
    whole: bool = False,
    ops: FileOps | None = None,
) -> Iterator[Run]:
    """Yield the same turns as `read_log`, many joined to one run each: rows writable, payloads as they lie in the file.

    For those who need every row and no single frame; many times faster where turns are small. With `whole` the last
    turn is the last one that ends at or before `up_to_seq`.
    """
    for segment, table in tables_between(folder, from_seq, up_to_seq, ops or FileOps(), whole=whole):
        yield from runs_of(segment.view, table)


def tables_between(
    folder: Path, from_seq: int, up_to_seq: int | None, ops: FileOps, *, whole: bool = False
) -> Iterator[tuple[SegmentFile, FrameTable]]:
    """Yield the frames from the one that holds `from_seq` to the one that holds `up_to_seq`; raises LogDamaged.

    With `whole` the last frame is the last one that ends at or before `up_to_seq`.
    """
    paths = paths_from(segment_paths(ops, folder), from_seq)
    for path in paths:
        segment = open_segment(ops, path)
        end, end_seq = SEGMENT_HEADER_BYTES, segment.header.first_seq
        if up_to_seq is not None and end_seq > up_to_seq:
            return
        for found in unsealed(segment, from_seq):
            next_seqs = found.next_seqs
            last = len(next_seqs)
            if up_to_seq is not None:
                last = int(np.searchsorted(next_seqs, up_to_seq + whole, "right")) + (not whole)
            yield segment, found.part(int(np.searchsorted(next_seqs, from_seq, "right")), last)
            end, end_seq = found.end, int(next_seqs[-1])
            if up_to_seq is not None and end_seq > up_to_seq:
                return
        require_reached(path, end, end_seq, paths, up_to_seq)


def paths_from(paths: list[Path], from_seq: int) -> list[Path]:
    """The segments from the one that holds `from_seq` on."""
    first_seqs = [segment_first_seq(path.name) or 1 for path in paths]
    held = [index for index, first_seq in enumerate(first_seqs) if first_seq <= from_seq]
    return paths[held[-1] :] if held else paths


def unsealed(segment: SegmentFile, from_seq: int = 1) -> Iterator[FrameTable]:
    """Yield the frames of a segment's chain, without the seal; see `frame_table.frame_tables`."""
    for found in frame_tables(segment, from_seq):
        table = found.part(0, -1) if found.headers["flags"][-1] & SEALED else found
        if len(table.offsets):
            yield table


def require_reached(path: Path, end: int, end_seq: int, paths: list[Path], up_to_seq: int | None) -> None:
    """A segment must reach to the next one, and the last one to where the caller was promised.

    Its intact frames end at byte `end`, before the sequence `end_seq`.
    """
    index = paths.index(path)
    following = segment_first_seq(paths[index + 1].name) if index + 1 < len(paths) else None
    wanted = following if following is not None else (up_to_seq or 0) + 1
    if end_seq < wanted:
        raise LogDamaged(path, end, end_seq, "no intact frame holds this sequence")


def checksum_at(folder: Path, seq: int, ops: FileOps | None = None) -> int | None:
    """Chain checksum of the frame that ends at `seq`, or None where no frame ends there."""
    ops = ops or FileOps()
    for path in paths_from(segment_paths(ops, folder), seq)[:1]:
        for table in unsealed(open_segment(ops, path), seq):
            # Markers after the frame have its position too; the frame comes first.
            place = int(np.searchsorted(table.next_seqs, seq + 1))
            if place < len(table.offsets):
                header = table.headers[place]
                ends_there = header["row_count"] and table.next_seqs[place] == seq + 1
                return int(header["checksum"]) if ends_there else None
    return None
