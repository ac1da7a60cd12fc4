"""Something done again and again on the running loop, whatever becomes of it once."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Final

from engine.errors import Overloaded

RETRY_S: Final = 1.0
"""What found no room is tried again after so long."""
FAILED: Final = "ticks_failed"
"""Among the driver's figures: how often something was tried again because it failed."""

logger = logging.getLogger(__name__)


class Ticker:
    """The next time is set before anything is done: what fails is counted, said once, and tried again."""

    def __init__(self, name: str, longest_s: float, action: Callable[[], float | None], counters: Counter[str]) -> None:
        """`action` returns after how many seconds it is to be done again; None: after `longest_s`.

        What raises Overloaded is tried again soon. `counters` are the driver's, `name` is for people who read why.
        """
        self._name = name
        self._longest_s = longest_s
        self._action = action
        self._counters = counters
        self._timer: asyncio.Handle | None = None
        self._due_s = 0.0
        """By the loop's clock. The timer cannot say: uvloop's has no `when` where it is due at once."""
        self._failing = False

    def tick(self) -> None:
        """Do it now, and again in a while."""
        self._again(self._longest_s)
        try:
            after_s = self._action()
            self._failing = False
        except Overloaded:
            after_s = RETRY_S
        except Exception:
            self._counters[FAILED] += 1
            if not self._failing:
                logger.exception("%s failed; it is tried again in %g s", self._name, self._longest_s)
            self._failing = True
            return
        if after_s is not None and self._timer is not None:
            self._again(min(after_s, self._longest_s))

    def hasten(self, within_s: float) -> None:
        """Do it within so many seconds, where it goes on at all."""
        if self._timer is not None and self._due_s > asyncio.get_running_loop().time() + within_s:
            self._again(within_s)

    def stop(self) -> None:
        """Do it no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _again(self, after_s: float) -> None:
        self.stop()
        loop, after_s = asyncio.get_running_loop(), max(0.0, after_s)
        self._due_s = loop.time() + after_s
        self._timer = loop.call_later(after_s, self.tick)
