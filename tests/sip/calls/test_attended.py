"""Attended transfer: REFER with Replaces from an agent's phone, INVITE with Replaces from the caller's side."""

import random
from urllib.parse import quote

import pytest

from adapters.sip.calls.call import Call
from adapters.sip.legs.offer import AgentLeg
from adapters.sip.protocol import Dialog, Hop, RequestReceived, ResponseReceived, direction_of
from adapters.sip.sessions.hold import hold
from adapters.sip.sessions.reinvite import OwnOffer
from tests.sip.calls.test_calls import house, talk
from tests.sip.calls.test_dialogs import hang_up
from tests.sip.conftest import OpenExchange, OpenPhone
from tests.sip.support import Exchange, centre, undecided, until
from tests.sip.user_agent import UserAgent

QUEUES = "  sales: {}\n  help: {}\n  inside: {members_only: true, preferred_wait: 30s, max_wait: 30s}"


def agents_of(ann: UserAgent, eve: UserAgent) -> list[str]:
    """Agent ann, who serves sales, and eve, who serves help."""
    return [
        f"{{name: {phone.name}, queues: [{queue}], phone: {{address: '{phone.uri}'}}}}"
        for phone, queue in ((ann, "sales"), (eve, "help"))
    ]


async def house_of_two(
    open_exchange: OpenExchange, open_phone: OpenPhone, trunk: UserAgent | None = None
) -> tuple[Exchange, UserAgent, UserAgent]:
    """Agents ann, who serves sales, and eve, who serves help; callers by a trunk, if there is one."""
    trunks = f"trunks: [{{group: main, sources: ['127.0.0.1:{trunk.port}']}}], " if trunk is not None else ""
    ann, eve = await open_phone("ann"), await open_phone("eve")
    exchange = await open_exchange(
        centre(
            queues=QUEUES,
            agents=agents_of(ann, eve),
            sip=f"{trunks}agent_calls: inside",
            extra="trunk_groups: {main: {channels: 2}}",
        )
    )
    await exchange.sign_in("ann", "eve")
    return exchange, ann, eve


def replaces(dialog: Dialog) -> str:
    """The Replaces value that names a dialog of ours, for its other side."""
    return f"{dialog.call_id};to-tag={dialog.remote_tag};from-tag={dialog.local_tag}"


async def consulting(
    exchange: Exchange, bob: UserAgent, ann: UserAgent, eve: UserAgent
) -> tuple[Dialog, Dialog, Dialog, Dialog]:
    """Let bob talk with ann, who asks eve; the dialogs of bob, of ann with him, of eve, and of ann with her."""
    callers, agents = await talk(exchange, bob, ann)
    ann.invite("help", exchange.sip.endpoint.port, ann.sdp())
    eves = await eve.pick_up(eve.sdp(port=4600))
    return callers, agents, eves, await ann.connected()


async def handed_over(
    exchange: Exchange, ann: UserAgent, agents: Dialog, asking: Dialog, called: str
) -> RequestReceived:
    """Let ann hand her caller over to whom she asks; what she is told then."""
    ask_for_transfer(exchange, ann, agents, asking, called)
    await ann.response(202)
    return await ann.request("NOTIFY")


def ask_for_transfer(exchange: Exchange, ann: UserAgent, agents: Dialog, asking: Dialog, called: str = "help") -> None:
    """Let ann ask that her caller be handed over to whom she asks."""
    refer_to = f"<sip:{called}@{exchange.address}?Replaces={quote(replaces(asking), safe='')}>"
    ann.within(agents, "REFER", headers=(("Refer-To", refer_to),))


def leg_of(exchange: Exchange, agent: str) -> AgentLeg:
    """The leg of an agent who has a call."""
    legs = exchange.sip.calls.dialogs.values()
    return next(leg for leg in legs if isinstance(leg, AgentLeg) and leg.agent == agent)


async def offered(phone: UserAgent, dialog: Dialog, media: bytes = b"") -> bytes:
    """Take a re-INVITE of the exchange and answer it; what was offered."""
    call = await phone.request("INVITE")
    assert dialog.receive_request(call.request) is None
    phone.reply(call, 200, media or phone.sdp())
    await phone.ack()
    return call.request.body


