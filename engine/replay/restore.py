"""The state that a recorded log determines: at its end, or at any position before."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Final, Protocol

from engine.errors import LogError
from engine.kernel.tables import Array, Capacity
from engine.log.reader import read_log, read_runs
from engine.log.runs import Run
from engine.log_port import Frame, Turn
from engine.messages.kinds import ENGINE_STARTED
from engine.messages.rows import ROW
from engine.replay.apply import StateReplay
from engine.replay.closed import TAIL_ROWS
from engine.state import EngineState, started_with

LOG_FOLDER: Final = "log"
SNAPSHOT_FOLDER: Final = "snapshots"


class ReadableLog(Protocol):
    """What replay needs of a log."""

    last_at_ns: int

    def read_runs(self, from_seq: int = 1) -> Iterator[Turn]:
        """Yield the durable turns from the one that holds `from_seq` on, joined to runs."""

    @property
    def durable_seq(self) -> int:
        """Sequence of its last row."""


@contextmanager
def collector_paused() -> Iterator[None]:
    """Around much reading: nothing read is part of a cycle, and looking for cycles takes half of the time."""
    ran = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if ran:
            gc.enable()


def load_state(state: EngineState, parts: Mapping[str, Array | bytes], name: str) -> None:
    """Take over parts that may be another version's into a new state. Raises LogError, which calls them `name`."""
    try:
        state.load(parts)
    except Exception as error:
        raise LogError(
            f"{name} cannot be taken over by this version ({type(error).__name__}: {error}): start the version that "
            "wrote it, or restore a backup of the whole log"
        ) from error


@collector_paused()
def restore(log: ReadableLog, state: EngineState) -> StateReplay:
    """Apply everything that `log` has beyond `state`; the result tells what adapters may still be owed."""
    replay = StateReplay(state)
    tail_seq = log.durable_seq - TAIL_ROWS
    state.agent_times.log_ends_ns = log.last_at_ns
    for run in log.read_runs(state.seq + 1):
        replay.apply(run, in_tail=run.last_seq > tail_seq)
    replay.finish()
    return replay


@collector_paused()
def state_at(data: Path, up_to_seq: int | None = None) -> EngineState:
    """Return the state at a position of the log in the data folder, its end if None: what was true then.

    The position is that of a whole turn: the last one that ends at or before `up_to_seq`. Raises LogError, LogDamaged.
    """
    folder = log_folder(data)
    runs = read_runs(folder, up_to_seq=up_to_seq, whole=True)
    first = next(runs, None)
    state = EngineState(capacity_of_log(read_log(folder, dtype=ROW) if first is None else iter([first])))
    state.agent_times.pass_all()
    if first is not None:
        replay = StateReplay(state)
        for run in chain([first], runs):
            replay.apply(run)
        replay.finish()
    return state


def log_folder(data: Path) -> Path:
    """The folder of the log within a data folder; raises LogError where there is none."""
    folder = data / LOG_FOLDER
    if not folder.is_dir():
        raise LogError(f"there is no log in {data}: {folder} does not exist")
    return folder


def capacity_of_log(frames: Iterator[Frame] | Iterator[Run]) -> Capacity:
    """The capacity that a log was begun with, from its first row. Raises LogError where that does not say it."""
    for frame in frames:
        if int(frame.rows["kind"][0]) != ENGINE_STARTED or frame.first_seq != 1:
            break
        return started_with(frame.rows[0], frame.payload)
    raise LogError("the log does not begin with the start of an engine; its first part is missing")
