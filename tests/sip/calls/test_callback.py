"""Customers are called back: the agent's phone first, then the customer through a trunk."""

import pytest

from adapters.sip.protocol import Dialog, RequestReceived, direction_of, reasons_of
from adapters.sip.protocol.offer_answer import held_answer
from engine.messages.observed import CallbackRequested, ContactArrived
from engine.ports import Hint
from tests.sip.conftest import OpenExchange, OpenPhone
from tests.sip.support import Exchange, centre, until
from tests.sip.user_agent import UserAgent

RETRIES = "callbacks: {attempts: 2, retry_in: later, ring_limit: 5s}"
QUEUES = "  sales: {}\n  later: {members_only: true, steps: [{after: 0s, do: overflow, to: sales}]}"


async def promised(
    open_exchange: OpenExchange,
    open_phone: OpenPhone,
    settings: str = "",
    number: str = "0123 456",
    channels: int = 2,
    *,
    second: str = "",
    extra_queue: str = "",
) -> tuple[Exchange, UserAgent, UserAgent]:
    """An exchange that owes bob a callback: it, the agent ann who is not signed in, and the trunk.

    `second` is the trunk group of another way; `extra_queue` one in which a customer waits for an hour.
    """
    ann, bob, trunk = [await open_phone(name) for name in ("ann", "bob", "trunk")]
    proxy = f"proxy: 'sip:127.0.0.1:{trunk.port}', numbers: ['0*']"
    ways = [f"{{group: national, {proxy}, caller_id: '1900'}}"]
    if second:
        ways.append(f"{{group: {second}, {proxy}, caller_id: '1901'}}")
    way = f"outbound: [{', '.join(ways)}]"
    later = f"\n  {extra_queue}: {{members_only: true, steps: [{{after: 1h, do: overflow, to: sales}}]}}"
    exchange = await open_exchange(
        centre(
            queues=QUEUES + (later if extra_queue else ""),
            phones={"ann": f"127.0.0.1:{ann.port}"},
            sip=", ".join(part for part in (way, settings) if part),
            extra=f"trunk_groups: {{national: {{channels: {channels}}}, regional: {{channels: 2}}}}",
        )
    )
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    await bob.response(182)
    (name,) = exchange.sip.calls.by_name
    await exchange.tell(CallbackRequested(contact=name, number=number))
    await bob.response(480)
    await until(lambda: exchange.contacts_open == 1)
    return exchange, ann, trunk


def busy(exchange: Exchange, group: int = 0) -> int:
    """Channels of a trunk group that are taken, as everybody sees it."""
    return exchange.engine.views.trunk_groups().trunk_groups[group].busy


async def agent_answers(ann: UserAgent) -> tuple[Dialog, bytes]:
    """The agent takes the callback: the dialog, and the offer that was made."""
    call = await ann.request("INVITE")
    assert call.request.body == b""
    offer = ann.sdp()
    ann.reply(call, 180)
    ann.reply(call, 200, offer)
    ack = await ann.ack()
    assert direction_of(ack.body) == "inactive"
    return ann.dialog_of(call.request, call.transaction), offer


async def customer_answers(trunk: UserAgent, call: RequestReceived) -> tuple[Dialog, bytes]:
    """The customer picks up: the dialog, and the answer given."""
    answer = trunk.sdp()
    trunk.reply(call, 200, answer)
    await trunk.ack()
    return trunk.dialog_of(call.request, call.transaction), answer


async def join(ann: UserAgent, agents: Dialog, answer: bytes) -> None:
    """The agent's phone learns the customer's session description."""
    offered = await ann.request("INVITE")
    assert agents.receive_request(offered.request) is None
    assert offered.request.body.split(b"c=")[1] == answer.split(b"c=")[1]
    ann.reply(offered, 200, ann.sdp())
    await ann.ack()


