"""Snapshots: a cache of kernel state at one position of the log. Never needed for correctness, ignored when in doubt.

File `snapshot-%020d.trk`: magic "TRKSNAP1" | u64 size of the description | u64 XXH3-64 of the description
| description (JSON) | parts, each at a multiple of 64. The description names the position, the chain checksum there,
the hash of the code that made the state, and each part with its type, shape, place and XXH3-64.
"""

import ast
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest

from engine.errors import LogError
from engine.log.file_ops import FileOps

logger = logging.getLogger(__name__)

SNAPSHOT_MAGIC = b"TRKSNAP1"
PREAMBLE = Struct("<8sQQ")
PREFIX, SUFFIX, DRAFT_SUFFIX = "snapshot-", ".trk", ".tmp"
PART_ALIGN = 64
KEPT = 2
"""The newest may be unreadable after a crash of the machine; the one before it then saves a full replay."""

Part = npt.NDArray[Any] | bytes


class PartEntry(msgspec.Struct, frozen=True):
    """Where one part lies in the file and how to read it."""

    name: str
    dtype: str
    """Empty for plain bytes; else the description of the numpy type as a Python literal."""
    shape: tuple[int, ...]
    offset: int
    size: int
    checksum: int


class Description(msgspec.Struct, frozen=True):
    """What a snapshot file says about itself."""

    covered_seq: int
    chain_checksum: int
    code_hash: str
    parts: tuple[PartEntry, ...]
    log_id: str = ""
    """Of the log that it was made of, in hexadecimal digits; empty where it does not say."""


class SnapshotWitness(NamedTuple):
    """What a snapshot proves, whatever code made it: its log had a durable turn that ends at `covered_seq`."""

    path: Path
    covered_seq: int
    log_id: str


class Snapshot(msgspec.Struct, frozen=True):
    """State at `covered_seq`. Arrays are read-only views over the file: copy them into your own tables."""

    covered_seq: int
    chain_checksum: int
    code_hash: str
    parts: Mapping[str, Part]


class SnapshotStore:
    """The snapshots of one folder. `write` may run in a background thread, given arrays that no longer change."""

    def __init__(self, folder: Path, ops: FileOps | None = None) -> None:
        self._folder = folder
        self._ops = ops or FileOps()

    def write(
        self, covered_seq: int, chain_checksum: int, code_hash: str, parts: Mapping[str, Part], log_id: bytes = b""
    ) -> Path:
        """Store the state at `covered_seq`, which must be durable in the log; keeps the two newest. Raises OSError."""
        self._ops.make_folder(self._folder)
        path = self._folder / f"{PREFIX}{covered_seq:020d}{SUFFIX}"
        draft = self._folder / (path.name + DRAFT_SUFFIX)
        self._remove(
            [
                name
                for name in self._ops.list_names(self._folder)
                if name.startswith(PREFIX) and name.endswith(DRAFT_SUFFIX)
            ]
        )
        try:
            self._write_draft(draft, layout(covered_seq, chain_checksum, code_hash, parts, log_id))
        except OSError:
            with suppress(OSError):  # what there is of it would go on taking room from a disk that may be full
                self._ops.unlink(draft)
            raise
        self._ops.rename(draft, path)
        self._ops.sync_folder(self._folder)
        self._remove(self.names()[:-KEPT])
        return path

    def load_newest(self, code_hash: str | None, checksum_at: Callable[[int], int | None]) -> Snapshot | None:
        """The newest snapshot that is whole, made by the same code (None: any) and on the chain of this log; else None.

        `checksum_at(seq)` is the log's own chain checksum at a sequence, None where the log does not reach.
        """
        for name in reversed(self.names()):
            path = self._folder / name
            try:
                snapshot = self._load(path, code_hash)
            except LogError as error:
                logger.warning("%s; it is passed over, so more of the log is read", error)
                continue
            if snapshot is not None and checksum_at(snapshot.covered_seq) == snapshot.chain_checksum:
                return snapshot
            if snapshot is not None:
                logger.warning("%s is passed over: %s", path, _no_such_turn(snapshot))
        return None

    def of_any_code(self, checksum_at: Callable[[int], int | None], *, oldest: bool = False) -> Snapshot:
        """The newest that is whole and on the chain of this log, or the oldest, where there must be one, whatever code
        made it. Raises LogError, which says what is wrong with the newest, where none is.
        """
        faults: list[str] = []
        for name in self.names() if oldest else reversed(self.names()):
            path = self._folder / name
            try:
                snapshot = self._load(path, None)
            except LogError as error:
                faults.append(str(error))
                continue
            if snapshot is not None and checksum_at(snapshot.covered_seq) == snapshot.chain_checksum:
                if not oldest:  # else those before it are of turns that were deleted since
                    for fault in faults:
                        logger.warning("%s; the one before it is used", fault)
                return snapshot
            if snapshot is not None:
                faults.append(f"{path} cannot be used: {_no_such_turn(snapshot)}")
        if not faults:
            raise LogError(f"{self._folder} is missing, or empty")
        raise LogError(faults[-1] if oldest else faults[0])

    def newest_seq(self, code_hash: str) -> int:
        """Position of the newest snapshot made by the same code; 0 where there is none. Parts are not looked at."""
        found = [description for _, description in self._descriptions() if description.code_hash == code_hash]
        return found[-1].covered_seq if found else 0

    def witnesses(self) -> list[SnapshotWitness]:
        """What the snapshots prove of their logs, whatever code made them."""
        return [SnapshotWitness(path, found.covered_seq, found.log_id) for path, found in self._descriptions()]

    def _descriptions(self) -> Iterator[tuple[Path, Description]]:
        """Yield the files that describe themselves, oldest first."""
        for name in self.names():
            try:
                description = read_description(self._ops.map(self._folder / name))
            except (OSError, msgspec.MsgspecError):
                continue
            if description is not None:
                yield self._folder / name, description

    def names(self) -> list[str]:
        """File names of the snapshots, oldest first."""
        names = self._ops.list_names(self._folder)
        return [name for name in names if name.startswith(PREFIX) and name.endswith(SUFFIX)]

    def _load(self, path: Path, code_hash: str | None) -> Snapshot | None:
        """Return what is whole, None where other code made it (`code_hash` None: any will do); raises LogError."""
        try:
            view = self._ops.map(path)
            description = read_description(view)
            if description is None:
                raise ValueError("its description is damaged")
            if code_hash is not None and description.code_hash != code_hash:
                logger.info("%s was made by another version, and is passed over", path)
                return None
            parts = {entry.name: read_part(view, entry) for entry in description.parts}
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            raise LogError(f"{path} cannot be used: {error}") from None
        return Snapshot(description.covered_seq, description.chain_checksum, description.code_hash, parts)

    def _write_draft(self, draft: Path, places: list[tuple[int, memoryview]]) -> None:
        fd = self._ops.create(draft)
        try:
            for offset, data in places:
                self._write_all(fd, data, offset)
            self._ops.sync(fd)
        finally:
            self._ops.close(fd)

    def _write_all(self, fd: int, data: memoryview, offset: int) -> None:
        written = 0
        while written < len(data):
            written += self._ops.write(fd, data[written:], offset + written)

    def _remove(self, names: list[str]) -> None:
        for name in names:
            self._ops.unlink(self._folder / name)


