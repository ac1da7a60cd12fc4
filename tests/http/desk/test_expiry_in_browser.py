"""A session ends while chats are open: the desk says so, and after the next sign-in everything is as it was."""

import asyncio
import json
from typing import Any

import pytest

from tests.http.browser import until
from tests.http.desk.support import CENTRE, PASSWORD, take_out
from tests.http.desk.test_cases_in_browser import is_fit
from tests.http.desk.test_in_browser import browser, lines, signed_in, take_chat, time_passes
from tests.http.desk.test_socket import customer_says
from tests.http.support import Build, House
from tests.sip.support import until as until_so

pytestmark = [pytest.mark.peer, pytest.mark.slow]


WORDS = (("en", "The session ends at", "Sign in again"), ("vi", "kết thúc lúc", "Đăng nhập lại"))


@pytest.mark.parametrize(("locale", "words", "button"), WORDS)
async def test_the_end_of_a_session_is_said_before_and_put_off(
    build: Build, locale: str, words: str, button: str
) -> None:
    house = await build("desk: {session_limit: 6m}", centre=CENTRE)
    async with browser(locale=locale) as context:
        page = await signed_in(context, house)
        other = await context.new_page()
        for each in (page, other):
            await each.clock.install()
            await each.goto(f"{house.url}/desk")
            await each.wait_for_selector("#state[data-state]")
        await take_chat(page, house)
        await page.keyboard.type("half a")
        assert not await page.locator(".session-end").is_visible()
        await time_passes(house, 90_000, page, other)
        await page.locator(".session-end", has_text=words).wait_for()
        assert words in await page.inner_text("#polite")
        assert await page.evaluate("document.activeElement.id") == "line"
        await is_fit(page)
        await page.get_by_role("button", name=button).click()
        await until(page, "document.activeElement.id === 'password'")
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        for each in (page, other):
            await each.locator(".session-end").wait_for(state="hidden")
        await until(page, "document.activeElement.id === 'line'")
        await page.keyboard.type(" sentence")
        await page.keyboard.press("Enter")
        await until(
            page, "[...document.querySelectorAll('.line-text')].some((one) => one.innerText === 'half a sentence')"
        )
        desks, agent = house.adapter.context.desks.hub._open, house.engine.views.agent_number("an")
        await until_so(
            lambda: [len({desk.session for desk in desks.get(agent, ())}), len(desks.get(agent, ()))] == [1, 2]
        )


async def test_a_page_with_nobody_before_it_says_so(build: Build) -> None:
    house = await build(centre=CENTRE)
    alive: list[Any] = []

    def note(text: str | bytes) -> None:
        said = json.loads(text)
        if said["type"] == "alive":
            alive.append(said)

    async with browser() as context:
        page = await signed_in(context, house)
        page.on("websocket", lambda socket: socket.on("framesent", note))
        await page.clock.install()
        await page.reload()
        await page.wait_for_selector("#state[data-state]")
        await take_chat(page, house)
        await page.clock.run_for(20_000)
        await until_so(lambda: len(alive) == 2, "opened, then keys pressed")
        await customer_says(house, "chat-1", "Is anybody there?")
        found = house.engine.views.contacts
        async with asyncio.timeout(10):
            while not found.conversation("chat-1", 0, 10).agent_read_seq:
                await page.clock.run_for(100)
        await page.clock.run_for(60_000)
        assert len(alive) == 2, "nobody has been there since"
        await page.keyboard.press("y")
        await page.clock.run_for(15_000)
        await until_so(lambda: len(alive) >= 3)
        assert len(alive) == 3, "nobody was there before"
        assert alive[-1]["ago_s"] <= 15


