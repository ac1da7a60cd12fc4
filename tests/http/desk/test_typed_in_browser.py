"""What is typed, pasted and composed at the desk goes to whom it was meant for, in a real browser, or to nobody."""

import base64
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from engine.log.attachments import AttachmentStore
from tests.http.browser import until
from tests.http.desk.support import CENTRE
from tests.http.desk.test_drafts_in_browser import SENT, in_hand, said
from tests.http.desk.test_files import PICTURE
from tests.http.desk.test_in_browser import bring, browser, signed_in, take_chat
from tests.http.desk.test_links_in_browser import FAR_AWAY, TOGETHER, wrapping
from tests.http.support import CONTACTS, Build, House, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]
IN_SIGHT = """(place) => { const { left, top, bottom } = place.getBoundingClientRect();
  const shown = document.elementFromPoint(left + 9, (top + bottom) / 2);
  return top >= 0 && bottom <= innerHeight && place.contains(shown); }"""
PASTE = """(content) => {
  const data = new DataTransfer();
  const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
  data.items.add(new File([bytes], "tour.png", { type: "image/png" }));
  const more = { bubbles: true, cancelable: true };
  document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, ...more }));
}"""


async def two_chats(page: Any, house: House) -> None:
    """Let the agent have two chats: the first one is in front, and its line has the focus."""
    await take_chat(page, house)
    await bring(house, "chat-2", who="Second")
    await page.wait_for_selector(".offer")
    await page.keyboard.press("Alt+a")
    await in_hand(page, 2)
    await page.wait_for_selector(".offers", state="hidden")
    await page.locator(".contact", has_text="Phạm Lan").click()
    await until(page, "document.querySelector('#contact-title').textContent === 'Phạm Lan'")


async def test_keys_count_at_once_for_who_left_the_line(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await two_chats(page, house)
        await wrapping(page, house)
        await page.keyboard.press("Escape")
        await page.keyboard.press("f")
        await in_hand(page, 1)
        await page.keyboard.press("e")
        await page.locator("dialog h2", has_text="Second").wait_for()


async def test_files_go_to_whom_they_were_brought_for(build: Build, tmp_path: Path) -> None:
    house = await build(centre=CENTRE)
    house.adapter.context.engine.attachments = AttachmentStore(tmp_path / "attachments")  # type: ignore[misc]
    picture = tmp_path / "tour.png"
    picture.write_bytes(PICTURE)
    pasted = base64.b64encode(PICTURE).decode()
    async with browser() as context, ClientSession(house.url) as client:
        await context.add_init_script(FAR_AWAY)
        page = await signed_in(context, house)
        await take_chat(page, house)
        await bring(house, "chat-2", who="Second")
        await page.wait_for_selector(".offer")
        async with page.expect_file_chooser() as choosing:
            await page.click(".clip")
        await page.click("#line")
        await page.keyboard.press("Alt+a")
        await page.evaluate(PASTE, pasted)
        await (await choosing.value).set_files(picture)
        await until(page, SENT)
        await page.locator(".contact", has_text="Phạm Lan").click()
        await until(page, SENT)
        for name in ("chat-1", "chat-2"):
            (line,) = house.engine.views.contacts.conversation(name).messages
            assert line.attachment is not None
        await bring(house, "chat-3", who="Third")
        await page.wait_for_selector(".offer")
        await page.click("#line")
        await page.evaluate("WebSocket.prototype.send = () => undefined")  # the answer is under way until it is late
        await page.keyboard.press("Alt+a")
        await page.evaluate(PASTE, pasted)
        await tell(client, f"{CONTACTS}/chat-3/release", by="customer")
        await page.wait_for_selector(".offers", state="hidden")
        assert await page.locator(".line").count() == 1


class InputMethod:
    """Composes text in whatever field has the focus, as an input method of the system does."""

    def __init__(self, link: Any) -> None:
        self._link = link

    async def compose(self, *texts: str) -> None:
        """Show what is being composed, as it grows."""
        for text in texts:
            place = {"selectionStart": len(text), "selectionEnd": len(text)}
            await self._link.send("Input.imeSetComposition", {"text": text, **place})

    async def commit(self, text: str) -> None:
        """End the composition with a text."""
        await self._link.send("Input.insertText", {"text": text})

    async def press(self, code: str) -> None:
        """Press a key that the input method has for itself."""
        key = {"key": "Process", "code": code, "windowsVirtualKeyCode": 229}
        await self._link.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
        await self._link.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})


