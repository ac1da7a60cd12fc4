"""The first look at what the broker retained from an earlier run: the cursor, and states of who may be gone since."""

import asyncio
import logging
from typing import Final

import aiomqtt
import msgspec

from adapters.mqtt.broker import BrokerClient, all_granted
from adapters.mqtt.topics import Topics
from adapters.mqtt.translate import Cursor

logger = logging.getLogger(__name__)
SURVEY_WITHIN_S: Final = 10.0


class Survey:
    """Reads our own retained messages once. `note` must be given every message that is not a fact."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._complete = asyncio.Event()
        self.done = False
        self.cursor: Cursor | None = None
        self.states: set[str] = set()

    def note(self, message: aiomqtt.Message) -> None:
        """Take in a retained message, or our own probe, which comes after all of them."""
        topic = str(message.topic)
        if topic != self._topics.cursor:
            if message.retain and message.payload:
                self.states.add(topic)
        elif not message.payload:
            self._complete.set()
        elif message.retain:
            try:
                self.cursor = msgspec.json.decode(message.payload, type=Cursor)
            except msgspec.DecodeError as error:
                logger.warning("the retained cursor cannot be read and is not used: %s", error)

    async def run(self, client: BrokerClient) -> None:
        """Subscribe, wait until everything retained is there, unsubscribe. Raises MqttError."""
        filters = [self._topics.cursor, *self._topics.states]
        granted = await client.subscribe([(name, 0) for name in filters])
        if not all_granted(granted):
            logger.warning("the broker does not let us read %s: events begin anew at each start", ", ".join(filters))
        else:
            await client.send(self._topics.cursor, b"")
            try:
                async with asyncio.timeout(SURVEY_WITHIN_S):
                    await self._complete.wait()
            except TimeoutError:
                logger.warning("the broker did not give back what we published to %s", self._topics.cursor)
        await client.unsubscribe(filters)
        self.done = True
