"""Lines that reached nobody, in a real browser: they stand where they were sent, then they are told."""

import asyncio
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.http.browser import until
from tests.http.desk.support import CENTRE, opened
from tests.http.desk.test_in_browser import browser, signed_in, take_chat
from tests.http.desk.test_links_in_browser import LIVE, TOGETHER, sign_in_again
from tests.http.desk.test_over_in_browser import TIRELESS
from tests.http.desk.test_sign_out_in_browser import in_storage
from tests.http.support import CONTACTS, Build, House, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]
WORDS = "your train leaves at nine"
SHOWN = f"one.checkVisibility() && one.textContent.includes('{WORDS}')"
STANDS = f"[...document.querySelectorAll('.line.failed')].filter((one) => {SHOWN}).length"
TOLD = f"[...document.querySelectorAll('.toast')].filter((one) => {SHOWN}).length"


async def send_too_late(page: Any, house: House, note: str = "") -> None:
    """Let a line be under way while the customer goes, and a note be begun: it reaches nobody, and stands there."""
    await take_chat(page, house)
    await page.evaluate(TOGETHER)
    await page.keyboard.type(WORDS)
    await page.keyboard.press("Enter")
    await page.locator(".line", has_text=WORDS).wait_for()
    await page.locator("#note").press_sequentially(note)
    async with ClientSession(house.url) as client:
        await tell(client, f"{CONTACTS}/chat-1/release", by="customer")
    await page.wait_for_selector(".toast" if note else ".wrap-up:not([hidden])")
    await page.evaluate("window.letGo()")
    await until(page, f"{STANDS} === 1")
    assert await page.evaluate(TOLD) == 0, "it has its place"


async def test_a_line_that_came_too_late_is_told_after_the_finish(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await send_too_late(page, house)
        await page.keyboard.press("Escape")
        await page.keyboard.press("f")
        await until(page, f"{TOLD} === 1")
        assert await page.locator(".toast", has_text=WORDS).get_by_role("button").count() == 1, "until it is put away"


async def test_a_line_that_came_too_late_stands_there_after_a_reload(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await send_too_late(page, house)
        for _ in range(2):
            await page.reload()
            await until(page, f"{STANDS} === 1")
            assert await page.evaluate(TOLD) == 0
        async with opened(house) as other:
            await other.do("finish", contact="chat-1")
        await until(page, f"{TOLD} === 1")


async def test_a_line_that_came_too_late_is_told_though_its_contact_went_during_a_reload(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await send_too_late(page, house)
        await page.goto("about:blank")
        async with opened(house) as other:
            await other.do("finish", contact="chat-1")
        await page.goto(f"{house.url}/desk")
        await until(page, f"{TOLD} === 1")


async def test_a_line_to_who_is_over_is_told_once_they_are_left(build: Build) -> None:
    house = await build(centre=TIRELESS)
    async with browser() as context:
        page = await signed_in(context, house)
        await send_too_late(page, house, note="half a note")
        await page.keyboard.press("Escape")
        await until(page, f"{TOLD} === 1 && {STANDS} === 0")


async def lose_a_line(page: Any, house: House) -> None:
    """Let a half written line be left after its contact has ended: its words are told."""
    await take_chat(page, house)
    await page.keyboard.type(WORDS)
    async with ClientSession(house.url) as client:
        await tell(client, f"{CONTACTS}/chat-1/release", by="customer")
    await page.wait_for_selector(".wrap-up:not([hidden])")
    await page.keyboard.press("Escape")
    await until(page, f"{TOLD} === 1")
    await page.keyboard.press("f")
    await until(page, "!document.querySelector('.contact')")


async def test_words_that_are_told_outlive_a_reload_until_they_are_put_away(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await lose_a_line(page, house)
        for _ in range(2):
            await page.reload()
            await until(page, f"{TOLD} === 1")
        await page.locator(".toast", has_text=WORDS).get_by_role("button").click()
        await until(page, f"{TOLD} === 0")
        await page.reload()
        await page.wait_for_selector("#state[data-state]")
        await until(page, LIVE)
        assert await page.evaluate(TOLD) == 0
        assert not await in_storage(page, WORDS)


async def test_words_that_are_told_go_with_the_sign_out(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await lose_a_line(page, house)
        assert await in_storage(page, WORDS)
        await page.click("button:text-is('Sign out')")
        await page.click("dialog button:text-is('Sign out')")
        await page.wait_for_selector(".door #password")
        assert not await in_storage(page, WORDS)
        await sign_in_again(page, "an")
        await page.wait_for_selector("#state[data-state]")
        assert await page.evaluate(TOLD) == 0


async def until_asked(page: Any, words: str) -> None:
    """Ask for the sign-out, and stay, until what would be lost by it is asked about in these words."""
    async with asyncio.timeout(15):
        question = ""
        while words not in question:
            await page.click("button:text-is('Sign out')")
            question = await page.inner_text("dialog[open] h2")
            await page.click("dialog button:text-is('Cancel')")
            await page.wait_for_selector("dialog", state="detached")


async def test_words_that_reached_nobody_are_asked_about_before_the_sign_out(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await send_too_late(page, house)
        tab = await context.new_page()
        await tab.goto(f"{house.url}/desk")
        await tab.wait_for_selector("#state[data-state]")
        await page.bring_to_front()
        await until_asked(page, "What you have written and not sent will be deleted")
        await until_asked(tab, "What you have written in another tab and not sent will be deleted")
        await page.locator("#contact-title").focus()
        await page.keyboard.press("f")
        await until(page, f"{TOLD} === 1 && {STANDS} === 0")
        await until_asked(page, "What you have written and not sent will be deleted")
        await until_asked(tab, "What you have written in another tab and not sent will be deleted")
        await page.reload()
        await until(page, f"{TOLD} === 1")
        await until_asked(page, "What you have written and not sent will be deleted")
        await page.locator(".toast", has_text=WORDS).get_by_role("button").click()
        await until(page, f"{TOLD} === 0")
        await page.click("button:text-is('Sign out')")
        await page.wait_for_selector(".door #password")
