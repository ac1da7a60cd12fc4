"""What was in the hands of an agent whose desk is gone: chats go back to their queues, anything else stays."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar

from adapters.http.desk.presence import AGAIN_AFTER_S, Presence
from engine.config.load import load_config
from engine.errors import Overloaded
from engine.messages.fact import Channel
from engine.messages.observed import AgentStatusChanged, ContactArrived, ContactReleased, OfferAnswered
from engine.ports import EngineLink
from tests.http.desk.support import CENTRE, Desk, opened, sign_in, socket_of
from tests.http.support import CONTACTS, Build, House, get, tell
from tests.sip.test_restart import Served

TWO = f"""{CENTRE.replace("queues: [care]", "queues: [chat, care]")}
channels:
  chat: {{may_interrupt: [voice, task, email]}}
  email: {{may_interrupt: [voice, task]}}
  task: {{may_interrupt: [voice]}}
"""


async def take(house: House, desk: Desk, contact: str, channel: Channel = "chat") -> None:
    """Let a contact come, and the agent accept it at the desk."""
    await house.engine.submit("web", [ContactArrived(contact=contact, queue="chat", channel=channel)])
    await desk.until(lambda: desk.contact(contact).get("state") == "offered")
    await desk.do("accept", contact=contact)
    await desk.until(lambda: desk.contact(contact).get("state") == "connected")


def let_go(presence: Presence, number: int) -> None:
    """Let the time be over that a desk may be closed."""
    presence._timers[number].cancel()
    presence._over(number)


async def settled(house: House) -> None:
    """Facts are taken in order: when this one is on record, so is everything that was said before."""
    await house.engine.submit("test", [AgentStatusChanged(agent="binh", status="offline")])
    await house.engine.durable()


class Full:
    """An engine that takes nothing."""

    def __init__(self, engine: EngineLink) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def submit(self, source: str, facts: object) -> None:
        """Refuse them."""
        raise Overloaded("the inbox is full", 1)


async def sign_out_in_vain(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a chat and sign out while the engine has no room; the desk is closed then."""
    presence, hub = house.adapter.context.desks.presence, house.adapter.context.desks.hub
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
        await sign_in(client, house.url)
        async with socket_of(client, house.url) as desk:
            await desk.do("status", status="available")
            await take(house, desk, "chat-1")
            with monkeypatch.context() as full:
                full.setattr(presence, "_engine", Full(presence._engine))
                assert (await client.delete(f"{house.url}/api/v1/desk/session")).status == 204
                await desk.until(lambda: desk.ended == "session_over")
                async with asyncio.timeout(10):
                    while hub.count:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)


def record(house: House, contact: str) -> Any:
    return house.engine.views.contacts.find(contact).contact


def put_back(house: House) -> list[tuple[str, str, str]]:
    """Contact, who and why of what was put back into its queue."""
    events = house.engine.views.read_events(0, 500, ["requeue_requested"]).events
    return [(one.contact, one.data["by"], one.data["reason"]) for one in events]


async def test_chats_of_a_closed_desk_go_back_ahead_and_anything_else_stays(build: Build) -> None:
    house = await build(centre=TWO)
    presence, views = house.adapter.context.desks.presence, house.engine.views
    async with opened(house) as desk:
        await desk.do("status", status="available")
        await take(house, desk, "call", "voice")
        await take(house, desk, "task", "task")
        await take(house, desk, "mail", "email")
        await take(house, desk, "chat-1")
        await take(house, desk, "chat-2")
    number = views.agent_number("an")
    let_go(presence, number)
    await house.engine.submit("web", [ContactArrived(contact="chat-3", queue="chat", channel="chat")])
    await settled(house)
    assert put_back(house) == [("chat-1", "desk", "desk closed"), ("chat-2", "desk", "desk closed")]
    waiting = [one.contact for one in views.contacts.waiting("chat", limit=10).contacts]
    assert waiting == ["chat-1", "chat-2", "chat-3"], "their place is kept, by when they came"
    assert [one.contact for one in views.contacts.engagements("an")] == ["call", "task", "mail"]
    assert (views.agent("an").status, views.agent("an").wrapping) == ("offline", 0)
    assert house.adapter.status().counters["chats_put_back"] == 2
    async with opened(house, "binh") as other:
        await other.do("status", status="available")
        await other.until(lambda: other.contact("chat-1").get("state") == "offered")
        await other.do("accept", contact="chat-1")
        await other.until(lambda: other.contact("chat-1").get("state") == "connected")
        told = other.contact("chat-1")
        assert (told["from_agent"], told["put_back"]) == ("an", True), "nobody handed it over"
    assert record(house, "chat-1").agent == "binh"
    assert not views.read_events(0, 500, ["fact_refused"]).events


