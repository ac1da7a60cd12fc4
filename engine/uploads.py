"""Files that people bring: read within bounds, known by their bytes, kept until a line says whose they are."""

import asyncio
import logging
from collections.abc import AsyncIterable, Callable, Sequence
from contextlib import suppress
from enum import Enum, auto
from functools import partial
from typing import Final

import msgspec

from engine.errors import TrunklineError
from engine.file_kinds import media_type_of, safe_name
from engine.messages.observed import Attachment, MessageSent, Observed
from engine.ports import Attachments, Receipt

READ_WITHIN_S: Final = 60.0
"""A file that is not there by then is too late."""
CHUNK: Final = 64 << 10
"""Bytes that are read at once."""

logger = logging.getLogger(__name__)


class Refusal(Enum):
    """Why a file is not taken."""

    TOO_LARGE = auto()
    TOO_LATE = auto()
    EMPTY = auto()
    OTHER_KIND = auto()


class UploadRefused(TrunklineError):
    """A file is not taken; nothing was kept. `why` is for the adapter's own way to say it."""

    def __init__(self, why: Refusal, text: str) -> None:
        super().__init__(text)
        self.why = why


class FileBounds(msgspec.Struct, frozen=True):
    """What may be brought."""

    bytes_max: int
    """Of one file."""
    media_types: Sequence[str]


async def take_upload(chunks: AsyncIterable[bytes], name: str, bounds: FileBounds, store: Attachments) -> Attachment:
    """Keep a file that comes in chunks, under a name that is no trick. Raises UploadRefused, OSError."""
    content = await read_bounded(chunks, bounds.bytes_max)
    media_type = media_type_of(content)
    if media_type not in bounds.media_types:
        kinds = ", ".join(bounds.media_types)
        raise UploadRefused(Refusal.OTHER_KIND, f"only {kinds} are taken; by its bytes the file is none of these")
    digest = await asyncio.to_thread(store.store, content)
    return Attachment(name=safe_name(name, media_type), media_type=media_type, size_bytes=len(content), sha256=digest)


async def read_bounded(chunks: AsyncIterable[bytes], bytes_max: int) -> bytes:
    """Return what comes in chunks, to its end. Raises UploadRefused for what is too large, too late or nothing."""
    found = bytearray()
    try:
        async with asyncio.timeout(READ_WITHIN_S):
            async for chunk in chunks:
                found += chunk
                require_size(len(found), bytes_max)
    except TimeoutError:
        raise UploadRefused(Refusal.TOO_LATE, "the file did not come in time") from None
    if not found:
        raise UploadRefused(Refusal.EMPTY, "there is nothing in the file")
    return bytes(found)


def require_size(size_bytes: int, bytes_max: int) -> None:
    """Raise UploadRefused for what is too large, or is told to be before it is read."""
    if size_bytes > bytes_max:
        raise UploadRefused(Refusal.TOO_LARGE, f"a file has at most {bytes_max} bytes")


Submit = Callable[[], "asyncio.Future[list[Receipt]]"]
"""Hands facts in; the future resolves with a receipt for each, in their order."""


async def submit_naming(file: Attachment, store: Attachments, submit: Submit) -> "asyncio.Future[list[Receipt]]":
    """Keep a file and hand in the one line that names it; returns what `submit` does, and raises what it raises.

    Where the line is not taken the file waits again, for another line or until its day is over. Raises
    FileNotFoundError, OSError where the file cannot be kept; nothing was handed in then.
    """
    return await _submit_kept(partial(_keep_one, store, file.sha256), store, submit)


async def submit_facts(
    facts: Sequence[Observed], store: Attachments | None, submit: Submit
) -> "asyncio.Future[list[Receipt]]":
    """Hand in `facts` of others, whose lines may name files that wait here: those are kept as by `submit_naming`.

    A file that nobody brought here may lie with whoever says the line, which is taken as it is. Raises what `submit`
    raises, and OSError where a file cannot be kept; nothing was handed in then.
    """
    named = [
        (place, fact.attachment.sha256)
        for place, fact in enumerate(facts)
        if type(fact) is MessageSent and fact.attachment is not None
    ]
    if store is None or not named:
        return submit()
    return await _submit_kept(partial(_keep_those_here, store, named), store, submit)


Kept = list[tuple[int, str]]
"""The place of a line among those handed in, and the digest of the file that is kept for it."""


async def _submit_kept(keep: Callable[[], Kept], store: Attachments, submit: Submit) -> "asyncio.Future[list[Receipt]]":
    keeping = asyncio.get_running_loop().run_in_executor(None, keep)
    try:
        kept = await asyncio.shield(keeping)
        submitted = submit()
    except BaseException:  # whoever said the line may be gone: what the thread has kept by then is given back
        keeping.add_done_callback(partial(_give_back, store))
        raise
    submitted.add_done_callback(partial(_told, store, kept))
    return submitted


def _keep_one(store: Attachments, sha256: str) -> Kept:
    store.keep(sha256)
    return [(0, sha256)]


def _keep_those_here(store: Attachments, named: Kept) -> Kept:
    """Keep the files that are here, all or none. Raises OSError."""
    kept: Kept = []
    try:
        for place, sha256 in named:
            with suppress(FileNotFoundError):
                store.keep(sha256)
                kept.append((place, sha256))
    except OSError:
        for _, sha256 in kept:
            store.settle(sha256, named=False)
        raise
    return kept


def _give_back(store: Attachments, keeping: "asyncio.Future[Kept]") -> None:
    if not keeping.cancelled() and keeping.exception() is None:
        for _, sha256 in keeping.result():
            _settle(store, sha256, named=False)


def _told(store: Attachments, kept: Kept, answer: "asyncio.Future[list[Receipt]]") -> None:
    if answer.cancelled() or answer.exception() is not None:
        return  # nobody knows: the next start finds out
    receipts = answer.result()
    for place, sha256 in kept:
        receipt = receipts[place]
        _settle(store, sha256, named=not (receipt.error or receipt.refused or receipt.duplicate))


def _settle(store: Attachments, sha256: str, *, named: bool) -> None:
    settling = asyncio.get_running_loop().run_in_executor(None, partial(store.settle, sha256, named=named))
    settling.add_done_callback(partial(_settled, sha256))


def _settled(sha256: str, settling: "asyncio.Future[None]") -> None:
    if not settling.cancelled() and (error := settling.exception()) is not None:
        logger.warning("file %s is settled at the next start: %s", sha256, error)
