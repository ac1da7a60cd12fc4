"""Clocks: the live one counts on from the wall clock's time at start, so that setting the clock moves no deadline."""

import time


class LiveClock:
    """Nanoseconds since 1970 by the monotonic clock, anchored once; never before `not_before_ns`, when the log ends."""

    def __init__(self, not_before_ns: int = 0) -> None:
        self._offset_ns = max(time.time_ns(), not_before_ns) - time.monotonic_ns()

    def now_ns(self) -> int:
        """Now; never goes back."""
        return time.monotonic_ns() + self._offset_ns


class ManualClock:
    """A clock that stands still until it is moved: for tests and for replays in real time's clothes."""

    def __init__(self, now_ns: int) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        """The time it was set to."""
        return self._now_ns

    def advance(self, by_ns: int) -> None:
        """Let time pass. Raises ValueError for a negative span."""
        if by_ns < 0:
            raise ValueError(f"time does not go back, not even by {-by_ns} ns")
        self._now_ns += by_ns
