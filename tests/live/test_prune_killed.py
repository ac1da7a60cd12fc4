"""Deleting old segments, killed at each call that changes something on the disk: the log is whole, and all is found."""

import shutil
from pathlib import Path
from typing import Any, Final

import pytest

from engine.log.file_ops import FileOps
from engine.replay.verify import verify
from tests.live.pruning import pruned, state_at_end, worked


class Killed(BaseException):
    """What ends a process without another word: nothing catches it."""


CALLS: Final = ("make_folder", "create", "write", "sync", "rename", "sync_folder", "unlink")
"""Of the file system, by which something changes on the disk."""


def killed_at(patched: pytest.MonkeyPatch, number: int) -> list[str]:
    """End the process before so many calls of the file system were made; returns those that are made."""
    made: list[str] = []

    def counted(name: str, call: Any) -> Any:
        def counting(ops: FileOps, *arguments: Any) -> Any:
            if len(made) >= number:
                raise Killed
            made.append(name)
            return call(ops, *arguments)

        return counting

    for name in CALLS:
        patched.setattr(FileOps, name, counted(name, getattr(FileOps, name)))
    return made


@pytest.mark.slow
async def test_killed_at_any_call_it_leaves_a_log_that_is_whole(tmp_path: Path) -> None:
    following = await worked(tmp_path, 0, 3)
    pruned(tmp_path)
    await worked(tmp_path, following, 4)
    shutil.rmtree(tmp_path / "data" / "snapshots")
    mark = state_at_end(tmp_path)
    (tmp_path / "data").rename(tmp_path / "kept")

    def prune_until(number: int) -> list[str]:
        shutil.copytree(tmp_path / "kept", tmp_path / "data")
        with pytest.MonkeyPatch.context() as patched:
            made = killed_at(patched, number)
            try:
                pruned(tmp_path)
            except Killed:
                assert len(made) == number
        return list(made)

    calls = prune_until(1_000_000)
    assert {"write", "rename", "unlink", "sync_folder"} <= set(calls)
    of_parts = [place for place, name in enumerate(calls) if name == "write"]
    points = {*range(len(calls)), *of_parts[-2:]} - set(of_parts[1:-2])  # parts of one file are written alike
    for number in sorted(points):
        shutil.rmtree(tmp_path / "data")
        prune_until(number)
        assert state_at_end(tmp_path) == mark, calls[number]
        assert verify(tmp_path / "data").ok, calls[number]
        left = pruned(tmp_path)
        assert left.segments_kept == 1, calls[number]
        assert state_at_end(tmp_path) == mark, calls[number]
        names = {path.name.rpartition(".")[2] for path in (tmp_path / "data").rglob("*")}
        assert "tmp" not in names, calls[number]
