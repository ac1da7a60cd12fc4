"""One turn as bytes: a 64-byte header, 64-byte rows, a payload area and zero padding, under one seeded checksum.

Layout (little endian, everything 64-byte aligned):

    0 u32 magic | 4 u32 size of the whole frame | 8 u64 checksum = XXH3-64(segment seed, bytes 16 to the end)
    16 u64 first_seq | 24 u64 durable_seq | 32 u64 prev_checksum | 40 i64 at_ns
    48 u32 row_count | 52 u32 payload_size | 56 u32 epoch | 60 u16 schema | 62 u16 flags
    64 rows | payload | zeros

The seed differs in every segment, so a stale or misdirected frame never passes; `prev_checksum` chains the frames;
`durable_seq` is what recovery needs to tell a torn tail from damage to acknowledged data.
"""

from struct import Struct
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest

MAGIC = int.from_bytes(b"TKF1", "little")
HEADER = Struct("<IIQQQQqIIIHH")
CHECKSUM = Struct("<Q")
ALIGN = 64
ROW_BYTES = 64
HEADER_BYTES = HEADER.size
CHECKSUM_OFFSET = 8
CHECKED_FROM = 16

MARKER = 1
"""Flag: no rows; vouches that everything up to `durable_seq` was durable."""
OPENED = 2
"""Flag of a marker: a process opened the log here and began a new epoch."""
SEALED = 4
"""Flag of a marker outside the chain: the segment ends here and the next one exists."""

RAW_ROW = np.dtype((np.void, ROW_BYTES))
Rows = npt.NDArray[Any]
Buffer = bytearray | memoryview


class FrameHeader(NamedTuple):
    """The fixed part of a frame, as stored."""

    magic: int
    size: int
    checksum: int
    first_seq: int
    durable_seq: int
    prev_checksum: int
    at_ns: int
    row_count: int
    payload_size: int
    epoch: int
    schema: int
    flags: int

    @property
    def next_seq(self) -> int:
        """Sequence of the first row after this frame."""
        return self.first_seq + self.row_count


class Frame(NamedTuple):
    """One recorded turn. `rows` and `payload` are read-only views over the file; copy what must outlive the log."""

    first_seq: int
    at_ns: int
    rows: Rows
    payload: memoryview
    epoch: int
    schema: int
    flags: int
    checksum: int

    @property
    def last_seq(self) -> int:
        """Sequence of the last row."""
        return self.first_seq + len(self.rows) - 1


def frame_bytes(row_count: int, payload_size: int) -> int:
    """Size in bytes of a frame, padding included."""
    return (HEADER_BYTES + ROW_BYTES * row_count + payload_size + ALIGN - 1) & -ALIGN


def seal(
    buffer: Buffer,
    start: int,
    *,
    seed: int,
    first_seq: int,
    durable_seq: int,
    prev_checksum: int,
    at_ns: int,
    row_count: int,
    payload_size: int,
    epoch: int,
    schema: int,
    flags: int = 0,
) -> int:
    """Write the header of the frame whose rows and payload already stand at `start` + 64; returns its checksum."""
    size = frame_bytes(row_count, payload_size)
    counts = (row_count, payload_size, epoch, schema, flags)
    HEADER.pack_into(buffer, start, MAGIC, size, 0, first_seq, durable_seq, prev_checksum, at_ns, *counts)
    with memoryview(buffer) as view:
        checksum = xxh3_64_intdigest(view[start + CHECKED_FROM : start + size], seed)
    CHECKSUM.pack_into(buffer, start + CHECKSUM_OFFSET, checksum)
    return checksum


def read_header(view: memoryview, start: int, seed: int) -> FrameHeader | None:
    """The header of the intact frame at `start`, or None where there is none: zeros, garbage or damage."""
    if start + HEADER_BYTES > len(view):
        return None
    header = FrameHeader._make(HEADER.unpack_from(view, start))
    if header.magic != MAGIC:
        return None
    end = start + header.size
    if header.size != frame_bytes(header.row_count, header.payload_size) or end > len(view):
        return None
    if xxh3_64_intdigest(view[start + CHECKED_FROM : end], seed) != header.checksum:
        return None
    return header


def read_frame(view: memoryview, start: int, header: FrameHeader, dtype: np.dtype[Any]) -> Frame:
    """The frame at `start`, whose header was read before, with zero-copy views of its rows and payload."""
    rows_end = start + HEADER_BYTES + ROW_BYTES * header.row_count
    return Frame(
        header.first_seq,
        header.at_ns,
        np.frombuffer(view, dtype, header.row_count, start + HEADER_BYTES),
        view[rows_end : rows_end + header.payload_size],
        header.epoch,
        header.schema,
        header.flags,
        header.checksum,
    )


def row_bytes(rows: Rows) -> npt.NDArray[np.uint8]:
    """The rows as flat bytes, without copying where they are contiguous.

    Raises ValueError where the rows are not 64 bytes each.
    """
    flat = np.ascontiguousarray(rows)
    raw = flat.view(np.uint8).reshape(-1)
    if flat.ndim == 0 or raw.nbytes != len(flat) * ROW_BYTES:
        raise ValueError(f"log rows must be {ROW_BYTES} bytes each, got shape {flat.shape} of {flat.dtype}")
    return raw
