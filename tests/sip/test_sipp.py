"""Real sipp as caller and as agent's phone, each scenario against the others, over UDP and TCP."""

import asyncio
import time

import pytest

from engine.messages.observed import AgentStatusChanged
from tests.sip.conftest import OpenExchange
from tests.sip.support import Exchange, Sipp, Sipps, centre, needs_shared_scenarios, needs_sipp, until

pytestmark = [pytest.mark.peer, pytest.mark.slow, needs_sipp, needs_shared_scenarios]
both_transports = pytest.mark.parametrize("transport", ["udp", "tcp"])


async def with_phone(
    open_exchange: OpenExchange, sipps: Sipps, scenario: str, transport: str = "udp", *, agents: int = 1, **options: int
) -> tuple[Exchange, Sipp]:
    """An exchange whose agents all have one sipp as their phone."""
    phone = await sipps.start(scenario, transport=transport, **options)  # type: ignore[arg-type]
    names = [f"agent{number}" for number in range(agents)]
    contacts = ", ".join(f'{name}: "sip:{name}@127.0.0.1:{phone.port};transport={transport}"' for name in names)
    entries = [f"{{name: {name}, max_no_answer: 0, busy_delay: 0, no_answer_delay: 0}}" for name in names]
    exchange = await open_exchange(centre(agents=entries, sip=f"phone_contacts: {{{contacts}}}"))
    await exchange.sign_in(*names)
    return exchange, phone


@both_transports
@pytest.mark.parametrize(
    ("caller", "phone"),
    [("uac_rr", "agent_fast"), ("uac_rr", "agent_waits"), ("uac_peerbye", "agent_ends")],
)
async def test_calls_are_answered_and_ended(
    open_exchange: OpenExchange, sipps: Sipps, transport: str, caller: str, phone: str
) -> None:
    exchange, agents = await with_phone(open_exchange, sipps, phone, transport, agents=5, calls=5)
    callers = await sipps.start(caller, exchange.address, calls=5, rate=50, transport=transport)
    await callers.wait()
    await agents.wait()
    await exchange.settle()
    assert exchange.exits() == {"answered": 5}
    assert exchange.counters["calls_connected"] == 5


@both_transports
async def test_callers_who_require_reliable_provisional_responses(
    open_exchange: OpenExchange, sipps: Sipps, transport: str
) -> None:
    ann = await sipps.start("agent_waits", transport=transport)
    exchange = await open_exchange(centre(phones={"ann": f"127.0.0.1:{ann.port};transport={transport}"}))
    callers = await sipps.start("uac_prack", exchange.address, transport=transport)
    await until(lambda: exchange.contacts_open == 1)
    (call,) = exchange.sip.calls.by_name.values()
    await until(
        lambda: call.caller.reliable is not None and call.caller.said[0] and not call.caller.reliable.is_awaiting
    )
    await exchange.sign_in("ann")
    await callers.wait()
    await ann.wait()
    await exchange.settle()
    assert exchange.exits() == {"answered": 1}


@both_transports
async def test_a_phone_is_rung_at_its_address(open_exchange: OpenExchange, sipps: Sipps, transport: str) -> None:
    ann = await sipps.start("agent_fast", transport=transport)
    exchange = await open_exchange(centre(phones={"ann": f"127.0.0.1:{ann.port};transport={transport}"}))
    await exchange.sign_in("ann")
    callers = await sipps.start("uac_rr", exchange.address)
    await callers.wait()
    await ann.wait()
    await exchange.settle()


@both_transports
async def test_callers_queue_for_the_only_agent(open_exchange: OpenExchange, sipps: Sipps, transport: str) -> None:
    exchange, agents = await with_phone(open_exchange, sipps, "agent_fast", transport, calls=4)
    callers = await sipps.start("uac_rr", exchange.address, calls=4, rate=100, transport=transport)
    await callers.wait()
    await agents.wait()
    await exchange.settle()
    assert exchange.exits() == {"answered": 4}


@both_transports
async def test_waiting_callers_give_up(open_exchange: OpenExchange, sipps: Sipps, transport: str) -> None:
    exchange = await open_exchange(centre(queues="  sales: {service_level: {short_abandon: 0s}}"))
    callers = await sipps.start("uac_cancel_182", exchange.address, calls=5, rate=50, transport=transport)
    await callers.wait()
    await exchange.settle()
    assert exchange.exits() == {"abandoned": 5}


