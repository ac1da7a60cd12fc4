"""For those whose network bars WebSockets: the same frames by plain requests, and answers that wait for news."""

import asyncio
import contextlib
from typing import Final

import msgspec
from aiohttp import web

from adapters.webchat import frames
from adapters.webchat.conduct import Conduct
from adapters.webchat.core import Core
from adapters.webchat.frames import FRAME_BYTES_MAX, AnyServerFrame, BadFrame, Welcome
from adapters.webchat.page import Page, tag_of
from adapters.webchat.reception import Reception
from adapters.webchat.switchboard import Switchboard
from adapters.webchat.tokens import Session

WAIT_S: Final = 25.0
"""An answer comes after so long, news or not: proxies give up on longer ones."""
_ENCODER: Final = msgspec.json.Encoder()


class Batch(msgspec.Struct, frozen=True):
    """What one request is answered with."""

    frames: list[AnyServerFrame]
    seen: str = ""
    """To be brought back with the next poll."""


class Polling:
    """Stateless: what a page has seen, it brings along."""

    def __init__(self, core: Core, switchboard: Switchboard, reception: Reception, conduct: Conduct) -> None:
        self._core = core
        self._switchboard = switchboard
        self._reception = reception
        self._conduct = conduct
        self._waiting: set[Page] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def close(self) -> None:
        """Let everybody go who waits."""
        for page in tuple(self._waiting):
            page.wake()

    async def post_frame(self, request: web.Request, inbox: str, address: str) -> web.Response:
        """Answer one frame: a hello, or any other with the session that its welcome gave."""
        body = await request.content.read(FRAME_BYTES_MAX + 1)
        while body and not request.content.at_eof() and len(body) <= FRAME_BYTES_MAX:
            body += await request.content.read(FRAME_BYTES_MAX + 1 - len(body))
        try:
            self._core.inbox_called(inbox)
            frame = frames.decode(body)
            if isinstance(frame, frames.Hello):
                welcome = await self._welcome(frame, inbox, address)
                return _reply([welcome], tag_of(welcome.state))
            session = self.session_of(request, inbox)
            visitor = self._reception.visitor_of(session)
            try:
                answers = await self._conduct.answer(session, visitor, frame, request.headers.get("Origin", ""))
            finally:
                self._core.visitors.let_go(visitor)
        except BadFrame as bad:
            self._core.counters["frames_refused"] += 1
            answers = [bad.frame(self._core.seq)]
        return _reply(list(answers))

    async def get_messages(self, request: web.Request, inbox: str) -> web.Response:
        """Tell lines after `after_seq`, and the state unless its tag is `seen`; wait where there is nothing."""
        after_seq = _position(request, "after_seq", "the sequence of the last line shown")
        left = _position(request, "left", "the id of the chat that is shown no more")
        try:
            self._core.inbox_called(inbox)
        except BadFrame as bad:
            return _reply([bad.frame(self._core.seq)])
        session = self.session_of(request, inbox)
        visitor = self._reception.visitor_of(session)
        now = self._reception.state_of(visitor, left=left)
        seen = now if request.query.get("seen", "") == tag_of(now) else None
        page = Page(self._core, self._reception, visitor, after_seq, seen, left)
        visitor.watchers.add(page)
        self._waiting.add(page)
        self._switchboard.watched(visitor)
        self._core.counters["polls"] += 1
        try:
            found = await page.read()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WAIT_S):
                    while not found and not self._core.stopping and inbox in self._core.settings.inboxes:
                        await page.news.wait()
                        found = await page.read()
        finally:
            visitor.watchers.discard(page)
            self._waiting.discard(page)
            self._switchboard.unwatched(visitor)
        return _reply(found, page.seen_tag)

    def session_of(self, request: web.Request, inbox: str) -> Session:
        """The session that a request brings. Raises HTTPUnauthorized."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        session = self._reception.known_session(token, inbox) if scheme == "Bearer" and token else None
        if session is None:
            raise web.HTTPUnauthorized(text="say hello first, and bring the session of the welcome as Bearer token")
        return session

    async def _welcome(self, hello: frames.Hello, inbox: str, address: str) -> Welcome:
        if hello.inbox != inbox:
            raise BadFrame("no_inbox", "the hello names another inbox than the address")
        session = self._reception.session_of(hello, address)
        await self._reception.recall(session)
        visitor = self._reception.visitor_of(session)
        try:
            return self._reception.welcome(session, visitor, hello.left)
        finally:
            self._core.visitors.let_go(visitor)


def _position(request: web.Request, name: str, meaning: str) -> int:
    """Return a sequence that the query says; 0 where it says none. Raises HTTPBadRequest."""
    text = request.query.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise web.HTTPBadRequest(text=f"{name} is {meaning}")
    return int(text)


def _reply(found: list[AnyServerFrame], seen: str = "") -> web.Response:
    return web.Response(body=_ENCODER.encode(Batch(found, seen)), content_type="application/json")
