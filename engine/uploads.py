"""Files that people bring: read within bounds, known by their bytes, kept until a line says whose they are."""

import asyncio
from collections.abc import AsyncIterable, Sequence
from enum import Enum, auto
from typing import Final

import msgspec

from engine.errors import TrunklineError
from engine.file_kinds import media_type_of, safe_name
from engine.messages.observed import Attachment
from engine.ports import Attachments

READ_WITHIN_S: Final = 60.0
"""A file that is not there by then is too late."""
CHUNK: Final = 64 << 10
"""Bytes that are read at once."""


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
