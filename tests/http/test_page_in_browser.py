"""The page of queues in a real browser: its numbers are the API's, it breaks no rule, and everybody can read it."""

import asyncio
import contextlib
import re
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.http.support import CONTACTS, Build, House, get, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]
playwright_api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    pytest.skip("needs the command chromium", allow_module_level=True)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
)
NAMES = ("Nguyễn Thị An", "Bartholomew Featherstonehaugh", "Llanfairpwllgwyngyll-Gogerychwyrndrobwll", "Bo")
QUEUES = """
service: {name: page}
queues:
  sales: {display_name: Sales and customer care, members_only: true, wrap_up: 10s}
  help: {channel: chat, members_only: true}
"""
WATCH = """
window.broken = [];
document.addEventListener("securitypolicyviolation", (event) => window.broken.push(event.violatedDirective));
window.said = [];
document.addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
  const text = document.getElementById("status").textContent;
  if (text) window.said.push(text);
}).observe(document.getElementById("status"), { childList: true, characterData: true, subtree: true }));
"""
CUT_OFF = """() => [...document.querySelectorAll("th, td, li, dd, p")]
  .filter((place) => place.scrollWidth > place.clientWidth + 1 && !place.closest(".unseen, thead")
    && getComputedStyle(place).display !== "inline" && place.clientWidth > 1)
  .map((place) => place.textContent)"""


def centre(agents: int) -> str:
    """Return a centre with so many agents."""
    listed = "".join(
        f"  - {{name: agent-{number}, display_name: {NAMES[number % len(NAMES)]}, queues: [sales, help]}}\n"
        for number in range(agents)
    )
    return QUEUES + (f"agents:\n{listed}" if agents else "")


@pytest.fixture(scope="module")
def installed() -> str:
    """Return the browser's command."""
    assert CHROMIUM is not None
    return CHROMIUM


async def until(page: Any, truth: str, within_s: float = 15.0) -> None:
    """Wait until an expression is true; the page's own policy forbids the browser to wait for one."""
    async with asyncio.timeout(within_s):
        while not await page.evaluate(truth):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def opened(
    house: House, command: str, width: int = 1280, scheme: str = "light", **more: Any
) -> AsyncIterator[Any]:
    """Open the page of queues; nothing may be said on the console, nor be kept back by the security policy."""
    said: list[str] = []
    async with playwright_api.async_playwright() as player:
        browser = await player.chromium.launch(executable_path=command, args=list(ARGUMENTS))
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce", **more
        )
        page = await context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        await page.add_init_script(WATCH)
        await page.goto(house.url)
        await until(page, "document.getElementById('connection').textContent === 'live'")
        await until(page, "document.getElementById('position').textContent !== ''")
        yield page
        assert await page.evaluate("window.broken") == []
        await browser.close()
    assert said == []


async def shown(page: Any) -> dict[str, list[str]]:
    """Return the words of each queue's row."""
    rows = await page.evaluate(
        "() => [...document.querySelectorAll('#queue-rows tr')].map((row) => [...row.children].map((c) => c.innerText))"
    )
    return {row[0]: row[1:] for row in rows}


async def busy(house: House, client: ClientSession, agents: int) -> None:
    """Let some agents work, some callers wait and one give up."""
    for number in range(min(agents, 3)):
        await tell(client, f"/api/v1/agents/agent-{number}/status", status="available")
    for number in range(agents + 4 if agents < 3 else 6):
        customer = f"+84 24 3825 {1000 + number}"
        await tell(client, CONTACTS, 201, contact=f"call-{number}", queue="sales", customer=customer)
    if agents:
        (name,) = (await get(client, "/api/v1/contacts/call-0"))["contact"]["offers"][:1]
        await tell(client, f"/api/v1/agents/{name['agent']}/offers/call-0/answer")
    await tell(client, f"{CONTACTS}/call-3/release", by="customer")


