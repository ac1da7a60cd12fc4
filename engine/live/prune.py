"""Delete what of a log is older than it is to be kept, after the state at which the rest begins was written down."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from engine.errors import LogError
from engine.kernel.tables import Array
from engine.log.file_ops import FileOps
from engine.log.lock import lock_folder
from engine.log.reader import checksum_at, read_log, read_runs
from engine.log.recovery import recover
from engine.log.retention import delete_segments_below
from engine.log.segment import SegmentFile
from engine.log.snapshot import SnapshotStore
from engine.log.spares import NO_SPACE
from engine.messages.rows import ROW
from engine.model.directory import Directory
from engine.model.durations import format_duration
from engine.model.settings import SECOND_NS
from engine.projections.quality.quality import Quality
from engine.replay.apply import StateReplay
from engine.replay.base import load_base, read_base, write_base
from engine.replay.restore import SNAPSHOT_FOLDER, capacity_of_log, collector_paused, log_folder
from engine.state import QUALITY, EngineState

KEEP_LEAST_NS: Final = 2 * 24 * 3600 * SECOND_NS
"""Figures of today and of the shift before, and the latest contacts, are read from the log at every start."""


class PruneReport(msgspec.Struct, frozen=True):
    """What was deleted of a log, or would be."""

    done: bool
    """False: only looked at."""
    segments: int
    """Deleted."""
    bytes: int
    """What they took up."""
    segments_kept: int
    first_seq: int
    """At which the log begins then."""
    first_at: str
    """When that was, UTC."""


class _Cut(NamedTuple):
    doomed: list[SegmentFile]
    kept: list[SegmentFile]
    first_ns: int
    base_seq: int
    """Of the last row of the first turn that is kept: the state there is written down."""


def prune(data: Path, keep_ns: int, *, dry_run: bool = False, now_ns: int | None = None) -> PruneReport:
    """Delete the segments of which every row is older than `keep_ns`; the newest segment always stays.

    Raises LogError, LogLocked while an engine writes the log (unless it is only looked at), LogDamaged and OSError;
    nothing was deleted then.
    """
    if keep_ns < KEEP_LEAST_NS:
        raise LogError(f"{format_duration(keep_ns)} is too short: keep {format_duration(KEEP_LEAST_NS)} or more")
    ops, folder = FileOps(), log_folder(data)
    before_ns = (time.time_ns() if now_ns is None else now_ns) - keep_ns
    if dry_run:
        return _report(_cut(ops, data, before_ns), done=False)
    lock = lock_folder(ops, folder)
    try:
        cut = _cut(ops, data, before_ns)
        if cut.doomed:
            with _full_disk_in_words(data):
                _write_base(data, folder, cut)
                delete_segments_below(ops, folder, cut.kept[0].header.first_seq)
    finally:
        ops.close(lock)
    return _report(cut, done=True)


@contextmanager
def _full_disk_in_words(data: Path) -> Iterator[None]:
    """Who deletes to make room has none: say what else may go."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        raise LogError(
            f"{data} has no room for the state at which the log is to begin, about as much as one file of "
            f"{data / SNAPSHOT_FOLDER}; no segment was deleted. Make room, or delete the snapshots there: they are a "
            "cache, and without them the next start takes longer"
        ) from error


def _cut(ops: FileOps, data: Path, before_ns: int) -> _Cut:
    """Find where the log is to begin. Every frame of it is checked, and its end: what is damaged is left alone."""
    folder = log_folder(data)
    segments = recover(ops, folder, witnesses=SnapshotStore(data / SNAPSHOT_FOLDER).witnesses()).segments
    if not segments:
        raise LogError(f"the log in {folder} is empty")
    first, first_ns, base_seq = 0, 0, 0
    for place, segment in enumerate(segments):
        frame = next(read_log(folder, segment.header.first_seq, dtype=ROW, ops=ops), None)
        if frame is None or (place and frame.at_ns > before_ns):
            break  # the newest may hold nothing yet
        first, first_ns, base_seq = place, frame.at_ns, frame.first_seq + len(frame.rows) - 1
    return _Cut(segments[:first], segments[first:], first_ns, base_seq)


@collector_paused()
def _write_base(data: Path, folder: Path, cut: _Cut) -> None:
    """Fold what leads to the first turn that is kept, and write the state there down."""

    def checksum(seq: int) -> int | None:
        return checksum_at(folder, seq)

    before = read_base(data, cut.doomed[0].header.first_seq, checksum)
    if before is None:
        state, saved = EngineState(capacity_of_log(read_log(folder, dtype=ROW))), b""
    else:
        state, saved = load_base(before), bytes(before.parts[QUALITY])
    quality = Quality(Directory(), saved, cut.base_seq)
    replay = StateReplay(state)
    for run in read_runs(folder, state.seq + 1, cut.base_seq, whole=True):
        replay.apply(run)
        quality.apply(run)
    replay.finish()
    if state.seq != cut.base_seq:
        raise LogError(
            f"the log could be read up to sequence {state.seq} only, not to {cut.base_seq}; nothing was deleted"
        )
    parts: dict[str, Array | bytes] = state.save() | {QUALITY: quality.save()}
    write_base(data, cut.base_seq, checksum, parts, cut.kept[0].header.log_id)


def _report(cut: _Cut, *, done: bool) -> PruneReport:
    return PruneReport(
        done=done,
        segments=len(cut.doomed),
        bytes=sum(segment.header.size for segment in cut.doomed),
        segments_kept=len(cut.kept),
        first_seq=cut.kept[0].header.first_seq,
        first_at=datetime.fromtimestamp(cut.first_ns // SECOND_NS, UTC).isoformat() if cut.first_ns else "",
    )
