"""Calls between scripted phones: each message and its moment."""

import asyncio
import random
import time

import pytest

from adapters.sip.housekeeping import EVERY_NS
from adapters.sip.protocol import Dialog, build_response, reasons_of
from engine.messages.observed import CallbackRequested
from tests.ports import free_port
from tests.sip.conftest import OpenExchange, OpenPhone
from tests.sip.support import Exchange, centre, until
from tests.sip.user_agent import UserAgent


async def house(open_exchange: OpenExchange, open_phone: OpenPhone, **options: str) -> tuple[Exchange, UserAgent]:
    """An exchange with one agent, ann, signed in at a scripted phone."""
    ann = await open_phone("ann")
    exchange = await open_exchange(centre(phones={"ann": f"127.0.0.1:{ann.port}"}, **options))
    await exchange.sign_in("ann")
    return exchange, ann


async def talk(exchange: Exchange, caller: UserAgent, agent: UserAgent) -> tuple[Dialog, Dialog]:
    """Connect a caller with the agent; the dialogs of both."""
    caller.invite("sales", exchange.sip.endpoint.port, caller.sdp())
    agents = await agent.pick_up()
    return await caller.connected(), agents


async def test_session_descriptions_reach_the_other_side(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    offer, answer = bob.sdp(), ann.sdp()
    bob.invite("sales", exchange.sip.endpoint.port, offer)
    call = await ann.request("INVITE")
    assert call.request.body == offer
    assert call.request.get_address("from").display_name == "Bob"
    assert call.request.get("x-queue") == "sales"
    ann.reply(call, 180)
    await bob.response(180)
    ann.reply(call, 200, answer)
    answered = await bob.response(200)
    assert answered.response.body == answer
    dialog = Dialog.from_response(answered.response, f"<{bob.uri}>")
    bob.acknowledge(dialog, answered)
    await ann.ack()
    bob.within(dialog, "BYE")
    await bob.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()
    assert exchange.exits() == {"answered": 1}


async def test_hops_are_counted_down_and_answers_say_what_is_allowed(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp(), max_forwards=0)
    await bob.response(483)
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp(), max_forwards=17)
    call = await ann.request("INVITE")
    assert call.request.get("max-forwards") == "16"
    ann.reply(call, 200, ann.sdp())
    answered = await bob.response(200)
    assert {"UPDATE", "REFER", "INFO"} <= set(answered.response.get("allow").split(", "))
    dialog = Dialog.from_response(answered.response, f"<{bob.uri}>")
    bob.acknowledge(dialog, answered)
    await ann.ack()
    bob.within(dialog, "BYE")
    await bob.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()


