"""Volumes of a file, or of a list, brought to the intervals of the horizon: by the clock where a column says it."""

import math
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from simulations.scenario.csv_files import table_of, why_unread

CLOCK: Final = "interval_start"
"""The column that says when a row begins: a time of day, or a date and a time."""
DAY_S: Final = 86_400
VOLUME_MAX: Final = 10_000_000
_TIME_OF_DAY: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_DATE_AND_TIME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{1,2}:\S+)", re.ASCII)


class Timeline(NamedTuple):
    """The intervals of a horizon: where the first begins, s since 1970, how long each is, how many, and whose clock."""

    start_s: int
    interval_s: int
    intervals: int
    time_zone: str

    def slots(self, step_s: int) -> list[int]:
        """Return where every `step_s` seconds of the horizon begin."""
        return list(range(self.start_s, self.start_s + self.intervals * self.interval_s, step_s))

    @property
    def days(self) -> float:
        """How many days the horizon has by the wall clock."""
        zone = ZoneInfo(self.time_zone)
        edges = (self.start_s, self.start_s + self.intervals * self.interval_s)
        first, last = (datetime.fromtimestamp(edge, zone).replace(tzinfo=None) for edge in edges)
        return (last - first) / timedelta(days=1)


class _Rows(NamedTuple):
    """A file with a clock: volumes by when their rows begin, s since midnight or since 1970."""

    name: str
    volumes: dict[int, float]
    daily: bool
    """Times of day, rather than dates and times."""
    step_s: int
    """From one row to the next."""


def volumes_of_file(path: Path, column: str, timeline: Timeline, *, repeat: bool) -> list[float]:
    """Return the volume of each interval. Raises OSError, and ValueError that says what does not fit."""
    try:
        names, rows = table_of(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path.name} cannot be read: {why_unread(error)}") from None
    if column not in names:
        raise ValueError(f"{path.name} has no column '{column}'; there is {', '.join(names) or 'none'}")
    volumes = [_volume(path.name, line, row[column]) for line, row in enumerate(rows, 2)]
    if not volumes:
        raise ValueError(f"{path.name} has a heading and no volumes")
    if CLOCK not in names:
        return spread(volumes, timeline, repeat=repeat, name=path.name)
    return _aligned(_clocked(path.name, [row[CLOCK] for row in rows], volumes, timeline), timeline, repeat=repeat)


def spread(volumes: list[float], timeline: Timeline, *, repeat: bool, name: str = "") -> list[float]:
    """Return volumes, in the order of the intervals, of each interval. Raises ValueError where there are not as many,
    unless they repeat.
    """
    if repeat:
        return [volumes[place % len(volumes)] for place in range(timeline.intervals)]
    if len(volumes) != timeline.intervals:
        found = f"{name} has {len(volumes)} rows" if name else f"there are {len(volumes)} volumes"
        by_clock = f", name when each row begins in a column '{CLOCK}'" if name else ""
        raise ValueError(
            f"{found}, and the horizon has {timeline.intervals} intervals of {_length(timeline.interval_s)}; give one "
            f"an interval{by_clock}, or say 'repeat: true' if they begin again after the last"
        )
    return volumes


