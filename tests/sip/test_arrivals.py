"""The door for callers: trunk groups, priorities, who may call, how many."""

import asyncio

import pytest

from adapters.sip import arrivals
from adapters.sip.protocol import Hop, build_request
from engine.errors import Overloaded
from tests.sip.conftest import OpenExchange, OpenPhone
from tests.sip.protocol.support import request_octets
from tests.sip.support import centre, until

TRUNK = "trunk_groups: {main: {channels: 1}}"


async def test_calls_of_a_trunk_take_its_channels_and_its_word_on_priority(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    bob, eve = await open_phone("bob"), await open_phone("eve")
    trunks = "trunks: [{group: main, sources: ['127.0.0.0/8'], trusted: true}]"
    exchange = await open_exchange(centre(sip=trunks, extra=TRUNK))
    waiting = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp(), (("Resource-Priority", "ets.0"),))
    await bob.response(182)
    (entry,) = exchange.engine.state.contacts
    assert (entry.arrival.trunk_group, entry.arrival.priority, entry.arrival.customer) == ("main", 7, "bob")
    eve.invite("sales", exchange.sip.endpoint.port, eve.sdp())
    refused = await eve.response(503)
    assert refused.response.get("retry-after") == "10"
    bob.take_back(waiting)
    await bob.response(487)
    await exchange.settle()


PROTECTED = [("Resource-Priority", "ets.0"), ("Resource-Priority", "dsn.flash, esnet.1"), ("Priority", "emergency")]


@pytest.mark.parametrize("header", PROTECTED)
@pytest.mark.parametrize("trusted", ["true", "false"])
async def test_protected_calls_use_the_reserve(
    open_exchange: OpenExchange, open_phone: OpenPhone, header: tuple[str, str], trusted: str
) -> None:
    bob, eve = await open_phone("bob"), await open_phone("eve")
    trunks = f"trunks: [{{group: main, sources: ['127.0.0.0/8'], trusted: {trusted}}}]"
    exchange = await open_exchange(centre(sip=trunks, extra="trunk_groups: {main: {channels: 2, reserve: 1}}"))
    waiting = [bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())]
    await bob.response(182)
    eve.invite(
        "sales", exchange.sip.endpoint.port, eve.sdp(), (("Resource-Priority", "q735.0"), ("Priority", "urgent"))
    )
    await eve.response(503)  # priority alone gives no right to the reserve
    waiting.append(bob.invite("sales", exchange.sip.endpoint.port, bob.sdp(), (header,)))
    await bob.response(182 if trusted == "true" else 503)
    if trusted == "false":
        waiting.pop()
    for one in waiting:
        bob.take_back(one)
        await bob.response(487)
    await exchange.settle()


async def test_what_is_protected_is_a_setting(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    bob = await open_phone("bob")
    trunks = "trunks: [{group: main, sources: ['127.0.0.0/8'], trusted: true}], protected: [q735.0]"
    exchange = await open_exchange(centre(sip=trunks, extra="trunk_groups: {main: {channels: 1, reserve: 1}}"))
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp(), (("Resource-Priority", "ets.0"),))
    await bob.response(503)
    waiting = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp(), (("Resource-Priority", "q735.0"),))
    await bob.response(182)
    bob.take_back(waiting)
    await bob.response(487)
    await exchange.settle()


