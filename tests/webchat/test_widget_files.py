"""Files of the widget: shown at once, brought over lost links, said in the chat they were chosen for or not at all."""

import asyncio

import pytest
from playwright.async_api import Route

from tests.webchat.support import INBOX, Build, House
from tests.webchat.test_widget import Shop, shop

pytestmark = [pytest.mark.peer, pytest.mark.slow]
ANYWHERE = INBOX.replace("https://shop.example", "*")
FILES = "**/files?*"
SOON = """{ const { now } = Date; Date.now = () => now() + (window.laterMs || 0); }
{ const wait = setTimeout; window.setTimeout = (go, ms, ...more) => wait(go, ms === 10000 ? 50 : ms, ...more); }"""
"""A page that does not wait long for files, and whose clock can be set."""
COUNTED = """() => {
  const root = document.getElementById("trunkline-chat").shadowRoot;
  window.told = [];
  new MutationObserver((all) => {
    for (const { target, addedNodes } of all) {
      if (target.className === "mark" && addedNodes.length) window.told.push(target.textContent);
    }
  }).observe(root, { subtree: true, childList: true });
}"""
"""Notes what is said beside lines, each time."""


class Slow:
    """Uploads wait on the way until they are let go."""

    def __init__(self) -> None:
        self.held: list[Route] = []

    async def __call__(self, route: Route) -> None:
        self.held.append(route)

    async def let_go(self) -> None:
        """Bring what was held."""
        for route in self.held:
            await route.continue_()


async def choose(seen: Shop, name: str = "bag.txt") -> None:
    """Attach a file."""
    chooser = seen.page.locator("#trunkline-chat input[type=file]")
    await chooser.set_input_files({"name": name, "mimeType": "text/plain", "buffer": b"torn at the side"})


def said(house: House, contact: str) -> list[str]:
    """What the customer wrote, files by their names."""
    lines = house.engine.views.contacts.conversation(contact).messages
    return [line.attachment.name if line.attachment else line.text for line in lines if line.by == "customer"]


@pytest.fixture
async def slow() -> Slow:
    """Return a handler that holds uploads back."""
    return Slow()


async def test_a_file_under_way_is_shown_and_what_is_written_after_it_comes_after_it(build: Build, slow: Slow) -> None:
    house = await build(ANYWHERE)
    async with shop(house) as seen:
        await seen.page.route(FILES, slow)
        await seen.begin("see this")
        await seen.until(".status", "You are next.")
        await choose(seen)
        await seen.until(".line .mark", "sending")
        assert "bag.txt (16 byte" in await seen.text(".line:last-child")
        await seen.page.locator("#trunkline-chat textarea").fill("is it bad?")
        await seen.page.keyboard.press("Enter")
        await seen.until(".line:last-child", "is it bad?")
        (record,) = house.open_contacts()
        await house.until(lambda: slow.held)
        await slow.let_go()
        await house.until(lambda: len(said(house, record.contact)) == 3)
        assert said(house, record.contact) == ["see this", "bag.txt", "is it bad?"]
        await seen.until(".line a.file[href]", "bag.txt")
        await seen.until(".line:last-child", "is it bad?")
        assert await seen.page.locator("#trunkline-chat .line").count() == 3


async def test_a_line_does_not_wait_long_for_a_file(build: Build, slow: Slow) -> None:
    house = await build(ANYWHERE)
    async with shop(house, init=SOON) as seen:
        await seen.page.route(FILES, slow)
        await seen.begin("see this")
        await seen.until(".status", "You are next.")
        await choose(seen)
        await house.until(lambda: slow.held)
        await seen.page.evaluate("window.laterMs = -3600000")  # the machine's clock is set back
        await seen.page.locator("#trunkline-chat textarea").fill("are you there?")
        await seen.page.keyboard.press("Enter")
        (record,) = house.open_contacts()
        await house.until(lambda: said(house, record.contact) == ["see this", "are you there?"])
        await slow.let_go()
        await house.until(lambda: said(house, record.contact) == ["see this", "are you there?", "bag.txt"])
        await seen.until(".line:last-child", "bag.txt")


