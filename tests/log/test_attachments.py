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
        store.settle(digest, named=True)
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


def test_a_file_waits_again_where_no_line_names_it(tmp_path: Path) -> None:
    store = AttachmentStore(tmp_path / "attachments", lambda: 7)
    digest = store.store(b"hello")
    store.keep(digest)
    assert store.in_doubt() == {digest: 7}
    store.settle(digest, named=False)
    assert (store.in_doubt(), kept_in(store)) == ({}, [])
    now_s = (store.folder / "waiting" / digest).stat().st_mtime
    assert store.sweep(now_s + WAITS_S + 1) == 1


def test_a_file_stays_where_one_of_the_lines_that_bring_it_names_it(tmp_path: Path) -> None:
    store = AttachmentStore(tmp_path / "attachments")
    digest = store.store(b"hello")
    for outcomes in ((False, True), (True, False), (False, False)):  # the last: it is named already
        for _ in outcomes:
            store.keep(digest)
        for named in outcomes:
            store.settle(digest, named=named)
        assert (store.in_doubt(), kept_in(store)) == ({}, [digest])
        assert store.store(b"hello") == digest
    assert not list((store.folder / "waiting").iterdir())


def test_what_another_process_left_in_doubt_is_judged(tmp_path: Path) -> None:
    store = AttachmentStore(tmp_path / "attachments", lambda: 5)
    named, not_named = store.store(b"named"), store.store(b"not named")
    for digest in (named, not_named):
        store.keep(digest)
    again = AttachmentStore(store.folder)
    assert again.in_doubt() == {named: 5, not_named: 5}
    again.judge(named, named=True)
    again.judge(not_named, named=False)
    assert (again.in_doubt(), kept_in(again)) == ({}, [named])
    again.keep(not_named)
    assert sorted(kept_in(again)) == sorted([named, not_named])


def test_a_mark_without_its_file_is_taken_away(tmp_path: Path) -> None:
    """The process ended after the mark was made, or after the file was given back."""
    store = AttachmentStore(tmp_path / "attachments")
    digest = store.store(b"hello")
    store.keep(digest)
    mark = next((store.folder / "in-doubt").iterdir())
    store.settle(digest, named=False)
    mark.touch()
    store.judge(digest, named=False)
    assert store.in_doubt() == {}
    store.keep(digest)


def kept_in(store: AttachmentStore) -> list[str]:
    """Return the digests of the files that are kept."""
    return [path.name for path in store.folder.glob("??/*")]


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