@pytest.mark.parametrize("called", ["help", "eve"])
async def test_an_agent_asks_a_colleague_and_leaves_the_caller_there(
    open_exchange: OpenExchange, open_phone: OpenPhone, called: str
) -> None:
    bob = await open_phone("bob")
    exchange, ann, eve = await house_of_two(open_exchange, open_phone, bob)
    callers, agents = await talk(exchange, bob, ann)
    ann.within(agents, "INVITE", ann.sdp("sendonly"))
    await offered(bob, callers, bob.sdp("recvonly"))
    ann.acknowledge(agents, await ann.response(200, "INVITE"))
    ann.invite(called, exchange.sip.endpoint.port, ann.sdp())
    eves_media = eve.sdp(port=4600)
    eves = await eve.pick_up(eves_media)
    asking = await ann.connected()
    calls = exchange.sip.calls
    first, second = calls.by_name.values()
    assert (calls.of_agent("ann"), calls.of_agent("eve")) == (first, second)
    (asked, _) = exchange.engine.views.contacts.of_customer("bob").contacts
    assert asked.attributes.items() >= {"called_by": "ann", "consultation_of": first.name}.items()
    assert asked.attributes["display_name"] == "Bob", "the customer's, not hers"
    told = await handed_over(exchange, ann, agents, asking, called)
    assert told.request.body.startswith(b"SIP/2.0 200")
    ann.reply(told, 200)
    for _ in range(2):  # both calls of hers end
        ann.reply(await ann.request("BYE"), 200)
    bobs_media = bob.sdp(port=4700)
    heard = await offered(bob, callers, bobs_media)
    assert (b" 4600 " in heard, direction_of(heard)) == (True, "sendrecv")
    assert b" 4700 " in await offered(eve, eves)
    await until(lambda: not any(leg.pending_out for leg in exchange.sip.calls.dialogs.values()))
    assert exchange.counters["transfers_attended"] == 1
    record = exchange.engine.views.contacts.of_customer("bob").contacts
    assert [one.caller_moved_to for one in record] == ["", second.name]
    assert [(one.queue, one.state) for one in record][:1] == [("help" if called == "help" else "inside", "connected")]
    assert exchange.engine.views.trunk_groups().trunk_groups[0].busy == 1, "the caller holds the channel"
    assert (calls.of_agent("ann"), calls.of_agent("eve")) == (None, second)
    await hang_up(exchange, bob, callers, eve)
    assert calls.of_agent("eve") is None
    (group,) = exchange.engine.views.trunk_groups().trunk_groups
    assert (group.busy, group.seized) == (0, 1)
    assert exchange.exits() == {"answered": 1}
    assert exchange.exits("help" if called == "help" else "inside") == {"answered": 1}


