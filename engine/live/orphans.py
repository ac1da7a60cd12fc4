"""Contacts whose adapter is not configured any more: nobody else would ever end them."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any, Final

from engine.ingest.names import ENGINE_SOURCE
from engine.ingest.registry import ContactEntry
from engine.live.loop import LiveEngine
from engine.live.ticker import Ticker
from engine.messages.observed import ContactReleased

AT_ONCE: Final = 256
"""Contacts of one submission; the next follows once it is decided, so that what others bring finds room between."""
LONGEST_SLEEP_S: Final = 60.0

logger = logging.getLogger(__name__)


class Orphans:
    """Releases them, a few at a time."""

    def __init__(self, engine: LiveEngine) -> None:
        self._engine = engine
        self._left: deque[tuple[str, int]] = deque()
        """Names and ids, in the order in which they came."""
        self._under_way: asyncio.Future[Any] | None = None
        self._ticker = Ticker(
            "the release of contacts without an adapter", LONGEST_SLEEP_S, self._go_on, engine.counters
        )

    def release(self, contacts: Sequence[tuple[ContactEntry, str]]) -> None:
        """Begin to release these, each with the adapter that is gone."""
        for adapter, count in Counter(adapter for _, adapter in contacts).items():
            logger.warning("%d open contacts came by adapter '%s', which is not configured", count, adapter)
        self._left.extend((entry.name, entry.arrival_seq) for entry, _ in contacts)
        if self._left:
            self._ticker.tick()

    def stop(self) -> None:
        """Release no more: the next start does."""
        self._left.clear()
        self._ticker.stop()

    def _go_on(self) -> None:
        if self._under_way is not None and not self._under_way.done():
            return
        known = self._engine.state.contacts
        some = [self._left[place] for place in range(min(AT_ONCE, len(self._left)))]
        # One that has ended meanwhile is left alone, and so is whoever came under its name since.
        there = [name for name, seq in some if (entry := known.find(name)) is not None and entry.arrival_seq == seq]
        if there:
            facts = [ContactReleased(contact=name, by="system") for name in there]
            self._under_way = self._engine.submit(ENGINE_SOURCE, facts)
            self._under_way.add_done_callback(self._decided)
        for _ in some:
            self._left.popleft()
        if not self._left:
            self._ticker.stop()
        elif not there:
            self._ticker.hasten(0.0)

    def _decided(self, submitted: "asyncio.Future[Any]") -> None:
        if not submitted.cancelled() and submitted.exception() is None and self._left:
            self._ticker.hasten(0.0)
