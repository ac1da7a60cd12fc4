"""The words of the wallboard: both catalogues say everything, and every word that a script asks for is there."""

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from adapters.http.wallboard.lost import LOST_EXITS

PAGES = Path(__file__).parents[3] / "adapters" / "http" / "pages" / "wallboard"
PREFIXES = re.compile(r"\bt\(`(\w+)_\$\{")
KEYS = re.compile(r"""\bt\(\s*"(\w+)"|data-t(?:-label)?="(\w+)\"""")
PLACE = re.compile(r"\{(\w+)\}")


def catalogue(language: str) -> dict[str, Any]:
    """Return the words of a language."""
    found: dict[str, Any] = json.loads((PAGES / f"{language}.json").read_text("utf-8"))
    return found


def forms(entry: Any) -> list[str]:
    """Return every form of an entry."""
    return list(entry.values()) if isinstance(entry, dict) else [entry]


def test_both_catalogues_have_the_same_keys_places_and_forms() -> None:
    english, vietnamese = catalogue("en"), catalogue("vi")
    assert english.keys() == vietnamese.keys()
    for key, entry in english.items():
        other = vietnamese[key]
        assert type(entry) is type(other), key
        places = {place for form in forms(entry) for place in PLACE.findall(form)} | {"count"}
        assert {place for form in forms(other) for place in PLACE.findall(form)} <= places, key
        if isinstance(entry, dict):
            assert entry.keys() == other.keys() >= {"one", "other"}, key


def test_every_word_that_the_page_asks_for_is_there_and_none_is_left_over() -> None:
    english = catalogue("en")
    sources = "\n".join(path.read_text("utf-8") for path in [*PAGES.glob("*.js"), *PAGES.glob("*.html")])
    asked = {one or other for one, other in KEYS.findall(sources)}
    assert asked <= english.keys()
    families = tuple(f"{name}_" for name in PREFIXES.findall(sources))
    literal = set(re.findall(r'"(\w+)"', sources))
    left_over = {key for key in english if key not in asked | literal and not key.startswith(families)}
    assert left_over == set()


@pytest.mark.parametrize("language", ["en", "vi"])
def test_every_exit_of_the_lost_has_a_word(language: str) -> None:
    assert {f"exit_{name}" for name in LOST_EXITS} == {key for key in catalogue(language) if key.startswith("exit_")}


@pytest.mark.parametrize("language", ["en", "vi"])
def test_words_are_composed(language: str) -> None:
    text = (PAGES / f"{language}.json").read_text("utf-8")
    assert unicodedata.is_normalized("NFC", text)
