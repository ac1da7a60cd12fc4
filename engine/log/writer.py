"""The only code that writes segments: it cuts staged turns into frames, one durable write a group, and rolls.

It has no thread and no lock of its own; `event_log` gives it both, the crash tests neither.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.errors import LogError, LogWriteFailed
from engine.log.file_ops import FileOps
from engine.log.frame import HEADER_BYTES, MARKER, OPENED, ROW_BYTES, SEALED, Rows, frame_bytes, row_bytes, seal
from engine.log.recovery import Recovered, recover
from engine.log.segment import SEGMENT_HEADER_BYTES, SegmentHeader, encode_header, segment_name
from engine.log.snapshot import SnapshotWitness
from engine.log.spares import Spares

logger = logging.getLogger(__name__)

FIRST_STAGING_BYTES = 1 << 20
LOG_ID_BYTES = 16
SEED_BYTES = 8
CHECKSUMS_KEPT = 8192


class Staged(NamedTuple):
    """One turn that waits in a `Staging` buffer for its header."""

    start: int
    first_seq: int
    row_count: int
    payload_size: int
    at_ns: int


class Staging:
    """Turns copied one after the other into one buffer, each with room for its header. Reused, group after group."""

    def __init__(self) -> None:
        self.buffer = memoryview(bytearray(FIRST_STAGING_BYTES))
        self.turns: list[Staged] = []
        self.used = 0

    def add(self, rows: Rows, payload: bytes | bytearray | memoryview, first_seq: int, at_ns: int) -> int:
        """Copy one turn in; returns the bytes its frame takes."""
        row_count, payload_size = len(rows), len(payload)
        start, rows_at = self.used, self.used + HEADER_BYTES
        payload_at = rows_at + ROW_BYTES * row_count
        end = start + frame_bytes(row_count, payload_size)
        if end > len(self.buffer):
            self.buffer = self._grown(end)
        # Assigning through a memoryview never resizes: data of another size or item type raises ValueError.
        self.buffer[rows_at:payload_at] = row_bytes(rows).data
        self.buffer[payload_at : payload_at + payload_size] = payload
        self.buffer[payload_at + payload_size : end] = bytes(end - payload_at - payload_size)
        self.turns.append(Staged(start, first_seq, row_count, payload_size, at_ns))
        self.used = end
        return end - start

    def bytes_after(self, seq: int) -> int:
        """Bytes of the turns that begin after `seq`."""
        if not self.turns or self.turns[-1].first_seq <= seq:
            return 0
        return self.used - next(turn.start for turn in self.turns if turn.first_seq > seq)

    def clear(self) -> None:
        """Forget the turns, keep the memory."""
        self.turns.clear()
        self.used = 0

    def _grown(self, wanted: int) -> memoryview:
        grown = memoryview(bytearray(max(wanted, 2 * len(self.buffer))))
        grown[: self.used] = self.buffer[: self.used]
        return grown


class SegmentWriter:
    """Appends to the newest segment. Any error is final: the writer must not be used after one."""

    def __init__(
        self, ops: FileOps, folder: Path, spares: Spares, schema: int, on_durable: Callable[[int], None]
    ) -> None:
        self._ops = ops
        self._folder = folder
        self._spares = spares
        self._schema = schema
        self._on_durable = on_durable
        self._header = SegmentHeader(b"", 0, 0, 0, 0, 0, 0)
        self._fd = -1
        self._offset = 0
        self._checksum = 0
        self._epoch = 0
        self._vouched_seq = 0
        self._marker = bytearray(HEADER_BYTES)
        self.first_seq = 1
        self.durable_seq = 0
        self.at_ns = 0
        self.recent_checksums: dict[int, int] = {}
        """Of the latest frames, by their last sequence; read by other threads."""
        self.group_count = 0
        """Durable writes of frames so far; one sync each."""

    @property
    def is_vouched(self) -> bool:
        """Whether a later frame on disk says that the last durable row was durable."""
        return self._vouched_seq >= self.durable_seq

    @property
    def room_bytes(self) -> int:
        """Bytes left for frames in the newest segment."""
        return max(0, self._header.size - self._offset - HEADER_BYTES)

    @property
    def log_id(self) -> bytes:
        """What tells this log from all others."""
        return self._header.log_id

    def begin(self, verify_from_seq: int = 1, witnesses: Sequence[SnapshotWitness] = ()) -> Recovered:
        """Recover the folder, or begin a new log in it, and stand ready at the tail, in a new epoch.

        Raises LogDamaged where acknowledged data is damaged, OSError where the disk fails.
        """
        found = recover(self._ops, self._folder, verify_from_seq, witnesses)
        self._spares.adopt(log_begun=bool(found.segments))
        if found.segments:
            self.first_seq = found.segments[0].header.first_seq
            self._continue(found)
        else:
            self._epoch = 1
            self._next_segment(self._ops.random_bytes(LOG_ID_BYTES), 0, 1)
        self.write_marker(OPENED)
        return found

    def write_group(self, staging: Staging) -> None:
        """Cut the staged turns into frames and make them durable: one system call, one more for each roll."""
        view, written = staging.buffer, 0
        for turn in staging.turns:
            size = frame_bytes(turn.row_count, turn.payload_size)
            if turn.start - written + size > self.room_bytes:
                self._write_frames(view[written : turn.start], turn.first_seq - 1)
                self._roll(turn.first_seq)
                written = turn.start
            self._checksum = seal(
                view,
                turn.start,
                seed=self._header.seed,
                first_seq=turn.first_seq,
                durable_seq=self.durable_seq,
                prev_checksum=self._checksum,
                at_ns=turn.at_ns,
                row_count=turn.row_count,
                payload_size=turn.payload_size,
                epoch=self._epoch,
                schema=self._schema,
            )
            self.at_ns = turn.at_ns
            self._remember(turn.first_seq + turn.row_count - 1)
        last = staging.turns[-1]
        self._write_frames(view[written : staging.used], last.first_seq + last.row_count - 1)

    def write_marker(self, flags: int = 0) -> None:
        """Write an empty frame that vouches for everything durable so far; left out where it would wait for space."""
        if self.room_bytes < HEADER_BYTES:
            if not (flags or self._spares.count):
                return
            self._roll(self.durable_seq + 1)
        self._checksum = self._seal_marker(MARKER | flags)
        self._write_frames(memoryview(self._marker), self.durable_seq)

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            self._ops.close(self._fd)
            self._fd = -1

    def _remember(self, last_seq: int) -> None:
        """Snapshots ask for the checksum at their position, which is one of the latest."""
        recent = self.recent_checksums
        recent[last_seq] = self._checksum
        if len(recent) > CHECKSUMS_KEPT:
            del recent[next(iter(recent))]

    def _seal_marker(self, flags: int) -> int:
        return seal(
            self._marker,
            0,
            seed=self._header.seed,
            first_seq=self.durable_seq + 1,
            durable_seq=self.durable_seq,
            prev_checksum=self._checksum,
            at_ns=self.at_ns,
            row_count=0,
            payload_size=0,
            epoch=self._epoch,
            schema=self._schema,
            flags=flags,
        )

    def _write_frames(self, data: memoryview, last_seq: int) -> None:
        if not data:
            return
        # What the frames say was durable when they were cut is vouched for as soon as they are durable themselves.
        vouched_seq = self.durable_seq
        self._write(data, self._offset)
        self._offset += len(data)
        self.group_count += 1
        self._vouched_seq = vouched_seq
        if last_seq > self.durable_seq:
            self.durable_seq = last_seq
            self._on_durable(last_seq)

    def _write(self, data: memoryview, offset: int) -> None:
        written = self._ops.write_durable(self._fd, data, offset)
        if written != len(data):
            raise LogWriteFailed(f"short write in {self._folder}: {written} of {len(data)} bytes at {offset}")

    def _roll(self, first_seq: int) -> None:
        """Go on in the next segment, then seal this one: a sealed segment whose successor is gone is a loss."""
        old_fd, old_offset = self._fd, self._offset
        self._seal_marker(MARKER | SEALED)
        last_words = bytes(self._marker)
        self._next_segment(self._header.log_id, self._header.segment_no + 1, first_seq)
        written = self._ops.write_durable(old_fd, memoryview(last_words), old_offset)
        self._ops.close(old_fd)
        if written != len(last_words):
            raise LogWriteFailed(f"short write of the seal in {self._folder}: {written} of {len(last_words)} bytes")

    def _next_segment(self, log_id: bytes, segment_no: int, first_seq: int) -> None:
        """Turn a spare into the next segment: durable header first, then the name, then the folder."""
        spare = self._spares.take()
        seed = int.from_bytes(self._ops.random_bytes(SEED_BYTES), "little")
        size, created_ns = self._spares.segment_bytes, self._ops.wall_ns()
        header = SegmentHeader(log_id, segment_no, first_seq, seed, self._checksum, created_ns, size)
        self._fd = self._ops.open(spare)
        self._write(memoryview(encode_header(header)), 0)
        self._ops.rename(spare, self._folder / segment_name(first_seq))
        self._ops.sync_folder(self._folder)
        self._header = header
        self._offset = SEGMENT_HEADER_BYTES

    def _continue(self, found: Recovered) -> None:
        """Stand at the tail of an existing log, having made sure that what is read there is on the disk."""
        last, tail = found.segments[-1], found.tail
        self._header = last.header
        self._fd = self._ops.open(last.path)
        # After a failed sync the page cache may show bytes that never reached the disk, and call them clean:
        # write again what no later frame vouches for.
        if tail.unvouched_offset < tail.offset:
            self._write(memoryview(bytes(last.view[tail.unvouched_offset : tail.offset])), tail.unvouched_offset)
        if found.garbage_end > tail.offset:
            logger.warning(
                "%s: %d bytes after sequence %d were never acknowledged, as after a power cut: they are erased",
                *(last.path, found.garbage_end - tail.offset, tail.next_seq - 1),
            )
            self._ops.zero_fill(self._fd, tail.offset, found.garbage_end)
        self._ops.sync(self._fd)
        self._ops.sync_folder(self._folder)
        self._offset, self._checksum = tail.offset, tail.checksum
        self._epoch, self.at_ns = tail.epoch + 1, tail.at_ns
        self.durable_seq = tail.next_seq - 1


def require_fits(row_count: int, payload_size: int, segment_bytes: int) -> None:
    """Raises LogError where a turn is empty or cannot fit into one segment."""
    if row_count == 0:
        raise LogError("a turn without rows cannot be appended to the log")
    limit = segment_bytes - SEGMENT_HEADER_BYTES - HEADER_BYTES
    size = frame_bytes(row_count, payload_size)
    if size > limit:
        raise LogError(f"a turn of {size} bytes does not fit into a segment of {segment_bytes}: append smaller turns")
