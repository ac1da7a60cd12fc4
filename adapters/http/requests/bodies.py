"""Bodies of requests: read in time, bounded, unpacked, and refused where they are packed or written in another way."""

import asyncio
import zlib
from typing import Final

from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError

from adapters.http.context import context_of
from adapters.http.problems import Problem

PACKINGS: Final = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
"""The Content-Encodings that bodies may have."""
CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii"})
"""What texts of bodies may be written in."""
_CLOSE: Final = {"Connection": "close"}
_GZIP: Final = 31
_ZLIB: Final = 15
_BARE: Final = -15
"""Deflate without zlib's frame, which some senders mean by the word."""


async def expect(request: web.Request) -> None:
    """Take note of an Expect header: `read_body` asks for the body, once it is known to be wanted.

    Raises HTTPExpectationFailed for what nobody knows.
    """
    if request.version >= HttpVersion11 and not _waits_to_be_asked(request):
        raise web.HTTPExpectationFailed(text=f"Unknown Expect: {request.headers.get('Expect', '')}")


def _waits_to_be_asked(request: web.Request) -> bool:
    return request.version >= HttpVersion11 and request.headers.get("Expect", "").lower() == "100-continue"


async def read_body(request: web.Request) -> bytes:
    """Return the whole body, unpacked. Raises Problem when it is late, too large, or not what its headers say."""
    settings = context_of(request).settings
    packing = request.headers.get("Content-Encoding", "").strip().lower()
    if packing not in PACKINGS:
        raise Problem(
            "unsupported-media-type",
            f"Content-Encoding {packing[:40]!r} is not read; send gzip, deflate, or the body as it is",
            headers={"Accept-Encoding": "gzip, deflate"} | _CLOSE,
        )
    charset = (request.charset or "utf-8").lower()
    if charset not in CHARSETS:
        raise Problem("unsupported-media-type", f"charset {charset[:40]!r} is not read; send UTF-8", headers=_CLOSE)
    if (request.content_length or 0) > settings.body_limit:
        raise Problem("too-large", f"the body has more than {settings.body_limit} bytes", headers=_CLOSE)
    try:
        if _waits_to_be_asked(request):
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # the answer itself has not begun
        if request.content.is_eof():  # it came with its head: nothing to wait for
            body = await request.read()
        else:
            async with asyncio.timeout(settings.body_timeout_ns / 1e9):
                body = await request.read()
    except TimeoutError:
        raise Problem("timeout", "the body did not arrive in time", headers=_CLOSE) from None
    except web.HTTPRequestEntityTooLarge:
        raise Problem("too-large", f"the body has more than {settings.body_limit} bytes") from None
    except (web.RequestPayloadError, HttpProcessingError):
        raise Problem("malformed", "the body cannot be read to its end; nothing was changed", headers=_CLOSE) from None
    return unpacked(body, packing, settings.body_limit) if packing not in ("", "identity") else body


def unpacked(body: bytes, packing: str, limit: int) -> bytes:
    """Return a body as it was before packing. Raises Problem where it is not packed so, ends early or is too large."""
    found = b""
    try:
        while body:
            reader = zlib.decompressobj(_window(body, packing))
            found += reader.decompress(body, limit + 1 - len(found))
            if len(found) > limit:
                raise Problem("too-large", f"the body has more than {limit} bytes when unpacked")
            if not reader.eof:
                raise Problem("malformed", f"the body ends before its {packing} does; nothing was changed")
            body = reader.unused_data
    except zlib.error:
        raise Problem("malformed", f"the body is not {packing}; nothing was changed") from None
    return found


def _window(body: bytes, packing: str) -> int:
    if packing != "deflate":
        return _GZIP
    return _ZLIB if body[0] & 0x0F == 8 else _BARE
