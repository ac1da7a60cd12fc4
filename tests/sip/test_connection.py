"""Sockets: pings, lost framing, too many connections, peers that are not there."""

import asyncio
from collections import Counter

import pytest

from adapters.sip.connection import Connections
from adapters.sip.protocol import Hop, Request, Response
from tests.sip.conftest import OpenExchange
from tests.sip.protocol.support import request_octets
from tests.sip.support import centre, free_port, until


async def test_pings_are_answered_and_lost_framing_closes(open_exchange: OpenExchange) -> None:
    exchange = await open_exchange(centre())
    reader, writer = await asyncio.open_connection("127.0.0.1", exchange.sip.endpoint.port)
    writer.write(b"\r\n\r\n")
    assert await reader.readexactly(2) == b"\r\n"
    writer.write(request_octets("OPTIONS"))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200 ")
    writer.write(b"nothing of the kind\r\n\r\n")
    assert await reader.read() == b""
    assert exchange.counters["framing_lost"] == 1
    writer.close()


async def test_connections_are_bounded(open_exchange: OpenExchange) -> None:
    exchange = await open_exchange(centre(sip="connections: 2"))
    port = exchange.sip.endpoint.port
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    await until(lambda: exchange.counters.get("connections_refused") == 1)
    assert exchange.counters["connections_open"] == 2
    for _, writer in opened:
        writer.close()
    await until(lambda: exchange.counters["connections_open"] == 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_peer_that_is_not_there_is_reported_and_one_that_is_gets_all(host: str) -> None:
    heard: list[Request | Response] = []
    failed: list[Hop] = []
    made = [Connections(heard.append, failed.append, Counter(), most=10, receive_buffer=1 << 16) for _ in range(2)]
    port = await made[0].open("127.0.0.1", 0, udp=True, tcp=True)
    await made[1].open("127.0.0.1", 0, udp=True, tcp=True)
    for transport in ("tcp", "udp"):
        for number in range(3):
            made[1].send(request_octets(branch=f"z9hG4bK{transport}{number}"), Hop(transport, host, port))
    await until(lambda: len(heard) == 6)
    gone = Hop("tcp", host, free_port())
    made[1].send(b"x", gone)
    made[1].send(b"x", Hop("sctp", host, port))
    await until(lambda: len(failed) == 2)
    assert set(failed) == {gone, Hop("sctp", host, port)}
    for connections in made:
        await connections.close()


async def test_a_port_that_is_taken_is_an_error() -> None:
    first, second = [Connections(print, print, Counter(), most=10, receive_buffer=1 << 16) for _ in range(2)]
    port = await first.open("127.0.0.1", 0, udp=True, tcp=True)
    with pytest.raises(OSError, match="in use"):
        await second.open("127.0.0.1", port, udp=True, tcp=True)
    await second.close()
    await first.close()
