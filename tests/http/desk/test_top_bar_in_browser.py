"""The bar across the top of the desk in a real browser: one row in every language, and no word cut off."""

from typing import Any

import pytest

from tests.http.browser import until
from tests.http.desk.support import CENTRE
from tests.http.desk.test_in_browser import CUT_OFF, TOO_WIDE, browser, signed_in, take_chat
from tests.http.support import Build

pytestmark = [pytest.mark.peer, pytest.mark.slow]
PHONE = 'phone: {address: "sip:an@example.org"}, desk_password'
HAS_FIGURES = "document.querySelectorAll('.figures > div').length === 5"
IN_ONE_ROW = """(places) => {
  const boxes = places.map((one) => one.getBoundingClientRect()).filter(({ height }) => height);
  return Math.max(...boxes.map(({ top }) => top)) < Math.min(...boxes.map(({ bottom }) => bottom)); }"""

ALL_IN_FULL = "[...document.querySelectorAll('.figures > :not(:last-child) dd')].map((one) => one.textContent = '100%')"
IN_TWO_LINES = """(labels) => labels.every((one) =>
  one.offsetHeight < 2.5 * parseFloat(getComputedStyle(one).lineHeight))"""


async def nothing_is_cut_off(page: Any) -> None:
    """Nothing is cut off, nor wider than the window."""
    assert await page.evaluate(TOO_WIDE) == []
    assert await page.evaluate(CUT_OFF) == []


@pytest.mark.parametrize("locale", ["en", "vi"])
async def test_the_bar_is_one_row(build: Build, locale: str) -> None:
    house = await build(centre=CENTRE)
    async with browser(locale=locale) as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await until(page, HAS_FIGURES)
        await page.evaluate(ALL_IN_FULL)
        for width, height in ((1280, 800), (1920, 1080)):
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.locator(".top > *").evaluate_all(IN_ONE_ROW), width
            assert await page.locator(".figures dt").evaluate_all(IN_TWO_LINES), width
            await nothing_is_cut_off(page)
        await page.set_viewport_size({"width": 390, "height": 844})
        assert await page.locator(".top-end button").evaluate_all(IN_ONE_ROW)
        await nothing_is_cut_off(page)


@pytest.mark.parametrize("locale", ["en", "vi"])
async def test_the_bar_is_one_row_in_the_longest_words(build: Build, locale: str) -> None:
    house = await build(centre=CENTRE.replace("desk_password", PHONE, 1).replace("Thị An", "Thị Thanh Hương"))
    async with browser(locale=locale) as context:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        await page.wait_for_selector("#state[data-state=unreachable]")
        await until(page, HAS_FIGURES)
        assert await page.locator(".top > *").evaluate_all(IN_ONE_ROW)
        await nothing_is_cut_off(page)


@pytest.mark.parametrize(("locale", "words"), [("en", "Phone unreachable"), ("vi", "Mất kết nối điện thoại")])
async def test_a_lost_phone_is_told_while_something_is_in_hand(build: Build, locale: str, words: str) -> None:
    house = await build(centre=CENTRE.replace("desk_password", PHONE, 1))
    async with browser(locale=locale) as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.wait_for_selector("#state[data-state=busy]")
        assert words in await page.inner_text("#state")
        for width in (1920, 1280, 390):
            await page.set_viewport_size({"width": width, "height": 800})
            await nothing_is_cut_off(page)
