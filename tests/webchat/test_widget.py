"""The widget in a real browser: a chat by keyboard alone, what visitors and agents type runs nowhere, reconnects."""

import asyncio
import contextlib
import re
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web

from adapters.webchat.settings import SECOND_NS
from engine.log.memory import MemoryLog
from engine.messages.observed import MessagesRead, RequeueRequested
from engine.model.plan_views import PlanOrder
from tests.webchat.support import CENTRE, INBOX, Build, House

pytestmark = [pytest.mark.peer, pytest.mark.slow]
playwright_api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    pytest.skip("needs the command chromium", allow_module_level=True)
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
WITHIN_MS = 15_000
SHOP_PAGE = """<!doctype html><html lang="en"><head><title>Shop</title></head><body><main><h1>Shop</h1>
<p>Things to buy.</p></main>{before}
<script async src="{url}/widget.js" data-inbox="web"{more}></script></body></html>"""
FORM = """
        pre_chat:
          - {name: name, label: {en: Name, vi: Tên}, required: true}
          - {name: email, label: E-mail, kind: email}
"""
SECRET = "a secret that is as long as it has to be"
SIGNED = f"{INBOX.replace('https://shop.example', '*')}        identity_secret: {SECRET}"


HELD_BACK = """const { prototype } = window.WebSocket; const { send } = prototype; window.held = [];
prototype.send = function (said) {
  if (window.holds && JSON.parse(said).type !== 'ping') window.held.push(() => send.call(this, said));
  else send.call(this, said);
};"""
"""A page on which what it says can be held back, but for signs of life."""


class Shop:
    """A page of somebody else's that has the widget in it."""

    def __init__(self, page: Any, house: House, said: list[str]) -> None:
        self.page = page
        self.house = house
        self.said = said

    async def begin(self, text: str) -> None:
        """Open the widget and send a first line."""
        await self.page.locator("#trunkline-chat .launcher").click()
        await self.page.locator("#trunkline-chat textarea").fill(text)
        await self.page.keyboard.press("Enter")

    async def talk(self) -> str:
        """Let a chat begin and an agent answer; returns the contact."""
        await self.begin("one")
        await self.house.work("bob")
        contact = await self.house.take()
        await self.until(".status", "Bob Ray")
        return contact

    async def come_back(self) -> None:
        """Load the page anew and open the widget."""
        await self.page.reload()
        await self.page.locator("#trunkline-chat .launcher").click()

    async def hold_back(self) -> None:
        """Let nothing that is said reach the service; for a page that began with `HELD_BACK`."""
        await self.house.until(lambda: self.house.adapter.sockets.open)
        await self.page.evaluate("window.holds = true")

    async def let_go(self) -> None:
        """Bring what was held back, in its order."""
        await self.page.evaluate("void (window.holds = false, window.held.splice(0).forEach((go) => go()))")

    async def text(self, selector: str) -> str:
        """What an element of the widget says."""
        return str(await self.page.locator(f"#trunkline-chat {selector}").inner_text())

    async def until(self, selector: str, words: str) -> None:
        """Wait until an element says something."""
        place = self.page.locator(f"#trunkline-chat {selector}", has_text=words).first
        await place.wait_for(timeout=WITHIN_MS)

    async def until_attached(self, selector: str, words: str) -> None:
        """Wait until an element says something, in a panel that may be folded."""
        place = self.page.locator(f"#trunkline-chat {selector}", has_text=words).first
        await place.wait_for(state="attached", timeout=WITHIN_MS)

    async def until_so(self, expression: str, *given: str) -> None:
        """Wait until something is so on the page. Playwright's own wait looks again by eval, which the policy bars."""
        async with asyncio.timeout(WITHIN_MS / 1000):
            while not await self.page.evaluate(expression, *given):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def focused(self, selector: str) -> None:
        """Wait until an element of the widget has the focus."""
        await self.page.locator(f"#trunkline-chat {selector}:focus").wait_for(state="attached", timeout=WITHIN_MS)

    async def focus(self) -> str:
        """Tag and label of what has the focus in the widget."""
        return str(
            await self.page.evaluate(
                "() => { const e = document.getElementById('trunkline-chat').shadowRoot.activeElement;"
                " return e && `${e.tagName} ${e.getAttribute('aria-label') || e.name || e.textContent}`; }"
            )
        )


