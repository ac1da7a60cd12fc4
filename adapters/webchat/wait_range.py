"""The wait as a range of whole minutes that a visitor can plan by: it shrinks quietly, and grows only with words."""

from math import ceil, floor
from typing import Final, NamedTuple

MINUTE_S: Final = 60.0
WORTH_SAYING: Final = 1.25
"""A range that ends later than the one told, but by less than this factor or a minute, is not told at all."""


class WaitRange(NamedTuple):
    """From `low` to `high` minutes; `longer` where it is worse than what was told before."""

    low_min: int
    high_min: int
    longer: bool = False


def told_range(p50_s: float | None, p90_s: float | None, told: WaitRange | None) -> WaitRange | None:
    """Return what to tell now of a wait with these quantiles, after `told`; None: it cannot be told.

    Half of those who stand so are served before `low`, nine of ten before `high`.
    """
    if p50_s is None or p90_s is None:
        return None
    low, high = floor(p50_s / MINUTE_S), max(1, ceil(p90_s / MINUTE_S))
    if told is None:
        return WaitRange(low, high)
    if high <= told.high_min:
        low = min(low, told.low_min)
        if (low, high) == told[:2]:
            return told
        return WaitRange(low, high)
    if high - told.high_min <= 1 or high < told.high_min * WORTH_SAYING:
        return told
    return WaitRange(low, high, longer=True)
