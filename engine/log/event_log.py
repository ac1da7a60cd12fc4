"""The embedded event log: turns are staged without blocking, and one writer thread makes them durable in groups.

There is no timer: while one group is being synced the next one grows. After a few idle milliseconds an empty marker
frame vouches for the last group. Everything that goes wrong on the way to the disk is final: acknowledging stops and
`on_fatal` ends the process, because a sync that failed once cannot be trusted when it is repeated.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import LogError, LogWriteFailed
from engine.log.file_ops import FileOps
from engine.log.frame import RAW_ROW, Frame, Rows
from engine.log.lock import lock_folder
from engine.log.reader import checksum_at, read_log, read_runs
from engine.log.segment import DEFAULT_SEGMENT_BYTES, SMALLEST_SEGMENT_BYTES, segment_paths
from engine.log.snapshot import SnapshotWitness
from engine.log.spares import Spares
from engine.log.writer import SegmentWriter, Staging, require_fits
from engine.log_port import Turn

FATAL_EXIT_CODE = 70
"""EX_SOFTWARE of sysexits.h: the supervisor restarts us, and recovery reads what is truly on the disk."""
DEFAULT_STAGING_LIMIT_BYTES = 256 << 20
"""Several seconds of any disk; the engine refuses work long before, so reaching it is a fault."""
DEFAULT_IDLE_MARKER_S = 0.005
DEFAULT_SPARES = 2

logger = logging.getLogger(__name__)


def exit_process(reason: str) -> None:
    """Say why and end the process at once, without running anything that might acknowledge more."""
    logger.critical("the log cannot be written: %s", reason)
    os._exit(FATAL_EXIT_CODE)


def ignore_durable(_seq: int) -> None:
    """For those who poll `durable_seq` instead."""


class SegmentLog:
    """An EventLog on disk. `append`, `flush` and `close` belong to one thread; `read` to any."""

    def __init__(
        self,
        folder: Path,
        ops: FileOps,
        spares: Spares,
        lock_fd: int,
        *,
        on_durable: Callable[[int], None],
        on_fatal: Callable[[str], None],
        row_dtype: np.dtype[Any],
        schema: int,
        idle_marker_s: float | None,
        staging_limit_bytes: int,
        verify_from_seq: int,
        witnesses: Sequence[SnapshotWitness],
    ) -> None:
        self._folder = folder
        self._ops = ops
        self._spares = spares
        self._lock_fd = lock_fd
        self._on_durable = on_durable
        self._on_fatal = on_fatal
        self._row_dtype = row_dtype
        self._idle_marker_s = idle_marker_s
        self._staging_limit_bytes = staging_limit_bytes
        self._writer = SegmentWriter(ops, folder, spares, schema, self._settle)
        try:
            self._writer.begin(verify_from_seq, witnesses)
        except BaseException:
            self._writer.close()
            raise
        self._filling, self._writing = Staging(), Staging()
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._settled = threading.Condition(self._lock)
        self._closing = False
        self._failure = ""
        self.first_seq = self._writer.first_seq
        self.durable_seq = self._writer.durable_seq
        self.next_seq = self.durable_seq + 1
        self.staged_bytes = 0
        self.last_at_ns = self._writer.at_ns
        """Time of the last turn; the next one may not be earlier."""
        spares.start(self._fail)
        self._thread = threading.Thread(target=self._write_groups, name="log-writer", daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        on_durable: Callable[[int], None] = ignore_durable,
        on_fatal: Callable[[str], None] = exit_process,
        segment_bytes: int = DEFAULT_SEGMENT_BYTES,
        create: bool = True,
        row_dtype: np.dtype[Any] = RAW_ROW,
        schema: int = 1,
        idle_marker_s: float | None = DEFAULT_IDLE_MARKER_S,
        staging_limit_bytes: int = DEFAULT_STAGING_LIMIT_BYTES,
        spare_count: int = DEFAULT_SPARES,
        verify_from_seq: int = 1,
        witnesses: Sequence[SnapshotWitness] = (),
        ops: FileOps | None = None,
    ) -> "SegmentLog":
        """Lock the folder, recover the log in it (or begin one where `create`), and start the writer thread.

        `on_durable(seq)` and `on_fatal(reason)` are called in the log's own threads; the former must be quick.
        Raises LogLocked, LogDamaged, LogError (no log and not `create`), or OSError of the disk.
        """
        if segment_bytes < SMALLEST_SEGMENT_BYTES or segment_bytes % SMALLEST_SEGMENT_BYTES:
            raise LogError(f"segment_bytes must be a multiple of {SMALLEST_SEGMENT_BYTES}, got {segment_bytes}")
        if spare_count < 1:
            raise LogError(f"spare_count must be at least 1, got {spare_count}")
        ops = ops or FileOps()
        if not create and not segment_paths(ops, folder):
            raise LogError(f"there is no log in {folder}: name its folder, or let one be created")
        ops.make_folder(folder)
        lock_fd = lock_folder(ops, folder)
        try:
            spares = Spares(ops, folder, segment_bytes, spare_count)
            return cls(
                folder,
                ops,
                spares,
                lock_fd,
                on_durable=on_durable,
                on_fatal=on_fatal,
                row_dtype=row_dtype,
                schema=schema,
                idle_marker_s=idle_marker_s,
                staging_limit_bytes=staging_limit_bytes,
                verify_from_seq=verify_from_seq,
                witnesses=witnesses,
            )
        except BaseException:
            ops.close(lock_fd)
            raise

    @property
    def admitting(self) -> bool:
        """False while space for new work is not assured: the rest of this segment is for work that ends something."""
        if self._failure or self._spares.count > 0:
            return not self._failure
        # No spare: one may be on its way, or the disk may be full and nobody knows it yet.
        return not self._spares.full and self._writer.room_bytes > self._spares.segment_bytes // 4

    @property
    def disk_full(self) -> bool:
        """Whether the last attempt to make a segment met a full disk; else the next one is only on its way."""
        return self._spares.full

    @property
    def log_id(self) -> bytes:
        """What tells this log from all others."""
        return self._writer.log_id

    @property
    def group_count(self) -> int:
        """Durable writes of frames since the log was opened; one sync each."""
        return self._writer.group_count

    def space_left(self) -> int:
        """Bytes that can be appended without asking the disk for more space."""
        return self._writer.room_bytes + self._spares.count * self._spares.segment_bytes

    def append(self, rows: Rows, payload: bytes | bytearray | memoryview, at_ns: int) -> int:
        """Copy one turn into the next group; returns the sequence of its last row. Never waits for the disk.

        `rows` has shape (n,) and 64 bytes each. Raises ValueError for other rows, LogError for a turn that is empty,
        too large or earlier than the one before, LogWriteFailed when staging is full or the log has failed.
        """
        row_count = len(rows)
        require_fits(row_count, len(payload), self._spares.segment_bytes)
        if at_ns < self.last_at_ns:
            raise LogError(f"a turn at {at_ns} ns cannot follow one at {self.last_at_ns} ns: time went backwards")
        with self._lock:
            self._require_working()
            if self.staged_bytes > self._staging_limit_bytes:
                raise LogWriteFailed(f"{self.staged_bytes} bytes are waiting for the disk, which is more than allowed")
            self.staged_bytes += self._filling.add(rows, payload, self.next_seq, at_ns)
            self.next_seq += row_count
            self.last_at_ns = at_ns
            self._work.notify()
        return self.next_seq - 1

    def read(self, from_seq: int = 1) -> Iterator[Frame]:
        """Yield the turns that are durable now, from the one that holds `from_seq` on; rows are of `row_dtype`."""
        return read_log(self._folder, from_seq, self.durable_seq, dtype=self._row_dtype, ops=self._ops)

    def read_runs(self, from_seq: int = 1) -> Iterator[Turn]:
        """Yield the turns that are durable now, many joined to one run each; see `reader.read_runs`."""
        return read_runs(self._folder, from_seq, self.durable_seq, ops=self._ops)

    def checksum_at(self, seq: int) -> int | None:
        """Chain checksum of the turn that ends at `seq`; None where none ends there or it is not durable yet."""
        if seq > self.durable_seq:
            return None
        return self._writer.recent_checksums.get(seq) or checksum_at(self._folder, seq, self._ops)

    def flush(self) -> None:
        """Block until everything staged is durable; raises LogWriteFailed."""
        with self._lock:
            last_seq = self.next_seq - 1
            self._settled.wait_for(lambda: self._failure or self.durable_seq >= last_seq)
            self._require_working()

    def close(self) -> None:
        """Make everything staged durable, stop the threads and release the folder; does not wait for disk space."""
        with self._lock:
            self._closing = True
            self._work.notify()
        self._spares.give_up()
        self._thread.join()
        self._spares.stop()
        self._writer.close()
        if self._lock_fd >= 0:
            self._ops.close(self._lock_fd)
            self._lock_fd = -1

    def _require_working(self) -> None:
        if self._failure:
            raise LogWriteFailed(self._failure)
        if self._closing:
            raise LogWriteFailed(f"the log in {self._folder} is closed")

    def _write_groups(self) -> None:
        try:
            while self._take_group():
                if self._writing.turns:
                    self._writer.write_group(self._writing)
                    self._writing.clear()
                elif not self._writer.is_vouched:
                    self._writer.write_marker()
            if not self._writer.is_vouched:
                self._writer.write_marker()
        except Exception as error:
            # Whatever it was, nothing more may be acknowledged; a failed sync is never tried again.
            self._fail(f"{type(error).__name__}: {error}")

    def _take_group(self) -> bool:
        """Wait for turns and take them all, or for idleness and take none; False when closed and nothing is left."""
        with self._lock:
            if not self._filling.turns and not self._closing:
                idle_s = None if self._writer.is_vouched else self._idle_marker_s
                self._work.wait_for(lambda: self._filling.turns or self._closing, idle_s)
            self._filling, self._writing = self._writing, self._filling
            return bool(self._writing.turns) or not self._closing

    def _settle(self, seq: int) -> None:
        with self._lock:
            if self._failure:
                raise LogWriteFailed(self._failure)
            self.durable_seq = seq
            self.staged_bytes = self._filling.used + self._writing.bytes_after(seq)
            self._settled.notify_all()
        self._on_durable(seq)

    def _fail(self, reason: str) -> None:
        with self._lock:
            if self._failure:
                return
            self._failure = reason
            self._settled.notify_all()
        self._on_fatal(reason)
