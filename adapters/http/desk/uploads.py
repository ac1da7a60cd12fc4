"""Files that agents send: bounded, known by their bytes, and brought into a line by a ticket of the agent's own."""

from typing import Final

import msgspec
from aiohttp import web

from adapters.http.desk.commands import NotAllowed
from adapters.http.problems import Problem
from adapters.http.settings import DeskLimits
from engine.messages.observed import Attachment
from engine.model.rate_limit import RateLimit
from engine.ports import Attachments
from engine.signed import NotSigned, Signed
from engine.uploads import CHUNK, FileBounds, Refusal, UploadRefused, require_size, take_upload

LIFETIME_NS: Final = 3_600_000_000_000
_CLOSE: Final = {"Connection": "close"}
_PROBLEMS: Final = {
    Refusal.TOO_LARGE: ("too-large", _CLOSE),
    Refusal.TOO_LATE: ("timeout", _CLOSE),
    Refusal.EMPTY: ("malformed", {}),
    Refusal.OTHER_KIND: ("unsupported-media-type", {}),
}


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
        self._tickets = Signed(key, "desk upload", Upload)
        self._bounds = FileBounds(limits.file_bytes_max, limits.file_types)
        self.rate_limit = RateLimit(0.5, 10)
        """By agent: files are dear."""

    async def take(
        self, request: web.Request, store: Attachments, agent: str, contact_id: int, now_ns: int
    ) -> Uploaded:
        """Keep the body as a file. Raises Problem for one that is too large, late, empty or of another kind."""
        try:
            require_size(request.content_length or 0, self._bounds.bytes_max)
            chunks = request.content.iter_chunked(CHUNK)
            attachment = await take_upload(chunks, request.query.get("name", ""), self._bounds, store)
        except UploadRefused as error:
            slug, headers = _PROBLEMS[error.why]
            raise Problem(slug, str(error), headers=headers) from None
        ticket = self._tickets.sign(Upload(agent, contact_id, now_ns + LIFETIME_NS, attachment))
        return Uploaded(ticket, attachment.name, attachment.media_type, attachment.size_bytes, attachment.sha256)

    def read(self, ticket: str, agent: str, contact_id: int, now_ns: int) -> Attachment:
        """Return the file of a ticket. Raises NotAllowed for one of another agent or contact, or that is too old."""
        try:
            upload = self._tickets.read(ticket)
        except NotSigned as error:
            raise NotAllowed(f"the file's ticket is not good: {error}") from None
        if (upload.agent, upload.contact_id) != (agent, contact_id):
            raise NotAllowed("the file was brought by another agent, or for another contact")
        if upload.until_ns <= now_ns:
            raise NotAllowed("the file was brought too long ago; attach it once more")
        return upload.attachment
