"""The desk's page: every part is served, catalogues say the same, and nothing writes markup."""

import json
import re
from importlib.resources import files

from aiohttp import ClientSession

from adapters.http.routes.pages import COMMON, DESK
from tests.http.support import House

PAGES = files("adapters.http") / "pages" / "desk"
CATALOGUES = {name: json.loads((PAGES / f"{name}.json").read_text("utf-8")) for name in ("en", "vi")}
SHARED = files("adapters.http") / "pages" / "common"
SCRIPTS = {part.name: part.read_text("utf-8") for part in PAGES.iterdir() if part.name.endswith(".js")}
SHARED_SCRIPTS = {part.name: part.read_text("utf-8") for part in SHARED.iterdir()}
DIALOGS = [name for name in SCRIPTS if "dialog" in name]


def test_catalogues_have_equal_keys_and_placeholders() -> None:
    english, vietnamese = CATALOGUES["en"], CATALOGUES["vi"]
    assert list(english) == list(vietnamese)
    for key, text in english.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", vietnamese[key])), key
        assert text.strip()
        assert vietnamese[key].strip()


def test_reasons_begin_alike_wherever_they_stand() -> None:
    reasons = ("over.line", "leaving", "refused.", "file_gone", "file_empty", "file_late", "file_kind", "file_no_room")
    for catalogue in CATALOGUES.values():
        for key, text in catalogue.items():
            assert not key.startswith(reasons) or text[0].isupper(), key


def test_every_word_that_a_script_says_is_in_the_catalogue() -> None:
    keys = set(CATALOGUES["en"])
    for name, script in SCRIPTS.items():
        said = set(re.findall(r'\b(?:t|saying)\(\s*"([\w.]+)"', script))
        said |= set(re.findall(r'\b(?:t|saying)\(\s*[^"(]+\? "([\w.]+)" : "[\w.]+"', script))
        missing = {key for key in said if key not in keys and f"{key}.other" not in keys}
        assert not missing, name


def test_no_script_writes_markup() -> None:
    for name, script in SCRIPTS.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", script), name


def test_every_import_is_of_a_part_that_is_there() -> None:
    known = {f"./{name}" for name in SCRIPTS} | {f"../common/{name}" for name in SHARED_SCRIPTS}
    for name, script in SCRIPTS.items():
        assert set(re.findall(r'\bfrom "([^"]+)"', script)) <= known, name


def test_scripts_are_small_and_say_what_they_are_for() -> None:
    for name, script in (SCRIPTS | SHARED_SCRIPTS).items():
        lines = script.splitlines()
        assert len(lines) <= 400, name
        assert lines[0].startswith("// "), name
        assert max(map(len, lines)) <= (180 if name in DIALOGS else 400), name


async def test_every_part_is_served(house: House) -> None:
    assert {name for _, name, _ in DESK if name.endswith(".js")} == set(SCRIPTS)
    assert {name for _, name, _ in COMMON} == set(SHARED_SCRIPTS)
    async with ClientSession(house.url) as client:
        for path, _, kind in (*DESK, *COMMON):
            async with client.get(path) as answer:
                assert answer.status == 200
                assert answer.content_type == kind
                assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
                headers = {"If-None-Match": answer.headers["ETag"]}
            async with client.get(path, headers=headers) as answer:
                assert (answer.status, answer.headers["Cache-Control"]) == (304, "no-cache")
