"""What a square tells beside its state, in a real browser: what comes after what the agent has in hand."""

from typing import Any

import pytest
from aiohttp import ClientSession

import tests.http.support
from tests.http.browser import until
from tests.http.support import CONTACTS, Build, tell
from tests.http.wallboard.browser import CHROMIUM, QUEUES, ROOM, centre, drawn, opened

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs the command chromium"),
]
BESIDE = """async (kinds) => {
  const { store, take } = await import("/pages/wallboard/store.js");
  store.pastMs = Date.now();
  const now = store.pastMs * 1e6, base = { state: "busy", status: "available", reachable: true, suspended_until_ns: 0,
    wrapping_since_ns: 0, reason: "", since_ns: now };
  const told = ({ wraps_s, ...kind }) => (wraps_s ? { ...kind, wrapping_since_ns: now - wraps_s * 1e9 } : kind);
  take("patch", { topic: "agents", as_of: store.asOf, items: [...store.agents.keys()].sort().map((agent, at) => (
    { agent, ...base, ...told(kinds[at % kinds.length]) })) });
  document.getElementById("language").dispatchEvent(new Event("change"));
}"""
KINDS: list[dict[str, Any]] = [
    {"status": "paused", "reason": "lunch"},
    {"status": "offline"},
    {"status": "offline", "reason": "desk closed"},
    {"reachable": False},
    {"suspended_until_ns": -1},
    {"wraps_s": 210.5},
    {"wraps_s": 20},
    {"state": "wrapping", "status": "paused", "reachable": False},
]
SAID = {
    "en": "then lunch,then offline,desk closed,phone unreachable,not responding,wrap-up 3:30,,"
    "phone unreachable · then paused",
    "vi": "sau đó lunch,sau đó ngoại tuyến,đã đóng bàn làm việc,mất kết nối điện thoại,không trả lời,xử lý sau 3:30,,"
    "mất kết nối điện thoại · sau đó tạm nghỉ",
}
THEN = """[...document.querySelectorAll('#agents .square')]
  .map((one) => [one.title, one.querySelector('.then').textContent]).sort().map(([, said]) => said).join()"""
SIGNS = """[...document.querySelectorAll('#agents .after:not([hidden])')].filter((one) => {
  const [sign, box] = [one.querySelector('.sign'), one.closest('.square')].map((node) => node.getBoundingClientRect());
  const isWithin = sign.left >= box.left && sign.right <= box.right && sign.top >= box.top && sign.bottom <= box.bottom;
  return isWithin && sign.width > 2;
}).length"""


@pytest.fixture(autouse=True)
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be two hundred agents."""
    monkeypatch.setattr(tests.http.support, "CAPACITY", ROOM)


@pytest.mark.parametrize("locale", ["en", "vi"])
@pytest.mark.parametrize(
    ("agents", "width", "height", "room"),
    [(8, 1920, 1080, "roomy"), (8, 390, 844, "roomy"), (40, 1280, 800, "close"), (200, 1280, 800, "packed")],
)
async def test_what_comes_after_is_seen_and_heard_at_every_size(
    build: Build, agents: int, width: int, height: int, room: str, locale: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.async_playwright", reason="axe-playwright-python is not installed")
    named = "".join(f"  - {{name: a{n:03}, queues: [sales, help]}}\n" for n in range(agents))
    house = await build(centre=f"{QUEUES}agents:\n{named}")
    async with opened(house, width=width, height=height, locale=f"{locale}-VN") as page:
        await page.evaluate(BESIDE, KINDS)
        signs = agents * 7 // 8
        await until(page, f"document.querySelectorAll('#agents .after:not([hidden])').length === {signs}")
        await drawn(page)
        assert (await page.evaluate(THEN)).startswith(SAID[locale])
        if room != "packed" or locale == "en":
            assert await page.get_attribute("#agents", "data-room") == room
        assert await page.evaluate(SIGNS) == signs
        heard = await page.locator("#agents").aria_snapshot()
        assert SAID[locale].split(",")[0] in heard, "not for eyes alone"
        found = await axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


async def test_who_is_to_pause_says_so_while_serving(build: Build) -> None:
    house = await build(centre=centre(1))
    async with ClientSession(house.url) as client, opened(house) as page:
        await tell(client, "/api/v1/agents/agent-0/status", status="available")
        await tell(client, CONTACTS, 201, contact="talk", queue="sales")
        await tell(client, "/api/v1/agents/agent-0/offers/talk/answer")
        await until(page, "document.querySelector('.square')?.dataset.state === 'busy'")
        assert await page.evaluate(THEN) == ""
        await tell(client, "/api/v1/agents/agent-0/status", status="paused", reason="lunch")
        await until(page, f"{THEN} === 'then lunch'")
        await tell(client, CONTACTS, 201, contact="next", queue="sales")
        await until(page, "document.querySelector('#sentence').innerText.includes('nobody can take them')")
        await until(page, "document.querySelector('.alerts .rule')?.innerText.includes('nobody can take them')")
        await tell(client, "/api/v1/agents/agent-0/status", status="available")
        await until(page, "!document.querySelector('.alerts .rule')")
