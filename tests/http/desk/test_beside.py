"""The desk beside what brings contacts: an agent's SIP phone and a visitor's chat, all real, in one engine."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from adapters.http.adapter import HttpAdapter
from adapters.sip.adapter import SipAdapter
from adapters.webchat.adapter import WebChatAdapter
from engine.config.load import load_config
from engine.live.adapters import Adapters
from engine.log.attachments import AttachmentStore
from tests.adapter_support import run_engine
from tests.http.desk.support import Desk, opened
from tests.http.support import CAPACITY, House
from tests.sip.user_agent import UserAgent
from tests.webchat.support import Guest

CLASSES: dict[str, Any] = {"http": HttpAdapter, "sip": SipAdapter, "webchat": WebChatAdapter}
CENTRE = """
queues:
  chat: {{channel: chat, members_only: true, wrap_up: agent, idle_limit: {idle}}}
  sales: {{members_only: true, wrap_up: agent}}
agents:
  - {{name: an, queues: [chat, sales], phone: {{address: "sip:an@127.0.0.1:{port}"}}}}
  - {{name: binh, queues: [chat], capacity: {{chat: 2}}}}
adapters:
  http: {{port: 0}}
  sip: {{port: 0}}
  webchat: {{port: 0, inboxes: {{web: {{queue: chat, origins: ["https://shop.example"]}}}}}}
