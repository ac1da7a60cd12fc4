"""The day's plan: a CSV file of what was forecast, required and scheduled by interval and queue."""

import csv
from collections.abc import Iterable
from datetime import datetime, time
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

NS: Final = 1_000_000_000
BYTES_MAX: Final = 8 << 20
COLUMNS: Final = ("interval_start", "queue", "forecast_offered", "required", "scheduled")


class Planned(NamedTuple):
    """What was planned for one queue from one instant on."""

    start_ns: int
    queue: str
    forecast: float | None
    required: float | None
    scheduled: float | None


class PlanFault(ValueError):
    """The file cannot be used: a sentence with its line."""


def read_plan(path: Path, day: datetime, zone: ZoneInfo) -> list[Planned]:
    """Return the plan of one day. A start is a time of day, of that day, or an instant. Raises PlanFault, OSError."""
    if path.stat().st_size > BYTES_MAX:
        raise PlanFault(f"{path} has more than {BYTES_MAX >> 20} MiB")
    try:
        return list(_rows(path.read_text("utf-8-sig").splitlines(), day, zone))
    except UnicodeDecodeError as error:
        raise PlanFault(f"{path} is not UTF-8: byte {error.start}") from None


def _rows(lines: Iterable[str], day: datetime, zone: ZoneInfo) -> Iterable[Planned]:
    reader = csv.DictReader(lines)
    missing = [name for name in COLUMNS[:2] if name not in (reader.fieldnames or ())]
    if missing:
        raise PlanFault(f"line 1: the column '{missing[0]}' is missing; the columns are {', '.join(COLUMNS)}")
    for row in reader:
        start = _instant(row["interval_start"], day, zone, reader.line_num)
        figures = (_number(row, name, reader.line_num) for name in COLUMNS[2:])
        yield Planned(start, row["queue"] or "", *figures)


def _instant(text: str | None, day: datetime, zone: ZoneInfo, line: int) -> int:
    text = (text or "").strip()
    try:
        if "T" in text or "-" in text or len(text) > len("23:59:59"):
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
        else:
            moment = datetime.combine(day.date(), time.fromisoformat(text.zfill(5)), zone)
    except ValueError:
        raise PlanFault(f"line {line}: {text[:40]!r} is neither a time of day, as 08:30, nor an instant") from None
    return int(moment.timestamp()) * NS


def _number(row: dict[str, str | None], name: str, line: int) -> float | None:
    text = (row.get(name) or "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise PlanFault(f"line {line}: {text[:40]!r} is no number for '{name}'") from None
    if not 0.0 <= value < 1e9:
        raise PlanFault(f"line {line}: {value:g} is out of range for '{name}'")
    return value
