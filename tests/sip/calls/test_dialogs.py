"""What happens within a connected call: hold, new offers, glare, DTMF, transfer, session timers."""

import time

import pytest

from adapters.sip.protocol import SDP, Dialog, direction_of, reasons_of
from adapters.sip.protocol.sdp import Direction
from engine.messages.kinds import CONTACT_STATE_NAMES
from engine.messages.observed import HoldRequested, TransferRequested
from tests.sip.calls.test_calls import house, talk
from tests.sip.conftest import OpenExchange, OpenPhone
from tests.sip.support import Exchange, centre, until
from tests.sip.user_agent import UserAgent


def state_of(exchange: Exchange) -> str:
    """The state of the only contact."""
    entry = next(iter(exchange.engine.state.contacts))
    return CONTACT_STATE_NAMES[int(exchange.engine.state.tables.contacts["state"][entry.slot])]


def sales_and_help(ann: UserAgent, eve: UserAgent | None = None, sip: str = "") -> str:
    """Ann serves one queue; the other one Eve, or Zoe, who has no phone and is not there."""
    agents = [f"{{name: ann, queues: [sales], phone: {{address: 'sip:ann@127.0.0.1:{ann.port}'}}}}"]
    if eve is None:
        agents.append("{name: zoe, queues: [help]}")
    else:
        agents.append(f"{{name: eve, queues: [help], phone: {{address: 'sip:eve@127.0.0.1:{eve.port}'}}}}")
    return centre(queues="  sales: {}\n  help: {}", agents=agents, sip=sip)


async def hang_up(exchange: Exchange, caller: UserAgent, callers: Dialog, agent: UserAgent) -> None:
    """The caller ends the call."""
    caller.within(callers, "BYE")
    await caller.response(200, "BYE")
    agent.reply(await agent.request("BYE"), 200)
    await exchange.settle()


