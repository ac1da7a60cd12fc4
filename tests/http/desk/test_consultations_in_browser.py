"""A colleague asks about a customer by phone: the desk says who and about whom, until the customer is put through."""

from typing import Any

import pytest
from aiohttp import ClientSession

from tests.http.browser import until
from tests.http.desk.support import CENTRE
from tests.http.desk.test_in_browser import browser, signed_in
from tests.http.support import CONTACTS, Build, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]
NUMBER = "+84912000001"
OFFER = {
    "en": ("Trần Bình asks about +84912000001", "Consultation · Sales"),
    "vi": ("Trần Bình hỏi về +84912000001", "Hỏi ý kiến · Sales"),
}
CAME_IN = {"en": "came in by", "vi": "đến từ"}
ENDED = {"en": "Trần Bình ended it", "vi": "Trần Bình đã kết thúc"}


async def title(page: Any) -> str:
    """What stands above the wrap-up."""
    return str(await page.inner_text(".wrap-up-head h3"))


@pytest.mark.parametrize("language", ["en", "vi"])
async def test_a_consultation_is_told_as_the_colleagues(build: Build, language: str) -> None:
    house = await build(centre=CENTRE)
    name, what = OFFER[language]
    async with browser(locale=language) as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        attributes = {"called_by": "binh", "consultation_of": "first"}
        asks = {"contact": "asks", "queue": "sales", "customer": NUMBER, "entry": "an"}
        await tell(client, CONTACTS, 201, **asks, attributes=attributes)
        await page.wait_for_selector(".offer")
        assert await page.inner_text(".offer h3") == name
        assert what in await page.inner_text(".offer")
        assert name in await page.inner_text("#urgent")
        await page.keyboard.press("a")
        await until(page, f"document.querySelector('#contact-title')?.innerText === '{name}'")
        facts = await page.inner_text(".facts")
        assert "Trần Bình" in facts
        assert NUMBER in facts
        assert "binh" not in facts
        assert CAME_IN[language] not in facts.lower(), "that it was the one asked who was called is no news"
        assert "consultation of" not in facts
        await tell(client, f"{CONTACTS}/asks/release", by="customer")
        await page.wait_for_selector(".wrap-up:visible")
        assert await title(page) == ENDED[language]
        assert await page.locator(".wrap-up .codes button, .wrap-up .quality > *").count() == 0
        await page.keyboard.press("1")
        await page.keyboard.press("f")
        await page.wait_for_selector(".wrap-up", state="hidden")
    assert not house.engine.views.read_events(0, 500, ["contact_classified"]).events


async def test_a_customer_who_is_put_through_is_the_customer(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await tell(client, CONTACTS, 201, contact="first", queue="care", customer=NUMBER)
        await page.keyboard.press("r")
        attributes = {"called_by": "binh", "consultation_of": "first"}
        await tell(client, CONTACTS, 201, contact="asks", queue="sales", customer=NUMBER, attributes=attributes)
        await page.wait_for_selector(".offer")
        await page.keyboard.press("a")
        await until(page, "document.querySelector('#contact-title')?.innerText.includes('asks about')")
        moved = [{"type": "caller_moved", "contact": "first", "to": "asks"}]
        async with client.post("/api/v1/events", json=moved) as answer:
            assert answer.status == 202, await answer.text()
        await until(page, f"document.querySelector('#contact-title').innerText === '{NUMBER}'")
        assert "Called by" in await page.inner_text(".facts")
        await tell(client, f"{CONTACTS}/asks/release", by="customer")
        await page.wait_for_selector(".wrap-up:visible")
        assert await title(page) == "The customer ended it"
        assert await page.locator(".wrap-up .codes button").count() > 1
    assert house.engine.views.contacts.find("first").contact.caller_moved_to == "asks"
