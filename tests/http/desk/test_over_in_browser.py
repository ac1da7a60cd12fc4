"""A contact that is over while an agent writes about it, in a real browser: no word is lost or lands elsewhere."""

import asyncio
import contextlib
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.http.browser import until
from tests.http.desk.support import CENTRE, opened
from tests.http.desk.test_in_browser import bring, browser, signed_in, take_chat
from tests.http.desk.test_links_in_browser import FAR_AWAY, TOGETHER, classified
from tests.http.support import CONTACTS, Build, House, get, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]
TIRELESS = CENTRE.replace("wrap_up: 30s, ring_limit: 30s", "wrap_up: 0s, ring_limit: 30s", 1)


async def two_in_hand(context: Any, house: House) -> Any:
    """A desk with two chats in hand: the second is in front, and its line has the focus."""
    page = await signed_in(context, house)
    await take_chat(page, house)
    await page.keyboard.press("Escape")
    await bring(house, "chat-2", who="Lê Minh")
    await page.wait_for_selector(".offer")
    await page.keyboard.press("a")
    await until(page, "document.querySelector('#contact-title').innerText === 'Lê Minh'")
    await until(page, "document.activeElement.id === 'line'")
    await until(page, "document.querySelectorAll('.contact').length === 2")  # in front already before it was theirs
    return page


async def shown(page: Any) -> str:
    """Who is in front."""
    found: str = await page.inner_text("#contact-title")
    return found


async def notes(house: House) -> list[tuple[str, str]]:
    """Every note of the log, with its contact."""
    async with ClientSession(house.url) as client:
        events = (await get(client, "/api/v1/events?type=note_written"))["events"]
    return [(one["contact"], one["data"]["text"]) for one in events]


async def test_a_line_is_never_carried_on_to_another_customer(build: Build) -> None:
    house = await build(centre=TIRELESS)
    async with browser() as context, ClientSession(house.url) as client:
        page = await two_in_hand(context, house)
        await page.keyboard.type("Your number is ")
        await tell(client, f"{CONTACTS}/chat-2/release", by="customer")
        await page.locator(".toast", has_text="Lê Minh is over").wait_for()
        await page.keyboard.type("4111")
        await page.keyboard.press("Enter")
        await page.locator(".toast", has_text="not sent").wait_for()
        assert await shown(page) == "Lê Minh"
        assert await page.input_value("#line") == "Your number is 4111"
        await page.keyboard.press("Escape")
        await until(page, "document.querySelector('#contact-title').innerText === 'Phạm Lan'")
        assert await page.input_value("#line") == ""
        assert "Your number is 4111" in await page.inner_text(".toasts")
        said = (await get(client, f"{CONTACTS}/chat-1/messages"))["messages"]
        assert [one for one in said if one["by"] == "agent"] == []