async def test_a_text_that_is_composed_goes_to_whom_is_being_taken(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        method = InputMethod(await context.new_cdp_session(page))
        await page.keyboard.press("r")
        await page.wait_for_selector("#state[data-state=idle]")
        await bring(house, "chat-1")
        await page.wait_for_selector(".offer")
        await page.evaluate(TOGETHER.replace('"say"', '"accept"'))
        await page.keyboard.press("a")
        await method.compose("D", "Da", "Dạ")
        assert await page.locator(".offer").count() == 1, "the answer is under way"
        await page.evaluate("window.letGo()")
        await method.commit("Dạ")
        await method.compose(" c", " ch")
        await page.wait_for_selector(".offers", state="hidden")
        await method.compose(" cha", " chà", " chào")
        await method.commit(" chào chị")
        assert await page.input_value("#line") == "Dạ chào chị"
        await page.keyboard.press("Enter")
        await until(page, SENT)
        assert said(house, "chat-1") == ["Dạ chào chị"]


async def two_ring(page: Any, house: House) -> None:
    """Let two chats ring."""
    await page.wait_for_selector("#state[data-state=idle]")
    for name, who in (("chat-1", "Phạm Lan"), ("chat-2", "Second")):
        await bring(house, name, who=who)
    await until(page, "document.querySelectorAll('.offer').length === 2")


async def test_a_key_that_an_input_method_has_is_a_key_where_nobody_writes(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        method = InputMethod(await context.new_cdp_session(page))
        await method.press("KeyR")
        await two_ring(page, house)
        await method.press("KeyA")
        await in_hand(page, 1)
        assert await page.evaluate("document.activeElement.id") == "line"
        assert await page.input_value("#line") == "", "the letter was a key, and is no text"
        await page.keyboard.press("Escape")
        await method.press("KeyA")
        await in_hand(page, 2)
        assert await page.input_value("#line") == ""


async def test_the_first_letter_is_composed_though_others_ring(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        await context.add_init_script(FAR_AWAY)
        page = await signed_in(context, house)
        method = InputMethod(await context.new_cdp_session(page))
        await page.keyboard.press("r")
        await two_ring(page, house)
        await page.keyboard.press("a")
        await method.compose("d", "da", "dạ")
        await method.commit("dạ, and all")
        await in_hand(page, 1)
        assert await page.input_value("#line") == "dạ, and all"
        assert await page.locator(".offer").count() == 1
        await page.keyboard.press("Alt+a")
        await in_hand(page, 2)
        assert await page.input_value("#line") == "dạ, and all", "in the middle of a text that goes on"


async def test_who_leaves_the_line_has_keys_though_the_answer_is_under_way(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        await two_ring(page, house)
        await page.evaluate(TOGETHER.replace('"say"', '"accept"'))
        for key in ("a", "Escape", "a"):
            await page.keyboard.press(key)
        await page.evaluate("window.letGo()")
        await in_hand(page, 2)
        await page.wait_for_selector(".offers", state="hidden")
        assert await page.input_value("#line") == ""
        assert await page.evaluate("document.activeElement.id") == "line"


async def test_what_rings_on_stays_in_sight_at_the_width_of_a_phone(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser(width=390) as context:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        await two_ring(page, house)
        await page.locator("[data-does=accept]").first.click()
        await in_hand(page, 1)
        assert await page.evaluate("document.activeElement.id") == "line"
        for place in ("#line", "[data-does=accept]"):
            assert await page.locator(place).evaluate(IN_SIGHT), place
