"""Real sipp at both ends, by scenarios of the project's own: what a fresh clone proves without any data beside it."""

from pathlib import Path

import pytest

from engine.messages.observed import AgentStatusChanged, TransferRequested
from tests.ports import free_port
from tests.sip.conftest import OpenExchange
from tests.sip.support import Sipps, centre, needs_sipp, until
from tests.sip.test_sipp import both_transports, with_phone

pytestmark = [pytest.mark.peer, pytest.mark.slow, needs_sipp]


@both_transports
@pytest.mark.parametrize(("caller", "phone"), [("caller", "phone"), ("caller_is_left", "phone_hangs_up")])
async def test_calls_are_answered_and_ended_by_either_side(
    open_exchange: OpenExchange, sipps: Sipps, transport: str, caller: str, phone: str
) -> None:
    exchange, phones = await with_phone(open_exchange, sipps, phone, transport, agents=5, calls=20)
    callers = await sipps.start(caller, exchange.address, calls=20, rate=50, transport=transport)
    await callers.wait()
    await phones.wait()
    await exchange.settle()
    assert exchange.exits() == {"answered": 20}
    assert exchange.counters["calls_connected"] == 20


@both_transports
async def test_callers_who_give_up_are_abandoned(open_exchange: OpenExchange, sipps: Sipps, transport: str) -> None:
    exchange, _ = await with_phone(open_exchange, sipps, "phone", transport)
    await exchange.tell(AgentStatusChanged(agent="agent0", status="paused"))
    callers = await sipps.start("caller_gives_up", exchange.address, calls=10, rate=50, transport=transport)
    await callers.wait()
    await exchange.settle()
    assert sum(exchange.exits().values()) == 10
    assert set(exchange.exits()) <= {"abandoned", "short_abandoned"}


@both_transports
async def test_an_offer_is_made_again_when_a_busy_caller_said(
    open_exchange: OpenExchange, sipps: Sipps, transport: str
) -> None:
    """RFC 3261 §14.2: a 500 with Retry-After refuses an offer for now; the scenario fails on one that comes sooner."""
    phone = await sipps.start("phone", transport=transport)
    contact = f"sip:ann@127.0.0.1:{phone.port};transport={transport}"
    exchange = await open_exchange(
        centre(
            queues="  sales: {}\n  help: {members_only: true}",
            agents=["{name: ann, queues: [sales]}"],
            sip=f'phone_contacts: {{ann: "{contact}"}}',
        )
    )
    await exchange.sign_in("ann")
    bob = await sipps.start("caller_is_busy", exchange.address, transport=transport)
    await until(lambda: exchange.counters.get("calls_connected"))
    (name,) = exchange.sip.calls.by_name
    await exchange.tell(TransferRequested(contact=name, queue="help", by="ann"))
    for party in (phone, bob):
        await party.wait()
    await exchange.settle()
    assert exchange.exits() == {"answered": 1}
    assert sum(exchange.exits("help").values()) == 1
    assert not exchange.counters.get("offers_refused")


def is_heard_at(port: int) -> bool:
    """Whether somebody takes TCP connections there: to connect would take a twin's only place, to bind its port."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(own.endswith(f":{port:04X}") and state == "0A" for _, own, _, state, *_ in rows)


@both_transports
async def test_an_attended_transfer_of_three_parties(open_exchange: OpenExchange, sipps: Sipps, transport: str) -> None:
    eve = await sipps.start("transfer_colleague", transport=transport)
    ann_port = free_port()
    exchange = await open_exchange(
        centre(
            queues="  sales: {}\n  help: {}",
            agents=[
                f"{{name: {name}, queues: [{queue}],"
                f" phone: {{address: 'sip:{name}@127.0.0.1:{port};transport={transport}'}}}}"
                for name, queue, port in (("ann", "sales", ann_port), ("eve", "help", eve.port))
            ],
        )
    )
    twin = free_port()
    asking = await sipps.start("transfer_asking", exchange.address, service="help", twin=twin, transport=transport)
    await until(lambda: is_heard_at(twin))
    ann = await sipps.start("transfer_agent", port=ann_port, twin=twin, transport=transport)
    await until(lambda: transport == "udp" or is_heard_at(ann_port))
    await exchange.sign_in("ann", "eve")
    bob = await sipps.start("transfer_customer", exchange.address, service="sales", transport=transport)
    for party in (ann, asking, bob, eve):
        await party.wait()
    await exchange.settle()
    assert exchange.counters["transfers_attended"] == 1
    assert (exchange.exits(), exchange.exits("help")) == ({"answered": 1}, {"answered": 1})