async def connected(exchange: Exchange, ann: UserAgent, trunk: UserAgent) -> tuple[Dialog, Dialog]:
    """Both sides of a callback that succeeds."""
    agents, offer = await agent_answers(ann)
    call = await trunk.request("INVITE")
    assert call.request.uri.decoded_user == "0123456"
    assert call.request.get_address("from").uri.decoded_user == "1900"
    assert call.request.body == offer
    assert busy(exchange) == 1
    trunk.reply(call, 180)
    customers, answer = await customer_answers(trunk, call)
    await join(ann, agents, answer)
    await until(lambda: not any(leg.pending_out for leg in exchange.sip.calls.dialogs.values()))
    return agents, customers


@pytest.mark.parametrize("first", ["agent", "customer"])
async def test_both_sides_are_connected_and_either_ends_it(
    open_exchange: OpenExchange, open_phone: OpenPhone, first: str
) -> None:
    exchange, ann, trunk = await promised(open_exchange, open_phone)
    await exchange.sign_in("ann")
    agents, customers = await connected(exchange, ann, trunk)
    ends, left = ((ann, agents), (trunk, customers))[:: 1 if first == "agent" else -1]
    ends[0].within(ends[1], "BYE")
    await ends[0].response(200, "BYE")
    left[0].reply(await left[0].request("BYE"), 200)
    await exchange.settle()
    assert exchange.exits() == {"callback": 1, "answered": 1}
    assert exchange.counters["callbacks.answered"] == 1
    assert busy(exchange) == 0


