"""The wallboard's colours: every text stands out from what it is on, in every theme, by the rule of WCAG 2.2 AA."""

import re
from pathlib import Path

import pytest

STYLE = Path(__file__).parents[3] / "adapters" / "http" / "pages" / "wallboard" / "base.css"
TEXT, PART = 4.5, 3.0
"""Least contrast of text, and of parts by which something is understood."""
GROUNDS = ("ground", "card", "wash")


def themes() -> dict[str, dict[str, str]]:
    """Return the colours of each theme by name."""
    source = STYLE.read_text("utf-8")
    found = {}
    for theme, start in {
        "light": ":root {",
        "dark": ':root[data-theme="dark"] {',
        "auto": ':root[data-theme="auto"] {',
        "contrast": ':root[data-theme="contrast"] {',
    }.items():
        block = source[source.index(start) :].split("}")[0]
        found[theme] = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    return found


def luminance(colour: str) -> float:
    """Relative luminance as WCAG reckons it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_reckoned_as_published() -> None:
    assert round(contrast("#ffffff", "#000000"), 1) == 21.0
    assert round(contrast("#f8fafc", "#0f172a"), 1) == 17.1


@pytest.mark.parametrize("theme", ["light", "dark", "auto", "contrast"])
def test_text_stands_out(theme: str) -> None:
    colours = themes()[theme]
    for ink in ("ink", "quiet"):
        for ground in (*GROUNDS, "ok-wash", "warn-wash", "alert-wash", "info-wash"):
            assert contrast(colours[ink], colours[ground]) >= TEXT, (ink, ground)
    for ink in ("ok", "warn", "alert", "info"):
        for ground in ("ground", "card", f"{ink}-wash"):
            assert contrast(colours[ink], colours[ground]) >= TEXT, (ink, ground)
    assert contrast(colours["warn"], colours["info-wash"]) >= TEXT, "the timer of an agent who is over the limit"


@pytest.mark.parametrize("theme", ["light", "dark", "auto", "contrast"])
def test_edges_of_controls_stand_out(theme: str) -> None:
    colours = themes()[theme]
    for ground in ("ground", "card"):
        assert contrast(colours["edge"], colours[ground]) >= PART, ground


def test_both_dark_themes_are_one() -> None:
    found = themes()
    assert found["auto"] == found["dark"]
