"""What the tests of the wallboard in a browser share: a centre with people in it, and the page open over it."""

import contextlib
import re
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from engine.kernel.tables import Capacity
from tests.http.browser import until
from tests.http.support import CONTACTS, House, get, tell

playwright_api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
)
ROOM = Capacity(contacts=1024, agents=256, queues=64, trunk_groups=4, requirements=32, lines=1152, intervals=192)
NAMES = ("Nguyễn Thị An", "Bartholomew Featherstonehaugh", "Llanfairpwllgwyngyll-Gogerychwyrndrobwll", "Bo")
QUEUES = """
service: {name: wall}
pause_reasons: [lunch]
queues:
  sales: {display_name: Sales and customer care, members_only: true, wrap_up: 10s}
  help: {channel: chat, display_name: "Bảo hành và khiếu nại", members_only: true}
"""
WATCH = """
window.broken = [];
document.addEventListener("securitypolicyviolation", (event) => window.broken.push(event.violatedDirective));
window.told = { status: [], alarm: [] };
document.addEventListener("DOMContentLoaded", () => {
  for (const id of ["status", "alarm"]) new MutationObserver(() => {
    const text = document.getElementById(id).textContent;
    if (text) window.told[id].push(text);
  }).observe(document.getElementById(id), { childList: true, characterData: true, subtree: true });
});
"""
REFUSED = re.compile("status of (401|403|404|409|422)")
"""What Chromium says by itself of a request that the service refuses."""
LIVE = "document.getElementById('link').dataset.state === 'live'"
DRAWN = "document.querySelectorAll('#tiles > div').length > 0"


def centre(agents: int, queues: str = QUEUES) -> str:
    """Return a centre with so many agents."""
    listed = "".join(
        f"  - {{name: agent-{number}, display_name: {NAMES[number % len(NAMES)]}, queues: [sales, help]}}\n"
        for number in range(agents)
    )
    return queues + (f"agents:\n{listed}" if agents else "")


async def drawn(page: Any) -> None:
    """Wait until what was changed stands in its place: drawn before the next frame, and fitted by the one after it."""
    for _ in range(3):
        await page.evaluate("new Promise((go) => requestAnimationFrame(go))")


@contextlib.asynccontextmanager
async def opened(
    house: House,
    path: str = "/wallboard",
    width: int = 1920,
    height: int = 1080,
    scheme: str = "dark",
    watch: str = "",
    awaited: str = f"{LIVE} && {DRAWN}",
    **more: Any,
) -> AsyncIterator[Any]:
    """Open a board until what is `awaited` is true, with a script of the test's own.

    Nothing may be said on the console or be kept from being run.
    """
    said: list[str] = []
    async with playwright_api.async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        more = {"locale": "en-GB", "reduced_motion": "reduce", **more}
        context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **more)
        page = await context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        await page.add_init_script(WATCH + watch)
        await page.goto(house.url + path)
        await until(page, awaited)
        yield page
        assert await page.evaluate("window.broken") == []
        await browser.close()
    assert [text for text in said if not REFUSED.search(text)] == []


async def facts(client: ClientSession, listed: list[dict[str, Any]]) -> None:
    """Tell many facts."""
    for start in range(0, len(listed), 200):
        async with client.post("/api/v1/events", json=listed[start : start + 200]) as answer:
            assert answer.status == 202, await answer.text()


async def busy(client: ClientSession, agents: int, waiting: int) -> None:
    """Let agents come to work, one of them serve somebody, so many wait, and two give up."""
    states = [
        {"type": "agent_status_changed", "agent": f"agent-{number}", "status": "paused", "reason": "lunch"}
        for number in range(min(agents, 5))
    ]
    await facts(client, states)
    if agents > 5:
        await tell(client, "/api/v1/agents/agent-6/status", status="available")
        await tell(client, CONTACTS, 201, contact="talk", queue="sales", customer="+84 24 3825 1999")
        (offer,) = (await get(client, "/api/v1/contacts/talk"))["contact"]["offers"][:1]
        await tell(client, f"/api/v1/agents/{offer['agent']}/offers/talk/answer")
    arrivals = [
        {
            "type": "contact_arrived",
            "contact": f"call-{number}",
            "queue": "sales",
            "customer": f"+84 24 3825 {1000 + number}",
        }
        for number in range(waiting)
    ]
    await facts(client, arrivals)
    if waiting:
        for number in range(2):
            await tell(client, CONTACTS, 201, contact=f"lost-{number}", queue="sales", customer="+84 24 3825 1888")
            await tell(client, f"{CONTACTS}/lost-{number}/release", by="customer")
