"""The headers of many frames at once: what walks a segment frame by frame costs more than its checksums.

Every frame begins at a multiple of 64 with the same four bytes, so their places are found by comparing, and what one
header must say about the one before is checked for thousands of them in one go. Only checksums are taken one by one.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest

from engine.log.frame import ALIGN, CHECKED_FROM, HEADER, HEADER_BYTES, MAGIC, ROW_BYTES, SEALED
from engine.log.segment import SEGMENT_HEADER_BYTES, SegmentFile

HEADER_RECORD: Final = np.dtype(
    [
        ("magic", "<u4"),
        ("size", "<u4"),
        ("checksum", "<u8"),
        ("first_seq", "<u8"),
        ("durable_seq", "<u8"),
        ("prev_checksum", "<u8"),
        ("at_ns", "<i8"),
        ("row_count", "<u4"),
        ("payload_size", "<u4"),
        ("epoch", "<u4"),
        ("schema", "<u2"),
        ("flags", "<u2"),
    ]
)
"""A frame's header, as `frame.HEADER`."""
assert HEADER_RECORD.itemsize == HEADER.size == HEADER_BYTES == ALIGN
HEADER_WORDS: Final = HEADER_BYTES // 8
SCANNED_BYTES: Final = 8 << 20
"""Looked through in one go: the end of a log is mostly in the middle of a segment."""


class FrameTable(NamedTuple):
    """Intact frames that follow each other in a segment's chain."""

    offsets: npt.NDArray[np.int64]
    headers: npt.NDArray[Any]
    """shape as `offsets`, dtype HEADER_RECORD."""

    @property
    def next_seqs(self) -> npt.NDArray[np.int64]:
        """The sequence after each frame."""
        next_seqs: npt.NDArray[np.int64] = self.headers["first_seq"].astype(np.int64) + self.headers["row_count"]
        return next_seqs

    @property
    def end(self) -> int:
        """Offset behind the last of at least one frame."""
        return int(self.offsets[-1]) + int(self.headers["size"][-1])

    def part(self, start: int, end: int) -> "FrameTable":
        """Frames that follow each other."""
        return FrameTable(self.offsets[start:end], self.headers[start:end])

    def taken(self, places: npt.NDArray[np.int64]) -> "FrameTable":
        """The frames at these places."""
        return FrameTable(self.offsets[places], _taken(self.headers, places))

    def with_rows(self) -> "FrameTable":
        """The frames that are no markers."""
        places = np.flatnonzero(self.headers["row_count"])
        return self if len(places) == len(self.offsets) else self.taken(places)


def frame_tables(segment: SegmentFile, from_seq: int = 1) -> Iterator[FrameTable]:
    """Yield the frames of the segment's chain in order, markers included, up to the first that is not intact.

    A SEALED marker ends the chain; it is the last frame yielded. Of frames that end before `from_seq` only the headers
    are looked at: they lead to the next, whatever became of their rows.
    """
    view, header = segment.view, segment.header
    offset, seq, checksum = SEGMENT_HEADER_BYTES, header.first_seq, header.prev_checksum
    for low in range(SEGMENT_HEADER_BYTES, len(view), SCANNED_BYTES):
        high = min(low + SCANNED_BYTES, len(view))
        if offset >= high:
            continue
        found = _linked(_at(view, low, high), offset, len(view))
        found = found.part(0, _fitting(found, seq, checksum))
        unread = int(np.searchsorted(found.next_seqs, from_seq, "right"))
        intact = unread + _count_intact(view, found.part(unread, len(found.offsets)), header.seed)
        if intact:
            table = found.part(0, intact)
            yield table
            last = table.headers[-1]
            offset = table.end
            seq, checksum = int(table.next_seqs[-1]), int(last["checksum"])
            if last["flags"] & SEALED:
                return
        if offset < high:
            return


def _at(view: memoryview, low: int, high: int) -> FrameTable:
    """Whatever looks like the begin of a frame in [low, high)."""
    units = np.frombuffer(view, HEADER_RECORD, (high - low) // ALIGN, low)
    places = np.flatnonzero(units["magic"] == MAGIC)
    return FrameTable(places * ALIGN + low, _taken(units, places))


def _taken(headers: npt.NDArray[Any], places: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """The headers at these places, moved as eight words each: field by field takes ten times as long."""
    return headers.view(np.uint64).reshape(-1, HEADER_WORDS).take(places, axis=0).reshape(-1).view(HEADER_RECORD)


def _linked(found: FrameTable, offset: int, end: int) -> FrameTable:
    """Those that begin where the one before ends, the first of them at `offset`, and end within the segment."""
    sizes = found.headers["size"].astype(np.int64)
    ends = found.offsets + sizes
    if not (len(ends) and found.offsets[0] == offset and np.array_equal(found.offsets[1:], ends[:-1])):
        # Payloads may hold the magic number as well, and a torn tail may hold anything.
        chosen = []
        for place, (start, following) in enumerate(zip(found.offsets.tolist(), ends.tolist(), strict=True)):
            if start == offset:
                chosen.append(place)
                offset = following
            elif start > offset:
                break
        places = np.array(chosen, np.int64)
        found, ends, sizes = found.taken(places), ends[places], sizes[places]
    headers = found.headers
    bytes_used = HEADER_BYTES + ROW_BYTES * headers["row_count"].astype(np.int64) + headers["payload_size"]
    wrong = (sizes != (bytes_used + ALIGN - 1) // ALIGN * ALIGN) | (ends > end)
    return found.part(0, int(np.argmax(wrong))) if wrong.any() else found


def _fitting(found: FrameTable, seq: int, checksum: int) -> int:
    """How many continue the chain, up to and with a seal."""
    headers = found.headers
    wanted_seqs = np.r_[seq, found.next_seqs[:-1]] if len(headers) else np.zeros(0, np.int64)
    wanted_checksums = np.r_[np.array([checksum], np.uint64), headers["checksum"][:-1]][: len(headers)]
    wrong = (headers["first_seq"].astype(np.int64) != wanted_seqs) | (headers["prev_checksum"] != wanted_checksums)
    count = int(np.argmax(wrong)) if wrong.any() else len(headers)
    sealed = np.flatnonzero(headers["flags"][:count] & SEALED)
    return int(sealed[0]) + 1 if len(sealed) else count


def _count_intact(view: memoryview, found: FrameTable, seed: int) -> int:
    """How many have the bytes that their checksum is of."""
    starts = (found.offsets + CHECKED_FROM).tolist()
    ends = (found.offsets + found.headers["size"]).tolist()
    # One by one, and none of what is made on the way is kept: a list of it would take a third longer.
    sums = (xxh3_64_intdigest(view[start:end], seed) for start, end in zip(starts, ends, strict=True))
    wrong = np.fromiter(sums, np.uint64, len(starts)) != found.headers["checksum"]
    return int(np.argmax(wrong)) if wrong.any() else len(starts)
