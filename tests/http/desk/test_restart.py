"""A chat over lost sockets and a killed engine: every line once, whoever sent it, and nobody signs in again."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientConnectionError, ClientSession, CookieJar

from tests.http.desk.support import CENTRE, Desk, sign_in, socket_of
from tests.http.support import CONTACTS, get, tell
from tests.sip.test_restart import Served

pytestmark = pytest.mark.slow
LINES = 60


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """An engine in a process of its own, not started yet."""
    made = Served(tmp_path)
    made.configure(CENTRE + f"\nadapters:\n  http: {{port: {made.port}}}\n")
    yield made
    await made.kill()


class Page:
    """What the desk's page does: it sends lines again under their names until they are answered."""

    def __init__(self, client: ClientSession, url: str) -> None:
        self._client = client
        self._url = url
        self.shown: dict[int, str] = {}
        """Lines by their place, however often the socket was lost."""
        self.number = 0

    async def write(self, texts: list[str]) -> None:
        """Write lines, one after the other, whatever becomes of the connection."""
        for text in texts:
            while not await self._try(text):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def _try(self, text: str) -> bool:
        after = {str(self.number): max(self.shown, default=0)} if self.number else {}
        try:
            async with asyncio.timeout(5), socket_of(self._client, self._url, after) as desk:
                await self._accepted(desk)
                if random.random() < 0.3:
                    say = {"id": text, "verb": "say", "contact": "chat-1", "text": text}
                    await desk.socket.send_json({"type": "do", "command": say})
                    return False  # the answer is lost with the socket
                told = await desk.do("say", id=text, contact="chat-1", text=text)
                assert (told["error"], told["refused"]) == ("", "")
                await desk.until(lambda: told["seq"] in self.shown or told["seq"] in desk.lines.get(self.number, {}))
                self._take(desk)
                return True
        except (ClientConnectionError, TimeoutError, TypeError):
            return False  # TypeError: what is read of a closed socket is no JSON

    async def _accepted(self, desk: Desk) -> None:
        await desk.until(lambda: bool(desk.contact("chat-1")))
        if desk.contact("chat-1")["state"] == "offered":
            await desk.do("accept", contact="chat-1")
            await desk.until(lambda: desk.contact("chat-1")["state"] == "connected")
        self.number = desk.contact("chat-1")["id"]

    def _take(self, desk: Desk) -> None:
        for seq, text in desk.lines.get(self.number, {}).items():
            assert seq not in self.shown, "told again behind the place that was resumed from"
            self.shown[seq] = text


async def test_lines_survive_lost_sockets_and_a_killed_engine(served: Served) -> None:
    url = f"http://127.0.0.1:{served.port}"
    await served.start("an")
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
        await sign_in(client, url)
        async with ClientSession(url) as api:
            await tell(api, CONTACTS, 201, contact="chat-1", queue="chat", channel="chat")
        page, texts = Page(client, url), [f"line {number}" for number in range(LINES)]
        writing = asyncio.create_task(page.write(texts))
        for mark in (LINES // 3, 2 * LINES // 3):
            while len(page.shown) < mark and not writing.done():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await served.kill()
            await served.start("an")
        async with asyncio.timeout(60):
            await writing
        async with ClientSession(url) as api:
            messages = (await get(api, f"{CONTACTS}/chat-1/messages"))["messages"]
        assert [message["text"] for message in messages] == texts
        assert page.shown == {message["seq"]: message["text"] for message in messages}
        seen = max(page.shown)
        read = [{"type": "messages_read", "contact": "chat-1", "by": "customer", "up_to_seq": seen}]
        async with ClientSession(url) as api, api.post("/api/v1/events", json=read) as answer:
            assert answer.status == 202
        await served.kill()
        await served.start("an")
        async with socket_of(client, url) as desk:
            await desk.until(lambda: bool(desk.lines.get(page.number)))
            assert list(desk.lines[page.number].values()) == texts
        async with ClientSession(url) as api:
            assert (await get(api, f"{CONTACTS}/chat-1/messages"))["customer_read_seq"] == seen
