"""Rates, shares and targets as planners write them (`100/min`, `80%`, `80/20`), and durations, to numbers."""

import re
from typing import Final

from engine.model.durations import parse_duration

DAY_S: Final = 86_400
_PER_HOUR: Final = {
    "s": 3600.0,
    "sec": 3600.0,
    "min": 60.0,
    "m": 60.0,
    "h": 1.0,
    "hour": 1.0,
    "d": 1 / 24,
    "day": 1 / 24,
}
_RATE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(\d*)\s*([a-z]+)", re.ASCII)
_SHARE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(%?)", re.ASCII)


def parse_rate(text: str) -> float:
    """Return the arrivals per hour of `100/min`, `2400/h`, `0.5/s` or `900/30min`. Raises ValueError."""
    match = _RATE.fullmatch(text.strip())
    units = float(match[2] or 1) if match else 0.0
    if match is None or match[3] not in _PER_HOUR or not units or not float(match[1]):
        raise ValueError(f"'{text}' is not a rate of arrivals; write it as 100/min, 2400/h, 0.5/s or 900/30min")
    return float(match[1]) * _PER_HOUR[match[3]] / units


def parse_share(text: str) -> float:
    """Return the share of `80%` or `0.8`, from 0 to 1. Raises ValueError."""
    match = _SHARE.fullmatch(text.strip())
    share = float(match[1]) / (100.0 if match[2] else 1.0) if match else -1.0
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"'{text}' is not a share; write it as 80% or 0.8")
    return share


def parse_seconds(text: str) -> float:
    """Return the seconds of `20s`, `3m30s` or `1h`. Raises ValueError."""
    return parse_duration(text.strip()) / 1e9


def parse_interval(text: str) -> int:
    """Return the seconds of an interval of `30m`, of which a day holds a whole number. Raises ValueError."""
    interval_s = parse_duration(text.strip()) // 1_000_000_000
    if interval_s < 60 or DAY_S % interval_s:
        raise ValueError("a day must hold a whole number of intervals, of 1m or more: 15m, 30m, 1h")
    return interval_s


def parse_target(text: str) -> tuple[float, float | None]:
    """Return (share, threshold in s) of `80/20` or `80%/30s`; (share, None) of `80%` or `0.8`. Raises ValueError."""
    share, slash, within = text.partition("/")
    try:
        if not slash:
            return parse_share(share), None
        percent = share if share.strip().endswith("%") or float(share) <= 1.0 else f"{share.strip()}%"
        seconds = within if within.strip()[-1:].isalpha() else f"{within.strip()}s"
        return parse_share(percent), parse_seconds(seconds)
    except ValueError:
        raise ValueError(f"'{text}' is not a target; write it as 80/20 (80 % within 20 s), 80%/30s, or 80%") from None