def _no_such_turn(snapshot: Snapshot) -> str:
    return f"the log has no such turn at sequence {snapshot.covered_seq}; it begins later, or is another one"


def layout(
    covered_seq: int, chain_checksum: int, code_hash: str, parts: Mapping[str, Part], log_id: bytes = b""
) -> list[tuple[int, memoryview]]:
    """What to write where: the parts first in the list, the preamble with the description last."""
    raw = {name: part_bytes(part) for name, part in parts.items()}
    # The description's own size moves the parts, so their offsets are counted from the first part.
    entries, offset = [], 0
    for name, part in parts.items():
        data = raw[name]
        dtype, shape = ("", ()) if isinstance(part, bytes) else (describe(part.dtype), part.shape)
        entries.append(PartEntry(name, dtype, shape, offset, len(data), xxh3_64_intdigest(data)))
        offset = align(offset + len(data))
    description = Description(covered_seq, chain_checksum, code_hash, tuple(entries), log_id.hex())
    encoded = msgspec.json.encode(description)
    head = PREAMBLE.pack(SNAPSHOT_MAGIC, len(encoded), xxh3_64_intdigest(encoded)) + encoded
    base = align(len(head))
    return [(base + entry.offset, raw[entry.name]) for entry in entries] + [(0, memoryview(head))]


def read_description(view: memoryview) -> Description | None:
    """The checked description, or None where the file is not a whole snapshot."""
    if len(view) < PREAMBLE.size:
        return None
    magic, size, checksum = PREAMBLE.unpack_from(view)
    encoded = view[PREAMBLE.size : PREAMBLE.size + size]
    if magic != SNAPSHOT_MAGIC or xxh3_64_intdigest(encoded) != checksum:
        return None
    return msgspec.json.decode(encoded, type=Description)


def read_part(view: memoryview, entry: PartEntry) -> Part:
    """One checked part; raises ValueError where it is not what was written."""
    (_, size, _) = PREAMBLE.unpack_from(view)
    start = align(PREAMBLE.size + size) + entry.offset
    data = view[start : start + entry.size]
    if len(data) != entry.size or xxh3_64_intdigest(data) != entry.checksum:
        raise ValueError(f"part {entry.name} does not match its checksum")
    if not entry.dtype:
        return bytes(data)
    dtype = np.lib.format.descr_to_dtype(ast.literal_eval(entry.dtype))
    return np.frombuffer(data, dtype).reshape(entry.shape) if entry.size else np.empty(entry.shape, dtype)


def describe(dtype: np.dtype[Any]) -> str:
    """A numpy type as a Python literal, structured types and their padding included."""
    return repr(np.lib.format.dtype_to_descr(dtype))


def part_bytes(part: Part) -> memoryview:
    """The part as flat bytes, without copying where it is contiguous."""
    if isinstance(part, bytes):
        return memoryview(part)
    return np.ascontiguousarray(part).reshape(-1).view(np.uint8).data


def align(offset: int) -> int:
    """The next multiple of 64."""
    return (offset + PART_ALIGN - 1) & -PART_ALIGN
