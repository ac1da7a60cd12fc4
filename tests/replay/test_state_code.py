"""A snapshot is thrown away for other rules of applying rows, and for nothing else."""

import shutil
from pathlib import Path

import pytest

from engine import kernel
from engine.replay.state_code import NUMBERS, applying, code_of, state_code

KERNEL = Path(kernel.__path__[0])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the kernel's sources, to be changed."""
    copied = tmp_path / "kernel"
    copied.mkdir()
    for path in KERNEL.glob("*.py"):
        shutil.copy(path, copied)
    for name in NUMBERS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(KERNEL.parent / name, tmp_path / name)
    return copied


def test_the_same_code_has_the_same_name(folder: Path) -> None:
    assert code_of(folder) == state_code()


def test_what_applies_rows_is_known_and_what_decides_is_no_part_of_it() -> None:
    found = set(applying(KERNEL))
    assert {"evolve", "evolve_contact", "tables", "tally", "waiting_line", "resize"} <= found
    assert {"step", "prices"} <= found, "what folding runs"
    assert (
        not {"check", "door", "setting_bounds", "decide", "admit", "match", "strategies", "audit", "jit", "native"}
        & found
    )


@pytest.mark.parametrize("name", ["kernel/decide.py", "kernel/match.py", "kernel/jit.py", "kernel/audit.py"])
def test_rules_of_deciding_leave_snapshots_as_they_are(folder: Path, name: str) -> None:
    before = code_of(folder)
    path = folder.parent / name
    path.write_text(path.read_text() + "\nANOTHER = 1\n")
    assert code_of(folder) == before


def test_comments_leave_snapshots_as_they_are(folder: Path) -> None:
    before = code_of(folder)
    path = folder / "evolve.py"
    path.write_text("# said\n" + path.read_text() + '\n\n"""And said,\nat length."""\n')
    assert code_of(folder) == before


@pytest.mark.parametrize(
    "name",
    [
        *("kernel/evolve.py", "kernel/tally.py", "kernel/tables.py", "messages/kinds.py", "model/tallies.py"),
        *("kernel/step.py", "kernel/prices.py"),
    ],
)
def test_rules_of_applying_throw_them_away(folder: Path, name: str) -> None:
    before = code_of(folder)
    path = folder.parent / name
    path.write_text(path.read_text() + "\nANOTHER = 1\n")
    assert code_of(folder) != before
