"""Intervals that follow one another, and how a sentence names them."""

from collections.abc import Iterable
from typing import Final

from simulations.scenario.file import ScenarioFile

DAY_LETTERS: Final = 11
"""Of a time as `2026-11-23 12:00`: the day and the blank."""


def stretches_of(intervals: Iterable[int]) -> list[tuple[int, int]]:
    """Return intervals, in order of time, as stretches of those that follow one another: (first, last)."""
    found: list[tuple[int, int]] = []
    for place in intervals:
        if found and found[-1][1] == place - 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found


def named(file: ScenarioFile, intervals: Iterable[int]) -> str:
    """Return all of them as times, `2026-11-23 12:00 to 12:30, 15:00 to 15:30`: a day is said once."""
    texts, day = [], ""
    for stretch in stretches_of(intervals):
        ends = []
        for edge in (stretch[0], stretch[1] + 1):
            text = file.clock(edge)
            ends.append(text.removeprefix(day))
            day = text[:DAY_LETTERS]
        texts.append(" to ".join(ends))
    return ", ".join(texts)