"""
Beside = Callable[..., Awaitable[tuple[House, dict[str, Any]]]]


@pytest.fixture
async def beside(tmp_path: Path) -> AsyncIterator[Beside]:
    """Return a function that opens an engine with all three adapters."""
    houses: list[House] = []

    async def start(port: int = 9, idle: str = "1h") -> tuple[House, dict[str, Any]]:
        path = tmp_path / "centre.yaml"
        path.write_text(CENTRE.format(port=port, idle=idle))
        config = load_config(path, adapters={name: lambda name=name: CLASSES[name] for name in CLASSES})  # type: ignore[misc]
        engine, log = run_engine(config, CAPACITY, hold=False)
        made: dict[str, Any] = {}

        def find(name: str) -> Callable[[Any, Any], Any]:
            def make(section: Any, link: Any) -> Any:
                made[name] = CLASSES[name](section, link)
                return made[name]

            return make

        store = AttachmentStore(tmp_path / "attachments")
        adapters = Adapters(
            engine, config.adapters, config.endpoints(), find, folder=tmp_path / "adapters", attachments=store
        )
        await adapters.start()
        log.flush()
        houses.append(House(engine, made["http"], adapters))
        return houses[-1], made

    yield start
    for house in houses:
        await house.adapters.stop()
        await house.engine.stop()


@pytest.fixture
async def phones() -> AsyncIterator[tuple[UserAgent, UserAgent]]:
    """An agent's phone and a caller's."""
    found = await UserAgent("an").open(), await UserAgent("lan").open()
    yield found
    for phone in found:
        phone.close()


async def offer_at(desk: Desk) -> dict[str, Any]:
    """Wait until something is offered at the desk."""

    def found() -> list[dict[str, Any]]:
        return [item for key, item in desk.items.items() if key.startswith("contact:") and item["state"] == "offered"]

    await desk.until(lambda: bool(found()))
    return found()[0]


async def rung(desk: Desk, caller: UserAgent, port: int) -> str:
    """Let the caller call and the desk show it; returns the contact."""
    caller.invite("sales", port, caller.sdp())
    found: str = (await offer_at(desk))["contact"]
    return found


async def test_a_call_at_the_phone_is_worked_at_the_desk(beside: Beside, phones: tuple[UserAgent, UserAgent]) -> None:
    phone, caller = phones
    house, made = await beside(phone.port)
    async with opened(house, "an", password="") as desk:
        await desk.do("status", status="available")
        assert desk.items["agent"]["has_phone"]
        contact = await rung(desk, caller, made["sip"].endpoint.port)
        assert desk.contact(contact)["customer"]
        assert "at your phone" in (await desk.do("accept", contact=contact))["error"]
        await phone.pick_up()
        callers = await caller.connected()
        await desk.until(lambda: desk.contact(contact)["state"] == "connected")
        for verb, state, order in (("hold", "held", (caller, phone)), ("resume", "connected", (phone, caller))):
            assert (await desk.do(verb, contact=contact))["refused"] == ""
            for side in order:
                asked = await side.request("INVITE")
                direction = "inactive" if verb == "hold" else "sendrecv"
                assert (b"a=inactive" in asked.request.body) == (verb == "hold")
                if side is caller:
                    assert callers.receive_request(asked.request) is None
                side.reply(asked, 200, side.sdp(direction))  # type: ignore[arg-type]
                await side.ack()
            await desk.until(lambda state=state: desk.contact(contact)["state"] == state)  # type: ignore[misc]
        assert (await desk.do("end", contact=contact))["error"] == ""
        for side in (caller, phone):
            side.reply(await side.request("BYE"), 200)
        await desk.until(lambda: desk.contact(contact)["state"] == "wrapping")
        await desk.do("finish", contact=contact)
        await desk.until(lambda: not desk.contact(contact))


async def test_a_call_declined_at_the_desk_rings_no_more(beside: Beside, phones: tuple[UserAgent, UserAgent]) -> None:
    phone, caller = phones
    house, made = await beside(phone.port)
    async with opened(house, "an", password="") as desk:
        await desk.do("status", status="available")
        contact = await rung(desk, caller, made["sip"].endpoint.port)
        ringing = await phone.request("INVITE")
        phone.reply(ringing, 180)
        await caller.response(180)
        await desk.do("decline", contact=contact)
        phone.reply(await phone.cancel(), 200)
        await desk.until(lambda: not desk.contact(contact))


async def test_a_visitor_and_the_desk_see_the_same(beside: Beside) -> None:
    house, made = await beside()
    async with ClientSession() as http, opened(house, "binh", password="") as desk:
        guest = Guest(http, f"http://127.0.0.1:{made['webchat'].port}")
        await desk.do("status", status="available")
        await guest.connect()
        await guest.start("xin chào")
        offered = await offer_at(desk)
        contact, number = offered["contact"], offered["id"]
        await desk.do("accept", contact=contact)
        await desk.until(lambda: "xin chào" in desk.lines.get(number, {}).values())
        await guest.send(type="typing", on=True)
        await desk.until(lambda: desk.typing.get(number, False))
        await desk.socket.send_json({"type": "typing", "contact_id": number, "typing": True})
        await guest.hear_of("typing")
        said = await desk.do("say", contact=contact, text="chào bạn")
        assert await guest.read_lines(2) == ["xin chào", "chào bạn"]
        await guest.drop()
        await desk.do("say", contact=contact, text="bạn còn đó không?")
        await guest.connect()
        assert await guest.read_lines(3) == ["xin chào", "chào bạn", "bạn còn đó không?"]
        await guest.say("còn")
        await desk.until(lambda: len(desk.lines[number]) == 4)
        assert list(desk.lines[number].values()) == ["xin chào", "chào bạn", "bạn còn đó không?", "còn"]
        await guest.send(type="read", seq=said["seq"])
        await desk.do("end", contact=contact)
        assert (await guest.hear_of("ended"))["reason"] == "agent"
        await desk.until(lambda: desk.contact(contact)["state"] == "wrapping")
        await guest.close()


@pytest.mark.slow
async def test_a_silent_chat_ends_at_the_desk_too(beside: Beside) -> None:
    house, made = await beside(idle="10s")
    async with ClientSession() as http, opened(house, "binh", password="") as desk:
        guest = Guest(http, f"http://127.0.0.1:{made['webchat'].port}")
        await desk.do("status", status="available")
        await guest.connect()
        await guest.start("xin chào")
        contact = (await offer_at(desk))["contact"]
        await desk.do("accept", contact=contact)
        await desk.do("say", contact=contact, text="chào bạn")
        await desk.until(lambda: desk.contact(contact)["state"] == "wrapping", 20)
        assert desk.contact(contact)["ended_by"] == "idle"
        await guest.close()
