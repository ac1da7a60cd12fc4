"""A session ends while chats are open: the desk says so, and after the next sign-in everything is as it was."""

import pytest

from tests.http.desk.support import CENTRE, PASSWORD
from tests.http.desk.test_in_browser import bring, browser, lines, signed_in, until
from tests.http.desk.test_socket import customer_says
from tests.http.support import Build

pytestmark = [pytest.mark.peer, pytest.mark.slow]


async def test_a_session_that_ends_loses_nothing(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        await bring(house, "chat-1")
        await page.wait_for_selector(".offer")
        await page.keyboard.press("a")
        await until(page, "document.activeElement.id === 'line'")
        await page.keyboard.type("one")
        await page.keyboard.press("Enter")
        await until(page, "document.querySelector('.line-state')?.textContent === 'sent'")
        await page.keyboard.type("half a sent")
        desks = house.adapter.context.desks
        desks.sessions._whole_ns, lasts_ns = 0, desks.sessions._whole_ns
        desks.hub.wake_all()
        await page.wait_for_selector("#password")
        assert "The session is over" in await page.inner_text("main")
        assert "Phạm Lan" not in await page.inner_text("body")
        desks.sessions._whole_ns = lasts_ns
        await customer_says(house, "chat-1", "meanwhile")
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await until(page, "document.querySelectorAll('.line').length === 2")
        assert await lines(page) == ["one", "meanwhile"]
        assert await page.input_value("#line") == "half a sent"
        assert house.engine.views.agent("an").status == "available"
