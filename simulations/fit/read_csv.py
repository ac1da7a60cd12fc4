"""Calls from a CSV file, one a line, with columns of documented names."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from engine.errors import ConfigError
from engine.model.fields import nearest
from simulations.fit.bad_lines import BadLines
from simulations.fit.calls import ONE_AT_ONCE, SECOND_NS, UNKNOWN, Calls, Collected, instant_ns

COLUMNS: Final = {
    "arrival": "when it joined the queue: 2026-11-23 08:00:05, with or without offset, or seconds since 1970",
    "wait_s": "seconds until it was answered or left",
    "outcome": "answered, abandoned or other",
    "handle_s": "seconds of talk, holds included; empty: unknown",
    "wrap_up_s": "seconds of work afterwards; empty: unknown",
    "queue": "queue or type; without the column, all calls are of one",
    "channel": "of the queue: voice (not said), chat, email or task",
    "priority": "whole number, higher goes first",
    "agent": "who answered",
    "customer": "the same for the same customer, as a number or a hash of it",
}
REQUIRED: Final = ("arrival", "wait_s", "outcome")
OUTCOMES: Final = ("answered", "abandoned", "other")
LONGEST_S: Final = 7 * 86_400.0


def read_csv(path: Path, time_zone: str, bad_lines: int = 0) -> Calls:
    """Return the calls of a file with the columns COLUMNS. Raises ConfigError with file and line, and OSError."""
    found, bad = Collected(), BadLines(str(path), bad_lines)
    good = 0
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.DictReader(file, skipinitialspace=True)
        _check_heading(path, reader.fieldnames or ())
        try:
            for record in reader:
                line = {key: value for key, value in record.items() if key and isinstance(value, str)}
                try:
                    _take(found, line, time_zone)
                    good += 1
                except ValueError as error:
                    bad.note(reader.line_num, str(error))
        except csv.Error as error:
            raise ConfigError([f"{path}:{reader.line_num}: this is not CSV: {error}"]) from None
    bad.settle(good)
    if bad.count:
        found.remarks["bad lines passed over"] += bad.count
    return found.calls(str(path), time_zone)


def _check_heading(path: Path, names: object) -> None:
    given = list(names) if isinstance(names, list | tuple) else []
    missing = [name for name in REQUIRED if name not in given]
    if missing:
        near = nearest(missing[0], given)
        text = f"the heading has no column '{missing[0]}'{near}; there may be {', '.join(COLUMNS)}"
        raise ConfigError([f"{path}:1: {text}"])


def _take(found: Collected, line: dict[str, str], time_zone: str) -> None:
    outcome = line.get("outcome", "").strip().lower()
    if outcome not in OUTCOMES:
        raise ValueError(f"the outcome '{outcome}' is none of {', '.join(OUTCOMES)}")
    kind, channel = line.get("queue", "").strip() or "calls", line.get("channel", "").strip().lower()
    if channel and channel not in ONE_AT_ONCE:
        raise ValueError(f"the channel '{channel}' is none of {', '.join(ONE_AT_ONCE)}")
    if channel and found.channels.setdefault(kind, channel) != channel:
        raise ValueError(
            f"the queue '{kind}' is of the channel {found.channels[kind]} in a line before; name two queues"
        )
    found.add(
        arrival_ns=_instant_ns(line.get("arrival", "").strip(), time_zone),
        wait_ns=_duration_ns(line, "wait_s", needed=True),
        handle_ns=_duration_ns(line, "handle_s"),
        wrap_up_ns=_duration_ns(line, "wrap_up_s"),
        kind=kind,
        priority=_whole(line.get("priority", "").strip() or "0"),
        agent=line.get("agent", "").strip(),
        customer=line.get("customer", "").strip(),
        answered=outcome == "answered",
        abandoned=outcome == "abandoned",
    )


def _instant_ns(text: str, time_zone: str) -> int:
    try:
        if text.replace(".", "", 1).isdecimal():
            return instant_ns(datetime.fromtimestamp(float(text), UTC), time_zone)
        return instant_ns(datetime.fromisoformat(text), time_zone)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"the arrival '{text}' is no time; write 2026-11-23 08:00:05 or seconds since 1970") from None


def _duration_ns(line: dict[str, str], name: str, *, needed: bool = False) -> int:
    text = line.get(name, "").strip()
    if not text and not needed:
        return UNKNOWN
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_S:
        raise ValueError(f"{name} '{text}' is not a number of seconds from 0 to {LONGEST_S:g}")
    return round(seconds * SECOND_NS)


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) > 7:
        raise ValueError(f"the priority '{text}' is not a whole number from 0 to 7")
    return int(text)
