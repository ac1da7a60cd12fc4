"""What is half written at the desk, in a real browser that reloads, and whose agents come and go."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from adapters.http.desk.commands import Classify, NotAllowed
from adapters.http.desk.socket import DeskSocket
from engine.log.attachments import AttachmentStore
from tests.http.browser import until
from tests.http.desk.support import CENTRE
from tests.http.desk.test_files import PICTURE
from tests.http.desk.test_in_browser import bring, browser, signed_in, take_chat
from tests.http.desk.test_links_in_browser import FAR_AWAY, TOGETHER, classified, end_session, sign_in_again, wrapping
from tests.http.support import CONTACTS, Build, House, get, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]
SENT = "[...document.querySelectorAll('.line-state')].at(-1)?.textContent === 'sent'"
CASES = "cases: {refund: {queue: care, limit: 2d}}\n"


async def test_a_reload_keeps_what_is_half_written(build: Build) -> None:
    house = await build(centre=CENTRE + CASES)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.keyboard.type("half a line")
        await page.fill("#note", "half a note")
        await page.click(".open-case")
        await page.fill("#case-subject", "half a case")
        await page.reload()
        await until(page, "document.querySelector('#line')?.value === 'half a line'")
        assert await page.input_value("#note") == "half a note"
        await page.click(".open-case")
        assert await page.input_value("#case-subject") == "half a case"
        await page.locator("dialog button[type=submit]").click()
        await page.locator(".case", has_text="half a case").wait_for()
        await page.click(".open-case")
        assert await page.input_value("#case-subject") == "", "it was said"
        await page.keyboard.press("Escape")
        await wrapping(page, house)
        await page.locator("#field-words").press_sequentially("half an answer")
        await page.reload()
        await until(page, "document.querySelector('#field-words')?.value === 'half an answer'")
        await page.keyboard.press("f")
        await page.wait_for_selector(".nothing:not([hidden])")
        assert (await classified(house))[-1]["fields"] == {"words": "half an answer"}
        assert await page.evaluate("Object.keys(sessionStorage).filter((key) => key.includes('half-written'))") == []
        async with ClientSession(house.url) as client:
            noted = await get(client, "/api/v1/events?type=note_written")
        assert [one["data"]["text"] for one in noted["events"]] == ["half a note"]


async def test_a_note_that_was_under_way_at_a_reload_is_written_once(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.evaluate("WebSocket.prototype.send = () => undefined")
        await page.fill("#note", "wants a refund")
        await page.locator(".note-form button").click()
        await page.reload()
        await page.locator(".notes .note-text", has_text="wants a refund").wait_for()
        await until(page, "document.querySelector('#note').value === ''")
        await wrapping(page, house)
        await page.keyboard.press("f")
        await page.wait_for_selector(".nothing:not([hidden])")
        async with ClientSession(house.url) as client:
            noted = await get(client, "/api/v1/events?type=note_written")
        assert [one["data"]["text"] for one in noted["events"]] == ["wants a refund"]


async def test_an_answer_that_is_refused_stands_there_still(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    house = await build(centre=CENTRE)
    do = DeskSocket._do

    async def without_room(desk: DeskSocket, command: Any) -> Any:
        if isinstance(command, Classify):
            raise NotAllowed("no room for that")
        return await do(desk, command)

    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await wrapping(page, house)
        monkeypatch.setattr(DeskSocket, "_do", without_room)
        await page.locator("#field-words").press_sequentially("wants a refund")
        await page.evaluate("document.activeElement.blur()")
        await page.locator(".toast", has_text="wants a refund").wait_for()
        await until(page, "document.querySelector('#field-words').value === 'wants a refund'")
        monkeypatch.undo()
        await page.keyboard.press("f")
        await page.wait_for_selector(".nothing:not([hidden])")
        assert [one["fields"] for one in await classified(house)] == [{"words": "wants a refund"}]


async def test_a_file_brought_over_the_session_of_another_one_is_sent(build: Build, tmp_path: Path) -> None:
    house = await build(centre=CENTRE)
    house.adapter.context.engine.attachments = AttachmentStore(tmp_path / "attachments")  # type: ignore[misc]
    picture = tmp_path / "tour.png"
    picture.write_bytes(PICTURE)
    brought, may_go = asyncio.Event(), asyncio.Event()

    async def wait(route: Any) -> None:
        answer = await route.fetch()
        brought.set()
        await may_go.wait()
        await route.fulfill(response=answer)

    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.wait_for_selector("button.clip:visible")
        await page.route("**/attachments?*", wait)
        await page.locator(".composer input[type=file]").set_input_files(picture)
        await asyncio.wait_for(brought.wait(), 15)
        for agent in ("binh", "an"):
            await end_session(page, house)
            await sign_in_again(page, agent)
            await page.wait_for_selector("#state[data-state]")
        await page.locator(".contact").wait_for()
        may_go.set()
        await page.locator(".line .attachment", has_text="tour.png").wait_for()
        await until(page, "document.querySelector('.line-state').textContent === 'sent'")


def said(house: House, name: str) -> list[str]:
    """What was said in a chat."""
    return [line.text for line in house.engine.views.contacts.conversation(name).messages]


async def in_hand(page: Any, contacts: int) -> None:
    """Wait until so many contacts are in the list."""
    await until(page, f"document.querySelectorAll('.contact').length === {contacts}")


async def test_who_is_accepted_in_the_middle_of_a_text_gets_nothing_of_it(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        await context.add_init_script(FAR_AWAY)
        page = await signed_in(context, house)
        await take_chat(page, house)
        await bring(house, "chat-2", who="Second")
        await page.wait_for_selector(".offer")
        await page.keyboard.type("your number is ")
        await page.keyboard.press("Alt+a")
        await page.keyboard.type("1234")
        await in_hand(page, 2)
        await page.keyboard.type(", keep it secret")
        assert "Second is in your list now." in await page.inner_text("#polite")
        assert await page.inner_text("#contact-title") == "Phạm Lan"
        await page.keyboard.press("Enter")
        await until(page, SENT)
        await bring(house, "chat-3", who="Third")
        await page.wait_for_selector(".offer")
        await page.focus("#note")
        await page.keyboard.type("half a ")
        await page.keyboard.press("Alt+a")
        await in_hand(page, 3)
        await page.keyboard.type("note")
        assert await page.input_value("#note") == "half a note"
        assert await page.inner_text("#contact-title") == "Phạm Lan"
        assert said(house, "chat-1") == ["your number is 1234, keep it secret"]
        assert said(house, "chat-2") == said(house, "chat-3") == []


async def test_what_is_typed_in_an_empty_line_goes_to_whom_was_accepted_there(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await bring(house, "chat-2", who="Second")
        await page.wait_for_selector(".offer")
        await page.evaluate(TOGETHER.replace('"say"', '"accept"'))
        await page.keyboard.press("Alt+a")
        await page.keyboard.type("Dạ chào")
        await page.keyboard.press("Enter")
        assert await page.inner_text("#contact-title") == "Second", "whose line it is, though the answer is under way"
        await page.evaluate("window.letGo()")
        await page.wait_for_selector(".offers", state="hidden")
        await page.keyboard.type(" chị")
        await page.keyboard.press("Enter")
        await until(page, SENT)
        await bring(house, "chat-3", who="Third")
        await page.wait_for_selector(".offer")
        await page.evaluate(TOGETHER.replace('"say"', '"accept"'))
        await page.keyboard.press("Alt+a")
        await tell(client, f"{CONTACTS}/chat-3/release", by="customer")
        await page.evaluate("window.letGo()")
        await page.keyboard.type("here we are, Third", delay=60)
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".offers", state="hidden")
        assert await page.locator("dialog").count() == 0, "gone meanwhile: a sentence, and no keys"
        assert await page.input_value("#line") == ""
        await page.locator(".contact", has_text="Phạm Lan").click()
        assert await page.input_value("#line") == ""
        assert said(house, "chat-1") == []
        assert said(house, "chat-2") == ["Dạ chào", "chị"]
