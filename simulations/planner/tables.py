"""Tables of answers: structured arrays, which numpy and pandas take as they are, and HTML, which notebooks show."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np

from simulations.report.markup import el, html

Array = np.ndarray[Any, Any]
Row = dict[str, Any]
MOMENTS: Final = ("interval_start",)
"""Columns of moments."""
LEFT: Final = "text-align: left"
RIGHT: Final = "text-align: right"


def structured(rows: Iterable[Row]) -> Array:
    """Return rows that have the same keys as a structured array of shape (rows,), a field a key.

    Words are `U`, numbers float64 with nan where nothing can be told, moments `datetime64[s]` by the clock of the
    rows' own time zone. `pandas.DataFrame(array)` makes a frame of it.
    """
    listed = list(rows)
    names = list(listed[0]) if listed else []
    columns = [_column(name, [row[name] for row in listed]) for name in names]
    found = np.empty(len(listed), [(name, column.dtype) for name, column in zip(names, columns, strict=True)])
    for name, column in zip(names, columns, strict=True):
        found[name] = column
    return found


def _column(name: str, values: list[Any]) -> Array:
    if name in MOMENTS:
        return np.array([datetime.fromisoformat(value).replace(tzinfo=None) for value in values], "datetime64[s]")
    if any(isinstance(value, str) for value in values):
        return np.array(["" if value is None else str(value) for value in values])
    return np.array([np.nan if value is None else value for value in values], float)


def shown(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], note: str, *, words: int = 1) -> str:
    """Return a small table as HTML, everything escaped; of each row the first `words` cells hold words."""
    sides = [LEFT if place < words else RIGHT for place in range(len(headings))]
    head = [el("th", heading, scope="col", style=side) for heading, side in zip(headings, sides, strict=True)]
    body = [el("tr", [el("td", cell, style=side) for cell, side in zip(row, sides, strict=True)]) for row in rows]
    caption = el("caption", title, style=f"{LEFT}; font-weight: 600")
    table = el("table", caption, el("thead", el("tr", head)), el("tbody", body))
    return html(el("div", table, el("p", note, style="font-size: smaller; margin-top: 0")))
