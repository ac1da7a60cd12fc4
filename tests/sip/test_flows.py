"""Phones behind the connection that they made: kept while it lives, away when it is gone, told what they missed."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from adapters.sip.protocol import Dialog, RequestReceived
from tests.ports import free_port
from tests.sip.conftest import OpenExchange, OpenPhone, OpenTcp
from tests.sip.registration.test_registrar import AGENT, Registering, reachable
from tests.sip.support import Exchange, centre, until
from tests.sip.user_agent import TcpUserAgent


async def house(
    open_exchange: OpenExchange, tcp_phone: OpenTcp, own_port: int | None = None
) -> tuple[Exchange, TcpUserAgent, Registering]:
    """An exchange, and its agent's phone, which is registered over TCP."""
    exchange = await open_exchange(centre(agents=[AGENT]))
    ann = await tcp_phone("ann").connect(exchange.sip.endpoint.port, own_port=own_port)
    registering = Registering(ann, exchange)
    assert (await registering.send()).status == 200
    await exchange.sign_in("ann")
    return exchange, ann, registering


async def talk(exchange: Exchange, ann: TcpUserAgent, open_phone: OpenPhone) -> tuple[Dialog, Callable[[], object]]:
    """A call of bob's with ann; returns her dialog, and what makes him hang up."""
    bob = await open_phone("bob")
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    agents = await ann.pick_up()
    callers = await bob.connected()
    return agents, lambda: bob.within(callers, "BYE")


async def test_a_phone_whose_only_connection_is_gone_is_away_until_it_is_back(
    open_exchange: OpenExchange, tcp_phone: OpenTcp
) -> None:
    exchange, ann, registering = await house(open_exchange, tcp_phone)
    await until(lambda: reachable(exchange))
    ann.hang_up_connection()
    await until(lambda: not reachable(exchange))
    assert exchange.counters["registrations_cut_off"] == 1
    await ann.connect(exchange.sip.endpoint.port)
    assert (await registering.send()).status == 200
    await until(lambda: reachable(exchange))


async def test_a_phone_that_may_take_connections_is_away_once_it_takes_none(
    open_exchange: OpenExchange, open_phone: OpenPhone, tcp_phone: OpenTcp
) -> None:
    exchange = await open_exchange(centre(agents=[AGENT]))
    ann = await tcp_phone("ann").connect(exchange.sip.endpoint.port)
    contact = f"<sip:ann@127.0.0.1:{free_port()};transport=tcp>"
    assert (await Registering(ann, exchange).send(contact=contact)).status == 200
    await exchange.sign_in("ann")
    await until(lambda: reachable(exchange))
    ann.hang_up_connection()
    await until(lambda: exchange.counters["connections_open"] == 0)
    assert reachable(exchange)
    bob = await open_phone("bob")
    waiting = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    await until(lambda: not reachable(exchange))
    bob.take_back(waiting)
    await bob.response(487)


async def test_connections_of_phones_and_calls_are_kept_however_silent(
    open_exchange: OpenExchange, open_phone: OpenPhone, tcp_phone: OpenTcp
) -> None:
    exchange, ann, _ = await house(open_exchange, tcp_phone)
    _, end = await talk(exchange, ann, open_phone)
    _, idle = await asyncio.open_connection("127.0.0.1", exchange.sip.endpoint.port)
    await until(lambda: exchange.counters["connections_open"] == 2)
    exchange.sip.endpoint.connections.close_idle(asyncio.get_running_loop().time() + 1)
    await until(lambda: exchange.counters["connections_open"] == 1)
    idle.close()
    end()
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()


