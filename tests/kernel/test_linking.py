"""How functions become machine code: what is called has none of its own, and gives what it gives alone."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba import config

from engine.kernel.jit import jit
from engine.kernel.tables import Capacity, Tables, new_tables

COUNT_FROM_THE_END = """
from engine.kernel.jit import jit
from engine.kernel.tables import Capacity, new_tables

@jit
def state_of(t, c):
    return t.contacts[c].state

print(state_of(new_tables(Capacity(contacts=8, agents=1, queues=1)), -1))
"""


@jit
def innermost(number: int) -> int:
    return number * number


@jit
def middle(number: int) -> int:
    return innermost(number) + innermost(number + 1)


@jit
def outermost(number: int) -> int:
    return middle(number) - innermost(1)


@jit
def fill(t: Tables, row: int, amount: int) -> int:
    t.requirements[row, 1] = amount
    t.requirements[row][0] = amount + 1
    t.slots[row] = t.requirements[row, 0] + t.requirements[row, 1]
    columns: int = t.requirements.shape[1]
    return len(t.requirements) * columns


@jit
def in_all(t: Tables) -> int:
    total = 0
    for place in range(len(t.slots)):
        total += t.slots[place]
    return total


def test_a_function_takes_in_what_it_calls_at_whatever_remove() -> None:
    assert outermost(3) == 9 + 16 - 1
    assert middle(3) == 25
    assert innermost(3) == 9


@pytest.mark.skipif(config.DISABLE_JIT, reason="nothing is compiled")
def test_what_is_called_is_compiled_once_and_has_no_machine_code_of_its_own() -> None:
    outermost(3)
    part = innermost._part  # type: ignore[attr-defined]
    assert [compiled.library._finalized for compiled in part.overloads.values()] == [False]


@pytest.mark.skipif(config.DISABLE_JIT, reason="nothing is compiled")
def test_no_loop_becomes_vectors() -> None:
    tables = new_tables(Capacity(contacts=8, agents=1, queues=1))
    assert in_all(tables) == 28
    (code,) = in_all.inspect_llvm().values()  # type: ignore[attr-defined]
    assert "add i64" in code
    assert " x i64>" not in code


def test_tables_are_read_and_written_at_integers_of_any_depth() -> None:
    tables = new_tables(Capacity(contacts=8, agents=1, queues=1, requirements=4))
    assert fill(tables, 2, 5) == 8
    assert tables.requirements[2].tolist() == [6, 5]
    assert tables.slots[2] == 11


def test_a_table_of_another_last_extent_is_refused() -> None:
    tables = dict(new_tables(Capacity(contacts=8, agents=1, queues=1)).items())
    tables["requirements"] = np.zeros((4, 3), np.int64)
    with pytest.raises(TypeError, match="requirements must have the last extents"):
        Tables(**tables)


@pytest.mark.slow
def test_nothing_is_counted_from_the_end_of_a_table(tmp_path: Path) -> None:
    """-1 is nobody. Checked, it is an error; unchecked, it is never asked for: the suites in test_modes tell."""
    script = tmp_path / "count_from_the_end.py"
    script.write_text(COUNT_FROM_THE_END, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "NUMBA_BOUNDSCHECK": "1", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "IndexError" in done.stderr, done.stdout + done.stderr