async def test_who_comes_back_in_time_has_them_still(build: Build) -> None:
    house = await build(centre=TWO)
    async with opened(house) as desk:
        await desk.do("status", status="available")
        await take(house, desk, "chat-1")
    async with opened(house) as desk:
        assert not house.adapter.context.desks.presence._timers
        assert desk.contact("chat-1")["state"] == "connected"
    assert not put_back(house)


async def test_who_signs_out_leaves_them_to_others_unless_a_desk_is_open_elsewhere(build: Build) -> None:
    house = await build(centre=TWO)
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client, opened(house) as elsewhere:
        await sign_in(client, house.url)
        async with socket_of(client, house.url) as desk:
            await desk.do("status", status="available")
            await take(house, desk, "chat-1")
            await elsewhere.until(lambda: bool(elsewhere.items["agent"]["open_elsewhere"]))
            assert desk.items["agent"]["open_elsewhere"]
            assert (await client.delete(f"{house.url}/api/v1/desk/session")).status == 204
        await elsewhere.until(lambda: not elsewhere.items["agent"]["open_elsewhere"])
        assert record(house, "chat-1").state == "connected"
        await sign_in(client, house.url)
        await elsewhere.socket.close()
        async with socket_of(client, house.url) as desk:
            await desk.until(lambda: not desk.items["agent"]["open_elsewhere"])
            assert (await client.delete(f"{house.url}/api/v1/desk/session")).status == 204
    assert put_back(house) == [("chat-1", "desk", "signed out")]
    assert record(house, "chat-1").state == "waiting"
    assert (house.engine.views.agent("an").status, house.engine.views.agent("an").state) == ("offline", "offline")


