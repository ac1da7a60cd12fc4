"""Token buckets by name: so many at once, and so many a second after that."""

from collections import OrderedDict
from typing import Final

NAMES_MAX: Final = 65_536
"""Buckets remembered; the one used longest ago is forgotten, and is full again."""


class RateLimit:
    """Buckets that hold `burst`, refilled by `per_second`. Time is in ns of a clock that never goes back."""

    def __init__(self, per_second: float, burst: float, names_max: int = NAMES_MAX) -> None:
        self._rate = per_second / 1e9
        self._burst = max(1.0, burst)
        self._names_max = names_max
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self.refused = 0

    def follow(self, per_second: float, burst: float) -> None:
        """Go on with another rate; what is in the buckets stays, as far as there is room."""
        self._rate = per_second / 1e9
        self._burst = max(1.0, burst)

    def take(self, name: str, now_ns: int) -> float:
        """Take one of a name's; returns 0, or after how many seconds there will be another."""
        level, at_ns = self._buckets.get(name, (self._burst, now_ns))
        level = min(self._burst, level + (now_ns - at_ns) * self._rate)
        wait_s = 0.0
        if level >= 1.0:
            level -= 1.0
        else:
            wait_s = (1.0 - level) / self._rate / 1e9
            self.refused += 1
        self._buckets[name] = level, now_ns
        self._buckets.move_to_end(name)
        if len(self._buckets) > self._names_max:
            self._buckets.popitem(last=False)
        return wait_s
