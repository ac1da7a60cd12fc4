"""What opens orders on the wallboard says so, in a real browser, to those who may give them and to nobody else."""

import pytest
from aiohttp import ClientSession

from tests.http.browser import until
from tests.http.support import CONTACTS, Build, get, tell
from tests.http.wallboard.browser import CHROMIUM, DRAWN, LIVE, QUEUES, busy, centre, opened
from tests.http.wallboard.test_gate_in_browser import ASKED, give, tokens

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs the command chromium"),
]
SIGNS = "document.querySelectorAll('#waiting-rows .dots').length"
CUT_OFF = """[...document.querySelectorAll('#waiting-rows tr')].filter((row) => {
  const sign = row.querySelector('.dots')?.getBoundingClientRect();
  const { left, right } = row.querySelector('th').getBoundingClientRect();
  return !sign || sign.width < 8 || sign.left < left || sign.right > right || sign.right > innerWidth;
}).length"""
ON_SQUARE = "getComputedStyle(document.querySelector('#agents .square'), '::after').content"


@pytest.mark.parametrize("locale", ["en", "vi"])
@pytest.mark.parametrize("width", [1920, 1280, 390])
async def test_callers_and_squares_that_open_orders_say_so(build: Build, width: int, locale: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.async_playwright", reason="axe-playwright-python is not installed")
    house = await build(centre=centre(12))
    async with ClientSession(house.url) as client:
        await busy(client, 12, 4)
    async with opened(house, width=width, height=900, locale=f"{locale}-VN") as page:
        await until(page, f"{SIGNS} === 4")
        assert await page.evaluate(CUT_OFF) == 0
        assert await page.evaluate(ON_SQUARE) == "none", "its room is for the agent"
        await page.locator("#agents .square").first.hover()
        assert "⋯" in await page.evaluate(ON_SQUARE)
        await page.mouse.move(0, 0)
        await page.focus("#agents .square")
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Tab")
        assert "⋯" in await page.evaluate(ON_SQUARE)
        found = await axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        await page.locator("#waiting-rows .dots").first.click()
        await page.wait_for_selector("dialog[open]")


async def test_a_finger_needs_no_pointer_to_see_it(build: Build) -> None:
    house = await build(centre=centre(12))
    async with opened(house, width=390, height=844, has_touch=True, is_mobile=True) as page:
        await page.wait_for_selector("#agents .square")
        assert "⋯" in await page.evaluate(ON_SQUARE)


async def test_who_may_only_read_sees_no_sign_of_orders(build: Build) -> None:
    house = await build(centre=centre(12) + tokens(wall="read", chief="admin"))
    async with ClientSession(house.url, headers={"Authorization": "Bearer trunkline_chief_s4"}) as client:
        await busy(client, 0, 1)
    async with opened(house, awaited="true") as page:
        await until(page, ASKED)
        await give(page, "trunkline_wall_s4")
        await until(page, f"{LIVE} && {DRAWN}")
        await page.wait_for_selector("#waiting-rows tr")
        assert await page.evaluate(SIGNS) == 0
        await page.locator("#agents .square").first.hover()
        assert await page.evaluate(ON_SQUARE) == "none"


async def test_enter_gives_the_order_and_escape_none(build: Build) -> None:
    house = await build(centre=centre(12))
    async with ClientSession(house.url) as client, opened(house) as page:
        await busy(client, 12, 2)

        async def seen(kind: str) -> int:
            return len((await get(client, f"/api/v1/events?type={kind}"))["events"])

        await until(page, f"{SIGNS} === 2")
        await page.click("#queue-rows tr[data-queue=sales] .more")
        await page.fill("#d-by", "Lan")
        await page.press("#d-why", "Enter")
        assert await page.locator("dialog[open]").count() == 1, "nothing without a reason"
        await page.fill("#d-why", "storm")
        await page.press("#d-why", "Escape")
        await page.wait_for_selector("dialog[open]", state="detached")
        assert await seen("queue_closed") == 0
        await page.click("#queue-rows tr[data-queue=sales] .more")
        await page.fill("#d-by", "Lan")
        await page.fill("#d-why", "storm")
        await page.press("#d-why", "Enter")
        await page.wait_for_selector("dialog[open]", state="detached")
        assert await seen("queue_closed") == 1
        await page.click("#waiting-rows tr:first-child button")
        await page.wait_for_selector("#d-priority")
        await page.fill("#d-why", "storm")
        await page.press("#d-why", "Enter")
        first = "document.activeElement === document.querySelector('dialog .order')"
        assert await page.evaluate(first), "of several orders none is guessed"
        assert "press its button" in await page.inner_text("dialog .fault"), "and that is said"
        await page.select_option("#d-priority", "5")
        await page.press("#d-why", "Enter")
        await page.wait_for_selector("dialog[open]", state="detached")
        assert await seen("priority_changed") == 1


async def test_where_there_is_one_queue_to_move_to_enter_moves_there_once_it_is_chosen(build: Build) -> None:
    house = await build(centre=centre(2, QUEUES + "  night: {members_only: true}\n"))
    async with ClientSession(house.url) as client, opened(house) as page:
        await tell(client, CONTACTS, 201, contact="c", queue="sales")
        await page.click("#waiting-rows tr:first-child button")
        await page.wait_for_selector("#d-to")
        await page.fill("#d-by", "Lan")
        await page.fill("#d-why", "storm")
        await page.click("dialog button:text-is('Move')")
        assert await page.evaluate("document.activeElement.id") == "d-to", "nobody is moved to a queue not chosen"
        await page.select_option("#d-to", "night")
        await page.press("#d-why", "Enter")
        await page.wait_for_selector("dialog[open]", state="detached")
        assert (await get(client, f"{CONTACTS}/c"))["contact"]["queue"] == "night"
