"""Numbers as tables show them, on a terminal and in a notebook: rounded, with half of their interval, in a unit."""

from collections.abc import Iterable
from typing import Final

PLAIN_FROM: Final = 1000.0
"""Figures of which a table tells no fractions."""


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
