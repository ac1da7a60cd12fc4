"""The day's plan: a CSV file of what was forecast, required and scheduled by interval and queue."""

import csv
from collections.abc import Collection, Iterable
from datetime import datetime, time
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from engine.model.fields import nearest, nearest_of

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
    """The file cannot be used: a sentence with its line; and a code with what goes with it, for other languages."""

    def __init__(self, text: str, code: str, **given: str | int) -> None:
        super().__init__(text)
        self.code = code
        self.given = {name: str(value) for name, value in given.items()}


def read_plan(path: Path, day: datetime, zone: ZoneInfo, queues: Collection[str]) -> list[Planned]:
    """Return the plan of one day. A start is a time of day, of that day, or an instant.

    `queues` are all there are: a row may name one of them, whichever a board shows, or none. Raises PlanFault.
    """
    try:
        if path.stat().st_size > BYTES_MAX:
            raise PlanFault(f"{path} has more than {BYTES_MAX >> 20} MiB", "large", path=str(path))
        return list(_rows(path.read_text("utf-8-sig").splitlines(), day, zone, queues))
    except FileNotFoundError:
        raise PlanFault(f"there is no file {path}", "missing", path=str(path)) from None
    except OSError as error:
        raise PlanFault(f"{path} cannot be read: {error.strerror}", "unreadable", path=str(path)) from None
    except UnicodeDecodeError as error:
        raise PlanFault(f"{path} is not UTF-8: byte {error.start}", "text", path=str(path), byte=error.start) from None


def _rows(lines: Iterable[str], day: datetime, zone: ZoneInfo, queues: Collection[str]) -> Iterable[Planned]:
    reader = csv.DictReader(lines)
    missing = [name for name in COLUMNS[:2] if name not in (reader.fieldnames or ())]
    if missing:
        text = f"line 1: the column '{missing[0]}' is missing; the columns are {', '.join(COLUMNS)}"
        raise PlanFault(text, "column", column=missing[0], columns=", ".join(COLUMNS))
    for row in reader:
        start = _instant(row["interval_start"], day, zone, reader.line_num)
        queue = _queue(row["queue"], queues, reader.line_num)
        figures = (_number(row, name, reader.line_num) for name in COLUMNS[2:])
        yield Planned(start, queue, *figures)


def _instant(text: str | None, day: datetime, zone: ZoneInfo, line: int) -> int:
    text = (text or "").strip()
    try:
        if "T" in text or "-" in text or len(text) > len("23:59:59"):
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
        else:
            moment = datetime.combine(day.date(), time.fromisoformat(text.zfill(5)), zone)
    except ValueError:
        said = f"line {line}: {text[:40]!r} is neither a time of day, as 08:30, nor an instant"
        raise PlanFault(said, "start", line=line, value=text[:40]) from None
    return int(moment.timestamp()) * NS


def _queue(text: str | None, queues: Collection[str], line: int) -> str:
    name = (text or "").strip()
    if not name or name in queues:
        return name
    said, near = f"line {line}: there is no queue '{name[:40]}'{nearest(name, queues)}", nearest_of(name, queues)
    if near:
        raise PlanFault(said, "queue_near", line=line, value=name[:40], nearest=near)
    raise PlanFault(said, "queue", line=line, value=name[:40])


def _number(row: dict[str, str | None], name: str, line: int) -> float | None:
    text = (row.get(name) or "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        said = f"line {line}: {text[:40]!r} is no number for '{name}'"
        raise PlanFault(said, "number", line=line, value=text[:40], column=name) from None
    if not 0.0 <= value < 1e9:
        said = f"line {line}: {value:g} is out of range for '{name}'"
        raise PlanFault(said, "range", line=line, value=f"{value:g}", column=name)
    return value
