"""Walk every frame of the log and say where it ends, telling a torn tail from damage to acknowledged data.

The rule: at the first bad frame, at X and expecting sequence S, look for a later intact frame that begins at or after S
and says that S was durable when it was cut. If there is one, acknowledged data is damaged: refuse, change nothing.
If there is none, nobody was ever told about anything from X on: the tail is torn, and may be zeroed.
A segment gets its name only after everything before it was durable, so a later segment is such a witness too, and so is
a snapshot: it is made of durable rows alone.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.errors import LogDamaged
from engine.log.file_ops import FileOps
from engine.log.frame import ALIGN, MAGIC, SEALED, FrameHeader, read_header
from engine.log.frame_table import frame_tables
from engine.log.retention import FLOOR_NAME, read_floor
from engine.log.segment import SEGMENT_HEADER_BYTES, SegmentFile, decode_header, open_segment, segment_paths
from engine.log.snapshot import SnapshotWitness
from engine.log.spares import later_spare

SCAN_BYTES = 8 << 20


class Tail(NamedTuple):
    """Where a walk ended: the state that the next frame continues."""

    offset: int
    next_seq: int
    checksum: int
    at_ns: int
    epoch: int
    vouched_seq: int
    """Highest sequence that an intact frame says was durable."""
    unvouched_offset: int
    """Offset of the first frame that no later frame vouches for; equals `offset` where all are."""
    frame_count: int
    sealed: bool


class Recovered(NamedTuple):
    """What the folder holds. `segments` is empty for a new log."""

    segments: list[SegmentFile]
    tail: Tail
    garbage_end: int
    """End of the bytes after the tail that are not zero; equals `tail.offset` where there are none."""


def start_of(segment: SegmentFile, before: Tail | None) -> Tail:
    """The state in which the walk of this segment begins."""
    header = segment.header
    at_ns, epoch, count = (before.at_ns, before.epoch, before.frame_count) if before else (0, 0, 0)
    first, start = header.first_seq, SEGMENT_HEADER_BYTES
    return Tail(start, first, header.prev_checksum, at_ns, epoch, first - 1, start, count, sealed=False)


def walk(segment: SegmentFile, start: Tail) -> Tail:
    """Check each frame of the segment and its place in the chain; stops at the first that is not right."""
    offset, seq, checksum, at_ns, epoch, vouched, _, count, _ = start
    sealed = False
    # Offsets and last sequences of frames that are not vouched for yet by a later frame's durable_seq.
    waiting = np.zeros((0, 2), np.int64)
    for found in frame_tables(segment):
        table = found
        if sealed := bool(table.headers["flags"][-1] & SEALED):
            table = table.part(0, -1)
        if not len(table.offsets):
            break
        headers, next_seqs = table.headers, table.next_seqs
        vouched = max(vouched, int(headers["durable_seq"].max()))
        with_rows = headers["row_count"] > 0
        waiting = np.r_[waiting, np.column_stack([table.offsets, next_seqs - 1])[with_rows]]
        waiting = waiting[waiting[:, 1] > vouched]
        last = headers[-1]
        offset, seq = table.end, int(next_seqs[-1])
        checksum, at_ns, epoch = int(last["checksum"]), int(last["at_ns"]), int(last["epoch"])
        count += len(headers)
    unvouched_offset = int(waiting[0, 0]) if len(waiting) else offset
    return Tail(offset, seq, checksum, at_ns, epoch, vouched, unvouched_offset, count, sealed)


def recover(
    ops: FileOps, folder: Path, verify_from_seq: int = 1, witnesses: Sequence[SnapshotWitness] = ()
) -> Recovered:
    """Walk the log; raises LogDamaged where acknowledged data is damaged or missing. Changes nothing.

    Segments that end before `verify_from_seq` (a snapshot vouches for them) have only their headers checked, save the
    last two, which tell the epoch and the time to go on from. `witnesses` were made of this log, or of another one.
    """
    segments = [open_whole(ops, path) for path in segment_paths(ops, folder)]
    floor_seq = read_floor(ops, folder)
    if not segments and floor_seq > 1:
        raise LogDamaged(folder, 0, floor_seq, "all segments are missing, yet old ones were deleted here before")
    if not segments:
        require_reach(folder, 0, 1, b"", witnesses)
        if spare := later_spare(ops, folder):
            raise LogDamaged(
                folder,
                0,
                1,
                f"all segments are missing, yet {spare} is made only beside one",
                f"Restore the log from a backup, then start again; or, to begin an empty one, move the spares out of "
                f"{folder}.",
            )
        return Recovered([], Tail(0, 1, 0, 0, 0, 0, 0, 0, sealed=False), 0)
    check_sequence(segments, floor_seq)
    tail = start_of(segments[0], None)
    for here, following in pairwise(segments):
        if following.header.first_seq > verify_from_seq or following is segments[-1]:
            tail = walk(here, tail)
            check_joint(here, tail, following)
        tail = start_of(following, tail)
    last = segments[-1]
    tail = walk(last, tail)
    if tail.sealed:
        raise LogDamaged(last.path, tail.offset, tail.next_seq, "the segment after this one is missing")
    garbage_end = check_tail(last, tail)
    require_reach(last.path, tail.offset, tail.next_seq, last.header.log_id, witnesses)
    return Recovered(segments, tail, garbage_end)


def open_whole(ops: FileOps, path: Path) -> SegmentFile:
    """Open a segment; raises LogDamaged with the first sequence that a file that is cut short does not hold."""
    try:
        return open_segment(ops, path)
    except LogDamaged as damage:
        view = ops.map(path)
        if damage.offset != len(view) or len(view) < SEGMENT_HEADER_BYTES:
            raise
        cut = SegmentFile(path, decode_header(path, view, whole=False), view)
        raise LogDamaged(path, len(view), walk(cut, start_of(cut, None)).next_seq, damage.detail) from None


def require_reach(path: Path, offset: int, next_seq: int, log_id: bytes, witnesses: Sequence[SnapshotWitness]) -> None:
    """Raise LogDamaged where a snapshot of this log was made at a sequence that the log does not have.

    One that does not say of which log it is, and any beside a log without segments, counts as one of this log.
    """
    own = [found for found in witnesses if not log_id or found.log_id in ("", log_id.hex())]
    newest = max(own, key=lambda found: found.covered_seq, default=None)
    if newest is None or newest.covered_seq < next_seq:
        return
    covered_seq, folder = newest.covered_seq, newest.path.parent
    ends = f"the log ends at sequence {next_seq - 1}" if next_seq > 1 else "the log is empty"
    after = f"the snapshots after sequence {next_seq - 1}" if next_seq > 1 else "all snapshots"
    raise LogDamaged(
        path,
        offset,
        next_seq,
        f"{ends}, yet {newest.path.name} was made of it at sequence {covered_seq}: "
        f"{covered_seq - next_seq + 1} rows that were acknowledged are missing",
        f"Restore the log from a backup that reaches sequence {covered_seq}, then start again; "
        f"or, to go on without those rows, move {after} out of {folder}.",
    )


def check_sequence(segments: list[SegmentFile], floor_seq: int) -> None:
    """The segments present are those of one log, from its beginning or from where retention cut it, without a gap."""
    first = segments[0]
    if first.header.first_seq > floor_seq:
        raise LogDamaged(
            first.path,
            0,
            floor_seq,
            f"the segments before sequence {first.header.first_seq} are missing",
            "Restore them from a backup, then start again; where they were deleted on purpose, restore the note of it, "
            f"{first.path.parent / FLOOR_NAME}.",
        )
    for here, following in pairwise(segments):
        if following.header.log_id != first.header.log_id:
            raise LogDamaged(following.path, 16, following.header.first_seq, "the segment belongs to another log")
        if following.header.segment_no != here.header.segment_no + 1:
            missing = f"segment {here.header.segment_no + 1} is missing before this one"
            raise LogDamaged(following.path, 32, following.header.first_seq, missing)


def check_joint(here: SegmentFile, tail: Tail, following: SegmentFile) -> None:
    """The walk of a finished segment reached the very frame that the next segment continues."""
    header = following.header
    if (tail.next_seq, tail.checksum) != (header.first_seq, header.prev_checksum):
        detail = f"no intact frame here, yet segment {following.path.name} follows"
        raise LogDamaged(here.path, tail.offset, tail.next_seq, detail)


def check_tail(last: SegmentFile, tail: Tail) -> int:
    """Where the non-zero bytes after the tail end; raises LogDamaged where one of them is a witness of lost data."""
    garbage_end = used_end(last.view, tail.offset)
    for offset in candidate_offsets(last.view, tail.offset, garbage_end):
        header = read_header(last.view, offset, last.header.seed)
        if header is not None and is_witness(header, tail.next_seq):
            detail = f"the frame at byte {offset} says that this sequence was durable"
            raise LogDamaged(last.path, tail.offset, tail.next_seq, detail)
    return garbage_end


def is_witness(header: FrameHeader, seq: int) -> bool:
    """Whether this frame could only be written after `seq` was durable."""
    return header.first_seq >= seq and header.durable_seq >= seq


def used_end(view: memoryview, start: int) -> int:
    """End of the non-zero bytes at and after `start`, rounded up to 64; `start` where all are zero."""
    end = len(view)
    while end > start:
        low = max(start, end - SCAN_BYTES)
        words = np.frombuffer(view[low:end], np.uint8)
        if words.any():
            return min(len(view), (low + int(np.flatnonzero(words)[-1]) + ALIGN) & -ALIGN)
        end = low
    return start


def candidate_offsets(view: memoryview, start: int, end: int) -> list[int]:
    """Aligned offsets in [start, end) that hold the magic of a frame."""
    count = (min(end, len(view)) - start) // ALIGN
    if count <= 0 or start % ALIGN:
        return []
    magics = np.frombuffer(view, np.uint32, count * (ALIGN // 4), start)[:: ALIGN // 4]
    return [start + ALIGN * int(index) for index in np.flatnonzero(magics == MAGIC)]
