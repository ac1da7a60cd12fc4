"""Files that agents send: bounded, known by their bytes, and brought into a line by a ticket of the agent's own."""

import asyncio
import base64
import binascii
import hashlib
import hmac
from typing import Final

import msgspec
from aiohttp import web

from adapters.http.desk.commands import NotAllowed
from adapters.http.problems import Problem
from adapters.http.settings import DeskLimits
from engine.file_kinds import media_type_of, safe_name
from engine.messages.observed import Attachment
from engine.model.rate_limit import RateLimit
from engine.ports import Attachments

LIFETIME_NS: Final = 3_600_000_000_000
READ_WITHIN_S: Final = 60.0
CHUNK: Final = 64 << 10


class Upload(msgspec.Struct, frozen=True, array_like=True):
    """A file that an agent has brought for one contact, to be sent with a line."""

    agent: str
    contact_id: int
    until_ns: int
    attachment: Attachment


class Uploaded(msgspec.Struct, frozen=True):
    """The answer to an upload."""

    ticket: str
    """To be sent with a line, within the hour, by the same agent."""
    name: str
    media_type: str
    size_bytes: int
    sha256: str


class Uploads:
    """Takes files, and knows its tickets again by the key of the desk's sessions."""

    def __init__(self, key: bytes, limits: DeskLimits) -> None:
        self._key = key
        self._limits = limits
        self.rate_limit = RateLimit(0.5, 10)
        """By agent: files are dear."""

    async def take(
        self, request: web.Request, store: Attachments, agent: str, contact_id: int, now_ns: int
    ) -> Uploaded:
        """Keep the body as a file. Raises Problem for one that is too large, late, empty or of another kind."""
        content = await self._read(request)
        media_type = media_type_of(content)
        if media_type not in self._limits.file_types:
            kinds = ", ".join(self._limits.file_types)
            raise Problem("unsupported-media-type", f"only {kinds} are sent; by its bytes the file is none of these")
        name = safe_name(request.query.get("name", ""), media_type)
        digest = await asyncio.to_thread(store.store, content)
        attachment = Attachment(name=name, media_type=media_type, size_bytes=len(content), sha256=digest)
        ticket = self._sign(Upload(agent, contact_id, now_ns + LIFETIME_NS, attachment))
        return Uploaded(ticket, name, media_type, len(content), digest)

    def read(self, ticket: str, agent: str, contact_id: int, now_ns: int) -> Attachment:
        """Return the file of a ticket. Raises NotAllowed for one of another agent or contact, or that is too old."""
        first, _, second = ticket.partition(".")
        try:
            body, mac = _bytes(first), _bytes(second)
            if not hmac.compare_digest(mac, self._mac(body)):
                raise NotAllowed("the file's ticket was not made here")
            upload = msgspec.msgpack.decode(body, type=Upload)
        except (ValueError, binascii.Error, msgspec.DecodeError):
            raise NotAllowed("that is no ticket of a file") from None
        if (upload.agent, upload.contact_id) != (agent, contact_id):
            raise NotAllowed("the file was brought by another agent, or for another contact")
        if upload.until_ns <= now_ns:
            raise NotAllowed("the file was brought too long ago; attach it once more")
        return upload.attachment

    async def _read(self, request: web.Request) -> bytes:
        most = self._limits.file_bytes_max
        too_large = f"a file has at most {most} bytes"
        if (request.content_length or 0) > most:
            raise Problem("too-large", too_large, headers={"Connection": "close"})
        found = bytearray()
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                async for chunk in request.content.iter_chunked(CHUNK):
                    found += chunk
                    if len(found) > most:
                        raise Problem("too-large", too_large, headers={"Connection": "close"})
        except TimeoutError:
            raise Problem("timeout", "the file did not come in time", headers={"Connection": "close"}) from None
        if not found:
            raise Problem("malformed", "there is nothing in the file")
        return bytes(found)

    def _sign(self, upload: Upload) -> str:
        body = msgspec.msgpack.encode(upload)
        return f"{_text(body)}.{_text(self._mac(body))}"

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, b"desk upload\0" + body, hashlib.sha256)


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
