"""Compile the kernel now, so that nobody waits for it later: `python -m engine.kernel.warm`."""

import sys
import threading
import time

import numpy as np
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


def warm() -> float:
    """Compile or load everything that drivers call; return the seconds it took."""
    began = time.perf_counter()
    from engine.kernel.expected_wait import expected_wait
    from engine.kernel.key_table import enter_keys, find_keys
    from engine.kernel.step import fold, next_deadline_ns, step
    from engine.kernel.tables import Capacity, new_tables
    from engine.messages.rows import empty_rows

    few = np.zeros(2, np.int64)
    find_keys(few, few, 1, 63, few, few)
    enter_keys(few, few, 1, 63, few[:0], few[:0])
    tables = new_tables(Capacity(contacts=8, agents=1, queues=1, trunk_groups=1, lines=1, requirements=1, intervals=1))
    rows = empty_rows(0)
    step(tables, rows, empty_rows(0))
    fold(tables, rows)
    next_deadline_ns(tables)
    expected_wait(tables, 0, -1, -1, 0)
    return time.perf_counter() - began


def main() -> None:
    """Warm with a progress line."""
    took: list[float] = []
    worker = threading.Thread(target=lambda: took.append(warm()))
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        progress.add_task("compiling the routing kernel (about a minute, once)", total=None)
        worker.start()
        while worker.is_alive():
            worker.join(0.2)
    if not took:
        sys.exit("the kernel did not compile; see the error above")
    print(f"kernel ready in {took[0]:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
