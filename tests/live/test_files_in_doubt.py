"""Files whose process was killed before it knew whether the log has their line."""

import asyncio
import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.live.files_in_doubt import settle_files
from engine.live.host import ATTACHMENT_FOLDER, EngineHost
from engine.log.attachments import AttachmentStore
from engine.log.event_log import SegmentLog
from engine.log.segment import SMALLEST_SEGMENT_BYTES
from engine.messages.rows import ROW, SCHEMA
from tests.driver_support import load_centre
from tests.live.file_process import CONTENT, MOMENTS

ROOT = Path(__file__).parents[2]
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
async def test_after_a_kill_a_file_stays_just_where_the_log_names_it(tmp_path: Path, moment: str) -> None:
    command = [sys.executable, "-m", "tests.live.file_process", str(tmp_path), moment]
    killed = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    store = AttachmentStore(tmp_path / "data" / ATTACHMENT_FOLDER)
    assert list(store.in_doubt()) == [DIGEST]
    with store.open(DIGEST) as file:
        assert file.read() == CONTENT
    host = EngineHost(load_centre(tmp_path), tmp_path / "data", segment_bytes=SMALLEST_SEGMENT_BYTES * 8)
    await host.start()
    await host.stop()
    assert store.in_doubt() == {}
    kept, waiting = ([path.name for path in store.folder.glob(f"{place}/*")] for place in ("??", "waiting"))
    assert (kept, waiting) == (([DIGEST], []) if moment == "line_logged" else ([], [DIGEST]))


def test_what_a_deleted_part_of_the_log_may_have_named_stays(tmp_path: Path) -> None:
    store = AttachmentStore(tmp_path / ATTACHMENT_FOLDER, lambda: 41)
    digest = store.store(CONTENT)
    store.keep(digest)
    log = SegmentLog.open(
        tmp_path / "log", segment_bytes=SMALLEST_SEGMENT_BYTES, row_dtype=ROW, schema=SCHEMA, on_durable=lambda _: None
    )
    later = AttachmentStore(store.folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(log, "first_seq", 43)
        settle_files(later, log)
    log.close()
    assert later.in_doubt() == {}
    later.open(digest).close()


def test_what_the_disk_refuses_is_settled_at_the_next_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = AttachmentStore(tmp_path / ATTACHMENT_FOLDER)
    digest = store.store(CONTENT)
    store.keep(digest)
    log = SegmentLog.open(
        tmp_path / "log", segment_bytes=SMALLEST_SEGMENT_BYTES, row_dtype=ROW, schema=SCHEMA, on_durable=lambda _: None
    )

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(AttachmentStore, "judge", refuse)
        patched.setattr(AttachmentStore, "sweep", refuse)
        settle_files(AttachmentStore(store.folder), log)
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    settle_files(AttachmentStore(store.folder), log)
    log.close()
    with pytest.raises(FileNotFoundError):
        store.open(digest)
