"""What is left in a browser of an agent who signs out, or whose place another one takes: nothing."""

import asyncio
from typing import Any

import pytest

from tests.http.browser import until
from tests.http.desk.support import CENTRE, PASSWORD
from tests.http.desk.test_in_browser import browser, signed_in, take_chat
from tests.http.desk.test_links_in_browser import LOSES, end_session, sign_in_again
from tests.http.support import Build, House

pytestmark = [pytest.mark.peer, pytest.mark.slow]
HEARS_LATE = """window.late = [];
window.BroadcastChannel = class extends BroadcastChannel {
  set onmessage(then) {
    super.onmessage = (told) => window.late.push(told);
    window.hear = () => window.late.forEach(then);
  }
};"""
IN_STORAGE = "JSON.stringify([Object.entries(sessionStorage), Object.entries(localStorage)])"


async def in_storage(page: Any, words: str) -> bool:
    """Whether words stand in the browser's storage."""
    return words in str(await page.evaluate(IN_STORAGE))


async def two_tabs(context: Any, house: House) -> tuple[Any, Any]:
    """A desk with half a line at a chat, and a second tab of the same agent."""
    page = await signed_in(context, house)
    await take_chat(page, house)
    await page.keyboard.type("half a line")
    tab = await context.new_page()
    await tab.goto(f"{house.url}/desk")
    await tab.wait_for_selector("#line:visible")
    return page, tab


async def asked_at_sign_out(page: Any, *, of_another_tab: bool) -> None:
    """Ask for the sign-out until what other tabs told is known here: whether there are words in one; it stays open."""
    async with asyncio.timeout(15):
        while True:
            await page.click("button:text-is('Sign out')")
            if ("written in another tab" in await page.inner_text("dialog[open] h2")) == of_another_tab:
                return
            await page.click("dialog button:text-is('Cancel')")
            await until(page, "!document.querySelector('dialog')")


async def take_again(page: Any) -> None:
    """Sign in again and take the chat that went back to its queue: the line to write on is there."""
    await sign_in_again(page, "an")
    await page.wait_for_selector("#state[data-state]")
    await page.keyboard.press("r")
    await page.wait_for_selector(".offer")
    await page.keyboard.press("a")
    await page.wait_for_selector("#line:visible")


async def nothing_is_left(page: Any, *words: str) -> None:
    """Wait until a page that may hear late of the sign-out has nothing of who sat there."""
    await page.wait_for_selector(".door #password")
    await until(page, "document.querySelector('.door #agent')?.value === ''")
    for one in words:
        assert not await in_storage(page, one)


async def test_who_signs_out_leaves_nothing_and_is_asked_first(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page, tab = await two_tabs(context, house)
        await tab.wait_for_selector("#note:visible")
        await tab.fill("#note", "half a note")
        await page.bring_to_front()
        await page.evaluate(LOSES.replace("KIND", "note"))
        await page.fill("#note", "a note under way")
        await page.click(".note-form button")
        assert await in_storage(page, "half a line")
        assert await in_storage(page, "a note under way")
        await page.click("button:text-is('Sign out')")
        asked = await page.inner_text("dialog[open] h2")
        assert "1 chat goes back to its queue" in asked
        assert "will be deleted" in asked
        await page.click("dialog button:text-is('Cancel')")
        assert await page.input_value("#line") == "half a line"
        await page.click("button:text-is('Sign out')")
        await page.click("dialog button:text-is('Sign out')")
        for each in (page, tab):
            await nothing_is_left(each, "half a", "under way")
        await take_again(page)
        assert await page.input_value("#line") == ""
        assert await page.input_value("#note") == ""
        assert house.engine.views.contacts.conversation("chat-1").messages == []


async def test_words_of_another_tab_are_asked_about(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page, tab = await two_tabs(context, house)
        assert await tab.input_value("#line") == ""
        await asked_at_sign_out(tab, of_another_tab=True)
        await tab.click("dialog button:text-is('Cancel')")
        assert await page.input_value("#line") == "half a line"
        await page.fill("#line", "")
        await asked_at_sign_out(tab, of_another_tab=False)
        await tab.click("dialog button:text-is('Cancel')")
        await page.fill("#line", "half a line")
        await asked_at_sign_out(tab, of_another_tab=True)
        await tab.click("dialog button:text-is('Cancel')")
        await page.close(run_before_unload=False)
        await asked_at_sign_out(tab, of_another_tab=False)  # it was closed, and its words with it


async def test_no_name_of_who_signed_out_is_left(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await context.new_page()
        await page.goto(f"{house.url}/desk")
        for agent in ("an", "binh"):
            await page.wait_for_selector(".door #password")
            await sign_in_again(page, agent)
            await page.wait_for_selector("#state[data-state]")
            await page.click("button:text-is('Sign out')")
            await page.wait_for_selector(".door #password")
        assert await page.evaluate(IN_STORAGE) == "[[],[]]"


async def test_a_tab_that_hears_late_of_a_sign_out_takes_nothing_from_the_next(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        tab = await context.new_page()
        await tab.add_init_script(HEARS_LATE)
        await tab.goto(f"{house.url}/desk")
        await tab.wait_for_selector("#line:visible")
        await page.bring_to_front()
        await page.click("button:text-is('Sign out')")
        await page.click("dialog button:text-is('Sign out')")
        await page.wait_for_selector(".door #password")
        await take_again(page)
        await page.fill("#line", "half a line")
        await until(tab, "window.late.some(({ data }) => data.what === 'signed_out')")
        await tab.evaluate("window.hear()")
        await until(tab, "document.querySelector('.door #agent')?.value === ''")
        await page.reload()
        await until(page, "document.querySelector('#line')?.value === 'half a line'")


async def test_a_tab_brought_back_after_the_sign_out_has_nothing(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.keyboard.type("half a line")
        kept = await page.evaluate("({ ...sessionStorage })")
        await page.click("button:text-is('Sign out')")
        await page.click("dialog button:text-is('Sign out')")
        await page.wait_for_selector(".door #password")
        tab = await context.new_page()
        await tab.goto(f"{house.url}/desk")
        await tab.evaluate("(kept) => Object.assign(sessionStorage, kept)", kept)
        await tab.reload()
        await tab.wait_for_selector(".door #password")
        assert not await in_storage(tab, "half a line")
        await take_again(tab)
        assert await tab.input_value("#line") == ""


async def test_who_takes_the_place_of_another_one_keeps_nothing_of_theirs(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.keyboard.type("half a line")
        await end_session(page, house)
        assert await in_storage(page, "half a line"), "the same agent goes on with it"
        other = await context.new_page()
        answer = await other.request.post(
            f"{house.url}/api/v1/desk/session", data={"agent": "binh", "password": PASSWORD}
        )
        assert answer.ok
        await other.goto(f"{house.url}/desk")
        await other.locator(".me", has_text="Trần Bình").wait_for()
        await until(page, "!JSON.stringify({ ...sessionStorage }).includes('half a line')")
        await sign_in_again(page, "an")
        await page.wait_for_selector("#line:visible")
        assert await page.input_value("#line") == "half a line", "it was theirs, and nobody has sat here since"


async def test_who_cannot_be_signed_out_is_told_so(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.route("**/api/v1/desk/session", lambda route: route.abort())
        await page.click("button:text-is('Sign out')")
        await page.locator(".toast", has_text="cannot be reached").wait_for()
        assert await page.locator("#state").is_visible()
