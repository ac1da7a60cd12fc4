"""The desk in a browser whose storage is full or denied: everything can be done, and what is not kept is told once."""

from typing import Any, Final

import pytest

from tests.http.browser import until
from tests.http.desk.support import CENTRE
from tests.http.desk.test_cases_in_browser import is_fit
from tests.http.desk.test_in_browser import browser, lines, signed_in, take_chat
from tests.http.desk.test_sign_out_in_browser import asked_at_sign_out, nothing_is_left, two_tabs
from tests.http.support import Build

pytestmark = [pytest.mark.peer, pytest.mark.slow]
FULL = """Storage.prototype.setItem = () => { throw new DOMException("no room", "QuotaExceededError"); };"""
DENIED = """for (const kind of ["localStorage", "sessionStorage"]) Object.defineProperty(window, kind, {
  get() { throw new DOMException("denied", "SecurityError"); } });"""
ALONE = """window.BroadcastChannel = class { constructor() { throw new DOMException("denied", "SecurityError"); } };"""
UNKEPT = "[...document.querySelectorAll('.toast')].filter((one) => one.textContent.includes('keeps nothing')).length"


@pytest.mark.parametrize("storage", [FULL, DENIED], ids=["full", "denied"])
async def test_an_agent_works_without_storage(build: Build, storage: str) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        await context.add_init_script(storage)
        page = await signed_in(context, house)
        await until(page, f"{UNKEPT} === 1")
        await is_fit(page)
        await page.evaluate("document.querySelector('.toast').remove()")
        tab = await context.new_page()
        await tab.goto(f"{house.url}/desk")
        await tab.wait_for_selector("#state[data-state]")
        await take_chat(page, house)
        await page.keyboard.type("good morning")
        await page.keyboard.press("Enter")
        await until(page, "document.querySelector('.line-state')?.textContent === 'sent'")
        assert await lines(page) == ["good morning"]
        for button in ("VI", "EN", "Sound on"):
            await page.click(f".top button:text-is('{button}')")
        await page.fill("#note", "half a note")
        assert await page.evaluate(UNKEPT) == 0, "it was told"
        await asked_at_sign_out(tab, of_another_tab=True)
        await tab.click("dialog button:text-is('Sign out')")
        for each in (page, tab):
            await nothing_is_left(each)


async def test_an_agent_works_where_tabs_cannot_speak_either(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        await context.add_init_script(DENIED + ALONE)
        page, tab = await two_tabs(context, house)
        await page.bring_to_front()
        await page.click("button:text-is('Sign out')")
        await page.click("dialog button:text-is('Sign out')")
        for each in (page, tab):
            await each.wait_for_selector(".door #password")


@pytest.mark.parametrize("garbage", ["{half", "7", "null", "{}"])
async def test_garbage_in_the_storage_is_gone_and_hinders_nobody(build: Build, garbage: str) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.evaluate("said => sessionStorage.setItem('trunkline-desk-kept:half-written an', said)", garbage)
        await page.reload()
        await page.wait_for_selector("#state[data-state]")
        await until(page, f"sessionStorage.getItem('trunkline-desk-kept:half-written an') !== {garbage!r}")
        await take_chat(page, house)


CHAT: Final = (1, "a line")
LINE: Final[dict[str, Any]] = {"id": "a", "verb": "say", "contact": "chat-1", "text": "hello"}
DRAFTS: Final[list[Any]] = [
    *(7, [], "half", {"lines": 7}, {"lines": [7]}, {"lines": [["1", "a"]]}),
    *({"notes": [[1, None]]}, {"answers": [CHAT]}, {"dialogs": [[1, {"a": "b"}]]}),
]
SHOWN: Final = {"contactId": 1, "at_ns": 1}
UNSENT: Final[list[Any]] = [
    *(7, {}, [7], [{}], [{"command": LINE, "shown": {}}], [{"command": LINE, "needsFile": True}]),
    *([{"command": LINE, "failed": "too late"}], [{"command": LINE, "shown": SHOWN, "failed": 7}]),
    [{"command": LINE, "shown": SHOWN, "failed": {"key": "over.line", "given": 7}}],
    *([{"command": LINE | wrong}] for wrong in ({"id": 7}, {"id": ""}, {"text": 7}, {"verb": "accept"})),
]
TOLD: Final[list[Any]] = [
    *(7, {}, [7], [{}], [{"why": "too late"}]),
    *([{"why": why, "words": "hello"}] for why in (7, {"key": "over.line"}, {"key": 7, "given": {}})),
]
IN_FRONT: Final[list[Any]] = [7, [], {"chosen": 1}, {"chosen": "1", "inHand": [1]}, {"chosen": 1, "inHand": 1}]
KINDS: Final = {"half-written": DRAFTS, "unsent": UNSENT, "told": TOLD, "in-front": IN_FRONT}
MISSHAPEN: Final = [(kind, said) for kind, each in KINDS.items() for said in each]


async def test_what_was_kept_in_another_shape_is_none(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        for kind, said in MISSHAPEN:
            await page.evaluate(
                """([kind, said]) => sessionStorage.setItem(`trunkline-desk-kept:${kind} an`,
                  JSON.stringify([localStorage.getItem("trunkline-desk-mark"), said]))""",
                [kind, said],
            )
            await page.reload()
            await page.wait_for_selector("#state[data-state]", timeout=10_000)
            await until(page, "document.querySelector('#line')?.checkVisibility()")
            assert await page.input_value("#line") == "", (kind, said)
            assert await page.locator(".line, .toast").count() == 0, (kind, said)
