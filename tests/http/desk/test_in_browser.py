"""The desk in a real browser: a day's work by keyboard, two tabs, reloads, lost connections; and for everybody."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from engine.log.attachments import AttachmentStore
from engine.ports import Hint
from tests.http.browser import until
from tests.http.desk.support import CENTRE, CHEAP, PASSWORD
from tests.http.desk.test_socket import customer_says
from tests.http.support import CONTACTS, Build, House, get, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]
playwright_api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    pytest.skip("needs the command chromium", allow_module_level=True)
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking")
LONG = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"
CUT_OFF = """() => [...document.querySelectorAll("h1, h2, h3, p, dt, dd, button, label, legend, th, td")]
  .filter((place) => place.scrollWidth > place.clientWidth + 1 && place.clientWidth > 1
    && getComputedStyle(place).display !== "inline" && !place.closest(".unseen, .follows .line-by"))
  .map((place) => place.textContent)"""
TOO_WIDE = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? []
  : [...document.querySelectorAll("body *")].filter((place) => place.getBoundingClientRect().right > innerWidth + 1)
    .map((place) => `${place.tagName}.${place.className}`)"""
BREAKS = """window.broken = [];
document.addEventListener("securitypolicyviolation", (event) => window.broken.push(event.violatedDirective));"""


@contextlib.asynccontextmanager
async def browser(width: int = 1280, scheme: str = "light", locale: str = "en") -> AsyncIterator[Any]:
    """A browser's window; nothing may be kept back by the security policy, nor go wrong in a script."""
    wrong: list[str] = []
    async with playwright_api.async_playwright() as player:
        made = await player.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        context = await made.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale=locale, reduced_motion="reduce"
        )
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        await context.add_init_script(BREAKS)
        yield context
        for page in context.pages:
            assert await page.evaluate("window.broken") == []
        await made.close()
    assert wrong == []


async def signed_in(context: Any, house: House) -> Any:
    """A desk on which an agent has signed in."""
    page = await context.new_page()
    await page.goto(f"{house.url}/desk")
    await page.fill("#agent", "an")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#state[data-state]")
    return page


async def bring(house: House, name: str, channel: str = "chat", queue: str = "chat", who: str = "Phạm Lan") -> None:
    """Bring a contact of somebody."""
    async with ClientSession(house.url) as client:
        attributes = {"name": who, "page": f"https://lotus.vn/{LONG}"}
        await tell(
            client, CONTACTS, 201, contact=name, queue=queue, channel=channel, customer=who, attributes=attributes
        )


async def take_chat(page: Any, house: House) -> None:
    """Let the agent be ready, a chat come and the agent accept it, by keyboard: the line to write on has the focus."""
    await page.keyboard.press("r")
    await bring(house, "chat-1")
    await page.wait_for_selector(".offer")
    await page.keyboard.press("a")
    await until(page, "document.activeElement.id === 'line' && document.querySelector('.contact')")


async def lines(page: Any) -> list[str]:
    """The lines that are shown."""
    found: list[str] = await page.evaluate("[...document.querySelectorAll('.line-text')].map((line) => line.innerText)")
    return found


async def time_passes(house: House, milliseconds: int, *pages: Any) -> None:
    """Let the clocks of the service and of pages go on."""
    context = house.adapter.context
    wall_ns = context.wall_ns

    def later_ns() -> int:
        return wall_ns() + milliseconds * 1_000_000

    context.wall_ns = context.desks._wall_ns = later_ns
    for page in pages:
        await page.clock.fast_forward(milliseconds)


async def drop_sockets(house: House) -> None:
    """Lose the connection of every desk, without a word."""
    runner = house.adapter._runner
    assert runner is not None
    assert runner.server is not None
    for connection in list(runner.server.connections):
        if connection.transport is not None:
            connection.transport.abort()


