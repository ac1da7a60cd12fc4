"""The datagrams of one port: messages in, keep-alives and nonsense counted."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from adapters.sip.protocol import Hop, MalformedMessage, Request, Response, is_keep_alive, parse_datagram

logger = logging.getLogger(__name__)

HOPS_KEPT: Final = 4096
OnMessage = Callable[[Request | Response], None]


class UdpSocket(asyncio.DatagramProtocol):
    """The datagrams of one port."""

    def __init__(self, on_message: OnMessage, counters: Counter[str]) -> None:
        self._on_message = on_message
        self._counters = counters
        self._hops: dict[tuple[Any, ...], Hop] = {}
        """By address: most datagrams come from few."""
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Hand a message on."""
        if is_keep_alive(data):
            self._counters["keep_alives"] += 1
            return
        hop = self._hops.get(addr)
        if hop is None:
            if len(self._hops) >= HOPS_KEPT:
                self._hops.clear()
            hop = self._hops[addr] = Hop("udp", addr[0], addr[1])
        try:
            message = parse_datagram(data, hop)
        except MalformedMessage:
            self._counters["malformed"] += 1
            return
        self._on_message(message)

    def error_received(self, exc: Exception) -> None:
        """Count what the network reports; it does not say whom it could not reach, so timers find out."""
        self._counters["udp_errors"] += 1
        logger.debug("UDP: %s", exc)