async def test_a_session_that_ends_loses_nothing(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.keyboard.type("one")
        await page.keyboard.press("Enter")
        await until(page, "document.querySelector('.line-state')?.textContent === 'sent'")
        await page.keyboard.type("half a sent")
        desks = house.adapter.context.desks
        desks.sessions._whole_ns, lasts_ns = 0, desks.sessions._whole_ns
        desks.hub.wake_all()
        await page.wait_for_selector("#password")
        assert "The session is over" in await page.inner_text("main")
        assert "Phạm Lan" not in await page.inner_text("body")
        desks.sessions._whole_ns = lasts_ns
        await customer_says(house, "chat-1", "meanwhile")
        await page.click("#password")
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await until(page, "document.querySelectorAll('.line').length === 2")
        assert await lines(page) == ["one", "meanwhile"]
        assert await page.input_value("#line") == "half a sent"
        assert house.engine.views.agent("an").status == "available"


async def session_ends(page: Any, house: House) -> None:
    """End every session, and let new ones begin."""
    desks = house.adapter.context.desks
    desks.sessions._whole_ns, lasts_ns = 0, desks.sessions._whole_ns
    desks.hub.wake_all()
    await page.wait_for_selector("#password")
    desks.sessions._whole_ns = lasts_ns


async def typist(context: Any, house: House) -> Any:
    """A desk with a chat in hand whose clock stands: whoever types there does not pause."""
    page = await signed_in(context, house)
    await page.clock.install()
    await page.reload()
    await page.wait_for_selector("#state[data-state]")
    await take_chat(page, house)
    await page.clock.pause_at(await page.evaluate("Date.now()") / 1000 + 5)
    return page


@pytest.mark.parametrize(("place", "width"), [("#line", 1280), ("#note", 390)])
async def test_a_sentence_that_goes_on_over_the_end_is_no_password(build: Build, place: str, width: int) -> None:
    house = await build(centre=CENTRE)
    async with browser(width=width) as context:
        page = await typist(context, house)
        tries: list[str] = []
        page.on("request", lambda request: tries.append(request.method) if "desk/session" in request.url else None)
        await page.locator(place).press_sequentially("half a sent")
        await session_ends(page, house)
        await page.keyboard.type("ence, and morr")
        await page.keyboard.press("Backspace")
        await page.keyboard.type("e")
        await page.keyboard.press("Enter")
        await page.keyboard.type("of it")
        assert await page.input_value("#password") == ""
        assert await page.input_value("#typed-on") == "ence, and more\nof it"
        await page.clock.run_for(1100)
        await page.keyboard.type("after a pause")
        assert await page.input_value("#typed-on") == "ence, and more\nof it", "that may be the password"
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.id") == "password"
        assert "POST" not in tries
        await page.clock.resume()
        await is_fit(page)
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_selector(place)
        await until(page, f"document.querySelector('{place}').value === 'half a sentence, and more\\nof it'")


async def test_who_types_where_nothing_is_kept_types_for_nobody_at_the_door(build: Build) -> None:
    house = await build("desk: {session_limit: 6m}", centre=CENTRE)
    async with browser() as context:
        page = await typist(context, house)
        await page.keyboard.press("Alt+t")
        await page.locator("dialog input").first.press_sequentially("sal")
        await session_ends(page, house)
        await page.keyboard.type("es")
        assert await page.input_value("#password") == ""
        assert await page.locator("#typed-on").count() == 0
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.id") == "password"


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en", "no longer in the configuration"), ("vi", "không còn trong cấu hình nên không đăng nhập được")],
)
async def test_who_is_configured_no_more_is_told_so_and_stays_told(build: Build, locale: str, said: str) -> None:
    house = await build(centre=CENTRE)
    async with browser(locale=locale) as context:
        page = await signed_in(context, house)
        take_out(house, "an")
        alert = page.locator(".door-alert", has_text=said)
        await alert.wait_for()
        async with page.expect_response(lambda answer: answer.request.method == "POST") as refused:
            await page.fill("#password", PASSWORD)
            await page.keyboard.press("Enter")
        assert (await refused.value).status == 404
        await until(page, "!document.querySelector('.door-form .primary').disabled")
        await alert.wait_for()
        await page.reload()
        await alert.wait_for()
