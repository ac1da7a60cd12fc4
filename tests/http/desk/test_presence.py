"""Closing the desk: who does not come back is set offline; a reload, a second tab and a restart change nothing."""

import asyncio

from aiohttp import ClientSession, CookieJar

from engine.messages.observed import AgentStatusChanged, ContactArrived, ContactReleased
from tests.http.desk.support import CENTRE, opened, sign_in, socket_of
from tests.http.support import Build, House, tell


def leaving(house: House) -> set[int]:
    """Agents whose last desk is gone."""
    return set(house.adapter.context.desks.presence._timers)


async def test_an_agent_whose_desk_is_closed_is_set_offline_by_an_observed_fact(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        await desk.do("status", status="available")
        assert not leaving(house)
    presence = house.adapter.context.desks.presence
    (agent,) = leaving(house)
    presence._timers[agent].cancel()
    presence._over(agent)
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


async def test_who_chose_offline_is_left_alone(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        await desk.do("status", status="offline", reason="lunch")
    presence = house.adapter.context.desks.presence
    (agent,) = leaving(house)
    presence._over(agent)
    # Facts are taken in order: when this one is on record, so is everything that was said before.
    await house.engine.submit("test", [AgentStatusChanged(agent="binh", status="available")])
    assert house.engine.views.agent("an").reason == "lunch"
    assert presence.set_offline == 0


async def test_whose_status_somebody_else_chose_since_is_left_alone(build: Build) -> None:
    house = await build(centre=CENTRE)
    for name in ("an", "binh"):
        async with opened(house, name) as desk:
            await desk.do("status", status="available")
    async with ClientSession(house.url) as api:
        await tell(api, "/api/v1/agents/an/status", status="available", by="boss")
    await house.engine.durable()
    assert leaving(house) == {house.engine.views.agent_number("binh")}


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


async def test_who_leaves_with_a_contact_in_hand_wraps_it_up_and_is_done_with_it_once_nobody_sits_there(
    build: Build,
) -> None:
    house = await build(centre=CENTRE.replace("wrap_up: 30s, ring_limit: 30s}", "wrap_up: agent, ring_limit: 30s}"))
    presence, views = house.adapter.context.desks.presence, house.engine.views
    async with opened(house) as desk:
        await desk.do("status", status="available")
        await house.engine.submit("web", [ContactArrived(contact="c1", queue="chat", channel="chat")])
        await desk.until(lambda: desk.contact("c1").get("state") == "offered")
        await desk.do("accept", contact="c1")
        await desk.do("status", status="offline", reason="")
        await house.engine.submit("web", [ContactReleased(contact="c1", by="customer")])
        await desk.until(lambda: desk.contact("c1").get("state") == "wrapping")
        assert desk.items["agent"]["state"] == "wrapping"
        contact = desk.contact("c1")
        told = await desk.do("classify", contact="c1", contact_id=contact["id"], code="booked", fields={})
        assert told["seq"], told
        await desk.do("finish", contact="c1")
        await desk.until(lambda: desk.items["agent"]["state"] == "offline")
        # The next one is left to the phone: nobody is there when it ends.
        await desk.do("status", status="available")
        await house.engine.submit("web", [ContactArrived(contact="c2", queue="chat", channel="voice")])
        await desk.until(lambda: desk.contact("c2").get("state") == "offered")
        await desk.do("accept", contact="c2")
    number = views.agent_number("an")
    presence._timers[number].cancel()
    presence._over(number)
    await house.engine.submit("test", [ContactReleased(contact="c2", by="customer")])
    assert (views.agent("an").status, views.agent("an").state) == ("offline", "wrapping")
    await house.engine.durable()
    assert leaving(house) == {number}
    presence._timers[number].cancel()
    presence._over(number)
    await house.engine.submit("test", [AgentStatusChanged(agent="binh", status="available")])
    assert views.agent("an").state == "offline"
    assert presence.set_offline == 1
