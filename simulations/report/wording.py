"""Words, numbers, shares and times in the reader's language."""

import json
import math
from datetime import datetime
from pathlib import Path
from typing import Any, Final

LANGUAGES: Final = ("en", "vi")
FOLDER: Final = Path(__file__).parent / "words"
NOTHING: Final = "–"
SWAPPED: Final = str.maketrans(".,", ",.")
Limits = tuple[float | None, float | None, float | None]
"""A figure and where it lies: value, low, high."""


class Words:
    """The catalogue of one language, and how it writes numbers."""

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self._words: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))

    def __call__(self, key: str, **given: Any) -> str:
        """Return the words of a key, numbers among what is given written out whole."""
        shown = {name: self.number(value) if isinstance(value, int | float) else value for name, value in given.items()}
        return self._words[key].format(**shown)

    def heading(self, key: str, **given: Any) -> str:
        """Return the words of a key with a capital letter, as titles and headings begin."""
        text = self(key, **given)
        return text[:1].upper() + text[1:]

    def has(self, key: str) -> bool:
        """Tell whether there are words of this key."""
        return key in self._words

    def number(self, value: float | None, digits: int = 0) -> str:
        """Return a number with its thousands apart."""
        if value is None or not math.isfinite(value):
            return NOTHING
        text = f"{value:,.{digits}f}"
        text = text.removeprefix("-") if float(text.replace(",", "")) == 0.0 else text.replace("-", "−")
        return text.translate(SWAPPED) if self.language == "vi" else text

    def compact(self, value: float, digits: int = 0) -> str:
        """Return a number for an axis, thousands and millions by their words."""
        unit, word = unit_of(value)
        if not word:
            return self.number(value, digits)
        scaled = value / unit
        return f"{self.number(scaled, 0 if scaled == round(scaled) else 1)} {self(word)}"

    def amount(self, figure: Limits) -> str:
        """Return an amount with its limits in words: `11.2 (10.9–11.5) billion`, to three digits or more."""
        value, low, high = figure
        unit, word = unit_of(max((abs(end) for end in figure if end is not None), default=0.0))
        digits = 0 if not word or abs(value or 0.0) / unit >= 100 else 1 if abs(value or 0.0) / unit >= 10 else 2
        text = self.limits((value, low, high), digits, 1.0 / unit)
        return f"{text} {self(word)}" if word else text

    def share(self, value: float | None, digits: int = 1) -> str:
        """Return a share with its sign of per cent."""
        return NOTHING if value is None or not math.isfinite(value) else f"{self.number(value * 100, digits)}%"

    def limits(self, figure: Limits, digits: int = 1, scale: float = 1.0) -> str:
        """Return `84.1 (83.2–85.0)`: a figure with the limits of its interval, as far as they are known."""
        value, low, high = figure
        if value is None:
            return NOTHING
        text = self.number(value * scale, digits)
        if low is None or high is None:
            return text
        between = "–" if low >= 0 else f" {self('to')} "
        return f"{text} ({self.number(low * scale, digits)}{between}{self.number(high * scale, digits)})"

    def shares(self, figure: Limits, digits: int = 1) -> str:
        """Return a share in per cent with its limits, which no chance takes below 0 or above 100."""
        value, low, high = figure
        kept = (value, None if low is None else max(low, 0.0), None if high is None else min(high, 1.0))
        return self.limits(kept, digits, 100.0)

    def duration(self, seconds: float | None) -> str:
        """Return `20 s`, `3 min 20 s` or `2 h 05 min`."""
        if seconds is None or not math.isfinite(seconds):
            return NOTHING
        if seconds < 60:
            return f"{self.number(seconds, 0 if seconds == round(seconds) else 1)} {self('second')}"
        whole = round(seconds)
        hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
        if hours:
            return f"{hours} {self('hour')}" + (f" {minutes:02} {self('minute')}" if minutes else "")
        return f"{minutes} {self('minute')}" + (f" {rest:02} {self('second')}" if rest else "")

    def day(self, moment: datetime) -> str:
        """Return a day without its year."""
        return f"{moment.day}/{moment.month}" if self.language == "vi" else f"{moment.day} {MONTHS[moment.month - 1]}"

    def date(self, moment: datetime) -> str:
        """Return a whole date."""
        return f"{self.day(moment)}{'/' if self.language == 'vi' else ' '}{moment.year}"


def unit_of(value: float) -> tuple[float, str]:
    """Return what an amount is divided by, so that it can be read, and the key of its word."""
    size = abs(value)
    return (
        (1e9, "billion")
        if size >= 1e9
        else (1e6, "million")
        if size >= 1e6
        else ((1e3, "thousand") if size >= 1e4 else (1.0, ""))
    )


MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
