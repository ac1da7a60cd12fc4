"""The page of queues at `/`, with its style and script."""

import hashlib
from importlib.resources import files
from typing import Final

from aiohttp import web

from adapters.http.route_table import OPEN, Handler, Route

_PAGES: Final = files("adapters.http") / "pages"


def _file(name: str, content_type: str) -> Handler:
    body = (_PAGES / name).read_bytes()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"Cache-Control": "no-cache", "ETag": etag}

    async def handle(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)

    return handle


def _page(path: str, name: str, content_type: str, operation: str, summary: str) -> Route:
    handler = _file(name, content_type)
    return Route("GET", path, handler, operation, summary, OPEN, "pages", produces=(content_type,))


ROUTES: Final = (
    _page("/", "board.html", "text/html", "getBoard", "The page of queues"),
    _page("/pages/board.css", "board.css", "text/css", "getBoardStyle", "Its style"),
    _page("/pages/board.js", "board.js", "text/javascript", "getBoardScript", "Its script"),
    _page("/pages/document.css", "document.css", "text/css", "getDocumentStyle", "Style of the documentation"),
)
