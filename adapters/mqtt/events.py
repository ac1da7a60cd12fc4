"""Events out: the log in words, from the last position that the broker acknowledged, within a bound."""

import asyncio
import logging
from collections import Counter
from typing import Final

import msgspec
import numpy as np

from adapters.mqtt.broker import BrokerClient
from adapters.mqtt.settings import Settings
from adapters.mqtt.topics import Topics
from adapters.mqtt.translate import Gap
from engine.messages.kinds import KIND_NAMES
from engine.ports import EngineLink, Turn
from engine.projections.feed.events import Event
from engine.projections.feed.recent_turns import RecentTurns

logger = logging.getLogger(__name__)
BATCH: Final = 256


class Events:
    """Publishes what lies between `published_seq` and the newest durable turn."""

    def __init__(self, settings: Settings, topics: Topics, engine: EngineLink, counters: Counter[str]) -> None:
        self._topics = topics
        self._engine = engine
        self._counters = counters
        self._behind_limit = settings.events_behind_limit
        self._types = settings.event_types
        wanted = [kind for kind, name in KIND_NAMES.items() if name in self._types]
        self._kinds = np.array(wanted, np.uint16)
        self._recent = RecentTurns()
        self._news = asyncio.Event()
        self.durable_seq = 0
        self._started_seq = 0
        self.published_seq: int | None = None
        """Everything up to here was acknowledged by the broker; None: not known yet where to begin."""

    def start(self, durable_seq: int) -> None:
        """Note the position that the engine has reached."""
        self.durable_seq = self._started_seq = durable_seq

    def begin_at(self, seq: int | None) -> None:
        """Continue after `seq`, as the broker's cursor says; None, or one ahead of the log: from the start on."""
        if seq is not None and seq > self.durable_seq:
            logger.warning(
                "events were published up to %d, but this log ends at %d: another log", seq, self.durable_seq
            )
            seq = None
        self.published_seq = self._started_seq if seq is None else seq

    @property
    def behind(self) -> int:
        """Rows of the log not looked at yet."""
        return 0 if self.published_seq is None else self.durable_seq - self.published_seq

    def note(self, turn: Turn) -> None:
        """Take in a durable turn."""
        self.durable_seq = turn.last_seq
        if self._types:
            self._recent.note(turn)
        self._news.set()

    async def run(self, client: BrokerClient) -> None:
        """Publish until the connection ends. Raises MqttError."""
        assert self.published_seq is not None, "where to begin is not known"
        while True:
            self._news.clear()
            while self.published_seq < self.durable_seq:
                await self._skip_what_is_too_old(client)
                events, reached = await self._after(self.published_seq)
                await client.send_all([(self._topics.event(e.type), msgspec.json.encode(e)) for e in events])
                if reached == self.published_seq:
                    break
                self.published_seq = reached
            await self._news.wait()

    async def _skip_what_is_too_old(self, client: BrokerClient) -> None:
        assert self.published_seq is not None
        after_seq, until_seq = self.published_seq, self.durable_seq - self._behind_limit
        if not self._types or until_seq <= after_seq:
            return
        count = until_seq - after_seq
        logger.warning("%d rows of the log are too far behind to be published: those after %d", count, after_seq)
        gap = Gap("events", count, after_seq, until_seq)
        await client.send(self._topics.gap, msgspec.json.encode(gap))
        self.published_seq = until_seq
        self._counters["events_dropped"] += count

    async def _after(self, seq: int) -> tuple[list[Event], int]:
        """Return the next events after `seq` and the position that they reach."""
        if not self._types:
            return [], self.durable_seq
        views = self._engine.views
        if self._recent.reach_back_to(seq):
            rows, reached = self._recent.after(seq, BATCH, self._kinds)
            return [views.events.event(*row) for row in rows], reached
        page = await asyncio.to_thread(views.read_events, seq, BATCH, self._types)
        return page.events, page.next_after_seq
