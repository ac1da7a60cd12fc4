"""The engine's HTTP interface as a client sees it: facts in, the stream of effects and events out."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, NamedTuple

import aiohttp
import msgspec

logger = logging.getLogger(__name__)
RECONNECT_S: Final = 1.0
Json = dict[str, Any]


class Api:
    """One client. What the service answers with an error is counted and said, and nothing else happens."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self.failed = 0

    async def open(self) -> None:
        """Make the session."""
        self._session = aiohttp.ClientSession(self._url, timeout=aiohttp.ClientTimeout(total=15))

    async def close(self) -> None:
        """Let requests end and close the session."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session; there is one once it is open."""
        assert self._session is not None, "not open"
        return self._session

    def tell(self, fact: Json) -> None:
        """Send a fact to POST /api/v1/events and go on."""
        self.do("POST", "/api/v1/events", fact)

    def do(self, method: str, path: str, body: Json | None = None) -> None:
        """Send a request and go on."""
        task = asyncio.get_running_loop().create_task(self.send(method, path, body))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def send(self, method: str, path: str, body: Json | None = None) -> None:
        """Send a request and wait for its answer. A conflict is no failure: the other side was faster."""
        try:
            async with self.session.request(method, path, json=body or {}) as response:
                if response.status >= 400 and response.status not in (404, 409, 422):
                    self.failed += 1
                    logger.warning("%s %s: %d %s", method, path, response.status, (await response.text())[:200])
        except (aiohttp.ClientError, TimeoutError) as error:
            self.failed += 1
            logger.warning("%s %s: %s", method, path, str(error) or type(error).__name__)

    async def follow(self, topics: str, take: Callable[[str, Json], None], began: asyncio.Event) -> None:
        """Hand on everything that the stream says, for ever; a lost connection continues where it was lost."""
        position = ""
        while True:
            headers = {"Last-Event-ID": position} if position else {}
            timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
            try:
                async with self.session.get(
                    "/api/v1/stream", params={"topics": topics}, headers=headers, timeout=timeout
                ) as response:
                    response.raise_for_status()
                    began.set()
                    async for message in _messages(response.content):
                        position = message.position
                        take(message.name, message.data)
            except (aiohttp.ClientError, TimeoutError) as error:
                logger.info("the stream was lost: %s", str(error) or type(error).__name__)
            await asyncio.sleep(RECONNECT_S)


class Message(NamedTuple):
    """One server-sent event."""

    name: str
    position: str
    data: Json


async def _messages(lines: aiohttp.StreamReader) -> AsyncIterator[Message]:
    """Yield each server-sent event of a stream."""
    fields: dict[str, str] = {}
    position = ""
    async for raw in lines:
        line = raw.decode().rstrip("\r\n")
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            position = fields.get("id", position)
            yield Message(fields.get("event", "message"), position, msgspec.json.decode(fields["data"], type=Json))
            fields = {}
        else:
            fields = {}
