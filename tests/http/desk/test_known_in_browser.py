"""What is known of who rings stands in the offer, whatever else is in hand, in a real browser."""

import pytest
from aiohttp import ClientSession

from tests.http.browser import until
from tests.http.desk.support import CENTRE, opened
from tests.http.desk.test_in_browser import browser, signed_in, take_chat
from tests.http.desk.test_socket import connected
from tests.http.support import CONTACTS, Build, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]


async def test_an_offer_tells_earlier_contacts_and_the_latest_note(build: Build) -> None:
    house = await build(centre=CENTRE.replace("wrap_up: 30s, ring_limit", "wrap_up: 0s, ring_limit"))
    async with opened(house) as desk, ClientSession(house.url) as client:
        number = await connected(house, desk, "chat-0")
        for text in ("an old one", "asks for a window seat"):
            await desk.do("note", contact="chat-0", contact_id=number, text=text)
        await tell(client, f"{CONTACTS}/chat-0/release", by="customer")
        await desk.until(lambda: not desk.contact("chat-0"))
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        async with ClientSession(house.url) as client:
            again = {"contact": "chat-2", "queue": "chat", "channel": "chat", "customer": "lan@x.vn"}
            await tell(client, CONTACTS, 201, **again)
        known = page.locator(".offer-known", has_text="1 earlier contact")
        await known.wait_for()
        assert "asks for a window seat" in await known.inner_text()
        assert "an old one" not in await known.inner_text()
        await page.keyboard.press("Escape")
        await page.keyboard.press("a")
        await until(page, "document.querySelectorAll('.contact').length === 2")
        await page.locator(".past-notes", has_text="2 notes").wait_for()
        await page.click(".past summary")
        await until(page, "document.querySelector('.transcript').childElementCount === 0")
