"""How things stand, in a real browser: a figure and what is said of it are of one queue, and judged by one rule."""

import pytest

from tests.http.support import Build
from tests.http.wallboard.browser import CHROMIUM, centre, opened, until

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs the command chromium"),
]
STAND = """async ([queues, alerts, waiting]) => {
  const { store, take } = await import("/pages/wallboard/store.js");
  store.pastMs = Date.now();
  const now = store.pastMs * 1e6;
  const since = ({ waits_s, ...queue }) => (waits_s ? { ...queue, oldest_since_ns: now - waits_s * 1e9 } : queue);
  take("patch", { topic: "queues", as_of: store.asOf, items: queues.map(since) });
  take("patch", { topic: "alerts", as_of: store.asOf, items: alerts.map((one) => (
    { alert: one.queue, board: store.board.board, level: "alert", threshold: 1, since_ns: now, ...one })) });
  take("snapshot", { topic: "waiting", as_of: store.asOf, items: waiting.map((contact) => ({ contact, caller: contact,
    queue: "sales", channel: "voice", priority: 0, why_code: "engaged", why_count: 1, why_agent: "", why_silent: 0,
    since_ns: now })) });
  document.getElementById("language").dispatchEvent(new Event("change"));
}"""
OLDEST = "document.querySelector('[data-tile=oldest]')?"


async def test_the_oldest_wait_is_judged_as_its_queue_is(build: Build) -> None:
    house = await build(centre=centre(2))
    waits = [{"queue": "sales", "waiting": 1, "waits_s": 16.5}, {"queue": "help", "waiting": 1, "waits_s": 155.5}]
    async with opened(house) as page:
        await page.evaluate(STAND, [waits, [{"queue": "sales", "metric": "oldest_wait_s"}], []])
        await until(page, f"{OLDEST}.dataset.level === 'alert'")
        assert await page.inner_text("[data-tile=oldest] .value") == "0:16"
        assert "Sales and customer care" in await page.inner_text("[data-tile=oldest] .note")
        assert await page.inner_text("[data-tile=oldest] .week") == "longest 2:35"
        await page.evaluate(STAND, [waits, [{"queue": "sales", "metric": "waiting"}], []])
        await until(page, f"{OLDEST}.dataset.level === 'ok'")
        assert await page.inner_text("[data-tile=oldest] .value") == "2:35"
        assert "Bảo hành" in await page.inner_text("[data-tile=oldest] .note")


@pytest.mark.parametrize(
    ("limits", "level", "cell"), [("{waiting: {warn: 2, alert: 3}}", "warn", "warn"), ("{}", "alert", "alert")]
)
async def test_the_tile_of_who_waits_stands_as_its_cells_do(build: Build, limits: str, level: str, cell: str) -> None:
    house = await build(f"boards: {{default: {{thresholds: {limits}}}}}", centre(2))
    waits = [{"queue": "sales", "waiting": 2, "overdue": 1, "at_work": 1, "waits_s": 90}]
    beyond = [{"queue": "sales", "metric": "waiting", "level": "warn"}] if level == "warn" else []
    late = {"queue": "sales", "metric": "oldest_wait_s", "alert": "late"}
    async with opened(house) as page:
        await page.evaluate(STAND, [waits, [*beyond, late], []])
        await until(page, f"document.querySelector('[data-tile=waiting]')?.dataset.level === '{level}'")
        assert await page.get_attribute("tr[data-queue=sales] .c-waiting", "data-level") == cell


@pytest.mark.parametrize(("locale", "word"), [("en", "Unstaffed"), ("vi", "Không ai trực")])
async def test_a_queue_that_nobody_staffs_is_called_so(build: Build, locale: str, word: str) -> None:
    house = await build(centre=centre(2))
    async with opened(house, locale=f"{locale}-VN") as page:
        await page.evaluate(STAND, [[{"queue": "sales", "entries": 1, "answered": 1}], [], []])
        await until(page, f"document.querySelector('tr[data-queue=sales] .badge')?.innerText.endsWith('{word}')")


async def test_the_heading_counts_what_stands_below_it(build: Build) -> None:
    house = await build(centre=centre(2))
    async with opened(house) as page:
        await page.evaluate(STAND, [[{"queue": "sales", "waiting": 0}], [], ["call-1"]])
        await until(page, "document.querySelectorAll('#waiting-rows tr').length === 1")
        assert await page.inner_text("#waiting-title") == "Waiting (1)"
