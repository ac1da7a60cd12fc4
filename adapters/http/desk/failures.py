"""Failed sign-ins: after a few from one place, each further try waits twice as long."""

from collections import OrderedDict
from typing import Final

FREE: Final = 5
"""Failures of one agent at one address that cost nothing: people mistype."""
FREE_OF_ADDRESS: Final = 50
"""Of everybody at one address, which may be a whole house's."""
LONGEST_NS: Final = 300_000_000_000
FORGIVEN_AFTER_NS: Final = 900_000_000_000
PLACES_MAX: Final = 10_000
_SECOND_NS: Final = 1_000_000_000


class Failures:
    """Counts failures by place: an address, or an address with the agent whose name was tried."""

    def __init__(self, free: int = FREE) -> None:
        self._free = free
        self._places: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self.refused = 0
        """Tries that were not looked at."""

    def wait_s(self, place: str, now_ns: int) -> float:
        """Return after how many seconds another try from `place` is looked at; 0: now."""
        count, last_ns = self._places.get(place, (0, 0))
        if count < self._free or now_ns - last_ns >= FORGIVEN_AFTER_NS:
            return 0.0
        wait_ns = last_ns + min(LONGEST_NS, _SECOND_NS << min(count - self._free, 20)) - now_ns
        if wait_ns <= 0:
            return 0.0
        self.refused += 1
        return wait_ns / _SECOND_NS

    def failed(self, place: str, now_ns: int) -> None:
        """Count a failure."""
        count, last_ns = self._places.pop(place, (0, 0))
        self._places[place] = (count + 1 if now_ns - last_ns < FORGIVEN_AFTER_NS else 1), now_ns
        if len(self._places) > PLACES_MAX:
            self._places.popitem(last=False)

    def succeeded(self, place: str) -> None:
        """Forget what failed there."""
        self._places.pop(place, None)