async def test_who_hangs_up_behind_a_transfer_hears_what_became_of_it(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    bob = await open_phone("bob")
    exchange, ann, eve = await house_of_two(open_exchange, open_phone, bob)
    callers, agents, eves, asking = await consulting(exchange, bob, ann, eve)
    leg = leg_of(exchange, "ann")
    with undecided(exchange):
        ask_for_transfer(exchange, ann, agents, asking)
        await until(lambda: leg.refer is not None)
        ann.within(agents, "BYE")
        await ann.response(200, "BYE")
    taken = await ann.response(202, "REFER")
    assert taken.response.get("refer-sub") == "false", "nobody is left who could be told more"
    ann.reply(await ann.request("BYE"), 200)
    await offered(bob, callers)
    await offered(eve, eves)
    await until(lambda: not any(leg.is_busy for leg in exchange.sip.calls.dialogs.values()))
    await hang_up(exchange, bob, callers, eve)


@pytest.mark.parametrize("of_agent", [False, True])
async def test_a_desk_may_hold_though_an_offer_of_the_transfer_gave_way(
    open_exchange: OpenExchange, open_phone: OpenPhone, monkeypatch: pytest.MonkeyPatch, *, of_agent: bool
) -> None:
    bob = await open_phone("bob")
    exchange, ann, eve = await house_of_two(open_exchange, open_phone, bob)
    callers, agents, eves, asking = await consulting(exchange, bob, ann, eve)
    _, call = exchange.sip.calls.by_name.values()
    assert isinstance(call, Call)
    ann.reply(await handed_over(exchange, ann, agents, asking, "help"), 200)
    for _ in range(2):
        ann.reply(await ann.request("BYE"), 200)
    monkeypatch.setattr(random, "uniform", lambda _least, _most: 600.0)
    phone, dialog = (eve, eves) if of_agent else (bob, callers)
    if of_agent:
        await offered(bob, callers)
    crossed = await phone.request("INVITE")
    assert dialog.receive_request(crossed.request) is None
    phone.reply(crossed, 491)
    side = call.agent if of_agent else call.caller
    assert side is not None
    await until(lambda: side.next_out is not None)
    assert call.holds.settling
    OwnOffer(side, side.origin.sent, lambda _answer: None).begin()
    await offered(phone, dialog)
    await until(lambda: not side.is_busy)
    hold(call)
    assert direction_of(await offered(bob, callers, bob.sdp("inactive"))) == "inactive"
    assert direction_of(await offered(eve, eves, eve.sdp("inactive"))) == "inactive"
    await until(lambda: not any(leg.is_busy for leg in exchange.sip.calls.dialogs.values()))
    await hang_up(exchange, bob, callers, eve)


@pytest.mark.parametrize("answer", [487, 481, 0])
async def test_an_offer_to_the_phone_that_leaves_does_not_end_the_caller(
    open_exchange: OpenExchange, open_phone: OpenPhone, answer: int
) -> None:
    bob = await open_phone("bob")
    exchange, ann, eve = await house_of_two(open_exchange, open_phone, bob)
    callers, agents, eves, asking = await consulting(exchange, bob, ann, eve)
    eve.within(eves, "INVITE", eve.sdp(port=4600))  # a refresh, or a hold
    at_ann = await ann.request("INVITE")
    ann.reply(await handed_over(exchange, ann, agents, asking, "help"), 200)
    await eve.response(491, "INVITE")
    for _ in range(2):
        ann.reply(await ann.request("BYE"), 200)
    if answer:
        ann.reply(at_ann, answer)
    assert b" 4600 " in await offered(bob, callers)
    await offered(eve, eves)
    await until(lambda: not any(leg.is_busy for leg in exchange.sip.calls.dialogs.values()))
    assert (exchange.contacts_open, exchange.exits("help")) == (1, {"answered": 1})
    await hang_up(exchange, bob, callers, eve)


async def test_a_colleague_who_is_busy_is_waited_for(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann, eve = await house_of_two(open_exchange, open_phone)
    carl = await open_phone("carl")
    carl.invite("help", exchange.sip.endpoint.port, carl.sdp())
    eves = await eve.pick_up()
    carls = await carl.connected()
    ann.invite("eve", exchange.sip.endpoint.port, ann.sdp())
    await ann.response(182)
    await hang_up_only(carl, carls, eve, eves)
    second = await eve.pick_up()
    asking = await ann.connected()
    ann.within(asking, "BYE")
    await ann.response(200, "BYE")
    bye = await eve.request("BYE")
    assert second.receive_request(bye.request) is None
    eve.reply(bye, 200)
    await exchange.settle()


async def hang_up_only(caller: UserAgent, callers: Dialog, agent: UserAgent, agents: Dialog) -> None:
    """The caller ends the call."""
    caller.within(callers, "BYE")
    await caller.response(200, "BYE")
    bye = await agent.request("BYE")
    assert agents.receive_request(bye.request) is None
    agent.reply(bye, 200)


@pytest.mark.parametrize("status", [603, 486])
async def test_who_asks_a_colleague_who_declines_is_told_so_at_once(
    open_exchange: OpenExchange, open_phone: OpenPhone, status: int
) -> None:
    bob = await open_phone("bob")
    exchange, ann, eve = await house_of_two(open_exchange, open_phone, bob)
    await talk(exchange, bob, ann)
    ann.invite("eve", exchange.sip.endpoint.port, ann.sdp())
    ringing = await eve.request("INVITE")
    (wait,) = exchange.engine.views.contacts.longest_waiting(9)
    assert (wait.customer, wait.asked_by) == ("bob", "ann")
    (waits,) = exchange.engine.views.contacts.waiting("inside").contacts
    assert (waits.customer, waits.asked_by) == ("bob", "ann")
    assert not exchange.engine.views.queue("inside").unattended
    eve.reply(ringing, status)
    await ann.response(480, "INVITE")
    await until(lambda: exchange.exits("inside") == {"empty": 1})
    assert exchange.sip.calls.of_agent("ann") is not None, "bob is on the line still"


async def test_strangers_cannot_call_agents_by_name(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, _, _ = await house_of_two(open_exchange, open_phone)
    bob = await open_phone("bob")
    bob.invite("eve", exchange.sip.endpoint.port, bob.sdp())
    await bob.response(404)
    await exchange.settle()


async def test_a_transfer_before_the_colleague_answers_is_a_blind_one(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann, eve = await house_of_two(open_exchange, open_phone)
    bob = await open_phone("bob")
    callers, agents = await talk(exchange, bob, ann)
    invite = ann.invite("help", exchange.sip.endpoint.port, ann.sdp())
    eve.reply(await eve.request("INVITE"), 180)
    ringing: ResponseReceived = await ann.response(180)
    early = Dialog.from_response(ringing.response, f"<{ann.uri}>")
    refer_to = f"<sip:help@{exchange.address}?Replaces={quote(replaces(early), safe='')}>"
    ann.within(agents, "REFER", headers=(("Refer-To", refer_to),))
    await ann.response(202)
    ann.reply(await ann.request("NOTIFY"), 200)
    ann.reply(await ann.request("BYE"), 200)
    ann.take_back(invite)
    await ann.response(487)
    await offered(bob, callers, bob.sdp("inactive"))
    eves = await eve.pick_up()
    assert direction_of(await offered(bob, callers)) == "sendrecv"
    await until(lambda: not any(leg.pending_out for leg in exchange.sip.calls.dialogs.values()))
    eve.within(eves, "BYE")
    await eve.response(200, "BYE")
    bob.reply(await bob.request("BYE"), 200)
    await exchange.settle()


async def test_another_phone_takes_the_callers_place(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob, carl = await open_phone("bob"), await open_phone("carl")
    callers, agents = await talk(exchange, bob, ann)
    named = (("Replaces", replaces(callers)), ("Require", "replaces"))
    media = carl.sdp(port=4800)
    carl.invite("sales", exchange.sip.endpoint.port, media, named)
    answer = ann.sdp(port=4900)
    assert b" 4800 " in await offered(ann, agents, answer)
    carls = await carl.connected()
    bob.reply(await bob.request("BYE"), 200)
    await until(lambda: exchange.counters.get("replacements") == 1 and len(exchange.sip.calls.dialogs) == 2)
    assert exchange.contacts_open == 1
    await hang_up(exchange, carl, carls, ann)
    assert exchange.exits() == {"answered": 1}


async def test_what_cannot_be_replaced(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob, carl = await open_phone("bob"), await open_phone("carl")
    callers, agents = await talk(exchange, bob, ann)
    good = replaces(callers)
    for value, body, status in (
        ("unknown;to-tag=a;from-tag=b", carl.sdp(), 481),
        (replaces(agents), carl.sdp(), 481),
        (f"{good};early-only", carl.sdp(), 486),
        (good, b"", 488),
        ("nothing", carl.sdp(), 400),
    ):
        carl.invite("sales", exchange.sip.endpoint.port, body, (("Replaces", value),))
        await carl.response(status)
    carl.invite("sales", exchange.sip.endpoint.port, carl.sdp(), (("Replaces", good),))
    offer = await ann.request("INVITE")
    assert agents.receive_request(offer.request) is None
    ann.reply(offer, 488)
    await carl.response(488)
    await hang_up(exchange, bob, callers, ann)


@pytest.mark.parametrize(("trunks", "status"), [("", 403), ("192.0.2.9", 403), ("127.0.0.1, 192.0.2.9", 488)])
async def test_only_the_callers_own_side_takes_their_place(
    open_exchange: OpenExchange, open_phone: OpenPhone, trunks: str, status: int
) -> None:
    ann, bob, carl = [await open_phone(name) for name in ("ann", "bob", "carl")]
    exchange = await open_exchange(
        centre(
            phones={"ann": f"127.0.0.1:{ann.port}"},
            sip=f"trunks: [{{group: national, sources: [{trunks}]}}]" if trunks else "",
            extra="trunk_groups: {national: {channels: 9}}",
        )
    )
    await exchange.sign_in("ann")
    callers, _ = await talk(exchange, bob, ann)
    (call,) = exchange.sip.calls.by_name.values()
    came_by, call.caller.flow = call.caller.flow, Hop("udp", "192.0.2.9", 5060)
    carl.invite("sales", exchange.sip.endpoint.port, headers=(("Replaces", replaces(callers)),))
    await carl.response(status)
    call.caller.flow = came_by
    await hang_up(exchange, bob, callers, ann)
