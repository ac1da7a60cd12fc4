"""Continuity plans at the desk: what agents are told comes and goes with the plan; the page shows it as words."""

import pytest
from aiohttp import ClientSession

from tests.http.desk.support import CENTRE, opened
from tests.http.support import Build, tell

PLANS = """
plans:
  storm: {title: {vi: Bão số 3, en: Storm}, message: {vi: Ở nhà nhé, en: "Stay <b>home</b>"}, tier: 2}
  flood: {title: Flood, tier: 1}
"""


async def test_a_desk_is_told_while_a_plan_is_in_force(build: Build) -> None:
    house = await build(centre=CENTRE + PLANS)
    async with ClientSession(house.url) as client, opened(house) as desk:
        assert desk.items["plans"] == {"plans": []}
        await tell(client, "/api/v1/plans/storm/activate", reason="typhoon")
        await desk.until(lambda: bool(desk.items["plans"]["plans"]))
        (told,) = desk.items["plans"]["plans"]
        assert (told["plan"], told["drill"]) == ("storm", False)
        assert told["message"] == {"vi": "Ở nhà nhé", "en": "Stay <b>home</b>"}
        await tell(client, "/api/v1/plans/flood/activate", reason="river", drill=True)
        await desk.until(lambda: len(desk.items["plans"]["plans"]) == 2)
        found = [(one["plan"], one["drill"]) for one in desk.items["plans"]["plans"]]
        assert found == [("flood", True), ("storm", False)], "the gravest first"
        async with opened(house, "binh") as other:
            assert len(other.items["plans"]["plans"]) == 2, "who comes later is told, too"
        await tell(client, "/api/v1/plans/flood/deactivate")
        await tell(client, "/api/v1/plans/storm/deactivate")
        await desk.until(lambda: desk.items["plans"] == {"plans": []})


@pytest.mark.peer
@pytest.mark.slow
async def test_the_page_shows_it_in_both_languages_and_runs_nothing(build: Build) -> None:
    in_browser = pytest.importorskip("tests.http.desk.test_in_browser", reason="needs a browser")
    house = await build(centre=CENTRE + PLANS)
    async with ClientSession(house.url) as client, in_browser.browser() as context:
        page = await in_browser.signed_in(context, house)
        assert await page.locator(".plans").is_hidden()
        await tell(client, "/api/v1/plans/storm/activate", reason="typhoon")
        banner = "document.querySelector('.plans').innerText"
        await in_browser.until(page, f"{banner}.includes('Plan in force: Storm')")
        assert "Stay <b>home</b>" in await page.inner_text(".plans"), "words, not markup"
        assert await page.locator(".plans b").count() == 0
        await page.click(".tongues button[lang=vi]")
        await in_browser.until(page, f"{banner}.includes('Ở nhà nhé') && {banner}.includes('Bão số 3')")
        await page.set_viewport_size({"width": 390, "height": 800})
        assert await page.evaluate(in_browser.TOO_WIDE) == []
        await tell(client, "/api/v1/plans/storm/deactivate")
        await page.locator(".plans").wait_for(state="hidden")
