"""What the desk has under way, in a real browser: each thing by its own name, whatever its words are."""

import pytest
from aiohttp import ClientSession

from adapters.http.desk.commands import NotAllowed, Note
from adapters.http.desk.socket import DeskSocket
from tests.http.browser import until
from tests.http.desk.support import CENTRE
from tests.http.desk.test_in_browser import browser, lines, signed_in, take_chat
from tests.http.desk.test_links_in_browser import TOGETHER
from tests.http.support import Build, get

pytestmark = [pytest.mark.peer, pytest.mark.slow]
STATES = "[...document.querySelectorAll('.line-state')].map((one) => one.textContent)"


async def test_a_line_of_another_tab_with_the_same_words_is_another_line(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        tab = await context.new_page()
        await tab.goto(f"{house.url}/desk")
        await tab.wait_for_selector("#line:visible")
        await page.evaluate(TOGETHER)
        await page.fill("#line", "one moment")
        await page.press("#line", "Enter")
        await tab.fill("#line", "one moment")
        await tab.press("#line", "Enter")
        await until(tab, f"{STATES}.join() === 'sent'")
        await tab.fill("#line", "here I am")
        await tab.press("#line", "Enter")
        await until(tab, "document.querySelectorAll('.line').length === 2")
        await until(page, "document.querySelector('.contact-last').textContent === 'one moment'")
        assert await page.evaluate(STATES) == ["sending…"], "it is not the other one"
        await page.evaluate("window.letGo()")
        everything = ["one moment", "here I am", "one moment"]
        for each in (page, tab):
            await until(each, "document.querySelectorAll('.line').length === 3")
            await until(each, f"{STATES}.at(-1) === 'sent'")
            assert await lines(each) == everything
        await page.reload()
        await until(page, "document.querySelectorAll('.line').length === 3")


async def test_a_note_that_is_not_taken_stands_there_again(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    house = await build(centre=CENTRE)
    do = DeskSocket._do

    async def without_room(desk: DeskSocket, command: object) -> object:
        if isinstance(command, Note) and command.text == "window seat":
            raise NotAllowed("no room for that")
        return await do(desk, command)  # type: ignore[arg-type]

    monkeypatch.setattr(DeskSocket, "_do", without_room)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.evaluate(TOGETHER.replace('"say"', '"note"'))
        await page.fill("#note", "window seat")
        await page.click(".note-form button")
        await page.locator(".notes .under-way", has_text="window seat").wait_for()
        await page.fill("#note", "for two")
        await page.evaluate("window.letGo()")
        await until(page, "document.querySelector('#note').value === 'window seat\\nfor two'")
        await page.click(".note-form button")
        await page.locator(".notes .note-text", has_text="for two").wait_for()
        assert await page.locator(".notes li").count() == 1
        async with ClientSession(house.url) as client:
            noted = await get(client, "/api/v1/events?type=note_written")
        assert [one["data"]["text"] for one in noted["events"]] == ["window seat\nfor two"]