async def test_who_signs_out_while_the_engine_is_full_does_so_once_it_has_room(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await build(centre=TWO)
    presence, views = house.adapter.context.desks.presence, house.engine.views
    await sign_out_in_vain(house, monkeypatch)
    left_s = presence._timers[views.agent_number("an")].when() - asyncio.get_running_loop().time()
    assert left_s <= AGAIN_AFTER_S, "not as one who has but closed the desk"
    let_go(presence, views.agent_number("an"))
    await settled(house)
    assert put_back(house) == [("chat-1", "desk", "signed out")]
    assert (views.agent("an").status, views.agent("an").reason) == ("offline", "")
    assert (presence.set_offline, presence._timers) == (0, {})


async def test_who_was_made_available_before_the_engine_had_room_stays_so(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await build(centre=TWO)
    presence, views = house.adapter.context.desks.presence, house.engine.views
    await sign_out_in_vain(house, monkeypatch)
    async with ClientSession(house.url) as api:
        await tell(api, "/api/v1/agents/an/status", status="available", by="boss")
    await house.engine.durable()
    let_go(presence, views.agent_number("an"))
    await settled(house)
    assert put_back(house) == [("chat-1", "desk", "signed out")]
    assert views.agent("an").status == "available"


async def test_a_chat_that_has_just_ended_does_not_count_as_put_back(build: Build) -> None:
    house = await build(centre=TWO)
    presence = house.adapter.context.desks.presence
    async with opened(house) as desk:
        await desk.do("status", status="available")
        await take(house, desk, "chat-1")
        await take(house, desk, "chat-2")
    ended = house.engine.submit("web", [ContactReleased(contact="chat-1", by="customer")])
    let_go(presence, house.engine.views.agent_number("an"))
    await ended
    await settled(house)
    assert record(house, "chat-2").state == "waiting"
    assert (presence.put_back, presence.set_offline) == (1, 1)


async def test_who_is_offline_already_leaves_them_too(build: Build) -> None:
    house = await build(centre=TWO)
    presence = house.adapter.context.desks.presence
    async with opened(house) as desk:
        await desk.do("status", status="available")
        await take(house, desk, "chat-1")
        await desk.do("status", status="offline", reason="lunch")
        assert record(house, "chat-1").state == "connected", "what is in hand is done first, as long as they are there"
    let_go(presence, house.engine.views.agent_number("an"))
    await settled(house)
    assert put_back(house) == [("chat-1", "desk", "desk closed")]
    assert presence.set_offline == 0


async def test_a_status_that_somebody_else_chose_stands_but_chats_go_back(build: Build) -> None:
    house = await build(centre=TWO)
    presence, views = house.adapter.context.desks.presence, house.engine.views
    async with opened(house) as desk:
        await desk.do("status", status="available")
        await take(house, desk, "chat-1")
    number = views.agent_number("an")
    async with ClientSession(house.url) as api:
        await tell(api, "/api/v1/agents/an/status", status="available", by="boss")
        await house.engine.submit("web", [ContactArrived(contact="chat-2", queue="chat", channel="chat")])
        await house.engine.submit("bot", [OfferAnswered(agent="an", contact="chat-2")])
        await tell(api, "/api/v1/agents/an/status", status="paused", reason="training", by="boss")
    await house.engine.durable()
    let_go(presence, number)
    await settled(house)
    assert put_back(house) == [("chat-1", "desk", "desk closed")], "chat-2 was taken by something else"
    assert [one.contact for one in views.contacts.engagements("an") if one.state == "connected"] == ["chat-2"]
    assert (views.agent("an").status, views.agent("an").wrapping) == ("paused", 0)
    assert presence.set_offline == 0


async def removed(house: House, folder: Path) -> None:
    """Reload the configuration without agent an."""
    less = folder / "less.yaml"
    less.write_text("".join(line for line in TWO.splitlines(keepends=True) if "name: an," not in line))
    house.engine.configure(load_config(less))


@pytest.mark.parametrize("away_limit", ["2m", "0s"])
async def test_chats_of_who_is_configured_no_more_go_back_at_once(
    build: Build, tmp_path: Path, away_limit: str
) -> None:
    house = await build(f"desk: {{away_limit: {away_limit}}}", centre=TWO)
    presence, views = house.adapter.context.desks.presence, house.engine.views
    number = views.agent_number("an")
    async with opened(house) as desk:
        await desk.do("status", status="available")
        await take(house, desk, "call", "voice")
        await take(house, desk, "chat-1")
        await removed(house, tmp_path)
        await desk.until(lambda: desk.ended == "unknown")
    async with asyncio.timeout(10):
        while not presence.put_back:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert put_back(house) == [("chat-1", "desk", "desk closed")]
    assert [one.contact for one in views.contacts.waiting("chat", limit=10).contacts] == ["chat-1"]
    assert [one.contact for one in views.contacts.engagements_of(number) if one.state == "connected"] == ["call"]
    assert not views.read_events(0, 500, ["fact_refused"]).events
    assert (presence.put_back, presence.set_offline) == (1, 0)


@pytest.mark.parametrize("away_limit", ["2m", "0s"])
async def test_so_do_those_of_who_was_away_then(build: Build, tmp_path: Path, away_limit: str) -> None:
    house = await build(f"desk: {{away_limit: {away_limit}}}", centre=TWO)
    presence = house.adapter.context.desks.presence
    async with opened(house) as desk:
        await desk.do("status", status="available")
        await take(house, desk, "chat-1")
    assert not put_back(house)
    await removed(house, tmp_path)
    async with asyncio.timeout(10):
        while not presence.put_back:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert put_back(house) == [("chat-1", "desk", "desk closed")]
    assert not presence._seats


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """An engine in a process of its own that waits a second for agents, not started yet."""
    made = Served(tmp_path)
    made.configure(TWO + f"\nadapters:\n  http: {{port: {made.port}, desk: {{away_limit: 1s}}}}\n")
    yield made
    await made.kill()


@pytest.mark.slow
async def test_a_chat_of_who_does_not_come_back_after_a_restart_is_offered_to_another(served: Served) -> None:
    url = f"http://127.0.0.1:{served.port}"
    await served.start()
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client, ClientSession(url) as api:
        await sign_in(client, url)
        async with socket_of(client, url) as desk:
            await desk.do("status", status="available")
            await tell(api, CONTACTS, 201, contact="chat-1", queue="chat", channel="chat")
            await desk.until(lambda: desk.contact("chat-1").get("state") == "offered")
            await desk.do("accept", contact="chat-1")
            await served.kill()
    await served.start()
    async with ClientSession(url) as api:
        await tell(api, "/api/v1/agents/binh/status", status="available")
        async with asyncio.timeout(30):
            while (await get(api, f"{CONTACTS}/chat-1"))["contact"]["offered_to"] != ["binh"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
