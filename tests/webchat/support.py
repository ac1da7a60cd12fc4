"""What the tests of the web chat share: a small centre, an engine with the adapter, and visitors who speak to it."""

import asyncio
import itertools
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from adapters.webchat.adapter import WebChatAdapter
from engine.config.load import load_config
from engine.kernel.tables import Capacity
from engine.live.adapters import Adapters
from engine.live.loop import LiveEngine
from engine.log.attachments import AttachmentStore
from engine.messages.observed import (
    AgentStatusChanged,
    ContactReleased,
    MessageSent,
    Observed,
    OfferAnswered,
    QueueClosed,
    QueueOpened,
)
from engine.ports import Receipt
from tests.adapter_support import run_engine

CENTRE = """
service: {name: test centre}
queues:
  help: {channel: chat, strategy: longest-idle}
  letters: {channel: email}
  calls: {}
agents:
  - {name: bob, display_name: Bob Ray, capacity: {chat: 3}}
  - {name: eve, capacity: {chat: 3}}
"""
SHOP = "https://shop.example"
INBOX = """
      web:
        queue: help
        origins: ["https://shop.example"]
        message_queue: letters
        callback_queue: calls
        callback: true
        survey: csat
        leave_after: 2m
"""
CAPACITY = Capacity(contacts=256, agents=8, queues=8, trunk_groups=4, requirements=32, lines=64, intervals=16)
WITHIN_S = 30.0


