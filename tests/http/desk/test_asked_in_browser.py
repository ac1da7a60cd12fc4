"""A contact that ends while somebody is about to write, in a real browser: what they type is text, and never keys."""

from typing import Any

import pytest
from aiohttp import ClientSession

from tests.http.browser import until
from tests.http.desk.support import CENTRE
from tests.http.desk.test_cases import WITH_CASES
from tests.http.desk.test_in_browser import bring, browser, signed_in, take_chat
from tests.http.desk.test_over_in_browser import TIRELESS, two_in_hand
from tests.http.desk.test_socket import customer_says
from tests.http.support import CONTACTS, Build, House, get, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]
PAUSE = "new Promise((done) => setTimeout(done, 1200))"
"""Longer than what is typed ahead is let go by; it is what is tried here, not a wait for anything."""

AT_ONCE = """key => {
  document.querySelector("dialog").close();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { ...key, bubbles: true, cancelable: true }));
  return document.querySelectorAll("dialog[open]").length;
}"""
"""A key that comes before the browser has told that a window closed: the cursor stands in its field still."""


async def asking(context: Any, house: House, key: str) -> Any:
    """A desk with one chat in hand and another that rings, where a window with a field asks about the first."""
    page = await signed_in(context, house)
    await take_chat(page, house)
    await page.keyboard.press("Escape")
    await bring(house, "chat-2", who="Lê Minh")
    await page.wait_for_selector(".offer")
    await page.keyboard.press(key)
    await page.wait_for_selector("dialog[open]")
    return page


async def declined(house: House) -> int:
    """How many offers the agent declined."""
    async with ClientSession(house.url) as client:
        return len((await get(client, "/api/v1/events?type=offer_declined"))["events"])


@pytest.mark.parametrize(
    "centre", [WITH_CASES, WITH_CASES.replace("wrap_up: 30s", "wrap_up: 0s")], ids=["wrap-up", "over"]
)
async def test_a_case_is_written_to_its_end_and_opened_though_its_contact_ended(build: Build, centre: str) -> None:
    house = await build(centre=centre)
    async with browser() as context, ClientSession(house.url) as client:
        page = await asking(context, house, "c")
        await page.keyboard.type("the lamp is to be ")
        await tell(client, f"{CONTACTS}/chat-1/release", by="customer")
        await until(
            page, "!document.querySelector('.contact.is-connected') || document.querySelector('dialog .outdated')"
        )
        await page.evaluate(PAUSE)
        await page.keyboard.type("fixed on monday")
        assert await page.input_value("#case-subject") == "the lamp is to be fixed on monday"
        await page.locator("dialog button[type=submit]").click()
        await page.wait_for_selector("dialog", state="detached")
        await page.locator("#polite", has_text="is open").wait_for(state="attached")
        (case,) = house.engine.views.quality.cases("open", None, "", 1, 0, 0).cases
        assert (case.subject, case.customer, case.opened_by) == ("the lamp is to be fixed on monday", "Phạm Lan", "an")
        assert await page.locator(".offer").count() == 1, "the other one rings still"
        assert await declined(house) == 0
        assert "the lamp" not in await page.inner_text(".toasts")


async def test_whom_to_transfer_to_is_asked_until_the_window_is_left(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context, ClientSession(house.url) as client:
        page = await asking(context, house, "t")
        await page.keyboard.type("bi")
        await tell(client, f"{CONTACTS}/chat-1/release", by="customer")
        await page.wait_for_selector("dialog[data-outdated] .outdated")
        await page.evaluate(PAUSE)
        await page.keyboard.type("nh defp")
        await page.keyboard.press("Enter")
        assert await page.input_value("#to") == "binh defp"
        assert await page.locator(".offer").count() == 1
        assert await page.locator(".wrap-up:not([hidden])").count() == 1, "F finished nothing"
        await page.keyboard.press("Escape")
        await page.wait_for_selector("dialog", state="detached")
        assert await declined(house) == 0


@pytest.mark.parametrize("key", [{"key": "e", "code": "KeyE"}, {"key": "e", "code": "KeyE", "altKey": True}])
async def test_keys_count_at_once_where_a_window_has_closed(build: Build, key: dict[str, Any]) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await asking(context, house, "t")
        assert await page.evaluate(AT_ONCE, key) == 1
        assert "Phạm Lan" in await page.inner_text("dialog[open] h2")


@pytest.mark.parametrize("centre", [TIRELESS, CENTRE], ids=["next customer", "wrap-up"])
async def test_a_goodbye_that_comes_too_late_reaches_nobody_and_is_no_keys(build: Build, centre: str) -> None:
    house = await build(centre=centre)
    async with browser() as context, ClientSession(house.url) as client:
        page = await two_in_hand(context, house)
        await page.keyboard.type("here is ")
        await customer_says(house, "chat-2", "hello?")
        await page.locator(".line", has_text="hello?").wait_for()
        await page.keyboard.type("your booking")
        await page.keyboard.press("Enter")
        await until(page, "document.querySelector('#line').value === ''")
        await tell(client, f"{CONTACTS}/chat-2/release", by="customer")
        await until(page, "document.activeElement.id !== 'line'")
        await page.evaluate(PAUSE)
        await page.keyboard.type("you're welcome, have a nice day")
        await page.keyboard.press("Enter")
        await page.locator(".toast", has_text="reaches nobody").wait_for()
        assert await page.locator("dialog").count() == 0, "E asked nothing"
        assert await page.input_value("#line") == "", "W began no line"
        said = (await get(client, f"{CONTACTS}/chat-1/messages"))["messages"]
        assert [one for one in said if one["by"] == "agent"] == []
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        await page.wait_for_selector("dialog[open]")


async def test_keys_count_at_once_for_who_ended_the_contact(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await two_in_hand(context, house)
        await page.keyboard.press("Alt+e")
        await page.wait_for_selector("dialog[open]")
        await page.click("dialog .danger")
        await page.wait_for_selector(".wrap-up:not([hidden])")
        await page.keyboard.press("1")
        await page.wait_for_selector("[data-code][aria-pressed=true]")
        await page.keyboard.press("f")
        await until(page, "document.querySelectorAll('.contact').length === 1")
        assert "reaches nobody" not in await page.inner_text(".toasts")
