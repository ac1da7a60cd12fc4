"""Contacts that go on in another queue, after a talk or without one: they come to it, and nobody new has called."""

import math
from typing import Any, Final

import msgspec
import numpy as np

from simulations.fit.calls import SECOND_NS, Calls
from simulations.fit.statistics import Figure, share_of

Array = np.ndarray[Any, Any]
STEADY: Final = 0.1
"""Waits of which the middle half differs by no more than this share: moved on by a rule, after so long."""


class WayOn(msgspec.Struct, frozen=True):
    """How many go on from one queue in another."""

    to: str
    talked: bool
    """After a talk: a transfer; else they were moved on while they waited."""
    share: Figure
    """Of those who were answered, or of all who came."""
    after_s: float
    """The wait after which a rule moves them on; NaN: they talked, or no such rule is seen."""


def ways_on(calls: Calls, number: int) -> list[WayOn]:
    """Return the ways on from a queue, the most used first."""
    rows = calls.rows
    here, gone = rows["type"] == number, rows["came_on"] & (rows["came_from"] == number) & (rows["type"] != number)
    found = []
    for talked in (True, False):
        base = int((here & rows["answered"]).sum() if talked else here.sum())
        these = gone & (rows["by_transfer"] == talked)
        for kind in np.unique(rows["type"][these]).tolist():
            waits_s = rows["waited_before_ns"][these & (rows["type"] == kind)] / SECOND_NS
            after_s = math.nan if talked else _steady(waits_s)
            found.append(WayOn(calls.types[kind], talked, share_of(min(len(waits_s), base), base), after_s))
    return sorted(found, key=lambda way: -way.share.value)


def _steady(waits_s: Array) -> float:
    low, middle, high = np.quantile(waits_s, (0.25, 0.5, 0.75)).tolist()
    return float(middle) if high - low <= max(STEADY * middle, 1.0) else math.nan
