"""Every shift that may be worked in a horizon, as patterns of intervals and as a scenario's file says them."""

import re
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

import numpy as np

from engine.model.durations import DAY_MINUTES, parse_clock, parse_duration
from engine.model.opening_hours import DAYS
from simulations.queueing.arrays import Floats
from simulations.scenario.file import ScenarioFile
from simulations.scenario.scenario import Scenario
from simulations.scenario.sections import Shift as FileShift
from simulations.staffing import Break, Shift, check_shift, shift_patterns

_SHIFT: Final = re.compile(r"([^@/]+)@([\d:]+)-([\d:]+)((?:/[^@/]+@[^@/-]+-[^@/-]+)*)", re.ASCII)
ALWAYS: Final = "0:00-24:00"
"""Hours of those who have no shifts where others have: all the time, as the file says."""
DAYS_MAX: Final = 7
"""Shifts are told by the day of the week."""


class Timetable(NamedTuple):
    """Shifts to choose from."""

    works: Floats
    """Shape (patterns, intervals): part of the interval at work."""
    paid_hours: Floats
    """Shape (patterns,): of one agent, breaks included, as scenarios pay."""
    said: list[dict[str, Any]]
    """Each as an entry of `shifts` of a group, without its count."""
    allowed: Floats
    """Shape (groups, patterns): 1.0 where the group may work it."""


def parse_shift(text: str, step_s: float = 1800.0) -> Shift:
    """Return the shift that `8h30m@6:00-13:30/30m@3h-5h` says: its length, first and last start, and its breaks, each
    with its length and how long after the start it may begin. Raises ValueError.
    """
    match = _SHIFT.fullmatch(text.replace(" ", ""))
    if match is None:
        raise ValueError(f"'{text}' is not a shift; write LENGTH@FIRST-LAST/BREAK@FROM-TO: 8h30m@6:00-13:30/30m@3h-5h")
    breaks = []
    for said in match[4].split("/")[1:]:
        length, _, span = said.partition("@")
        earliest, _, latest = span.partition("-")
        breaks.append(Break(parse_duration(length) / 1e9, parse_duration(earliest) / 1e9, parse_duration(latest) / 1e9))
    first_s, last_s = (parse_clock(match[place]) * 60.0 for place in (2, 3))
    found = Shift(text, parse_duration(match[1]) / 1e9, first_s, last_s, step_s, tuple(breaks))
    if found.length_s >= DAY_MINUTES * 60.0:
        raise ValueError(f"'{text}' takes a day or more; give a shift of less than 24h")
    check_shift(found)
    return found


def timetable(scenario: Scenario, shifts: tuple[Shift, ...]) -> Timetable | None:
    """Return the shifts of a horizon: these for every group, or else those of each group in the file; None if neither.

    Raises ConfigError, with its place in the file, for a horizon of more than a week and where no shift works in it.
    """
    file = scenario.file
    groups = file.groups
    if not shifts and not any(group.shifts for group in groups):
        return None
    first = date.fromisoformat(file.horizon.from_[:10])
    days = [first + timedelta(days=number) for number in range(DAYS_MAX + 1)]
    days = [day for day in days if file.instant_ns(day.isoformat()) < file.end_ns]
    if len(days) > DAYS_MAX:
        text = f"the horizon has more than {DAYS_MAX} days, and shifts are planned by the day of the week"
        raise scenario.fault(("horizon",), f"{text}; let it end earlier, or solve it week by week")
    rows: dict[str, tuple[Floats, float, dict[str, Any]]] = {}
    allowed: list[set[str]] = []
    for group in groups:
        mine: set[str] = set()
        if not shifts and not group.shifts:
            rows[ALWAYS] = (np.ones(file.intervals), (file.end_ns - file.start_ns) / 3_600e9, {"hours": ALWAYS})
            mine.add(ALWAYS)
        for day in days:
            for kind in shifts or _fixed(group.shifts, DAYS[day.weekday()]):
                mine |= _add(rows, file, day, kind, several=len(days) > 1)
        allowed.append(mine)
    if not rows:
        where = "the shifts given" if shifts else "the shifts of the groups"
        raise scenario.fault(("horizon",), f"no shift works in the horizon, of {where}; give others, or other hours")
    return Timetable(
        np.array([works for works, _, _ in rows.values()]),
        np.array([hours for _, hours, _ in rows.values()]),
        [said for _, _, said in rows.values()],
        np.array([[float(key in mine) for key in rows] for mine in allowed]),
    )


def _fixed(shifts: list[FileShift], weekday: str) -> list[Shift]:
    """Return the shifts of a file as kinds with one start and breaks at one time."""
    found = []
    for shift in shifts:
        if shift.days and weekday not in shift.days:
            continue
        for start, end in shift.hours:
            length = (end - start) % DAY_MINUTES or DAY_MINUTES
            breaks = tuple(
                Break((stop - begin) * 60.0, (begin - start) * 60.0, (begin - start) * 60.0)
                for begin, stop in shift.breaks
                if start <= begin and stop - start <= length
            )
            found.append(Shift("own", length * 60.0, start * 60.0, start * 60.0, breaks=breaks))
    return found


def _add(
    rows: dict[str, tuple[Floats, float, dict[str, Any]]], file: ScenarioFile, day: date, kind: Shift, *, several: bool
) -> set[str]:
    """Add a kind's patterns of a day; return their keys."""
    begins_s = (file.start_ns - file.instant_ns(day.isoformat())) / 1e9
    found = shift_patterns([kind], file.intervals, interval_s=file.horizon.interval_ns / 1e9, begins_s=begins_s)
    keys = set()
    for works, start_s, breaks in zip(found.works, found.starts_s, found.breaks_s, strict=True):
        if not works.any():
            continue
        said: dict[str, Any] = {"hours": _clocks(start_s, kind.length_s)}
        if breaks:
            said["breaks"] = [_clocks(begin, rest.length_s) for begin, rest in zip(breaks, kind.breaks, strict=True)]
        if several:
            said["days"] = [DAYS[day.weekday()]]
        key = repr(said)
        rows[key] = (works, _within_hours(start_s, kind.length_s, begins_s, file), said)
        keys.add(key)
    return keys


def _within_hours(start_s: float, length_s: float, begins_s: float, file: ScenarioFile) -> float:
    """Return the hours of a shift that lie in the horizon: what a scenario pays."""
    span_s = (file.end_ns - file.start_ns) / 1e9
    return max(min(start_s + length_s, begins_s + span_s) - max(start_s, begins_s), 0.0) / 3600.0


def _clocks(start_s: float, length_s: float) -> str:
    start = round(start_s / 60) % DAY_MINUTES
    end = (start + round(length_s / 60)) % DAY_MINUTES or DAY_MINUTES
    return f"{start // 60}:{start % 60:02}-{end // 60}:{end % 60:02}"