async def test_hold_reaches_the_customer(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann, trunk = await promised(open_exchange, open_phone)
    await exchange.sign_in("ann")
    agents, customers = await connected(exchange, ann, trunk)
    ann.within(agents, "INVITE", ann.sdp("sendonly"))
    at_customer = await trunk.request("INVITE")
    assert customers.receive_request(at_customer.request) is None
    assert direction_of(at_customer.request.body) == "sendonly"
    trunk.reply(at_customer, 200, trunk.sdp("recvonly"))
    await trunk.ack()
    ann.acknowledge(agents, await ann.response(200, "INVITE"))
    trunk.within(customers, "BYE")
    await trunk.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()


@pytest.mark.parametrize(
    ("status", "word"), [(486, "busy"), (480, "no_answer"), (603, "declined"), (503, "unreachable")]
)
async def test_one_attempt_is_the_last_unless_more_are_allowed(
    open_exchange: OpenExchange, open_phone: OpenPhone, status: int, word: str
) -> None:
    exchange, ann, trunk = await promised(open_exchange, open_phone)
    await exchange.sign_in("ann")
    hints: list[Hint] = []
    exchange.engine.hints.watch(hints.append)
    await agent_answers(ann)
    trunk.reply(await trunk.request("INVITE"), status)
    bye = await ann.request("BYE")
    assert "customer" in reasons_of(bye.request)[0].text
    ann.reply(bye, 200)
    await exchange.settle()
    assert exchange.counters[f"callbacks.unreached.{word}"] == 1
    assert [(one.agent, one.unreached, one.again) for one in hints] == [("ann", word, False)]
    assert exchange.counters["callbacks.given_up"] == 1


async def test_a_busy_customer_is_tried_again_and_no_more_often_than_allowed(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann, trunk = await promised(open_exchange, open_phone, RETRIES)
    await exchange.sign_in("ann")
    for _ in range(2):
        await agent_answers(ann)
        trunk.reply(await trunk.request("INVITE"), 486)
        ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()
    assert exchange.exits() == {"callback": 1, "answered": 2}
    assert exchange.exits("later") == {"overflowed": 1}
    assert exchange.counters["callbacks.dialled"] == 2


async def test_an_agent_who_gives_up_takes_the_call_back(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann, trunk = await promised(open_exchange, open_phone)
    await exchange.sign_in("ann")
    agents, _ = await agent_answers(ann)
    call = await trunk.request("INVITE")
    trunk.reply(call, 180)
    await until(lambda: any(one.caller.state == "ringing" for one in exchange.sip.calls.by_name.values()))  # type: ignore[attr-defined]
    ann.within(agents, "BYE")
    await trunk.cancel()
    await ann.response(200, "BYE")
    await exchange.settle()
    assert exchange.counters["callbacks.unreached.agent"] == 1


async def test_a_customer_who_does_not_pick_up_in_time(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann, trunk = await promised(open_exchange, open_phone, "callbacks: {ring_limit: 5s}")
    await exchange.sign_in("ann")
    await agent_answers(ann)
    trunk.reply(await trunk.request("INVITE"), 180)
    await until(lambda: any(one.caller.state == "ringing" for one in exchange.sip.calls.by_name.values()))  # type: ignore[attr-defined]
    (call,) = exchange.sip.calls.by_name.values()
    call.caller._rang_out()  # type: ignore[attr-defined]
    await trunk.cancel()
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()
    assert exchange.counters["callbacks.unreached.no_answer"] == 1


async def test_nobody_is_rung_for_a_number_that_cannot_be_called(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann, _ = await promised(open_exchange, open_phone, number="+84 1")
    await exchange.sign_in("ann")
    await exchange.settle()
    assert exchange.exits() == {"callback": 1, "withdrawn": 1}
    assert not ann.heard


@pytest.mark.parametrize("number", ["0123456", "x55"])
async def test_nobody_leaves_the_line_for_a_callback_that_cannot_be(
    open_exchange: OpenExchange, open_phone: OpenPhone, number: str
) -> None:
    bob, trunk = await open_phone(number), await open_phone("trunk")
    steps = "steps: [{after: 0s, do: callback}, {after: 0s, do: overflow, to: later}]"
    way = f"outbound: [{{proxy: 'sip:127.0.0.1:{trunk.port}', numbers: ['0*'], caller_id: '1900'}}]"
    exchange = await open_exchange(centre(queues=f"  sales: {{{steps}}}\n  later: {{members_only: true}}", sip=way))
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    if number == "x55":
        await bob.response(182)
        await until(lambda: exchange.engine.views.contacts.waiting("later").total == 1)
        assert exchange.engine.figures()["callbacks_waiting"] == 0
        assert "callbacks" not in exchange.engine.counters
    else:
        answer = await bob.response(480)
        assert "will be called back" in str(reasons_of(answer.response))


async def test_without_a_free_channel_the_customer_waits_for_the_next_attempt(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann, trunk = await promised(open_exchange, open_phone, RETRIES, channels=0)
    await exchange.sign_in("ann")
    await until(lambda: exchange.counters.get("callbacks.no_channel", 0) >= 2)
    assert not [event for event in (*ann.heard, *trunk.heard) if isinstance(event, RequestReceived)]
    assert exchange.contacts_open == 1
    group = exchange.engine.views.trunk_groups().trunk_groups[0]
    assert (group.busy, group.seized) == (0, 0)
    assert group.refused >= 2


async def test_callers_and_callbacks_share_the_channels(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann, trunk = await promised(open_exchange, open_phone, channels=1)
    await exchange.sign_in("ann")
    agents, _ = await connected(exchange, ann, trunk)
    caller = ContactArrived(contact="caller", queue="sales", trunk_group="national")
    await exchange.tell(caller)
    assert exchange.exits()["refused_trunk"] == 1
    ann.within(agents, "BYE")
    trunk.reply(await trunk.request("BYE"), 200)
    await exchange.settle()
    await exchange.tell(caller)
    assert busy(exchange) == 1


async def test_the_channel_is_free_between_two_attempts(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    later = RETRIES.replace("retry_in: later", "retry_in: much_later")
    exchange, ann, trunk = await promised(open_exchange, open_phone, later, extra_queue="much_later")
    await exchange.sign_in("ann")
    await agent_answers(ann)
    assert busy(exchange) == 1
    trunk.reply(await trunk.request("INVITE"), 486)
    ann.reply(await ann.request("BYE"), 200)
    await until(lambda: busy(exchange) == 0)
    assert exchange.contacts_open == 1


async def test_a_phone_that_does_not_take_the_call_frees_the_channel(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann, _ = await promised(open_exchange, open_phone)
    await exchange.sign_in("ann")
    call = await ann.request("INVITE")
    assert busy(exchange) == 1
    ann.reply(call, 486)
    await until(lambda: busy(exchange) == 0)
    assert exchange.contacts_open == 1


async def test_another_way_whose_group_has_a_free_channel_is_taken(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann, trunk = await promised(open_exchange, open_phone, channels=0, second="regional")
    await exchange.sign_in("ann")
    await agent_answers(ann)
    call = await trunk.request("INVITE")
    assert call.request.get_address("from").uri.decoded_user == "1901"
    assert (busy(exchange), busy(exchange, 1)) == (0, 1)
    trunk.reply(call, 486)
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()


async def test_a_way_without_a_group_always_has_room(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann, trunk = await promised(open_exchange, open_phone, channels=0, second="null")
    await exchange.sign_in("ann")
    await agent_answers(ann)
    call = await trunk.request("INVITE")
    assert call.request.get_address("from").uri.decoded_user == "1901"
    trunk.reply(call, 486)
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()
    assert exchange.engine.views.trunk_groups().trunk_groups[0].refused == 1


async def test_the_proxy_asks_for_a_password(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann, trunk = await promised(open_exchange, open_phone)
    route = exchange.sip.core.ways_out._routes[0]
    settings = route.settings.model_copy(update={"user": "us", "password": "secret"})
    exchange.sip.core.ways_out._routes[0] = type(route)(settings, route.hop)
    await exchange.sign_in("ann")
    agents, _ = await agent_answers(ann)
    first = await trunk.request("INVITE")
    trunk.reply(first, 407, headers=(("Proxy-Authenticate", 'Digest realm="t", nonce="n", qop="auth"'),))
    second = await trunk.request("INVITE")
    assert 'username="us"' in second.request.get("proxy-authorization")
    assert second.request.cseq.number == first.request.cseq.number + 1
    (contact,) = exchange.engine.state.contacts
    assert b'username="us"' in contact.legs["caller"]  # a restart goes on with the INVITE that is under way
    customers, answer = await customer_answers(trunk, second)
    await join(ann, agents, answer)
    trunk.within(customers, "BYE")
    await trunk.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()


@pytest.mark.parametrize("asked", [(407, 422), (422, 407), (407, 422, 401), (401, 407, 422)])
async def test_the_proxy_asks_for_a_password_and_a_longer_session(
    open_exchange: OpenExchange, open_phone: OpenPhone, asked: tuple[int, ...]
) -> None:
    exchange, ann, trunk = await promised(open_exchange, open_phone)
    route = exchange.sip.core.ways_out._routes[0]
    settings = route.settings.model_copy(update={"user": "us", "password": "secret"})
    exchange.sip.core.ways_out._routes[0] = type(route)(settings, route.hop)
    await exchange.sign_in("ann")
    agents, _ = await agent_answers(ann)
    wanted = {
        401: ("WWW-Authenticate", 'Digest realm="t", nonce="w", qop="auth"'),
        407: ("Proxy-Authenticate", 'Digest realm="t", nonce="p", qop="auth"'),
        422: ("Min-SE", "3600"),
    }
    for status in asked:
        trunk.reply(await trunk.request("INVITE"), status, headers=(wanted[status],))
    last = await trunk.request("INVITE")
    assert last.request.get("session-expires").startswith("3600")
    shown = {401: "authorization", 407: "proxy-authorization"}
    for place, status in enumerate(status for status in asked if status != 422):
        proof = last.request.get(shown[status])
        answered = len(asked) - asked.index(status)
        assert f"nc={answered:08x}" in proof, f"challenge {place} is answered by a count of its own each time"
    customers, answer = await customer_answers(trunk, last)
    await join(ann, agents, answer)
    trunk.within(customers, "BYE")
    await trunk.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()


def test_an_answer_without_media_accepts_what_needs_no_keys() -> None:
    offer = (
        b"v=0\r\no=ann 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        b"m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
        b"a=ssrc:5 cname:x\r\nm=audio 4002 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"
    )
    assert held_answer(offer, "192.0.2.9").split(b"\r\n") == [
        *(b"v=0", b"o=- 1 1 IN IP4 192.0.2.9", b"s=-", b"c=IN IP4 0.0.0.0", b"t=0 0"),
        *(b"m=audio 9 RTP/AVP 0 101", b"a=rtpmap:0 PCMU/8000", b"a=rtpmap:101 telephone-event/8000", b"a=inactive"),
        *(b"m=audio 0 RTP/SAVP 0", b""),
    ]
