"""The event log without a disk: the same contract for simulation and for tests."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from engine.errors import LogError, LogWriteFailed
from engine.log.frame import HEADER_BYTES, RAW_ROW, ROW_BYTES, Frame, Rows, frame_bytes, row_bytes, seal
from engine.log.runs import runs
from engine.log_port import Turn

DEFAULT_LIMIT_BYTES = 4 << 30
"""A day of a large contact centre; a longer simulation keeps counters instead of a log."""


class MemoryLog:
    """An EventLog in memory. Turns are durable at once, or with `hold` only when `flush` is called."""

    def __init__(
        self,
        *,
        on_durable: Callable[[int], None] = lambda _seq: None,
        row_dtype: np.dtype[Any] = RAW_ROW,
        schema: int = 1,
        hold: bool = False,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
    ) -> None:
        self._on_durable = on_durable
        self._row_dtype = row_dtype
        self._schema = schema
        self._hold = hold
        self._limit_bytes = limit_bytes
        self._frames: list[Frame] = []
        self._first_seqs: list[int] = []
        self._bytes = 0
        self._checksum = 0
        self._closed = False
        self.first_seq = 1
        self.next_seq = 1
        self.durable_seq = 0
        self.staged_bytes = 0
        self.last_at_ns = 0

    @property
    def admitting(self) -> bool:
        """False once nine tenths of the limit are used."""
        return self._bytes < self._limit_bytes // 10 * 9

    @property
    def disk_full(self) -> bool:
        """Whether the limit is what keeps new work out; memory is never late."""
        return not self.admitting

    def append(self, rows: Rows, payload: bytes | bytearray | memoryview, at_ns: int) -> int:
        """Copy one turn; returns the sequence of its last row. Raises as `SegmentLog.append` does."""
        if self._closed:
            raise LogWriteFailed("the log is closed")
        if len(rows) == 0:
            raise LogError("a turn without rows cannot be appended to the log")
        if at_ns < self.last_at_ns:
            raise LogError(f"a turn at {at_ns} ns cannot follow one at {self.last_at_ns} ns: time went backwards")
        size = frame_bytes(len(rows), len(payload))
        if self._bytes + size > self._limit_bytes:
            raise LogWriteFailed(f"the log in memory has reached its limit of {self._limit_bytes} bytes")
        self._frames.append(self._frame(row_bytes(rows).tobytes(), bytes(payload), at_ns))
        self._first_seqs.append(self.next_seq)
        self._bytes += size
        self.next_seq += len(rows)
        self.last_at_ns = at_ns
        self.staged_bytes += size
        if not self._hold:
            self.flush()
        return self.next_seq - 1

    def read(self, from_seq: int = 1) -> Iterator[Frame]:
        """Yield the turns that are durable now, from the one that holds `from_seq` on."""
        up_to_seq = self.durable_seq
        start = max(0, bisect_right(self._first_seqs, from_seq) - 1)
        for index in range(start, len(self._frames)):
            frame = self._frames[index]
            if frame.last_seq > up_to_seq:
                return
            if frame.last_seq >= from_seq:
                yield frame

    def read_runs(self, from_seq: int = 1) -> Iterator[Turn]:
        """Yield the turns that are durable now, many joined to one run each; their rows are of ROW."""
        return runs(self.read(from_seq))

    def checksum_at(self, seq: int) -> int | None:
        """Chain checksum of the turn that ends at `seq`; None where none ends there or it is not durable yet."""
        index = bisect_right(self._first_seqs, seq) - 1
        if index < 0 or seq > self.durable_seq or self._frames[index].last_seq != seq:
            return None
        return self._frames[index].checksum

    def flush(self) -> None:
        """Make everything staged durable."""
        if self.durable_seq < self.next_seq - 1:
            self.durable_seq = self.next_seq - 1
            self.staged_bytes = 0
            self._on_durable(self.durable_seq)

    def close(self) -> None:
        """Make everything staged durable and refuse more."""
        self.flush()
        self._closed = True

    def _frame(self, rows: bytes, payload: bytes, at_ns: int) -> Frame:
        buffer = bytearray(frame_bytes(len(rows) // ROW_BYTES, len(payload)))
        buffer[HEADER_BYTES : HEADER_BYTES + len(rows)] = rows
        buffer[HEADER_BYTES + len(rows) : HEADER_BYTES + len(rows) + len(payload)] = payload
        self._checksum = seal(
            buffer,
            0,
            seed=0,
            first_seq=self.next_seq,
            durable_seq=self.durable_seq,
            prev_checksum=self._checksum,
            at_ns=at_ns,
            row_count=len(rows) // ROW_BYTES,
            payload_size=len(payload),
            epoch=1,
            schema=self._schema,
        )
        view = np.frombuffer(rows, self._row_dtype)
        return Frame(self.next_seq, at_ns, view, memoryview(payload), 1, self._schema, 0, self._checksum)