async def test_a_day_by_keyboard(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        await page.wait_for_selector("#state[data-state=idle]")
        await bring(house, "chat-1")
        await page.wait_for_selector(".offer")
        assert "Phạm Lan" in await page.inner_text("#urgent")
        await page.keyboard.press("a")
        await until(page, "document.activeElement.id === 'line'")
        await page.keyboard.type("Xin chào <b>chị</b>")
        await page.keyboard.press("Enter")
        await until(page, "document.querySelector('.line-state')?.textContent === 'sent'")
        assert await lines(page) == ["Xin chào <b>chị</b>"]
        await customer_says(house, "chat-1", "Xem https://lotus.vn/a?b=1, nhé <img src=x onerror=alert(1)>")
        await until(page, "document.querySelectorAll('.line').length === 2")
        assert await page.get_attribute(".by-customer a", "href") == "https://lotus.vn/a?b=1"
        assert await page.locator(".lines img, .lines b").count() == 0
        async with ClientSession(house.url) as client:
            async with asyncio.timeout(10):
                while not (await get(client, f"{CONTACTS}/chat-1/messages"))["agent_read_seq"]:  # noqa: ASYNC110
                    await asyncio.sleep(0.03)
        await page.keyboard.press("Escape")
        await page.keyboard.press("e")
        await page.wait_for_selector("dialog[open]")
        await customer_says(house, "chat-1", "one more thing")
        await until(page, "document.querySelectorAll('.line').length === 3")  # nothing stands still meanwhile
        await page.keyboard.press("Escape")
        await page.wait_for_selector("dialog", state="detached")
        assert await page.locator(".wrap-up:not([hidden])").count() == 0
        await page.keyboard.type("e r ", delay=30)
        await page.wait_for_selector("dialog", state="detached")
        assert await page.locator(".wrap-up:not([hidden])").count() == 0, "a sentence that was meant elsewhere"
        await page.keyboard.press("e")
        await page.wait_for_selector("dialog[open]")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".wrap-up:not([hidden])")
        await page.keyboard.press("3")
        await page.wait_for_selector("[data-code=complaint][aria-pressed=true]")
        await page.keyboard.press("f")
        await page.wait_for_selector(".nothing:not([hidden])")
        await page.keyboard.press("p")
        await page.wait_for_selector("#state-menu:not([hidden])")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#state[data-state=paused]")
        assert "lunch" in await page.inner_text("#state")
        await page.keyboard.press("?")
        await page.wait_for_selector("dialog[open]")
        await page.uncheck("#keys-on")
        await page.keyboard.press("Escape")
        await page.keyboard.press("r")
        await page.reload()
        await page.wait_for_selector("#state[data-state=paused]")
        await page.keyboard.press("r")
        await page.keyboard.press("?")
        assert await page.locator("dialog").count() == 0, "switched off, also after a reload"


async def test_tabs_reloads_and_lost_connections_show_the_same(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        one = await signed_in(context, house)
        await one.keyboard.press("r")
        await bring(house, "chat-1")
        await one.wait_for_selector(".offer")
        other = await context.new_page()
        await other.goto(f"{house.url}/desk")
        await other.wait_for_selector(".offer")
        await other.click("[data-does=accept]")
        await one.wait_for_selector(".offers", state="hidden")
        for page, text in ((one, "from one"), (other, "from the other")):
            await page.bring_to_front()
            await page.fill("#line", text)
            await page.keyboard.press("Enter")
            await until(page, "[...document.querySelectorAll('.line-state')].at(-1)?.textContent === 'sent'")
        await one.reload()
        await until(one, "document.querySelectorAll('.line').length === 2")
        await context.set_offline(True)
        await drop_sockets(house)
        # A browser that plays offline may keep from the page that its socket was closed: it notices by itself in 26 s.
        await until(one, "document.querySelector('.dot').dataset.state !== 'live'", 40)
        await one.bring_to_front()
        await one.fill("#line", "written while away")
        await one.keyboard.press("Enter")
        await customer_says(house, "chat-1", "said meanwhile")
        await context.set_offline(False)
        everything = ["from one", "from the other", "said meanwhile", "written while away"]
        for page in (one, other):
            await until(page, "document.querySelectorAll('.line').length >= 4", 30)
            await until(page, "document.querySelector('.dot').dataset.state === 'live'")
            assert await lines(page) == everything
        async with ClientSession(house.url) as client:
            told = (await get(client, f"{CONTACTS}/chat-1/messages"))["messages"]
            assert [message["text"] for message in told] == everything


async def test_signing_out_in_one_tab_closes_the_other(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser(locale="vi") as context:
        one = await signed_in(context, house)
        other = await context.new_page()
        await other.goto(f"{house.url}/desk")
        await other.wait_for_selector("#state[data-state=offline]")
        assert "Ngoại tuyến" in await other.inner_text("#state")
        await one.click("text=Đăng xuất")
        await other.wait_for_selector("#agent")
        assert "Phiên làm việc đã hết" in await other.inner_text(".door-alert")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1920, "dark"), (390, "light")])
