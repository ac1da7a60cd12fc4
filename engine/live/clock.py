"""Clocks: the live one counts on from the time of day at its start, sleep of the machine included.

It never goes back: setting the time of day back moves no deadline. Where that has gone ahead, the clock steps after it,
because deadlines that passed meanwhile have passed.
"""

import logging
import time
from typing import Final

COMPARE_EVERY_NS: Final = 60_000_000_000
STEP_NS: Final = 1_000_000_000
"""A difference below that is let be."""
LONGEST_STEP_NS: Final = 86_400_000_000_000
"""The log keeps the time that it once had: a time of day further ahead is not followed without a restart."""

logger = logging.getLogger(__name__)


def elapsed_ns() -> int:
    """Nanoseconds since some moment, sleep of the machine included where the system counts it."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return time.monotonic_ns()


class LiveClock:
    """Nanoseconds since 1970, never before `not_before_ns`, when the log ends."""

    def __init__(self, not_before_ns: int = 0) -> None:
        elapsed = elapsed_ns()
        self._offset_ns = max(time.time_ns(), not_before_ns) - elapsed
        self._compare_at_ns = elapsed
        self._told = False
        """Whether a difference that stays was told."""

    def now_ns(self) -> int:
        """Now; never goes back."""
        elapsed = elapsed_ns()
        if elapsed >= self._compare_at_ns:
            self._compare(elapsed)
        return elapsed + self._offset_ns

    def _compare(self, elapsed: int) -> None:
        """Look how far the time of day is ahead, and follow it."""
        self._compare_at_ns = elapsed + COMPARE_EVERY_NS
        ahead_ns = time.time_ns() - elapsed - self._offset_ns
        if STEP_NS < ahead_ns <= LONGEST_STEP_NS:
            self._offset_ns += ahead_ns
            logger.warning("the time of day was %.1f s ahead: the clock steps forward", ahead_ns / 1e9)
        elif abs(ahead_ns) > STEP_NS and not self._told:
            where = "ahead of" if ahead_ns > 0 else "behind"
            logger.warning(
                "the time of day is %.1f s %s the engine's clock, which goes on as it was: a log never goes back, and"
                " leaps of more than a day need a restart",
                *(abs(ahead_ns) / 1e9, where),
            )
        self._told = abs(ahead_ns) > STEP_NS and not STEP_NS < ahead_ns <= LONGEST_STEP_NS


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
