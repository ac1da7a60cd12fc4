"""The real file system behind the seam."""

import os
from pathlib import Path

import pytest

from engine.errors import LogLocked
from engine.log.file_ops import ZERO_CHUNK, FileOps
from engine.log.lock import lock_folder
from tests.log.simulated_disk import SimulatedDisk

ops = FileOps()


def test_the_simulated_disk_covers_every_call() -> None:
    """A call that is missing there would touch the real disk and be no crash point."""
    calls = {name for name in vars(FileOps) if not name.startswith("_")}
    assert calls - set(vars(SimulatedDisk)) == {"zero_fill"}, "zero_fill is made of write"


def test_zero_fill_spans_chunks_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    size = 2 * len(ZERO_CHUNK) + 100
    path.write_bytes(b"x" * size)
    fd = ops.open(path)
    ops.zero_fill(fd, 10, size - 10)
    ops.close(fd)
    assert path.read_bytes() == b"x" * 10 + bytes(size - 20) + b"x" * 10


def test_what_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError, match=r"Is a directory: '.*folder'"):
        ops.map(tmp_path / "folder")
    path = tmp_path / "file"
    path.write_bytes(b"x")

    def failing(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("engine.log.file_ops.mmap.mmap", failing)
    with pytest.raises(OSError, match=r"Input/output error: '.*file'"):
        ops.map(path)


def test_allocate_gives_zeros(tmp_path: Path) -> None:
    fd = ops.create(tmp_path / "file")
    ops.allocate(fd, 10_000)
    ops.close(fd)
    assert (tmp_path / "file").read_bytes() == bytes(10_000)
    with pytest.raises(FileExistsError):
        ops.create(tmp_path / "file")


def test_a_map_outlives_the_name_and_shows_later_writes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    view = ops.map(path)
    fd = ops.open(path)
    assert ops.write_durable(fd, memoryview(b"after"), 0) == 5
    ops.close(fd)
    ops.unlink(path)
    assert bytes(view) == b"aftere"
    assert view.readonly


def test_an_empty_file_and_an_absent_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert bytes(ops.map(tmp_path / "empty")) == b""
    assert ops.list_names(tmp_path / "absent") == []


def test_the_lock_names_its_owner_and_ends_with_the_descriptor(tmp_path: Path) -> None:
    held = lock_folder(ops, tmp_path)
    with pytest.raises(LogLocked, match=f"process {os.getpid()}"):
        lock_folder(ops, tmp_path)
    ops.close(held)
    ops.close(lock_folder(ops, tmp_path))
