"""The desk while its words cannot be had: the service stops, a proxy answers in its place, or the link is lost."""

from typing import Any

import pytest

from tests.http.desk.support import CENTRE
from tests.http.desk.test_in_browser import browser, signed_in
from tests.http.support import Build

pytestmark = [pytest.mark.peer, pytest.mark.slow]
WORDS = "**/pages/desk/{}.json"


async def refuse(route: Any) -> None:
    """Answer as a service does that is stopping: in JSON, too, which is no catalogue."""
    await route.fulfill(status=503, json={"error": "the service is stopping"})


async def lose(route: Any) -> None:
    """Answer nothing."""
    await route.abort()


@pytest.mark.parametrize("fail", [refuse, lose])
async def test_a_page_without_words_says_that_it_waits_and_gets_them(build: Build, fail: Any) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await context.new_page()
        asked: list[str] = []

        async def answer(route: Any) -> None:
            asked.append(await page.inner_text("#room"))
            await (fail(route) if len(asked) < 3 else route.continue_())

        await page.route(WORDS.format("en"), answer)
        await page.goto(f"{house.url}/desk")
        await page.wait_for_selector(".door #password")
        assert len(asked) == 3
        assert all("waiting for the service" in said for said in asked), "nobody looks at an empty page, nor at keys"
        assert await page.inner_text("label[for=password]") == "Password"


async def test_a_language_that_cannot_be_had_leaves_the_one_before(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        await context.route(WORDS.format("vi"), refuse)
        page = await context.new_page()
        await page.goto(f"{house.url}/desk")
        await page.click(".door-languages [lang=vi]")
        await page.locator(".door-alert", has_text="cannot be reached").wait_for()
        assert await page.inner_text("label[for=password]") == "Password"
        await page.close()
        page = await signed_in(context, house)
        await page.click(".top button:text-is('VI')")
        await page.locator(".toast", has_text="cannot be reached").wait_for()
        await page.reload()
        await page.wait_for_selector("#state[data-state]")
        assert await page.get_attribute("html", "lang") == "en", "what was never spoken is not kept"
