"""Files that visitors attach: bounded, known by their bytes, and given back as downloads that no page runs."""

import asyncio
from typing import Final
from urllib.parse import quote

import msgspec
from aiohttp import web

from adapters.webchat.core import Core
from adapters.webchat.tokens import Download, NotSigned, Session, Upload
from engine.file_kinds import media_type_of, safe_name
from engine.messages.observed import Attachment
from engine.ports import Attachments

UPLOAD_LIFETIME_S: Final = 3600
READ_WITHIN_S: Final = 60.0
CHUNK: Final = 64 << 10


class Uploaded(msgspec.Struct, frozen=True):
    """The answer to an upload."""

    ticket: str
    """To be sent with a line, within the hour, by the same visitor."""
    name: str
    media_type: str
    size_bytes: int


async def take(core: Core, request: web.Request, session: Session) -> web.Response:
    """Keep a file and answer with its ticket; it belongs to nobody's conversation before a line says so."""
    files, store = core.settings.inboxes[session.inbox].files, core.engine.attachments
    if not files.allowed or store is None:
        raise web.HTTPForbidden(text="files are not taken here")
    wait_s = core.limits.uploads.take(session.visitor, core.monotonic_ns())
    if wait_s:
        raise web.HTTPTooManyRequests(text="too many files", headers={"Retry-After": str(int(wait_s) + 1)})
    if not core.engine.views.admitting:
        raise web.HTTPServiceUnavailable(text="there is no room for files now")
    content = await _read(request, files.bytes_max)
    media_type = media_type_of(content)
    if media_type not in files.media_types:
        core.counters["files_refused"] += 1
        raise web.HTTPUnsupportedMediaType(
            text=f"only {', '.join(files.media_types)} are taken; by its bytes it is none"
        )
    digest = await asyncio.to_thread(store.store, content)
    name = safe_name(request.query.get("name", ""), media_type)
    attachment = Attachment(name=name, media_type=media_type, size_bytes=len(content), sha256=digest)
    ticket = core.signer.sign(Upload(session.visitor, core.now_s + UPLOAD_LIFETIME_S, attachment))
    core.counters["files"] += 1
    core.counters["file_bytes"] += len(content)
    body = msgspec.json.encode(Uploaded(ticket, name, media_type, len(content)))
    return web.Response(body=body, content_type="application/json")


async def give(core: Core, request: web.Request, token: str) -> web.StreamResponse:
    """Send a file to whoever has its signed address: to be saved, never to be shown as a page."""
    store = core.engine.attachments
    try:
        attachment = core.signer.read(token, Download, core.now_s).attachment
    except (NotSigned, msgspec.DecodeError) as error:
        raise web.HTTPNotFound(text=f"there is no such file: {error}") from None
    if store is None:
        raise web.HTTPNotFound(text="no files are kept")
    name = quote(safe_name(attachment.name, attachment.media_type), safe="")
    response = web.StreamResponse(
        headers={
            "Content-Type": attachment.media_type,
            "Content-Length": str(attachment.size_bytes),
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, max-age=86400, immutable",
        }
    )
    return await _send(request, response, store, attachment)


async def _send(
    request: web.Request, response: web.StreamResponse, store: Attachments, attachment: Attachment
) -> web.StreamResponse:
    try:
        file = await asyncio.to_thread(store.open, attachment.sha256)
    except (FileNotFoundError, ValueError):
        raise web.HTTPNotFound(text="the file is not there any more") from None
    with file:
        await response.prepare(request)
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            await response.write(chunk)
    await response.write_eof()
    return response


async def _read(request: web.Request, bytes_max: int) -> bytes:
    """The body, no longer than may be."""
    too_large = f"a file has at most {bytes_max} bytes"
    if (request.content_length or 0) > bytes_max:
        raise web.HTTPRequestEntityTooLarge(bytes_max, request.content_length or 0, text=too_large)
    found = bytearray()
    try:
        async with asyncio.timeout(READ_WITHIN_S):
            async for chunk in request.content.iter_chunked(CHUNK):
                found += chunk
                if len(found) > bytes_max:
                    raise web.HTTPRequestEntityTooLarge(bytes_max, len(found), text=too_large)
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the file did not come in time") from None
    if not found:
        raise web.HTTPBadRequest(text="there is nothing in the file")
    return bytes(found)
