"""Closing the desk: who does not come back is set offline; a reload, a second tab and a restart change nothing."""

import asyncio

from aiohttp import ClientSession, CookieJar

from tests.http.desk.support import CENTRE, opened, sign_in, socket_of
from tests.http.support import Build, House


def leaving(house: House) -> set[int]:
    """Agents whose last desk is gone."""
    return set(house.adapter.context.desks.presence._leaving)


async def test_an_agent_whose_desk_is_closed_is_set_offline_by_an_observed_fact(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        await desk.do("status", status="available")
        assert not leaving(house)
    presence = house.adapter.context.desks.presence
    (agent,) = leaving(house)
    presence._leaving[agent].cancel()
    presence._gone(agent)
    views = house.engine.views
    async with asyncio.timeout(10):
        while not presence.set_offline or views.agent("an").status == "available":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await house.engine.durable()
    assert (views.agent("an").status, views.agent("an").reason) == ("offline", "desk closed")
    facts = [one for one in views.read_events(0, 100, ["agent_status_changed"]).events if one.agent == "an"]
    assert (facts[-1].data["by"], facts[-1].data["reason"]) == ("desk", "desk closed")
    assert house.adapter.status().counters["desks_left"] == 1


async def test_a_second_tab_and_a_reload_keep_the_agent_ready(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
        await sign_in(client, house.url)
        async with socket_of(client, house.url) as desk:
            await desk.do("status", status="available")
            async with socket_of(client, house.url):
                pass
            await desk.do("status", status="available")
            assert not leaving(house), "another tab is open"
        async with socket_of(client, house.url):
            assert not leaving(house), "they came back"
        assert leaving(house)
    assert house.engine.views.agent("an").status == "available"


async def test_who_chose_offline_is_left_alone_and_some_houses_wait_for_ever(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        await desk.do("status", status="offline", reason="lunch")
    presence = house.adapter.context.desks.presence
    (agent,) = leaving(house)
    presence._gone(agent)
    await house.engine.durable()
    assert house.engine.views.agent("an").reason == "lunch"


async def test_a_limit_of_nothing_waits_for_ever(build: Build) -> None:
    house = await build("desk: {away_limit: 0s}", centre=CENTRE)
    async with opened(house) as desk:
        await desk.do("status", status="available")
    assert not leaving(house)


async def test_the_end_of_the_service_sets_nobody_offline(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        await desk.do("status", status="available")
        await house.adapters.stop()
        assert not leaving(house)
    assert not leaving(house)
    assert house.engine.views.agent("an").status == "available"
