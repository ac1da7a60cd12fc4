"""What a phone speaks through: a UDP socket, or one TCP connection to its switch."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, cast

from adapters.sip.protocol import Hop, MalformedMessage, Request, Response, StreamFramer, is_keep_alive, parse_datagram

Hear = Callable[[Request | Response], None]


class Wire(Protocol):
    """Open when made by `datagrams` or `connection`."""

    name: str
    """The transport, as Via has it."""
    address: tuple[str, int]
    """Its own host and port."""

    def send(self, octets: bytes, hop: Hop) -> None:
        """Send one message."""

    def close(self) -> None:
        """Send and hear nothing more."""


async def datagrams(host: str, hear: Hear) -> Wire:
    """Take any free UDP port of this address. Raises OSError."""
    _, wire = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Datagrams(hear), local_addr=(host, 0))
    return wire


async def connection(switch: Hop, hear: Hear) -> Wire:
    """Connect to the switch by TCP; it says what it has to say over the same connection. Raises OSError."""
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(lambda: _Connection(switch, hear), switch.host, switch.port)
    return wire


class _Datagrams(asyncio.DatagramProtocol):
    name = "udp"

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._transport: asyncio.DatagramTransport | None = None
        self.address = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.address = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if is_keep_alive(data):
            return
        try:
            message = parse_datagram(data, Hop(self.name, str(addr[0]), addr[1]))
        except MalformedMessage:
            return
        self._hear(message)

    def error_received(self, exc: Exception) -> None:
        """A port that nobody listens at: the transaction's own timers deal with it."""

    def send(self, octets: bytes, hop: Hop) -> None:
        if self._transport is not None:
            self._transport.sendto(octets, (hop.host, hop.port))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class _Connection(asyncio.Protocol):
    name = "tcp"

    def __init__(self, switch: Hop, hear: Hear) -> None:
        self._hear = hear
        self._framer = StreamFramer(switch)
        self._transport: asyncio.Transport | None = None
        self.address = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.address = transport.get_extra_info("sockname")[:2]

    def data_received(self, data: bytes) -> None:
        for message in self._framer.receive_data(data):
            self._hear(message)

    def send(self, octets: bytes, hop: Hop) -> None:
        if self._transport is not None:
            self._transport.write(octets)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