@both_transports
async def test_callers_give_up_before_their_arrival_is_durable(
    open_exchange: OpenExchange, sipps: Sipps, transport: str
) -> None:
    exchange = await open_exchange(centre(), hold=True)
    callers = await sipps.start("uac_cancel", exchange.address, calls=5, rate=100, transport=transport)
    calls = exchange.sip.calls.by_name
    await until(lambda: len(calls) == 5 and all(call.caller.cancelled for call in calls.values()))
    assert not any(call.caller.answered for call in calls.values())
    await until(lambda: not exchange.engine.inbox)
    exchange.engine.log.flush()
    await callers.wait()
    await exchange.settle()
    assert exchange.exits() == {"short_abandoned": 5}


async def test_a_phone_that_is_not_answered_is_left_for_another(open_exchange: OpenExchange, sipps: Sipps) -> None:
    silent, quick = await sipps.start("agent_noans"), await sipps.start("agent_fast")
    exchange = await open_exchange(
        centre(
            queues="  sales: {strategy: top-down}",
            agents=[
                f"{{name: {name}, ring_limit: {limit}, no_answer_delay: 1h,"
                f" phone: {{address: 'sip:{name}@127.0.0.1:{phone.port}'}}}}"
                for name, phone, limit in (("ann", silent, "1s"), ("bob", quick, "20s"))
            ],
        )
    )
    await exchange.sign_in("ann", "bob")
    caller = await sipps.start("uac_rr", exchange.address)
    await asyncio.gather(caller.wait(), silent.wait(), quick.wait())
    await exchange.settle()
    assert exchange.exits() == {"answered": 1}


async def test_a_busy_phone_is_left_for_another(open_exchange: OpenExchange, sipps: Sipps) -> None:
    busy, quick = await sipps.start("agent_busy"), await sipps.start("agent_fast")
    exchange = await open_exchange(
        centre(
            queues="  sales: {strategy: top-down}",
            agents=[
                f"{{name: {name}, busy_delay: 1h, phone: {{address: 'sip:{name}@127.0.0.1:{phone.port}'}}}}"
                for name, phone in (("ann", busy), ("bob", quick))
            ],
        )
    )
    await exchange.sign_in("ann", "bob")
    caller = await sipps.start("uac_rr", exchange.address)
    await asyncio.gather(caller.wait(), busy.wait(), quick.wait())
    await exchange.settle()
    assert exchange.counters["phones.486"] == 1


async def test_everybody_rings_and_the_first_has_the_call(open_exchange: OpenExchange, sipps: Sipps) -> None:
    silent, quick = await sipps.start("agent_noans"), await sipps.start("agent_waits")
    exchange = await open_exchange(
        centre(
            queues="  sales: {strategy: ring-all}",
            phones={"ann": f"127.0.0.1:{silent.port}", "bob": f"127.0.0.1:{quick.port}"},
        )
    )
    await exchange.sign_in("ann", "bob")
    caller = await sipps.start("uac_rr", exchange.address)
    await asyncio.gather(caller.wait(), silent.wait(), quick.wait())
    await exchange.settle()
    assert exchange.exits() == {"answered": 1}


async def test_nobody_is_called_twice_when_an_agent_comes_later(open_exchange: OpenExchange, sipps: Sipps) -> None:
    exchange, phone = await with_phone(open_exchange, sipps, "agent_fast")
    await exchange.tell(AgentStatusChanged(agent="agent0", status="paused"))
    caller = await sipps.start("uac_rr", exchange.address)
    await until(lambda: exchange.contacts_open == 1)
    await exchange.sign_in("agent0")
    await caller.wait()
    await phone.wait()
    await exchange.settle()
    assert exchange.exits() == {"answered": 1}


@both_transports
async def test_a_call_whose_ends_have_died_is_over(open_exchange: OpenExchange, sipps: Sipps, transport: str) -> None:
    offset_s = 0.0
    phone = await sipps.start("agent_waits", transport=transport)
    place = f"127.0.0.1:{phone.port};transport={transport}"
    exchange = await open_exchange(
        centre(phones={"ann": place}, sip="session_interval: 100s"),
        monotonic_ns=lambda: time.monotonic_ns() + int(offset_s * 1e9),
    )
    await exchange.sign_in("ann")
    caller = await sipps.start("uac_rr", exchange.address, pause_ms=20_000, transport=transport)
    await until(lambda: exchange.counters.get("calls_connected") == 1)
    await until(lambda: all(leg.acknowledged for leg in exchange.sip.calls.dialogs.values()))
    caller.end()
    phone.end()
    while exchange.contacts_open:
        # Signs of life are asked for, nobody answers, the session runs out.
        offset_s += 35.0
        exchange.sip.housekeeping.sweep()
        await asyncio.sleep(0.05)
        assert offset_s < 300
    while exchange.sip.calls.dialogs:
        offset_s += 35.0  # nobody answers BYE
        await asyncio.sleep(0.05)
    await exchange.settle()
    assert exchange.exits() == {"answered": 1}
