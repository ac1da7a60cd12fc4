"""Effects out: what the engine asks of whoever brought a contact by MQTT, in order, kept until the broker has it."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Sequence

import msgspec

from adapters.mqtt.broker import WINDOW, BrokerClient
from adapters.mqtt.settings import Settings
from adapters.mqtt.topics import Topics
from adapters.mqtt.translate import Gap, effect_payload, restored_payload
from engine.messages.effects import AnyEffect
from engine.ports import OpenContact

logger = logging.getLogger(__name__)


class Effects:
    """A bounded line of effects. One that was under way when a connection ended is published again by the next."""

    def __init__(self, settings: Settings, topics: Topics, counters: Counter[str]) -> None:
        self._topics = topics
        self._counters = counters
        self._limit = settings.effects_limit
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._under_way: list[tuple[str, bytes]] = []
        self._dropped = 0
        """Since the last gap was published."""
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._under_way)

    def put(self, effect: AnyEffect) -> None:
        """Add an effect; the oldest goes when there are too many."""
        self._counters["effects"] += 1
        self._put(self._topics.effect(effect.contact), effect_payload(effect))

    def restore(self, contacts: Sequence[OpenContact]) -> None:
        """Add what tells a bridge, after a start of the engine, which contacts are still open."""
        for contact in contacts:
            if contact.closed:
                continue  # its end, which follows, may not have been told
            self._put(self._topics.effect(contact.contact), restored_payload(contact))

    def _put(self, topic: str, payload: bytes) -> None:
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self._dropped += 1
            self._counters["effects_dropped"] += 1
        self._waiting.append((topic, payload))
        self._news.set()

    async def run(self, client: BrokerClient) -> None:
        """Publish until the connection ends. Raises MqttError."""
        while True:
            self._news.clear()
            while self:
                if self._dropped:
                    await self._tell_gap(client)
                while self._waiting and len(self._under_way) < WINDOW:
                    self._under_way.append(self._waiting.popleft())
                await client.send_all(self._under_way)
                self._under_way = []
            await self._news.wait()

    async def _tell_gap(self, client: BrokerClient) -> None:
        dropped = self._dropped
        logger.warning("%d effects were dropped: the broker was away, or took them too slowly", dropped)
        await client.send(self._topics.gap, msgspec.json.encode(Gap("effects", dropped)))
        self._dropped -= dropped
