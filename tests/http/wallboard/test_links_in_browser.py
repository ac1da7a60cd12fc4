"""The wallboard over connections as they are: asked for twice, answers that are lost, streams that never begin."""

from typing import Any

import pytest
from aiohttp import ClientSession

from tests.http.browser import until
from tests.http.support import CONTACTS, Build, tell
from tests.http.wallboard.browser import CHROMIUM, LIVE, busy, centre, opened

pytestmark = [pytest.mark.peer, pytest.mark.slow]
if CHROMIUM is None:
    pytest.skip("needs the command chromium", allow_module_level=True)
FAST = "const real = Date.now, began = real(); Date.now = () => began + (real() - began) * 10;"
"""A page whose seconds are tenths."""
LOSSY = """window.keys = [];
const ask = window.fetch;
window.fetch = async (address, options) => {
  const answer = await ask(address, options);
  if (!address.endsWith("/priority")) return answer;
  window.keys.push(options.headers["Idempotency-Key"]);
  if (window.keys.length === 1) throw new TypeError("the answer is lost");
  return answer;
};"""
"""A page to which the answer of its first order never comes."""


async def test_a_board_that_is_asked_for_twice_follows_once(build: Build) -> None:
    house = await build(centre=centre(1))
    async with opened(house) as page:
        streams: list[Any] = []
        over: list[Any] = []
        page.on("request", lambda request: streams.append(request) if "/api/v1/stream" in request.url else None)
        page.on("requestfailed", lambda request: over.append(request) if request in streams else None)
        again = "document.getElementById('token-form').dispatchEvent(new SubmitEvent('submit', { cancelable: true }))"
        for _ in range(3):
            asked = len(streams)
            await page.evaluate(f"{again}; {again}")
            while len(streams) == asked:
                await page.wait_for_timeout(20)
        await until(page, LIVE)
        while len(over) < len(streams) - 1:
            await page.wait_for_timeout(20)
        assert len(over) == len(streams) - 1


async def test_a_stream_that_never_begins_is_asked_for_again(build: Build) -> None:
    house = await build(centre=centre(1))
    async with opened(house, watch=FAST) as page:
        asked: list[Any] = []

        async def hang(route: Any) -> None:
            asked.append(route)
            if len(asked) > 1:
                await route.continue_()

        await page.route("**/api/v1/stream?*", hang)
        await page.evaluate("document.getElementById('token-form').dispatchEvent(new SubmitEvent('submit'))")
        while len(asked) < 2:
            await page.wait_for_timeout(20)
        await until(page, LIVE)


async def test_an_order_whose_answer_was_lost_is_done_once(build: Build) -> None:
    house = await build(centre=centre(1))
    async with ClientSession(house.url) as client:
        await tell(client, CONTACTS, 201, contact="call-1", queue="sales", customer="+84 24 3825 1000")
        async with opened(house, watch=LOSSY) as page:
            button = page.locator("#waiting-rows button").first
            await button.dispatch_event("click")
            await button.dispatch_event("click")
            await order(page)
            await until(page, "document.querySelector('#dialog .fault').textContent !== ''")
            await page.locator("#dialog .orders button:has-text('priority')").click()
            await until(page, "!document.getElementById('dialog').open")
            await button.click()
            await order(page)
            await until(page, "!document.getElementById('dialog').open")
            first, second, third = await page.evaluate("window.keys")
            assert first == second
            assert third != first, "another order, though it says the same"


async def order(page: Any) -> None:
    """Give the order that the dialog is open for."""
    await page.fill("#d-by", "lan")
    await page.fill("#d-why", "promised")
    await page.select_option("#d-priority", "5")
    await page.locator("#dialog .orders button:has-text('priority')").click()


async def test_what_is_looked_for_stays_when_the_page_is_built_anew(build: Build) -> None:
    house = await build(centre=centre(7))
    async with ClientSession(house.url) as client:
        await busy(client, 7, 4)
        async with opened(house) as page:
            await page.fill("#waiting-search", "1001")
            await page.fill("#agent-search", "bo")
            await page.locator(".queues [data-queue=sales] button.plain").click()
            await page.select_option("#language", "vi")
            await until(page, "document.documentElement.lang === 'vi'")
            await until(page, "document.getElementById('waiting-search').value === '1001'")
            await until(page, "document.querySelectorAll('#waiting-rows tr').length === 1")
            assert await page.input_value("#agent-search") == "bo"
            assert "Sales" in await page.inner_text("#waiting-title")


async def test_a_replay_that_cannot_begin_plays_nothing(build: Build) -> None:
    house = await build(centre=centre(1))
    async with opened(house) as page:
        await page.route("**/past/span", lambda route: route.fulfill(status=404, json={}))
        await page.click("#do-replay")
        await until(page, "document.querySelector('#replay .tool')?.disabled")
        assert await page.locator("#moment").is_disabled()
