"""Who sat at a desk over a kill of the service: whatever was so is so again, and limits of time count anew."""

import asyncio
import json
import logging
import shutil
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from adapters.http.adapter import HttpAdapter
from adapters.http.desk import seats
from adapters.http.desk.presence import Presence
from adapters.http.desk.seats import FILE
from engine.config.load import load_config
from engine.live.host import EngineHost
from engine.messages.observed import AgentStatusChanged, ContactArrived, ContactReleased, OfferAnswered
from engine.whole_file import write_whole
from tests.http.desk.support import opened
from tests.http.desk.test_left_behind import TWO, let_go, put_back, record, settled, sign_out_in_vain, take
from tests.http.support import House, tell

pytestmark = pytest.mark.slow
CENTRE = TWO.replace("wrap_up: 30s, ring_limit: 30s}", "wrap_up: agent, ring_limit: 30s}")
AWAY = "desk: {away_limit: 2m}"


class Service:
    """A service with a data folder; killed, it goes on from what the disk had then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hosts: list[EngineHost] = []

    @property
    def data(self) -> Path:
        """The data folder of the latest start."""
        return self._folder / f"data-{len(self._hosts)}"

    @property
    def seats(self) -> Path:
        """The file of who sits at a desk."""
        return self.data / "adapters" / "http" / FILE

    @property
    def known(self) -> Any:
        """What the file says."""
        return json.loads(self.seats.read_bytes())

    async def start(self, centre: str = CENTRE, http: str = AWAY) -> House:
        """Start with what lies in the data folder."""
        path = self._folder / "centre.yaml"
        path.write_text(f"limits: {{contacts: 64, agents: 8}}\n{centre}\nadapters:\n  http: {{port: 0, {http}}}\n")
        config = load_config(path, adapters={"http": lambda: HttpAdapter})
        self._hosts.append(EngineHost(config, self.data_of_next, segment_bytes=1 << 20))
        await self._hosts[-1].start()
        adapters, engine = self._hosts[-1]._adapters, self._hosts[-1].engine
        assert adapters is not None
        assert engine is not None
        made: Any = adapters._made["http"]
        return House(engine, made, adapters)

    @property
    def data_of_next(self) -> Path:
        """Where the next start looks."""
        return self._folder / f"data-{len(self._hosts) + 1}"

    async def killed(self, house: House) -> None:
        """Let the next start find what the disk has of this house now, which is told nothing of its end."""
        await house.engine.durable()
        await presence_of(house).kept()
        shutil.copytree(self.data, self.data_of_next)

    async def stop(self) -> None:
        """Stop all."""
        for host in self._hosts:
            await host.stop()


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """A service, not started yet."""
    made = Service(tmp_path)
    yield made
    await made.stop()


def presence_of(house: House) -> Presence:
    return house.adapter.context.desks.presence


def number_of(house: House, agent: str = "an") -> int:
    return house.engine.views.directory.agents.number_ever(agent)


def awaited(house: House) -> set[int]:
    """Agents who are waited for."""
    return set(presence_of(house)._timers)


async def at_a_desk(house: House, contact: str = "chat-1") -> None:
    """Let the agent be ready, take a chat and close the desk."""
    async with opened(house) as desk:
        await desk.do("status", status="available")
        await take(house, desk, contact)
    async with asyncio.timeout(10):
        while not awaited(house):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def chosen_by_boss(house: House, status: str = "available", agent: str = "an") -> None:
    async with ClientSession(house.url) as api:
        await tell(api, f"/api/v1/agents/{agent}/status", status=status, by="boss")
    await house.engine.durable()


async def test_whose_desk_was_open_is_waited_for_whoever_chose_their_status(service: Service) -> None:
    house = await service.start()
    async with opened(house) as desk:
        await chosen_by_boss(house)
        await take(house, desk, "call", "voice")
        await take(house, desk, "task", "task")
        await take(house, desk, "mail", "email")
        await take(house, desk, "chat-1")
        await chosen_by_boss(house, agent="binh")
        await service.killed(house)
    house = await service.start()
    assert awaited(house) == {number_of(house)}, "binh works by something else"
    let_go(presence_of(house), number_of(house))
    await settled(house)
    assert put_back(house) == [("chat-1", "desk", "desk closed")]
    views = house.engine.views
    assert (views.agent("an").status, views.agent("an").reason) == ("offline", "desk closed")
    assert [one.contact for one in views.contacts.engagements("an")] == ["call", "task", "mail"]
    assert presence_of(house).set_offline == 1


async def test_who_comes_back_after_a_restart_is_waited_for_no_more(service: Service) -> None:
    house = await service.start()
    await at_a_desk(house)
    await service.killed(house)
    house = await service.start()
    assert awaited(house) == {number_of(house)}
    async with opened(house) as desk:
        assert not awaited(house)
        assert desk.contact("chat-1")["state"] == "connected"
        await presence_of(house).kept()
        assert service.known == {"an": {"state": "open"}}


async def test_a_service_that_ends_in_order_knows_whose_desks_were_open(service: Service) -> None:
    house = await service.start()
    await at_a_desk(house)
    async with opened(house, "binh"):
        await house.adapters.stop()
    assert not awaited(house)
    assert service.known == {"an": {"state": "left"}, "binh": {"state": "open"}}


async def test_a_status_that_somebody_else_chose_stands_over_a_restart_but_chats_go_back(service: Service) -> None:
    house = await service.start()
    await at_a_desk(house)
    await chosen_by_boss(house)
    await house.engine.submit("web", [ContactArrived(contact="chat-2", queue="chat", channel="chat")])
    await house.engine.submit("bot", [OfferAnswered(agent="an", contact="chat-2")])
    await service.killed(house)
    house = await service.start()
    views = house.engine.views
    assert awaited(house) == {number_of(house)}
    let_go(presence_of(house), number_of(house))
    await settled(house)
    assert put_back(house) == [("chat-1", "desk", "desk closed")], "chat-2 was taken by something else"
    assert [one.contact for one in views.contacts.engagements("an") if one.state == "connected"] == ["chat-2"]
    assert (views.agent("an").status, presence_of(house).set_offline) == ("available", 0)
    await presence_of(house).kept()
    assert service.known == {}


async def test_who_works_by_something_else_by_now_is_not_waited_for(service: Service) -> None:
    house = await service.start()
    await at_a_desk(house)
    let_go(presence_of(house), number_of(house))
    await settled(house)
    assert put_back(house) == [("chat-1", "desk", "desk closed")]
    await house.engine.submit("bot", [AgentStatusChanged(agent="an", status="available")])
    await house.engine.submit("bot", [OfferAnswered(agent="an", contact="chat-1")])
    assert record(house, "chat-1").state == "connected"
    await service.killed(house)
    house = await service.start()
    assert not awaited(house)
    assert record(house, "chat-1").agent == "an"


async def test_who_is_gone_is_done_with_a_wrap_up_that_begins_after_a_restart(service: Service) -> None:
    house = await service.start()
    async with opened(house) as desk:
        await desk.do("status", status="available")
        await take(house, desk, "call", "voice")
    let_go(presence_of(house), number_of(house))
    await settled(house)
    await service.killed(house)
    assert service.known == {"an": {"state": "gone"}}
    house = await service.start()
    assert not awaited(house)
    await house.engine.submit("test", [ContactReleased(contact="call", by="customer")])
    await house.engine.durable()
    assert house.engine.views.agent("an").state == "wrapping"
    await service.killed(house)
    house = await service.start()
    let_go(presence_of(house), number_of(house))
    await settled(house)
    assert house.engine.views.agent("an").state == "offline"


async def test_who_signed_out_while_the_engine_was_full_signs_out_after_a_restart(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await service.start()
    await sign_out_in_vain(house, monkeypatch)
    presence_of(house).stop()
    await service.killed(house)
    assert service.known == {"an": {"state": "leaving", "why": "signed out"}}
    house = await service.start()
    assert awaited(house) == {number_of(house)}
    let_go(presence_of(house), number_of(house))
    await settled(house)
    assert put_back(house) == [("chat-1", "desk", "signed out")]
    assert house.engine.views.agent("an").status == "offline"


async def test_chats_of_who_is_configured_no_more_after_a_restart_go_back(service: Service) -> None:
    house = await service.start()
    await at_a_desk(house)
    await service.killed(house)
    house = await service.start("".join(line for line in CENTRE.splitlines(keepends=True) if "name: an," not in line))
    assert awaited(house) == {number_of(house)}
    let_go(presence_of(house), number_of(house))
    await settled(house)
    assert put_back(house) == [("chat-1", "desk", "desk closed")]
    assert not house.engine.views.read_events(0, 500, ["fact_refused"]).events
    await presence_of(house).kept()
    assert service.known == {}


async def test_who_is_gone_by_a_file_that_is_newer_than_the_log_is_waited_for(service: Service) -> None:
    house = await service.start()
    await at_a_desk(house)
    await service.killed(house)
    seats_then = service.data_of_next / service.seats.relative_to(service.data)
    seats_then.write_text('{"an": {"state": "gone"}, "binh": {"state": "gone"}, "nobody": {"state": "open"}}')
    house = await service.start()
    assert awaited(house) == {number_of(house)}, "as a backup copies the log before it"


async def test_with_no_limit_nobody_is_waited_for_after_a_restart(service: Service) -> None:
    house = await service.start()
    await at_a_desk(house)
    await service.killed(house)
    house = await service.start(http="desk: {away_limit: 0s}")
    assert not awaited(house)


@pytest.mark.parametrize("content", [b"", b"garbage", b'{"an": {"state": "elsewhere"}}', None])
async def test_of_a_file_that_says_nothing_nobody_is_known(
    service: Service, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    house = await service.start()
    await at_a_desk(house)
    await service.killed(house)
    seats_then = service.data_of_next / service.seats.relative_to(service.data)
    if content is None:
        seats_then.unlink()
    else:
        seats_then.write_bytes(content)
    caplog.clear()
    with caplog.at_level(logging.INFO, seats.logger.name):
        house = await service.start()
    assert not awaited(house)
    (said,) = [one for one in caplog.records if one.name == seats.logger.name]
    assert str(service.seats) in said.getMessage()
    assert said.levelno == (logging.INFO if content is None else logging.WARNING)


async def test_a_desk_opens_once_the_file_says_so(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    house = await service.start()
    begun, may_go_on = threading.Event(), threading.Event()

    def slowly(path: Path, body: bytes) -> None:
        begun.set()
        may_go_on.wait()
        write_whole(path, body)

    monkeypatch.setattr("adapters.http.desk.seats.write_whole", slowly)

    async def see_the_file() -> Any:
        async with opened(house):
            return service.known

    opening = asyncio.create_task(see_the_file())
    try:
        assert await asyncio.to_thread(begun.wait, 10)
        await chosen_by_boss(house, agent="binh")
        assert not opening.done()
    finally:
        may_go_on.set()
    assert await opening == {"an": {"state": "open"}}


async def test_a_file_that_cannot_be_written_keeps_nobody_from_work(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    house = await service.start()
    service.seats.with_suffix(".new").mkdir(parents=True)
    async with opened(house) as desk:
        assert (await desk.do("status", status="available"))["seq"]
    assert any(str(service.seats) in one.getMessage() for one in caplog.records)
