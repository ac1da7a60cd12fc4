"""Snapshots of the whole state: taken between turns, written by a thread, read at a start. A cache of the log."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from engine.kernel.tables import Array, Capacity
from engine.live.loop import LiveEngine
from engine.live.state_code import state_code
from engine.log.event_log import SegmentLog
from engine.log.snapshot import SnapshotStore
from engine.ports import Turn
from engine.state import StateCopy

EVERY_ROWS: Final = 1_000_000
"""Rows after which another snapshot is taken: what a start then has to fold at most takes a second or two."""

logger = logging.getLogger(__name__)


class StoredState(NamedTuple):
    """A snapshot that fits the code and the log."""

    capacity: Capacity
    parts: Mapping[str, Array | bytes]


def newest_seq(folder: Path) -> int:
    """Position of the newest snapshot that this code made; what lies before it in the log need not be checked again."""
    return SnapshotStore(folder).newest_seq(state_code())


class Snapshots:
    """The snapshots of one engine."""

    def __init__(self, folder: Path, log: SegmentLog, every_rows: int = EVERY_ROWS) -> None:
        self._store = SnapshotStore(folder)
        self._log = log
        self._every_rows = every_rows
        self._engine: LiveEngine | None = None
        self._covered_seq = 0
        self._writing: asyncio.Task[None] | None = None

    def newest(self) -> StoredState | None:
        """The newest snapshot made by this code over this log."""
        snapshot = self._store.load_newest(state_code(), self._log.checksum_at)
        if snapshot is None:
            return None
        self._covered_seq = snapshot.covered_seq
        capacity = snapshot.parts["capacity"]
        assert isinstance(capacity, bytes)
        return StoredState(msgspec.msgpack.decode(capacity, type=Capacity), snapshot.parts)

    def follow(self, engine: LiveEngine) -> None:
        """Take snapshots of this engine from now on, each after so many rows."""
        self._engine = engine
        engine.subscribe(self._note)

    async def finish(self) -> None:
        """Take a last one after a clean stop, if anything is new. A disk that fails here costs a longer start only."""
        if self._writing is not None:
            await self._writing
        if self._engine is not None and self._engine.state.seq > self._covered_seq:
            await self._take(self._engine, self._engine.state.seq, self._engine.state.copy())

    def _note(self, turn: Turn) -> None:
        due = turn.last_seq - self._covered_seq >= self._every_rows
        engine = self._engine
        if due and self._writing is None and engine is not None and not engine.inbox and not engine.callbacks:
            # Copied here and not in the task: a tick later the inbox may hold a callback that follows from rows before.
            taking = self._take(engine, engine.state.seq, engine.state.copy())
            self._writing = asyncio.get_running_loop().create_task(taking)
            self._writing.add_done_callback(self._written)

    def _written(self, _task: "asyncio.Task[None]") -> None:
        self._writing = None

    async def _take(self, engine: LiveEngine, seq: int, copy: StateCopy) -> None:
        self._covered_seq = seq
        await engine.durable()
        try:
            await asyncio.to_thread(self._write, seq, copy)
            engine.counters["snapshots"] += 1
        except OSError as error:
            engine.counters["snapshots_failed"] += 1
            logger.warning("no snapshot at sequence %d: %s", seq, error)

    def _write(self, seq: int, copy: StateCopy) -> None:
        checksum = self._log.checksum_at(seq)
        if checksum is None:
            logger.warning("no snapshot at sequence %d: no turn ends there", seq)
            return
        self._store.write(seq, checksum, state_code(), copy.parts(), self._log.log_id)
