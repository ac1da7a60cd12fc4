"""Keeps a connection to the broker: connects, lets the session be served, and tries again with growing patience."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from adapters.mqtt.broker import BrokerClient
from adapters.mqtt.settings import Settings, Tls
from adapters.mqtt.topics import Topics

logger = logging.getLogger(__name__)
NEWEST: Final = aiomqtt.ProtocolVersion.V5
"""Spoken first; 3.1.1 with a broker that refuses it."""
NEWEST_AGAIN_S: Final = 600.0
"""A connection that is made so long after the refusal tries it again."""
FIRST_WAIT_S: Final = 0.5
STEADY_S: Final = 30.0
"""A connection that held so long was a good one: the next failure begins with the first wait again."""
ANSWER_WITHIN_S: Final = 4.0
"""Of the broker, to whatever it is asked."""
WITHOUT_DELAY: Final = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
"""Small messages wait for nothing: with Nagle's algorithm, each result took 40 to 80 ms."""
PACKET_FACTOR: Final = 16
"""Packets larger than this times the payload limit are not even sent to us; smaller ones get an answer."""


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Return what TLS needs. Raises OSError or ssl.SSLError when a file cannot be used."""
    context = ssl.create_default_context(cafile=tls.ca_file or None)
    if tls.certificate_file:
        context.load_cert_chain(tls.certificate_file, tls.key_file)
    return context


class Connection:
    """`serve` is called with each connection and returns, or raises MqttError, when it is over."""

    def __init__(
        self,
        settings: Settings,
        topics: Topics,
        counters: Counter[str],
        serve: Callable[[BrokerClient], Awaitable[None]],
        jitter: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._counters = counters
        self._serve = serve
        self._jitter = jitter
        self._version = NEWEST
        self._old_until_s = 0.0
        """When the newest version is tried again after a refusal, in the loop's time."""
        self.stopping = asyncio.Event()
        self.up = False
        self.detail = "not started"

    def prepare(self) -> None:
        """Read the files that each connection will need. Raises OSError or ssl.SSLError."""
        self._tls()
        self._settings.read_password()
        self.detail = f"connecting to {self._settings.host}:{self._settings.broker_port}"

    async def run(self) -> None:
        """Connect again and again until `stopping` is set."""
        loop = asyncio.get_running_loop()
        wait_s = FIRST_WAIT_S
        while not self.stopping.is_set():
            began_s = loop.time()
            reason = await self._connect_once()
            if self.stopping.is_set():
                break
            if reason == "":
                continue
            if loop.time() - began_s > STEADY_S:
                wait_s = FIRST_WAIT_S
            pause_s = wait_s * (0.5 + self._jitter() / 2)
            self.detail = f"{reason}; trying again in {pause_s:.1f} s"
            logger.warning("%s", self.detail)
            wait_s = min(2 * wait_s, self._settings.retry_limit_ns / 1e9)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self.stopping.wait()
        self.detail = "stopped"

    async def _connect_once(self) -> str:
        """Serve one connection; return why it ended, empty if another attempt should follow at once."""
        where = f"{self._settings.host}:{self._settings.broker_port}"
        client: BrokerClient | None = None
        try:
            client = self._client()
            async with client:
                self._note_connected(client, where)
                await self._serve(client)
            reason = f"the connection to {where} ended"
        except* (aiomqtt.MqttError, OSError) as group:
            reason = self._reason(group, where)
            if client is not None and client.version_refused and client.speaks_5:
                # Perhaps it is only starting, and will speak it later.
                self._version = aiomqtt.ProtocolVersion.V311
                self._old_until_s = asyncio.get_running_loop().time() + NEWEST_AGAIN_S
                reason = ""
        except* Exception as group:
            logger.exception("the connection to %s failed within", where, exc_info=group)
            self._counters["failures"] += 1
            reason = f"the connection to {where} failed within, see the log"
        finally:
            self.up = False
        return reason

    def _note_connected(self, client: BrokerClient, where: str) -> None:
        self._counters["connections"] += 1
        self.up = True
        spoken = "MQTT 5" if client.speaks_5 else "MQTT 3.1.1"
        self.detail = f"connected to {where} as {self._settings.session} ({spoken})"
        logger.info("%s", self.detail)

    def _reason(self, group: BaseException, where: str) -> str:
        while isinstance(group, BaseExceptionGroup):
            group = group.exceptions[0]
        if self.up:
            return f"lost the broker at {where}: {group}"
        return f"cannot connect to the broker at {where}: {group}"

    def _client(self) -> BrokerClient:
        settings = self._settings
        if asyncio.get_running_loop().time() >= self._old_until_s:
            self._version = NEWEST
        in_5 = self._version is aiomqtt.ProtocolVersion.V5
        kept: dict[str, object] = {"clean_session": False}
        if in_5:
            kept = {"clean_start": False, "properties": self._session_properties()}
        return BrokerClient(
            settings.host,
            settings.broker_port,
            limit=settings.in_flight,
            counters=self._counters,
            username=settings.username or None,
            password=settings.read_password(),
            identifier=settings.session,
            protocol=self._version,
            will=aiomqtt.Will(self._topics.status, b"offline", qos=1, retain=True),
            timeout=ANSWER_WITHIN_S,
            keepalive=settings.keepalive_ns // 10**9,
            tls_context=self._tls(),
            socket_options=WITHOUT_DELAY,
            **kept,
        )

    def _tls(self) -> ssl.SSLContext | None:
        """As the files are now, so that a renewed certificate is shown. Raises OSError or ssl.SSLError."""
        return tls_context(self._settings.tls) if self._settings.tls else None

    def _session_properties(self) -> Properties:
        settings = self._settings
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = settings.session_expiry_ns // 10**9
        properties.ReceiveMaximum = settings.in_flight
        properties.MaximumPacketSize = PACKET_FACTOR * settings.payload_limit
        return properties
