"""The seam of the log: what a log must do, and the turns that it holds; for those who write it and who read it."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np


class Turn:
    """One durable turn of the engine: a contiguous run of rows, which nobody changes."""

    __slots__ = ("_kinds", "first_seq", "last_seq", "payload", "rows")

    def __init__(self, first_seq: int, last_seq: int, rows: np.ndarray[Any, Any], payload: memoryview) -> None:
        self.first_seq = first_seq
        self.last_seq = last_seq
        self.rows = rows
        """shape (n,), dtype ROW."""
        self.payload = payload
        self._kinds: frozenset[int] | None = None

    @property
    def kinds(self) -> frozenset[int]:
        """The kinds of its rows: who follows turns and wants few of them looks here first."""
        if self._kinds is None:
            self._kinds = frozenset(self.rows["kind"].tolist())
        return self._kinds


class Frame(Protocol):
    """One atomic turn as it lies in the log."""

    @property
    def first_seq(self) -> int: ...
    @property
    def at_ns(self) -> int: ...
    @property
    def rows(self) -> np.ndarray[Any, Any]: ...
    @property
    def payload(self) -> memoryview: ...


class EventLog(Protocol):
    """An append-only log with one writer; see engine.log."""

    first_seq: int
    """Of the oldest row that is kept."""
    next_seq: int
    durable_seq: int
    staged_bytes: int

    @property
    def admitting(self) -> bool:
        """False while disk space for new work is not assured."""

    @property
    def disk_full(self) -> bool:
        """Whether the last attempt to get disk space failed; where not, and nothing is admitted, the disk is slow."""

    def append(self, rows: np.ndarray[Any, Any], payload: bytes | bytearray | memoryview, at_ns: int) -> int:
        """Stage one frame without blocking; returns the sequence of its last row."""

    def read(self, from_seq: int = 1) -> Iterator[Frame]:
        """Yield the durable frames from the one that holds `from_seq` on."""

    def read_runs(self, from_seq: int = 1) -> Iterator[Turn]:
        """Yield the same, many joined to one run each: for those who need every row and no single frame."""

    def flush(self) -> None:
        """Block until everything staged is durable."""

    def close(self) -> None: ...


def joined_rows(turns: "Sequence[Turn] | Sequence[Frame]") -> tuple[Any, memoryview]:
    """Return the rows of consecutive turns as one array, writable, and the payloads that they point to."""
    # As bytes: joining structured arrays field by field would cost more than folding them.
    rows = np.frombuffer(bytearray().join([turn.rows.tobytes() for turn in turns]), turns[0].rows.dtype)
    sizes = np.array([len(turn.payload) for turn in turns], np.uint32)
    shifts = np.repeat(np.cumsum(sizes, dtype=np.uint32) - sizes, [len(turn.rows) for turn in turns])
    rows["payload_offset"] += np.where(rows["payload_size"] > 0, shifts, np.uint32(0))
    return rows, memoryview(b"".join([turn.payload for turn in turns]))


def part_of(run: Turn, begin: int, end: int) -> Turn:
    """Return the rows of a run from `begin` to `end`, with its payload."""
    return Turn(run.first_seq + begin, run.first_seq + end - 1, run.rows[begin:end], run.payload)


def read_between(log: EventLog, after_seq: int, last_seq: int) -> Iterator[Turn]:
    """Yield the durable rows behind `after_seq` up to `last_seq`, as runs or parts of them."""
    if after_seq >= last_seq:
        return
    for run in log.read_runs(after_seq + 1):
        begin, end = max(0, after_seq + 1 - run.first_seq), min(len(run.rows), last_seq + 1 - run.first_seq)
        if end > begin:
            yield run if end - begin == len(run.rows) else part_of(run, begin, end)
        if run.last_seq >= last_seq:
            return
