"""Files of the pages: the style of the documentation, the agent desk, and what all pages share."""

import hashlib
from importlib.resources import files
from typing import Final

from aiohttp import web

from adapters.http.route_table import OPEN, Handler, Route

_PAGES: Final = files("adapters.http") / "pages"


def _scripts(folder: str) -> list[str]:
    return sorted(part.name for part in (_PAGES / folder).iterdir() if part.name.endswith(".js"))


DESK: Final = (
    ("/desk", "desk.html", "text/html"),
    ("/pages/desk/desk.css", "desk.css", "text/css"),
    *((f"/pages/desk/{language}.json", f"{language}.json", "application/json") for language in ("en", "vi")),
    *((f"/pages/desk/{name}", name, "text/javascript") for name in _scripts("desk")),
)
"""The agent desk: address, file and type of each part."""

COMMON: Final = tuple((f"/pages/common/{name}", name, "text/javascript") for name in _scripts("common"))
"""What the pages share: address, file and type of each part."""


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
    _page("/pages/document.css", "document.css", "text/css", "getDocumentStyle", "Style of the documentation"),
    *(_page(path, f"desk/{name}", kind, f"getDesk:{name}", "The agent desk") for path, name, kind in DESK),
    *(_page(path, f"common/{name}", kind, f"getCommon:{name}", "What pages share") for path, name, kind in COMMON),
)
