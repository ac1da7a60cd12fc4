"""The wallboard in a real browser: its numbers are the API's, everybody can read it, and nothing spills over."""

import asyncio
import hashlib
import re
import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientSession

import tests.http.support
from adapters.http.wallboard.privacy import initials
from engine.ports import Reading
from tests.http.browser import until
from tests.http.support import CONTACTS, Build, get, tell
from tests.http.wallboard.browser import CHROMIUM, LIVE, QUEUES, ROOM, busy, centre, drawn, facts, opened

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs the command chromium"),
]
SIZES = [(1920, 1080), (1280, 800), (640, 400), (390, 844)]
"""640 is 1280 at 200 %."""
SPILLS = """() => [...document.querySelectorAll("#tiles dd, #tiles dt, .square, .badge, .count, p, header *, td, th")]
  .filter((place) => place.scrollWidth > place.clientWidth + 1 && place.clientWidth > 1
    && !["inline", "none", "contents"].includes(getComputedStyle(place).display)
    && getComputedStyle(place).overflowX === "visible" && !place.closest(".unseen, thead, svg"))
  .map((place) => `${place.tagName}.${place.className}: ${place.textContent}`)"""
SMALL = """() => [...document.querySelectorAll("button, select, input, a, summary")]
  .filter((place) => !place.matches(".skip") && place.getClientRects().length)
  .map((place) => [place.outerHTML.slice(0, 80), place.getBoundingClientRect()])
  .filter(([what, box]) => Math.min(box.width, box.height) < (what.includes("square") ? 22 : 24))
  .map(([what]) => what)"""
"""Squares stand two pixels apart: a finger has its 24 there, too."""
OVER = "(f) => [f.scrollWidth - f.clientWidth, f.scrollHeight - f.clientHeight]"
AMISS = """async () => {
  const { store, take } = await import("/pages/wallboard/store.js");
  const agents = { idle: 1, offered: 2, busy: 2, wrapping: 1, not_responding: 12, unreachable: 3, paused: 10 };
  const figures = { entries: 12345, answered: 11234, abandoned: 987, abandon_rate: 0.1234,
    service_level: 0.87, service_level_of: 12000, average_speed_of_answer_s: 754,
    average_handle_s: 3754, expected_p50_s: 754, expected_p90_s: 3754, agents, counted_since_ns: Date.now() * 1e6 };
  store.pastMs = Date.now();
  const queues = [...store.queues.keys()].map((queue) => ({ queue, ...figures }));
  take("patch", { topic: "queues", as_of: store.asOf, items: queues });
  const states = ["not_responding", "unreachable", "busy", "offered", "wrapping", "paused", "idle"];
  take("patch", { topic: "agents", as_of: store.asOf, items: [...store.agents.keys()].map((agent, at) => (
    { agent, state: states[at % 7], since_ns: (Date.now() - at * 60000) * 1e6 })) });
  document.getElementById("language").dispatchEvent(new Event("change"));
}"""
"""A day of many contacts on which much is amiss; shown as a replay is, which the stream leaves alone."""