def _volume(name: str, line: int, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        raise ValueError(f"{name}:{line}: a volume is no number: {text!r}") from None
    if not (math.isfinite(value) and 0.0 <= value <= VOLUME_MAX):
        raise ValueError(f"{name}:{line}: a volume must be from 0 to {VOLUME_MAX:,}; it is {text}")
    return value


def _clocked(name: str, clocks: list[str | None], volumes: list[float], timeline: Timeline) -> _Rows:
    """Return the rows by when they begin; what they are apart is the least that any two are."""
    found: dict[int, float] = {}
    kinds = set()
    for line, (text, volume) in enumerate(zip(clocks, volumes, strict=True), 2):
        begin_s, daily = _begin(name, line, (text or "").strip(), timeline.time_zone)
        kinds.add(daily)
        if len(kinds) > 1:
            raise ValueError(f"{name}:{line}: '{CLOCK}' is a time of day in some rows, and a date and time in others")
        if begin_s in found:
            raise ValueError(f"{name}:{line}: '{text}' stands twice in '{CLOCK}'; there must be one row an interval")
        found[begin_s] = volume
    begins = sorted(found)
    step_s = min((later - sooner for sooner, later in pairwise(begins)), default=None)
    return _Rows(name, found, kinds == {True}, step_s or timeline.interval_s)


def _begin(name: str, line: int, text: str, time_zone: str) -> tuple[int, bool]:
    """Return when a row begins, s, and whether that is a time of day."""
    if match := _TIME_OF_DAY.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        if hours < 24 and minutes < 60 and seconds < 60:
            return hours * 3600 + minutes * 60 + seconds, True
    if match := _DATE_AND_TIME.fullmatch(text):
        clock = match[2] if match[2][1] != ":" else f"0{match[2]}"
        try:
            instant = datetime.fromisoformat(f"{match[1]}T{clock}")
        except ValueError:
            pass
        else:
            zoned = instant if instant.tzinfo is not None else instant.replace(tzinfo=ZoneInfo(time_zone))
            return int(zoned.timestamp()), False
    raise ValueError(f"{name}:{line}: '{text}' in '{CLOCK}' is no time; write 07:30, or 2026-11-23 07:30")


def _aligned(rows: _Rows, timeline: Timeline, *, repeat: bool) -> list[float]:
    """Return the volume of each interval: rows summed, or split evenly, where one grid divides the other."""
    step_s, interval_s = rows.step_s, timeline.interval_s
    if interval_s % step_s and step_s % interval_s:
        raise ValueError(
            f"{rows.name} has a row every {_length(step_s)}, which neither divides the interval of "
            f"{_length(interval_s)} nor is a multiple of it; give 'horizon' an interval that fits"
        )
    if rows.daily and timeline.days > 1 and not repeat:
        raise ValueError(
            f"'{CLOCK}' of {rows.name} are times of day, and the horizon has more than one day; say 'repeat: true' if "
            "every day is like that, or write dates and times"
        )
    slot_s = min(step_s, interval_s)
    slots = [
        _row_at(rows, at_s, slot_s, timeline.time_zone, repeat=repeat) * slot_s / step_s
        for at_s in timeline.slots(slot_s)
    ]
    each = interval_s // slot_s
    return [math.fsum(slots[place : place + each]) for place in range(0, len(slots), each)]


def _row_at(rows: _Rows, at_s: int, slot_s: int, time_zone: str, *, repeat: bool) -> float:
    """Return the volume of the row in which `slot_s` seconds from an instant on lie."""
    first_s, last_s = min(rows.volumes), max(rows.volumes)
    clock_s, local = at_s, datetime.fromtimestamp(at_s, ZoneInfo(time_zone))
    if rows.daily:
        clock_s = local.hour * 3600 + local.minute * 60 + local.second
    elif repeat:
        clock_s = first_s + (at_s - first_s) % (last_s + rows.step_s - first_s)
    ahead_s = (clock_s - first_s) % rows.step_s
    if ahead_s % slot_s:
        raise ValueError(
            f"no row of {rows.name} begins at {local:%Y-%m-%d %H:%M}, when an interval does; its rows begin at "
            f"{_told(rows, first_s, time_zone)} and every {_length(rows.step_s)} from then on"
        )
    begin_s = clock_s - ahead_s
    if rows.daily:
        begin_s %= DAY_S
    if begin_s not in rows.volumes:
        again = "" if rows.daily or repeat else ", or say 'repeat: true' if they begin again after the last"
        raise ValueError(
            f"{rows.name} has no row for {local:%Y-%m-%d %H:%M}; its rows are from "
            f"{_told(rows, first_s, time_zone)} to {_told(rows, last_s, time_zone)}, {_length(rows.step_s)} each. "
            f"Add what is missing{again}, or shorten 'horizon'"
        )
    return rows.volumes[begin_s]


def _told(rows: _Rows, begin_s: int, time_zone: str) -> str:
    if rows.daily:
        return f"{datetime.fromtimestamp(begin_s, UTC):%H:%M}"
    return f"{datetime.fromtimestamp(begin_s, ZoneInfo(time_zone)):%Y-%m-%d %H:%M}"


def _length(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min" if not rest else f"{seconds} s"
