"""The three modes: what holds compiled also holds with every index checked, and as plain Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PLAIN = ("test_offers.py", "test_waiting.py", "test_agents.py", "test_hold_back.py", "test_gaps.py", "test_twin.py")
CHECKED = (
    *("test_doors.py", "test_agents.py", "test_bounds.py", "test_hold_back.py", "test_trunks.py", "test_gaps.py"),
    "test_twin.py",
)
PRINT_FINGERPRINTS = """
from engine.kernel.fingerprint import fingerprint
from simulations.world import Centre, World
for strategy in range(9):
    world = World(Centre(5, 3, 3, 2, 1.0, strategy=strategy, contacts_max=256, wrap_up_s=5.0))
    world.run(60)
    print(fingerprint(world.tables))
"""


def run(*arguments: str, **environment: str) -> str:
    """Run Python with these variables; return what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=HERE.parents[1],
        env={**os.environ, "TWIN_LAST_SEED": "3", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_the_rules_hold_as_plain_python() -> None:
    suites = [str(HERE / name) for name in PLAIN]
    out = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not many_short", *suites, NUMBA_DISABLE_JIT="1")
    assert "passed" in out


@pytest.mark.slow
def test_plain_python_and_machine_code_reach_the_same_state() -> None:
    assert run("-c", PRINT_FINGERPRINTS, NUMBA_DISABLE_JIT="1") == run("-c", PRINT_FINGERPRINTS)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_index_is_out_of_bounds() -> None:
    """Compiles the kernel once more, with every index checked: the better part of a minute, kept for the next time."""
    run("-m", "engine.kernel.warm", NUMBA_BOUNDSCHECK="1")
    suites = [str(HERE / name) for name in CHECKED]
    out = run("-m", "pytest", "-q", "-p", "no:cacheprovider", *suites, NUMBA_BOUNDSCHECK="1")
    assert "passed" in out
