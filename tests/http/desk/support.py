"""What the tests of the agent desk share: a centre with passwords, and a desk that speaks by its bare socket."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import ClientSession, ClientWebSocketResponse, CookieJar

from engine.model.passwords import hash_password
from tests.http.support import House

PASSWORD: Final = "mật khẩu của An"
CHEAP: Final = hash_password(PASSWORD, b"sixteen bytes of", log2_n=10, lanes=1)
CENTRE: Final = f"""
service: {{name: Lotus Travel, interval: 15m}}
pause_reasons: [lunch, training]
wrap_up_codes:
  - {{code: booked, display_name: Booked a tour, queues: [chat]}}
  - {{code: changed, display_name: Changed a booking}}
  - {{code: complaint, display_name: Complaint}}
  - {{code: sales-only, queues: [sales]}}
quality_fields:
  - {{field: solved, display_name: Solved at once}}
  - {{field: mood, display_name: Mood, kind: choice, choices: [calm, upset]}}
  - {{field: ease, display_name: Ease, kind: score}}
  - {{field: words, display_name: In their words, kind: text}}
queues:
  chat: {{display_name: Web chat, channel: chat, members_only: true, wrap_up: 30s, ring_limit: 30s}}
  care: {{display_name: Aftercare, channel: chat, members_only: true, wrap_up: 0s, ring_limit: 30s}}
  sales: {{display_name: Sales, members_only: true, wrap_up: 30s}}
agents:
  - {{name: an, display_name: Nguyễn Thị An, queues: [chat, sales], desk_password: "{CHEAP}"}}
  - {{name: binh, display_name: Trần Bình, queues: [care], desk_password: "{CHEAP}"}}
"""


def take_out(house: House, agent: str) -> None:
    """Tell the adapter of a configuration without an agent, as a reload does."""
    link: Any = house.adapter.context.engine
    link.endpoints = tuple(one for one in link.endpoints if one.name != agent)
    house.adapter.context.desks.hub.wake_all()


class Desk:
    """One open desk: what it was told, as a page keeps it."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.items: dict[str, Any] = {}
        self.lines: dict[int, dict[int, str]] = {}
        self.lines_told = 0
        self.settled: dict[str, Any] = {}
        self.answers: dict[str, Any] = {}
        self.typing: dict[int, bool] = {}
        self.refused: list[Any] = []
        self.cases: list[Any] = []
        self.ended = ""

    async def until(self, truth: Callable[[], bool], within_s: float = 10.0) -> None:
        """Read what is told until something is true."""
        async with asyncio.timeout(within_s):
            while not truth():
                self.take(await self.socket.receive_json())

    def take(self, told: Any) -> None:
        """Take in one message."""
        match told["type"]:
            case "snapshot" | "delta":
                if told["type"] == "snapshot":
                    self.items = {}
                self.items |= told["items"]
                for key in told["removed"]:
                    del self.items[key]
            case "lines":
                lines = self.lines.setdefault(told["contact_id"], {})
                for line in told["messages"]:
                    self.lines_told += 1
                    assert line["seq"] not in lines, "told twice on one socket"
                    lines[line["seq"]] = line["text"]
            case "done":
                self.settled[told["id"]] = told
            case "answer":
                self.answers[told["id"]] = told
            case "typing":
                self.typing[told["contact_id"]] = told["typing"]
            case "refused":
                self.refused.append(told)
            case "cases":
                self.cases.append(told)
            case "end":
                self.ended = told["reason"]

    def contact(self, name: str) -> Any:
        """Return what the desk shows of a contact; empty where it shows none of that name."""
        return next((item for item in self.items.values() if item.get("contact") == name), {})

    async def do(self, verb: str, **fields: Any) -> Any:
        """Do something and return what became of it."""
        name = fields.pop("id", None) or secrets.token_hex(8)
        await self.socket.send_json({"type": "do", "command": {"id": name, "verb": verb, **fields}})
        await self.until(lambda: name in self.settled)
        return self.settled[name]

    async def ask(self, what: str, **fields: Any) -> Any:
        """Ask something and return the answer."""
        name = secrets.token_hex(8)
        await self.socket.send_json({"type": "ask", "question": {"id": name, "what": what, **fields}})
        await self.until(lambda: name in self.answers)
        return self.answers[name]


async def sign_in(client: ClientSession, url: str, agent: str = "an", password: str = PASSWORD) -> None:
    """Sign in; the client keeps the cookie."""
    async with client.post(f"{url}/api/v1/desk/session", json={"agent": agent, "password": password}) as answer:
        assert answer.status == 200, await answer.text()


@asynccontextmanager
async def opened(
    house: House, agent: str = "an", after: dict[str, int] | None = None, password: str = PASSWORD
) -> AsyncIterator[Desk]:
    """Sign in as an agent and open a desk."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
        await sign_in(client, house.url, agent, password)
        async with socket_of(client, house.url, after) as desk:
            yield desk


@asynccontextmanager
async def socket_of(client: ClientSession, url: str, after: dict[str, int] | None = None) -> AsyncIterator[Desk]:
    """Open a desk with a client that signed in."""
    async with client.ws_connect(f"{url}/api/v1/ws/desk") as socket:
        await socket.send_json({"type": "hello", "after": after or {}})
        desk = Desk(socket)
        await desk.until(lambda: "agent" in desk.items)
        yield desk
