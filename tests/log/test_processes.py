"""Real processes: killed under load, given a failing disk, and two at once."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.errors import LogLocked
from engine.log.event_log import FATAL_EXIT_CODE, SegmentLog
from engine.log.file_ops import FileOps
from engine.log.reader import verify_log
from tests.log.support import check_rows

ROOT = Path(__file__).parents[2]
WRITER = [sys.executable, "-m", "tests.log.writer_process"]
KILLS = 4


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [*command, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def whole_lines(text: str) -> list[int]:
    """The acknowledgements that were printed to the end."""
    return [int(line) for line in text.split("\n")[:-1]]


@pytest.mark.slow
def test_killed_under_load_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    promised = 0
    for round_number in range(KILLS):
        with running(WRITER, tmp_path) as process:
            assert process.stdout is not None
            for _ in range(30 + 40 * round_number):
                promised = max(promised, int(process.stdout.readline()))
            process.send_signal(signal.SIGKILL)
            rest, errors = process.communicate(timeout=60)
            assert errors == ""
        promised = max([promised, *whole_lines(rest)])
        report = verify_log(tmp_path)
        assert report.last_seq >= promised
        assert check_rows(FileOps(), tmp_path) == report.last_seq
        assert report.epoch == round_number + 1
    assert promised > 1000


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize(("call", "error"), [(5, "EIO"), (6, "EIO"), (9, "ENOSPC"), (40, "EDQUOT")])
def test_a_failing_sync_ends_the_process(tmp_path: Path, call: int, error: str) -> None:
    """The k-th synced write fails once; it would succeed if repeated, but must not be."""
    inject = f"inject=pwritev2:error={error}:when={call}"
    command = ["strace", "-f", "-qq", "-o", str(tmp_path / "trace"), "-e", "trace=pwritev2", "-e", inject, *WRITER]
    with running(command, tmp_path / "log") as process:
        output, errors = process.communicate(timeout=60)
        if "ptrace" in errors.lower():
            pytest.skip(f"strace cannot attach here: {errors.strip()}")
    assert process.returncode == FATAL_EXIT_CODE
    assert "cannot be written" in errors
    trace = (tmp_path / "trace").read_text().splitlines()
    writes = [line for line in trace if "pwritev2(" in line]
    assert "(INJECTED)" in writes[-1], "something was written after the failure"
    assert verify_log(tmp_path / "log").last_seq >= max(whole_lines(output), default=0)


@pytest.mark.slow
def test_a_second_writer_is_refused_and_told_who_writes(tmp_path: Path) -> None:
    with running(WRITER, tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(LogLocked, match=f"process {process.pid}"):
            SegmentLog.open(tmp_path)
    SegmentLog.open(tmp_path, segment_bytes=1 << 20).close()


def test_two_in_one_process_are_refused_too(tmp_path: Path) -> None:
    log = SegmentLog.open(tmp_path, segment_bytes=8192)
    with pytest.raises(LogLocked, match=str(os.getpid())):
        SegmentLog.open(tmp_path, segment_bytes=8192)
    log.close()
    SegmentLog.open(tmp_path, segment_bytes=8192).close()
