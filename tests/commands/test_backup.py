"""Backups of an engine at work: each can be verified, restored and started from, and holds what was acknowledged."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
import pytest
from typer.testing import CliRunner

from engine.commands import backup
from engine.commands.backup import BackupReport
from engine.commands.outcome import Exit
from engine.live.host import EngineHost
from engine.log.file_ops import FileOps
from engine.log.segment import SMALLEST_SEGMENT_BYTES
from engine.main import app
from engine.replay.verify import verify
from tests.driver_support import load_centre

ROOT = Path(__file__).parents[2]


def run(*arguments: str | Path) -> BackupReport:
    """Run a command that must do its work."""
    done = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert done.exit_code == Exit.OK, done.output
    return msgspec.json.decode(done.output, type=BackupReport)


@pytest.fixture
def receipts(tmp_path: Path) -> Iterator[IO[str]]:
    """What an engine at work says: a line for each fact that is durable."""
    load_centre(tmp_path)
    program = [sys.executable, "-m", "tests.live_process", str(tmp_path / "centre.yaml"), str(tmp_path / "data"), "0"]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process.stdout
        process.kill()


def said(receipts: IO[str], lines: int) -> int:
    """Read so many receipts; return the last sequence told."""
    return max(int(receipts.readline().split()[1]) for _ in range(lines))


@pytest.mark.slow
async def test_an_engine_at_work_is_copied_and_brought_back(receipts: IO[str], tmp_path: Path) -> None:
    data, copy, again = tmp_path / "data", tmp_path / "copy", tmp_path / "again"
    (data / "attachments").mkdir()
    (data / "attachments" / "picture").write_bytes(b"bytes")
    reached, kept, files = 0, 0, []
    for lines in (40, 900, 1500):
        told = said(receipts, lines)
        report = run("backup", data, copy)
        assert report.last_seq >= told
        assert report.last_seq > reached
        reached = report.last_seq
        kept = report.segments_kept
        files.append(report.files_copied)
        found = verify(copy)
        assert found.ok, str(found)
    assert kept > 0
    assert files == [1, 0, 0]
    assert run("restore", copy, again).last_seq == reached
    assert (again / "attachments" / "picture").read_bytes() == b"bytes"
    host = EngineHost(load_centre(tmp_path), again, segment_bytes=SMALLEST_SEGMENT_BYTES * 8)
    await host.start()
    assert host.engine.state.seq > reached
    await host.stop()
    assert verify(again).ok


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = CliRunner().invoke(app, ["backup", str(tmp_path / "empty"), str(tmp_path / "copy")])
    assert done.exit_code == Exit.FAILED
    assert "there is no log in" in done.output
    assert not (tmp_path / "copy").exists()
    (tmp_path / "old" / "snapshots").mkdir(parents=True)
    (tmp_path / "old" / "snapshots" / "snapshot-1.trk").write_bytes(b"")
    done = CliRunner().invoke(app, ["restore", str(tmp_path / "empty"), str(tmp_path / "old")])
    assert done.exit_code == Exit.FAILED
    assert "snapshots of another log" in done.output


def test_what_lies_beside_the_log_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target, done = tmp_path / "data", tmp_path / "copy", list[str]()
    (source / "attachments").mkdir(parents=True)
    (source / "attachments" / "file").write_bytes(b"text")

    class Noted(FileOps):
        def sync(self, fd: int) -> None:
            done.append("file")
            super().sync(fd)

        def rename(self, source: Path, target: Path) -> None:
            done.append("name")
            super().rename(source, target)

        def sync_folder(self, folder: Path) -> None:
            done.append(folder.name)
            super().sync_folder(folder)

    monkeypatch.setattr(backup, "FileOps", Noted)
    assert backup._copy_beside(source, target) == (1, 4)
    assert done == ["file", "name", "attachments", "copy"]
