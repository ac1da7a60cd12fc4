"""Continuity plans and visitors: what they are told comes and goes with the plan, before a chat and within it."""

from collections.abc import Callable
from typing import Any

import aiohttp

from engine.model.plan_views import PlanOrder
from tests.webchat.support import CENTRE, SHOP, Build, Guest, House

PLANS = """
plans:
  storm: {announce: {help: {vi: Hôm nay trả lời chậm hơn, en: Answers take longer today}}, tier: 2}
  flood: {announce: {help: {en: The graver}, calls: Of calls}, tier: 1}
  quiet: {message: For the staff, announce: {calls: Of calls}}
"""
STORM = {"text": {"vi": "Hôm nay trả lời chậm hơn", "en": "Answers take longer today"}}
FLOOD = {"text": {"en": "The graver"}}


async def activate(house: House, name: str, *, drill: bool = False) -> None:
    """Let a supervisor activate a plan."""
    await house.adapter.core.engine.plans.activate(name, PlanOrder(by="lan", reason="typhoon", drill=drill))


async def end(house: House, name: str) -> None:
    """Let a supervisor end a plan."""
    await house.adapter.core.engine.plans.deactivate(name, "lan", "over")


async def inbox(http: aiohttp.ClientSession, house: House) -> Any:
    """What the widget is told before anybody says hello."""
    async with http.get(f"{house.url}/chat/v1/inboxes/web", headers={"Origin": SHOP}) as answer:
        return await answer.json()


async def test_visitors_are_told_before_a_chat_and_within_it(
    build: Build, guest_at: Callable[..., Guest], http: aiohttp.ClientSession
) -> None:
    house = await build(centre=CENTRE + PLANS)
    assert (await inbox(http, house))["notices"] == []
    guest = guest_at(house)
    assert (await guest.connect())["state"]["notices"] == []
    await activate(house, "storm")
    assert (await guest.hear_of("notices"))["notices"] == [STORM]
    assert (await inbox(http, house))["notices"] == [STORM]
    await guest.start()
    await activate(house, "quiet")
    await activate(house, "flood")
    assert (await guest.hear_of("notices"))["notices"] == [FLOOD, STORM], "and nothing that is for the staff"
    later = guest_at(house)
    assert (await later.connect())["state"]["notices"] == [FLOOD, STORM]
    await end(house, "flood")
    assert (await guest.hear_of("notices"))["notices"] == [STORM]
    await end(house, "storm")
    assert (await guest.hear_of("notices"))["notices"] == []
    assert (await inbox(http, house))["notices"] == []


async def test_a_drill_tells_visitors_nothing(build: Build, http: aiohttp.ClientSession) -> None:
    house = await build(centre=CENTRE + PLANS)
    await activate(house, "flood", drill=True)
    assert (await inbox(http, house))["notices"] == []
    await activate(house, "storm")
    assert (await inbox(http, house))["notices"] == [STORM]


async def test_long_polls_are_told_too(
    build: Build, guest_at: Callable[..., Guest], http: aiohttp.ClientSession
) -> None:
    house = await build(centre=CENTRE + PLANS)
    guest = guest_at(house)
    await guest.connect()
    await guest.close()
    headers = {"Origin": SHOP, "Authorization": f"Bearer {guest.session}"}
    address = f"{house.url}/chat/v1/messages?inbox=web"
    await activate(house, "storm")
    async with http.get(address, headers=headers) as answer:
        batch = await answer.json()
    assert [frame["notices"] for frame in batch["frames"] if frame["type"] == "notices"] == [[STORM]]
