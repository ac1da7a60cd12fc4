"""How things stand, in a real browser: a figure and what is said of it are of one queue, and judged by one rule."""

import pytest

from tests.http.browser import until
from tests.http.support import Build
from tests.http.wallboard.browser import CHROMIUM, centre, opened

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
  take("snapshot", { topic: "waiting", as_of: store.asOf, items: waiting.map((one) => (
    { contact: one, caller: one.contact ?? one, asked_by: "", queue: "sales", channel: "voice", priority: 0,
      why_code: "engaged", why_count: 1, why_agent: "", why_silent: 0, since_ns: now,
      ...(one.contact ? one : {}) })) });
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


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "Of 1 too few contacts came yet to judge it; for 1 nobody is at work"),
        ("vi", "1 hàng đợi còn quá ít liên hệ để đánh giá; 1 hàng đợi không có ai đang làm việc"),
    ],
)
async def test_the_sentence_tells_of_queues_that_nobody_staffs_beside_those_too_few_to_judge(
    build: Build, locale: str, said: str
) -> None:
    house = await build(centre=centre(2))
    few = {"queue": "sales", "entries": 4, "staffed": 1, "at_work": 1, "service_level": 0.0, "service_level_of": 4}
    async with opened(house, locale=f"{locale}-VN") as page:
        await page.evaluate(STAND, [[few, {"queue": "help", "entries": 1, "answered": 1}], [], []])
        await until(page, f"document.getElementById('sentence').innerText === '{said}'")


async def test_the_sentence_tells_of_them_beside_shares_of_all_that_are_amiss(build: Build) -> None:
    house = await build(centre=centre(2))
    late = {"staffed": 1, "service_level": 0.25, "service_level_of": 8, "entries": 8}
    async with opened(house) as page:
        await page.evaluate(STAND, [[{"queue": "sales", "at_work": 1, **late}, {"queue": "help", **late}], [], []])
        said = "document.getElementById('sentence').innerText"
        await until(page, f"{said}.startsWith('All queues together need attention')")
        assert (await page.evaluate(said)).endswith("; for 1 nobody is at work")


@pytest.mark.parametrize(
    ("locale", "level", "said"),
    [
        ("en", "alert", "1 queue needs attention now: {queue} (oldest wait 0:16); for 1 nobody is at work"),
        ("en", "warn", "1 queue at risk: {queue} (oldest wait 0:16); for 1 nobody is at work"),
        ("vi", "alert", "1 hàng đợi cần xử lý ngay: {queue} (chờ lâu nhất 0:16); 1 hàng đợi không có ai đang làm việc"),
    ],
)
async def test_the_sentence_tells_of_them_beside_queues_at_risk_or_breached(
    build: Build, locale: str, level: str, said: str
) -> None:
    house = await build(centre=centre(2))
    late = {"queue": "sales", "entries": 1, "waiting": 1, "at_work": 1, "staffed": 1, "waits_s": 16.5}
    beyond = {"queue": "sales", "metric": "oldest_wait_s", "level": level}
    async with opened(house, locale=f"{locale}-VN") as page:
        await page.evaluate(STAND, [[late, {"queue": "help", "entries": 1, "answered": 1}], [beyond], []])
        told = said.format(queue="Sales and customer care")
        await until(page, f"document.getElementById('sentence').innerText === '{told}'")


async def test_nobody_is_at_work_where_the_only_one_serves_somebody_before_a_pause(build: Build) -> None:
    house = await build(centre=centre(2))
    last = {"queue": "sales", "entries": 1, "answered": 1, "connected": 1, "staffed": 1, "at_work": 0}
    async with opened(house) as page:
        await page.evaluate(STAND, [[last], [], []])
        await until(page, "document.querySelector('tr[data-queue=sales] .badge')?.innerText.endsWith('Unstaffed')")
        assert await page.inner_text("#sentence") == "Nobody is at work for any of the 2 open queues"


