"""Continuity plans on the wallboard: looked at with the next hour, activated in two steps, told by a banner, ended."""

import asyncio
from typing import Any

import pytest
from aiohttp import ClientSession

import tests.http.support
from engine.live.plans import PlanDriver
from engine.model.forecast import Forecast, ForecastQuestion
from simulations.forecast.play import play
from tests.http.browser import until
from tests.http.support import Build, get
from tests.http.wallboard.browser import CHROMIUM, ROOM, centre, opened

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs the command chromium"),
]
PLANS = """
trunk_groups: {main: {display_name: City lines, channels: 10}}
plans:
  storm: {title: {vi: Bão số 3, en: Storm}, message: Stay at home, close: [help], max_length: {sales: 7},
    trunks: {main: 4}}
"""
BANNER = "document.getElementById('plans')"


async def played(question: ForecastQuestion) -> Forecast:
    """The forecast, made in a thread of the test."""
    return await asyncio.to_thread(play, question)


async def test_a_supervisor_looks_at_a_plan_activates_it_and_ends_it(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    axe: Any = pytest.importorskip("axe_playwright_python.async_playwright", reason="axe-playwright-python is absent")
    monkeypatch.setattr(tests.http.support, "CAPACITY", ROOM)
    monkeypatch.setattr("simulations.forecast.present.LEARNT_CONTACTS", 0)  # nobody called yet
    house = await build(centre=centre(4) + PLANS)
    link: Any = house.adapter.context.engine
    link.plans = PlanDriver(house.engine, None, played)
    async with ClientSession(house.url) as client, opened(house) as page:
        assert await page.locator("#plans").is_hidden()
        await page.click("#do-plans")
        await page.click("dialog button:text-is('Storm')")
        await until(page, "document.querySelector('dialog table td:nth-child(4)')?.textContent === 'closed'")
        changed = await page.locator("dialog table th[scope=row]").all_text_contents()
        assert "City lines" in changed, "trunk groups are called as they are shown"
        await until(page, "document.querySelectorAll('dialog .hour tbody tr').length === 3", 90)
        found = await axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        await page.click("dialog button:text-is('Activate…')")
        assert await page.locator("dialog button:text-is('Yes, activate Storm now')").count() == 0, (
            "why is not said yet"
        )
        await page.fill("#d-by", "Lan")
        await page.fill("#d-why", "storm over Huế")
        await page.click("dialog button:text-is('Activate…')")
        assert (await get(client, "/api/v1/plans"))["plans"][0]["active"] is None, "the first press asks"
        await page.click("dialog button:text-is('Yes, activate Storm now')")
        await until(page, f"{BANNER}.textContent.includes('by Lan – storm over Huế')")
        found = await axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        active = (await get(client, "/api/v1/plans"))["plans"][0]["active"]
        assert (active["by"], active["reason"], active["drill"]) == ("Lan", "storm over Huế", False)
        await page.select_option("#language", "vi")
        await until(page, f"{BANNER}.textContent.includes('Bão số 3')")
        await page.click("#plans button")
        await page.fill("#d-why", "tạnh rồi")
        await page.click("dialog button:text-is('Kết thúc phương án…')")
        await page.click("dialog .orders .danger")
        await until(page, f"{BANNER}.hidden")
        assert (await get(client, "/api/v1/plans"))["plans"][0]["active"] is None
