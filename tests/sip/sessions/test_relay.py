"""An offer that the other side is not ready for, or does not answer: it waits for the ACK, or the call ends."""

from collections.abc import Sequence

import pytest

from adapters.sip.calls.call import Call
from adapters.sip.protocol import Dialog, RequestReceived, ResponseReceived, direction_of
from adapters.sip.sessions.hold import resume
from engine.messages.observed import HoldRequested
from tests.sip.calls.test_calls import house, talk
from tests.sip.calls.test_dialogs import hang_up
from tests.sip.conftest import OpenExchange, OpenPhone
from tests.sip.sessions.test_hold import contact_of
from tests.sip.support import Exchange
from tests.sip.user_agent import UserAgent


def asked(phone: UserAgent) -> Sequence[str]:
    """The methods of requests that the phone has heard and no test has taken."""
    return [event.request.method for event in phone.heard if isinstance(event, RequestReceived)]


async def has_heard_all(phone: UserAgent, dialog: Dialog) -> None:
    """Wait until the phone has heard whatever was sent to it before now."""
    phone.within(dialog, "OPTIONS")
    await phone.response(200, "OPTIONS")


async def answered_without_ack(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> tuple[Exchange, UserAgent, UserAgent, Dialog, ResponseReceived]:
    """Let ann answer bob, who has not sent his ACK yet: the exchange, both phones, her dialog, and what he was told."""
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    agents = await ann.pick_up()
    return exchange, ann, bob, agents, await bob.response(200, "INVITE")


@pytest.mark.parametrize("taken_back", [False, True])
async def test_an_offer_waits_for_the_ack_of_the_caller(
    open_exchange: OpenExchange, open_phone: OpenPhone, *, taken_back: bool
) -> None:
    exchange, ann, bob, agents, answered = await answered_without_ack(open_exchange, open_phone)
    callers = Dialog.from_response(answered.response, f"<{bob.uri}>")
    waiting = ann.within(agents, "INVITE", ann.sdp("sendonly"))
    await ann.response(100)
    await has_heard_all(bob, callers)
    assert asked(bob) == []
    if taken_back:
        ann.take_back(waiting)
        await ann.response(487)
    bob.acknowledge(callers, answered)
    if not taken_back:
        at_bob = await bob.request("INVITE")
        assert direction_of(at_bob.request.body) == "sendonly"
        assert callers.receive_request(at_bob.request) is None
        bob.reply(at_bob, 200, bob.sdp("recvonly"))
        await bob.ack()
        ann.acknowledge(agents, await ann.response(200, "INVITE"))
    await has_heard_all(bob, callers)
    assert asked(bob) == []
    await hang_up(exchange, bob, callers, ann)
    assert "offers_crossed" not in exchange.counters


async def test_an_offer_that_overtakes_the_answer_to_the_phones_own_waits_for_it(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    bob.invite("sales", exchange.sip.endpoint.port)
    call = await ann.request("INVITE")
    ann.reply(call, 200, ann.sdp())
    answered = await bob.response(200, "INVITE")
    callers = Dialog.from_response(answered.response, f"<{bob.uri}>")
    bob.within(callers, "INVITE", bob.sdp("sendonly"))
    await bob.response(100)
    await has_heard_all(ann, ann.dialog_of(call.request, call.transaction))
    assert asked(ann) == []
    answer = bob.sdp()
    bob.acknowledge(callers, answered, answer)
    assert (await ann.ack()).body == answer
    at_ann = await ann.request("INVITE")
    assert direction_of(at_ann.request.body) == "sendonly"
    ann.reply(at_ann, 200, ann.sdp("recvonly"))
    await ann.ack()
    bob.acknowledge(callers, await bob.response(200, "INVITE"))
    await hang_up(exchange, bob, callers, ann)


async def test_what_waits_behind_an_offer_that_is_taken_back_goes_on(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann, bob, agents, answered = await answered_without_ack(open_exchange, open_phone)
    waiting = ann.within(agents, "INVITE", ann.sdp("sendonly"))
    await ann.response(100)
    (call,) = exchange.sip.calls.by_name.values()
    assert isinstance(call, Call)
    resume(call)
    ann.take_back(waiting)
    await ann.response(487)
    at_ann = await ann.request("INVITE")
    assert direction_of(at_ann.request.body) == "sendrecv"
    ann.reply(at_ann, 488)
    callers = Dialog.from_response(answered.response, f"<{bob.uri}>")
    bob.acknowledge(callers, answered)
    await hang_up(exchange, bob, callers, ann)


@pytest.mark.parametrize("status", [408, 481])
@pytest.mark.parametrize("who", ["agent", "exchange"])
async def test_who_does_not_answer_an_offer_is_told_the_end_and_who_knows_no_call_is_not(
    open_exchange: OpenExchange, open_phone: OpenPhone, who: str, status: int
) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    callers, agents = await talk(exchange, bob, ann)
    if who == "agent":
        ann.within(agents, "INVITE", ann.sdp("sendonly"))
    else:
        await exchange.tell(HoldRequested(contact=contact_of(exchange), agent="ann"))
    offer = await bob.request("INVITE")
    assert callers.receive_request(offer.request) is None
    bob.reply(offer, status)
    ann.reply(await ann.request("BYE"), 200)
    if status == 408:
        bob.reply(await bob.request("BYE"), 200)
    await exchange.settle()
    assert asked(bob) == []
    assert exchange.exits("sales") == {"answered": 1}