async def test_strangers_are_not_believed_and_not_let_in(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    bob = await open_phone("bob")
    exchange = await open_exchange(centre(sip="callers_from: [192.0.2.0/24]"))
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    await bob.response(403)
    open_house = await open_exchange(centre())
    waiting = bob.invite("sales", open_house.sip.endpoint.port, bob.sdp(), (("Priority", "emergency"),))
    await bob.response(182)
    (entry,) = open_house.engine.state.contacts
    assert entry.arrival.priority == 0
    bob.take_back(waiting)
    await bob.response(487)
    await open_house.settle()


@pytest.mark.parametrize("limit", ["calls: 1", "calls_per_second: 1"])
async def test_too_many_calls_are_told_to_come_back(
    open_exchange: OpenExchange, open_phone: OpenPhone, limit: str
) -> None:
    bob = await open_phone("bob")
    exchange = await open_exchange(centre(sip=limit))
    first = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    await bob.response(182)
    others = [bob.invite("sales", exchange.sip.endpoint.port, bob.sdp()) for _ in range(3)]
    refused = await bob.response(503)
    assert refused.response.get("retry-after")
    assert exchange.counters["refused.503"] >= 1
    for transaction in (first, *others):
        bob.take_back(transaction)
    await until(lambda: not exchange.sip.calls.by_name)


async def test_an_engine_without_room_is_told_to_callers(
    open_exchange: OpenExchange, open_phone: OpenPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = await open_phone("bob")
    exchange = await open_exchange(centre())

    def no_room(*_: object) -> None:
        raise Overloaded("the inbox is full", retry_after_s=7)

    monkeypatch.setattr(exchange.sip.core.facts, "engine", type("Full", (), {"submit": no_room}))
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    refused = await bob.response(503)
    assert refused.response.get("retry-after") == "7"
    assert not exchange.sip.calls.by_name
    assert not exchange.sip.calls.dialogs


async def test_a_flood_from_many_addresses_lifts_nobodys_limit(
    open_exchange: OpenExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = await open_exchange(centre(sip="calls_per_second: 1"), monotonic_ns=lambda: 0)
    monkeypatch.setattr(arrivals, "SOURCES_MAX", 4)
    door = exchange.sip._arrivals
    assert [door._is_in_time("192.0.2.1") for _ in range(3)] == [True, True, False]
    for number in range(2, 40):
        assert door._is_in_time(f"192.0.2.{number}")
        assert not door._is_in_time("192.0.2.1")
    assert len(door._rates) == 4


async def test_what_is_no_call(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    bob = await open_phone("bob")
    exchange = await open_exchange(centre())
    for method, to, status in (
        ("OPTIONS", "<sip:x@h>", 200),
        ("MESSAGE", "<sip:x@h>", 405),
        ("BYE", "<sip:x@h>", 481),
        ("INVITE", "<sip:x@h>;tag=gone", 481),
        ("SUBSCRIBE", "<sip:x@h>", 405),
    ):
        request = build_request(
            method,
            "sip:sales@127.0.0.1",
            via=bob.layer.new_via("udp"),
            from_="<sip:bob@h>;tag=b",
            to=to,
            call_id=bob.layer.tokens.new_tag(),
            cseq=1,
            contact=f"<{bob.uri}>",
        )
        bob.send(request, Hop("udp", "127.0.0.1", exchange.sip.endpoint.port))
        await bob.response(status, method)


async def test_an_invite_ends_when_its_caller_said(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    bob, eve = await open_phone("bob"), await open_phone("eve")
    exchange = await open_exchange(centre())
    port = exchange.sip.endpoint.port
    waiting = eve.invite("sales", port, eve.sdp(), (("Expires", "3600"),))
    await eve.response(182)
    bob.invite("sales", port, bob.sdp(), (("Expires", "0"),))
    await bob.response(487)
    await until(lambda: exchange.exits() == {"short_abandoned": 1})
    assert exchange.counters["invites_expired"] == 1
    bob.invite("sales", port, bob.sdp(), (("Expires", "soon"),))
    await bob.response(400)
    eve.take_back(waiting)
    await eve.response(487)
    await exchange.settle()


async def test_calls_to_sips_are_refused(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    bob = await open_phone("bob")
    exchange = await open_exchange(centre())
    port = exchange.sip.endpoint.port
    request = bob.invite("sales", port, bob.sdp()).request
    assert request is not None
    await bob.response(182)
    octets = request.raw.replace(b"INVITE sip:", b"INVITE sips:").replace(b"branch=z9hG4bK", b"branch=z9hG4bKs")
    octets = octets.replace(request.call_id.encode(), b"another")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(octets)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 100 ")
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    assert head.startswith("SIP/2.0 480 ")
    assert "SIPS Not Allowed" in head
    writer.close()


async def test_a_call_id_beyond_all_bounds_is_answered(open_exchange: OpenExchange) -> None:
    exchange = await open_exchange(centre())
    reader, writer = await asyncio.open_connection("127.0.0.1", exchange.sip.endpoint.port)
    writer.write(request_octets("OPTIONS").replace(b"Call-ID: ", b"Call-ID: " + b"x" * 9000))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 400 ")
    writer.close()
