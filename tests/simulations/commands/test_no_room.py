"""Where files cannot be written, each command says which, where and what to do, and leaves none that looks whole."""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from simulations.commands.printing import printing
from simulations.experiment.whole import whole, write_text
from tests.simulations.commands.recorded import DISTURBED, recorded_day

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
TRUNKLINE = Path(sys.executable).with_name("trunkline")
ROOM: int = 300
"""Bytes that a file may have: a disk that is full is met in the same calls."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = recorded_day(tmp_path_factory.mktemp("centre"), DISTURBED)
    subprocess.run([TRUNKLINE, "simulate", "day.yaml", "-o", "run"], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("simulate day.yaml -o OUT", "OUT"),
        ("simulate day.yaml --log OUT/data", "OUT/data/log/"),
        ("solve day.yaml --target 50/60 -o OUT", "OUT"),
        ("compare day.yaml day.yaml -o OUT", "OUT"),
        ("sweep day.yaml --vary volume=0.9,1.1 -o OUT", "OUT/points"),
        ("payback day.yaml day.yaml --months 2 -o OUT", "OUT"),
        ("resilience day.yaml -o OUT", "OUT"),
        ("whatif --log log --policy {} -n 2 -o OUT", "OUT"),
        ("fit log -o OUT/fitted.yaml", "OUT/fitted.yaml"),
        ("report run --no-sensitivity -o OUT/page.html", "OUT/page.html"),
    ],
)
def test_a_command_without_room_says_where_and_leaves_nothing(
    centre: Path, tmp_path: Path, said: str, named: str
) -> None:
    out = str(tmp_path / "out")
    done = subprocess.run(
        [TRUNKLINE, *(word.replace("OUT", out) for word in said.split())],
        cwd=centre,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM)),
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 5, done.stderr
    assert f"error: {named.replace('OUT', out)}" in done.stderr
    assert ": file too large; a limit keeps this process" in done.stderr
    assert list(tmp_path.iterdir()) == [], "no folder either that was made for it"
    if "-o OUT" in said and said.startswith(("simulate", "solve", "compare", "whatif")):
        assert "sales" in done.stdout, "what took long is not lost"


def test_folders_that_were_there_stay_and_where_none_can_be_made_it_says_what_to_do(
    centre: Path, tmp_path: Path
) -> None:
    with pytest.raises(OSError, match="No space"):
        failing(tmp_path / "new" / "er", None)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "old").mkdir()
    with pytest.raises(OSError, match="No space"):
        failing(tmp_path / "old" / "new", None)
    assert list(tmp_path.rglob("*")) == [tmp_path / "old"]
    done = subprocess.run(
        [TRUNKLINE, "simulate", "day.yaml", "-o", "/proc/out"], cwd=centre, capture_output=True, text=True, check=False
    )
    assert done.returncode == 5
    assert "error: /proc/out: no such file or directory; check the path: name what is there" in done.stderr


def failing(folder: Path, place: str | None) -> None:
    """Write a file beside another, and fail before it takes its place."""
    with whole(folder) as fresh:
        (fresh / "one.json").write_text("2")
        raise OSError(errno.ENOSPC, "No space", place and place.replace("FRESH", str(fresh)))


@pytest.mark.parametrize(
    ("place", "named"), [(None, ""), ("FRESH/one.json", "one.json"), ("/other/file", "/other/file")]
)
def test_an_error_names_what_was_to_be_and_leaves_what_was(tmp_path: Path, place: str | None, named: str) -> None:
    (tmp_path / "one.json").write_text("1")
    with pytest.raises(OSError, match="No space") as refused:
        failing(tmp_path, place)
    assert Path(refused.value.filename) == tmp_path / named
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("one.json", "1")]


def test_a_page_is_written_through_links_and_into_devices(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("old")
    (tmp_path / "link.html").symlink_to("page.html")
    write_text(tmp_path / "link.html", "new")
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "page.html").read_text() == "new"
    (tmp_path / "nowhere").symlink_to(os.devnull)
    write_text(tmp_path / "nowhere", "gone")
    assert Path(os.devnull).is_char_device()


def test_an_answer_for_which_there_is_no_room_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        print("an answer")
        with pytest.raises(OSError, match="No space") as refused, printing():
            pass
        assert refused.value.filename == "standard output"