@pytest.fixture
def back_to_sender(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets connections begin at the port that they lead to, from when it is called.

    Systems choose that port now and then, where both ends are on one machine and nobody listens.
    """

    def begin() -> None:
        loop = asyncio.get_running_loop()
        connect = loop.create_connection

        async def connect_from_there(made: Any, host: str, port: int, **options: Any) -> Any:
            return await connect(made, host, port, local_addr=(host, port), **options)

        monkeypatch.setattr(loop, "create_connection", connect_from_there)

    return begin


async def test_a_phone_that_missed_the_end_is_told_when_it_registers_again(
    open_exchange: OpenExchange, open_phone: OpenPhone, tcp_phone: OpenTcp
) -> None:
    exchange, ann, registering = await house(open_exchange, tcp_phone)
    agents, end = await talk(exchange, ann, open_phone)
    ann.hang_up_connection()
    await until(lambda: exchange.counters["connections_open"] == 0)
    end()
    await until(lambda: exchange.counters["byes_owed"] == 1)
    await ann.connect(exchange.sip.endpoint.port)
    assert exchange.counters["byes_owed"] == 1
    assert (await registering.send()).status == 200
    ended = await ann.request("BYE")
    assert agents.receive_request(ended.request) is None
    ann.reply(ended, 200)
    await until(lambda: exchange.counters["byes_owed"] == 0)
    assert exchange.counters["byes_arrived_late"] == 1


async def test_a_bye_to_nobody_does_not_come_back_to_its_sender(
    open_exchange: OpenExchange, open_phone: OpenPhone, tcp_phone: OpenTcp, back_to_sender: Callable[[], None]
) -> None:
    # From a port that no system gives away: nobody else has it before the service goes there.
    exchange, ann, _ = await house(open_exchange, tcp_phone, own_port=free_port())
    _, end = await talk(exchange, ann, open_phone)
    ann.hang_up_connection()
    await until(lambda: exchange.counters["connections_open"] == 0)
    back_to_sender()
    end()
    await until(lambda: exchange.counters["byes_owed"] == 1)
    assert exchange.counters["connections_to_itself"] == 1
    assert exchange.counters["connections_open"] == 0


async def owe_a_bye(
    open_exchange: OpenExchange, open_phone: OpenPhone, tcp_phone: OpenTcp
) -> tuple[Exchange, TcpUserAgent, Dialog]:
    """A caller whose connection was gone when the agent hung up."""
    ann = await open_phone("ann")
    exchange = await open_exchange(centre(phones={"ann": f"127.0.0.1:{ann.port}"}))
    await exchange.sign_in("ann")
    bob = await tcp_phone("bob").connect(exchange.sip.endpoint.port, contact_port=free_port())
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    agents, callers = await ann.pick_up(), await bob.connected()
    bob.hang_up_connection()
    await until(lambda: exchange.counters["connections_open"] == 0)
    ann.within(agents, "BYE")
    await until(lambda: exchange.counters["byes_owed"] == 1)
    return exchange, bob, callers


async def test_a_caller_who_missed_the_end_is_told_where_the_contact_says(
    open_exchange: OpenExchange, open_phone: OpenPhone, tcp_phone: OpenTcp
) -> None:
    exchange, bob, _ = await owe_a_bye(open_exchange, open_phone, tcp_phone)
    at_bob = await bob.listen()
    exchange.sip.core.farewells.sweep(exchange.sip.endpoint.now_ns() + 16_000_000_000)
    bob.reply(await bob.request("BYE"), 200)
    await until(lambda: exchange.counters["byes_owed"] == 0)
    assert exchange.counters["byes_arrived_late"] == 1
    at_bob.close()


async def test_who_else_connects_from_a_callers_address_learns_nothing_of_the_call(
    open_exchange: OpenExchange, open_phone: OpenPhone, tcp_phone: OpenTcp
) -> None:
    exchange, bob, callers = await owe_a_bye(open_exchange, open_phone, tcp_phone)
    stranger = await tcp_phone("eve").connect(exchange.sip.endpoint.port)
    waiting = stranger.invite("sales", exchange.sip.endpoint.port, stranger.sdp())
    stranger.take_back(waiting)
    await stranger.response(487)  # whatever there was to be said to a new connection has been said
    assert not [event for event in stranger.heard if isinstance(event, RequestReceived)]
    assert exchange.counters["byes_owed"] == 1
    # Who speaks within the dialog is the caller, whatever the connection.
    await bob.connect(exchange.sip.endpoint.port)
    bob.within(callers, "INFO")
    await bob.response(481, "INFO")
    assert exchange.counters["byes_owed"] == 0
    assert exchange.counters["byes_arrived_late"] == 1


async def test_a_bye_that_nobody_takes_is_given_up_in_the_end(
    open_exchange: OpenExchange, open_phone: OpenPhone, tcp_phone: OpenTcp
) -> None:
    exchange, ann, _ = await house(open_exchange, tcp_phone)
    _, end = await talk(exchange, ann, open_phone)
    ann.hang_up_connection()
    end()
    await until(lambda: exchange.counters["byes_owed"] == 1)
    tried = exchange.counters.get("unreachable", 0)  # the first BYE may have been lost with the connection
    now_ns = exchange.sip.endpoint.now_ns()
    exchange.sip.core.farewells.sweep(now_ns + 16_000_000_000)
    await until(lambda: exchange.counters.get("unreachable", 0) > tried)
    assert exchange.counters["byes_owed"] == 1
    exchange.sip.core.farewells.sweep(now_ns + exchange.sip.settings.session_interval_ns + 1_000_000_000)
    assert exchange.counters["byes_owed"] == 0
    assert exchange.counters["byes_unanswered"] == 1


async def test_a_caller_whose_connection_is_gone_and_who_cannot_be_called_waits_no_more(
    open_exchange: OpenExchange, tcp_phone: OpenTcp
) -> None:
    exchange = await open_exchange(centre())
    bob = await tcp_phone("bob").connect(exchange.sip.endpoint.port)
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    await bob.response(182)
    bob.hang_up_connection()
    await until(lambda: exchange.contacts_open == 0)
    assert exchange.counters["callers_unreachable"] == 1
    await exchange.settle()
