"""The public listener: addresses, and around each the checks of who asks, from which page and how often."""

import html
import ipaddress
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from adapters.webchat import files
from adapters.webchat.core import Core
from adapters.webchat.page_texts import described, texts
from adapters.webchat.polling import Polling
from adapters.webchat.settings import EVERYWHERE, Inbox, in_locale
from adapters.webchat.sockets import Sockets
from adapters.webchat.widget import widget

logger = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
PAGES: Final = Path(__file__).parent / "pages"
NOTHING_FROM_ELSEWHERE: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors "
)
_BLANK: Final = re.compile(r"\{\{(\w+)\}\}")
HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Server": "trunkline"}
ALLOWED: Final = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "3600",
}


class Application:
    """Makes the aiohttp application of one adapter."""

    def __init__(self, core: Core, sockets: Sockets, polling: Polling) -> None:
        self._core = core
        self._sockets = sockets
        self._polling = polling
        self._addresses: Counter[str] = Counter()
        """Open WebSockets and polls of each."""
        self._proxies = _networks(core.settings.trusted_proxies)
        self._widget = widget()

    def build(self) -> web.Application:
        """All routes."""
        app = web.Application(middlewares=[self._guard], client_max_size=64 << 10)
        app.on_response_prepare.append(_set_headers)
        add, add_page = app.router.add_route, app.router.add_get  # which answers HEAD, too
        add_page("/livez", self._livez)
        add_page("/widget.js", self._get_widget)
        add_page("/widget/{inbox}", self._get_page)
        add_page("/try/{inbox}", self._get_trial)
        add_page("/widget-page.css", self._get_style)
        add("GET", "/chat/v1/inboxes/{inbox}", self._of_inbox(self._get_inbox))
        add("GET", "/chat/v1/ws", self._of_inbox(self._held(self._get_socket), even_none=True))
        add("GET", "/chat/v1/messages", self._of_inbox(self._held(self._get_messages), even_none=True))
        add("POST", "/chat/v1/frames", self._of_inbox(self._post_frame, even_none=True))
        add("POST", "/chat/v1/files", self._of_inbox(self._post_file))
        add("GET", "/chat/v1/files/{token}", self._get_file)
        for path in ("inboxes/{inbox}", "messages", "frames", "files"):
            add("OPTIONS", f"/chat/v1/{path}", self._of_inbox(self._preflight, even_none=True))
        return app

    def follow(self) -> None:
        """Go on with the core's other settings."""
        self._proxies = _networks(self._core.settings.trusted_proxies)

    # --- around every request

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        core = self._core
        try:
            if core.stopping:
                raise web.HTTPServiceUnavailable(text="stopping", headers={"Retry-After": "5"})
            wait_s = core.limits.requests.take(self.address(request), core.monotonic_ns())
            if wait_s:
                raise web.HTTPTooManyRequests(text="too many requests", headers={"Retry-After": str(int(wait_s) + 1)})
            response = await handler(request)
        except ConnectionError:
            is_gone = request.transport is None or request.transport.is_closing()
            if not is_gone and request.content.exception() is None:
                raise
            core.counters["requests_broken_off"] += 1  # anybody may go in the middle of what they send, or wait for
            return web.Response(status=400, text="the request was broken off")
        except web.HTTPException as error:
            core.counters["requests_refused"] += error.status >= 400
            self._allow_origin(request, error)
            raise
        if not response.prepared:
            self._allow_origin(request, response)
        return response

    def address(self, request: web.Request) -> str:
        """Who asks: behind a trusted proxy, the last one whom no trusted proxy stands for."""
        address = request.remote or ""
        if not self._proxies or not self._is_proxy(address):
            return address
        for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
            if hop.strip():
                address = hop.strip()
            if not self._is_proxy(address):
                break
        return address[:64]

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)

    def _of_inbox(
        self, handler: Callable[[web.Request, str], Awaitable[web.StreamResponse]], *, even_none: bool = False
    ) -> Handler:
        """For the pages of one inbox alone; `even_none`: the handler itself tells them that there is none any more."""

        async def checked(request: web.Request) -> web.StreamResponse:
            name = request.match_info.get("inbox") or request.query.get("inbox", "")
            inbox = self._core.settings.inboxes.get(name)
            if inbox is None and not even_none:
                raise web.HTTPNotFound(text="there is no such inbox")
            if inbox is not None and not self._may(request, inbox):
                self._core.counters["origins_refused"] += 1
                raise web.HTTPForbidden(text="pages of this origin may not show the inbox; list it under 'origins'")
            return await handler(request, name)

        return checked

    def _may(self, request: web.Request, inbox: Inbox) -> bool:
        origin = request.headers.get("Origin")
        if origin is None:
            same = request.headers.get("Sec-Fetch-Site") == "same-origin"
            return inbox.allow_webview or same
        return EVERYWHERE in inbox.origins or origin in inbox.origins or _is_own(origin, request)

    def _allow_origin(self, request: web.Request, response: web.StreamResponse) -> None:
        """Let a page of a listed origin read the answer, a refusal too; and any page that there is no such inbox."""
        origin = request.headers.get("Origin")
        name = request.match_info.get("inbox") or request.query.get("inbox", "")
        inbox = self._core.settings.inboxes.get(name)
        response.headers.add("Vary", "Origin")
        if origin is not None and (self._may(request, inbox) if inbox is not None else name):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = "Retry-After"

    def _held(
        self, handler: Callable[[web.Request, str], Awaitable[web.StreamResponse]]
    ) -> "Callable[[web.Request, str], Awaitable[web.StreamResponse]]":
        """For requests that stay: so many in all, and so many of one address."""

        async def counted(request: web.Request, inbox: str) -> web.StreamResponse:
            settings, address = self._core.settings, self.address(request)
            is_crowded = self._addresses.total() >= settings.connections
            if is_crowded or self._addresses[address] >= settings.connections_per_address:
                raise web.HTTPServiceUnavailable(text="too many connections", headers={"Retry-After": "5"})
            self._addresses[address] += 1
            try:
                return await handler(request, inbox)
            finally:
                self._addresses[address] -= 1
                if not self._addresses[address]:
                    del self._addresses[address]

        return counted

    # --- the chat

    async def _get_socket(self, request: web.Request, inbox: str) -> web.StreamResponse:
        return await self._sockets.serve(request, inbox, self.address(request))

    async def _get_messages(self, request: web.Request, inbox: str) -> web.StreamResponse:
        return await self._polling.get_messages(request, inbox)

    async def _post_frame(self, request: web.Request, inbox: str) -> web.StreamResponse:
        return await self._polling.post_frame(request, inbox, self.address(request))

    async def _post_file(self, request: web.Request, inbox: str) -> web.StreamResponse:
        return await files.take(self._core, request, self._polling.session_of(request, inbox))

    async def _get_file(self, request: web.Request) -> web.StreamResponse:
        return await files.give(self._core, request, request.match_info["token"])

    async def _get_inbox(self, request: web.Request, inbox: str) -> web.StreamResponse:
        settings = self._core.settings.inboxes[inbox]
        is_open = self._core.is_open(settings)
        has_files = self._core.engine.attachments is not None
        wanted, notices = request.query.get("locale", ""), self._core.notices(settings)
        found = described(settings, wanted, is_open=is_open, has_files=has_files, notices=notices)
        return web.Response(body=msgspec.json.encode(found), content_type="application/json")

    async def _preflight(self, request: web.Request, inbox: str) -> web.StreamResponse:
        return web.Response(status=204, headers=ALLOWED)

    # --- pages

    async def _livez(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text="ok")

    async def _get_widget(self, request: web.Request) -> web.StreamResponse:
        headers = {
            "ETag": self._widget.tag,
            "Cache-Control": "public, max-age=300",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("If-None-Match") == self._widget.tag:
            return web.Response(status=304, headers=headers)
        body = self._widget.plain
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            body, headers["Content-Encoding"] = self._widget.packed, "gzip"
        return web.Response(body=body, content_type="text/javascript", charset="utf-8", headers=headers)

    async def _get_page(self, request: web.Request) -> web.StreamResponse:
        """A page that is nothing but the widget: for frames and for applications."""
        return self._page(request, "page.html")

    async def _get_trial(self, request: web.Request) -> web.StreamResponse:
        """An example of a page with the widget on it, and the line that brings it there: to try it."""
        return self._page(request, "try.html")

    def _page(self, request: web.Request, file: str) -> web.StreamResponse:
        name = request.match_info["inbox"]
        inbox = self._core.settings.inboxes.get(name)
        if inbox is None:
            raise web.HTTPNotFound(text="there is no such inbox")
        catalogue = texts(inbox, request.query.get("locale", request.headers.get("Accept-Language", "")))
        locale = catalogue["locale"]
        filled = {
            "locale": locale,
            "inbox": name,
            "title": in_locale(inbox.title, locale) or catalogue["title"],
            "origin": f"{self._core.settings.scheme}://{request.headers.get('Host', '')}",
            "try_page": catalogue["try_page"],
            "try_snippet": catalogue["try_snippet"],
        }
        page = (PAGES / file).read_text(encoding="utf-8")
        page = _BLANK.sub(lambda found: html.escape(filled[found[1]]), page)
        ancestors = "*" if EVERYWHERE in inbox.origins else " ".join(["'self'", *inbox.origins])
        headers = {"Content-Security-Policy": NOTHING_FROM_ELSEWHERE + ancestors}
        return web.Response(text=page, content_type="text/html", charset="utf-8", headers=headers)

    async def _get_style(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=(PAGES / "page.css").read_text(encoding="utf-8"), content_type="text/css")


def _networks(proxies: Sequence[str]) -> list[Network]:
    return [ipaddress.ip_network(proxy, strict=False) for proxy in proxies]


async def _set_headers(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")


def _is_own(origin: str, request: web.Request) -> bool:
    try:
        return urlsplit(origin).netloc == request.headers.get("Host", "")
    except ValueError:
        return False
