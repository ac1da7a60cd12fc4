"""Visitors of the web page who chat: each one a WebSocket that speaks the widget's protocol, as any browser does."""

import asyncio
import logging
from typing import Any, Final

import aiohttp
import msgspec

from simulations.demo.people.phrases import BYE, NAMES, TALKS
from simulations.demo.people.tally import Tally
from simulations.demo.people.traits import Chance

logger = logging.getLogger(__name__)
COME_BACK_S: Final = 0.5
TRIES_MAX: Final = 20
Json = dict[str, Any]


class Chatter:
    """One visitor: asks, waits as long as there is patience, talks, and says how it was."""

    def __init__(self, http: aiohttp.ClientSession, url: str, inbox: str, chance: Chance, tally: Tally) -> None:
        self._http = http
        self._url = url
        self._inbox = inbox
        self._chance = chance
        self._tally = tally
        self._talk = chance.one_of(TALKS)
        self._session = ""
        self._after_seq = 0
        self._number = 0
        self._pending: dict[str, Json] = {}
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._speaking: asyncio.TimerHandle | None = None
        self._said = 0
        self._is_over = False

    async def live(self) -> None:
        """From the first line to the last; a lost connection goes on where it was."""
        self._patience = self._later(self._chance.patience_s(self._chance.traits.chat_patience_s), self._give_up)
        self._begin()
        tries = 0
        while not self._is_over and tries < TRIES_MAX:
            try:
                await self._visit()
                tries = 0
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                tries += 1
                logger.info("a chat's connection was lost: %s", str(error) or type(error).__name__)
            self._socket = None
            if not self._is_over:
                await asyncio.sleep(COME_BACK_S)
        if not self._is_over:
            self._tally.chat_lines_lost += len(self._pending)
        for timer in (self._patience, self._speaking):
            if timer is not None:
                timer.cancel()

    def end_soon(self, patience_s: float) -> None:
        """Whoever waits leaves after this; whoever talks says goodbye."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = self._later(patience_s, self._give_up)
        self._said = max(self._said, len(self._talk.visitor))

    async def _visit(self) -> None:
        address = f"{self._url}/chat/v1/ws?inbox={self._inbox}"
        async with self._http.ws_connect(address, headers={"Origin": self._url}) as self._socket:
            hello = {"type": "hello", "inbox": self._inbox, "session": self._session, "after_seq": self._after_seq}
            await self._socket.send_json(hello)
            async for message in self._socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                await self._hear(msgspec.json.decode(message.data))
                if self._is_over:
                    await self._socket.close()

    async def _hear(self, frame: Json) -> None:
        kind = frame["type"]
        if kind == "welcome":
            self._session = frame["session"]
            for said in list(self._pending.values()):
                await self._send(said)
        elif kind == "ack":
            self._tally.chat_lines_said += self._pending.pop(frame["client_id"], None) is not None
        elif kind == "message":
            self._heard_line(frame["line"])
        elif kind == "assigned" and frame["agent"]:
            self._stop_waiting()
        elif kind == "ended":
            await self._ended(frame)
        elif kind == "error":
            self._refused(frame)

    def _heard_line(self, line: Json) -> None:
        self._after_seq = max(self._after_seq, line["seq"])
        if line["by"] != "agent":
            return
        self._tally.chat_lines_heard += 1
        self._tell({"type": "read", "seq": line["seq"]})
        self._tell({"type": "typing", "on": True})
        if self._speaking is None:
            self._speaking = self._later(self._chance.wait_s(self._chance.traits.writing_s), self._go_on)

    def _go_on(self) -> None:
        """Say the next line; when everything is said, goodbye or nothing but the end."""
        self._speaking = None
        if self._said < len(self._talk.visitor):
            self._say("message", self._talk.visitor[self._said])
            self._said += 1
        elif self._said > len(self._talk.visitor):
            return
        elif self._chance.is_one_in(self._chance.traits.goodbye):
            self._said += 1
            self._say("message", BYE)
        else:
            self._tell({"type": "end"})

    async def _ended(self, frame: Json) -> None:
        self._is_over = True
        if frame["survey"] and self._chance.is_one_in(self._chance.traits.surveyed):
            self._tally.surveys += 1
            await self._send({"type": "survey", "score": self._chance.score(), "comment": ""})
        for one in (self._patience, self._speaking):
            if one is not None:
                one.cancel()

    def _refused(self, frame: Json) -> None:
        """A line that came after the end is nobody's fault; everything else is counted."""
        said = self._pending.pop(frame["client_id"], None)
        if said is None or frame["code"] == "no_chat":
            return
        if frame["retry_after_s"]:
            self._pending[said["client_id"]] = said
            self._later(frame["retry_after_s"], lambda: self._tell(said))
            return
        self._tally.http_failed += 1
        self._is_over = self._is_over or said["type"] == "start"
        logger.warning("a line was refused: %s %s", frame["code"], frame["detail"])

    def _begin(self) -> None:
        self._say("start", self._talk.visitor[0], fields={"name": self._chance.one_of(NAMES)})
        self._said = 1

    def _say(self, kind: str, text: str, **more: Any) -> None:
        self._number += 1
        said = {"type": kind, "client_id": f"line{self._number}", "text": text, **more}
        self._pending[said["client_id"]] = said
        self._tell(said)

    def _give_up(self) -> None:
        self._patience = None
        self._tally.http_given_up += 1
        self._tell({"type": "end"})

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _tell(self, frame: Json) -> None:
        """Send it where there is a connection; lines are said again by a new one anyway."""
        asyncio.get_running_loop().create_task(self._send(frame)).add_done_callback(_look)

    async def _send(self, frame: Json) -> None:
        socket = self._socket
        if socket is not None and not socket.closed and self._session:
            await socket.send_str(msgspec.json.encode(frame).decode())

    def _later(self, delay_s: float, action: Any) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(delay_s, action)


class Chatters:
    """Everybody who chats."""

    def __init__(self, url: str, inbox: str, chance: Chance, tally: Tally) -> None:
        self._url = url
        self._inbox = inbox
        self._chance = chance
        self._tally = tally
        self._http: aiohttp.ClientSession | None = None
        self._here: dict[asyncio.Task[None], Chatter] = {}

    @property
    def count(self) -> int:
        """Chats that are not over."""
        return len(self._here)

    async def start(self) -> None:
        """Open what browsers share."""
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    def chat(self) -> None:
        """Somebody begins to write."""
        assert self._http is not None, "not started"
        self._tally.chats += 1
        chatter = Chatter(self._http, self._url, self._inbox, self._chance, self._tally)
        task = asyncio.get_running_loop().create_task(chatter.live())
        self._here[task] = chatter
        task.add_done_callback(self._gone)

    def end_soon(self, patience_s: float) -> None:
        """Let everybody finish."""
        for chatter in self._here.values():
            chatter.end_soon(patience_s)

    async def stop(self) -> None:
        """Do nothing more."""
        for task in self._here:
            task.cancel()
        await asyncio.gather(*self._here, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    def _gone(self, task: "asyncio.Task[None]") -> None:
        del self._here[task]
        _look(task)


def _look(task: "asyncio.Task[None]") -> None:
    """Say what went wrong in a task that nobody waits for; a connection that breaks is no fault."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, aiohttp.ClientError | OSError):
        logger.error("a visitor failed: %r", error)
