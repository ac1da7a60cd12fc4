"""A message that was left out of hours, at the desk in a real browser: answered elsewhere, as no line arrives."""

import pytest
from aiohttp import ClientSession

from tests.http.desk.support import CENTRE
from tests.http.desk.test_in_browser import browser, signed_in
from tests.http.desk.test_socket import customer_says
from tests.http.support import CONTACTS, Build, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]
LETTERS = CENTRE.replace("  sales: {", "  letters: {channel: email}\n  sales: {", 1).replace(
    "[chat, sales]", "[chat, letters]"
)


@pytest.mark.parametrize(("answer_to", "link"), [("dem@example.com", "mailto:"), ("0912 345 678", "tel:0912345678")])
async def test_a_message_that_was_left_is_answered_elsewhere(build: Build, answer_to: str, link: str) -> None:
    house = await build(centre=LETTERS)
    async with browser() as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        attributes = {"name": "Khách Đêm", "answer_to": answer_to}
        left = {"contact": "left-1", "queue": "letters", "channel": "email", "customer": "v1"}
        await tell(client, CONTACTS, 201, **left, attributes=attributes)
        await page.wait_for_selector(".offer")
        await page.keyboard.press("a")
        await page.wait_for_selector(".elsewhere")
        await customer_says(house, "left-1", "gọi lại nhé")
        await page.wait_for_selector(".line-text")
        assert str(await page.get_attribute(".elsewhere a", "href")).startswith(link)
        assert await page.locator(".composer:visible").count() == 0
        await page.keyboard.press("e")
        await page.click("dialog button:text-is('Done')")
        await page.wait_for_selector(".contact", state="detached")
