"""Passing signs between adapters, as that somebody is typing: handed on at once, kept nowhere."""

import logging
from collections import Counter
from collections.abc import Callable

from engine.ports import Hint

logger = logging.getLogger(__name__)


class Hints:
    """Who watches hints. Nothing is queued: a hint is with every watcher when `tell` returns."""

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self._watchers: list[Callable[[Hint], None]] = []

    def tell(self, hint: Hint) -> None:
        """Hand a hint to everybody who watches; one who fails keeps it from no other."""
        self._counters["hints"] += 1
        for watcher in tuple(self._watchers):
            try:
                watcher(hint)
            except Exception:
                self._counters["watchers_failed"] += 1
                logger.exception("a watcher of hints failed")

    def watch(self, watcher: Callable[[Hint], None]) -> Callable[[], None]:
        """Call `watcher` with every hint; returns the function that ends that."""
        self._watchers.append(watcher)

        def end() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

        return end