async def serve_shop(house: House, before: str, more: str, sockets: bool) -> tuple[web.AppRunner, str]:
    """Serve the shop's page on a port of its own: another origin than the adapter's; its policy may bar sockets."""

    async def page(_request: web.Request) -> web.Response:
        text = SHOP_PAGE.format(url=house.url, before=before, more=more)
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})

    sources = f"{house.url} {house.url.replace('http', 'ws') if sockets else ''}"
    policy = f"default-src 'none'; script-src {house.url} 'unsafe-inline'; connect-src {sources}; style-src 'none'"

    async def icon(_request: web.Request) -> web.Response:
        return web.Response(status=204)

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/favicon.ico", icon)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@contextlib.asynccontextmanager
async def shop(
    house: House,
    *,
    before: str = "",
    more: str = "",
    init: str = "",
    width: int = 1000,
    sockets: bool = True,
    listed: bool = True,
    **context: Any,
) -> AsyncIterator[Shop]:
    """Open the shop; nothing may be said on the console, and nothing kept back by the shop's strict policy."""
    runner, url = await serve_shop(house, before, more, sockets)
    said: list[str] = []
    try:
        async with playwright_api.async_playwright() as player:
            browser = await player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            opened = await browser.new_context(viewport={"width": width, "height": 760}, **context)
            page = await opened.new_page()
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            if init:
                await page.add_init_script(init)
            await page.goto(url)
            if listed:
                await page.locator("#trunkline-chat .launcher[aria-label]").wait_for(timeout=WITHIN_MS)
            yield Shop(page, house, said)
            await browser.close()
    finally:
        await runner.cleanup()
    assert said == []


