"""A token bucket for each caller: so many requests a second, twice as many at once."""

from collections import OrderedDict
from typing import Final

CALLERS_MAX: Final = 4096
"""Callers remembered; the one that asked longest ago is forgotten, and starts with a full bucket."""


class RateLimit:
    """Time is told in nanoseconds of a clock that never goes back."""

    def __init__(self, requests_per_second: int, callers_max: int = CALLERS_MAX) -> None:
        self._rate = requests_per_second / 1e9
        self._size = 2.0 * requests_per_second
        self._callers_max = callers_max
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self.refused = 0

    def take(self, caller: str, now_ns: int) -> float:
        """Take one request of the caller's; returns 0, or after how many seconds there will be another."""
        level, at_ns = self._buckets.get(caller, (self._size, now_ns))
        level = min(self._size, level + (now_ns - at_ns) * self._rate)
        wait_s = 0.0
        if level >= 1.0:
            level -= 1.0
        else:
            wait_s = (1.0 - level) / self._rate / 1e9
            self.refused += 1
        self._buckets[caller] = level, now_ns
        self._buckets.move_to_end(caller)
        if len(self._buckets) > self._callers_max:
            self._buckets.popitem(last=False)
        return wait_s
