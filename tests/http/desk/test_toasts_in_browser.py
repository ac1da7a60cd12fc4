"""What came to nothing, as the desk says it in a real browser: it covers nothing, words stay until put away."""

import pytest
from aiohttp import ClientSession

from tests.http.browser import until
from tests.http.desk.support import CENTRE, opened
from tests.http.desk.test_cases import WITH_CASES
from tests.http.desk.test_in_browser import bring, browser, signed_in, take_chat
from tests.http.support import CONTACTS, Build, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]
UNCOVERED = """(place) => {
  place.scrollIntoView({ block: "nearest" });
  const { left, right, top, bottom } = place.getBoundingClientRect();
  const points = [0.02, 0.5, 0.98].flatMap((across) => [0.1, 0.5, 0.9].map((down) =>
    [left + across * (right - left), top + down * (bottom - top)]));
  return points.every(([x, y]) => place.contains(document.elementFromPoint(x, y))); }"""
WORDS_AND_A_NOTICE = """import("/pages/desk/toasts.js").then(({ toasts }) => {
  const { place, complain } = toasts("an", { read() {}, write() {} });
  document.querySelector("main").append(place);
  complain("over", "first");
  complain("over", "second");
  complain("a notice"); })"""
LONG_WORDS = """import("/pages/desk/toasts.js").then(({ toasts }) => {
  const { place, complain } = toasts("an", { read() {}, write() {} });
  document.querySelector(".above").append(place);
  complain("the contact is over", "before");
  complain("That is not possible any more.", "a long sentence of words ".repeat(18));
  complain("a notice");
  complain("another notice"); })"""
IN_SIGHT = """(place) => { const { left, right, top, bottom } = place.getBoundingClientRect();
  return [top + 2, bottom - 2].every((at) => place.contains(document.elementFromPoint((left + right) / 2, at))); }"""
MANY = """import("/pages/desk/toasts.js").then(({ toasts }) => {
  const { place, complain } = toasts("an", { read() {}, write() {} });
  complain("over", "words one");
  for (let number = 0; number < 40; number += 1) complain(`notice ${number}`);
  complain("over", "words two");
  return [...place.querySelectorAll('.toast-text')].map((one) => one.textContent); })"""


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080), (390, 844)])
async def test_what_is_told_covers_nothing(build: Build, width: int, height: int) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await page.set_viewport_size({"width": width, "height": height})
        await take_chat(page, house)
        await page.keyboard.type("words that reach nobody")
        await tell(client, f"{CONTACTS}/chat-1/release", by="customer")
        await page.locator(".toast", has_text="What you write stays here").wait_for()
        await page.keyboard.press("Escape")
        await page.locator(".toast", has_text="words that reach nobody").wait_for()
        await bring(house, "chat-2", who="Lê Minh")
        await page.wait_for_selector(".offer")
        for place in (".offer", ".codes", ".toast >> nth=-1"):
            assert await page.locator(place).evaluate(UNCOVERED), place
        await page.keyboard.press("Alt+a")
        await until(page, "document.activeElement.id === 'line' && !document.querySelector('.offer')")
        await bring(house, "chat-3", who="Trần Mai")
        await page.wait_for_selector(".offer")
        assert await page.locator(".toast").count() >= 1
        for place in (".offer", "#line", ".toast >> nth=-1"):
            assert await page.locator(place).evaluate(UNCOVERED), place


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
async def test_long_words_can_be_put_away_whatever_is_told_behind_them(build: Build, width: int, height: int) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate(LONG_WORDS)
        await until(page, "document.querySelectorAll('.toast').length === 4")
        newest = page.locator(".toast:has(button)").first
        for place in (newest.locator(".toast-why"), newest.locator("button"), page.locator(".toast").last):
            assert await place.evaluate(IN_SIGHT)
        await newest.locator("button").focus()
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("End")
        await until(page, "document.activeElement.scrollTop > 0")


async def test_words_stay_until_they_are_put_away(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.clock.install()
        await page.evaluate(WORDS_AND_A_NOTICE)
        await until(page, "document.querySelectorAll('.toast').length === 3")
        await page.clock.fast_forward(300_000)
        await until(page, "document.querySelectorAll('.toast').length === 2")
        await page.fill("#note", "half a note")
        await page.get_by_role("button", name="Put away: not sent: over “second”").click()
        await until(page, "document.querySelectorAll('.toast').length === 1")
        assert await page.evaluate("document.activeElement.id") == "note", "a click leaves the cursor where one writes"


async def test_words_are_put_away_by_keyboard(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.evaluate(WORDS_AND_A_NOTICE)
        await page.locator(".toast button").first.focus()
        await page.keyboard.press("Enter")
        await until(page, "document.activeElement.getAttribute('aria-label')?.includes('first')")
        await page.keyboard.press("Space")
        await until(page, "!document.querySelector('.toast button')")


async def test_notices_make_room_before_words(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        told = await page.evaluate(MANY)
        assert len(told) == 20
        assert told[:3] == ["not sent: over “words two”", "not sent: over “words one”", "notice 22"]
        assert told[-1] == "notice 39"


@pytest.mark.parametrize(("subject", "is_told"), [("", False), ("a lamp to mend", True)], ids=["chosen", "written"])
async def test_what_was_chosen_in_a_window_is_no_lost_word(build: Build, subject: str, is_told: bool) -> None:
    house = await build(centre=WITH_CASES)
    async with browser() as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.keyboard.press("Alt+c")
        await page.select_option("#case-kind", index=1)
        await page.fill("#case-subject", subject)
        await page.keyboard.press("Escape")
        await page.wait_for_selector("dialog", state="detached")
        await tell(client, f"{CONTACTS}/chat-1/release", by="customer")
        await page.wait_for_selector(".wrap-up:not([hidden])")
        async with opened(house) as other:
            await other.do("finish", contact="chat-1")
        await until(page, "!document.querySelector('.contact')")
        assert ("not sent" in await page.inner_text(".toasts")) == is_told
