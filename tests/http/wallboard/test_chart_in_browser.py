"""The chart of the day in a real browser: every figure of its axes is seen, and hours can be read off."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.http.browser import until
from tests.http.support import Build
from tests.http.wallboard.browser import CHROMIUM, centre, opened

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs the command chromium"),
]
HOURS = "[...document.querySelectorAll('svg.chart .hour')].map((one) => one.textContent).join(' ')"
FIGURES = "[...document.querySelectorAll('svg.chart .axis.right')].map((one) => one.textContent)"
CUT = """(() => {
  const whole = document.querySelector('svg.chart').getBoundingClientRect();
  return [...document.querySelectorAll('svg.chart .axis')].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.left < whole.left || box.right > whole.right || box.bottom > whole.bottom;
  }).map((one) => one.textContent);
})()"""
ON_EACH_OTHER = """(() => {
  const boxes = [...document.querySelectorAll('svg.chart .hour')].map((one) => one.getBoundingClientRect());
  return boxes.filter((box, at) => at && box.left < boxes[at - 1].right + 4).length;
})()"""
RULED = """(() => {
  const bars = [...document.querySelectorAll('svg.chart .bar')].map((one) => one.getBoundingClientRect());
  return Math.round((bars.at(-1).left - bars[0].left) / (bars[1].left - bars[0].left));
})()"""


def day(offered: int, *starts: str, step_min: int = 30) -> dict[str, Any]:
    """Return a day with so many contacts in each interval that begins at one of these times of day."""
    known: dict[str, Any] = {"answered": 1, "abandoned": 0, "service_level": 0.8, "agents": 7.5}
    planned = dict.fromkeys(("forecast", "required", "scheduled"))
    rows = []
    for start in starts:
        moment = datetime.fromisoformat(f"2026-03-02T{start}").replace(tzinfo=UTC)
        rows.append({"start_ns": int(moment.timestamp()) * 10**9, "offered": offered, **known, **planned})
    told = {"as_of": 1, "at_ns": rows[-1]["start_ns"] + 1, "step_s": step_min * 60.0, "planned": False}
    return {**told, "rows": rows, "fault": "", "fault_code": "", "fault_given": {}}


async def show(page: Any, told: dict[str, Any]) -> None:
    """Let the board have this day."""

    async def answer(route: Any) -> None:
        await route.fulfill(body=json.dumps(told), content_type="application/json")

    await page.route("**/day?**", answer)


async def test_the_axes_of_a_day_that_has_just_begun_can_be_read(build: Build) -> None:
    house = await build(centre=centre(8))
    async with opened(house, width=1280, height=800) as page:
        await show(page, day(9000, "05:00"))
        await page.click("#screens .tab:nth-child(2)")
        await until(page, f"{HOURS} === '05:00 06:00 07:00 08:00 09:00'")
        assert (await page.evaluate(FIGURES))[:3] == ["0", "5,000", "10,000"]
        for width, height in ((1280, 800), (1920, 1080), (390, 844)):
            await page.set_viewport_size({"width": width, "height": height})
            await until(page, f"innerWidth === {width} && {CUT}.length === 0")
            assert await page.evaluate(ON_EACH_OTHER) == 0
        await page.click("#do-replay")
        await until(page, "document.getElementById('link').dataset.state === 'past'")
        await until(page, f"{HOURS} === '05:00 06:00 07:00 08:00 09:00'")


@pytest.mark.parametrize(
    ("told", "hours"),
    [
        (day(1, "05:30", "06:00", "06:30"), "06:00 07:00 08:00 09:00"),
        (day(1, "08:03", "08:04", step_min=1), "08:03 08:04 08:05 08:06 08:07 08:08 08:09 08:10 08:11"),
        (
            day(700_000, *(f"{half // 2:02}:{half % 2 * 30:02}" for half in range(48))),
            "00:00 03:00 06:00 09:00 12:00 15:00 18:00 21:00 00:00",
        ),
    ],
)
async def test_hours_are_told_as_the_room_allows(build: Build, told: dict[str, Any], hours: str) -> None:
    house = await build(centre=centre(8))
    async with opened(house, width=1280, height=800) as page:
        await show(page, told)
        await page.click("#screens .tab:nth-child(2)")
        await until(page, f"{HOURS} === '{hours}'")
        assert (await page.evaluate(CUT), await page.evaluate(ON_EACH_OTHER)) == ([], 0)


async def test_an_interval_that_is_missing_keeps_its_place(build: Build) -> None:
    house = await build(centre=centre(8))
    async with opened(house, width=1280, height=800) as page:
        await show(page, day(5, "08:00", "08:30", "11:00"))
        await page.click("#screens .tab:nth-child(2)")
        await until(page, f"{HOURS} === '08:00 09:00 10:00 11:00 12:00'")
        assert await page.evaluate(RULED) == 6
        assert (await page.get_attribute("svg.chart .line.strong", "d")).count("M") == 2, "a line breaks off there"
