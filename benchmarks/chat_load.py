"""Chats over a real engine: visitors at WebSockets that break, agents over HTTP, and all remember what they said."""

import asyncio
import contextlib
import os
import random
import socket
import time
from collections import Counter
from typing import Any, Final

import aiohttp
import msgspec

Json = dict[str, Any]
ORIGIN: Final = "https://load.example"
INBOX: Final = "load"
EVERY_S: Final = 1.0
"""Everybody says one line in so long, unless said otherwise."""
AGAIN_S: Final = (0.2, 1.5)
"""A visitor comes back after so long: evenly between."""
LOOK_EVERY_S: Final = 0.25
BATCH: Final = 200
PAGE: Final = 1000


class Delays:
    """How long lines of agents take from being said to a visitor's page."""

    def __init__(self) -> None:
        self.said_at: dict[str, float] = {}
        self.taken_s: list[float] = []

    def heard(self, text: str) -> None:
        """A line has arrived for the first time."""
        at = self.said_at.pop(text, None)
        if at is not None:
            self.taken_s.append(time.perf_counter() - at)


class Visitor:
    """One visitor: says a line every so often, each until it is acknowledged, and shows what it hears by sequence."""

    def __init__(self, name: str, url: str, counts: Counter[str], delays: Delays, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self.name = name
        self._url = f"{url}/chat/v1/ws?inbox={INBOX}"
        self._counts = counts
        self._delays = delays
        self._session = ""
        self._after_seq = 0
        self._number = 0
        self._pending: dict[str, Json] = {}
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._welcomed = False
        self.speaking = True
        self.shown: Counter[str] = Counter()
        """How often each text came."""
        self.acknowledged: set[str] = set()

    @property
    def unanswered(self) -> int:
        """Lines that it said and that nobody acknowledged."""
        return len(self._pending)

    def drop(self) -> bool:
        """Lose the connection without a word; returns whether there was one."""
        wire = self._socket.get_extra_info("socket") if self._socket is not None and self._welcomed else None
        if wire is None or wire.fileno() < 0:
            return False
        self._welcomed = False
        self._counts["reconnects"] += 1
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(wire.fileno())) as same:
            same.shutdown(socket.SHUT_RDWR)
        return True

    async def live(self, http: aiohttp.ClientSession) -> None:
        """Stay, and come back whenever the connection is lost."""
        speaker = asyncio.create_task(self._speak())
        try:
            while True:
                try:
                    await self._visit(http)
                except (aiohttp.ClientError, OSError, TimeoutError):
                    self._counts["connections_failed"] += 1
                self._socket, self._welcomed = None, False
                await asyncio.sleep(random.uniform(*AGAIN_S))
        finally:
            speaker.cancel()

    async def _visit(self, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(self._url, headers={"Origin": ORIGIN}, max_msg_size=0) as connection:
            self._socket = connection
            hello = {"type": "hello", "inbox": INBOX, "session": self._session, "after_seq": self._after_seq}
            await connection.send_bytes(msgspec.json.encode(hello))
            async for message in connection:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                await self._hear(connection, msgspec.json.decode(message.data))

    async def _hear(self, connection: aiohttp.ClientWebSocketResponse, frame: Json) -> None:
        kind = frame["type"]
        if kind == "message":
            line = frame["line"]
            self._after_seq = max(self._after_seq, line["seq"])
            self.shown[line["text"]] += 1
            self._delays.heard(line["text"])
        elif kind == "ack":
            said = self._pending.pop(frame["client_id"], None)
            if said is not None:
                self.acknowledged.add(said["text"])
        elif kind == "welcome":
            self._session, self._welcomed = frame["session"], True
            for said in list(self._pending.values()):
                await connection.send_bytes(msgspec.json.encode(said))
        elif kind == "error":
            self._counts[f"error_{frame['code']}"] += 1
            said = self._pending.get(frame.get("client_id", ""))
            if said is not None and frame["retry_after_s"]:
                asyncio.get_running_loop().call_later(frame["retry_after_s"], self._repeat, said)

    def _repeat(self, said: Json) -> None:
        if said["client_id"] in self._pending:
            self._put(said)

    def _put(self, said: Json) -> None:
        """Send what was not acknowledged, where there is a connection; a new one sends it anyway."""
        if self._socket is not None and self._welcomed and not self._socket.closed:
            task = asyncio.ensure_future(self._socket.send_bytes(msgspec.json.encode(said)))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _speak(self) -> None:
        await asyncio.sleep(random.uniform(0, self._every_s))
        while True:
            if self.speaking:
                self._number += 1
                client_id = f"c{self._number}"
                kind = "start" if self._number == 1 else "message"
                said = {"type": kind, "client_id": client_id, "text": f"{self.name}-{self._number}"}
                self._pending[client_id] = said
                self._counts["said_by_visitors"] += 1
                self._put(said)
            await asyncio.sleep(self._every_s)


class Desk:
    """All agents: take every chat that is offered, and say a line a second in each."""

    def __init__(
        self, url: str, agents: list[str], counts: Counter[str], delays: Delays, every_s: float = EVERY_S
    ) -> None:
        self._every_s = every_s
        self._url = url
        self._agents = agents
        self._counts = counts
        self._delays = delays
        self._after_seq = 0
        self._number = 0
        self.chats: dict[str, str] = {}
        """Agent by contact."""
        self.said: dict[str, list[str]] = {}
        """Texts by contact that the engine answered for."""
        self.speaking = True

    async def live(self, http: aiohttp.ClientSession) -> None:
        """Work for ever; whatever got no answer is told again under its id."""
        await self._tell(
            http, [{"type": "agent_status_changed", "agent": agent, "status": "available"} for agent in self._agents]
        )
        speaker = asyncio.create_task(self._speak(http))
        try:
            while True:
                try:
                    await self._look(http)
                except (aiohttp.ClientError, OSError, TimeoutError):
                    self._counts["looks_failed"] += 1
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            speaker.cancel()

    async def _look(self, http: aiohttp.ClientSession) -> None:
        """Take what is offered."""
        while True:
            asked = {"after_seq": str(self._after_seq), "limit": str(PAGE), "type": "offer_made"}
            async with http.get(f"{self._url}/api/v1/events", params=asked) as answer:
                answer.raise_for_status()
                page = msgspec.json.decode(await answer.read())
            taken = [one for one in page["events"] if one["contact"] not in self.chats]
            facts = [
                {
                    "type": "offer_answered",
                    "id": f"take-{one['seq']}",
                    "contact": one["contact"],
                    "agent": one["agent"],
                }
                for one in taken
            ]
            if facts:
                await self._tell(http, facts)
            for one in taken:
                self.chats[one["contact"]] = one["agent"]
                self.said.setdefault(one["contact"], [])
            self._after_seq = page["next_after_seq"]
            if not page["more"]:
                return

    async def _speak(self, http: aiohttp.ClientSession) -> None:
        while True:
            begun = time.perf_counter()
            if self.speaking:
                self._number += 1
                lines = [
                    {
                        "type": "message_sent",
                        "id": f"{contact}-{self._number}",
                        "contact": contact,
                        "by": "agent",
                        "agent": agent,
                        "text": f"{contact}-{self._number}",
                    }
                    for contact, agent in self.chats.items()
                ]
                parts = [lines[start : start + BATCH] for start in range(0, len(lines), BATCH)]
                for part in parts:
                    await self._say(http, part)
                    await asyncio.sleep(self._every_s / (2 * len(parts)))
            await asyncio.sleep(max(0.0, self._every_s - (time.perf_counter() - begun)))

    async def _say(self, http: aiohttp.ClientSession, lines: list[Json]) -> None:
        for one in lines:
            self._delays.said_at[one["text"]] = time.perf_counter()
        for one, result in zip(lines, await self._tell(http, lines), strict=True):
            if result.get("seq") and not result.get("refused"):
                self.said[one["contact"]].append(one["text"])
                self._counts["said_by_agents"] += 1
            else:
                self._counts["refused_to_agents"] += 1

    async def _tell(self, http: aiohttp.ClientSession, facts: list[Json]) -> list[Json]:
        """Tell facts until there is an answer."""
        while True:
            try:
                async with http.post(f"{self._url}/api/v1/events", json=facts) as answer:
                    found = msgspec.json.decode(await answer.read())
                if answer.status == 202:
                    results: list[Json] = found["results"]
                    return results
                self._counts[f"posts_answered_{answer.status}"] += 1
                if answer.status == 422:
                    return [{} for _ in facts]
            except (aiohttp.ClientError, OSError, TimeoutError):
                self._counts["posts_failed"] += 1
            await asyncio.sleep(LOOK_EVERY_S)
