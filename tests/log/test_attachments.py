"""Bytes of attachments: kept once, whole, under their digest, and nothing else is found."""

import hashlib
from pathlib import Path

import pytest

from engine.log.attachments import AttachmentStore


def test_what_is_stored_is_found_by_its_digest_once(tmp_path: Path) -> None:
    store = AttachmentStore(tmp_path / "attachments")
    digest = store.store(b"hello")
    assert digest == hashlib.sha256(b"hello").hexdigest() == store.store(b"hello")
    with AttachmentStore(tmp_path / "attachments").open(digest) as file:
        assert file.read() == b"hello"
    assert [path.name for path in store.folder.rglob("*") if path.is_file()] == [digest]


@pytest.mark.parametrize("name", ["", "../log/lock", "A" * 64, "0" * 63, "0" * 64 + "\n", "/etc/passwd"])
def test_what_is_no_digest_opens_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal"):
        AttachmentStore(tmp_path).open(name)


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
