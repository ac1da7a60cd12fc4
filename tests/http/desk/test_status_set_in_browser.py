"""Somebody else chooses an agent's status, in a real browser: the desk says who it was and why, and of nothing else."""

import pytest
from aiohttp import ClientSession

from tests.http.browser import until
from tests.http.desk.support import CENTRE
from tests.http.desk.test_in_browser import browser, signed_in
from tests.http.support import Build, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]
STATUS = "/api/v1/agents/an/status"


@pytest.mark.parametrize(
    ("locale", "paused", "offline"),
    [
        ("en", "Lan set your state to “Pause: training”. Reason: course at ten", "Your state was set to “Offline”."),
        (
            "vi",
            "Lan đã đổi trạng thái của bạn thành “Tạm nghỉ: training”. Lý do: course at ten",
            "Trạng thái của bạn đã được đổi thành “Ngoại tuyến”.",
        ),
    ],
)
async def test_a_status_that_somebody_else_chose_is_told(build: Build, locale: str, paused: str, offline: str) -> None:
    house = await build(centre=CENTRE)
    async with browser(locale=locale) as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        await page.wait_for_selector("#state[data-state=idle]")
        await tell(client, STATUS, status="paused", reason="training", by="Lan", note="course at ten")
        await page.locator(".toast", has_text=paused).wait_for()
        await until(page, f"document.getElementById('urgent').textContent === '{paused}'")
        await page.wait_for_selector("#state[data-state=paused]")
        await tell(client, STATUS, status="offline")
        await page.locator(".toast", has_text=offline).wait_for()
        assert await page.locator(".toast").count() == 1, "the latest"
        colours = await page.evaluate(
            """() => [".toast", ".contacts"].map((one) => getComputedStyle(document.querySelector(one)).color)"""
        )
        assert colours[0] == colours[1], "no fault"


async def test_what_is_told_of_a_status_goes_once_that_is_another_one(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context, ClientSession(house.url) as client:
        page = await signed_in(context, house)
        await page.evaluate("window.setTimeout = () => 0")  # it does not go by itself
        await tell(client, STATUS, status="available")
        await page.locator(".toast", has_text="Ready").wait_for()
        await page.wait_for_selector("#state[data-state=idle]")
        assert await page.locator(".toast").count() == 1, "the status it tells of is there"
        await tell(client, STATUS, status="paused", reason="lunch", by="an")
        await page.locator(".toast").wait_for(state="detached")


async def test_what_the_agent_chose_is_no_news(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context, ClientSession(house.url) as client:
        page, other = await signed_in(context, house), await context.new_page()
        await other.goto(f"{house.url}/desk")
        await other.wait_for_selector("#state[data-state]")
        await page.keyboard.press("r")
        await other.wait_for_selector("#state[data-state=idle]")
        await tell(client, STATUS, status="paused", by="an")
        for each in (page, other):
            await each.wait_for_selector("#state[data-state=paused]")
            assert await each.locator(".toast").count() == 0
