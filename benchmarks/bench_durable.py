"""How many 64-byte rows a second become durable, beside SQLite committing the same batches on the same disk.

Two ways for the log: *pipelined*, as the engine works (turns are appended while the last group syncs, at most 4 MiB
ahead), and *one by one*, waiting for each batch as SQLite must. SQLite: WAL, synchronous=FULL, one transaction a batch.
Rounds alternate between the two, the median counts. Segments roll and spares are zero-filled while it runs.
"""

import datetime
import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.log.event_log import SegmentLog
from engine.log.reader import read_log
from engine.log.segment import DEFAULT_SEGMENT_BYTES

BATCHES = (256, 1024, 4096)
ROUNDS = 3
PIPELINED_ROWS = 4 << 20
ONE_BY_ONE_BATCHES = 500
SQLITE_BATCHES = 100
AHEAD_BYTES = 4 << 20
SWITCH_INTERVAL_S = 1e-4
"""As the live driver sets it: the writer thread must not wait 5 ms for the interpreter."""
NAMES = (
    "durable_events_per_s",
    "durable_events_one_by_one_per_s",
    "durable_vs_sqlite",
    "durable_one_by_one_vs_sqlite",
    "log_read_rows_per_s",
)


def make_batch(count: int) -> np.ndarray[Any, Any]:
    """Rows that do not compress."""
    return np.random.default_rng(count).integers(0, 255, (count, 64), np.uint8).view("V64").reshape(-1)


def with_log(work: Callable[[SegmentLog, threading.Event], int]) -> float:
    """Rows a second of `work`, which returns how many rows it made durable, on a fresh log with its spares ready."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        told = threading.Event()
        log = SegmentLog.open(Path(folder), on_durable=lambda _seq: told.set())
        while log.space_left() < 2 * DEFAULT_SEGMENT_BYTES:
            time.sleep(0.01)
        start = time.perf_counter()
        rows = work(log, told)
        elapsed_s = time.perf_counter() - start
        assert log.durable_seq == rows
        log.close()
    return rows / elapsed_s


def pipelined(batch: np.ndarray[Any, Any]) -> float:
    """Durable rows a second when turns are appended ahead of the disk."""

    def work(log: SegmentLog, told: threading.Event) -> int:
        for _ in range(PIPELINED_ROWS // len(batch)):
            while log.staged_bytes > AHEAD_BYTES:
                told.wait()
                told.clear()
            log.append(batch, b"", 0)
        log.flush()
        return log.durable_seq

    return with_log(work)


def one_by_one(batch: np.ndarray[Any, Any]) -> float:
    """Durable rows a second when each batch is waited for."""

    def work(log: SegmentLog, _told: threading.Event) -> int:
        for _ in range(ONE_BY_ONE_BATCHES):
            log.append(batch, b"", 0)
            log.flush()
        return log.durable_seq

    return with_log(work)


def sqlite_rows(batch: np.ndarray[Any, Any]) -> float:
    """Durable rows a second of SQLite, one transaction a batch."""
    records = [(row.tobytes(),) for row in batch]
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        database = sqlite3.connect(Path(folder) / "log.db", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE log (seq INTEGER PRIMARY KEY, row BLOB NOT NULL)")
        start = time.perf_counter()
        for _ in range(SQLITE_BATCHES):
            database.execute("BEGIN")
            database.executemany("INSERT INTO log (row) VALUES (?)", records)
            database.execute("COMMIT")
        elapsed_s = time.perf_counter() - start
        database.close()
    return SQLITE_BATCHES * len(batch) / elapsed_s


def read_rows(batch: np.ndarray[Any, Any]) -> float:
    """Rows a second read back, every checksum and the chain verified, from the page cache."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        log = SegmentLog.open(Path(folder))
        for _ in range(PIPELINED_ROWS // len(batch)):
            if log.staged_bytes > AHEAD_BYTES:
                log.flush()
            log.append(batch, b"", 0)
        log.close()
        start = time.perf_counter()
        rows = sum(len(frame.rows) for frame in read_log(Path(folder)))
        elapsed_s = time.perf_counter() - start
        assert rows == log.durable_seq
    return rows / elapsed_s


def measure() -> dict[str, dict[int, float]]:
    """Median rows a second by way and batch size."""
    ways = {"pipelined": pipelined, "one by one": one_by_one, "sqlite": sqlite_rows, "read": read_rows}
    found: dict[str, dict[int, list[float]]] = {way: {count: [] for count in BATCHES} for way in ways}
    for _ in range(ROUNDS):
        for count in BATCHES:
            batch = make_batch(count)
            for way, measured in ways.items():
                found[way][count].append(measured(batch))
    return {way: {count: statistics.median(values) for count, values in by.items()} for way, by in found.items()}


def run() -> list[dict[str, Any]]:
    """Measure; one record per number, each the worst over the batch sizes, with all sizes beside it."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        found = measure()
    finally:
        sys.setswitchinterval(before_s)
    table = {way: {str(count): round(value) for count, value in by.items()} for way, by in found.items()}
    same = {count: found["one by one"][count] / found["sqlite"][count] for count in BATCHES}
    ahead = {count: found["pipelined"][count] / found["sqlite"][count] for count in BATCHES}
    peer = {"name": f"sqlite {sqlite3.sqlite_version} WAL synchronous=FULL", "rows_per_s": table["sqlite"]}
    return [
        record("durable_events_per_s", min(found["pipelined"].values()), "rows/s", peer, table["pipelined"]),
        record(
            "durable_events_one_by_one_per_s", min(found["one by one"].values()), "rows/s", peer, table["one by one"]
        ),
        record("durable_vs_sqlite", min(ahead.values()), "times", peer, ratios(ahead)),
        record("durable_one_by_one_vs_sqlite", min(same.values()), "times", peer, ratios(same)),
        record("log_read_rows_per_s", min(found["read"].values()), "rows/s", {}, table["read"]),
    ]


def ratios(by_batch: dict[int, float]) -> dict[str, float]:
    """Rounded to a tenth."""
    return {str(count): round(value, 1) for count, value in by_batch.items()}


def record(name: str, value: float, unit: str, peer: dict[str, Any], by_batch: dict[str, Any]) -> dict[str, Any]:
    """One line of the results."""
    return {
        "name": name,
        "value": round(value, 1) if unit == "times" else round(value),
        "unit": unit,
        "machine": f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "by_batch_rows": by_batch,
        "peer": peer,
    }


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
