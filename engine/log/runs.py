"""Runs: consecutive turns as one, for those who need all rows and no frames. Folding small turns one by one is slow."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final

import numpy as np

from engine.log.frame import HEADER_BYTES, ROW_BYTES
from engine.log.frame_table import FrameTable
from engine.log_port import Frame, Turn, joined_rows
from engine.messages.rows import ROW

RUN_ROWS: Final = 65_536
"""Rows of a run, at least, as long as there are that many: then numpy and the kernel work, and not the way to them."""

Array = np.ndarray[Any, Any]


class Run(Turn):
    """Consecutive turns as one."""

    __slots__ = ("turns",)

    def __init__(self, first_seq: int, last_seq: int, rows: Array, payload: memoryview, turns: int) -> None:
        super().__init__(first_seq, last_seq, rows, payload)
        self.turns = turns
        """How many they are."""


def joined(frames: Iterable[Frame]) -> Run:
    """Return consecutive frames as one run of rows, writable, with one payload area."""
    frames = list(frames)
    rows, payload = joined_rows(frames)
    first_seq = frames[0].first_seq
    return Run(first_seq, first_seq + len(rows) - 1, rows, payload, len(frames))


def runs(frames: Iterable[Frame]) -> Iterator[Run]:
    """Yield consecutive frames joined to runs of RUN_ROWS and more."""
    taken: list[Frame] = []
    rows = 0
    for frame in frames:
        taken.append(frame)
        rows += len(frame.rows)
        if rows >= RUN_ROWS:
            yield joined(taken)
            taken, rows = [], 0
    if taken:
        yield joined(taken)


def runs_of(view: memoryview, table: FrameTable) -> Iterator[Run]:
    """Yield the turns of a segment's frames joined to runs: rows copied out, payloads where they lie in the file."""
    table = table.with_rows()
    counts = table.headers["row_count"].astype(np.int64)
    number = (np.cumsum(counts) - counts) // RUN_ROWS
    starts = np.flatnonzero(np.diff(number, prepend=-1)).tolist()
    for start, end in pairwise([*starts, len(counts)]):
        yield _run(view, table.part(start, end))


def _run(view: memoryview, table: FrameTable) -> Run:
    headers, base = table.headers, int(table.offsets[0])
    counts = headers["row_count"].astype(np.int64)
    before = np.cumsum(counts) - counts
    first_rows = (table.offsets - base + HEADER_BYTES) // ROW_BYTES
    places = np.repeat(first_rows - before, counts) + np.arange(int(counts.sum()))
    area = view[base : table.end]
    # A row is moved as eight words: field by field would cost more than folding it.
    words = np.frombuffer(area, np.uint64).reshape(-1, ROW_BYTES // 8)
    rows = words.take(places, axis=0).reshape(-1).view(ROW)
    payload_starts = ((first_rows + counts) * ROW_BYTES).astype(np.uint32)
    with_payload = np.flatnonzero(rows["payload_size"])
    rows["payload_offset"][with_payload] += np.repeat(payload_starts, counts)[with_payload]
    first_seq = int(headers["first_seq"][0])
    return Run(first_seq, first_seq + len(rows) - 1, rows, area, len(counts))
