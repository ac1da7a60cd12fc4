"""Callers who take provisional responses only if they may acknowledge them (RFC 3262)."""

import pytest

from adapters.sip.protocol import Dialog, Hop, ResponseReceived, Timing
from tests.sip.calls.test_calls import house
from tests.sip.conftest import OpenExchange, OpenPhone
from tests.sip.support import centre, until
from tests.sip.user_agent import UserAgent

REQUIRED = (("Require", "100rel"),)
T1_NS = 20_000_000


async def said(phone: UserAgent, status: int) -> tuple[int, Dialog]:
    """Wait for a reliable provisional response; its number, and the dialog."""
    heard: ResponseReceived = await phone.response(status)
    assert heard.response.get("require") == "100rel"
    return int(heard.response.get("rseq")), Dialog.from_response(heard.response, f"<{phone.uri}>")


async def acknowledge(phone: UserAgent, dialog: Dialog, rack: str, status: int = 200) -> None:
    """Send a PRACK, and wait for its answer."""
    phone.within(dialog, "PRACK", headers=(("RAck", rack),))
    await phone.response(status, "PRACK")


def provisionals(phone: UserAgent) -> list[int]:
    """The provisional responses above 100 that nobody asked for yet."""
    statuses = [getattr(getattr(event, "response", None), "status", 0) for event in phone.heard]
    return [status for status in statuses if 100 < status < 200]


async def test_the_next_is_said_when_the_last_was_acknowledged(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    ann, bob = await open_phone("ann"), await open_phone("bob")
    exchange = await open_exchange(centre(phones={"ann": f"127.0.0.1:{ann.port}"}))
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp(), REQUIRED)
    first, dialog = await said(bob, 182)
    await exchange.sign_in("ann")
    call = await ann.request("INVITE")
    ann.reply(call, 183, ann.sdp())
    (waiting,) = exchange.sip.calls.by_name.values()
    await until(lambda: waiting.caller.said[0] == 183)
    await acknowledge(bob, dialog, f"{first + 1} 1 INVITE", 481)
    await acknowledge(bob, dialog, f"{first} 2 INVITE", 481)
    await acknowledge(bob, dialog, "nothing", 400)
    assert 180 not in provisionals(bob)
    await acknowledge(bob, dialog, f"{first} 1 INVITE")
    second, _ = await said(bob, 180)  # without the early media, which would bind the caller to this phone
    assert second == first + 1
    await acknowledge(bob, dialog, f"{second} 1 INVITE")
    await acknowledge(bob, dialog, f"{second} 1 INVITE", 481)
    answer = ann.sdp()
    ann.reply(call, 200, answer)
    await ann.ack()
    answered = await bob.response(200, "INVITE")
    assert answered.response.body == answer
    callers = Dialog.from_response(answered.response, f"<{bob.uri}>")
    callers.local_seq = dialog.local_seq
    bob.acknowledge(callers, answered)
    bob.within(callers, "PRACK", headers=(("RAck", f"{second} 1 INVITE"),))
    await bob.response(481, "PRACK")
    bob.within(callers, "BYE")
    await bob.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()


async def test_an_answer_waits_for_no_acknowledgement(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp(), REQUIRED)
    await ann.pick_up()
    callers = await bob.connected()
    bob.within(callers, "BYE")
    await bob.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()


async def test_who_acknowledges_nothing_is_refused(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    now_ns = 0
    bob = await open_phone("bob")
    exchange = await open_exchange(centre(), timing=Timing(t1_ns=T1_NS), monotonic_ns=lambda: now_ns)
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp(), REQUIRED)
    await said(bob, 182)
    for times in range(4):  # repeated, each time after twice as long
        now_ns += T1_NS << times
        await until(lambda times=times: len(provisionals(bob)) == times + 1)  # type: ignore[misc]
    now_ns += 64 * T1_NS
    await bob.response(504)
    assert exchange.counters["callers_unreachable"] == 1
    await exchange.settle()


async def test_what_was_acknowledged_is_not_repeated(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    bob = await open_phone("bob")
    now_ns = 0
    exchange = await open_exchange(centre(), timing=Timing(t1_ns=T1_NS), monotonic_ns=lambda: now_ns)
    invite = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp(), REQUIRED)
    number, dialog = await said(bob, 182)
    await acknowledge(bob, dialog, f"{number} 1 INVITE")
    bob.heard.clear()
    assert exchange.sip.endpoint.layer.next_timer_ns() is not None  # only that of the PRACK
    now_ns += 64 * T1_NS
    await until(lambda: exchange.sip.endpoint.layer.next_timer_ns() is None)
    bob.take_back(invite)
    await bob.response(487)
    assert provisionals(bob) == []
    await exchange.settle()


async def test_without_an_offer_it_cannot_be_done(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange = await open_exchange(centre())
    bob = await open_phone("bob")
    bob.invite("sales", exchange.sip.endpoint.port, b"", REQUIRED)
    assert (await bob.response(420)).response.get("unsupported") == "100rel"
    await exchange.settle()


@pytest.mark.parametrize("supported", ["100rel", "timer"])
async def test_who_does_not_require_it_is_told_without(
    open_exchange: OpenExchange, open_phone: OpenPhone, supported: str
) -> None:
    exchange = await open_exchange(centre())
    bob = await open_phone("bob")
    invite = bob.invite("sales", exchange.sip.endpoint.port, bob.sdp(), (("Supported", supported),))
    told = (await bob.response(182)).response
    assert "rseq" not in told.fields
    early = Dialog.from_response(told, f"<{bob.uri}>")
    await acknowledge(bob, early, "1 1 INVITE", 481)
    stray = Dialog.from_response(told, f"<{bob.uri}>")
    stray.remote_tag, stray.remote = "unknown", stray.remote.partition(";tag=")[0]
    bob.send(
        stray.build_request("PRACK", bob.layer.new_via("udp"), headers=(("RAck", "1 1 INVITE"),)),
        Hop("udp", "127.0.0.1", exchange.sip.endpoint.port),
    )
    await bob.response(481, "PRACK")
    bob.take_back(invite)
    await bob.response(487)
    await exchange.settle()
