"""Names with several addresses: which of them an INVITE goes to, and when to the next."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.sip.protocol import Hop, Request, Response, Timing, build_response, parse_datagram
from tests.sip.calls.test_callback import agent_answers, customer_answers, join, promised
from tests.sip.calls.test_dialogs import hang_up
from tests.sip.conftest import OpenExchange, OpenPhone
from tests.sip.support import Exchange, centre, until
from tests.sip.user_agent import UserAgent

NAME = "trunk.example"
FAST = Timing(t1_ns=50_000_000, t2_ns=400_000_000, t4_ns=500_000_000)


class Twin(asyncio.DatagramProtocol):
    """Another address of a phone's name, at the same port: it answers each INVITE with a status, or nothing."""

    def __init__(self) -> None:
        self.heard: list[tuple[Request | Response, Any]] = []
        self.status = 0
        self._transport: Any = None

    async def open(self, host: str, port: int) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))

    def close(self) -> None:
        """Be gone."""
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hear, and answer."""
        message = parse_datagram(data, Hop("udp", *addr))
        self.heard.append((message, addr))
        if self.status and isinstance(message, Request) and message.method == "INVITE":
            self.say(self.status)

    def say(self, status: int) -> None:
        """Answer the last INVITE."""
        invite, addr = next((one, addr) for one, addr in reversed(self.heard) if self.is_(one, "INVITE"))
        assert isinstance(invite, Request)
        contact = f"<sip:{NAME}@127.0.0.2:{self._transport.get_extra_info('sockname')[1]}>"
        self._transport.sendto(build_response(invite, status, to_tag="twin", contact=contact).raw, addr)

    @staticmethod
    def is_(message: object, method: str) -> bool:
        """Whether it is such a request."""
        return isinstance(message, Request) and message.method == method

    def count(self, method: str) -> int:
        """How many such requests were heard."""
        return sum(self.is_(message, method) for message, _ in self.heard)


@pytest.fixture
async def twin() -> AsyncIterator[Twin]:
    """A twin, not listening yet."""
    made = Twin()
    yield made
    if made._transport is not None:
        made.close()


def named(exchange: Exchange, *addresses: str) -> None:
    """Let the name have these addresses."""
    resolver = exchange.sip.endpoint.connections.resolver
    resolver._known[NAME] = (asyncio.get_running_loop().time() + 600, addresses)


async def owed(open_exchange: OpenExchange, open_phone: OpenPhone, twin: Twin) -> tuple[Exchange, UserAgent, UserAgent]:
    """A callback through a trunk of two addresses, the twin first."""

    async def by_name(config: str, **options: Any) -> Exchange:
        port = int(config.split("proxy: 'sip:127.0.0.1:")[1].split("'", maxsplit=1)[0])
        await twin.open("127.0.0.2", port)
        changed = config.replace(f"'sip:127.0.0.1:{port}'", f"'sip:{NAME}:{port}'")
        exchange = await open_exchange(changed, timing=FAST, **options)
        named(exchange, "127.0.0.2", "127.0.0.1")
        return exchange

    return await promised(by_name, open_phone)


@pytest.mark.parametrize("status", [503, 0], ids=["refused", "silent"])
async def test_a_customer_is_called_at_the_next_address(
    open_exchange: OpenExchange, open_phone: OpenPhone, twin: Twin, status: int
) -> None:
    exchange, ann, trunk = await owed(open_exchange, open_phone, twin)
    twin.status = status
    await exchange.sign_in("ann")
    agents, _ = await agent_answers(ann)
    call = await trunk.request("INVITE")
    assert call.request.cseq.number == 2
    assert exchange.counters["callbacks.next_address"] == 1
    assert exchange.sip.endpoint.connections.resolver.all_known(NAME) == ("127.0.0.1", "127.0.0.2")
    trunk.reply(call, 180)
    customers, answer = await customer_answers(trunk, call)
    await join(ann, agents, answer)
    if not status:
        twin.say(180)
        await until(lambda: twin.count("CANCEL"))
    await until(lambda: not any(leg.is_busy for leg in exchange.sip.calls.dialogs.values()))
    trunk.within(customers, "BYE")
    await trunk.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()
    assert exchange.counters["callbacks.dialled"] == 1


async def test_who_answers_too_late_at_an_address_is_hung_up(
    open_exchange: OpenExchange, open_phone: OpenPhone, twin: Twin
) -> None:
    exchange, ann, trunk = await owed(open_exchange, open_phone, twin)
    await exchange.sign_in("ann")
    await agent_answers(ann)
    call = await trunk.request("INVITE")
    twin.say(200)
    await until(lambda: twin.count("ACK") and twin.count("BYE"))
    trunk.reply(call, 486)
    ann.reply(await ann.request("BYE"), 200)
    await until(lambda: not exchange.contacts_open)


async def test_the_last_address_ends_it(open_exchange: OpenExchange, open_phone: OpenPhone, twin: Twin) -> None:
    exchange, ann, trunk = await owed(open_exchange, open_phone, twin)
    twin.status = 503
    await exchange.sign_in("ann")
    await agent_answers(ann)
    trunk.reply(await trunk.request("INVITE"), 503)
    bye = await ann.request("BYE")
    assert "not reached" in bye.request.get("reason")
    ann.reply(bye, 200)
    await until(lambda: not exchange.contacts_open)
    assert twin.count("INVITE") == 1


async def test_a_phone_is_rung_at_the_next_address(
    open_exchange: OpenExchange, open_phone: OpenPhone, twin: Twin
) -> None:
    ann, bob = await open_phone("ann"), await open_phone("bob")
    await twin.open("127.0.0.2", ann.port)
    exchange = await open_exchange(centre(phones={"ann": f"{NAME}:{ann.port}"}), timing=FAST)
    named(exchange, "127.0.0.2", "127.0.0.1")
    await exchange.sign_in("ann")
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    await ann.pick_up()
    callers = await bob.connected()
    assert twin.count("INVITE") > 1, "repeated as any"
    await hang_up(exchange, bob, callers, ann)
    assert exchange.exits() == {"answered": 1}


@pytest.mark.parametrize("is_known", [True, False])
async def test_a_caller_who_leaves_while_a_name_is_looked_up(
    open_exchange: OpenExchange, open_phone: OpenPhone, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def look_up(host: str) -> tuple[str, ...]:
        asked.set()
        await go_on.wait()
        if not is_known:
            raise socket.gaierror(f"{host} is unknown")
        return ("127.0.0.1",)

    ann, bob = await open_phone("ann"), await open_phone("bob")
    exchange = await open_exchange(centre(phones={"ann": f"{NAME}:{ann.port}"}))
    monkeypatch.setattr(exchange.sip.endpoint.connections.resolver, "look_up", look_up)
    await exchange.sign_in("ann")
    invite = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    await asked.wait()
    await bob.response(182)
    bob.take_back(invite)
    await bob.response(487)
    go_on.set()
    await exchange.settle()
    assert not ann.heard


async def test_a_name_that_is_none_is_no_phone(
    open_exchange: OpenExchange, open_phone: OpenPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look_up(host: str) -> tuple[str, ...]:
        raise socket.gaierror(f"{host} is unknown")

    bob = await open_phone("bob")
    exchange = await open_exchange(centre(phones={"ann": f"{NAME}:5060"}))
    monkeypatch.setattr(exchange.sip.endpoint.connections.resolver, "look_up", look_up)
    await exchange.sign_in("ann")
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    await until(lambda: exchange.counters.get("phones.503"))
