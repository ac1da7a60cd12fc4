"""Another language, chosen while something is told, in a real browser: it is said again, people's words as they are."""

import json
from importlib.resources import files

import pytest

from tests.http.browser import until
from tests.http.desk.support import CENTRE
from tests.http.desk.test_in_browser import browser, signed_in
from tests.http.desk.test_lost_words_in_browser import STANDS, TOLD, WORDS, send_too_late
from tests.http.support import Build

pytestmark = [pytest.mark.peer, pytest.mark.slow]
VIETNAMESE = json.loads((files("adapters.http") / "pages" / "desk" / "vi.json").read_text("utf-8"))
LATE = VIETNAMESE["not_sent"].format(why=VIETNAMESE["refused.wrong_state"])
TOLD_AND_SWITCHED = """Promise.all(["toasts", "words"].map((name) => import(`/pages/desk/${name}.js`)))
  .then(async ([{ toasts }, { choose, saying }]) => {
    const { place, complain, render } = toasts("an", { read() {}, write() {} });
    complain(saying("file_refused", { name: "list.txt", why: saying("file_too_large", { size: 1536 }) }));
    complain("as the service says it", "words of mine");
    await choose("vi");
    render();
    return [...place.querySelectorAll(".toast-text")].map((one) => one.textContent); })"""


async def test_what_is_told_follows_the_language(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        told = await page.evaluate(TOLD_AND_SWITCHED)
        too_large = VIETNAMESE["file_too_large"].format(size="1,5 kB")
        assert told == [
            f"{VIETNAMESE['not_sent'].format(why='as the service says it')} “words of mine”",
            VIETNAMESE["file_refused"].format(name="list.txt", why=too_large),
        ]


async def test_why_words_reached_nobody_follows_the_language_over_a_reload(build: Build) -> None:
    house = await build(centre=CENTRE)
    late = f"document.querySelector('.line.failed .line-state')?.textContent === '{LATE}'"
    async with browser() as context:
        page = await signed_in(context, house)
        await send_too_late(page, house)
        await page.click(".tongues [lang=vi]")
        await until(page, late)
        await page.reload()
        await until(page, late)
        await page.click(".tongues [lang=en]")
        await until(page, "document.documentElement.lang === 'en'")
        await page.locator("#contact-title").focus()
        await page.keyboard.press("f")
        await until(page, f"{TOLD} === 1 && {STANDS} === 0")
        await page.click(".tongues [lang=vi]")
        said = f"{LATE} “{WORDS}”"
        toast = page.locator(".toast", has_text=said)
        await toast.get_by_role("button", name=VIETNAMESE["put_away"].format(said=said)).wait_for()
        await page.reload()
        await toast.wait_for()
        await page.click(".tongues [lang=en]")
        await page.locator(".toast", has_text=f"not sent: That is not possible any more. “{WORDS}”").wait_for()


async def test_what_is_said_at_the_door_follows_the_language(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.click("button:text-is('Sign out')")
        await page.locator(".door-alert", has_text="You are signed out.").wait_for()
        await page.click(".door-languages [lang=vi]")
        await page.locator(".door-alert", has_text=VIETNAMESE["signed_out"]).wait_for()
        await page.fill("#agent", "an")
        await page.fill("#password", "not it")
        await page.keyboard.press("Enter")
        await page.locator(".door-alert", has_text=VIETNAMESE["wrong_password"]).wait_for()
        await page.click(".door-languages [lang=en]")
        await page.locator(".door-alert", has_text="The name or the password is wrong.").wait_for()
