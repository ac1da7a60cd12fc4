"""Real sipp at both ends, by scenarios of the project's own: what a fresh clone proves without any data beside it."""

import pytest

from engine.messages.observed import AgentStatusChanged
from tests.sip.conftest import OpenExchange
from tests.sip.support import Sipps, needs_sipp
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