async def test_a_tile_breached_as_nobody_can_take_them_says_so(build: Build) -> None:
    house = await build(centre=centre(2))
    waits = [{"queue": "help", "waiting": 1, "waits_s": 3, "unattended": True, "staffed": 1}]
    async with opened(house) as page:
        await page.evaluate(STAND, [waits, [], []])
        await until(page, "document.querySelector('[data-tile=waiting]')?.dataset.level === 'alert'")
        assert await page.inner_text("[data-tile=waiting] .note") == "nobody can take them in 1 queue"
        await page.evaluate(STAND, [[waits[0] | {"overdue": 1}], [], []])
        told = "1 past its threshold · nobody can take them in 1 queue"
        await until(page, f"document.querySelector('[data-tile=waiting] .note')?.innerText === '{told}'")


async def test_a_wait_that_reads_the_same_is_not_called_longer(build: Build) -> None:
    house = await build(centre=centre(2))
    waits = [{"queue": "sales", "waiting": 1, "waits_s": 21.1}, {"queue": "help", "waiting": 1, "waits_s": 21.5}]
    async with opened(house) as page:
        await page.evaluate(STAND, [waits, [{"queue": "sales", "metric": "oldest_wait_s"}], []])
        await until(page, f"{OLDEST}.dataset.level === 'alert'")
        assert await page.inner_text("[data-tile=oldest] .value") == "0:21"
        assert await page.inner_text("[data-tile=oldest] .week") == ""


@pytest.mark.parametrize(
    ("locale", "word", "said"),
    [
        ("en", "Colleagues", "The open queue is on target"),
        ("vi", "Nội bộ", "Cả 1 hàng đợi đang mở đều đạt mục tiêu"),
    ],
)
async def test_a_queue_for_colleagues_alarms_nobody_and_is_in_no_sum(
    build: Build, locale: str, word: str, said: str
) -> None:
    house = await build(centre=centre(2))
    waits = {"for_colleagues": True, "waiting": 1, "overdue": 1, "waits_s": 300.5, "entries": 9, "abandoned": 9}
    of_customers = {"at_work": 1, "staffed": 1, "entries": 1, "answered": 1}
    queues = [{"queue": "help", "at_work": 0, **waits}, {"queue": "sales", **of_customers}]
    async with opened(house, locale=f"{locale}-VN") as page:
        await page.evaluate(STAND, [queues, [], []])
        await until(page, f"document.querySelector('tr[data-queue=help] .badge')?.innerText.endsWith('{word}')")
        assert await page.get_attribute("tr[data-queue=help] .c-waiting", "data-level") is None
        assert await page.inner_text("tr[data-queue=help] .c-oldest") == "5:00"
        for tile, value in (("waiting", "0"), ("abandoned", "0"), ("oldest", "–")):
            assert await page.inner_text(f"[data-tile={tile}] .value") == value
        await until(page, f"document.getElementById('sentence').innerText === '{said}'")


@pytest.mark.parametrize(("locale", "said"), [("en", "Binh asks about c-1"), ("vi", "Binh hỏi về c-1")])
async def test_the_list_says_who_asks_about_whom(build: Build, locale: str, said: str) -> None:
    house = await build(centre=centre(2))
    async with opened(house, locale=f"{locale}-VN") as page:
        asks = {"contact": "c-1", "asked_by": "Binh"}
        await page.evaluate(STAND, [[{"queue": "sales", "waiting": 1}], [], [asks]])
        await until(page, f"document.querySelector('#waiting-rows th')?.innerText.startsWith('{said}')")


async def test_the_heading_counts_what_stands_below_it(build: Build) -> None:
    house = await build(centre=centre(2))
    async with opened(house) as page:
        await page.evaluate(STAND, [[{"queue": "sales", "waiting": 0}], [], ["call-1"]])
        await until(page, "document.querySelectorAll('#waiting-rows tr').length === 1")
        assert await page.inner_text("#waiting-title") == "Waiting (1)"
