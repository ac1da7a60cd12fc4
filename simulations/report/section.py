"""A section of the page: what it says in a sentence, its pictures, how to read them, and its table."""

from typing import Final

import msgspec

from simulations.report.markup import Child, Element, el
from simulations.report.wording import Words

CELLS_MAX: Final = 1400
"""Of a table; longer ones show the rows that matter most."""
PANELS_MAX: Final = 12
WIDTH: Final = 720.0


POINTS_MAX: Final = 2400
"""Intervals that the pictures of a section hold together: the page is to stay small."""


def room_for(intervals: int) -> int:
    """Return how many pictures over so many intervals a section has room for."""
    return max(1, min(PANELS_MAX, POINTS_MAX // max(intervals, 1)))


class Panel(msgspec.Struct):
    """One picture."""

    title: str
    description: str
    """What it shows, for those who do not see it."""
    shapes: list[Element]
    height: float = 300.0
    width: float = WIDTH


class Table(msgspec.Struct):
    """Headings, and rows whose first cell is a heading, too."""

    headings: list[str]
    rows: list[list[str]]
    words: int = 1
    """So many columns hold words; numbers stand to the right."""
    matters: list[float] = []
    """Of each row: how much, where not all can be shown; not said: the first most."""


class Section(msgspec.Struct):
    """Of one kind of picture."""

    key: str
    """Its title is in the catalogue as `title_KEY`, how to read it as `read_KEY`."""
    lead: list[str]
    panels: list[Panel]
    table: Table
    legend: list[tuple[str, str]] = []
    """Class of a mark, and what it stands for."""
    notes: list[str] = []
    wide: bool = False
    is_formula: bool = False
    """Not simulated."""
    is_small: bool = False
    """Its pictures stand beside each other even where there is little room."""
    is_broad: bool = False
    """Its pictures are as wide as the page, and are moved sideways where the page is narrow."""


class Missing(msgspec.Struct):
    """A picture for which the folder has no data."""

    key: str
    command: str
    """That makes it; empty where none can."""


def drawn(section: Section, say: Words) -> Element:
    """Return the section as an element."""
    key = section.key
    badge = el("span", say("formula"), class_="badge formula") if section.is_formula else None
    return el(
        "section",
        el("h2", say(f"title_{key}"), badge, id=f"{key}-title"),
        [el("p", sentence, class_="lead") for sentence in section.lead],
        el("ul", [_mark(*mark) for mark in section.legend], class_="legend") if section.legend else None,
        _panels(section, say),
        el("p", say(f"read_{key}"), class_="read"),
        [el("p", note, class_="read") for note in section.notes],
        details(section.table, say(f"title_{key}"), say),
        id=key,
        class_="card wide" if section.wide else "card",
        aria_labelledby=f"{key}-title",
    )


def _panels(section: Section, say: Words) -> Element:
    figures = [_figure(section, place) for place in range(len(section.panels))]
    if section.is_broad:
        label = say("picture_of", title=say(f"title_{section.key}"))
        return el("div", figures, class_="panels broad", tabindex="0", role="region", aria_label=label)
    return el("div", figures, class_="panels small" if section.is_small else "panels")


def _figure(section: Section, place: int) -> Element:
    panel, name = section.panels[place], f"{section.key}-{place}"
    picture = el(
        "svg",
        el("title", panel.title, id=f"{name}-t"),
        el("desc", panel.description, id=f"{name}-d"),
        panel.shapes,
        viewBox=f"0 0 {panel.width:g} {panel.height:g}",
        role="img",
        aria_labelledby=f"{name}-t {name}-d",
    )
    return el("figure", el("figcaption", panel.title) if len(section.panels) > 1 else None, picture)


def _mark(mark: str, text: str) -> Element:
    kind, _, name = mark.partition(" ")
    if kind == "line":
        shape = el("path", class_=f"line {name}", d="M1 6H27")
    elif kind == "dot":
        shape = el("circle", class_=name, cx=14, cy=6, r=4.5)
    else:
        shape = el("rect", class_=name, x=4, y=0, width=20, height=12)
    return el("li", el("svg", shape, viewBox="0 0 28 12", aria_hidden="true"), text)


def details(table: Table, title: str, say: Words) -> Element:
    """Return a table that opens when asked, with those rows that fit on a page."""
    fitting = max(CELLS_MAX // max(len(table.headings), 1), 1)
    rows, left_out = table.rows, len(table.rows) - fitting
    note: Child = None
    if left_out > 0:
        ranks = table.matters or [0.0] * len(rows)
        chosen = sorted(sorted(range(len(rows)), key=lambda place: -ranks[place])[:fitting])
        rows = [rows[place] for place in chosen]
        note = el("p", say("rows_left_out", shown=fitting, all=fitting + left_out), class_="read")
    count = table.words
    head = [el("th", text, scope="col", class_=None if at < count else "n") for at, text in enumerate(table.headings)]
    body = [
        el(
            "tr",
            el("th", row[0], scope="row"),
            [el("td", text, class_=None if at < count else "n") for at, text in enumerate(row[1:], 1)],
        )
        for row in rows
    ]
    inner = el("table", el("caption", title, class_="unseen"), el("thead", el("tr", head)), el("tbody", body))
    label = say("table_of", title=title)
    return el(
        "details",
        el("summary", say("table")),
        note,
        el("div", inner, class_="scroll", tabindex="0", role="region", aria_label=label),
    )