async def test_a_caller_without_an_offer_gets_the_phones(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    bob.invite("sales", exchange.sip.endpoint.port)
    call = await ann.request("INVITE")
    assert call.request.body == b""
    offer, answer = ann.sdp(), bob.sdp()
    ann.reply(call, 200, offer)
    answered = await bob.response(200)
    assert answered.response.body == offer
    dialog = Dialog.from_response(answered.response, f"<{bob.uri}>")
    bob.acknowledge(dialog, answered, answer)
    assert (await ann.ack()).body == answer
    ann.within(ann.dialog_of(call.request, call.transaction), "BYE")
    await ann.response(200, "BYE")
    bob.reply(await bob.request("BYE"), 200)
    await exchange.settle()


async def test_a_caller_gives_up_while_the_phone_rings(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    invite = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    call = await ann.request("INVITE")
    ann.reply(call, 180)
    await bob.response(180)
    bob.take_back(invite, (("Reason", 'SIP;cause=200;text="Call completed elsewhere"'),))
    await bob.response(487)
    cancelled = await ann.cancel()
    assert [reason.cause for reason in reasons_of(cancelled.request)] == [200], "no missed call to be shown"
    ann.reply(cancelled, 487)
    await exchange.settle()
    assert exchange.exits() == {"short_abandoned": 1}


async def test_an_answer_that_crosses_the_callers_cancel_is_hung_up(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    invite = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    call = await ann.request("INVITE")
    ann.reply(call, 180)
    await bob.response(180)
    bob.take_back(invite)
    await ann.cancel()
    ann.reply(call, 200, ann.sdp())
    await ann.ack()
    ann.reply(await ann.request("BYE"), 200)
    await bob.response(487)
    await exchange.settle()


async def test_a_caller_leaves_after_the_phone_answered_but_before_that_is_durable(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    ann, bob = await open_phone("ann"), await open_phone("bob")
    exchange = await open_exchange(centre(phones={"ann": f"127.0.0.1:{ann.port}"}), hold=True)
    log = exchange.engine.log
    invite = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    calls = exchange.sip.calls.by_name
    await until(lambda: calls and not exchange.engine.inbox)
    log.flush()
    await until(lambda: calls and next(iter(calls.values())).caller.said[0] == 182)
    signing_in = asyncio.ensure_future(exchange.sign_in("ann"))
    await until(lambda: log.staged_bytes > 0)
    log.flush()
    await signing_in
    call = await ann.request("INVITE")
    ann.reply(call, 200, ann.sdp())
    await until(lambda: log.staged_bytes > 0)
    bob.take_back(invite)
    await until(lambda: next(iter(calls.values())).caller.cancelled and not exchange.engine.inbox)
    log.flush()
    await bob.response(487)
    await ann.ack()
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()


async def test_a_phone_hangs_up(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    _, agents = await talk(exchange, bob, ann)
    ann.within(agents, "BYE", headers=(("Reason", "Q.850;cause=31"), ("Reason", 'SIP;cause=200;text="moved"')))
    await ann.response(200, "BYE")
    told = await bob.request("BYE")
    assert [(reason.cause, reason.text) for reason in reasons_of(told.request)] == [(31, ""), (200, "moved")]
    bob.reply(told, 200)
    await exchange.settle()


async def test_everybody_else_hears_that_the_call_was_taken(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    ann, bob, eve = [await open_phone(name) for name in ("ann", "bob", "eve")]
    exchange = await open_exchange(
        centre(
            queues="  sales: {strategy: ring-all}",
            phones={"ann": f"127.0.0.1:{ann.port}", "eve": f"127.0.0.1:{eve.port}"},
        )
    )
    await exchange.sign_in("ann", "eve")
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    at_eve = await eve.request("INVITE")
    eve.reply(at_eve, 180)
    agents = await ann.pick_up()
    cancelled = await eve.cancel()
    assert [(reason.protocol, reason.cause) for reason in reasons_of(cancelled.request)] == [("SIP", 200)]
    eve.reply(cancelled, 487)
    await bob.connected()
    ann.within(agents, "BYE")
    bob.reply(await bob.request("BYE"), 200)
    await exchange.settle()


async def test_a_full_queue_says_busy_and_when_to_try_again(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange = await open_exchange(centre(queues="  sales: {max_length: 1}"))
    bob, eve = await open_phone("bob"), await open_phone("eve")
    waiting = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    assert "you are next" in (await bob.response(182)).response.reason
    eve.invite("sales", exchange.sip.endpoint.port, eve.sdp())
    refused = await eve.response(486)
    assert refused.response.get("retry-after") == "30"
    assert reasons_of(refused.response)[0].cause == 17
    bob.take_back(waiting)
    await bob.response(487)
    await exchange.settle()


async def test_who_waits_too_long_is_told_so(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange = await open_exchange(centre(queues="  sales: {max_wait: 1s}"))
    bob = await open_phone("bob")
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    refused = await bob.response(480)
    assert refused.response.get("retry-after") == "60"
    await exchange.settle()
    assert exchange.exits() == {"timed_out": 1}


async def test_unknown_numbers_are_not_found(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange = await open_exchange(centre(sip="dial_plan: {'100': sales}"))
    bob = await open_phone("bob")
    bob.invite("nobody", exchange.sip.endpoint.port, bob.sdp())
    await bob.response(404)
    invite = bob.invite("100", exchange.sip.endpoint.port, bob.sdp())
    await bob.response(182)
    bob.take_back(invite)
    await bob.response(487)
    await exchange.settle()


async def test_who_waits_long_hears_the_same_again(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    offset_ns = 0
    exchange = await open_exchange(centre(), monotonic_ns=lambda: time.monotonic_ns() + offset_ns)
    bob = await open_phone("bob")
    invite = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    await bob.response(182)
    exchange.sip.housekeeping.sweep()
    offset_ns = 51_000_000_000
    exchange.sip.housekeeping.sweep()
    await bob.response(182)
    bob.take_back(invite)
    await bob.response(487)
    await exchange.settle()
    assert not [event for event in bob.heard if getattr(getattr(event, "response", None), "status", 0) == 182]


@pytest.mark.parametrize(("latest_s", "gap_s"), [(0.0, 50), (9.9, 60)])
async def test_no_caller_hears_nothing_for_a_minute(
    open_exchange: OpenExchange, open_phone: OpenPhone, latest_s: float, gap_s: int
) -> None:
    """Whenever the call came, and however late the loop looks, by less than ten seconds, proxies hear of it in time."""
    now_ns = 0
    chance = random.Random(7)
    exchange = await open_exchange(centre(), monotonic_ns=lambda: now_ns)
    bob = await open_phone("bob")
    invite = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    await bob.response(182)
    (call,) = exchange.sip.calls.by_name.values()
    gaps_ns = []
    for phase_ns in range(0, 5_000_000_000, 50_000_000):
        said_ns = call.caller.said_ns = now_ns
        now_ns += phase_ns
        for _ in range(40):
            exchange.sip.housekeeping.sweep()
            if call.caller.said_ns > said_ns:
                gaps_ns.append(call.caller.said_ns - said_ns)
                said_ns = call.caller.said_ns
            now_ns += EVERY_NS + int(chance.uniform(0, latest_s) * 1e9)
    assert len(gaps_ns) > 200
    assert min(gaps_ns) > 40e9
    assert 45e9 < max(gaps_ns) <= gap_s * 1e9
    bob.take_back(invite)
    await bob.response(487)
    await exchange.settle()


async def test_a_caller_hears_of_the_queue_while_phones_say_nothing(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    offset_ns = 0
    ann, bob = await open_phone("ann"), await open_phone("bob")
    exchange = await open_exchange(
        centre(phones={"ann": f"127.0.0.1:{ann.port}"}), monotonic_ns=lambda: time.monotonic_ns() + offset_ns
    )
    await exchange.sign_in("ann")
    invite = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    await ann.request("INVITE")
    await bob.response(182)
    exchange.sip.housekeeping.sweep()
    await bob.response(100)
    assert not bob.heard
    offset_ns = 51_000_000_000
    exchange.sip.housekeeping.sweep()
    assert (await bob.response(182)).response.reason == "Queued; you are next"
    bob.take_back(invite)
    await bob.response(487)


async def test_one_call_that_fails_keeps_no_other_waiting(
    open_exchange: OpenExchange, open_phone: OpenPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    offset_ns = 0
    exchange = await open_exchange(centre(), monotonic_ns=lambda: time.monotonic_ns() + offset_ns)
    bad, bob = await open_phone("bad"), await open_phone("bob")
    waiting = []
    for phone in (bad, bob):
        waiting.append(phone.invite("sales", exchange.sip.endpoint.port, phone.sdp()))
        await phone.response(182)
    first = next(iter(exchange.sip.calls.by_name.values()))

    def fail(_now_ns: int) -> None:
        raise UnicodeEncodeError("utf-8", "", 0, 1, "told by a peer")

    monkeypatch.setattr(first.caller, "repeat", fail)
    offset_ns = 51_000_000_000
    exchange.sip.housekeeping.sweep()
    await bob.response(182)
    assert exchange.counters["sweeps_failed"] == 1
    for phone, invite in zip((bad, bob), waiting, strict=True):
        phone.take_back(invite)
        await phone.response(487)
    await exchange.settle()


async def test_a_contact_that_is_no_call_is_withdrawn(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    ann, bob = await open_phone("ann"), await open_phone("bob")
    exchange = await open_exchange(centre(phones={"ann": f"127.0.0.1:{ann.port}"}))
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    await bob.response(182)
    (name,) = exchange.sip.calls.by_name
    await exchange.tell(CallbackRequested(contact=name, number="100"))
    assert reasons_of((await bob.response(480)).response)[0].cause == 31
    await exchange.sign_in("ann")
    await until(lambda: exchange.exits().get("withdrawn") == 1)
    await exchange.settle()


async def test_a_phone_that_never_answers_at_all_is_unreachable(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    bob = await open_phone("bob")
    exchange = await open_exchange(
        centre(
            agents=["{name: ann, busy_delay: 1h}"],
            sip=f"phone_contacts: {{ann: 'sip:ann@127.0.0.1:{free_port()};transport=tcp'}}",
        )
    )
    await exchange.sign_in("ann")
    invite = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    await until(lambda: exchange.counters.get("phones.503") == 1)
    bob.take_back(invite)
    await bob.response(487)
    await exchange.settle()


async def test_answers_of_two_forks_leave_one_call(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    call = await ann.request("INVITE")
    second = build_response(call.request, 200, to_tag="other", contact=f"<{ann.uri}>")
    ann.reply(call, 200, ann.sdp())
    callers = await bob.connected()
    await ann.ack()
    ann.layer.send(second.raw, call.transaction.hop)
    ann.flush()
    undone = await ann.request("BYE")
    assert undone.request.to_tag == "other"
    ann.reply(undone, 200)
    bob.within(callers, "BYE")
    await bob.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()
