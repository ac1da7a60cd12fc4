"""Who is in front of an agent after a reload, in a real browser: whoever was before, in each tab its own."""

from typing import Any

import pytest
from aiohttp import ClientSession

from tests.http.browser import until
from tests.http.desk.support import CENTRE, opened
from tests.http.desk.test_in_browser import bring, browser, signed_in, take_chat
from tests.http.desk.test_sign_out_in_browser import IN_STORAGE
from tests.http.support import Build, House, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]
PHONE = 'phone: {address: "sip:an@example.org"}, desk_password'
CALLS_TOO = "channels: {voice: {may_interrupt: [chat]}}\n"


def in_front(who: str) -> str:
    """Whether somebody is in front, as a page says it."""
    return f"document.querySelector('#contact-title')?.textContent === '{who}'"


async def two_chats(context: Any, house: House) -> Any:
    """A desk with two chats, the one accepted first in front."""
    page = await signed_in(context, house)
    await take_chat(page, house)
    await bring(house, "chat-2", who="Lê Minh")
    await page.click("[data-does=accept]")
    await until(page, in_front("Lê Minh"))
    await page.click(".contact >> text=Phạm Lan")
    await until(page, in_front("Phạm Lan"))
    return page


async def test_who_was_chosen_is_in_front_after_a_reload(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await two_chats(context, house)
        tab = await context.new_page()
        await tab.goto(f"{house.url}/desk")
        await until(tab, in_front("Lê Minh"))
        for each, who in ((page, "Phạm Lan"), (tab, "Lê Minh")):
            await each.reload()
            await until(each, in_front(who))
        await tab.click(".contact >> text=Phạm Lan")
        await page.click(".contact >> text=Lê Minh")
        for each, who in ((page, "Lê Minh"), (tab, "Phạm Lan")):
            await until(each, in_front(who))
            await each.reload()
            await until(each, in_front(who))


async def test_where_who_was_chosen_is_gone_another_one_is_in_front(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await two_chats(context, house)
        await page.goto("about:blank")
        async with opened(house) as other:
            await other.do("end", contact="chat-1")
            await other.do("finish", contact="chat-1")
        await page.goto(f"{house.url}/desk")
        await until(page, in_front("Lê Minh"))


async def test_who_was_chosen_is_forgotten_with_the_sign_out(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await two_chats(context, house)
        assert "in-front" in await page.evaluate(IN_STORAGE)
        await page.click("button:text-is('Sign out')")
        await page.click("dialog button:text-is('Sign out')")
        await page.wait_for_selector(".door #password")
        assert await page.evaluate(IN_STORAGE) == "[[],[]]"


async def test_a_call_that_was_answered_during_a_reload_is_in_front(build: Build) -> None:
    house = await build(centre=CENTRE.replace("desk_password", PHONE, 1) + CALLS_TOO)
    async with browser() as context, ClientSession(house.url) as client:
        reachable: dict[str, Any] = {"type": "agent_reachability_changed", "agent": "an", "reachable": True}
        await tell(client, "/api/v1/events", 202, **reachable)
        page = await two_chats(context, house)
        await bring(house, "call-1", "voice", "sales", "Trần Mai")
        await page.locator(".offer", has_text="Trần Mai").wait_for()
        await page.goto("about:blank")
        await tell(client, "/api/v1/agents/an/offers/call-1/answer")
        await page.goto(f"{house.url}/desk")
        await until(page, in_front("Trần Mai"))
