"""Copy a log, also while it is being written: whole frames in order, so that a copy is always one that can be started.

A finished segment never changes, so a copy that has it is not written again. Of the last one the frames that are intact
are taken and what follows is left blank: a plain copy of a file that is being written could hold a later frame and miss
one before it, which is what damage looks like.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from engine.errors import LogError
from engine.log.file_ops import FileOps
from engine.log.lock import lock_folder
from engine.log.reader import verify_log
from engine.log.recovery import Tail, check_joint, start_of, walk
from engine.log.retention import FIRST_SEQ, read_floor, write_floor
from engine.log.segment import SegmentFile, open_segment, segment_paths

CHUNK_BYTES = 8 << 20
DRAFT_SUFFIX = ".tmp"


class CopyReport(NamedTuple):
    """What a copy of a log took, and what it holds now."""

    segments_copied: int
    segments_kept: int
    """Finished ones that were there already."""
    bytes_copied: int
    last_seq: int
    """0 where the log has no rows."""


class Portion(NamedTuple):
    """A segment and how much of it is taken."""

    segment: SegmentFile
    end: int
    finished: bool


def back_up(folder: Path, target: Path, ops: FileOps | None = None) -> CopyReport:
    """Copy the log of `folder`, which a process may be writing, into `target`, which may hold an earlier copy of it.

    Files in `target` take room for what they hold alone. Raises LogDamaged where the log is not intact, LogError where
    there is none or `target` holds another one, LogLocked where somebody else writes `target`, OSError.
    """
    ops = ops or FileOps()
    return _copy(ops, folder, target, lambda fd, portion: ops.write(fd, b"\0", portion.segment.header.size - 1))


def restore_log(folder: Path, target: Path, ops: FileOps | None = None) -> CopyReport:
    """Copy a backup into `target`, which must hold no log; the files take the room that a writer needs.

    Raises LogDamaged, LogError, LogLocked and OSError as `back_up` does.
    """
    ops = ops or FileOps()
    if segment_paths(ops, target):
        raise LogError(f"{target} holds a log already: name another folder, or move that one away")

    def blank(fd: int, portion: Portion) -> None:
        size = portion.segment.header.size
        ops.allocate(fd, size)
        ops.zero_fill(fd, portion.end, size)

    return _copy(ops, folder, target, blank)


def _copy(ops: FileOps, folder: Path, target: Path, prepare: Callable[[int, Portion], object]) -> CopyReport:
    portions = _portions(ops, folder)
    ops.make_folder(target)
    lock = lock_folder(ops, target)
    try:
        held = _held(ops, target, [portion.segment for portion in portions])
        floor_seq = read_floor(ops, folder)
        if floor_seq > FIRST_SEQ and read_floor(ops, target) < floor_seq and not held:
            write_floor(ops, target, floor_seq)
        copied = bytes_copied = 0
        for portion in portions:
            if portion.finished and _is_finished(ops, held.get(portion.segment.path.name)):
                continue
            _write(ops, target, portion, prepare)
            copied += 1
            bytes_copied += portion.end
        report = verify_log(target, ops)
    finally:
        ops.close(lock)
    return CopyReport(copied, len(portions) - copied, bytes_copied, report.last_seq)


def _portions(ops: FileOps, folder: Path) -> list[Portion]:
    """What there is to take: every segment that has its name now, each with the bytes of its intact frames."""
    segments = [open_segment(ops, path) for path in segment_paths(ops, folder)]
    if not segments:
        raise LogError(f"there is no log in {folder}")
    portions: list[Portion] = []
    before: Tail | None = None
    for here, following in pairwise([*segments, None]):
        assert here is not None
        tail = walk(here, start_of(here, before))
        if following is not None:
            check_joint(here, tail, following)
        # A finished segment is taken whole: its seal follows the last frame.
        portions.append(
            Portion(here, here.header.size if following is not None else tail.offset, following is not None)
        )
        before = tail
    return portions


def _held(ops: FileOps, target: Path, segments: list[SegmentFile]) -> dict[str, SegmentFile]:
    """The segments that an earlier copy has, by name. Raises LogError where they are not of this log, or of more."""
    held = {path.name: open_segment(ops, path) for path in segment_paths(ops, target)}
    newest = segments[-1].header
    for segment in held.values():
        if segment.header.log_id != newest.log_id:
            raise LogError(f"{target} holds a copy of another log: name another folder")
        if segment.header.segment_no > newest.segment_no:
            raise LogError(f"{target} holds a copy of more of this log than there is: keep it, and name another folder")
    return held


def _is_finished(ops: FileOps, held: SegmentFile | None) -> bool:
    """Whether a copy holds the segment to its seal."""
    return held is not None and walk(held, start_of(held, None)).sealed


def _write(ops: FileOps, target: Path, portion: Portion, prepare: Callable[[int, Portion], object]) -> None:
    """Write one segment under a name that no reader looks for, and give it its own when it is durable."""
    path = target / portion.segment.path.name
    draft = target / (path.name + DRAFT_SUFFIX)
    if draft.name in ops.list_names(target):
        ops.unlink(draft)
    fd = ops.create(draft)
    try:
        prepare(fd, portion)
        for start in range(0, portion.end, CHUNK_BYTES):
            chunk = portion.segment.view[start : min(start + CHUNK_BYTES, portion.end)]
            if ops.write(fd, chunk, start) != len(chunk):
                raise LogError(f"{draft} could not be written whole")
        ops.sync(fd)
    finally:
        ops.close(fd)
    ops.rename(draft, path)
    ops.sync_folder(target)
