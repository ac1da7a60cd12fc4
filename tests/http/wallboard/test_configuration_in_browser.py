"""A configuration that is not in force, in a real browser: who may supervise is told for as long as it is so."""

import hashlib

import pytest
from aiohttp import ClientSession

from tests.http.browser import until
from tests.http.support import Build, get
from tests.http.wallboard.browser import CHROMIUM, DRAWN, LIVE, centre, opened

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs the command chromium"),
]
TOLD = "document.getElementById('configuration').innerText"
DIGEST = hashlib.sha256(b"s4").hexdigest()
TOKENS = "tokens:\n" + "".join(
    f"  - {{id: {name}, sha256: {DIGEST}, scopes: [{name}]}}\n" for name in ("read", "supervise")
)


async def test_who_may_supervise_is_told_until_the_file_is_followed(build: Build) -> None:
    house = await build(centre=centre(8))
    house.engine.loads.refuse(["centre.yaml:3:4: 'two' is not a whole number", "another"])
    async with opened(house, width=1280, height=800) as page:
        await until(page, f"{TOLD}.includes('The configuration on disk is not in force: it has 2 faults.')")
        assert await page.get_attribute("#configuration", "role") == "status"
        assert await page.evaluate("document.documentElement.scrollHeight") <= 800, "a wall does not scroll"
        await page.select_option("#language", "vi")
        await until(page, f"{TOLD}.includes('có 2 lỗi')")
        await page.select_option("#language", "en")
        house.engine.loads.followed(["trunk group 'main': routing does not take 5 as channels"])
        await until(page, f"{TOLD}.includes('does not take 5 as channels')", within_s=60.0)
        house.engine.loads.followed([])
        await until(page, "document.getElementById('configuration').hidden", within_s=60.0)


async def test_who_may_read_alone_is_not_told(build: Build) -> None:
    house = await build(centre=centre(2) + TOKENS)
    house.engine.loads.refuse(["a fault"])
    reader, chief = ({"Authorization": f"Bearer trunkline_{name}_s4"} for name in ("read", "supervise"))
    async with ClientSession(house.url) as client:
        async with client.get("/api/v1/configuration", headers=reader) as answer:
            assert answer.status == 403
        told = await get(client, "/api/v1/configuration", chief)
        assert (told["in_force"], told["faults"], told["not_taken"]) == (False, 1, [])
    asked: list[str] = []
    async with opened(house, awaited="!document.getElementById('token-form').hidden") as page:
        page.on("request", lambda request: asked.append(request.url))
        await page.fill("#token", "trunkline_read_s4")
        await page.keyboard.press("Enter")
        await until(page, f"{LIVE} && {DRAWN}")
        assert await page.is_hidden("#configuration")
    assert not [url for url in asked if url.endswith("/configuration")]
