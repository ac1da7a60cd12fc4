"""Worlds in compiled code: they loop over the kernel, start again in the same tables, and never run stale code."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.kernel.fingerprint import fingerprint
from engine.kernel.jit import BUILD, KERNEL, _callers_hash, cache_folder, callers_cache_folder
from engine.kernel.step import ROOM, step
from engine.kernel.tables import Tables, new_tables, reset
from engine.messages import kinds as k
from engine.messages.rows import empty_rows, pack_arrival
from engine.model.settings import AgentSetting
from simulations.world import joined
from tests.kernel.compiled_world import answer_all
from tests.kernel.facts import Fact
from tests.kernel.histories import CAPACITY
from tests.kernel.scene import BEGIN_NS, observed_row

AGENTS, CALLERS = 3, 10
pytestmark = pytest.mark.timeout(600)  # each of these worlds is compiled anew
ROOT = Path(__file__).parents[2]
CALLER = """
from engine.kernel.jit import door
from helper import times

@door
def answer(number):
    return times(number)
"""
HELPER = """
from engine.kernel.jit import jit

@jit
def times(number):
    return number * {factor}
"""


def centre() -> list[Fact]:
    """Agents who are there."""
    return [
        fact
        for agent in range(AGENTS)
        for fact in (
            Fact(k.SETTING_CHANGED, agent=k.TABLE_AGENT, queue=agent, contact=AgentSetting.EXISTS, a=1, at_ns=BEGIN_NS),
            Fact(k.AGENT_STATUS_CHANGED, agent=agent, a=k.STATUS_AVAILABLE, at_ns=BEGIN_NS),
        )
    ]


def arrivals() -> list[Fact]:
    return [
        Fact(k.CONTACT_ARRIVED, contact=slot, queue=slot % 2, a=pack_arrival(0, 0), at_ns=BEGIN_NS + slot)
        for slot in range(CALLERS)
    ]


def run(t: Tables) -> tuple[int, int]:
    """The world once, in compiled code."""
    rows = joined([observed_row(fact) for fact in [*centre(), *arrivals()]])
    return answer_all(t, rows, empty_rows(1), empty_rows(2 * ROOM))


def run_by_hand() -> Tables:
    """The same world, each fact handed over by Python."""
    t, out = new_tables(CAPACITY), empty_rows(ROOM + 8)
    for fact in [*centre(), *arrivals()]:
        _, produced = step(t, observed_row(fact), out)
        offers = out[:produced][out[:produced]["kind"] == k.OFFER_MADE].copy()
        for offer in offers:
            answer = Fact(k.OFFER_ANSWERED, contact=offer.contact, agent=offer.agent, at_ns=fact.at_ns)
            step(t, observed_row(answer), out)
    return t


def test_a_compiled_world_takes_rows_as_python_does() -> None:
    t = new_tables(CAPACITY)
    answered, produced = run(t)
    assert answered == AGENTS
    assert produced == t.book["seq"][0]
    assert fingerprint(t) == fingerprint(run_by_hand())


def test_tables_begin_again_where_they_are() -> None:
    t = new_tables(CAPACITY)
    address, places = t.address, {name: table.ctypes.data for name, table in t.items()}
    first = run(t), fingerprint(t)
    reset(t)
    for (name, table), (_, new) in zip(t.items(), new_tables(CAPACITY).items(), strict=True):
        assert np.array_equal(table, new), name
    assert (t.address, {name: table.ctypes.data for name, table in t.items()}) == (address, places)
    assert (run(t), fingerprint(t)) == first


def test_machine_code_of_callers_lies_with_the_build_of_the_kernel(tmp_path: Path) -> None:
    package = tmp_path / "worlds"
    (package / "inner").mkdir(parents=True)
    for folder in (package, package / "inner"):
        (folder / "__init__.py").touch()
    (package / "other.py").touch()
    (package / "helper.py").write_text("from worlds.deeper import thing\n")
    (package / "deeper.py").write_text("import worlds.helper\nfrom engine.kernel.jit import door\n")
    (package / "inner" / "world.py").write_text("from worlds.helper import thing\n")
    said = []
    for changed in (package / "other.py", package / "other.py", package / "deeper.py", package / "inner" / "world.py"):
        _callers_hash.cache_clear()
        said.append(callers_cache_folder(package / "inner" / "world.py"))
        changed.write_text(changed.read_text() + "# changed\n")
    assert (said[0].parent, cache_folder().name) == (cache_folder(), BUILD)
    assert said[0] == said[1] == said[2], "what it does not import does not matter"
    _callers_hash.cache_clear()
    assert len({said[2], said[3], callers_cache_folder(package / "inner" / "world.py")}) == 3
    assert not (KERNEL / "callers").exists()


@pytest.mark.slow
@pytest.mark.skipif("NUMBA_DISABLE_JIT" in os.environ, reason="nothing is compiled")
def test_a_caller_is_compiled_again_when_what_it_calls_beside_it_changes(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text(CALLER)
    said = []
    for factor in (2, 2, 3):
        (tmp_path / "helper.py").write_text(HELPER.format(factor=factor))
        program = "from caller import answer; print(answer(7), sum(answer.stats.cache_hits.values()))"
        environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        said.append(done.stdout.split())
    assert said == [["14", "0"], ["14", "1"], ["21", "0"]]


@pytest.mark.skipif("NUMBA_DISABLE_JIT" in os.environ, reason="nothing is compiled")
def test_machine_code_without_room_to_keep_it_serves_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text(CALLER)
    (tmp_path / "helper.py").write_text(HELPER.format(factor=2))
    done = subprocess.run(
        [sys.executable, "-c", "from caller import answer; print(answer(7))"],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300)),
    )
    assert done.stdout == "14\n"
    assert f"cannot be kept in {callers_cache_folder(tmp_path / 'caller.py')}" in done.stderr
    assert "file too large; it is compiled again at every start" in done.stderr
