"""WebSockets: hello, then frames both ways. A reader that takes nothing is cut off; it comes back and goes on."""

import asyncio
import contextlib
import logging
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from adapters.webchat import frames
from adapters.webchat.chats import Visitor
from adapters.webchat.conduct import Conduct
from adapters.webchat.core import Core
from adapters.webchat.frames import FRAME_BYTES_MAX, AnyServerFrame, BadFrame
from adapters.webchat.page import Page
from adapters.webchat.reception import Reception
from adapters.webchat.switchboard import Switchboard
from adapters.webchat.tokens import Session

logger = logging.getLogger(__name__)
HELLO_WITHIN_S: Final = 10.0
PING_EVERY_S: Final = 25.0
SEND_WITHIN_S: Final = 20.0
MALFORMED_MAX: Final = 20
"""Bad frames of one connection after which it is cut."""


class Sockets:
    """All WebSockets of the adapter."""

    def __init__(self, core: Core, switchboard: Switchboard, reception: Reception, conduct: Conduct) -> None:
        self._core = core
        self._switchboard = switchboard
        self._reception = reception
        self._conduct = conduct
        self.open: dict[web.WebSocketResponse, str] = {}
        """With the inbox of each."""

    async def serve(self, request: web.Request, inbox: str, address: str) -> web.StreamResponse:
        """Serve one until it closes."""
        socket = web.WebSocketResponse(heartbeat=PING_EVERY_S, max_msg_size=FRAME_BYTES_MAX, compress=False)
        await socket.prepare(request)
        self.open[socket] = inbox
        self._core.counters["sockets"] += 1
        try:
            session = await self._greet(socket, inbox, address)
            if session is not None:
                await self._converse(socket, *session, request.headers.get("Origin", ""))
        except (ConnectionError, TimeoutError):
            self._core.counters["sockets_broken"] += 1
        finally:
            self.open.pop(socket, None)
            with contextlib.suppress(ConnectionError, TimeoutError):
                await socket.close()
        return socket

    async def close(self) -> None:
        """Tell every page to come back."""
        gone = [socket.close(code=WSCloseCode.GOING_AWAY, message=b"come back") for socket in self.open]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*gone, return_exceptions=True), 2.0)

    async def close_gone(self) -> None:
        """Tell the pages of inboxes that are not configured any more that there is none, as who comes back hears."""
        gone = [socket for socket, inbox in self.open.items() if inbox not in self._core.settings.inboxes]
        none = BadFrame("no_inbox", "there is no such inbox any more")
        await asyncio.gather(*(self._send_away(socket, none) for socket in gone))

    async def _send_away(self, socket: web.WebSocketResponse, bad: BadFrame) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            await self._send(socket, bad.frame(self._core.seq))
            await socket.close(code=WSCloseCode.POLICY_VIOLATION)

    async def _greet(
        self, socket: web.WebSocketResponse, inbox: str, address: str
    ) -> tuple[Session, Visitor, frames.Hello] | None:
        """Take the hello; None where there is none that is good, and the socket is closed."""
        message = await socket.receive(timeout=HELLO_WITHIN_S)
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            return None
        try:
            hello = frames.decode(message.data)
            if not isinstance(hello, frames.Hello):
                raise BadFrame("hello_first", "the first frame is hello")
            if hello.inbox != inbox:
                raise BadFrame("no_inbox", "the hello names another inbox than the address")
            session = self._reception.session_of(hello, address)
            await self._reception.recall(session)
        except BadFrame as bad:
            self._core.counters["hellos_refused"] += 1
            await self._send_away(socket, bad)
            return None
        return session, self._reception.visitor_of(session), hello

    async def _converse(
        self, socket: web.WebSocketResponse, session: Session, visitor: Visitor, hello: frames.Hello, origin: str
    ) -> None:
        welcome = self._reception.welcome(session, visitor, hello.left)
        page = Page(self._core, self._reception, visitor, hello.after_seq, welcome.state, hello.left)
        visitor.watchers.add(page)
        self._switchboard.watched(visitor)
        pump: asyncio.Task[None] | None = None
        try:
            await self._send(socket, welcome)
            page.wake()
            pump = asyncio.create_task(self._pump(socket, page), name="webchat page")
            await self._listen(socket, session, visitor, origin)
        finally:
            visitor.watchers.discard(page)
            self._switchboard.unwatched(visitor)
            if pump is not None:
                pump.cancel()
                await asyncio.gather(pump, return_exceptions=True)

    async def _listen(self, socket: web.WebSocketResponse, session: Session, visitor: Visitor, origin: str) -> None:
        """Answer frames until the socket closes."""
        malformed = 0
        async for message in socket:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                break
            try:
                answers = await self._conduct.answer(session, visitor, frames.decode(message.data), origin)
            except BadFrame as bad:
                answers = [bad.frame(self._core.seq)]
                self._core.counters["frames_refused"] += 1
                malformed += bad.code == "malformed"
                if malformed > MALFORMED_MAX:
                    await socket.close(code=WSCloseCode.POLICY_VIOLATION)
            for frame in answers:
                await self._send(socket, frame)

    async def _pump(self, socket: web.WebSocketResponse, page: Page) -> None:
        """Send what is new, whenever something is."""
        try:
            while not socket.closed:
                await page.news.wait()
                for frame in await page.read():
                    await self._send(socket, frame)
        except (ConnectionError, TimeoutError):
            await self._cut(socket)
        except asyncio.CancelledError:
            raise
        except Exception:
            logger.exception("a page could not be told what is new")
            await self._cut(socket)

    async def _cut(self, socket: web.WebSocketResponse) -> None:
        self._core.counters["sockets_cut"] += 1
        with contextlib.suppress(ConnectionError, TimeoutError):
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)

    async def _send(self, socket: web.WebSocketResponse, frame: AnyServerFrame) -> None:
        async with asyncio.timeout(SEND_WITHIN_S):
            await socket.send_str(frames.encode(frame))
