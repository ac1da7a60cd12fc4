"""Bytes of attachments: kept once, whole, under their digest, and nothing else is found."""

import hashlib
import os
from pathlib import Path

import pytest

from engine.log.attachments import WAITS_S, AttachmentStore


def test_what_is_stored_is_found_by_its_digest_once(tmp_path: Path) -> None:
    store = AttachmentStore(tmp_path / "attachments")
    digest = store.store(b"hello")
    assert digest == hashlib.sha256(b"hello").hexdigest() == store.store(b"hello")
    with pytest.raises(FileNotFoundError):
        store.open(digest)
    for _ in range(2):
        store.keep(digest)
    assert store.store(b"hello") == digest
    with AttachmentStore(tmp_path / "attachments").open(digest) as file:
        assert file.read() == b"hello"
    assert [path.name for path in store.folder.rglob("*") if path.is_file()] == [digest]


def test_what_no_message_names_is_gone_after_a_day(tmp_path: Path) -> None:
    store = AttachmentStore(tmp_path / "attachments")
    named, fresh, forgotten = store.store(b"named"), store.store(b"fresh"), store.store(b"forgotten")
    store.keep(named)
    now_s = store.folder.stat().st_mtime
    for path in store.folder.rglob("*"):
        if path.is_file() and path.name != fresh:
            os.utime(path, (now_s - WAITS_S - 1, now_s - WAITS_S - 1))
    AttachmentStore(store.folder).store(b"another")
    with pytest.raises(FileNotFoundError):
        store.keep(forgotten)
    store.keep(fresh)
    with store.open(named) as one, store.open(fresh) as other:
        assert one.read() + other.read() == b"namedfresh"


@pytest.mark.parametrize("name", ["", "../log/lock", "A" * 64, "0" * 63, "0" * 64 + "\n", "/etc/passwd"])
def test_what_is_no_digest_opens_nothing(tmp_path: Path, name: str) -> None:
    store = AttachmentStore(tmp_path)
    for use in (store.open, store.keep):
        with pytest.raises(ValueError, match="64 hexadecimal"):
            use(name)


def test_an_unknown_digest_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        AttachmentStore(tmp_path).open("0" * 64)


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    store = AttachmentStore(tmp_path / "attachments")
    monkeypatch.setattr("engine.log.attachments.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.store(b"hello")
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []
