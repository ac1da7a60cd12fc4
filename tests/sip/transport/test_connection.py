"""Sockets: pings, lost framing, too many connections, peers that are not there."""

import asyncio
from collections import Counter

import pytest

from adapters.sip.protocol import Hop, Request, Response
from adapters.sip.transport.connection import Connections
from adapters.sip.transport.connection_guard import ConnectionGuard, site_of
from tests.ports import free_port
from tests.sip.conftest import OpenExchange
from tests.sip.protocol.support import request_octets
from tests.sip.support import Exchange, centre, until
from tests.sip.user_agent import TcpUserAgent

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HALF = b"INVITE sip:sales@127.0.0.1 SIP/2.0\r\nVia: "


def guard() -> ConnectionGuard:
    """Room for ten connections."""
    return ConnectionGuard(10, 10, 10.0)


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
    made = [
        Connections(heard.append, failed.append, Counter(), guard=guard(), receive_buffer=1 << 16) for _ in range(2)
    ]
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


async def test_names_that_are_none_fail_and_bar_nobody() -> None:
    heard: list[Request | Response] = []
    failed: list[Hop] = []
    narrow = ConnectionGuard(3, 3, 10.0)
    one = Connections(heard.append, failed.append, Counter(), guard=narrow, receive_buffer=1 << 16)
    port = await one.open("127.0.0.1", 0, udp=True, tcp=True)
    nobody = [Hop("tcp", "a..b", port), *(Hop("udp", f"{'a' * 64}{number}.example.com", port) for number in range(2))]
    for hop in nobody:
        one.send(b"x", hop)
    await until(lambda: len(failed) == 3)
    assert set(failed) == set(nobody)
    for number in range(3):
        one.send(request_octets(branch=f"z9hG4bK{number}"), Hop("tcp", "localhost", port))
    await until(lambda: len(heard) == 3)
    await one.close()


async def test_a_name_is_reached_by_whichever_address_answers() -> None:
    heard: list[Request | Response] = []
    one, other = [Connections(heard.append, print, Counter(), guard=guard(), receive_buffer=1 << 16) for _ in range(2)]
    port = await one.open("127.0.0.1", 0, udp=False, tcp=True)
    await other.open("127.0.0.1", 0, udp=False, tcp=True)
    other.resolver._known["pbx.example"] = (asyncio.get_running_loop().time() + 60, ("127.0.0.2", "127.0.0.1"))
    other.send(request_octets(), Hop("tcp", "pbx.example", port))
    await until(lambda: len(heard) == 1)
    await other.close()
    await one.close()


async def test_a_port_that_is_taken_is_an_error() -> None:
    first, second = [Connections(print, print, Counter(), guard=guard(), receive_buffer=1 << 16) for _ in range(2)]
    port = await first.open("127.0.0.1", 0, udp=True, tcp=True)
    with pytest.raises(OSError, match="in use"):
        await second.open("127.0.0.1", port, udp=True, tcp=True)
    await second.close()
    await first.close()


async def take_all(exchange: Exchange, strangers: list[str], each: int) -> list[Stream]:
    """Strangers connect from these addresses and begin a message on each connection."""
    opened = []
    for host in strangers:
        for _ in range(each):
            opened.append(await asyncio.open_connection("127.0.0.1", exchange.sip.endpoint.port, local_addr=(host, 0)))
            opened[-1][1].write(HALF)
    return opened


async def leave(opened: list[Stream]) -> None:
    """Close them all; most are reset already."""
    for _, writer in opened:
        writer.close()
    await asyncio.gather(*(writer.wait_closed() for _, writer in opened), return_exceptions=True)


async def call(exchange: Exchange) -> None:
    """A true caller gets into the queue over TCP, and gives up."""
    bob = await TcpUserAgent("bob").connect(exchange.sip.endpoint.port)
    waiting = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    await bob.response(182)
    bob.take_back(waiting)
    await bob.response(487)
    bob.close()


async def test_one_address_cannot_take_all_connections(open_exchange: OpenExchange) -> None:
    exchange = await open_exchange(centre(sip="connections: 20, connections_per_address: 15"))
    taken = await take_all(exchange, ["127.0.0.2"], 40)
    await until(lambda: exchange.counters.get("connections_refused_of_address") == 25)
    assert exchange.counters["connections_open"] == 15
    await call(exchange)
    await leave(taken)
    await until(lambda: exchange.counters["connections_open"] == 0)
    await call(exchange)


async def test_half_messages_hold_no_connection(open_exchange: OpenExchange) -> None:
    exchange = await open_exchange(centre(sip="connections: 20, connections_per_address: 10, message_limit: 5m"))
    taken = await take_all(exchange, ["127.0.0.2", "127.0.0.3"], 10)
    await until(lambda: exchange.counters["connections_open"] == 20)
    loop, connections = asyncio.get_running_loop(), exchange.sip.endpoint.connections
    bob = await TcpUserAgent("bob").connect(exchange.sip.endpoint.port)
    await until(lambda: exchange.counters.get("connections_refused") == 1)
    bob.close()
    for _, writer in taken:
        writer.write(b"x")  # slowly on and on
    connections.close_overdue(loop.time() + 290)
    assert exchange.counters["connections_open"] == 20
    connections.close_overdue(loop.time() + 301)
    await until(lambda: exchange.counters["connections_open"] == 0)
    assert exchange.counters["connections_overdue"] == 20
    await call(exchange)
    await leave(taken)


async def test_the_limit_of_a_message_is_kept_by_the_clock(open_exchange: OpenExchange) -> None:
    exchange = await open_exchange(centre(sip="message_limit: 1s"))
    reader, writer = await asyncio.open_connection("127.0.0.1", exchange.sip.endpoint.port)
    writer.write(request_octets("OPTIONS") + HALF)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200 ")
    assert await reader.read() == b""
    assert exchange.counters["connections_overdue"] == 1
    writer.close()


async def test_idle_connections_make_room_when_most_are_taken(open_exchange: OpenExchange) -> None:
    exchange = await open_exchange(centre(sip="connections: 4"))
    connections = exchange.sip.endpoint.connections
    opened: list[Stream] = []
    for number in range(4):
        opened.append(await asyncio.open_connection("127.0.0.1", exchange.sip.endpoint.port))
        opened[-1][1].write(request_octets("OPTIONS", branch=f"z9hG4bK{number}"))
        await opened[-1][0].readuntil(b"\r\n\r\n")
    assert connections.guard.are_scarce
    for connection in connections._open.values():
        connection.used_at_s -= 31
    connections._sweep()
    await until(lambda: exchange.counters["connections_open"] == 0)
    assert exchange.counters["connections_idle"] == 4
    await leave(opened)


def test_a_connection_owes_its_first_message_and_the_rest_of_each() -> None:
    one = ConnectionGuard(9, 9, 10.0)
    assert one.admit("a", "192.0.2.1", 0.0) == ""
    one.heard("a", 9.0, whole=False, begun=False)  # a ping
    assert one.overdue(9.9) == []
    assert one.overdue(10.0) == ["a"]
    one.heard("a", 9.0, whole=True, begun=False)
    assert one.overdue(1000.0) == []
    one.heard("a", 20.0, whole=False, begun=True)
    one.heard("a", 29.0, whole=True, begun=True)  # that one is whole, the next has begun
    assert one.overdue(31.0) == []
    one.heard("b", 30.0, whole=False, begun=True)  # a connection of our own
    assert one.overdue(39.0) == ["a"]
    assert one.overdue(40.0) == ["a", "b"]
    one.forget("a")
    one.forget("b")
    assert (one.overdue(1000.0), one.taken) == ([], 0)


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8::1", "2001:db8::ffff:2"), ("fe80::1%eth0", "fe80::2%eth0"), ("::ffff:192.0.2.1", "192.0.2.1")],
)
def test_addresses_of_one_site_count_together(one: str, other: str) -> None:
    assert site_of(one) == site_of(other)
    assert site_of("2001:db8:0:1::1") != site_of("2001:db8::1")
    assert site_of("::ffff:192.0.2.1") != site_of("::ffff:192.0.2.2")
