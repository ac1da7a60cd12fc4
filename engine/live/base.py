"""The state at which a log begins whose older segments were deleted: data as the log itself, no cache.

What the deleted rows had led to is in it, so it outlives the version that wrote it: columns that are new stand in it as
in a new engine, and the configuration that is read at every start says what is to be otherwise.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from engine.errors import LogError
from engine.kernel.tables import Array, Capacity
from engine.live.state_code import STATE_VERSION, state_code
from engine.log.snapshot import SnapshotStore
from engine.state import StoredState

BASE_FOLDER: Final = "base"
"""Of the data folder."""

logger = logging.getLogger(__name__)


def write_base(
    data: Path,
    covered_seq: int,
    checksum_at: Callable[[int], int | None],
    parts: Mapping[str, Array | bytes],
    log_id: bytes,
) -> None:
    """Keep the state at `covered_seq`, durably, and read it once more. Raises LogError, OSError."""
    checksum = checksum_at(covered_seq)
    if checksum is None:
        raise LogError(f"no turn ends at sequence {covered_seq}; nothing was deleted")
    SnapshotStore(data / BASE_FOLDER).write(covered_seq, checksum, state_code(), parts, log_id)
    found = read_base(data, checksum_at)
    if found is None or found.seq != covered_seq:
        raise LogError(f"what was written to {data / BASE_FOLDER} cannot be read again; nothing was deleted")


def read_base(data: Path, checksum_at: Callable[[int], int | None]) -> StoredState | None:
    """The state at which this log begins, None where its first part was never deleted.

    Raises LogError where there is one that this version cannot read.
    """
    found = SnapshotStore(data / BASE_FOLDER).load_newest(None, checksum_at)
    if found is None:
        return None
    if not found.code_hash.endswith(f"-{STATE_VERSION}"):
        raise LogError(
            f"the state in {data / BASE_FOLDER} at which this log begins was written by a version whose parts this one "
            "cannot read: start the version that wrote it, or restore a backup of the whole log"
        )
    if found.code_hash != state_code():
        logger.info("the state at sequence %d was written by another version; it is gone on from", found.covered_seq)
    capacity = msgspec.msgpack.decode(bytes(found.parts["capacity"]), type=Capacity)
    return StoredState(capacity, found.parts, found.covered_seq)
