"""Real sipp as caller and as agent's phone, each scenario against the others, over UDP and TCP."""

import pytest

from tests.sip.conftest import OpenExchange
from tests.sip.support import Sipps, centre, free_port, needs_sipp

pytestmark = [pytest.mark.peer, pytest.mark.slow, needs_sipp]


async def test_a_call_is_answered_and_ended_by_the_caller(open_exchange: OpenExchange, sipps: Sipps) -> None:
    phone = await sipps.start("agent_fast")
    exchange = await open_exchange(centre(phones={"ann": f"127.0.0.1:{phone.port}"}))
    await exchange.sign_in("ann")
    caller = await sipps.start("uac_rr", exchange.address)
    await caller.wait()
    await phone.wait()
    await exchange.settle()
    assert exchange.exits() == {"answered": 1}
