"""Callbacks at the desk, in a real browser: announced as such, and what becomes of one that reaches nobody."""

import pytest
from aiohttp import ClientSession

from engine.ports import Hint
from tests.http.browser import until
from tests.http.desk.support import CENTRE
from tests.http.desk.test_in_browser import browser, signed_in
from tests.http.desk.test_over_in_browser import two_in_hand
from tests.http.support import CONTACTS, Build, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]
BOTH = CENTRE.replace("sales: {", "sales: {wrap_up: 0s, ", 1).replace(
    "members_only: true, wrap_up: 30s}", "members_only: true}"
)


async def test_a_callback_says_what_it_is_and_why_it_came_to_nothing(build: Build) -> None:
    house = await build(centre=BOTH + "channels: {voice: {may_interrupt: [chat]}}\n")
    async with browser() as context, ClientSession(house.url) as client:
        page = await two_in_hand(context, house)
        await page.keyboard.press("Escape")
        await page.keyboard.press("ArrowUp")
        await until(page, "document.querySelector('#contact-title').innerText === 'Phạm Lan'")
        attributes = {"callback_number": "0912 345 678", "name": "Zoë"}
        back = {"contact": "back-1", "queue": "sales", "channel": "voice", "customer": "v1", "entry": "web"}
        await tell(client, CONTACTS, 201, **back, attributes=attributes)
        await page.wait_for_selector(".offer")
        offer = await page.inner_text(".offer")
        assert "Callback to 0912 345 678" in offer
        assert "left at web" in offer
        await tell(client, "/api/v1/agents/an/offers/back-1/answer")
        await until(page, "document.querySelector('#contact-title').innerText === 'Zoë'")
        house.adapter.context.engine.hint(
            Hint("back-1", "customer", "an", typing=False, unreached="unreachable", again=True)
        )
        await tell(client, f"{CONTACTS}/back-1/release", by="network")
        said = "The callback to Zoë, 0912 345 678 came to nothing: the number cannot be reached. They are called once"
        await page.locator(".toast", has_text=said).wait_for()
        await until(page, "document.querySelector('#contact-title').innerText === 'Phạm Lan'")


@pytest.mark.parametrize(
    ("locale", "told", "labels", "done"),
    [
        (
            "en",
            "Callback to 0912 345 678",
            ("To be called back at", "Callback asked for in", "Page", "Came in by"),
            "Done",
        ),
        (
            "vi",
            "Gọi lại số 0912 345 678",
            ("Cần gọi lại số", "Yêu cầu gọi lại từ liên hệ", "Trang", "Đến từ"),
            "Xong",
        ),
    ],
)
async def test_a_callback_in_hand_says_which_number_and_who_it_is(
    build: Build, locale: str, told: str, labels: tuple[str, ...], done: str
) -> None:
    house = await build(centre=BOTH)
    visitor = "visitor-" + "a599" + "0" * 28
    async with browser(locale=locale) as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        await tell(client, CONTACTS, 201, contact="c", queue="sales", customer=visitor, attributes={"name": "Lan Pham"})
        await tell(client, f"{CONTACTS}/c/release", by="customer")
        back = {"contact": "back-1", "queue": "sales", "channel": "voice", "customer": visitor, "entry": "web"}
        attributes = {"callback_number": "0912 345 678", "callback_of": "chat-1", "page": "https://lotus.example"}
        await tell(client, CONTACTS, 201, **back, attributes=attributes)
        await page.wait_for_selector(".offer")
        await page.keyboard.press("a")
        await page.wait_for_selector(".call:not([hidden])")
        await until(page, "document.querySelector('#contact-title').innerText === 'Lan Pham'")
        assert await page.inner_text(".contact-name") == "Lan Pham"
        assert await page.inner_text(".contact-last") == told
        assert await page.inner_text(".call-state") == told, "nobody is connected because somebody took it"
        assert told in await page.inner_text(".conversation")
        facts = await page.inner_text(".facts")
        for label in labels:
            assert label.lower() in facts.lower()
        assert "callback of" not in facts.lower()
        assert "callback number" not in facts.lower()
        buttons = await page.locator(".conversation .actions button:visible").all_inner_texts()
        assert [one.removesuffix("E") for one in buttons][1:] == [done], (
            "no phone rang: there is none to hold or hang up"
        )
        await page.keyboard.press("h")
        await page.keyboard.press("e")
        await page.locator("dialog[open]").get_by_role("button", name=done).click()
        await page.wait_for_selector(".wrap-up:visible, .nothing:visible")
    kinds = ["hold_requested", "contact_released"]
    assert [one.type for one in house.engine.views.read_events(0, 500, kinds).events] == ["contact_released"] * 2
