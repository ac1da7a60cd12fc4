"""Durations and clock times as people write them (`20s`, `1m30s`, `8h`, `8:30`), to integers and back."""

import re
from decimal import Decimal
from typing import Final

_UNIT_NS: Final = {"d": 86_400_000_000_000, "h": 3_600_000_000_000, "m": 60_000_000_000, "s": 10**9, "ms": 10**6}
_PART: Final = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(ms|[dhms])", re.ASCII)
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
DAY_MINUTES: Final = 24 * 60


def parse_duration(text: str) -> int:
    """Return the nanoseconds of `20s`, `1m30s`, `1.5h` or `500ms`; units go from large to small, each once.

    Raises ValueError with a sentence that says what a duration looks like.
    """
    total, position, last_unit_ns = Decimal(0), 0, None
    for part in _PART.finditer(text):
        unit_ns = _UNIT_NS[part[2]]
        if part.start() != position or (last_unit_ns is not None and unit_ns >= last_unit_ns):
            break
        total += Decimal(part[1]) * unit_ns
        position, last_unit_ns = part.end(), unit_ns
    if position != len(text) or not text:
        raise ValueError(f"'{text}' is not a duration; write it as 20s, 1m30s, 500ms or 8h")
    return int(total)


def format_duration(duration_ns: int) -> str:
    """Return the shortest text that `parse_duration` reads back as the same whole milliseconds."""
    rest_ns, parts = duration_ns, []
    for unit, unit_ns in _UNIT_NS.items():
        count, rest_ns = divmod(rest_ns, unit_ns)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_clock(text: str) -> int:
    """Return the minutes after midnight of `8:30`; `24:00` is the end of the day. Raises ValueError."""
    match = _CLOCK.fullmatch(text)
    minutes = int(match[1]) * 60 + int(match[2]) if match else -1
    if match is None or int(match[2]) > 59 or minutes > DAY_MINUTES:
        raise ValueError(f"'{text}' is not a time of day; write it as 8:30 or 17:00, up to 24:00")
    return minutes
