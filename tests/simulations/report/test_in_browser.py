"""The page of a report in a real browser: everybody can read it, at any size, in light and dark, and on paper."""

import shutil
from pathlib import Path

import pytest

from simulations.report.page import page
from tests.simulations.report.results import whole

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.timeout(600),  # it may compile the world
    pytest.mark.skipif(CHROMIUM is None, reason="needs the command chromium"),
]
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
OUTSIDE = """() => [...document.querySelectorAll("figure svg text")].filter((place) => {
  const [box, frame] = [place, place.ownerSVGElement].map((one) => one.getBoundingClientRect());
  return box.width && (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 2);
}).map((place) => place.textContent)"""
"""Letters that stand outside their picture and are cut off."""


CUT = """() => [...document.querySelectorAll("#summary .scroll")].filter((one) => one.scrollWidth > one.clientWidth)
  .map((one) => one.scrollWidth)"""
"""Widths of tables at the top that have to be moved sideways."""
CROSSED = """() => [...document.querySelectorAll("figure svg")].flatMap((picture) => {
  const texts = [...picture.querySelectorAll("text.strong")];
  const names = texts.map((one) => [one.textContent, one.getBoundingClientRect()]);
  return [...picture.querySelectorAll("path.target, path.axis-line")].flatMap((line) => {
    const mine = line.getBoundingClientRect();
    return mine.height < 2 ? [] : names.filter(([, box]) => mine.left > box.left && mine.left < box.right
      && mine.top < box.bottom - 3 && mine.bottom > box.top + 3).map(([text]) => text);
  });
})"""
"""Names that an upright line goes through."""


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(1920, "light", "vi"), (1200, "dark", "en"), (800, "light", "en"), (390, "dark", "vi")],
)
def test_everybody_can_read_it(tmp_path: Path, width: int, scheme: str, language: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    (tmp_path / "report.html").write_text(page(whole(), language), encoding="utf-8")
    said: list[str] = []
    with playwright_api.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto((tmp_path / "report.html").as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate(OUTSIDE) == []
        assert tab.evaluate(CROSSED) == []
        assert width < 800 or tab.evaluate(CUT) == []
        tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found = axe.Axe().run(tab)
        assert found.violations_count == 0, found.generate_report()
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        browser.close()
    assert said == []


PRINTED = """() => [...document.querySelectorAll("figure svg text, td, th, .limits, p, li, dt, dd")]
  .filter((one) => one.getBoundingClientRect().width)
  .map((one) => [parseFloat(getComputedStyle(one).fontSize) * (one.ownerSVGElement ? one.getScreenCTM().a : 1) * 0.75,
    one.textContent])"""
"""Letters and their height in points."""
IN_A_ROW = """() => [...document.querySelectorAll(".panels")].map((one) => {
  const tops = [...one.querySelectorAll("figure")].map((picture) => Math.round(picture.getBoundingClientRect().top));
  return Math.max(...tops.map((top) => tops.filter((other) => other === top).length));
})"""
PAPER = {"width": 688, "height": 1017}
"""Of A4 within its margins, CSS pixels."""


def test_an_amount_of_many_figures_stays_in_its_tile(tmp_path: Path) -> None:
    found = whole()
    assert found.run is not None
    cost = {"value": 112_233_222.0, "low": 111_000_000.0, "high": 113_000_000.0, "currency": "VND"}
    found.run = found.run | {"cost": cost, "benefit": cost | {"value": 112_233_222_444_555.0}}
    (tmp_path / "report.html").write_text(page(found), encoding="utf-8")
    with playwright_api.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for width in (320, 390, 800, 1200):
            tab = browser.new_page(viewport={"width": width, "height": 900})
            tab.goto((tmp_path / "report.html").as_uri())
            tiles = "[...document.querySelectorAll('.tiles div')]"
            over = f"{tiles}.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
            assert tab.evaluate(over) == [], width
            tab.close()


def test_on_paper_letters_are_legible_and_pictures_stand_two_to_a_row(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(page(whole()), encoding="utf-8")
    with playwright_api.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        tab = browser.new_page(viewport=PAPER)
        tab.emulate_media(media="print")
        tab.goto((tmp_path / "report.html").as_uri())
        assert [text for points, text in tab.evaluate(PRINTED) if points < 5.2] == []
        small = [(points, text) for points, text in tab.evaluate(PRINTED) if points < 5.9]
        assert [one for one in small if not one[1].isdigit()] == []  # those are in cells of a map
        assert max(tab.evaluate(IN_A_ROW)) == 2
        assert tab.evaluate("document.documentElement.scrollWidth") <= PAPER["width"]
        assert tab.evaluate(OUTSIDE) == []
        browser.close()
