"""A callback with a real softphone at both ends."""

import pytest

from engine.messages.observed import CallbackRequested
from tests.sip.baresip import Baresip, needs_baresip
from tests.sip.conftest import OpenBaresip, OpenExchange, OpenPhone
from tests.sip.support import Exchange, centre, until
from tests.sip.test_baresip import AGENT, agent_account, registered

pytestmark = [pytest.mark.peer, pytest.mark.slow, needs_baresip]


async def promised(
    open_exchange: OpenExchange, open_phone: OpenPhone, open_baresip: OpenBaresip, mode: str
) -> tuple[Exchange, Baresip, Baresip]:
    """A callback to bob is owed: the exchange, the agent's phone, and bob's."""
    caller = await open_phone("bob")
    bob = await open_baresip(f"<sip:bob@127.0.0.1>;auth_pass=none;regint=0;answermode={mode};audio_codecs=PCMU;mwi=no")
    exchange = await open_exchange(centre(agents=[AGENT], sip=f"outbound: [{{proxy: 'sip:127.0.0.1:{bob.port}'}}]"))
    ann = await open_baresip(agent_account(exchange))
    await registered(exchange)
    caller.invite("sales", exchange.sip.endpoint.port, caller.sdp())
    await caller.response(182)
    (name,) = exchange.sip.calls.by_name
    await exchange.tell(CallbackRequested(contact=name))
    await caller.response(480)
    await exchange.sign_in("ann")
    return exchange, ann, bob


@pytest.mark.parametrize("first", ["agent", "customer"])
async def test_a_customer_is_called_back(
    open_exchange: OpenExchange, open_phone: OpenPhone, open_baresip: OpenBaresip, first: str
) -> None:
    exchange, ann, bob = await promised(open_exchange, open_phone, open_baresip, "auto")
    await ann.event("CALL_ESTABLISHED")
    await bob.event("CALL_ESTABLISHED")
    await until(lambda: exchange.counters.get("callbacks.answered") == 1)
    await until(lambda: not any(leg.pending_out for leg in exchange.sip.calls.dialogs.values()))
    ann.command("hold")
    (call,) = exchange.sip.calls.by_name.values()
    await until(lambda: call.holds.by_phones)
    ann.command("resume")
    await until(lambda: not call.holds.by_phones)
    ends, left = (ann, bob) if first == "agent" else (bob, ann)
    ends.command("hangup")
    await left.event("CALL_CLOSED")
    await exchange.settle()
    assert exchange.exits() == {"callback": 1, "answered": 1}


async def test_a_customer_who_declines(
    open_exchange: OpenExchange, open_phone: OpenPhone, open_baresip: OpenBaresip
) -> None:
    exchange, ann, bob = await promised(open_exchange, open_phone, open_baresip, "manual")
    await bob.event("CALL_INCOMING")
    bob.command("hangup")
    await ann.event("CALL_CLOSED")
    await exchange.settle()
    assert exchange.counters["callbacks.given_up"] == 1
