"""A segment file: its name, its 4096-byte header, and what the header promises about the file.

Header: 0 magic "TRKSEG01" | 8 u16 version, u16 row bytes, u16 checksum algorithm (1 = XXH3-64), u16 flags
| 16 uuid of the log | 32 u64 segment_no | 40 u64 first_seq | 48 u64 seed | 56 u64 prev_checksum | 64 i64 created_ns
| 72 u64 size of the file | 80 u64 XXH3-64 of bytes 0 to 80 | zeros.
The size is recorded because a crash never shortens a preallocated file: a shorter one was damaged from outside.
"""

from pathlib import Path
from struct import Struct
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

from engine.errors import LogDamaged
from engine.log.file_ops import FileOps
from engine.log.frame import ROW_BYTES

SEGMENT_MAGIC = b"TRKSEG01"
SEGMENT_HEADER = Struct("<8sHHHH16sQQQQqQ")
SEGMENT_CHECKSUM = Struct("<Q")
SEGMENT_HEADER_BYTES = 4096
FORMAT_VERSION = 1
XXH3_64 = 1
SUFFIX = ".log"
NAME_DIGITS = 20

DEFAULT_SEGMENT_BYTES = 128 << 20
"""Large enough that rolling is rare, small enough that a spare is zeroed in a fraction of a second."""
SMALLEST_SEGMENT_BYTES = 2 * SEGMENT_HEADER_BYTES


class SegmentHeader(NamedTuple):
    """What the first bytes of a segment say."""

    log_id: bytes
    segment_no: int
    first_seq: int
    seed: int
    prev_checksum: int
    created_ns: int
    size: int


class SegmentFile(NamedTuple):
    """A segment found in the folder, its header checked."""

    path: Path
    header: SegmentHeader
    view: memoryview


def segment_name(first_seq: int) -> str:
    """File name of the segment that begins at this sequence."""
    return f"{first_seq:0{NAME_DIGITS}d}{SUFFIX}"


def segment_first_seq(name: str) -> int | None:
    """The sequence in a segment's file name, or None for any other name."""
    stem = name.removesuffix(SUFFIX)
    return int(stem) if len(stem) == NAME_DIGITS and stem.isdigit() and name != stem else None


def encode_header(header: SegmentHeader) -> bytes:
    """The header block, 4096 bytes."""
    log_id, *rest = header
    body = SEGMENT_HEADER.pack(SEGMENT_MAGIC, FORMAT_VERSION, ROW_BYTES, XXH3_64, 0, log_id, *rest)
    return (body + SEGMENT_CHECKSUM.pack(xxh3_64_intdigest(body))).ljust(SEGMENT_HEADER_BYTES, b"\0")


def decode_header(path: Path, view: memoryview, *, whole: bool = True) -> SegmentHeader:
    """Check and read the header block, and whether the file is `whole`; raises LogDamaged with the reason."""
    named_seq = segment_first_seq(path.name) or 0
    if len(view) < SEGMENT_HEADER_BYTES:
        raise LogDamaged(path, len(view), named_seq, "the segment header is cut short")
    body = view[: SEGMENT_HEADER.size]
    (checksum,) = SEGMENT_CHECKSUM.unpack_from(view, SEGMENT_HEADER.size)
    magic, version, row_size, algorithm, _flags, *rest = SEGMENT_HEADER.unpack(body)
    if magic != SEGMENT_MAGIC or xxh3_64_intdigest(body) != checksum:
        raise LogDamaged(path, 0, named_seq, "the segment header does not match its checksum")
    if (version, row_size, algorithm) != (FORMAT_VERSION, ROW_BYTES, XXH3_64):
        raise LogDamaged(path, 8, named_seq, f"segment format {version} is not readable by this version")
    header = SegmentHeader(*rest)
    if header.first_seq != named_seq:
        raise LogDamaged(path, 40, named_seq, f"the file holds the segment that begins at {header.first_seq}")
    if whole and len(view) < header.size:
        raise LogDamaged(path, len(view), named_seq, f"the file is cut short: {len(view)} of {header.size} bytes")
    return header


def segment_paths(ops: FileOps, folder: Path) -> list[Path]:
    """Paths of all segments, oldest first."""
    return [folder / name for name in ops.list_names(folder) if segment_first_seq(name) is not None]


def open_segment(ops: FileOps, path: Path) -> SegmentFile:
    """Map a segment and check its header; raises LogDamaged."""
    view = ops.map(path)
    header = decode_header(path, view)
    return SegmentFile(path, header, view[: header.size])