@pytest.fixture(autouse=True)
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make room for 200 agents and 500 who wait."""
    monkeypatch.setattr(tests.http.support, "CAPACITY", ROOM)


def tile(name: str) -> str:
    """Return the expression for what a tile says."""
    return f"document.querySelector('[data-tile={name}] .value')?.textContent"


async def test_the_numbers_are_those_of_the_api(build: Build) -> None:
    house = await build(centre=centre(12))
    async with ClientSession(house.url) as client, opened(house) as page:
        await busy(client, 12, 7)
        await until(page, f"{tile('waiting')} === '7' && {tile('answered')} === '1' && {tile('abandoned')} === '2'")
        queues = {one["display_name"]: one for one in (await get(client, "/api/v1/queues"))["queues"]}
        await until(page, "document.querySelectorAll('#waiting-rows tr').length === 7")
        await until(
            page, "document.querySelector('#queue-rows th').innerText.startsWith('Sales')"
        )  # sorted each second
        rows = await page.evaluate(
            "() => [...document.querySelectorAll('#queue-rows tr')].map((r) => [...r.children].map((c) => c.innerText))"
        )
        assert [row[0].split("\n")[0] for row in rows] == ["Sales and customer care", "Bảo hành và khiếu nại"]
        for row in rows:
            queue = queues[row[0].split("\n")[0]]
            assert row[2] == str(queue["waiting"])
            assert row[5] == f"{queue['answered']} / {queue['entries']}"
        summary = (await get(client, "/api/v1/agents"))["summary"]["states"]
        numbers = [str(summary[state]) for state in ("paused", "busy", "offline")]
        await until(
            page, f"{numbers}.every((one) => document.querySelector('.summary').innerText.split(/\\s+/).includes(one))"
        )
        whole = await page.content()
        assert "3825" not in whole, "callers are masked"
        assert re.findall(r"\b(?:block|tile|column|note|why|state|level)_\w+", await page.inner_text("body")) == []


@pytest.mark.parametrize(("agents", "waiting"), [(0, 0), (8, 0), (8, 500), (200, 0), (200, 500)])
async def test_nothing_spills_over_at_any_size(build: Build, agents: int, waiting: int) -> None:
    house = await build(centre=centre(agents))
    async with ClientSession(house.url) as client:
        await busy(client, agents, waiting)
    async with opened(house) as page:
        await until(page, f"document.querySelectorAll('#agents li').length === {agents}")
        shown = min(50, waiting)
        await until(page, f"document.querySelectorAll('#waiting-rows tr').length === {shown}")
        if waiting:
            assert f"({waiting})" in await page.inner_text("#waiting-title")
        for tab in (1, 2):
            await page.click(f"#screens .tab:nth-child({tab})")
            for width, height in SIZES:
                await page.set_viewport_size({"width": width, "height": height})
                await until(page, f"innerWidth === {width}")
                await drawn(page)
                assert await page.evaluate("document.documentElement.scrollWidth") <= width
                assert await page.evaluate(SPILLS) == [], (width, tab)
                assert await page.evaluate(SMALL) == [], (width, tab)
                if width >= 1280 and tab == 1:
                    _, below = await page.locator("[data-block=agents] .frame").evaluate(OVER)
                    assert below <= 0, "nobody scrolls a wall"
                if width >= 1280:
                    assert await page.evaluate("document.documentElement.scrollHeight") <= height, (
                        "a wall does not scroll"
                    )


PAINTED = """
window.painted = [];
const after = new MessageChannel();
after.port1.onmessage = () => {
  const frame = document.querySelector("[data-block=agents] .frame");
  const squares = document.querySelectorAll("#agents li").length;
  const sentence = document.getElementById("sentence")?.offsetHeight ?? 0;
  if (squares) window.painted.push([squares, sentence, frame.scrollHeight - frame.clientHeight]);
};
const each = () => { after.port2.postMessage(0); requestAnimationFrame(each); };
requestAnimationFrame(each);
"""
"""What a frame leaves on the screen: squares, the height of the sentence, and how much of the squares is cut."""


async def test_squares_fit_from_the_first_paint_that_shows_them(build: Build) -> None:
    long = "Complaints about luggage that came to the wrong airport of the northern region in winter"
    many = QUEUES + "".join(f"  q{n}: {{display_name: {long} {n}, members_only: true}}\n" for n in range(5))
    house = await build(centre=centre(200, many))
    async with ClientSession(house.url) as client:
        for number in range(5):
            await tell(client, CONTACTS, 201, contact=f"c{number}", queue=f"q{number}")
    async with opened(house, watch=PAINTED) as page:
        await until(page, "window.painted.length > 20")
        painted = await page.evaluate("window.painted")
        assert painted[-1][:2] > [200, 55], "all squares, and a sentence of two lines"
        assert [one for one in painted if one[2] > 0] == []


async def test_a_low_screen_shows_its_queues_beside_two_hundred_agents(build: Build) -> None:
    many = QUEUES + "".join(f"  q{number}: {{display_name: Queue of number {number}}}\n" for number in range(6))
    house = await build(centre=centre(200, many))
    rows = """() => {
      const bottom = (place) => place.getBoundingClientRect().bottom;
      const end = bottom(document.querySelector("[data-block=queues] .frame"));
      return [...document.querySelectorAll("#queue-rows tr")].filter((row) => bottom(row) <= end).length;
    }"""
    async with ClientSession(house.url) as client:
        await busy(client, 60, 30)
    squares = "document.querySelectorAll('#agents li').length"
    async with opened(house, width=1280, height=800) as page:
        await until(page, f"{squares} === 6 && document.querySelector('.folded').innerText.includes('194 offline')")
        assert await page.evaluate(rows) == 8
        await page.focus(".folded")
        await page.keyboard.press("Enter")
        await until(page, f"{squares} === 200")
        await page.focus("#agents li:last-child button")
        assert await page.evaluate(rows) >= 6
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.matches('.folded[aria-expanded=true]')")
        assert await page.evaluate(SMALL) == []
        await page.keyboard.press("Enter")
        await page.fill("#agent-search", "agent-150")
        await until(page, f"{squares} === 1 && document.querySelector('.folded').hidden")
        await page.fill("#agent-search", "")
        await page.evaluate(AMISS)
        await until(page, f"{squares} === 200")
        await until(page, f"({rows})() >= 6")
        for place in ("agents", "queues"):
            beside, _ = await page.locator(f"[data-block={place}] .frame").evaluate(OVER)
            assert beside <= 0, place
        assert await page.locator("[data-block=agents] .frame").evaluate(OVER) == [0, 0]
        await page.set_viewport_size({"width": 1920, "height": 1080})
        await until(page, f"({rows})() === 8")


BUSY_DAY = """async () => {
  const { store, take } = await import("/pages/wallboard/store.js");
  store.pastMs = Date.now();
  take("patch", { topic: "queues", as_of: store.asOf, items: [...store.queues.keys()].map((queue) => ({ queue,
    answered: 141, entries: 171, expected_p50_s: 6, expected_p90_s: 14 })) });
  const states = ["busy", "wrapping", "paused", "offered"];
  take("patch", { topic: "agents", as_of: store.asOf, items: [...store.agents.keys()].map((agent, at) => ({ agent,
    state: states[at % 4], since_ns: (store.pastMs - 130000) * 1e6 })) });
  document.getElementById("language").dispatchEvent(new Event("change"));
}"""
CUT_WORDS = "[...document.querySelectorAll('.square .word')].filter((one) => one.scrollWidth > one.clientWidth).length"
TOGETHER = """() => {
  const shown = document.querySelector("#replay output"), clock = document.getElementById("clock");
  window.apart = 0;
  const look = () => { window.apart += !shown.textContent.endsWith(clock.textContent); };
  new MutationObserver(look).observe(shown, { childList: true, characterData: true, subtree: true });
}"""


@pytest.mark.parametrize("locale", ["en", "vi"])
async def test_a_dozen_agents_keep_their_names_and_states_on_a_low_screen(build: Build, locale: str) -> None:
    many = QUEUES + "".join(f"  q{number}: {{display_name: Queue of number {number}}}\n" for number in range(3))
    house = await build(centre=centre(13, many))
    room = "document.getElementById('agents').dataset.room"
    shown = "[...document.querySelectorAll('#agents .name')].filter((name) => name.offsetWidth > 40).length"
    async with ClientSession(house.url) as client:
        await busy(client, 13, 10)
    async with opened(house, width=1280, height=800, locale=f"{locale}-VN") as page:
        await page.evaluate(BUSY_DAY)
        await until(page, f"{room} === 'medium' && {shown} === 13")
        await drawn(page)
        assert await page.evaluate(CUT_WORDS) == 0
        assert await page.locator("[data-block=queues] .frame").evaluate(OVER) == [0, 0], "five queues are whole"
        assert await page.locator("[data-block=agents] .frame").evaluate(OVER) == [0, 0]
        assert await page.locator("[data-block=waiting] .empty:visible").count() == 0, "the list of who waits is whole"


async def test_squares_of_two_hundred_can_be_read_on_a_low_screen(build: Build) -> None:
    many = QUEUES + "".join(f"  q{number}: {{display_name: Queue of number {number}}}\n" for number in range(6))
    names = "".join(
        f"  - {{name: agent-{n}, display_name: Trần Quang Bình {n}, queues: [sales, help]}}\n" for n in range(200)
    )
    house = await build(centre=f"{many}agents:\n{names}")
    letters = """() => Math.min(...[...document.querySelectorAll("#agents .short")]
      .filter((place) => place.getClientRects().length).map((place) => parseFloat(getComputedStyle(place).fontSize)))"""
    async with opened(house, width=1280, height=800) as page:
        await page.evaluate(AMISS)
        await until(page, "document.querySelectorAll('.square[data-state=not_responding]').length === 29")
        assert await page.evaluate(letters) >= 8
        assert "B41" in await page.inner_text("#agents")


@pytest.mark.parametrize("locale", ["en-GB", "vi-VN"])
async def test_two_hundred_keep_their_times_under_a_long_name_of_the_house(build: Build, locale: str) -> None:
    many = QUEUES + "".join(f"  q{number}: {{display_name: Queue of number {number}}}\n" for number in range(6))
    house = await build(
        centre=centre(200, many.replace("name: wall", "name: Trung tâm Chăm sóc Khách hàng Lotus Travel"))
    )
    async with ClientSession(house.url) as client:
        states = [{"type": "agent_status_changed", "agent": f"agent-{n}", "status": "available"} for n in range(200)]
        await facts(client, states)
    times = "[...document.querySelectorAll('#agents .timer')].filter((one) => one.offsetWidth > 8).length"
    rows = """() => {
      const bottom = (place) => place.getBoundingClientRect().bottom;
      const end = bottom(document.querySelector("[data-block=agents] .frame"));
      return [...document.querySelectorAll("#agents li")].filter((row) => bottom(row) > end).length;
    }"""
    async with opened(house, width=1280, height=800, locale=locale, watch=PAINTED) as page:
        await until(page, "window.painted.length > 20")
        painted = await page.evaluate("window.painted")
        assert [one for one in painted if one[2] > 0] == [], "no row is cut"
        await until(page, f"{times} === 200")
        await page.evaluate(AMISS)
        await until(page, "document.querySelectorAll('.square[data-state=not_responding]').length === 29")
        await until(page, f"{times} === 200")
        assert await page.evaluate(rows) == 0
        assert await page.locator("[data-block=agents] .frame").evaluate(OVER) == [0, 0]


async def test_eight_queues_stand_beside_eight_agents_with_their_names(build: Build) -> None:
    many = QUEUES + "".join(f"  q{number}: {{display_name: Queue of number {number}}}\n" for number in range(6))
    house = await build(centre=centre(8, many))
    async with ClientSession(house.url) as client:
        await busy(client, 8, 0)
    async with opened(house, width=1280, height=800) as page:
        await until(page, "document.querySelectorAll('#agents li').length === 8")
        assert await page.locator("[data-block=queues] .frame").evaluate(OVER) == [0, 0]
        assert await page.locator("[data-block=agents] .frame").evaluate(OVER) == [0, 0]
        assert "Nguyễn Thị An" in await page.inner_text("#agents"), "no name is shortened that finds room"


async def test_privacy_leaves_no_name_on_the_board(build: Build) -> None:
    house = await build(centre=QUEUES + "agents:\n  - {name: a, display_name: Trần Quang Bình, queues: [sales]}\n")
    async with ClientSession(house.url) as client:
        await tell(client, "/api/v1/agents/a/status", status="available")
        await tell(client, CONTACTS, 201, contact="c", queue="sales")
        async with opened(house) as page:
            await until(
                page, "document.querySelector('#waiting-rows .why')?.textContent === 'ringing at Trần Quang Bình'"
            )
            await page.click("#do-privacy")
            await until(page, "document.querySelector('#waiting-rows .why')?.textContent === 'ringing at TQB'")
            assert "Trần" not in await page.inner_text("body")


async def test_squares_on_a_wall_stand_as_close_as_they_must(build: Build) -> None:
    many = QUEUES + "".join(f"  q{number}: {{display_name: Queue of number {number}}}\n" for number in range(5))
    house = await build(centre=centre(24, many))
    room = "document.getElementById('agents').dataset.room"
    async with opened(house, "/wallboard?kiosk=1") as page:
        await until(page, f"document.querySelectorAll('#agents li').length === 24 && {room} !== 'roomy'")
        for width, height in SIZES[:2]:
            await page.set_viewport_size({"width": width, "height": height})
            await until(page, f"innerWidth === {width}")
            await drawn(page)
            _, below = await page.locator("[data-block=agents] .frame").evaluate(OVER)
            assert below <= 0, "nobody scrolls a wall"
        await page.set_viewport_size({"width": 1280, "height": 1400})
        await until(page, f"{room} === 'roomy'")


async def test_nine_queues_stand_whole_on_a_wall_beside_two_hundred_agents(build: Build) -> None:
    many = QUEUES + "".join(f"  q{number}: {{display_name: Queue of number {number}}}\n" for number in range(7))
    house = await build(centre=centre(200, many))
    async with opened(house, "/wallboard?kiosk=1", locale="vi-VN") as page:
        await until(page, "document.querySelectorAll('#agents li').length === 200")
        await page.evaluate(AMISS)
        await until(page, "document.querySelectorAll('.queues td.c-answered')[8]?.textContent.includes('12.345')")
        assert await page.locator("[data-block=queues] .frame").evaluate(OVER) == [0, 0], "nobody scrolls a wall"
        _, below = await page.locator("[data-block=agents] .frame").evaluate(OVER)
        assert below <= 0


@pytest.mark.parametrize("locale", ["en-GB", "vi-VN"])
async def test_a_day_on_which_much_is_amiss_finds_room(build: Build, locale: str) -> None:
    many = QUEUES + "".join(f"  q{number}: {{display_name: Queue of number {number}}}\n" for number in range(4))
    house = await build(centre=centre(200, many))
    async with opened(house, "/wallboard?kiosk=1", locale=locale) as page:
        await until(page, "document.querySelectorAll('#agents li').length === 200")
        await page.evaluate(AMISS)
        await until(page, "document.querySelectorAll('.square[data-state=not_responding]').length === 29")
        agents = "[data-block=agents] .frame"
        settled = (
            f"(() => {{ const f = document.querySelector('{agents}'); return f.scrollHeight <= f.clientHeight; }})()"
        )
        for width, height in (*SIZES, (1600, 900)):
            await page.set_viewport_size({"width": width, "height": height})
            await until(page, f"innerWidth === {width} && document.querySelectorAll('#agents li').length === 200")
            await until(page, settled)
            beside, _ = await page.locator("[data-block=queues] .frame").evaluate(OVER)
            assert beside <= 0, (width, "the table runs out of its frame")


async def test_a_state_has_one_set_of_words(build: Build) -> None:
    house = await build(centre=centre(12))
    async with ClientSession(house.url) as client:
        await busy(client, 12, 1)
    async with opened(house) as page:
        await until(page, "document.querySelectorAll('#agents li').length === 12")
        await page.evaluate(AMISS)
        await page.wait_for_selector(".count[data-state=not_responding]")
        people = "#queue-rows tr:first-child .people"
        title = "1 free, 2 ringing, 2 busy, 1 wrap-up, 12 not responding, 3 phone unreachable, 10 paused"
        assert await page.get_attribute(people, "title") == title
        counted = "(place) => [...place.children].map((one) => one.textContent)"
        assert (await page.locator(people).first.evaluate(counted))[1] == "♪2ringing, ", "who rings does not work yet"
        tile_words = await page.locator("[data-tile=agents] .people").evaluate(counted)
        assert tile_words[:2] == ["!2not responding", "✕2phone unreachable"]
        chips = await page.locator(".summary .count").all_inner_texts()
        assert [chip.split() for chip in chips[:2]] == [
            ["!", "2", "not", "responding"],
            ["✕", "2", "phone", "unreachable"],
        ]


@pytest.mark.parametrize("width", [1920, 390])
@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
async def test_everybody_can_read_it(build: Build, theme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.async_playwright", reason="axe-playwright-python is not installed")
    house = await build(f"boards: {{default: {{theme: {theme}}}}}", centre(12))
    async with ClientSession(house.url) as client:
        await busy(client, 12, 6)
    async with opened(house, width=width) as page:
        await page.wait_for_selector("#agents li")
        assert await page.get_attribute("html", "data-theme") == theme
        for tab in (1, 2):
            await page.click(f"#screens .tab:nth-child({tab})")
            await page.wait_for_selector(".lost tbody tr" if tab == 2 else "#waiting-rows tr")
            found = await axe.Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
        await page.click("#do-help")
        found = await axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


async def test_it_speaks_vietnamese(build: Build) -> None:
    house = await build(centre=centre(12))
    async with ClientSession(house.url) as client:
        await busy(client, 12, 4)
    async with opened(house, locale="vi-VN") as page:
        assert await page.get_attribute("html", "lang") == "vi"
        await until(page, f"{tile('waiting')} === '4'")
        text = await page.inner_text("body")
        for word in ("Đang chờ", "Hàng đợi", "Tổng đài viên", "Mức độ dịch vụ hôm nay", "trực tiếp"):
            assert word in text
        for word in ("Waiting", "Agents", "engaged", "On target", "Breached"):
            assert word not in text
        await page.fill("#agent-search", "nguyen thi an")
        await until(page, "document.querySelectorAll('#agents li').length === 3")  # found without accents
        await page.select_option("#language", "en")
        await until(page, "document.documentElement.lang === 'en' && document.body.innerText.includes('Waiting')")


async def test_by_keyboard(build: Build) -> None:
    house = await build(centre=centre(12))
    async with ClientSession(house.url) as client:
        await busy(client, 12, 3)
    async with opened(house) as page:
        await page.wait_for_selector("#queue-rows tr")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        seen = []
        for _ in range(40):
            await page.keyboard.press("Tab")
            seen.append(await page.evaluate("document.activeElement.closest('[data-block]')?.dataset.block ?? 'head'"))
        order = list(dict.fromkeys(seen))
        assert order == sorted(order, key=["head", "queues", "agents", "waiting", "alerts"].index), "as the eye reads"
        await page.focus("#queue-rows tr button.plain")
        await page.keyboard.press("Enter")
        await until(page, "document.getElementById('waiting-title').textContent.includes('Sales')")
        await page.evaluate("document.activeElement.blur()")
        await page.keyboard.press("?")
        await page.wait_for_selector("dialog[open]")
        await page.uncheck("#d-keys")
        await page.keyboard.press("Escape")
        await page.wait_for_selector("dialog[open]", state="detached")
        await page.evaluate("document.activeElement.blur()")
        await page.keyboard.press("?")
        assert await page.locator("dialog[open]").count() == 0, "keys of one letter can be switched off"


async def test_figures_of_less_than_the_day_say_since_when(build: Build) -> None:
    noon = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
    house = await build(centre=centre(1).replace("name: wall", f"name: wall, time_zone: {noon}, interval: 1m"))
    async with ClientSession(house.url) as client, opened(house) as page:
        since = datetime.fromtimestamp((await get(client, "/api/v1/queues"))["queues"][0]["since_ns"] / 1e9, UTC)
        told = since.astimezone(ZoneInfo(noon))
        assert told.hour in (8, 9), "192 minutes are kept"
        said = await page.inner_text("[data-tile=answered] dt")
        assert re.fullmatch(r"Answered since 0[89]:\d\d", said, re.IGNORECASE)
        assert re.search(r"of the time since 0[89]:\d\d\.$", await page.inner_text("table.queues caption"))
        title = await page.get_attribute("table.queues th.c-service", "title")
        assert re.fullmatch(r"Share answered within the threshold, since 0[89]:\d\d", title)
    whole = await build(centre=centre(1).replace("name: wall", f"name: wall, time_zone: {noon}"))
    async with opened(whole) as page:
        assert (await page.inner_text("[data-tile=answered] dt")).lower() == "answered today"
        assert (
            await page.get_attribute("table.queues th.c-service", "title")
            == "Share answered within the threshold, today"
        )


async def test_an_empty_house_says_what_to_do_and_a_breach_is_told_at_once(build: Build) -> None:
    house = await build(centre=centre(1))
    async with ClientSession(house.url) as client, opened(house) as page:
        await page.wait_for_selector("#nothing:not([hidden])")
        assert "Nothing has come in yet" in await page.inner_text("#nothing")
        assert "trunkline" not in await page.inner_text("#nothing"), "words for who installs it are folded away"
        await page.click("#nothing summary")
        assert "trunkline demo" in await page.inner_text("#nothing")
        assert "No events yet" in await page.inner_text("#sentence")
        await tell(client, CONTACTS, 201, contact="c", queue="sales")
        await until(page, "document.getElementById('sentence').dataset.level === 'alert'")
        assert "nobody can take them" in await page.inner_text("#sentence")
        assert await page.locator("#nothing").is_hidden()
        told = await page.evaluate("window.told.status")
        assert len(told) == 1, "read aloud twice a minute at most"
        await until(page, "window.told.alarm.length > 0", 40)
        (alarm,) = await page.evaluate("window.told.alarm")
        assert "somebody waits and nobody can take them" in alarm
        assert "Sales and customer care: somebody waits" in await page.inner_text("[data-block=alerts]")


async def test_supervisors_act_and_say_who_and_why(build: Build) -> None:
    others = "  vip: {display_name: Important, members_only: true}\n  night: {members_only: true}\n"
    house = await build("boards: {default: {queues: [sales, help]}}", centre(12, QUEUES + others))
    async with ClientSession(house.url) as client:
        await busy(client, 12, 3)
        await tell(client, "/api/v1/queues/night/close")
        async with opened(house) as page:

            async def order(button: str) -> None:
                await page.fill("#d-by", "Lan")
                await page.fill("#d-why", "storm")
                await page.click(f"dialog button:text-is('{button}')")
                await page.wait_for_selector("dialog[open]", state="detached")

            await page.click("#waiting-rows tr:nth-child(1) button")
            await page.wait_for_selector("#d-to")
            offered = await page.locator("#d-to option").all_inner_texts()
            unserved = ["–", "Important (nobody serves it)", "night (closed, nobody serves it)"]
            assert offered == unserved, "the queues for calls, beyond this board, too"
            await page.select_option("#d-to", "vip")
            await order("Move")
            await until(page, "document.querySelectorAll('#waiting-rows tr').length === 2")
            await page.click("#waiting-rows tr:nth-child(1) button")
            await page.select_option("#d-priority", "5")
            await order("Set priority")
            await page.click("#waiting-rows tr:nth-child(2) button")
            await order("Withdraw")
            await page.click("#queue-rows tr[data-queue=sales] .more")
            await order("Close the queue")
            await until(
                page, "document.querySelector('#queue-rows tr[data-queue=sales] .plan').textContent === 'closed'"
            )
            await page.click("#queue-rows tr[data-queue=sales] .more")
            await order("Open the queue")
            await page.click("#agents li:first-child button")
            await page.select_option("#d-status", "offline")
            await order("Set status")
            said = {"by": "Lan", "reason": "storm"}
            orders: dict[str, dict[str, Any]] = {
                "transfer_requested": {"queue": "vip"},
                "priority_changed": {"data": said | {"priority": 5}},
                "contact_withdrawn": {"data": said},
                "queue_closed": {"queue": "sales", "data": said},
                "queue_opened": {"queue": "sales", "data": said},
                "agent_status_changed": {"data": {"status": "offline", "by": "Lan", "note": "storm"}},
            }
            for kind, told in orders.items():
                event = (await get(client, f"/api/v1/events?type={kind}"))["events"][-1]
                assert told.items() <= event.items(), kind
                assert event["data"]["by"] == "Lan"
            moved = (await get(client, "/api/v1/events?type=transfer_requested"))["events"][-1]
            assert moved["data"]["reason"] == "storm"
            (waits,) = (await get(client, "/api/v1/queues/vip/contacts"))["contacts"]
            assert waits["contact"] == moved["contact"]
            await page.click("#screens .tab:nth-child(2)")
            await page.click(".lost tbody tr:first-child button")
            await order("Called back")
            await until(page, "document.querySelector('.lost tr[data-done] td:last-child')?.innerText.includes('Lan')")


async def test_anybody_in_a_queues_line_can_be_moved(build: Build) -> None:
    house = await build(centre=centre(2, QUEUES + "  night: {members_only: true}\n  inside: {members_only: true}\n"))
    house.engine.state.directory.colleague_queues = ("inside",)
    async with ClientSession(house.url) as client:
        longest = [{"type": "contact_arrived", "contact": f"call-{number}", "queue": "sales"} for number in range(60)]
        await facts(client, longest)
        await tell(client, CONTACTS, 201, contact="last", queue="help", customer="+84 24 3825 1999", priority=5)
        async with opened(house) as page:
            await page.click("#queue-rows tr[data-queue=help] .plain")
            await page.click("#waiting-rows tr:nth-child(1) button")
            await page.wait_for_selector("#d-to")
            assert await page.input_value("#d-priority") == "5", "nobody beyond the 50 longest is in the stream"
            offered = await page.locator("#d-to option").all_inner_texts()
            assert "night (nobody serves it)" in offered
            assert not any("inside" in one for one in offered), "calls among colleagues: the caller would wait in vain"
            await page.fill("#d-by", "Lan")
            await page.fill("#d-why", "storm")
            await page.select_option("#d-to", "sales")
            await page.click("dialog button:text-is('Move')")
            await page.wait_for_selector("dialog[open]", state="detached")
        assert (await get(client, f"{CONTACTS}/last"))["contact"]["queue"] == "sales"


async def test_who_cannot_be_moved_as_no_queue_is_known_is_told_so_and_can_be_withdrawn(build: Build) -> None:
    house = await build(centre=centre(2, QUEUES))
    async with ClientSession(house.url) as client, opened(house) as page:
        await tell(client, CONTACTS, 201, contact="c", queue="sales")
        await page.route("**/api/v1/queues", lambda route: route.fulfill(status=403))
        await page.click("#waiting-rows tr:nth-child(1) button")
        await page.wait_for_selector("#d-to")
        assert await page.locator("#d-to:disabled option").all_inner_texts() == ["The queues cannot be looked up now"]
        assert await page.locator("dialog button:text-is('Move')").count() == 0
        await page.fill("#d-by", "Lan")
        await page.fill("#d-why", "hung up")
        await page.click("dialog .order.danger")
        await page.wait_for_selector("dialog[open]", state="detached")
        assert (await get(client, f"{CONTACTS}/c"))["contact"]["state"] == "closed"


async def test_an_order_that_fails_says_why_in_the_pages_language(build: Build) -> None:
    house = await build(centre=centre(2, QUEUES + "  night: {members_only: true}\n"))
    async with ClientSession(house.url) as client, opened(house, locale="vi-VN") as page:
        await tell(client, "/api/v1/queues/night/close")
        await tell(client, CONTACTS, 201, contact="c", queue="sales")
        await page.click("#waiting-rows tr:nth-child(1) button")
        await page.wait_for_selector("#d-to")
        await page.select_option("#d-to", "night")
        await page.fill("#d-by", "Lan")
        await page.click("dialog .order:nth-child(1)")
        assert await page.evaluate("document.activeElement.id") == "d-why", "no order without a reason"
        await page.fill("#d-why", "bão")
        await page.click("dialog .order:nth-child(1)")
        await until(page, "document.querySelector('dialog .fault').textContent.includes('đang đóng')")
        await tell(client, f"{CONTACTS}/c/withdraw")
        await page.click("dialog .order.danger")
        await until(page, "document.querySelector('dialog .fault').textContent.includes('Không còn nữa')")


async def held(told: asyncio.Event, route: Any) -> None:
    """Let a request of the page go on once it may."""
    await told.wait()
    await route.continue_()


class Halfway:
    """A past of which half is read for somebody."""

    def __init__(self, past: Any, at_ns: int) -> None:
        self.began_ns, self.ask = past.began_ns, past.ask
        self.reading = Reading(at_ns, 0.5)


async def test_the_log_is_replayed(build: Build) -> None:
    house = await build(centre=centre(12))
    async with ClientSession(house.url) as client:
        await busy(client, 12, 6)
        before_ms = (await get(client, "/api/v1/queues"))["at_ns"] // 1_000_000
        await asyncio.sleep(0.05)
        for number in range(4):
            await tell(client, f"{CONTACTS}/call-{number}/withdraw")
        async with opened(house) as page:
            await until(page, f"{tile('waiting')} === '2'")
            await page.click("#do-replay")
            await until(page, "document.getElementById('link').dataset.state === 'past'")
            await page.evaluate(
                "(at) => { const s = document.getElementById('moment'); s.step = 1; s.value = at;"
                " s.dispatchEvent(new Event('input')); }",
                before_ms + 1,
            )
            await until(page, f"{tile('waiting')} === '6'")
            assert await page.locator("#queue-rows .more").count() == 0, "what was cannot be ordered about"
            told = asyncio.Event()
            await page.route("**/past?at=*", lambda route: held(told, route))
            past = house.adapter.context.engine.past
            house.adapter.context.engine.past = Halfway(past, (before_ms + 2) * 10**6)  # type: ignore[misc]
            await page.evaluate(
                "(at) => { const s = document.getElementById('moment'); s.value = at;"
                " s.dispatchEvent(new Event('input')); }",
                before_ms + 2,
            )
            note = "document.querySelector('#replay [role=note]').innerText"
            await until(page, f"{note} === 'The log is being read up to that moment: 50%'")
            house.adapter.context.engine.past = past  # type: ignore[misc]
            told.set()
            await until(page, f"{note}.startsWith('position ')")
            told = asyncio.Event()
            await page.route("**/quality?at=*", lambda route: held(told, route))
            await page.click("#screens .tab:nth-child(3)")
            said = "document.querySelector('[data-block=quality] .empty')?.innerText"
            await until(page, f"{said} === 'The log is being read up to that moment.'")
            told.set()
            lines = "[...document.querySelectorAll('.quality tbody tr')].map((row) => row.textContent)"
            await until(page, f"{lines}.some((line) => line.startsWith('Offers not answered0%0% – 79%, n = 1'))")
            await page.click("#screens .tab:nth-child(2)")
            await until(page, "document.getElementById('lost-title').innerText.endsWith(' (2)')")
            await page.click("[data-block=chart] button:text-is('Show as table')")
            await until(page, "document.querySelector('.day tbody tr:last-child td:nth-of-type(3)')?.innerText === '2'")
            await page.click("[data-block=chart] button:text-is('Show as chart')")
            assert "moment shown" in await page.inner_text("[data-block=chart] .legend")
            await page.click("#screens .tab:nth-child(1)")
            await page.click("#replay button:text-is('60×')")
            await page.evaluate(TOGETHER)
            await page.click("#replay button[aria-label=Play]")
            await until(page, f"{tile('waiting')} === '2'")
            assert await page.evaluate("window.apart") == 0, "the slider goes with the clock"
            await page.click("#replay button:text-is('Back to now')")
            await until(page, f"{LIVE} && {tile('waiting')} === '2'")


async def test_after_a_replay_without_the_service_the_board_shows_what_it_knew(build: Build) -> None:
    house = await build(centre=centre(12))
    async with ClientSession(house.url) as client:
        await busy(client, 12, 6)
        async with opened(house) as page:
            await until(page, f"{tile('waiting')} === '6'")
            await page.click("#do-replay")
            await until(page, "document.getElementById('link').dataset.state === 'past'")
            feed = house.adapter.context.feed
            feed.closing = True
            feed._tell()
            await page.click("#replay button:text-is('Back to now')")
            await until(page, "document.getElementById('link').dataset.state === 'lost'")
            await drawn(page)
            assert await page.evaluate(tile("waiting")) == "6", "not zeros that look healthy"
            assert await page.locator("#agents li").count() == 12
            spoken = "document.getElementById('status').textContent"
            await until(page, f"{spoken}.startsWith('The connection is lost. Last known: ')")
            await page.select_option("#language", "vi")
            await until(page, "document.documentElement.lang === 'vi'")
            await until(page, f"{tile('waiting')} === '6'")
            await until(page, f"{spoken}.startsWith('Mất kết nối. Lần cuối ghi nhận: ')")
            heard = await page.evaluate("window.told.status")
            assert [text for text in heard if "No queues" in text] == [], "a replay begins with a house that has some"
            assert any(text.startswith("Replay: ") for text in heard)


async def test_screens_rotate_until_somebody_says_stop(build: Build) -> None:
    screens = "screens: [{name: a, blocks: [tiles, queues]}, {name: b, blocks: [tiles, agents]}]"
    house = await build(f"boards: {{floor: {{rotate: 500ms, title: Sàn, {screens}}}}}", centre(3))
    async with opened(house, "/wallboard/floor") as page:
        current = "document.querySelector('.tab[aria-current]').textContent"
        await until(page, f"{current} === 'b'")
        await until(page, f"{current} === 'a'")
        await page.click("#pause")
        stands = await page.evaluate(current)
        await asyncio.sleep(1.2)
        assert await page.evaluate(current) == stands
        assert await page.inner_text("#title") == "Sàn"


async def test_the_day_is_a_chart_and_a_table(build: Build) -> None:
    house = await build(centre=centre(12))
    async with ClientSession(house.url) as client:
        await busy(client, 12, 3)
    async with opened(house) as page:
        await page.click("#screens .tab:nth-child(2)")
        await page.wait_for_selector("svg.chart")
        assert "contacts since" in await page.evaluate("document.querySelector('svg.chart > title').textContent")
        legend = "[data-block=chart] .legend"
        assert (await page.inner_text(legend)).split("\n") == ["offered", "abandoned", "agents at work", "now"], (
            "no plan"
        )
        assert "Contacts per 30 min" in await page.text_content("svg.chart")
        await page.click("[data-block=chart] button:text-is('Show as table')")
        cells = await page.evaluate(
            "[...document.querySelectorAll('[data-block=chart] tbody td')].map((c) => c.innerText)"
        )
        assert cells[0] == "6"
        for width in (1920, 1280):
            await page.set_viewport_size({"width": width, "height": 800})
            await until(page, f"innerWidth === {width}")
            await drawn(page)
            frame = page.locator("[data-block=chart] .frame")
            assert await frame.evaluate("(f) => f.scrollWidth - f.clientWidth") <= 0, "all columns are to be seen"
        await page.click("[data-block=chart] button:text-is('Show as chart')")
        await page.wait_for_selector("svg.chart")


ORDERS = """async () => {
  const { keyed, el } = await import("/pages/wallboard/dom.js");
  const place = el("ul");
  let seed = 1, moves = 0;
  const drawn = (most) => (seed = (seed * 48271) % 2147483647) % most;
  const insert = place.insertBefore.bind(place);
  place.insertBefore = (...given) => { moves += 1; return insert(...given); };
  for (let round = 0; round < 300; round += 1) {
    const wanted = [...Array(12).keys()].filter(() => drawn(3)).sort(() => drawn(3) - 1);
    keyed(place, wanted, String, (n) => ({ node: el("li", {}, String(n)) }), () => {});
    if ([...place.children].map((node) => node.textContent).join() !== wanted.join()) return "wrong order";
  }
  const many = [...Array(200).keys()];
  keyed(place, many, String, (n) => ({ node: el("li", {}, String(n)) }), () => {});
  moves = 0;
  keyed(place, [...many.slice(1), 0], String, null, () => {});
  return moves;
}"""


async def test_rows_are_put_in_order_with_as_few_moves_as_can_be(build: Build) -> None:
    house = await build(centre=centre(1))
    async with opened(house) as page:
        assert await page.evaluate(ORDERS) == 1


CALM = """async () => {
  const { calmly, keyed, el } = await import("/pages/wallboard/dom.js");
  const place = el("ul"), told = [];
  let now = 0;
  performance.now = () => now;
  const show = (ms, items, urgent = "") => {
    now = ms;
    const least = calmly(place, items.split(""), (one) => one, (one, other) => (one < other ? -1 : 1), urgent);
    keyed(place, least, String, (one) => ({ node: el("li", {}, one) }), () => {});
    told.push(`${place.textContent}${place.unsettled ? " later" : ""}`);
  };
  show(5000, "db");
  show(5500, "dbca");
  show(5600, "acd");
  show(6100, "acd");
  show(6200, "bacd", "alert");
  return told;
}"""


async def test_rows_stand_still_for_a_second_unless_it_is_urgent(build: Build) -> None:
    house = await build(centre=centre(1))
    async with opened(house) as page:
        assert await page.evaluate(CALM) == ["bd", "bdac later", "dac later", "acd", "abcd"]


async def test_the_stream_comes_back(build: Build) -> None:
    house = await build(centre=centre(1))
    async with opened(house) as page:
        feed = house.adapter.context.feed
        feed.closing = True
        feed._tell()
        await until(page, "document.getElementById('link').dataset.state === 'lost'")
        await until(page, "document.getElementById('age').innerText.includes('reconnecting')")
        feed.closing = False
        await until(page, LIVE)


async def test_the_clock_is_the_services_while_nothing_happens(build: Build) -> None:
    house = await build(centre=centre(1))
    async with opened(house) as page:
        feed = house.adapter.context.feed
        wall_ns = feed._wall_ns
        feed._wall_ns = lambda: wall_ns() + 3600 * 10**9
        ahead_ms = "Date.parse(document.getElementById('clock').dateTime + 'Z') - Date.now()"
        await until(page, f"{ahead_ms} > 3500e3")


async def test_a_kiosk_shows_its_board_and_nothing_to_press(build: Build) -> None:
    digest = hashlib.sha256(b"s4").hexdigest()
    house = await build(centre=centre(12) + f"tokens:\n  - {{id: chief, sha256: {digest}, scopes: [admin]}}\n")
    chief: Any = {"Authorization": "Bearer trunkline_chief_s4"}
    async with ClientSession(house.url, headers=chief) as client:
        await busy(client, 12, 3)
        async with client.post("/api/v1/kiosks", json={"name": "floor"}) as answer:
            made = await answer.json()
        async with opened(house, made["path"]) as page:
            await until(page, f"{tile('waiting')} === '3'")
            assert "ticket" not in page.url
            assert await page.evaluate("document.getElementById('nothing-how').checkVisibility()") is False
            assert await page.locator("main button:not(.plain):not(.count):visible").count() == 0
            assert await page.locator("main .dots").count() == 0
            assert await page.locator("#tools").is_hidden()
            async with client.post(f"/api/v1/kiosks/{made['kiosk']['id']}/revoke") as answer:
                assert answer.status == 200
            await until(page, "document.getElementById('link').dataset.state === 'refused'")
            assert "its ticket was taken back" in await page.inner_text("#sentence")
            assert await page.inner_text("main") == await page.inner_text("#sentence"), "no figures, no field"
            assert await page.locator("#columns .block, #top .block").count() == 0
            await page.evaluate("document.getElementById('language').dispatchEvent(new Event('change'))")
            assert "its ticket was taken back" in await page.inner_text("#sentence")


FEW = """async ([of, share]) => {
  const { store, take } = await import("/pages/wallboard/store.js");
  store.pastMs = Date.now();
  const queues = [...store.queues.keys()].map((queue) => ({
    queue, entries: of, abandoned: of, abandon_rate: share, abandon_rate_of: of, service_level: 1 - share,
    service_level_of: of, staffed: 1, at_work: 1 }));
  take("patch", { topic: "queues", as_of: store.asOf, items: queues });
  document.getElementById("language").dispatchEvent(new Event("change"));
}"""


async def test_a_share_of_few_is_not_called_on_target(build: Build) -> None:
    house = await build(centre=centre(2))
    level = "document.querySelector('[data-tile=abandoned]')?.dataset.level"
    rows = "[...document.querySelectorAll('#queue-rows .badge')].map((badge) => badge.innerText)"
    async with opened(house) as page:
        await page.evaluate(FEW, [4, 1.0])
        await until(page, f"{level} === 'few'")
        assert {text.split("\n")[-1] for text in await page.evaluate(rows)} == {"Too few yet"}
        assert "too few contacts" in await page.inner_text("#sentence")
        await page.evaluate(FEW, [8, 0.94])
        await until(page, f"{level} === 'alert'")
        assert "All queues together need attention" in await page.inner_text("#sentence")
        assert "94%" in await page.inner_text("#sentence")
        await page.evaluate(FEW, [4, 0.0])
        await until(page, f"{level} === 'ok'")


ONE_WORSE = """async () => {
  const { store, take } = await import("/pages/wallboard/store.js");
  store.pastMs = Date.now();
  const queues = [...store.queues.keys()].map((queue, at) => ({ queue, entries: at ? 20 : 200, answered: at ? 20 : 200,
    service_level: at ? 0.4 : 0.95, service_level_of: at ? 20 : 200, staffed: 1, at_work: 1 }));
  take("patch", { topic: "queues", as_of: store.asOf, items: queues });
  const last = queues.at(-1).queue;
  take("patch", { topic: "alerts", as_of: store.asOf, items: [{ alert: "x", board: store.board.board, queue: last,
    metric: "service_level", level: "alert", threshold: 0.7, since_ns: 0 }] });
  document.getElementById("language").dispatchEvent(new Event("change"));
}"""


async def test_a_tile_stands_as_its_figure_does_and_says_that_a_queue_is_worse(build: Build) -> None:
    house = await build(centre=centre(2))
    async with opened(house) as page:
        await page.evaluate(ONE_WORSE)
        told = "document.querySelector('[data-tile=level]')"
        await until(page, f"{told}?.dataset.level === 'ok' && {told}.innerText.includes('1 queue off target')")
        assert "1 queue needs attention now" in await page.inner_text("#sentence")


async def test_open_queues_with_nobody_are_not_called_on_target(build: Build) -> None:
    house = await build(centre=centre(0) + "agents:\n  - {name: a, queues: [sales]}\n")
    async with ClientSession(house.url) as client, opened(house) as page:
        await tell(client, "/api/v1/agents/a/status", status="available")
        said = "document.getElementById('sentence').innerText"
        await until(page, f"{said} === '1 open queue is on target; for 1 nobody is at work'")


async def test_the_count_of_complaints_says_which_it_counts(build: Build) -> None:
    more = "quality: {surveys: {csat: {}}}\ncases: {complaint: {queue: sales, limit: 1h, complaint: true}}\n"
    house = await build(centre=centre(8) + more)
    async with ClientSession(house.url) as client:
        for base in ({"customer_base": "gold"}, {}):
            await tell(client, "/api/v1/cases", 201, kind="complaint", subject="late", **base)
        await busy(client, 8, 1)
        for name in ("c0", "c1"):
            await tell(client, CONTACTS, 201, queue="sales", contact=name, attributes={"customer_base": "gold"})
        contact = (await get(client, f"{CONTACTS}/talk"))["contact"]["id"]
        await tell(client, f"{CONTACTS}/talk/release")
        said = {"contact": "talk", "contact_id": contact, "kind": "csat"}
        await tell(client, "/api/v1/quality/surveys", 201, **said)
        await tell(client, "/api/v1/quality/answers", **said, score=5)
    async with opened(house) as page:
        await page.click("#screens .tab:nth-child(3)")
        told = "1 complaint of a known customer base or region (50% of 2 contacts of such) · 2 cases open"
        note = "document.querySelector('[data-block=quality] .frame + p')?.textContent"
        await until(page, f"{note}.includes('cases open')")
        assert told in await page.evaluate(note)


async def test_quality_is_told_with_its_n_and_interval_in_both_languages(build: Build) -> None:
    more = "quality: {surveys: {csat: {}}}\nplans: {storm: {title: Typhoon in the north, message: Stay at home}}\n"
    house = await build(centre=centre(8) + more)
    async with ClientSession(house.url) as client:
        await busy(client, 8, 1)
        contact = (await get(client, f"{CONTACTS}/talk"))["contact"]["id"]
        await tell(client, f"{CONTACTS}/talk/release")
        said = {"contact": "talk", "contact_id": contact, "kind": "csat"}
        await tell(client, "/api/v1/quality/surveys", 201, **said)
        await tell(client, "/api/v1/quality/answers", **said, score=5)
        await tell(client, "/api/v1/plans/storm/activate", by="Lan", reason="the storm")
    house.engine.views.quality._fold.state.flow.floor_ns = time.time_ns() - 3600 * 10**9
    async with opened(house, locale="vi-VN") as page:
        await page.click("#screens .tab:nth-child(3)")
        await until(page, "document.querySelectorAll('.quality tbody tr').length >= 3")
        row = await page.text_content(".quality tbody tr:first-child")
        assert row == "Khách hàng hài lòng (CSAT)100%21% – 100%, n = 1100%21% – 100%, n = 1"
        row = await page.text_content(".quality tbody tr:nth-child(2)")
        assert row == "Tỷ lệ trả lời khảo sát100%21% – 100%, n = 1100%21% – 100%, n = 1"
        assert await page.text_content("[data-tile=callbacks] .note") == "không có yêu cầu gọi lại"
        await page.select_option("#language", "en")
        await until(page, "document.querySelector('.quality tbody th')?.textContent === 'Satisfied customers (CSAT)'")
        await until(
            page, "document.querySelector('[data-block=quality] .frame + p')?.textContent.includes('whole since')"
        )
        await page.set_viewport_size({"width": 1280, "height": 640})
        await until(page, "innerHeight === 640")
        await drawn(page)
        assert await page.is_visible("#plans")
        bottom = "document.querySelector('[data-block=quality] .frame + p').getBoundingClientRect().bottom"
        assert await page.evaluate(bottom) <= 640, "what the figures rest on is seen, too"
        names = ["Nguyễn Thị Huyền 17", "agent012", "Agent 1234", "lê.văn-bình tùng", "12 Agent", ""]
        shorten = "(names) => import('/pages/wallboard/words.js').then(({ initials }) => names.map(initials))"
        assert await page.evaluate(shorten, names) == [initials(name) for name in names], "as on a kiosk"
