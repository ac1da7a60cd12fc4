"""The pages: served from here alone, for the wallboard and the documentation, and by names that are escaped."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.http.support import CENTRE, Build

PAGES = Path(str(files("adapters.http") / "pages"))
NAMES = [
    *sorted(
        path.relative_to(PAGES).as_posix() for folder in ("common", "wallboard") for path in PAGES.glob(f"{folder}/*")
    ),
    "document.html",
    "document.css",
]
SCRIPTS = [name for name in NAMES if name.endswith(".js")]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_fetched_from_elsewhere(name: str) -> None:
    text = (PAGES / name).read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//[a-z]+\.|@import", text)
    assert not re.search(r"\son\w+=\"|style=\"|<script>|innerHTML|document\.write|\beval\(", text)


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_small_and_say_what_they_are_for(name: str) -> None:
    lines = (PAGES / name).read_text("utf-8").splitlines()
    assert len(lines) <= 400
    assert lines[0].startswith("// ")
    assert max(map(len, lines)) <= 400


async def test_the_pages_are_served_and_kept(client: ClientSession) -> None:
    for address, kind in (
        ("/", "text/html"),
        ("/wallboard", "text/html"),
        ("/pages/wallboard/base.css", "text/css"),
        ("/pages/wallboard/vi.json", "application/json"),
        ("/pages/common/texts.js", "text/javascript"),
        ("/pages/document.css", "text/css"),
    ):
        async with client.get(address) as answer:
            assert (answer.status, answer.content_type) == (200, kind)
            etag = answer.headers["ETag"]
        async with client.get(address, headers={"If-None-Match": etag}) as answer:
            assert answer.status == 304


async def test_the_page_says_whose_it_is(build: Build) -> None:
    house = await build("", CENTRE.replace("name: test centre", "name: Smith & <Sons>"))
    async with ClientSession(house.url) as client, client.get("/") as answer:
        text = await answer.text()
    assert "<title>Smith &amp; &lt;Sons&gt;</title>" in text
    assert '<h1 id="title">Smith &amp; &lt;Sons&gt;</h1>' in text


def test_live_regions_are_there_before_anything_is_said() -> None:
    page = (PAGES / "wallboard" / "wallboard.html").read_text("utf-8")
    assert '<p id="status" class="unseen" role="status"></p>' in page
    assert '<p id="alarm" class="unseen" role="alert"></p>' in page
    assert "prefers-reduced-motion" in (PAGES / "wallboard" / "base.css").read_text("utf-8")
