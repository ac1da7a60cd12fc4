"""How fast a log becomes a running engine again: rows folded a second, and seconds until a process is ready.

The log is made by a real engine first (see history.py), ROWS of it, in turns of some hundred rows: its adapter hands
facts in by the hundred. The same rows once more with every fact a turn of its own are the other end. Bounds measured in
the same rounds: reading the same log with all its checksums, and the kernel's fold of rows that are in memory already.

Rates are of the median round, by the clock; `per_processor_s` is the median by processor time, which others who use the
machine hardly change.
"""

import asyncio
import gc
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Final, NamedTuple

import uvloop

from benchmarks.history import config_file, folder_here, one_fact_a_turn, plain_config, write_history
from benchmarks.report import Line, line
from benchmarks.served import Served, free_port
from engine.kernel.step import fold
from engine.kernel.tables import new_tables
from engine.log.reader import read_log, read_runs
from engine.messages.rows import ROW
from engine.replay.restore import LOG_FOLDER, SNAPSHOT_FOLDER, capacity_of_log, state_at
from engine.replay.verify import verify

NAMES: Final = (
    "replay_events_per_s",
    "replay_small_turns_events_per_s",
    "verify_rows_per_s",
    "ready_s",
    "ready_without_snapshot_s",
)
ROWS: Final = 10_000_000
REPLAYED: Final = 2_000_000
"""Rows folded for the rates: they do not depend on how many there are."""
ROUNDS: Final = 5
AGENTS: Final = 200
CONTACTS: Final = 4096


def run(rows: int = ROWS, replayed: int = REPLAYED) -> list[Line]:
    """Measure all of it."""
    with folder_here() as folder:
        data, small = folder / "data", folder / "small"
        made = uvloop.run(_make(folder, data, replayed))
        one_fact_a_turn(data / LOG_FOLDER, small / LOG_FOLDER)
        found = [
            replay_line("replay_events_per_s", data, made),
            replay_line("replay_small_turns_events_per_s", small, made),
            verify_line(data, made),
        ]
        shutil.rmtree(small)
        if rows > made:
            made = uvloop.run(_make(folder, data, rows))
        return [*found, *ready_lines(folder, data, made)]


async def _make(folder: Path, data: Path, rows: int) -> int:
    config = plain_config(folder, agents=AGENTS, contacts=CONTACTS)
    return await write_history(config, data, rows, agents=AGENTS, keep=CONTACTS // 4)


class Rate:
    """Rounds of one piece of work, by the clock and by processor time."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._rounds: list[tuple[float, float]] = []

    def measure(self, work: Callable[[], int]) -> None:
        """Do it once; `work` returns the rows it did, which must be all."""
        gc.collect()
        began, began_cpu = time.perf_counter(), time.process_time()
        done = work()
        self._rounds.append((time.perf_counter() - began, time.process_time() - began_cpu))
        assert done == self._rows, (done, self._rows)

    def per_s(self, *, processor: bool = False) -> int:
        """Rows a second of the median round."""
        return round(self._rows / statistics.median(spent[processor] for spent in self._rounds))

    @property
    def best(self) -> int:
        """Rows a second of the best round."""
        return round(self._rows / min(spent for spent, _ in self._rounds))


def replay_line(name: str, data: Path, rows: int) -> Line:
    """Fold the whole log into a state, from the files, several times."""
    runs = list(read_runs(data / LOG_FOLDER))
    turns = sum(run.turns for run in runs)
    capacity = capacity_of_log(read_log(data / LOG_FOLDER, dtype=ROW))
    middle = runs[len(runs) // 2].last_seq
    replays, halves, reads, folds = Rate(rows), Rate(middle), Rate(rows), Rate(rows)

    def folded() -> int:
        for run in runs:
            fold(tables, run.rows)
        return int(tables.book["seq"][0])

    for _ in range(ROUNDS):
        replays.measure(lambda: state_at(data).seq)
        halves.measure(lambda: state_at(data, middle).seq)
        reads.measure(lambda: sum(len(run.rows) for run in read_runs(data / LOG_FOLDER)))
        tables = new_tables(capacity)
        folds.measure(folded)
    return line(
        name,
        replays.per_s(),
        "rows/s",
        {
            "name": "bounds: reading alone, every checksum; the kernel's fold alone, rows in memory",
            "read_rows_per_s": reads.per_s(),
            "read_rows_per_processor_s": reads.per_s(processor=True),
            "fold_rows_per_s": folds.per_s(),
            "fold_rows_per_processor_s": folds.per_s(processor=True),
        },
        best=replays.best,
        per_processor_s=replays.per_s(processor=True),
        to_the_middle_per_processor_s=halves.per_s(processor=True),
        mean_turn_rows=round(rows / turns, 1),
        inputs=f"{rows} rows in {turns} turns, from {AGENTS} agents, payloads included, pages cached; the log becomes "
        f"tables, names, registry of open contacts and known ids; median of {ROUNDS}",
    )


def verify_line(data: Path, rows: int) -> Line:
    """Walk, fold, decide again, recount and compare the whole log, as `trunkline verify` does."""
    verified, replays = Rate(rows), Rate(rows)

    def whole() -> int:
        report = verify(data)
        assert report.ok, str(report)
        return report.rows

    for _ in range(ROUNDS):
        verified.measure(whole)
        replays.measure(lambda: state_at(data).seq)
    return line(
        "verify_rows_per_s",
        verified.per_s(),
        "rows/s",
        {"name": "replay of the same log, nothing decided", "rows_per_s": replays.per_s()},
        best=verified.best,
        per_processor_s=verified.per_s(processor=True),
        inputs=f"{rows} rows from {AGENTS} agents; median of {ROUNDS}",
    )


class Ready(NamedTuple):
    """How long a start took: by the clock, and of one processor's time."""

    seconds: float
    processor_s: float


def ready_lines(folder: Path, data: Path, rows: int) -> list[Line]:
    """Start the real program over the log, as it is and without its snapshots, until it says that it is ready."""
    began = time.perf_counter()
    read = sum(len(run.rows) for run in read_runs(data / LOG_FOLDER))
    read_s = time.perf_counter() - began
    asyncio.run(_ready(folder, folder / "warm"))
    empty = asyncio.run(_ready(folder, folder / "empty"))
    peer = {"name": "the same program over an empty folder", **rounded(empty)}
    with_snapshot = asyncio.run(_ready(folder, data))
    shutil.rmtree(data / SNAPSHOT_FOLDER)
    without = asyncio.run(_ready(folder, data))
    assert read == rows
    return [
        line(
            name,
            rounded(found)["seconds"],
            "s",
            peer,
            processor_s=rounded(found)["processor_s"],
            read_only_s=round(read_s, 2),
            inputs=f"a log of {read} rows, kernel compiled before, pages cached; to the first good /readyz",
        )
        for name, found in (("ready_s", with_snapshot), ("ready_without_snapshot_s", without))
    ]


def rounded(found: Ready) -> dict[str, float]:
    """To hundredths."""
    return {name: round(value, 2) for name, value in found._asdict().items()}


async def _ready(folder: Path, data: Path) -> Ready:
    """Start a process and wait for its first good /readyz; it is killed then."""
    port = free_port()
    file = config_file(folder, agents=AGENTS, contacts=CONTACTS, adapters=f"adapters: {{http: {{port: {port}}}}}")
    before = getrusage(RUSAGE_CHILDREN)
    began = time.perf_counter()
    served = Served(file, data, port)
    try:
        await served.wait_ready()
        seconds = time.perf_counter() - began
    finally:
        served.kill()
    after = getrusage(RUSAGE_CHILDREN)
    return Ready(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
