"""Tables that fit a terminal of 80 columns: names on the left, numbers on the right, nothing cut off."""

from collections.abc import Iterable
from typing import Final

from rich import box
from rich.table import Table

TITLES: Final = {"service_level": "service level, %", "abandon_rate": "gave up, %", "blocked_rate": "blocked, %"} | {
    "dismissed_rate": "hung up on, %",
    "asa_s": "ASA, s",
    "wait_s": "mean wait of all, s",
    "occupancy": "busy, %",
}
"""What figures are called on a terminal, with their units."""
PLAIN_FROM = 1000.0
"""Figures of which a table tells no fractions."""


def table_of(
    headings: Iterable[str], *, names: int = 1, title: str = "", caption: str = "", is_tight: bool = False
) -> Table:
    """Return an empty table whose first `names` columns hold words, the others numbers; tight ones have many."""
    table = Table(
        title=title or None,
        caption=caption or None,
        box=box.SIMPLE_HEAD,
        padding=0 if is_tight else (0, 1),
        pad_edge=False,
        collapse_padding=True,
    )
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place < names else "right", no_wrap=place < names)
    return table


def number(value: float, digits: int = 1, sign: str = "") -> str:
    """Return a number with so many digits after the point, none of them from PLAIN_FROM on."""
    return f"{value:{sign},.{0 if abs(value) >= PLAIN_FROM else digits}f}"


def with_half(figure: dict[str, float | None], unit: float = 1.0, *, digits: int = 1, sign: str = "") -> str:
    """Return a figure of {value, low, high} with half the width of its interval."""
    value, low, high = figure["value"], figure["low"], figure["high"]
    if value is None:
        return "-"
    plain = abs(value / unit) >= PLAIN_FROM
    half = "" if low is None or high is None else f" ±{(high - low) / 2 / unit:,.{0 if plain else digits}f}"
    return number(value / unit, digits, sign) + half


def money_unit(amounts: Iterable[float]) -> tuple[float, str]:
    """Return what amounts are divided by, so that they can be read, and its name."""
    most = max(map(abs, amounts), default=0.0)
    return (1e6, "millions of ") if most >= 1e7 else (1e3, "thousands of ") if most >= 1e5 else (1.0, "")
