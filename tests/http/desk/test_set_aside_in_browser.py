"""An agent whom nothing is offered because offers went unanswered sees so, whatever is in hand, in a real browser."""

import pytest
from aiohttp import ClientSession

from tests.http.browser import until
from tests.http.desk.support import CENTRE
from tests.http.desk.test_in_browser import bring, browser, signed_in, take_chat
from tests.http.support import CONTACTS, Build, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]
QUICK = "  quick: {channel: chat, members_only: true, ring_limit: 1s}\n"
IMPATIENT = CENTRE.replace("  sales: {", QUICK + "  sales: {", 1).replace(
    "queues: [chat, sales],", "queues: [chat, quick, sales], max_no_answer: 1,"
)


async def test_who_is_set_aside_with_a_chat_in_hand_is_told_and_brought_back(build: Build) -> None:
    house = await build(centre=IMPATIENT)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        assert await page.locator(".set-aside").count() == 0
        await bring(house, "chat-2", queue="quick", who="Lê Minh")
        await page.locator(".set-aside", has_text="until you are ready again").wait_for()
        assert "no new contacts" in await page.inner_text("#state")
        assert await page.locator(".of-available[aria-pressed=true]").count() == 0
        await page.get_by_role("button", name="Tiếng Việt").click()
        await page.locator(".set-aside", has_text="cho tới khi bạn chọn Sẵn sàng").wait_for()
        async with ClientSession(house.url) as client:
            await tell(client, f"{CONTACTS}/chat-2/release", by="customer")
        await bring(house, "chat-3")  # which rings for longer
        await page.keyboard.press("Escape")
        await page.keyboard.press("r")
        await page.wait_for_selector(".set-aside", state="detached")
        await page.wait_for_selector(".offer")
        assert "không nhận" not in await page.inner_text("#state")
        await until(page, "document.querySelectorAll('.of-available[aria-pressed=true]').length === 1")
