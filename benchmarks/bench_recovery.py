"""How fast a log becomes a running engine again: events folded a second, and seconds until a process is ready.

The log is made by a real engine first (see history.py); ROWS of it. Bounds measured in the same run: reading the same
log with all its checksums, and the kernel's fold of the same rows without what stands around it.
"""

import asyncio
import gc
import shutil
import statistics
import time
from pathlib import Path
from typing import Final

import numpy as np
import uvloop

from benchmarks.history import config_file, folder_here, plain_config, write_history
from benchmarks.report import Line, line
from benchmarks.served import Served, free_port
from engine.kernel.step import fold
from engine.kernel.tables import new_tables
from engine.log.reader import read_log
from engine.messages.rows import ROW
from engine.replay.restore import LOG_FOLDER, SNAPSHOT_FOLDER, capacity_of_log, state_at

NAMES: Final = ("replay_events_per_s", "ready_s", "ready_without_snapshot_s")
ROWS: Final = 10_000_000
REPLAYED: Final = 2_000_000
"""Rows folded for the rate: it does not depend on how many there are."""
ROUNDS: Final = 3
AGENTS: Final = 200
CONTACTS: Final = 4096


def run(rows: int = ROWS, replayed: int = REPLAYED) -> list[Line]:
    """Measure both."""
    with folder_here() as folder:
        data = folder / "data"
        made = uvloop.run(_make(folder, data, replayed))
        found = [replay_line(data, made)]
        if rows > made:
            made = uvloop.run(_make(folder, data, rows))
        return [*found, *ready_lines(folder, data, made)]


async def _make(folder: Path, data: Path, rows: int) -> int:
    config = plain_config(folder, agents=AGENTS, contacts=CONTACTS)
    return await write_history(config, data, rows, agents=AGENTS, keep=CONTACTS // 4)


def replay_line(data: Path, rows: int) -> Line:
    """Fold the whole log into a state, from the files, several times."""
    folds, reads = [], []
    for _ in range(ROUNDS):
        gc.collect()
        began = time.perf_counter()
        state = state_at(data)
        folds.append(time.perf_counter() - began)
        assert state.seq == rows
        began = time.perf_counter()
        assert sum(len(frame.rows) for frame in read_log(data / LOG_FOLDER, dtype=ROW)) == rows
        reads.append(time.perf_counter() - began)
    return line(
        "replay_events_per_s",
        round(rows / statistics.median(folds)),
        "rows/s",
        {
            "name": "bounds: reading alone, every checksum; the kernel's fold alone",
            "read_rows_per_s": round(rows / statistics.median(reads)),
            "fold_rows_per_s": round(fold_rate(data)),
        },
        best=round(rows / min(folds)),
        inputs=f"{rows} rows from {AGENTS} agents, payloads included; the log becomes tables, registry and known ids",
    )


def fold_rate(data: Path) -> float:
    """Rows a second of the kernel's fold alone, over rows that are in memory already."""
    frames = list(read_log(data / LOG_FOLDER, dtype=ROW))
    tables = new_tables(capacity_of_log(iter(frames)))
    rows = np.concatenate([frame.rows for frame in frames]).view(np.recarray)
    began = time.perf_counter()
    fold(tables, rows)
    return len(rows) / (time.perf_counter() - began)


def ready_lines(folder: Path, data: Path, rows: int) -> list[Line]:
    """Start the real program over the log, as it is and without its snapshots, until it says that it is ready."""
    began = time.perf_counter()
    read = sum(len(frame.rows) for frame in read_log(data / LOG_FOLDER, dtype=ROW))
    read_s = time.perf_counter() - began
    asyncio.run(_ready_s(folder, folder / "warm"))
    empty_s = asyncio.run(_ready_s(folder, folder / "empty"))
    peer = {"name": "the same program over an empty folder", "seconds": round(empty_s, 2)}
    more = {"read_only_s": round(read_s, 2), "inputs": f"a log of {read} rows, kernel compiled before, pages cached"}
    with_snapshot_s = asyncio.run(_ready_s(folder, data))
    shutil.rmtree(data / SNAPSHOT_FOLDER)
    without_s = asyncio.run(_ready_s(folder, data))
    assert read == rows
    return [
        line("ready_s", round(with_snapshot_s, 2), "s", peer, **more),
        line("ready_without_snapshot_s", round(without_s, 2), "s", peer, **more),
    ]


async def _ready_s(folder: Path, data: Path) -> float:
    """Seconds from the start of the process to its first good /readyz; the process is killed then."""
    port = free_port()
    file = config_file(folder, agents=AGENTS, contacts=CONTACTS, adapters=f"adapters: {{http: {{port: {port}}}}}")
    began = time.perf_counter()
    served = Served(file, data, port)
    try:
        await served.wait_ready()
        return time.perf_counter() - began
    finally:
        served.kill()