async def test_hold_and_resume(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    callers, agents = await talk(exchange, bob, ann)
    held, back = ann.sdp("sendonly"), ann.sdp()
    for offer, direction, state in ((held, "recvonly", "held"), (back, "sendrecv", "connected")):
        ann.within(agents, "INVITE", offer)
        at_bob = await bob.request("INVITE")
        assert at_bob.request.body == offer
        answer = bob.sdp(direction)  # type: ignore[arg-type]
        assert callers.receive_request(at_bob.request) is None
        bob.reply(at_bob, 200, answer)
        await bob.ack()
        answered = await ann.response(200, "INVITE")
        assert answered.response.body == answer
        ann.acknowledge(agents, answered)
        await until(lambda state=state: state_of(exchange) == state)  # type: ignore[misc]
    await hang_up(exchange, bob, callers, ann)


async def test_an_offer_by_update_and_one_that_is_refused(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    callers, _ = await talk(exchange, bob, ann)
    # Neither phone has said that it knows UPDATE, so the other side gets it as an INVITE.
    bob.within(callers, "UPDATE", bob.sdp())
    at_ann = await ann.request("INVITE")
    ann.reply(at_ann, 200, ann.sdp())
    await ann.ack()
    await bob.response(200, "UPDATE")
    bob.within(callers, "INVITE", bob.sdp())
    at_ann = await ann.request("INVITE")
    ann.reply(at_ann, 488, headers=(("Warning", '304 ann "no such codec"'),))
    refused = await bob.response(488)
    assert refused.response.get("warning") == '304 ann "no such codec"'
    bob.within(callers, "UPDATE")
    await bob.response(200, "UPDATE")
    await hang_up(exchange, bob, callers, ann)


async def test_offers_that_cross_are_refused_with_491(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    callers, agents = await talk(exchange, bob, ann)
    bob.within(callers, "INVITE", bob.sdp())
    at_ann = await ann.request("INVITE")
    ann.within(agents, "INVITE", ann.sdp())
    await ann.response(491)
    bob.within(callers, "INVITE", bob.sdp())
    overlapping = await bob.response(500)
    assert int(overlapping.response.get("retry-after")) <= 10
    ann.reply(at_ann, 200, ann.sdp())
    bob.acknowledge(callers, await bob.response(200, "INVITE"))
    await ann.ack()
    await hang_up(exchange, bob, callers, ann)


async def test_an_offer_that_overtakes_an_ack_waits_for_it(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    callers, agents = await talk(exchange, bob, ann)
    for taken_back in (True, False):
        bob.within(callers, "INVITE", bob.sdp())
        at_ann = await ann.request("INVITE")
        ann.reply(at_ann, 200, ann.sdp())
        await ann.ack()
        answered = await bob.response(200, "INVITE")
        # ann knows that the offer is done, and bob's ACK is on its way.
        waiting = ann.within(agents, "INVITE", ann.sdp("sendonly"))
        if taken_back:
            await ann.response(100)
            ann.take_back(waiting)
            await ann.response(487)
        bob.acknowledge(callers, answered)
    at_bob = await bob.request("INVITE")
    assert b"sendonly" in at_bob.request.body
    bob.reply(at_bob, 200, bob.sdp("recvonly"))
    await bob.ack()
    ann.acknowledge(agents, await ann.response(200, "INVITE"))
    assert "offers_crossed" not in exchange.counters
    await hang_up(exchange, bob, callers, ann)


async def test_an_offer_of_our_own_takes_the_place_of_one_that_waits(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    callers, agents = await talk(exchange, bob, ann)
    bob.within(callers, "INVITE", bob.sdp())
    at_ann = await ann.request("INVITE")
    assert agents.receive_request(at_ann.request) is None
    ann.reply(at_ann, 200, ann.sdp())
    await ann.ack()
    answered = await bob.response(200, "INVITE")
    ann.within(agents, "INVITE", ann.sdp("sendonly"))  # waits for bob's ACK, and so does the desk's hold
    await ann.response(100)
    (name,) = exchange.sip.calls.by_name
    await exchange.tell(HoldRequested(contact=name, agent="ann"))
    await ann.response(491, "INVITE")
    bob.acknowledge(callers, answered)
    await _answer_offer(bob, callers, "inactive")
    await _answer_offer(ann, agents, "inactive")
    await until(lambda: state_of(exchange) == "held" and not _offers_open(exchange))
    await hang_up(exchange, bob, callers, ann)


async def test_a_late_offer_within_the_call(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    callers, agents = await talk(exchange, bob, ann)
    ann.within(agents, "INVITE")
    at_bob = await bob.request("INVITE")
    assert at_bob.request.body == b""
    offer, answer = bob.sdp(), ann.sdp()
    bob.reply(at_bob, 200, offer)
    answered = await ann.response(200, "INVITE")
    assert answered.response.body == offer
    ann.acknowledge(agents, answered, answer)
    assert (await bob.ack()).body == answer
    await hang_up(exchange, bob, callers, ann)


async def test_keys_are_passed_on(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    callers, _ = await talk(exchange, bob, ann)
    bob.within(callers, "INFO", bob.sdp())
    at_ann = await ann.request("INFO")
    assert at_ann.request.content_type == SDP
    ann.reply(at_ann, 200)
    await bob.response(200, "INFO")
    bob.within(callers, "OPTIONS")
    assert "UPDATE" in (await bob.response(200, "OPTIONS")).response.get("allow")
    await hang_up(exchange, bob, callers, ann)


async def test_a_transfer_to_another_queue(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    ann, eve, bob = [await open_phone(name) for name in ("ann", "eve", "bob")]
    exchange = await open_exchange(sales_and_help(ann, eve, sip="default_queue: help"))
    await exchange.sign_in("ann", "eve")
    callers, agents = await talk(exchange, bob, ann)
    ann.within(agents, "REFER", headers=(("Refer-To", "<sip:nowhere@127.0.0.1>"),))
    await ann.response(404, "REFER")
    ann.within(agents, "REFER", headers=(("Refer-To", "<sip:help@127.0.0.1>"),))
    await ann.response(202, "REFER")
    notify = await ann.request("NOTIFY")
    assert notify.request.body == b"SIP/2.0 200 OK\r\n"
    assert notify.request.get("subscription-state").startswith("terminated")
    ann.reply(notify, 200)
    ann.reply(await ann.request("BYE"), 200)
    parked = await bob.request("INVITE")
    assert direction_of(parked.request.body) == "inactive"
    assert callers.receive_request(parked.request) is None
    at_eve = await eve.request("INVITE")
    assert direction_of(at_eve.request.body) == "sendrecv"
    eve.reply(at_eve, 180)
    eve.reply(at_eve, 200, eve.sdp(port=4444))
    await eve.ack()
    bob.reply(parked, 200, bob.sdp("inactive"))
    await bob.ack()
    again = await bob.request("INVITE")
    assert b"m=audio 4444 " in again.request.body
    # To the caller it is still the session that the first agent began, only a newer version of it.
    origins = [body.split(b"\r\n")[1].split() for body in (parked.request.body, again.request.body)]
    assert origins[0][1] == origins[1][1] == str(ann.port).encode()
    assert int(origins[0][2]) < int(origins[1][2])
    assert callers.receive_request(again.request) is None
    bob.reply(again, 200, bob.sdp())
    await bob.ack()
    await hang_up(exchange, bob, callers, eve)
    assert (exchange.exits("sales"), exchange.exits("help")) == ({"answered": 1}, {"answered": 1})


async def test_a_caller_is_parked_once_its_first_offers_are_done(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    ann, bob, eve = [await open_phone(name) for name in ("ann", "bob", "eve")]
    exchange = await open_exchange(sales_and_help(ann))
    await exchange.sign_in("ann")
    # Bob's ACK is late.
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    agents = await ann.pick_up()
    answered = await bob.response(200, "INVITE")
    await _send_away(ann, agents)
    callers = Dialog.from_response(answered.response, f"<{bob.uri}>")
    bob.acknowledge(callers, answered)
    await _hear_park_and_leave(bob, callers)
    # Eve has made an offer of her own, which the agent has not answered.
    await exchange.settle()
    callers, agents = await talk(exchange, eve, ann)
    eve.within(callers, "INVITE", eve.sdp())
    offered = await ann.request("INVITE")
    await _send_away(ann, agents)
    await eve.response(491)
    ann.reply(offered, 488)
    await _hear_park_and_leave(eve, callers)
    await exchange.settle()


@pytest.mark.parametrize("answer", [200, 408, 481])
async def test_an_offer_to_a_phone_that_the_caller_has_left_does_not_touch_the_call(
    open_exchange: OpenExchange, open_phone: OpenPhone, answer: int
) -> None:
    ann, eve, bob = [await open_phone(name) for name in ("ann", "eve", "bob")]
    exchange = await open_exchange(sales_and_help(ann, eve))
    await exchange.sign_in("ann", "eve")
    callers, _ = await talk(exchange, bob, ann)
    bob.within(callers, "INVITE", bob.sdp("sendonly"))
    offered = await ann.request("INVITE")
    (name,) = exchange.sip.calls.by_name
    await exchange.tell(TransferRequested(contact=name, queue="help", by="ann"))
    await bob.response(491, "INVITE")
    ann.reply(await ann.request("BYE"), 200)
    ann.reply(offered, answer, ann.sdp("recvonly") if answer == 200 else b"")
    await _answer_offer(bob, callers, "inactive")
    at_eve = await eve.request("INVITE")
    eve.reply(at_eve, 200, eve.sdp())
    await eve.ack()
    await _answer_offer(bob, callers, "sendrecv")
    assert state_of(exchange) == "connected"
    await hang_up(exchange, bob, callers, eve)
    assert (exchange.exits("sales"), exchange.exits("help")) == ({"answered": 1}, {"answered": 1})


async def test_an_offer_to_a_caller_whom_the_agent_has_left_holds_nothing(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    ann, bob = [await open_phone(name) for name in ("ann", "bob")]
    exchange = await open_exchange(sales_and_help(ann))
    await exchange.sign_in("ann")
    callers, agents = await talk(exchange, bob, ann)
    ann.within(agents, "INVITE", ann.sdp("sendonly"))
    offered = await bob.request("INVITE")
    assert callers.receive_request(offered.request) is None
    (name,) = exchange.sip.calls.by_name
    await exchange.tell(TransferRequested(contact=name, queue="help", by="ann"))
    await ann.response(491, "INVITE")
    ann.reply(await ann.request("BYE"), 200)
    bob.reply(offered, 200, bob.sdp("recvonly"))
    await bob.ack()
    await _hear_park_and_leave(bob, callers)
    await exchange.settle()
    assert exchange.exits("help") == {"short_abandoned": 1}


async def _answer_offer(caller: UserAgent, callers: Dialog, direction: Direction) -> None:
    offered = await caller.request("INVITE")
    assert direction_of(offered.request.body) == direction
    assert callers.receive_request(offered.request) is None
    caller.reply(offered, 200, caller.sdp(direction))
    await caller.ack()


async def _send_away(agent: UserAgent, agents: Dialog) -> None:
    """The agent transfers the caller to where nobody is."""
    agent.within(agents, "REFER", headers=(("Refer-To", "<sip:help@127.0.0.1>"),))
    await agent.response(202, "REFER")
    agent.reply(await agent.request("NOTIFY"), 200)
    agent.reply(await agent.request("BYE"), 200)


async def _hear_park_and_leave(caller: UserAgent, callers: Dialog) -> None:
    parked = await caller.request("INVITE")
    assert direction_of(parked.request.body) == "inactive"
    assert callers.receive_request(parked.request) is None
    caller.reply(parked, 200, caller.sdp("inactive"))
    await caller.ack()
    caller.within(callers, "BYE")
    await caller.response(200, "BYE")


async def test_callers_may_not_transfer_and_dialogs_of_others_are_no_target(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    callers, agents = await talk(exchange, bob, ann)
    bob.within(callers, "REFER", headers=(("Refer-To", "<sip:sales@127.0.0.1>"),))
    await bob.response(603, "REFER")
    ann.within(agents, "REFER", headers=(("Refer-To", "<sip:x@h?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>"),))
    await ann.response(501, "REFER")
    await hang_up(exchange, bob, callers, ann)


async def test_sessions_are_refreshed_and_dead_ones_end(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    offset_s = 0.0
    ann, bob = await open_phone("ann"), await open_phone("bob")
    exchange = await open_exchange(
        centre(phones={"ann": f"127.0.0.1:{ann.port}"}, sip="session_interval: 100s"),
        monotonic_ns=lambda: time.monotonic_ns() + int(offset_s * 1e9),
    )
    await exchange.sign_in("ann")
    bob.invite(
        "sales",
        exchange.sip.endpoint.port,
        bob.sdp(),
        (("Supported", "timer"), ("Session-Expires", "100;refresher=uac")),
    )
    call = await ann.request("INVITE")
    assert call.request.get("session-expires") == "100"
    ann.reply(call, 200, ann.sdp(), (("Allow", "INVITE, ACK, BYE, UPDATE"),))
    await ann.ack()
    answered = await bob.response(200)
    assert answered.response.get("session-expires") == "100;refresher=uac"
    callers = Dialog.from_response(answered.response, f"<{bob.uri}>")
    bob.acknowledge(callers, answered)
    await until(lambda: all(leg.acknowledged for leg in exchange.sip.calls.dialogs.values()))
    offset_s = 55.0
    exchange.sip.housekeeping.sweep()
    refresh = await ann.request("UPDATE")
    assert refresh.request.body == b""
    ann.reply(refresh, 200)
    await until(lambda: exchange.sip.calls.by_name and not _offers_open(exchange))
    # Ann has shown a sign of life, Bob, whose turn it was, has not.
    offset_s = 75.0
    exchange.sip.housekeeping.sweep()
    ended, ended_too = await bob.request("BYE"), await ann.request("BYE")
    bob.reply(ended, 200)
    ann.reply(ended_too, 200)
    assert [reason.cause for bye in (ended, ended_too) for reason in reasons_of(bye.request)] == [102, 102]
    await exchange.settle()
    assert exchange.counters["sessions_expired"] == 1


def _offers_open(exchange: Exchange) -> bool:
    return any(leg.pending_out is not None for leg in exchange.sip.calls.dialogs.values())


async def test_intervals_below_the_least_are_refused(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, _ = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    timer = (("Supported", "timer"), ("Session-Expires", "60"))
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp(), timer)
    assert (await bob.response(422)).response.get("min-se") == "90"
    await exchange.settle()
