"""Files that people bring: bounded in size and time, and known by their bytes."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine import uploads
from engine.log.attachments import AttachmentStore
from engine.uploads import FileBounds, Refusal, UploadRefused, require_size, take_upload

PICTURE = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(40)
BOUNDS = FileBounds(100, ("image/png",))


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    """Bring these parts one by one."""
    for part in parts:
        yield part


async def never() -> AsyncIterator[bytes]:
    """Begin, and bring no more."""
    yield PICTURE
    await asyncio.Event().wait()


async def test_a_file_is_kept_under_its_digest_and_a_name_that_is_no_trick(tmp_path: Path) -> None:
    store = AttachmentStore(tmp_path)
    found = await take_upload(chunks(PICTURE[:9], PICTURE[9:]), "../../a.exe", BOUNDS, store)
    assert (found.name, found.media_type, found.size_bytes) == ("a.exe.png", "image/png", len(PICTURE))
    store.keep(found.sha256)
    with store.open(found.sha256) as file:
        assert file.read() == PICTURE


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ((), Refusal.EMPTY),
        ((b"", b""), Refusal.EMPTY),
        ((PICTURE, bytes(100)), Refusal.TOO_LARGE),
        ((b"%PDF-1.4",), Refusal.OTHER_KIND),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
async def test_nothing_is_kept_of_what_is_refused(tmp_path: Path, parts: tuple[bytes, ...], why: Refusal) -> None:
    with pytest.raises(UploadRefused) as refused:
        await take_upload(chunks(*parts), "a.png", BOUNDS, AttachmentStore(tmp_path))
    assert refused.value.why is why
    assert not any(folder_files for _, _, folder_files in os.walk(tmp_path))


async def test_whoever_does_not_go_on_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "READ_WITHIN_S", 0.01)
    with pytest.raises(UploadRefused, match="in time") as refused:
        await take_upload(never(), "a.png", BOUNDS, AttachmentStore(tmp_path))
    assert refused.value.why is Refusal.TOO_LATE


def test_what_is_announced_too_large_is_not_read_at_all() -> None:
    require_size(100, 100)
    with pytest.raises(UploadRefused, match="at most 100 bytes"):
        require_size(101, 100)