async def test_the_rest_of_a_line_is_no_keys_of_the_wrap_up(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await bring(house, "chat-2", who="Lê Minh")
        await page.wait_for_selector(".offer")
        await page.keyboard.type("Your ")
        await tell(client, f"{CONTACTS}/chat-1/release", by="customer")
        await page.wait_for_selector(".wrap-up:not([hidden])")
        await page.keyboard.type("fare depends")
        assert await page.input_value("#line") == "Your fare depends", "the field is there until it is left"
        await page.keyboard.press("Enter")
        await page.locator(".toast", has_text="not sent").wait_for()
        assert await page.locator(".toast").count() == 1, "one thing is told once"
        assert await page.locator(".offer").count() == 1, "D declined nobody, and A accepted nobody"
        await page.keyboard.press("Escape")
        await page.wait_for_selector("#line", state="hidden")
        assert "“Your fare depends”" in await page.inner_text(".toasts")
        assert await page.locator(".toast").count() == 1, "with the words now"
        assert await page.locator(".wrap-up:not([hidden])").count() == 1, "F finished nothing"
        assert await page.locator("dialog[open]").count() == 0


async def test_a_chat_that_is_taken_away_and_rings_again_keeps_its_words_apart(build: Build) -> None:
    house = await build(centre=TIRELESS)
    async with browser() as context, ClientSession(house.url) as client:
        page = await two_in_hand(context, house)
        await page.keyboard.type("secret of ")
        await tell(client, f"{CONTACTS}/chat-2/requeue", reason="to somebody else")
        await page.wait_for_selector(".offer")
        await page.locator(".toast", has_text="Lê Minh is over").wait_for()
        await page.keyboard.type("Minh and deposit")
        assert await page.input_value("#line") == "secret of Minh and deposit"
        await page.keyboard.press("Alt+a")
        await page.wait_for_selector(".offer", state="detached")
        await until(page, "document.querySelectorAll('.contact').length === 2")
        assert "“secret of Minh and deposit”" in await page.inner_text(".toasts")
        assert await page.input_value("#line") == ""


async def test_an_empty_line_of_who_is_gone_leaves_no_cursor_at_the_next(build: Build) -> None:
    house = await build(centre=TIRELESS)
    async with browser() as context, ClientSession(house.url) as client:
        page = await two_in_hand(context, house)
        await tell(client, f"{CONTACTS}/chat-2/release", by="customer")
        await until(page, "document.querySelector('#contact-title').innerText === 'Phạm Lan'")
        assert await page.evaluate("document.activeElement.id") != "line"


async def test_a_note_goes_on_where_it_began(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context, ClientSession(house.url) as client:
        page = await two_in_hand(context, house)
        await tell(client, f"{CONTACTS}/chat-2/release", by="customer")
        await page.wait_for_selector(".wrap-up:not([hidden])")
        await page.locator("#note").press_sequentially("first half, ")
        async with opened(house) as other:
            await other.do("finish", contact="chat-2")
            await page.locator(".toast", has_text="Lê Minh is over").wait_for()
            await page.keyboard.type("second half")
            assert await shown(page) == "Lê Minh"
            await page.keyboard.press("Escape")
            await until(page, "document.querySelector('#contact-title').innerText === 'Phạm Lan'")
            assert await page.input_value("#note") == ""
            await until_noted(page, house, [("chat-2", "first half, second half")])


async def until_noted(page: Any, house: House, wanted: list[tuple[str, str]]) -> None:
    """Wait until these are all the notes."""
    await until(page, "document.querySelectorAll('.under-way').length === 0")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(15):
            while await notes(house) != wanted:
                await page.evaluate("new Promise((done) => requestAnimationFrame(done))")
    assert await notes(house) == wanted


async def test_a_call_that_is_answered_takes_no_note_over(build: Build) -> None:
    house = await build(centre=CENTRE + "channels: {voice: {may_interrupt: [chat]}}\n")
    async with browser() as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.locator("#note").press_sequentially("she is a ")
        await bring(house, "call-1", "voice", "sales", who="Bad Payer")
        await page.wait_for_selector(".offer")
        await tell(client, "/api/v1/agents/an/offers/call-1/answer")
        await page.wait_for_selector(".offer", state="detached")
        await page.keyboard.type("good customer")
        assert await shown(page) == "Phạm Lan"
        assert await page.input_value("#note") == "she is a good customer"


async def test_what_was_written_over_a_dead_link_is_taken_after_the_wrap_up(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.keyboard.press("Escape")
        await tell(client, f"{CONTACTS}/chat-1/release", by="customer")
        await page.wait_for_selector(".wrap-up:not([hidden])")
        await page.evaluate("WebSocket.prototype.send = () => undefined")
        await page.locator("#field-words").press_sequentially("late words")
        await page.locator("#note").press_sequentially("late note")
        await page.locator(".note-form button").click()
        async with opened(house) as other:
            await other.do("finish", contact="chat-1")
            await page.reload()
            await until_noted(page, house, [("chat-1", "late note")])
        assert (await classified(house))[-1]["fields"] == {"words": "late words"}


async def test_words_for_two_who_are_accepted_at_once_stay_with_each(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.evaluate(TOGETHER.replace('"say"', '"accept"'))
        await page.keyboard.press("r")
        await bring(house, "chat-1")
        await bring(house, "chat-2", who="Lê Minh")
        await until(page, "document.querySelectorAll('.offer').length === 2")
        first, second = await page.evaluate("[...document.querySelectorAll('.offer h3')].map((name) => name.innerText)")
        await page.keyboard.press("a")
        await page.keyboard.type("for the first")
        await page.keyboard.press("Alt+a")
        await page.evaluate("window.letGo()")
        await until(page, "document.querySelectorAll('.offer').length === 0")
        assert await page.locator(".contact", has_text=second).count() == 1, "the second is in the list"
        assert await shown(page) == first
        assert await page.input_value("#line") == "for the first"


async def test_lines_typed_ahead_are_sent_where_enter_was_pressed(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context, ClientSession(house.url) as client:
        await context.add_init_script(FAR_AWAY)
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        await bring(house, "chat-1")
        await page.wait_for_selector(".offer")
        await page.keyboard.press("a")
        await page.keyboard.type("good morning")
        await page.keyboard.press("Enter")
        await page.keyboard.type("how can")
        await until(page, "document.querySelector('#line')?.value === 'how can'")
        await page.locator(".line-state", has_text="sent").first.wait_for()
        said = (await get(client, f"{CONTACTS}/chat-1/messages"))["messages"]
        assert [one["text"] for one in said if one["by"] == "agent"] == ["good morning"]


async def test_words_for_who_went_back_to_the_queue_are_not_told_as_of_one_that_is_over(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.keyboard.type("half a line")
        await page.keyboard.press("Escape")
        await tell(client, "/api/v1/agents/an/status", status="paused", by="an")
        await tell(client, f"{CONTACTS}/chat-1/requeue")
        await page.wait_for_selector(".wrap-up:not([hidden])")
        await page.keyboard.press("f")
        said = "not sent: The contact is not with you any more. “half a line”"
        await page.locator(".toast", has_text=said).wait_for()