async def test_the_numbers_are_those_of_the_api(build: Build, installed: str) -> None:
    house = await build(centre=centre(12))
    async with ClientSession(house.url) as client, opened(house, installed) as page:
        await busy(house, client, 12)
        queues = {queue["queue"]: queue for queue in (await get(client, "/api/v1/queues"))["queues"]}
        agents = await get(client, "/api/v1/agents")
        waiting = sum(queue["waiting"] for queue in queues.values())
        assert waiting
        place = "document.querySelector('[data-tile=waiting]').textContent"
        answered = "document.querySelector('[data-tile=answered]').textContent"
        await until(page, f"{place} === '{waiting}' && {answered} === '1'")
        await until(page, f"document.querySelectorAll('#waiting-rows tr').length === {waiting}")
        rows = await shown(page)
        for name, label in (("sales", "Sales and customer care"), ("help", "help")):
            said = [rows[label][column].split(" ")[0] for column in (1, 4, 5, 6)]
            assert said == [str(queues[name][field]) for field in ("waiting", "entries", "answered", "abandoned")]
        idle = await page.inner_text("[data-tile=available]")
        assert int(idle) == agents["summary"]["states"]["idle"]
        listed = await page.inner_text("#waiting-rows")
        assert "•••1005" in listed
        assert "3825" not in listed
        assert "ringing at" in listed
        whole = await page.content()
        assert "3825" not in whole


@pytest.mark.parametrize("agents", [0, 12, 200])
async def test_nothing_is_cut_off(build: Build, installed: str, agents: int) -> None:
    house = await build(centre=centre(agents))
    async with ClientSession(house.url) as client:
        await busy(house, client, agents)
    async with opened(house, installed, width=1920) as page:
        await until(page, f"document.querySelectorAll('#agents li').length === {agents}")
        for width in (1920, 1280, 1220, 1100, 900, 640, 390, 320):  # 640 is 1280 at 200 %
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            assert await page.evaluate(CUT_OFF) == [], width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_everybody_can_read_it(build: Build, installed: str, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.async_playwright", reason="axe-playwright-python is not installed")
    house = await build(centre=centre(12))
    async with ClientSession(house.url) as client:
        await busy(house, client, 12)
    async with opened(house, installed, width, scheme) as page:
        await page.wait_for_selector("#agents li")
        found = await axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        headers = await page.get_by_role("columnheader").count()
        assert headers == 16, "tables stay tables in every layout"


async def test_an_empty_house_says_what_to_do(build: Build, installed: str) -> None:
    house = await build(centre=centre(1))
    async with opened(house, installed) as page:
        await page.wait_for_selector("#nothing:not([hidden])")
        assert "No events yet" in await page.inner_text("#sentence")
        assert "trunkline demo" in await page.inner_text("#nothing")
        async with ClientSession(house.url) as client:
            await busy(house, client, 0)
            await page.wait_for_selector("#nothing", state="hidden")
            assert "nobody is at work" in await page.inner_text("#sentence")
            assert await page.get_attribute("#sentence", "data-health") == "breached"
        assert len(await page.evaluate("window.said")) == 1, "read aloud twice a minute at most"


async def test_by_keyboard(build: Build, installed: str) -> None:
    house = await build(centre=centre(1))
    async with opened(house, installed) as page:
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        await until(page, "document.activeElement.id === 'queues'")


async def test_the_stream_comes_back(build: Build, installed: str) -> None:
    house = await build(centre=centre(1))
    async with opened(house, installed) as page:
        for reader in list(house.adapter.context.feed.readers):
            house.adapter.context.feed.leave(reader)
        house.adapter.context.feed.closing = True
        house.adapter.context.feed._tell()
        await until(page, "document.getElementById('dot').dataset.state === 'lost'")
        assert re.search("reconnecting", await page.inner_text("#connection"))
        house.adapter.context.feed.closing = False
        await until(page, "document.getElementById('dot').dataset.state === 'live'")
