"""Files that visitors attach: bounded, known by their bytes, and given back as downloads that no page runs."""

import asyncio
import contextlib
from typing import Final
from urllib.parse import quote

import msgspec
from aiohttp import web

from adapters.webchat.core import Core
from adapters.webchat.settings import Files
from adapters.webchat.tokens import Download, Session, Upload
from engine.file_kinds import safe_name
from engine.messages.observed import Attachment
from engine.ports import Attachments
from engine.signed import NotSigned
from engine.uploads import CHUNK, FileBounds, Refusal, UploadRefused, require_size, take_upload

UPLOAD_LIFETIME_S: Final = 3600


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
    attachment = await _take(core, request, files, store)
    ticket = core.signer.sign(Upload(session.visitor, core.now_s + UPLOAD_LIFETIME_S, attachment))
    core.counters["files"] += 1
    core.counters["file_bytes"] += attachment.size_bytes
    told = Uploaded(ticket, attachment.name, attachment.media_type, attachment.size_bytes)
    body = msgspec.json.encode(told)
    return web.Response(body=body, content_type="application/json")


async def give(core: Core, request: web.Request, token: str) -> web.StreamResponse:
    """Send a file to whoever has its signed address: to be saved, never to be shown as a page."""
    store = core.engine.attachments
    try:
        attachment = core.signer.read(token, Download, core.now_s).attachment
    except NotSigned as error:
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
    with file, contextlib.suppress(ConnectionError):  # who breaks a download off does no wrong
        await response.prepare(request)
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            await response.write(chunk)
        await response.write_eof()
    return response


async def _take(core: Core, request: web.Request, files: Files, store: Attachments) -> Attachment:
    bounds = FileBounds(files.bytes_max, files.media_types)
    announced = request.content_length or 0
    try:
        require_size(announced, bounds.bytes_max)
        return await take_upload(request.content.iter_chunked(CHUNK), request.query.get("name", ""), bounds, store)
    except UploadRefused as error:
        text = str(error)
        match error.why:
            case Refusal.TOO_LARGE:
                raise web.HTTPRequestEntityTooLarge(bounds.bytes_max, announced, text=text) from None
            case Refusal.TOO_LATE:
                raise web.HTTPRequestTimeout(text=text) from None
            case Refusal.EMPTY:
                raise web.HTTPBadRequest(text=text) from None
            case Refusal.OTHER_KIND:
                core.counters["files_refused"] += 1
                raise web.HTTPUnsupportedMediaType(text=text) from None
