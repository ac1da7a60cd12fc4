"""The page of queues: served from here alone, readable in both themes, and never told by colour only."""

import re
from importlib.resources import files

import pytest
from aiohttp import ClientSession

from tests.http.support import CENTRE, Build

PAGES = files("adapters.http") / "pages"
STYLE = (PAGES / "board.css").read_text("utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root {([^}]*)}", STYLE)
)
ON_WASH = ("good", "warn", "bad", "busy")


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb, by WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_contrast_on_every_ground(theme: dict[str, str]) -> None:
    for ground in ("paper", "card", "wash"):
        for ink in ("ink", "quiet", "link"):
            assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
    for name in ON_WASH:
        for ground in (f"{name}-wash", "card"):
            assert contrast(theme[name], theme[ground]) >= 4.5, (name, ground)
        assert contrast(theme["ink"], theme[f"{name}-wash"]) >= 4.5
        assert contrast(theme["quiet"], theme[f"{name}-wash"]) >= 4.5


@pytest.mark.parametrize("name", ["board.html", "board.css", "board.js", "document.html", "document.css"])
def test_nothing_is_fetched_from_elsewhere(name: str) -> None:
    text = (PAGES / name).read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//[a-z]+\.|@import", text)
    assert not re.search(r"\son\w+=|style=|<script>", text), "the content security policy forbids it"


async def test_the_page_is_served_and_kept(client: ClientSession) -> None:
    for address, kind in (
        ("/", "text/html"),
        ("/pages/board.css", "text/css"),
        ("/pages/board.js", "text/javascript"),
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
    assert "<title>Queues · Smith &amp; &lt;Sons&gt;</title>" in text
    assert '<span class="product">Smith &amp; &lt;Sons&gt;</span>' in text


def test_the_page_speaks_to_those_who_do_not_see_it() -> None:
    page = (PAGES / "board.html").read_text("utf-8")
    assert 'role="status"' in page
    assert page.count("<caption") == page.count("<table")
    heads = re.findall(r"<thead.*?</thead>", page, re.DOTALL)
    assert len(heads) == page.count("<table")
    assert all('scope="col"' in cell for head in heads for cell in re.findall(r"<th\s[^>]*>", head))
    assert 'lang="en"' in page
    assert "prefers-reduced-motion" in STYLE