async def test_everybody_can_use_it(build: Build, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.async_playwright", reason="axe-playwright-python is not installed")
    house = await build(centre=CENTRE)

    async def check(page: Any, narrow: bool = True) -> None:
        found = await axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        for size in (width, 640, 320) if narrow else (width,):
            await page.set_viewport_size({"width": size, "height": 800})
            assert await page.evaluate(TOO_WIDE) == [], size
            assert await page.evaluate(CUT_OFF) == [], size
        await page.set_viewport_size({"width": width, "height": 800})

    async with browser(width, scheme) as context:
        page = await context.new_page()
        await page.goto(f"{house.url}/desk")
        await page.wait_for_selector("#agent")
        await check(page)
        await page.close()
        page = await signed_in(context, house)
        await check(page)
        await page.click("#state")
        await check(page, narrow=False)
        await page.click("#state-menu .choice >> nth=0")
        for name, who in (("chat-1", "Phạm Lan"), ("chat-2", LONG)):
            await bring(house, name, who=who)
            await page.wait_for_selector(".offer")
            await page.click("[data-does=accept]")
            await page.wait_for_selector(".offers", state="hidden")
            await customer_says(house, name, f"hello {LONG} https://lotus.vn/{LONG}/{LONG}")
        await bring(house, "chat-3")
        await page.wait_for_selector(".offer")
        await check(page)
        await page.click("[data-does=decline]")
        await page.click(".actions .danger")
        await page.wait_for_selector("dialog[open]")
        await check(page)
        await page.click("dialog .danger")
        await page.wait_for_selector(".wrap-up:not([hidden])")
        await check(page)
        await page.click(".contact-list li:nth-child(1) button")
        await page.click(".actions button >> nth=0")
        await page.wait_for_selector("dialog[open] .targets button")
        await check(page, narrow=False)
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        await page.wait_for_selector("dialog[open]")
        await check(page)


async def test_a_call_is_held_and_hung_up(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        await page.wait_for_selector("#state[data-state=idle]")
        await bring(house, "call-1", "voice", "sales")
        await page.wait_for_selector(".offer")
        await page.keyboard.press("a")
        await page.wait_for_selector(".call:not([hidden])")
        await page.keyboard.press("h")
        async with asyncio.timeout(10):
            while b"hold_contact" not in b"".join(house.adapter.context.feed.effects.after(0, 99)[0][-1][1:]):  # noqa: ASYNC110
                await asyncio.sleep(0.03)
        await tell(client, "/api/v1/events", 202, type="contact_held", contact="call-1")
        await until(page, "document.querySelector('.call-state').textContent === 'On hold'")
        hint = Hint("call-1", "agent", "an", typing=False, refused="resume", holds=True)
        house.adapter.context.engine.hint(hint)
        await page.locator(".toast", has_text="your phone itself holds the call").wait_for()
        await page.keyboard.press("e")
        await page.click("dialog button:text-is('Hang up')")
        await page.wait_for_selector(".wrap-up:not([hidden])")


async def test_a_contact_is_transferred_to_whom_its_channel_fits(build: Build) -> None:
    queues = "  calls: {display_name: Calls, members_only: true}\n  back: {channel: task}\n  inside: {}\n"
    nobody = f'  - {{name: chi, display_name: Chi, queues: [sales], capacity: {{chat: 0}}, desk_password: "{CHEAP}"}}\n'
    house = await build(centre=CENTRE.replace("agents:\n", queues + "agents:\n") + nobody)
    house.engine.state.directory.colleague_queues = ("inside",)
    async with browser() as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        for agent in ("binh", "chi"):
            await tell(client, f"/api/v1/agents/{agent}/status", status="paused")
        await take_chat(page, house)
        await page.keyboard.press("Alt+t")
        await page.locator(".target", has_text="Trần Bình").wait_for()
        targets = "[...document.querySelectorAll('.target > :first-child')].map((one) => one.textContent)"
        assert await page.evaluate(targets) == ["Aftercare", "Trần Bình"]
        await page.keyboard.press("Escape")
        await tell(client, f"{CONTACTS}/chat-1/release", by="customer")
        await page.wait_for_selector(".wrap-up:not([hidden])")
        await page.click(".wrap-up > button")
        await bring(house, "call-1", "voice", "sales")
        await page.wait_for_selector(".offer")
        await page.keyboard.press("a")
        await page.wait_for_selector(".call:not([hidden])")
        await page.keyboard.press("t")
        await page.locator(".target", has_text="Chi").wait_for()
        assert await page.evaluate(targets) == ["Calls", "Chi", "Trần Bình"]
        assert await page.locator(".target", has_text="Calls").inner_text() == "Calls\nqueue · Call · nobody serves it"


FAR_AWAY = """const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (said) { setTimeout(() => send.call(this, said), 300); };"""


async def test_what_is_typed_after_accepting_goes_to_whom_was_accepted(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        await context.add_init_script(FAR_AWAY)
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        await page.wait_for_selector("#state[data-state=idle]")
        await bring(house, "chat-1", who="First")
        await page.wait_for_selector(".offer")
        await page.keyboard.press("a")
        await until(page, "document.activeElement.id === 'line' && document.querySelector('.contact')")
        await bring(house, "chat-2", who="Second")
        await page.wait_for_selector(".offer")
        await page.keyboard.press("Escape")
        await page.keyboard.press("a")
        await page.keyboard.type("Hello, dear Second", delay=30)
        await until(page, "document.querySelector('#line').value === 'Hello, dear Second'")
        assert "Second" in await page.inner_text("#contact-title")
        assert await page.locator("dialog").count() == 0
        async with ClientSession(house.url) as client:
            assert (await get(client, f"{CONTACTS}/chat-1"))["contact"]["state"] == "connected"
            await page.keyboard.press("Escape")
            await bring(house, "chat-3", who="Third")
            await page.wait_for_selector(".offer")
            await page.evaluate(
                "WebSocket.prototype.send = () => undefined"
            )  # the answer is under way until it is late
            await page.keyboard.press("a")
            await tell(client, f"{CONTACTS}/chat-3/release", by="customer")
            await page.keyboard.type("here we are, Third", delay=60)
            await page.wait_for_selector(".offers", state="hidden")
            assert await page.locator("dialog").count() == 0, "gone meanwhile: a sentence, and no keys"
            assert await page.input_value("#line") == "Hello, dear Second"


async def test_what_is_asked_about_a_contact_goes_when_the_contact_does(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        await page.wait_for_selector("#state[data-state=idle]")
        for name, key in (("call-1", "e"), ("call-2", "t")):
            await bring(house, name, "voice", "sales")
            await page.wait_for_selector(".offer")
            await page.keyboard.press("a")
            await page.wait_for_selector(".call:not([hidden])")
            await page.keyboard.press(key)
            await page.wait_for_selector("dialog[open]")
            await tell(client, f"{CONTACTS}/{name}/release", by="customer")
            if key == "t":  # who is typing there goes on; it is closed by hand
                await page.wait_for_selector("dialog[data-outdated]")
                await page.keyboard.press("Escape")
            else:
                await page.locator(".toast", has_text="has ended meanwhile").wait_for()
            await page.wait_for_selector("dialog", state="detached")
            await page.wait_for_selector(".wrap-up:not([hidden])")
            await page.keyboard.press("f")
            await page.wait_for_selector("#state[data-state=idle]")


async def test_what_is_written_and_not_saved_is_taken_with_the_finish(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await tell(client, f"{CONTACTS}/chat-1/release", by="customer")
        await page.wait_for_selector(".wrap-up:not([hidden])")
        await page.keyboard.press("Escape")
        await page.keyboard.press("3")
        await page.wait_for_selector("[data-code=complaint][aria-pressed=true]")
        await page.fill("#note", "calls again tomorrow")
        await page.focus("#field-words")
        await page.keyboard.type("too late")
        await page.keyboard.press("Alt+f")
        await page.wait_for_selector(".nothing:not([hidden])")
        told = (await get(client, "/api/v1/events?type=contact_classified,note_written,wrap_up_ended"))["events"]
        assert [one["type"] for one in told][-3:] == ["contact_classified", "note_written", "wrap_up_ended"]
        assert told[-3]["data"] == {"code": "complaint", "fields": {"words": "too late"}}
        assert told[-2]["data"]["text"] == "calls again tomorrow"


async def test_the_key_that_does_nothing_is_not_offered_for_a_call_at_a_phone(build: Build) -> None:
    phone = 'phone: {address: "sip:an@example.org"}, desk_password'
    house = await build(centre=CENTRE.replace("desk_password", phone, 1))
    async with browser() as context, ClientSession(house.url) as client:
        reachable: dict[str, Any] = {"type": "agent_reachability_changed", "agent": "an", "reachable": True}
        await tell(client, "/api/v1/events", 202, **reachable)
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        await bring(house, "chat-1")
        await until(page, "document.querySelector('.nothing-advice').textContent === 'A accepts, D declines.'")
        await tell(client, f"{CONTACTS}/chat-1/release", by="customer")
        await page.wait_for_selector(".offers", state="hidden")
        await bring(house, "call-1", "voice", "sales")
        await until(
            page,
            "document.querySelector('.nothing-advice').textContent === 'It is answered at your phone. D declines.'",
        )


async def test_a_call_answered_at_the_phone_is_shown_unless_somebody_writes(build: Build) -> None:
    phone = 'phone: {address: "sip:an@example.org"}, desk_password'
    calls_too = "channels: {voice: {may_interrupt: [chat]}}\n"
    house = await build(centre=CENTRE.replace("desk_password", phone, 1) + calls_too)
    async with browser() as context, ClientSession(house.url) as client:
        reachable: dict[str, Any] = {"type": "agent_reachability_changed", "agent": "an", "reachable": True}
        await tell(client, "/api/v1/events", 202, **reachable)
        page = await signed_in(context, house)
        await take_chat(page, house)
        for name, draft, shown in (("call-1", "half a", "Phạm Lan"), ("call-2", "", "Second")):
            await page.fill("#line", draft)
            await bring(house, name, "voice", "sales", who=shown if not draft else "First")
            await page.wait_for_selector(".offer")
            await tell(client, f"/api/v1/agents/an/offers/{name}/answer")
            await page.wait_for_selector(".offers", state="hidden")
            await until(page, f"document.querySelector('#contact-title').textContent === '{shown}'")
            if draft:
                assert await page.evaluate("document.activeElement.id") == "line"
                await tell(client, f"{CONTACTS}/{name}/release", by="customer")
                await tell(client, "/api/v1/agents/an/wrap-up/finish")
        assert await page.evaluate("document.activeElement.id") == "contact-title"


async def test_all_that_ring_are_announced_and_names_follow_the_language(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        for name, who in (("chat-1", "Phạm Lan"), ("chat-2", "Lê Minh")):
            await bring(house, name, who=who)
        await until(page, "document.querySelectorAll('.offer').length === 2")
        await page.reload()
        await until(page, "document.querySelectorAll('.offer').length === 2")
        told = await page.inner_text("#urgent")
        assert "Phạm Lan" in told
        assert "Lê Minh" in told
        await page.keyboard.press("a")
        await until(page, "document.querySelectorAll('.contact').length === 1")
        await page.fill("#line", "Xin chào")
        await page.keyboard.press("Enter")
        await until(page, "document.querySelector('.line-who')?.textContent === 'You'")
        await page.click(".tongues [lang=vi]")
        await until(page, "document.querySelector('.line-who').textContent === 'Bạn'")


async def test_who_signs_out_with_contacts_in_hand_is_asked(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.click("button:text-is('Sign out')")
        assert await page.inner_text("dialog[open] h2") == "1 chat goes back to its queue. Sign out nevertheless?"
        await page.click("dialog button:text-is('Cancel')")
        assert await page.locator(".contact").count() == 1
        await bring(house, "chat-2")
        await page.wait_for_selector(".offer")
        await page.click("button:text-is('Sign out')")
        assert "1 chat goes back" in await page.inner_text("dialog[open] h2"), "what rings is not in hand"
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#password")
        assert [one.contact for one in house.engine.views.contacts.waiting("chat", limit=9).contacts] == [
            "chat-1",
            "chat-2",
        ]


async def test_who_signs_out_is_told_what_becomes_of_each(build: Build) -> None:
    house = await build(
        centre=f"{CENTRE}\nchannels: {{chat: {{may_interrupt: [voice, email]}}, email: {{may_interrupt: [voice]}}}}"
    )
    async with browser(locale="vi") as context:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        for number, channel in enumerate(("voice", "email", "chat", "chat", "chat")):
            await bring(house, f"c{number}", channel)
            await page.wait_for_selector(".offer")
            await page.click("[data-does=accept]")
            await until(page, f"document.querySelectorAll('.contact').length === {number + 1}")
        async with ClientSession(house.url) as client:
            await tell(client, f"{CONTACTS}/c4/release", by="customer")
        await page.wait_for_selector("[data-state=wrapping]")
        told = [
            "2 cuộc chat sẽ trở lại hàng đợi. 1 cuộc gọi tiếp tục trên điện thoại.",
            "1 liên hệ không có ai đang chờ trên đường dây vẫn là của bạn. 1 phần hoàn tất sẽ kết thúc như hiện có.",
            "Vẫn đăng xuất?",
        ]
        await page.click("button:text-is('Đăng xuất')")
        assert await page.inner_text("dialog[open] h2") == " ".join(told)


async def test_an_agent_sends_a_picture(build: Build, tmp_path: Path) -> None:
    house = await build(centre=CENTRE)
    house.adapter.context.engine.attachments = AttachmentStore(tmp_path / "attachments")  # type: ignore[misc]
    picture = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(40)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        await bring(house, "chat-1")
        await page.wait_for_selector(".offer")
        await page.keyboard.press("a")
        await page.wait_for_selector("button.clip:visible")
        choose = page.locator(".composer input[type=file]")
        await choose.set_input_files({"name": "map.exe", "mimeType": "image/png", "buffer": b"MZ" + bytes(90)})
        await until(page, "document.querySelector('.toasts').textContent.includes('Files of this kind are not sent')")
        await choose.set_input_files({"name": "map.png", "mimeType": "image/png", "buffer": picture})
        await until(page, "document.querySelector('.line-state')?.textContent === 'sent'")
        assert "map.png" in await page.inner_text(".mine .attachment")
    (line,) = house.engine.views.contacts.conversation("chat-1").messages
    assert (line.by, line.attachment and line.attachment.name) == ("agent", "map.png")


async def test_a_file_stands_in_its_place_and_no_line_overtakes_it(build: Build, tmp_path: Path) -> None:
    house = await build(centre=CENTRE)
    house.adapter.context.engine.attachments = AttachmentStore(tmp_path / "attachments")  # type: ignore[misc]
    picture = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(40)
    may_go = asyncio.Event()

    async def bring_late(route: Any) -> None:
        if may_go.is_set():
            await route.continue_()
        else:
            await route.abort("connectionfailed")

    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.wait_for_selector("button.clip:visible")
        await page.route("**/attachments?*", bring_late)
        choose = page.locator(".composer input[type=file]")
        await choose.set_input_files({"name": "map.png", "mimeType": "image/png", "buffer": picture})
        await page.locator(".line.mine .attachment", has_text="map.png").wait_for()
        await page.keyboard.type("after the file")
        await page.keyboard.press("Enter")
        await until(page, "document.querySelectorAll('.line.mine').length === 2")
        assert set(await page.locator(".line-state").all_inner_texts()) == {"sending…"}
        assert house.engine.views.contacts.conversation("chat-1").messages == []
        may_go.set()
        await until(page, "[...document.querySelectorAll('.line-state')].at(-1).textContent === 'sent'")
        found = house.engine.views.contacts.conversation("chat-1").messages
        assert [(line.attachment.name if line.attachment else line.text) for line in found][:2] == [
            "map.png",
            "after the file",
        ]


async def test_a_case_is_resolved_and_opened_again_at_its_task(build: Build) -> None:
    cases = "  back: {channel: task, wrap_up: 60s}\n"
    centre = CENTRE.replace("agents:\n", cases + "agents:\n").replace("[chat, sales]", "[chat, sales, back]")
    house = await build(centre=centre + "cases: {refund: {queue: back, limit: 2d}}\n")
    async with ClientSession(house.url) as client, browser() as context:
        async with client.post("/api/v1/cases", json={"kind": "refund", "subject": "Hoàn tiền tour"}) as answer:
            number = (await answer.json())["seq"]
        name = f"case-{number}-1"
        said = {"contact": name, "queue": "back", "channel": "task"}
        attributes = {"case_id": str(number), "subject": "Hoàn tiền tour", "deadline_ns": "1795334576710704523"}
        await tell(client, CONTACTS, 201, **said, attributes=attributes)
        page = await signed_in(context, house)
        await tell(client, "/api/v1/agents/an/status", status="available")
        await tell(client, f"/api/v1/agents/an/offers/{name}/answer")
        await page.wait_for_selector("#contact-title:text-is('Hoàn tiền tour')")
        told = await page.inner_text("body")
        assert "1795334576710704523" not in told
        assert "Deadline" in told
        assert "End chat" not in told
        assert await page.locator("#line").is_hidden()
        await page.click("button:text-is('Resolve case')")
        await page.fill("#said", "paid back")
        await page.click("dialog button[type=submit]")
        case: dict[str, Any] = {}
        async with asyncio.timeout(10):
            while case.get("state") != "resolved":
                case = (await get(client, f"/api/v1/cases/{number}"))["case"]
        assert (case["resolution"], case["resolved_by"]) == ("paid back", "an")
        await tell(client, f"{CONTACTS}/{name}/release", by="system")
        await page.click("button:text-is('Reopen case')")
        await page.fill("#said", "the bank refused")
        await page.click("dialog button[type=submit]")
        async with asyncio.timeout(10):
            while case.get("state") != "open":
                case = (await get(client, f"/api/v1/cases/{number}"))["case"]
        assert case["reason"] == "the bank refused"
