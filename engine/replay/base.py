"""The state at which a log begins whose older segments were deleted: data as the log itself, no cache.

What the deleted rows had led to is in it, so it outlives the version that wrote it: columns of the kernel's tables that
are new stand in it as in a new engine, and the configuration that is read at every start says what is to be otherwise.
What stands beside the tables has versions, `STATE_VERSION` and that of quality: steps lead from each to the next.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from engine.errors import LogError
from engine.kernel.tables import Array, Capacity
from engine.log.file_ops import FileOps
from engine.log.reader import checksum_at as checksum_in
from engine.log.segment import segment_first_seq, segment_paths
from engine.log.snapshot import Snapshot, SnapshotStore
from engine.projections.quality.folding import folded
from engine.replay.restore import load_state, log_folder
from engine.replay.state_code import STATE_VERSION, state_code, version_of
from engine.state import QUALITY, REMEMBERED_FACTS, EngineState, StoredState
from engine.upgrade import upgraded

BASE_FOLDER: Final = "base"
"""Of the data folder."""

Parts = Mapping[str, Array | bytes]
OLDEST: Final = 4
"""The first STATE_VERSION that kept such states."""
UPGRADES: Final[Mapping[int, Callable[[Parts], Parts]]] = {}
"""By STATE_VERSION: what makes of the parts that it kept those of the next. For each there is a state in
`tests/replay/kept_states`, which tests read: a step that is in here stays for good."""

logger = logging.getLogger(__name__)


def write_base(
    data: Path,
    covered_seq: int,
    checksum_at: Callable[[int], int | None],
    parts: Parts,
    log_id: bytes,
) -> None:
    """Keep the state at `covered_seq`, durably, and read it once more. Raises LogError, OSError."""
    checksum = checksum_at(covered_seq)
    if checksum is None:
        raise LogError(f"no turn ends at sequence {covered_seq}; nothing was deleted")
    SnapshotStore(data / BASE_FOLDER).write(covered_seq, checksum, state_code(), parts, log_id)
    try:
        found_seq = _read(data, checksum_at).seq
    except LogError:
        found_seq = 0
    if found_seq != covered_seq:
        raise LogError(f"what was written to {data / BASE_FOLDER} cannot be read again; nothing was deleted")


def read_base(data: Path, first_seq: int, checksum_at: Callable[[int], int | None]) -> StoredState | None:
    """The state at which a log begins whose first row is `first_seq`; None where that is 1: all of it is there.

    Raises LogError where it is missing or damaged, or of a version whose parts this one cannot read.
    """
    return None if first_seq <= 1 else _read(data, checksum_at)


def read_oldest_base(data: Path, first_seq: int, checksum_at: Callable[[int], int | None]) -> StoredState | None:
    """The same for whoever wants as much of the log behind it as there is: after a crash between writing a state down
    and deleting what leads to it there are two.
    """
    return None if first_seq <= 1 else _read(data, checksum_at, oldest=True)


def state_at_beginning(data: Path, remembered: int = REMEMBERED_FACTS) -> EngineState | None:
    """The state at which what is left of a data folder's log begins, as far back as it reaches; None where all of it is
    there. The rows behind its `seq` go on from it.

    Nothing is locked or written. Raises LogError where there is no log, and as `read_base` does.
    """
    folder = log_folder(data)
    paths = segment_paths(FileOps(), folder)
    first_seq = (segment_first_seq(paths[0].name) or 1) if paths else 1
    base = read_oldest_base(data, first_seq, partial(checksum_in, folder))
    return None if base is None else load_base(base, remembered)


def load_base(found: StoredState, remembered: int = REMEMBERED_FACTS) -> EngineState:
    """Return a state made of `read_base`'s. Raises LogError where this version cannot."""
    state = EngineState(found.capacity, remembered)
    load_state(state, found.parts, f"the state at sequence {found.seq} at which the log begins")
    return state


def _read(data: Path, checksum_at: Callable[[int], int | None], *, oldest: bool = False) -> StoredState:
    folder = data / BASE_FOLDER
    try:
        found = SnapshotStore(folder).of_any_code(checksum_at, oldest=oldest)
    except LogError as error:
        raise LogError(
            f"the log's first part was deleted, and {error}. Nothing was changed. Restore {folder} from a backup made "
            "since then, or the whole folder from any backup"
        ) from None
    try:
        parts = _of_today(found)
    except Exception as error:
        raise _unreadable(folder, f" ({type(error).__name__}: {error})") from error
    capacity = None if parts is None else _capacity(parts)
    if parts is None or capacity is None:
        raise _unreadable(folder)
    if found.code_hash != state_code():
        logger.info("the state at sequence %d was written by another version; it is gone on from", found.covered_seq)
    return StoredState(capacity, parts, found.covered_seq)


def _of_today(found: Snapshot) -> Parts | None:
    """Return the parts as this version would have kept them; None where it cannot know."""
    parts = upgraded(found.parts, version_of(found.code_hash), STATE_VERSION, UPGRADES)
    quality = None if parts is None else folded.of_today(bytes(parts.get(QUALITY, b"")))
    if parts is None or quality is None or not folded.is_of_use(quality, found.covered_seq):
        return None
    return {**parts, QUALITY: quality}


def _unreadable(folder: Path, why: str = "") -> LogError:
    return LogError(
        f"the state in {folder} at which this log begins was written by a version whose parts this one cannot read"
        f"{why}: start the version that wrote it, or restore a backup of the whole log"
    )


def _capacity(parts: Parts) -> Capacity | None:
    try:
        return msgspec.msgpack.decode(bytes(parts["capacity"]), type=Capacity)
    except (KeyError, msgspec.MsgspecError):
        return None
