"""One connection to the broker: aiomqtt, with acknowledgement by us and with what it does not tell by itself."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any, Final, TypeVar, cast

import aiomqtt
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.client import ConnectFlags
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

T = TypeVar("T")
WINDOW: Final = 64
"""Messages handed over at once; how many are under way is the broker's receive maximum, at most 20."""
IN_FLIGHT_MAX: Final = 20
FAILURE: Final = 0x80
"""Reason codes from here on mean that the broker did not do it."""


def published_json() -> Properties:
    """Return the properties of a JSON message."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.PayloadFormatIndicator = 1
    properties.ContentType = "application/json"
    return properties


def all_granted(codes: Sequence[int | ReasonCode]) -> bool:
    """Whether the broker took every subscription."""
    return all((code.value if isinstance(code, ReasonCode) else code) < FAILURE for code in codes)


class Incoming(asyncio.Queue[aiomqtt.Message]):
    """Messages received and not yet taken.

    Those of QoS 1 are bounded by the receive maximum that the broker was told; those of QoS 0 by `limit` here, beyond
    which they are dropped and counted, never in place of a QoS 1 message.
    """

    def __init__(self, maxsize: int = 0, *, limit: int, counters: Counter[str]) -> None:
        super().__init__(maxsize)
        self._limit = limit
        self._counters = counters

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Add a message, or drop it."""
        if item.qos == 0 and self.qsize() >= self._limit:
            self._counters["dropped_unqueued"] += 1
        else:
            super().put_nowait(item)


class BrokerClient(aiomqtt.Client):
    """A client for one connection; made anew for the next, so that nothing of a dead connection is acknowledged."""

    def __init__(self, host: str, port: int, *, limit: int, counters: Counter[str], **options: Any) -> None:
        queue = cast("type[asyncio.Queue[aiomqtt.Message]]", partial(Incoming, limit=limit, counters=counters))
        super().__init__(host, port, queue_type=queue, **options)
        self.pending_calls_threshold = 10 * WINDOW
        self.session_present = False
        """Whether the broker had kept the session: what came while we were away was not lost."""
        self.version_refused = False
        self._counters = counters
        self._room = asyncio.Semaphore(IN_FLIGHT_MAX)
        self._json = published_json() if options.get("protocol") is aiomqtt.ProtocolVersion.V5 else None
        self._client.manual_ack_set(True)
        self._client.connect_timeout = self.timeout

    @property
    def speaks_5(self) -> bool:
        """Whether this is MQTT 5."""
        return self._json is not None

    async def __aexit__(self, *exc_info: Any) -> None:
        """Disconnect. An end of the connection that nobody was waiting for is not reported later."""
        try:
            await super().__aexit__(*exc_info)
        finally:
            if self._disconnected.done() and not self._disconnected.cancelled():
                self._disconnected.exception()

    async def wait_lost(self) -> None:
        """Raise MqttError as soon as the connection is lost, whatever else is waited for."""
        await asyncio.wait((self._disconnected,))
        raise aiomqtt.MqttError("the connection was lost") from self._disconnected.exception()

    def acknowledge(self, message: aiomqtt.Message) -> None:
        """Tell the broker that the message has arrived for good."""
        if message.qos:
            self._client.ack(message.mid, message.qos)

    async def send(self, topic: str, payload: bytes, *, retain: bool = False, to: Properties | None = None) -> None:
        """Publish with QoS 1 and wait for the broker's acknowledgement. Raises MqttError."""
        properties = to or (self._json if payload else None)
        async with self._room:
            await self.publish(topic, payload, qos=1, retain=retain, properties=properties)

    async def send_all(self, messages: Sequence[tuple[str, bytes]], *, retain: bool = False) -> None:
        """Publish in order, WINDOW at once. Raises MqttError; then some may have been published."""
        for start in range(0, len(messages), WINDOW):
            await asyncio.gather(*(self.send(*message, retain=retain) for message in messages[start : start + WINDOW]))

    async def _wait_for(self, fut: Awaitable[T], timeout: float | None) -> T:
        # asyncio.wait_for of Python 3.11 forgets a cancellation that comes together with the result, and the task that
        # was to end goes on; asyncio.timeout does not.
        try:
            async with asyncio.timeout(self.timeout if timeout is None else timeout):
                return await fut
        except TimeoutError:
            raise aiomqtt.MqttError("the broker did not answer in time") from None

    def _on_connect(
        self,
        client: PahoClient,
        userdata: Any,
        flags: ConnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        self.session_present = flags.session_present
        self.version_refused = str(reason_code) == "Unsupported protocol version"
        # The broker disconnects those who have more under way than it said; the library does not look.
        self._room = asyncio.Semaphore(min(IN_FLIGHT_MAX, getattr(properties, "ReceiveMaximum", IN_FLIGHT_MAX)))
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_publish(
        self, client: PahoClient, userdata: Any, mid: int, reason_code: ReasonCode, properties: Properties
    ) -> None:
        refused = reason_code.value >= FAILURE
        self._counters["refused_by_broker" if refused else "published"] += 1
        super()._on_publish(client, userdata, mid, reason_code, properties)
