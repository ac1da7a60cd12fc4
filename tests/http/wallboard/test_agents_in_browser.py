"""The squares of agents in a real browser: where they work is called as the configuration calls it."""

import pytest

from tests.http.browser import until
from tests.http.support import Build
from tests.http.wallboard.browser import CHROMIUM, QUEUES, opened

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs the command chromium"),
]
SITES = "sites: {hanoi: {display_name: Hà Nội}, da-nang: {display_name: Đà Nẵng}, hue: {}}\n"
AGENTS = "".join(f"  - {{name: at-{site}, queues: [sales], site: {site}}}\n" for site in ("hanoi", "da-nang", "hue"))
OPTIONS = "[...document.querySelectorAll('[data-block=agents] select option')].map((one) => one.textContent).join()"
SQUARES = "[...document.querySelectorAll('#agents .square')].map((one) => one.title).join()"


async def test_sites_have_their_shown_names_in_the_filter_the_titles_and_the_search(build: Build) -> None:
    house = await build(centre=f"{QUEUES}{SITES}agents:\n{AGENTS}")
    async with opened(house) as page:
        await until(page, f"{OPTIONS} === 'All sites,Đà Nẵng,Hà Nội,hue'")
        await page.select_option("[data-block=agents] select", label="Hà Nội")
        await until(page, f"{SQUARES} === 'at-hanoi · offline · Hà Nội'")
        await page.select_option("[data-block=agents] select", "")
        await page.fill("#agent-search", "da nang")
        await until(page, f"{SQUARES} === 'at-da-nang · offline · Đà Nẵng'")