async def test_a_chat_by_keyboard_alone(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        press = seen.page.keyboard.press
        await press("Tab")
        assert await seen.focus() == "BUTTON Open chat"
        await press("Enter")
        await seen.until("header", "Chat with us")
        await seen.until_so(
            "document.getElementById('trunkline-chat').shadowRoot.activeElement?.tagName === 'TEXTAREA'"
        )
        await seen.page.keyboard.type("hello, is anybody here?")
        await press("Enter")
        await seen.until(".status", "You are next.")
        await house.work("bob")
        contact = await house.take()
        await seen.until(".status", "Bob Ray is here.")
        await house.say(contact, "yes, see https://shop.example/help.")
        await seen.until(".line.agent", "see https://")
        assert house.lines(contact)[0] == ("customer", "hello, is anybody here?")
        await house.until(lambda: house.engine.views.contacts.conversation(contact).customer_read_seq > 0)
        await press("Escape")
        assert await seen.focus() == "BUTTON Open chat"
        assert not await seen.page.locator("#trunkline-chat .panel").is_visible()
        await house.say(contact, "still there?")
        await seen.until(".badge", "1")
        await press("Enter")
        await house.end(contact)
        await seen.until("legend", "How satisfied are you?")
        await seen.page.locator("#trunkline-chat input[value='5']").press("Space")
        await seen.page.locator("#trunkline-chat textarea[name=comment]").fill("<b>quick</b>")
        await seen.page.locator("#trunkline-chat form:not(.held) button[type=submit]").press("Enter")
        await seen.until(".area", "Thank you for your answer.")
        await house.until(lambda: house.adapter.core.counters["surveys_answered"])
        found = house.engine.views.read_events(0, 1000, ["survey_requested", "survey_answered"]).events
        assert [(one.type, one.data) for one in found] == [
            ("survey_requested", {"survey": "csat"}),
            ("survey_answered", {"survey": "csat", "score": 5}),
        ]
        assert found[1].contact == contact


async def test_nothing_that_is_typed_runs(anywhere: House) -> None:
    house = anywhere
    evil = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script> javascript:alert(1) http://a.example/"onmouseover=x'
    async with shop(house) as seen:
        await seen.begin(evil)
        await house.work("bob")
        contact = await house.take()
        await house.say(contact, evil)
        await seen.until(".line.agent", "<img src=x")
        assert await seen.text(".line.customer") != ""
        inside = "#trunkline-chat .log"
        assert await seen.page.locator(f"{inside} img, {inside} script").count() == 0
        links = await seen.page.locator(f"{inside} a").evaluate_all("all => all.map((a) => [a.href, a.rel, a.target])")
        assert links == [["http://a.example/", "noopener noreferrer", "_blank"]] * 2
        assert await seen.page.evaluate("window.pwned") is None


async def test_who_waits_again_is_told_that_somebody_else_will_come(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        contact = await seen.talk()
        await house.pause("bob")
        await house.tell(RequeueRequested(contact=contact, by="desk", reason="desk closed"))
        await seen.until(".status", "Somebody else will take over.")
        await seen.page.reload()
        await seen.page.locator("#trunkline-chat .launcher").click()
        await seen.until(".status", "Somebody else will take over.")
        await house.work("eve")
        await house.take("eve")
        await seen.until(".status", "eve is here.")
        assert "Somebody else" not in await seen.text(".status")


async def test_a_reload_and_a_lost_connection_lose_and_double_nothing(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        contact = await seen.talk()
        for socket in tuple(house.adapter.sockets.open):
            await socket.close()
        await seen.page.locator("#trunkline-chat textarea").fill("two")
        await seen.page.keyboard.press("Enter")
        await house.say(contact, "three")
        await seen.until(".line.agent", "three")
        await house.until(lambda: len(house.lines(contact)) == 3)
        read = max(line.seq for line in house.engine.views.contacts.conversation(contact).messages)
        await house.tell(MessagesRead(contact=contact, by="agent", agent="bob", up_to_seq=read))
        await seen.until(".line.customer .mark", "read")
        await seen.page.reload()
        await seen.page.locator("#trunkline-chat .launcher").click()
        await seen.until(".line.agent", "three")
        await seen.until(".line.customer .mark", "read")
        await seen.until_so(
            "document.getElementById('trunkline-chat').shadowRoot.querySelectorAll('.line').length >= 3"
        )
        shown = await seen.page.locator("#trunkline-chat .line").evaluate_all(
            "all => all.map((e) => e.childNodes[1].data)"
        )
        assert sorted(shown) == ["one", "three", "two"]
        assert len(house.lines(contact)) == 3
        seen.said.clear()  # the browser itself writes of the socket that was closed


async def test_who_comes_back_finds_what_was_said_before(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await widget.locator(".launcher").click()
        await widget.locator("textarea").fill("one")
        await seen.page.keyboard.press("Enter")
        await house.work("bob")
        contact = await house.take()
        await house.say(contact, "two")
        await seen.until(".line.agent", "two")
        await house.end(contact)
        await widget.get_by_role("button", name="New chat").click()
        assert await widget.locator(".line").count() == 0
        await widget.get_by_role("button", name="Earlier conversations").click()
        await seen.until(".past .line.agent", "two")
        await widget.locator("textarea").fill("three")
        await seen.page.keyboard.press("Enter")
        await house.end(await house.take())
        await seen.until("legend", "How satisfied are you?")
        house.adapter.core.visitors = type(house.adapter.core.visitors)()  # as after an hour
        house.adapter.core.wall_ns = lambda: time.time_ns() + 3601 * SECOND_NS
        await seen.page.reload()
        await widget.locator(".launcher").click()
        await widget.get_by_role("button", name="Earlier conversations").click()
        await seen.until(".past .line.customer", "three")
        assert await widget.locator(".past").count() == 2


async def chat_and_end(seen: Shop, house: House) -> None:
    """Let the visitor ask, an agent take the chat and end it: the survey comes."""
    widget = seen.page.locator("#trunkline-chat")
    await widget.locator(".launcher").click()
    await widget.locator("textarea").fill("one")
    await seen.page.keyboard.press("Enter")
    await house.work("bob")
    await house.end(await house.take())


@pytest.mark.parametrize("sockets", [True, False])
async def test_what_was_answered_and_left_stays_so_over_a_start(anywhere: House, tmp_path: Path, sockets: bool) -> None:
    house = anywhere
    async with shop(house, sockets=sockets) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await chat_and_end(seen, house)
        await seen.until("legend", "How satisfied are you?")
        await widget.locator("label:has(input[value='4'])").click()
        await widget.locator("form:not(.held) button[type=submit]").click()
        await seen.until(".area", "Thank you for your answer.")
        await house.until(lambda: house.adapter.core.counters["surveys_answered"])
        await house.start_again(tmp_path / "adapters")
        await house.until(lambda: len(house.adapter.core.visitors))
        await seen.until(".area", "Thank you for your answer.")
        assert await widget.locator("legend").count() == 0
        await widget.get_by_role("button", name="New chat").click()
        await widget.locator("textarea").fill("half a que")
        await house.start_again(tmp_path / "adapters")
        await house.until(lambda: len(house.adapter.core.visitors))
        await seen.until_so(
            "!document.getElementById('trunkline-chat').shadowRoot.querySelector('.status').textContent"
        )
        assert await widget.locator("textarea").input_value() == "half a que"
        assert await widget.locator(".line").count() == 0
        await seen.page.reload()
        await widget.locator(".launcher").click()
        await widget.locator("textarea").fill("two")
        assert await widget.locator(".line").count() == 0
        await seen.page.keyboard.press("Enter")
        await house.until(lambda: [one for one in house.open_contacts() if house.lines(one.contact)])
        await seen.until(".line.customer", "two")
        assert await widget.locator(".line").count() == 1
        seen.said.clear()  # the browser itself writes of the connections that were lost


async def test_where_the_page_is_not_listed(house: House) -> None:
    async with shop(house, listed=False) as seen:
        async with asyncio.timeout(WITHIN_MS / 1000):
            while not any("origins" in said for said in seen.said):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert not await seen.page.locator("#trunkline-chat .launcher").is_visible()
        assert all(re.search("origins|CORS|ERR_FAILED", said) for said in seen.said), "nothing went wrong uncaught"
        seen.said.clear()


@pytest.mark.parametrize("sockets", [True, False])
async def test_who_is_not_let_in_finds_no_form_and_nothing_under_way(build: Build, sockets: bool) -> None:
    house = await build(SIGNED + FORM)
    async with shop(house, more=' data-jwt="garbage"', sockets=sockets) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await widget.locator(".launcher").click()
        await seen.until(".status", "The chat is not available here.")
        assert await widget.locator(".area *").count() == 0
        await widget.locator("header .icon").click()
        await widget.locator(".launcher").click()
        await seen.until(".status", "The chat is not available here.")
        assert await widget.locator(".area *").count() == 0
        seen.said.clear()  # the browser itself writes of sockets that are barred


async def test_what_was_sent_before_the_refusal_is_told_as_not_sent(build: Build) -> None:
    house = await build(SIGNED)
    async with shop(house, more=' data-jwt="garbage"', init=f"{HELD_BACK} window.holds = true;") as seen:
        widget = seen.page.locator("#trunkline-chat")
        await widget.locator(".launcher").click()
        await widget.locator("textarea").fill("is anybody here?")
        await seen.page.keyboard.press("Enter")
        await seen.until(".line .mark", "sending")
        await seen.let_go()
        await seen.until(".line.failed .mark", "Not sent: The chat is not available here.")
        assert await widget.locator(".area *").count() == 0
        assert not house.open_contacts()


async def test_who_is_named_by_the_site_is_not_asked_for_a_name(build: Build) -> None:
    house = await build(SIGNED + FORM)
    claims = {"sub": "c-7", "aud": "web", "exp": house.adapter.core.now_s + 600, "name": "An Tran"}
    async with shop(house, more=f' data-jwt="{jwt.encode(claims, SECRET, "HS256")}"') as seen:
        widget = seen.page.locator("#trunkline-chat")
        await widget.locator(".launcher").click()
        await widget.locator("input[name=name]").wait_for(state="detached", timeout=WITHIN_MS)
        await widget.locator("input[name=email]").fill("an@example.com")
        await widget.locator("textarea").fill("hello")
        await widget.locator(".area button[type=submit]").click()
        await house.until(house.open_contacts)
        (record,) = house.open_contacts()
        assert (record.attributes["name"], record.attributes["email"]) == ("An Tran", "an@example.com")


@pytest.mark.parametrize("width", [1000, 390, 320])
async def test_every_score_is_as_wide_as_the_others(build: Build, width: int) -> None:
    house = await build(INBOX.replace("https://shop.example", "*").replace("survey: csat", "survey: nps"))
    async with shop(house, width=width) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await chat_and_end(seen, house)
        await seen.until("legend", "recommend")
        boxes = await widget.locator(".scores label").evaluate_all(
            "all => all.map((e) => e.getBoundingClientRect()).map(({ top, width, right }) => ({ top, width, right }))"
        )
        assert len(boxes) == 11
        assert {box["top"] for box in boxes} == {boxes[0]["top"]}
        assert max(box["width"] for box in boxes) - min(box["width"] for box in boxes) < 1
        assert min(box["width"] for box in boxes) >= 24, "wide enough for a finger"
        assert boxes[-1]["right"] < width


async def test_where_nothing_may_be_kept_and_sockets_are_barred(anywhere: House) -> None:
    house = anywhere
    denied = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('denied'); } });"
    init = f"{denied} delete window.WebSocket;"
    async with shop(house, init=init) as seen:
        await seen.begin("by requests")
        await house.work("bob")
        contact = await house.take()
        await house.say(contact, "I see")
        await seen.until(".line.agent", "I see")
        assert house.lines(contact) == [("customer", "by requests"), ("agent", "I see")]


@pytest.mark.parametrize("how", ["by the page's policy", "by an exception"])
async def test_where_a_socket_cannot_even_be_tried(anywhere: House, how: str) -> None:
    house = anywhere
    init = "window.WebSocket = class { constructor() { throw new DOMException('barred', 'SecurityError'); } };"
    by_policy = how == "by the page's policy"
    async with shop(house, init="" if by_policy else init, sockets=not by_policy) as seen:
        await seen.begin("by requests")
        await house.work("bob")
        contact = await house.take()
        await house.say(contact, "I see")
        await seen.until(".line.agent", "I see")
        assert house.lines(contact) == [("customer", "by requests"), ("agent", "I see")]
        assert not house.adapter.sockets.open
        if by_policy:
            assert all("Content Security Policy" in said for said in seen.said)
            seen.said.clear()  # the browser itself writes of it


async def test_the_form_out_of_hours_and_a_number_to_be_called(anywhere: House) -> None:
    house = anywhere
    await house.close_queue()
    async with shop(house, locale="vi-VN") as seen:
        await seen.page.locator("#trunkline-chat .launcher").click()
        await seen.until(".area", "Hãy để lại tin nhắn")
        await seen.page.locator("#trunkline-chat input[name=email]").fill("an@example.com")
        await seen.page.locator("#trunkline-chat textarea").fill("gọi lại sau")
        await seen.page.locator("#trunkline-chat button[type=submit]").click()
        await seen.until(".status", "Chúng tôi đã nhận được tin nhắn")
        (left,) = house.open_contacts()
        assert (left.queue, left.channel, left.attributes["email"]) == ("letters", "email", "an@example.com")
        await seen.page.locator("#trunkline-chat button", has_text="Trò chuyện mới").click()
        await seen.page.locator("#trunkline-chat .number").click()
        number = seen.page.locator("#trunkline-chat input[name=number]")
        for wrong in ("abc", "+84 912 345 678 ext 5", "(("):
            await number.fill(wrong)
            await number.press("Enter")
            await seen.until(".fault", "bằng chữ số")
            assert await number.get_attribute("aria-invalid") == "true"
        assert not any(one.queue == "calls" for one in house.open_contacts())
        await number.fill("(024) 3825 1234")
        await seen.page.keyboard.press("Enter")
        await seen.until(".status", "Chúng tôi sẽ gọi lại")
        assert {one.queue: one.attributes.get("callback_number") for one in house.open_contacts()}[
            "calls"
        ] == "(024) 3825 1234"


async def test_lines_written_fast_are_in_the_log_in_their_order(build: Build) -> None:
    house = await build(INBOX.replace("https://shop.example", "*"), settings="frames_per_second: 3")
    async with shop(house) as seen:
        await seen.page.locator("#trunkline-chat .launcher").click()
        text = seen.page.locator("#trunkline-chat textarea")
        lines = [f"line {number}" for number in range(12)]
        for line in lines:
            await text.fill(line)
            await text.press("Enter")
        await house.until(lambda: house.open_contacts() and len(house.lines(house.open_contacts()[0].contact)) == 12)
        assert [said for _, said in house.lines(house.open_contacts()[0].contact)] == lines
        await seen.until(".line:nth-last-child(1)", lines[-1])


async def test_who_cannot_be_taken_at_the_moment_is_told_so(anywhere: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house = anywhere
    async with shop(house) as seen:
        with monkeypatch.context() as full:
            full.setattr(MemoryLog, "admitting", property(lambda _: False))
            full.setattr(MemoryLog, "disk_full", property(lambda _: False))
            await seen.page.locator("#trunkline-chat .launcher").click()
            await seen.page.locator("#trunkline-chat textarea").fill("hello")
            await seen.page.locator("#trunkline-chat textarea").press("Enter")
            await seen.until(".status", "tried again by itself")
            assert house.open_contacts() == []
        await seen.until(".status", "You are next.")
        assert house.lines(house.open_contacts()[0].contact) == [("customer", "hello")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 390])
async def test_everybody_can_use_it(build: Build, scheme: str, width: int, tmp_path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.async_playwright", reason="axe-playwright-python is not installed")
    house = await build(INBOX.replace("https://shop.example", "*") + FORM)
    async with shop(house, width=width, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True) as seen:
        checker = axe.Axe()

        async def check(what: str) -> None:
            await seen.page.screenshot(path=tmp_path / f"{what}-{scheme}-{width}.png")
            found = await checker.run(seen.page)
            assert found.violations_count == 0, found.generate_report()
            assert await seen.page.evaluate("document.documentElement.scrollWidth") <= width

        await seen.page.locator("#trunkline-chat .launcher").click()
        await seen.until("label", "Name")
        await check("form")
        await seen.page.locator("#trunkline-chat button[type=submit]").click()
        await seen.until(".fault", "Name: Please fill this in.")
        await check("fault")
        await seen.page.locator("#trunkline-chat input[name=name]").fill("An")
        await seen.page.locator("#trunkline-chat textarea").fill(
            "Where is my order? https://shop.example/orders/12345678901234567890"
        )
        await seen.page.locator("#trunkline-chat button[type=submit]").click()
        await seen.until(".status", "next")
        await check("queued")
        await house.work("bob")
        contact = await house.take()
        await house.say(contact, "Good morning An, " + "a long answer " * 20)
        await seen.until(".line.agent", "Good morning")
        assert not await seen.page.locator("#trunkline-chat .greeting").is_visible()
        await check("talk")
        await house.end(contact)
        await seen.until("legend", "How satisfied")
        await check("survey")


async def test_the_page_of_its_own(anywhere: House) -> None:
    house = anywhere
    async with playwright_api.async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        await page.goto(f"{house.url}/widget/web?locale=vi")
        await page.locator("#trunkline-chat textarea").fill("xin chào")
        await page.keyboard.press("Enter")
        await house.until(house.open_contacts)
        (contact,) = house.open_contacts()
        await house.until(lambda: house.lines(contact.contact) == [("customer", "xin chào")])
        assert re.search("Trò chuyện", await page.locator("#trunkline-chat h2").inner_text())
        assert said == []
        await browser.close()
    await asyncio.sleep(0)


async def test_what_a_plan_says_stands_above_the_chat_as_words_until_it_ends(build: Build) -> None:
    said = "{vi: Trả lời chậm hơn, en: 'Slow <img src=x onerror=document.title=1> today'}"
    centre = CENTRE + f"plans: {{storm: {{announce: {{help: {said}}}}}}}\n"
    house = await build(INBOX.replace("https://shop.example", "*"), centre=centre)
    plans = house.adapter.core.engine.plans
    async with shop(house, locale="en-GB") as site:
        await plans.activate("storm", PlanOrder(by="lan", reason="typhoon"))
        await site.page.locator("#trunkline-chat .launcher").click()
        await site.until(".notices", "Slow <img src=x onerror=document.title=1> today")
        assert await site.page.locator("#trunkline-chat .notices img").count() == 0
        await site.page.locator("#trunkline-chat textarea").fill("hello")
        await site.page.keyboard.press("Enter")
        await site.until(".line.customer", "hello")
        assert await site.page.locator("#trunkline-chat .notices").is_visible(), "within the chat, too"
        await plans.deactivate("storm", "lan", "over")
        await site.page.locator("#trunkline-chat .notices").wait_for(state="hidden", timeout=WITHIN_MS)
        assert await site.page.title() == "Shop"
    async with shop(house, locale="vi-VN") as site:
        await plans.activate("storm", PlanOrder(by="lan", reason="typhoon"))
        await site.page.locator("#trunkline-chat .launcher").click()
        await site.until(".notices", "Trả lời chậm hơn")
