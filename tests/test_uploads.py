"""Files that people bring: bounded in size and time, and known by their bytes."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event

import pytest

from engine import uploads
from engine.errors import Overloaded
from engine.log.attachments import AttachmentStore
from engine.messages.observed import Attachment, MessageSent, Observed
from engine.ports import Receipt
from engine.uploads import FileBounds, Refusal, UploadRefused, require_size, submit_facts, submit_naming, take_upload

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


class Settling:
    """A store with one file for a line that is handed in, and what becomes of both."""

    def __init__(self, folder: Path) -> None:
        self.store = AttachmentStore(folder)
        self.settled = asyncio.Event()
        digest = self.store.store(PICTURE)
        self.file = Attachment(name="a.png", media_type="image/png", size_bytes=len(PICTURE), sha256=digest)
        self.answer: asyncio.Future[list[Receipt]] = asyncio.get_running_loop().create_future()
        loop, settle = asyncio.get_running_loop(), self.store.settle

        def settle_and_tell(sha256: str, *, named: bool) -> None:
            settle(sha256, named=named)
            loop.call_soon_threadsafe(self.settled.set)

        self.store.settle = settle_and_tell  # type: ignore[method-assign]

    @property
    def is_kept(self) -> bool:
        return bool(kept_in(self.store))

    async def hand_in(self) -> "asyncio.Future[list[Receipt]]":
        """Return what becomes of the line, once it is handed in."""
        return await submit_naming(self.file, self.store, lambda: self.answer)


@pytest.mark.parametrize(
    ("receipt", "stays"),
    [
        (Receipt(5), True),
        (Receipt(5, duplicate=True), False),
        (Receipt(5, refused="wrong_state"), False),
        (Receipt(0, error="there is no such contact"), False),
    ],
)
async def test_a_file_stays_where_its_line_is_taken(tmp_path: Path, receipt: Receipt, stays: bool) -> None:
    one = Settling(tmp_path)
    submitted = await one.hand_in()
    assert one.is_kept, "whoever is told of the line finds the file"
    one.answer.set_result([receipt])
    assert await submitted == [receipt]
    await one.settled.wait()
    assert (one.is_kept, one.store.in_doubt()) == (stays, {})


async def test_a_line_that_finds_no_room_leaves_its_file_waiting(tmp_path: Path) -> None:
    one = Settling(tmp_path)

    def full() -> asyncio.Future[list[Receipt]]:
        raise Overloaded("full")

    with pytest.raises(Overloaded):
        _ = await submit_naming(one.file, one.store, full)
    await one.settled.wait()
    assert not one.is_kept
    _ = await one.hand_in()
    assert one.is_kept


async def test_who_goes_before_the_line_is_handed_in_leaves_its_file_waiting(tmp_path: Path) -> None:
    one, keep, begun, go_on = Settling(tmp_path), AttachmentStore.keep, Event(), Event()

    def keep_slowly(sha256: str) -> None:
        begun.set()
        go_on.wait(30)
        keep(one.store, sha256)

    one.store.keep = keep_slowly  # type: ignore[method-assign]
    saying: asyncio.Task[object] = asyncio.create_task(one.hand_in())
    await asyncio.to_thread(begun.wait)
    saying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saying
    go_on.set()
    await one.settled.wait()
    assert not one.is_kept


async def test_where_nobody_learns_of_the_line_the_next_start_does(tmp_path: Path) -> None:
    one = Settling(tmp_path)
    submitted = await one.hand_in()
    one.answer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await submitted
    assert one.store.in_doubt() == {one.file.sha256: 0}
    assert one.is_kept


async def test_a_disk_that_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, told = Settling(tmp_path), asyncio.Event()
    sentences: list[str] = []

    def refuse(_sha256: str, *, named: bool) -> None:
        raise OSError(30, f"Read-only file system, {named}")

    def warn(sentence: str, *words: object) -> None:
        sentences.append(sentence % words)
        told.set()

    monkeypatch.setattr(one.store, "settle", refuse)
    monkeypatch.setattr(uploads.logger, "warning", warn)
    submitted = await one.hand_in()
    one.answer.set_result([Receipt(5)])
    assert await submitted
    await told.wait()
    assert "settled at the next start" in sentences[0]


def kept_in(store: AttachmentStore) -> list[str]:
    """Digests of the files that lines name, or may name."""
    return [path.name for path in store.folder.glob("??/*")]


def lines_naming(*digests: str) -> list[Observed]:
    """A line without a file, then one for each of these."""
    named = [Attachment(name="a.png", media_type="image/png", size_bytes=1, sha256=digest) for digest in digests]
    plain = MessageSent(contact="c", text="look at these")
    return [plain, *(MessageSent(contact="c", attachment=attachment) for attachment in named)]


async def test_of_the_files_that_facts_name_those_here_stay_whose_lines_are_taken(tmp_path: Path) -> None:
    store = AttachmentStore(tmp_path)
    taken, rejected = store.store(PICTURE), store.store(PICTURE + b"2")
    elsewhere = "0" * 64
    answer: asyncio.Future[list[Receipt]] = asyncio.get_running_loop().create_future()
    settled = asyncio.Event()
    loop, settle, left = asyncio.get_running_loop(), store.settle, [taken, rejected]

    def settle_and_tell(sha256: str, *, named: bool) -> None:
        settle(sha256, named=named)
        left.remove(sha256)
        if not left:
            loop.call_soon_threadsafe(settled.set)

    store.settle = settle_and_tell  # type: ignore[method-assign]
    submitted = await submit_facts(lines_naming(elsewhere, rejected, taken), store, lambda: answer)
    assert set(store.in_doubt()) == {taken, rejected}
    answer.set_result([Receipt(1), Receipt(2), Receipt(0, error="no such contact"), Receipt(3)])
    assert len(await submitted) == 4
    await settled.wait()
    assert kept_in(store) == [taken]
    assert store.in_doubt() == {}


async def test_where_one_file_cannot_be_kept_none_is_and_nothing_is_handed_in(tmp_path: Path) -> None:
    store = AttachmentStore(tmp_path)
    one, other = store.store(PICTURE), store.store(PICTURE + b"2")
    keep = store.keep

    def keep_one(sha256: str) -> None:
        if sha256 == other:
            raise OSError(28, "No space left on device")
        keep(sha256)

    store.keep = keep_one  # type: ignore[method-assign]

    def never_called() -> asyncio.Future[list[Receipt]]:
        raise AssertionError("handed in")

    with pytest.raises(OSError, match="No space"):
        _ = await submit_facts(lines_naming(one, other), store, never_called)
    assert kept_in(store) == []
    assert store.in_doubt() == {}
