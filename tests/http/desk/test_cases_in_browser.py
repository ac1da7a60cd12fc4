"""Cases and keys at the desk, in a real browser: opened beside a chat while another one rings."""

import re
from typing import Any

import pytest
from aiohttp import ClientSession

from engine.live.cases import CaseWork
from tests.http.browser import until
from tests.http.desk.test_cases import WITH_CASES
from tests.http.desk.test_in_browser import CUT_OFF, TOO_WIDE, bring, browser, signed_in
from tests.http.support import CONTACTS, Build, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]


async def is_fit(page: Any) -> None:
    """Everybody can use what is shown, in a wide window and in a narrow one."""
    axe = pytest.importorskip("axe_playwright_python.async_playwright", reason="axe-playwright-python is not installed")
    for width in (320, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate(TOO_WIDE) == []
        assert await page.evaluate(CUT_OFF) == []
    found = await axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


async def test_a_case_is_opened_and_an_offer_accepted_while_writing(build: Build) -> None:
    house = await build(centre=WITH_CASES)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        for name in ("chat-1", "chat-2"):
            await bring(house, name)
        await until(page, "document.querySelectorAll('.offer').length === 2")
        await page.keyboard.press("a")
        await until(page, "document.querySelectorAll('.contact').length === 1")
        await page.keyboard.type("ad")
        assert await page.input_value("#line") == "ad", "letters alone are text"
        assert await page.locator(".offer .with-alt").first.is_visible()
        await page.keyboard.press("Alt+a")
        await until(page, "document.querySelectorAll('.contact').length === 2")
        await page.keyboard.press("Escape")
        await page.keyboard.press("c")
        await page.keyboard.type("The bus was late")
        await is_fit(page)
        assert await page.inner_text("dialog[open] .empty") == "You are told how it ends."
        await page.locator("dialog button[type=submit]").click()
        await until(page, "document.querySelectorAll('.case.is-open').length === 1")
        case = house.engine.views.quality.cases("open", None, "", 1, 0, 0).cases[0]
        assert (case.subject, case.opened_by, case.customer) == ("The bus was late", "an", "Phạm Lan")
        async with ClientSession(house.url) as api:
            await tell(api, f"/api/v1/cases/{case.id}/resolve", resolution="A voucher", agent="binh")
        await page.locator(".case.is-resolved", has_text="by Trần Bình").wait_for()
        assert await page.inner_text("#polite") == f"A complaint {case.id} was resolved by Trần Bình"
        await is_fit(page)
        await page.get_by_role("button", name="Reopen case").click()
        await page.keyboard.type("It never came")
        await page.locator("dialog button[type=submit]").click()
        await page.locator(".case.is-open", has_text="Opened again by Nguyễn Thị An: It never came").wait_for()
        async with ClientSession(house.url) as api:
            await tell(api, f"/api/v1/cases/{case.id}/resolve", resolution="Another voucher")
        await page.locator(".case.is-resolved", has_text="Another voucher").wait_for()
        assert re.fullmatch(r"resolved \d\d:\d\d.*(AM|PM)", await page.inner_text(".case-when")), "nobody is known"
        assert await page.inner_text("#polite") == f"A complaint {case.id} was resolved"


async def test_a_report_says_of_which_case_it_is_who_resolved_it_and_when(build: Build) -> None:
    house = await build(centre=WITH_CASES)
    work = CaseWork(house.engine)
    work.start()
    async with browser() as context, ClientSession(house.url) as api:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        before = {"contact": "before", "queue": "care", "channel": "chat", "customer": "visitor-7"}
        await tell(api, CONTACTS, 201, **before, attributes={"name": "Zoë"})
        said = {"kind": "complaint", "subject": "The bus was late", "agent": "an", "customer": "visitor-7"}
        number = (await tell(api, "/api/v1/cases", 201, **said))["seq"]
        await tell(api, f"/api/v1/cases/{number}/resolve", resolution="A voucher", agent="binh")
        await page.locator(".offer", has_text="Case reports").wait_for()
        await page.keyboard.press("a")
        words = page.locator(
            ".task-word", has_text=f"A complaint {number}, which you opened, was resolved by Trần Bình"
        )
        await words.wait_for()
        assert re.search(r"\(\d\d:\d\d", await words.inner_text())
        assert await page.inner_text(".task-said") == "A voucher"
        await page.locator(".facts", has_text="Zoë").wait_for()
        assert "resolved ns" not in await page.inner_text(".customer")
        await is_fit(page)
    work.stop()


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "A complaint {number}, which Hoa opened, was resolved by Trần Bình ("),
        ("vi", "A complaint {number} do Hoa mở đã được Trần Bình giải quyết ("),
    ],
)
async def test_a_report_says_who_opened_the_case_to_whom_it_was_opened_for(
    build: Build, locale: str, said: str
) -> None:
    house = await build(centre=WITH_CASES)
    work = CaseWork(house.engine)
    work.start()
    async with browser(locale=locale) as context, ClientSession(house.url) as api:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        case = {"kind": "complaint", "subject": "The bus was late", "agent": "an", "by": "Hoa"}
        number = (await tell(api, "/api/v1/cases", 201, **case))["seq"]
        await tell(api, f"/api/v1/cases/{number}/resolve", resolution="A voucher", agent="binh")
        await page.locator(".offer").wait_for()
        await page.keyboard.press("a")
        await page.locator(".task-word", has_text=said.format(number=number)).wait_for()
        await page.reload()
        await page.locator(".task-word", has_text=said.format(number=number)).wait_for()
    work.stop()


async def test_the_number_to_call_is_asked_for_where_a_chat_left_none(build: Build) -> None:
    house = await build(centre=WITH_CASES)
    async with browser() as context, ClientSession(house.url) as api:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        for name, told, filled in (
            ("as-it-came", {"number": "0912 345 678"}, ""),
            ("left", {"callback_number": "0912 345 678"}, "0912 345 678"),
        ):
            said = {"contact": name, "queue": "chat", "channel": "chat", "customer": "+84912345678"}
            await tell(api, CONTACTS, 201, **said, attributes=told)
            await page.locator(".offer").wait_for()
            await page.keyboard.press("Alt+a")
            await page.locator(".offer").wait_for(state="detached")
            await page.keyboard.press("Escape")
            await page.keyboard.press("c")
            await page.select_option("#case-kind", "refund")
            assert await page.input_value("#case-number") == filled
            await page.keyboard.press("Escape")
