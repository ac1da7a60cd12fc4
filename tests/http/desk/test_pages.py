"""The desk's page: every part is served, catalogues say the same, and nothing writes markup."""

import json
import re
from importlib.resources import files

from aiohttp import ClientSession

from adapters.http.routes.pages import DESK
from tests.http.support import House

PAGES = files("adapters.http") / "pages" / "desk"
CATALOGUES = {name: json.loads((PAGES / f"{name}.json").read_text("utf-8")) for name in ("en", "vi")}
SCRIPTS = {part.name: part.read_text("utf-8") for part in PAGES.iterdir() if part.name.endswith(".js")}


def test_catalogues_have_equal_keys_and_placeholders() -> None:
    english, vietnamese = CATALOGUES["en"], CATALOGUES["vi"]
    assert list(english) == list(vietnamese)
    for key, text in english.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", vietnamese[key])), key
        assert text.strip()
        assert vietnamese[key].strip()


def test_every_word_that_a_script_says_is_in_the_catalogue() -> None:
    keys = set(CATALOGUES["en"])
    for name, script in SCRIPTS.items():
        said = set(re.findall(r'\bt\(\s*"([\w.]+)"', script))
        said |= set(re.findall(r'\bt\(\s*[^"(]+\? "([\w.]+)" : "[\w.]+"', script))
        missing = {key for key in said if key not in keys and f"{key}.other" not in keys}
        assert not missing, name


def test_no_script_writes_markup() -> None:
    for name, script in SCRIPTS.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", script), name


async def test_every_part_is_served(house: House) -> None:
    assert {name for _, name, _ in DESK if name.endswith(".js")} == set(SCRIPTS)
    async with ClientSession(house.url) as client:
        for path, _, kind in DESK:
            async with client.get(path) as answer:
                assert answer.status == 200
                assert answer.content_type == kind
                assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