async def test_a_file_of_a_chat_that_is_over_is_told_as_not_sent_and_begins_no_other(build: Build, slow: Slow) -> None:
    house = await build(ANYWHERE)
    async with shop(house, locale="vi-VN") as seen:
        await seen.page.route(FILES, slow)
        await seen.begin("một")
        await house.work("bob")
        contact = await house.take()
        await seen.until(".status", "Bob Ray")
        await choose(seen)
        await house.until(lambda: slow.held)
        await house.end(contact)
        await seen.until(".line.failed", "Chưa gửi được: Cuộc trò chuyện đã kết thúc.")
        await seen.until(".status", "bag.txt")
        await seen.page.locator("#trunkline-chat").get_by_role("button", name="Trò chuyện mới").click()
        await seen.page.locator("#trunkline-chat .row textarea").wait_for()
        await slow.let_go()
        await seen.page.locator("#trunkline-chat textarea").fill("hai")
        await seen.page.keyboard.press("Enter")
        await house.until(lambda: len(house.open_contacts()) == 1 and said(house, house.open_contacts()[0].contact))
        assert said(house, house.open_contacts()[0].contact) == ["hai"]
        assert said(house, contact) == ["một"]
        assert "bag.txt" not in await seen.text(".log")
        seen.said.clear()  # the browser itself writes of the upload that was stopped


async def test_each_file_of_a_chat_that_is_over_is_told_of_once(build: Build, slow: Slow) -> None:
    house = await build(ANYWHERE)
    async with shop(house) as seen:
        await seen.page.route(FILES, slow)
        await seen.begin("see these")
        await house.work("bob")
        contact = await house.take()
        await seen.until(".status", "Bob Ray")
        for name in ("a.txt", "b.txt", "c.txt"):
            await choose(seen, name)
        await house.until(lambda: len(slow.held) == 3)
        await seen.page.evaluate(COUNTED)
        await house.end(contact)
        await seen.until(".status", "c.txt")
        await seen.until_so("window.told.length")
        assert await seen.page.evaluate("window.told") == ["Not sent: The chat has ended."] * 3
        seen.said.clear()  # the browser itself writes of the uploads that were stopped


async def test_a_first_file_goes_behind_the_line_that_began_the_chat_meanwhile(build: Build, slow: Slow) -> None:
    house = await build(ANYWHERE)
    async with shop(house) as seen:
        await seen.page.route(FILES, slow)
        await seen.page.locator("#trunkline-chat .launcher").click()
        await choose(seen)
        await house.until(lambda: slow.held)
        assert not house.open_contacts()
        await seen.page.locator("#trunkline-chat textarea").fill("see this")
        await seen.page.keyboard.press("Enter")
        await house.until(house.open_contacts)
        (record,) = house.open_contacts()
        await house.until(lambda: said(house, record.contact) == ["see this"])
        await slow.let_go()
        await house.until(lambda: said(house, record.contact) == ["see this", "bag.txt"])


async def test_a_file_that_is_chosen_while_the_service_is_away_goes_once_it_is_back(build: Build) -> None:
    house = await build(ANYWHERE)
    tried: list[int] = []

    async def fail(route: Route) -> None:
        tried.append(1)
        await (
            route.abort() if len(tried) == 1 else route.fulfill(status=502) if len(tried) == 2 else route.continue_()
        )

    async with shop(house) as seen:
        await seen.page.route(FILES, fail)
        await seen.begin("see this")
        await seen.until(".status", "You are next.")
        await choose(seen)
        await seen.until(".line .mark", "sending")
        (record,) = house.open_contacts()
        await house.until(lambda: said(house, record.contact) == ["see this", "bag.txt"])
        assert len(tried) == 3
        seen.said.clear()  # the browser itself writes of what was refused


async def test_a_file_that_cannot_be_taken_is_told_of_in_the_readers_language(build: Build) -> None:
    house = await build(ANYWHERE)
    async with shop(house, locale="vi-VN") as seen:
        await seen.begin("một")
        await seen.until(".line.customer", "một")
        await seen.page.route(FILES, lambda route: asyncio.ensure_future(route.fulfill(status=500)))
        await choose(seen)
        await seen.until(".status", "Không nhận được tệp; hãy thử lại.")
        await seen.until(".line.failed", "Chưa gửi được: Không nhận được tệp; hãy thử lại.")
        name = seen.page.locator("#trunkline-chat .line.failed a")
        colour = "e => getComputedStyle(e).color === getComputedStyle(e.closest('.line')).color"
        assert await name.evaluate(colour), "the file's name can be read on a line that was not sent"
        seen.said.clear()  # the browser itself writes of it