class House:
    """One engine and its web chat."""

    def __init__(self, engine: LiveEngine, adapter: WebChatAdapter, adapters: Adapters) -> None:
        self.engine = engine
        self.adapter = adapter
        self.adapters = adapters
        self.url = f"http://127.0.0.1:{adapter.port}"

    async def tell(self, *facts: Observed, source: str = "desk") -> list[Receipt]:
        """Hand in facts of an agent's side; all must count."""
        receipts = await self.engine.submit(source, facts)
        assert not [receipt for receipt in receipts if receipt.error or receipt.refused], receipts
        return receipts

    async def work(self, *agents: str) -> None:
        """Let agents come to work."""
        await self.tell(*(AgentStatusChanged(agent=agent, status="available") for agent in agents))

    async def pause(self, *agents: str) -> None:
        """Let agents go."""
        await self.tell(*(AgentStatusChanged(agent=agent, status="offline") for agent in agents))

    async def take(self, agent: str = "bob") -> str:
        """Let an agent answer whatever is offered to it; returns the contact."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                offers = [one for one in self.open_contacts() if agent in one.offered_to]
                if offers:
                    await self.tell(OfferAnswered(contact=offers[0].contact, agent=agent))
                    return str(offers[0].contact)
                await asyncio.sleep(0.01)

    def open_contacts(self) -> list[Any]:
        """The records of all open contacts."""
        views = self.engine.views
        return [views.contacts.find(entry.name).contact for entry in self.engine.state.contacts]

    async def say(self, contact: str, text: str, agent: str = "bob") -> int:
        """Let an agent write."""
        return (await self.tell(MessageSent(contact=contact, by="agent", agent=agent, text=text)))[0].seq

    async def end(self, contact: str) -> None:
        """Let the agent end the chat."""
        await self.tell(ContactReleased(contact=contact, by="agent"))

    async def close_queue(self, queue: str = "help") -> None:
        """Close a queue."""
        await self.tell(QueueClosed(queue=queue))

    async def open_queue(self, queue: str = "help") -> None:
        """Open a queue."""
        await self.tell(QueueOpened(queue=queue))

    async def start_again(self, folder: Path) -> None:
        """Let the adapter forget everything, as a start of the service does; it listens where it did."""
        settings = self.adapter.settings.model_copy(update={"port": self.adapter.port})
        await self.adapters.stop()
        made: list[WebChatAdapter] = []

        def make(section: Any, link: Any) -> WebChatAdapter:
            made.append(WebChatAdapter(section, link))
            return made[-1]

        self.adapters = Adapters(self.engine, {"webchat": settings}, [], lambda _: make, folder=folder)
        await self.adapters.start()
        self.adapter = made[0]

    def lines(self, contact: str) -> list[tuple[str, str]]:
        """Who wrote what in a contact."""
        return [(line.by, line.text) for line in self.engine.views.contacts.conversation(contact).messages]

    async def until(self, truth: Callable[[], Any]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(WITHIN_S):
            while not truth():  # noqa: ASYNC110
                await asyncio.sleep(0.01)


Build = Callable[..., Awaitable[House]]


async def open_house_at(folder: Path, inboxes: str = INBOX, settings: str = "", centre: str = CENTRE) -> House:
    """Open a house whose adapter has these inboxes and settings."""
    path = folder / "centre.yaml"
    listed = "".join(f"    {line}\n" for line in settings.splitlines())
    path.write_text(f"{centre}\nadapters:\n  webchat:\n    port: 0\n{listed}    inboxes:\n{inboxes}", encoding="utf-8")
    config = load_config(path, adapters={"webchat": lambda: WebChatAdapter})
    engine, _ = run_engine(config, CAPACITY, hold=False)
    made: list[WebChatAdapter] = []

    def make(section: Any, link: Any) -> WebChatAdapter:
        made.append(WebChatAdapter(section, link))
        return made[-1]

    store = AttachmentStore(folder / "attachments")
    adapters = Adapters(
        engine, config.adapters, config.endpoints(), lambda _: make, folder=folder / "adapters", attachments=store
    )
    await adapters.start()
    return House(engine, made[0], adapters)


class Guest:
    """A visitor at a WebSocket, as a widget is one: it knows its session and what it has seen."""

    def __init__(self, http: aiohttp.ClientSession, url: str, inbox: str = "web", origin: str | None = SHOP) -> None:
        self._http = http
        self._url = url
        self.inbox = inbox
        self.headers = {"Origin": origin} if origin else {}
        self.session = ""
        self.after_seq = 0
        self.lines: list[dict[str, Any]] = []
        self._ids = (f"{id(self):x}-{number}" for number in itertools.count(1))
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._kept: list[dict[str, Any]] = []

    @property
    def socket(self) -> aiohttp.ClientWebSocketResponse:
        assert self._socket is not None, "not connected"
        return self._socket

    async def connect(self, **more: Any) -> dict[str, Any]:
        """Say hello, and return the answer."""
        self._kept.clear()
        self._socket = await self._http.ws_connect(
            f"{self._url}/chat/v1/ws?inbox={self.inbox}", headers=self.headers, heartbeat=None
        )
        hello = {"type": "hello", "inbox": self.inbox, "session": self.session, "after_seq": self.after_seq, **more}
        await self.send(**hello)
        answer = await self.hear()
        if answer["type"] == "welcome":
            self.session = answer["session"]
        return answer

    async def drop(self) -> None:
        """Lose the connection without a word."""
        self.socket.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._socket = None

    async def close(self) -> None:
        """Close the page."""
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def send(self, **frame: Any) -> None:
        """Send a frame."""
        await self.socket.send_str(msgspec.json.encode(frame).decode())

    async def hear(self) -> dict[str, Any]:
        """The next frame, with lines noted."""
        async with asyncio.timeout(WITHIN_S):
            message = await self.socket.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, message
        frame: dict[str, Any] = msgspec.json.decode(message.data)
        if frame["type"] == "message":
            self.note(frame["line"])
        return frame

    def note(self, line: dict[str, Any]) -> None:
        """Show a line."""
        self.lines.append(line)
        self.after_seq = max(self.after_seq, line["seq"])

    async def hear_of(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """The next frame of a kind, whatever comes before; those before are kept for later."""
        for place, kept in enumerate(self._kept):
            if kept["type"] == kind and wanted.items() <= kept.items():
                return self._kept.pop(place)
        while True:
            frame = await self.hear()
            if frame["type"] == kind and wanted.items() <= frame.items():
                return frame
            self._kept.append(frame)

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send something under a name of its own, and return its answer."""
        name = fields.setdefault("client_id", next(self._ids))
        await self.send(type=kind, **fields)
        while True:
            frame = await self.hear()
            if frame.get("client_id") == name and frame["type"] in ("ack", "error"):
                return frame
            self._kept.append(frame)

    async def start(self, text: str = "hello", **more: Any) -> dict[str, Any]:
        """Begin a chat."""
        answer = await self.ask("start", text=text, **more)
        assert answer["type"] == "ack", answer
        return answer

    async def say(self, text: str, **more: Any) -> dict[str, Any]:
        """Write a line."""
        answer = await self.ask("message", text=text, **more)
        assert answer["type"] == "ack", answer
        return answer

    async def read_lines(self, count: int) -> list[str]:
        """Hear until there are so many lines; returns their texts."""
        while len(self.lines) < count:
            self._kept.append(await self.hear())
        return [line["text"] for line in self.lines]
