"""Hold and resume at the agent's word from a desk, and phones that answer by themselves."""

import pytest

from engine.messages.observed import HoldRequested, ResumeRequested
from engine.ports import Hint
from tests.sip.baresip import needs_baresip
from tests.sip.calls.test_calls import house, talk
from tests.sip.calls.test_dialogs import hang_up, state_of
from tests.sip.conftest import OpenBaresip, OpenExchange, OpenPhone
from tests.sip.support import Exchange, centre, until
from tests.sip.test_baresip import talking


def contact_of(exchange: Exchange) -> str:
    """Name of the only contact."""
    return next(iter(exchange.engine.state.contacts)).name


def version_of(body: bytes) -> int:
    """The version in the o= line."""
    return int(next(line for line in body.split(b"\r\n") if line.startswith(b"o=")).split(b" ")[2])


async def test_hold_and_resume_from_a_desk(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    callers, _ = await talk(exchange, bob, ann)
    contact = contact_of(exchange)
    await exchange.tell(HoldRequested(contact=contact, agent="ann"))
    at_bob = await bob.request("INVITE")
    assert b"a=inactive" in at_bob.request.body
    assert callers.receive_request(at_bob.request) is None
    assert state_of(exchange) == "connected", "not before the caller's side has answered"
    bob.reply(at_bob, 200, bob.sdp("inactive"))
    await bob.ack()
    at_ann = await ann.request("INVITE")
    assert b"a=inactive" in at_ann.request.body
    assert version_of(at_ann.request.body) == 2, "changed words are a new version (RFC 3264 §8)"
    ann.reply(at_ann, 200, ann.sdp("inactive"))
    await ann.ack()
    await until(lambda: state_of(exchange) == "held")
    await exchange.tell(ResumeRequested(contact=contact, agent="ann"))
    at_ann = await ann.request("INVITE")
    assert b"a=inactive" not in at_ann.request.body
    ann.reply(at_ann, 200, ann.sdp())
    await ann.ack()
    at_bob = await bob.request("INVITE")
    assert b"a=inactive" not in at_bob.request.body
    bob.reply(at_bob, 200, bob.sdp())
    await bob.ack()
    await until(lambda: state_of(exchange) == "connected")
    await hang_up(exchange, bob, callers, ann)


async def test_a_hold_that_the_caller_refuses_is_none(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    callers, _ = await talk(exchange, bob, ann)
    hints: list[Hint] = []
    exchange.engine.hints.watch(hints.append)
    contact = contact_of(exchange)
    await exchange.tell(HoldRequested(contact=contact, agent="ann"))
    bob.reply(await bob.request("INVITE"), 488)
    await until(lambda: exchange.counters.get("holds_refused"))
    assert state_of(exchange) == "connected"
    assert hints == [Hint(contact, "customer", "ann", typing=False, refused="hold")]
    await hang_up(exchange, bob, callers, ann)


async def test_one_phone_is_asked_to_answer_by_itself(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    ann, eve = await open_phone("ann"), await open_phone("eve")
    phones = [
        f'{{name: ann, phone: {{address: "sip:ann@127.0.0.1:{ann.port}", auto_answer: true}}}}',
        f'{{name: eve, phone: {{address: "sip:eve@127.0.0.1:{eve.port}"}}}}',
    ]
    exchange = await open_exchange(centre(queues="  sales: {strategy: ring-all}", agents=phones))
    await exchange.sign_in("ann", "eve")
    bob = await open_phone("bob")
    bob.invite("sales", exchange.sip.endpoint.port)
    at_ann, at_eve = await ann.request("INVITE"), await eve.request("INVITE")
    assert "answer-after=0" in at_ann.request.get("call-info")
    assert "alert-autoanswer" in at_ann.request.get("alert-info")
    assert not at_eve.request.get("call-info")
    assert not at_eve.request.get("alert-info")


@pytest.mark.peer
@pytest.mark.slow
@needs_baresip
async def test_real_phones_are_held_and_taken_back(open_exchange: OpenExchange, open_baresip: OpenBaresip) -> None:
    exchange, ann, bob = await talking(open_exchange, open_baresip)
    await until(lambda: state_of(exchange) == "connected")
    for _ in range(2):
        await exchange.tell(HoldRequested(contact=contact_of(exchange), agent="ann"))
        await until(lambda: state_of(exchange) == "held")
        await exchange.tell(ResumeRequested(contact=contact_of(exchange), agent="ann"))
        await until(lambda: state_of(exchange) == "connected")
    bob.command("hangup")
    await ann.event("CALL_CLOSED")
    await exchange.settle()
