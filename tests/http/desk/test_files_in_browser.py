"""Files that are under way when a contact is to go, in a real browser: they go first, or the agent is told."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from engine.log.attachments import AttachmentStore
from tests.http.browser import until
from tests.http.desk.support import CENTRE
from tests.http.desk.test_files import PICTURE
from tests.http.desk.test_in_browser import browser, signed_in, take_chat
from tests.http.support import Build, House

pytestmark = [pytest.mark.peer, pytest.mark.slow]
LISTENING = """window.listening = 0;
for (const [name, by] of [["addEventListener", 1], ["removeEventListener", -1]]) {
  const before = AbortSignal.prototype[name];
  AbortSignal.prototype[name] = function (...given) { window.listening += by; return before.apply(this, given); };
}"""
"""How many who listen for an abort are left."""
FILE: dict[str, Any] = {"name": "tour.png", "mimeType": "image/png", "buffer": PICTURE}


async def with_a_file_under_way(
    context: Any, house: House, folder: Path, may_go: asyncio.Event, *, is_refused: bool = False
) -> Any:
    """A desk with a chat to which a file and a line behind it are under way: the file arrives once it `may_go`."""
    house.adapter.context.engine.attachments = AttachmentStore(folder / "attachments")  # type: ignore[misc]

    async def bring_late(route: Any) -> None:
        await may_go.wait()
        await (route.fulfill(status=415, json={}) if is_refused else route.continue_())

    page = await signed_in(context, house)
    await take_chat(page, house)
    await page.wait_for_selector("button.clip:visible")
    await page.route("**/attachments?*", bring_late)
    await page.locator(".composer input[type=file]").set_input_files(FILE)
    await page.locator(".line.mine .attachment", has_text="tour.png").wait_for()
    await page.keyboard.type("as you asked")
    await page.keyboard.press("Enter")
    return page


def said(house: House) -> list[str]:
    """What was said in the chat, files by their names."""
    messages = house.engine.views.contacts.conversation("chat-1").messages
    return [one.attachment.name if one.attachment else one.text for one in messages]


async def test_the_end_waits_for_the_file_and_the_line_behind_it(build: Build, tmp_path: Path) -> None:
    house = await build(centre=CENTRE)
    may_go = asyncio.Event()
    async with browser() as context:
        page = await with_a_file_under_way(context, house, tmp_path, may_go)
        await page.keyboard.press("Alt+e")
        assert "tour.png is still under way and goes first." in await page.inner_text("dialog[open] h2")
        await page.click("dialog button:text-is('End chat')")
        await page.locator(".under", has_text="Leaves once tour.png has gone").wait_for()
        assert await page.locator(".actions button").count() == 0
        await page.fill("#line", "one more thing")
        await page.press("#line", "Enter")
        await page.locator(".toast", has_text="being ended").wait_for()
        assert await page.input_value("#line") == "one more thing", "it would be too late"
        await page.fill("#line", "")
        await page.press("#line", "Escape")
        await page.keyboard.press("e")
        assert await page.locator("dialog").count() == 0, "it is to end already"
        assert await page.locator(".wrap-up:not([hidden])").count() == 0
        may_go.set()
        await page.wait_for_selector(".wrap-up:not([hidden])")
        assert said(house) == ["tour.png", "as you asked"]
        assert await page.locator(".failed").count() == 0


async def test_a_contact_stays_where_the_file_before_its_end_is_refused(build: Build, tmp_path: Path) -> None:
    house = await build(centre=CENTRE)
    may_go = asyncio.Event()
    async with browser() as context:
        page = await with_a_file_under_way(context, house, tmp_path, may_go, is_refused=True)
        await page.keyboard.press("Alt+e")
        await page.click("dialog button:text-is('End chat')")
        may_go.set()
        await page.locator(".toast", has_text="so the contact stays with you").wait_for()
        await until(page, "document.querySelector('.line-state')?.textContent === 'sent'")
        assert said(house) == ["as you asked"]
        assert await page.locator(".wrap-up:not([hidden])").count() == 0


async def asked_at_key(tab: Any, key: str, words: str) -> None:
    """Press a key that asks until what another tab told is known here, and said."""
    async with asyncio.timeout(15):
        while True:
            await tab.keyboard.press(key)
            is_said = words in await tab.inner_text("dialog[open]")
            await tab.keyboard.press("Escape")
            await tab.wait_for_selector("dialog", state="detached")
            if is_said:
                return


async def test_another_tab_asks_in_words_before_it_ends_what_waits_for_a_file(build: Build, tmp_path: Path) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await with_a_file_under_way(context, house, tmp_path, asyncio.Event())
        tab = await context.new_page()
        await tab.goto(f"{house.url}/desk")
        await tab.wait_for_selector("#line:visible")
        for key in ("Alt+t", "Alt+e"):
            await asked_at_key(tab, key, "tour.png is still under way in another tab")
        await page.unroute_all(behavior="ignoreErrors")


async def test_an_outage_leaves_nobody_listening(build: Build, tmp_path: Path) -> None:
    house = await build(centre=CENTRE)
    house.adapter.context.engine.attachments = AttachmentStore(tmp_path / "attachments")  # type: ignore[misc]
    tries = 0

    async def fail(route: Any) -> None:
        nonlocal tries
        tries += 1
        await (route.abort() if tries < 4 else route.continue_())

    async with browser() as context:
        await context.add_init_script(LISTENING)
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.wait_for_selector("button.clip:visible")
        await page.route("**/attachments?*", fail)
        await page.locator(".composer input[type=file]").set_input_files(FILE)
        await until(page, "document.querySelector('.line-state')?.textContent === 'sent'", within_s=40.0)
        assert tries == 4
        assert await page.evaluate("window.listening") == 0
