"""Snapshots of the whole state: taken between turns, written by a thread, read at a start. A cache of the log."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from engine.errors import LogError
from engine.kernel.tables import Array, Capacity
from engine.live.loop import LiveEngine
from engine.log.event_log import SegmentLog
from engine.log.snapshot import SnapshotStore
from engine.log_port import Turn
from engine.projections.quality.folding.folded import is_of_use
from engine.replay.base import read_base
from engine.replay.state_code import state_code
from engine.state import QUALITY, StateCopy, StoredState

EVERY_ROWS: Final = 1_000_000
"""Rows after which another snapshot is taken: what a start then has to fold at most takes a second or two."""
AGAIN_AFTER: Final = 0.1
"""One that could not be written is due again after this share of them."""
AT_NS: Final = "snapshot_at_ns"
"""Among the driver's figures: when the newest snapshot was taken; not there while there is none."""

logger = logging.getLogger(__name__)


def newest_seq(folder: Path) -> int:
    """Position of the newest snapshot that this code made; what lies before it in the log need not be checked again."""
    return SnapshotStore(folder).newest_seq(state_code())


class Snapshots:
    """The snapshots of one engine."""

    def __init__(self, folder: Path, log: SegmentLog, every_rows: int = EVERY_ROWS) -> None:
        self._folder = folder
        self._store = SnapshotStore(folder)
        self._log = log
        self._every_rows = every_rows
        self._engine: LiveEngine | None = None
        self._covered_seq = 0
        self._tried_seq = 0
        """Up to where one was to be written last, whatever became of it."""
        self._loaded_at_ns = 0
        self._writing: asyncio.Task[None] | None = None
        self._quality = b""
        self._thread = ThreadPoolExecutor(1, "snapshot")

    def begin_at_newest(self) -> StoredState | None:
        """Begin at the newest snapshot, of which `quality` and the next one then go on; None where there is none.

        Raises LogError where its quality is of no use and neither is the state at which the log begins.
        """
        found = self.newest()
        if found is not None:
            self._quality = bytes(found.parts.get(QUALITY, b""))
            self._covered_seq, self._loaded_at_ns = found.seq, _taken_ns(found.parts)
            self._require_base()
        return found

    def newest(self) -> StoredState | None:
        """The newest snapshot made by this code over this log; None where there is none that is of use."""
        snapshot = self._store.load_newest(state_code(), self._log.checksum_at)
        if snapshot is None:
            return None
        try:
            capacity = msgspec.msgpack.decode(bytes(snapshot.parts["capacity"]), type=Capacity)
        except (KeyError, TypeError, msgspec.MsgspecError) as error:
            logger.warning("the snapshot at sequence %d does not say its capacity: %s", snapshot.covered_seq, error)
            return None
        return StoredState(capacity, snapshot.parts, snapshot.covered_seq)

    def begin_at_base(self) -> StoredState | None:
        """Begin at the state at which the log does; None where no old segments were deleted.

        Raises LogError where old segments were deleted and that state is of no use.
        """
        found = self._read_base()
        if found is not None:
            self._quality = bytes(found.parts[QUALITY])
        return found

    def beginning_of_past(self) -> StoredState | None:
        """What a look back begins at: where the log's first part is gone, where the log does; else the newest snapshot.

        Raises LogError where the first part is gone and what was kept of it is of no use.
        """
        return self._read_base() or self.newest()

    def _read_base(self) -> StoredState | None:
        return read_base(self._folder.parent, self._log.first_seq, self._log.checksum_at)

    def _require_base(self) -> None:
        """Look whether the state at which the log begins is whole, before it is needed.

        Of quality it is needed where the snapshot's is of no use: raises LogError then.
        """
        needed = not is_of_use(self._quality, self._log.durable_seq)
        try:
            found = self._read_base()
        except LogError as error:
            if needed:
                raise
            logger.error("this start goes on from a snapshot, and one without it would fail: %s", error)
            return
        if needed and found is not None:
            self._quality = bytes(found.parts[QUALITY])

    def quality(self) -> bytes:
        """The read model of quality in the state that was begun at; empty where there is none."""
        return self._quality

    def forget(self) -> None:
        """The newest was of no use: the next is due as if there were none."""
        self._covered_seq = self._loaded_at_ns = 0

    def follow(self, engine: LiveEngine) -> None:
        """Take snapshots of this engine from now on, each after so many rows."""
        self._engine = engine
        if self._loaded_at_ns:
            engine.counters[AT_NS] = self._loaded_at_ns
        engine.subscribe(self._note)

    async def finish(self) -> None:
        """Wait for the one being written; after a clean stop take a last one, if anything is new and nothing is owed.

        A disk that fails here costs a longer start only.
        """
        if self._writing is not None:
            await self._writing
        engine = self._engine
        if engine is not None and engine.state.seq > self._covered_seq and not engine.callbacks:
            await engine.standstill.begin_next()
            await self._take(engine, engine.state.seq)

    def _note(self, turn: Turn) -> None:
        due = turn.last_seq - self._covered_seq >= self._every_rows
        due &= turn.last_seq - self._tried_seq >= self._every_rows * AGAIN_AFTER
        engine = self._engine
        if not due or self._writing is not None or engine is None or engine.standstill.is_on:
            return
        if not engine.inbox and not engine.callbacks and engine.outbox.is_open:
            # Held here and not in the task: a tick later the inbox may hold a callback that follows from rows before.
            engine.standstill.begin()
            self._writing = asyncio.get_running_loop().create_task(self._take(engine, engine.state.seq))
            self._writing.add_done_callback(self._written)

    def _written(self, _task: "asyncio.Task[None]") -> None:
        self._writing = None

    async def _take(self, engine: LiveEngine, seq: int) -> None:
        """Copy the state, for which turns are held, and write the copy down."""
        loop = asyncio.get_running_loop()
        try:
            copy = await engine.standstill.copy()
            if copy is None:
                return
            await engine.durable()
            if engine.outbox.owes_an_end(seq):
                return  # a start from this one would not see again what an adapter was not told
            self._tried_seq = seq
            if not await loop.run_in_executor(self._thread, self._write, seq, copy, engine.views.quality.save):
                return
            self._covered_seq = seq
            engine.counters["snapshots"] += 1
            engine.counters[AT_NS] = engine.clock.now_ns()
        except OSError as error:
            engine.counters["snapshots_failed"] += 1
            logger.warning("no snapshot at sequence %d: %s", seq, error)
        except Exception:
            engine.counters["snapshots_failed"] += 1
            logger.exception("no snapshot at sequence %d", seq)

    def _write(self, seq: int, copy: StateCopy, quality: Callable[[], bytes]) -> bool:
        """Write a copy down; returns whether it was: a position at which no turn ends has no snapshot."""
        checksum = self._log.checksum_at(seq)
        if checksum is None:
            logger.warning("no snapshot at sequence %d: no turn ends there", seq)
            return False
        self._store.write(seq, checksum, state_code(), copy.parts() | {QUALITY: quality()}, self._log.log_id)
        return True


def _taken_ns(parts: Mapping[str, Array | bytes]) -> int:
    """When a snapshot was taken: the time of the last turn in it; 0 where it does not say."""
    book = parts.get("table.book")
    return 0 if book is None or isinstance(book, bytes) else int(book["now_ns"][0])
