"""Whoever stops reading what a command prints, as `head` does, costs it neither what it found nor its exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulations.commands.recorded import DISTURBED, recorded_day

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
TRUNKLINE = Path(sys.executable).with_name("trunkline")


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded_day(tmp_path_factory.mktemp("centre"), DISTURBED)


def unread(folder: Path, *said: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a command whose stdout nobody reads, from the first byte on."""
    reads, writes = os.pipe()
    os.close(reads)
    try:
        return subprocess.run([TRUNKLINE, *said], cwd=folder, stdout=writes, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writes)


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"]], ids=["table", "json", "csv"])
def test_an_unread_simulation_is_written_with_its_log(centre: Path, tmp_path: Path, form: list[str]) -> None:
    done = unread(centre, "simulate", "day.yaml", "-o", str(tmp_path / "out"), "--log", str(tmp_path / "day"), *form)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "run.json").exists()
    assert (tmp_path / "day" / "log").is_dir()
    assert b"written: " + os.fsencode(tmp_path / "day") in done.stderr
    assert b"roken" not in done.stderr


@pytest.mark.parametrize(
    ("said", "file"),
    [
        ("solve day.yaml --target 50/60 -o OUT", "plan.json"),
        ("compare day.yaml day.yaml -o OUT", "compare.json"),
        ("sweep day.yaml --vary volume=0.9,1.1 -o OUT", "sweep.json"),
        ("payback day.yaml day.yaml --months 2 -o OUT", "payback.json"),
        ("resilience day.yaml -o OUT", "resilience.json"),
        ("whatif --log log --policy {} -n 2 -o OUT", "whatif.json"),
        ("fit log -o OUT/fitted.yaml", "fitted.yaml"),
        ("init OUT --example hotline", "hotline.yaml"),
        ("erlang c --rate 1/min --handle 2m --agents 4", ""),
    ],
)
def test_an_unread_answer_is_written_all_the_same(centre: Path, tmp_path: Path, said: str, file: str) -> None:
    done = unread(centre, *said.replace("OUT", str(tmp_path / "out")).split())
    assert done.returncode == 0, done.stderr
    assert b"roken" not in done.stderr
    if file:
        assert (tmp_path / "out" / file).exists()


def test_what_was_found_is_told_where_no_log_can_be_written(centre: Path) -> None:
    done = subprocess.run(
        [TRUNKLINE, "simulate", "day.yaml", "--log", "log", "--csv"], cwd=centre, capture_output=True, check=False
    )
    assert done.returncode == 5
    assert b"there is a log in log already" in done.stderr
    assert done.stdout.startswith(b"scenario,queue,")
