"""A call that a desk holds: whatever the phones say meanwhile, only a desk takes it back."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest

from adapters.sip.protocol import Dialog, RequestReceived, direction_of
from adapters.sip.sessions.reinvite import RETRIES_MAX
from engine.messages.effects import ResumeContact
from engine.messages.observed import HoldRequested, ResumeRequested
from engine.ports import Hint
from tests.ports import free_port
from tests.sip.baresip import needs_baresip
from tests.sip.calls.test_attended import house_of_two, offered, replaces
from tests.sip.calls.test_calls import house, talk
from tests.sip.calls.test_dialogs import hang_up, state_of
from tests.sip.conftest import OpenBaresip, OpenExchange, OpenPhone
from tests.sip.sessions.test_hold import contact_of, version_of
from tests.sip.support import Exchange, centre, make_exchange, until
from tests.sip.test_baresip import talking
from tests.sip.user_agent import UserAgent


class Side(NamedTuple):
    """A phone in the call."""

    phone: UserAgent
    dialog: Dialog

    async def told(self, answer: bytes) -> bytes:
        """Take an offer of the exchange; what was offered."""
        return await offered(self.phone, self.dialog, answer)

    async def offers(self, method: str, body: bytes, answer: bytes = b"") -> bytes:
        """Make an offer, or leave it to the exchange; what came back."""
        self.phone.within(self.dialog, method, body)
        answered = await self.phone.response(200, method)
        if method == "INVITE":
            self.phone.acknowledge(self.dialog, answered, answer)
        return answered.response.body


class Call(NamedTuple):
    """A call in a house of one agent."""

    exchange: Exchange
    bob: Side
    ann: Side

    async def hold(self) -> None:
        """Hold it from the desk."""
        await self.exchange.tell(HoldRequested(contact=contact_of(self.exchange), agent="ann"))
        for side in (self.bob, self.ann):
            assert direction_of(await side.told(side.phone.sdp("inactive"))) == "inactive"
        await self.is_("held")

    async def take_back(self, customers_answer: bytes = b"") -> None:
        """Take it back from the desk."""
        await self.exchange.tell(ResumeRequested(contact=contact_of(self.exchange), agent="ann"))
        await self.is_taken_back(customers_answer)

    async def is_taken_back(self, customers_answer: bytes = b"") -> None:
        """Answer what goes to both sides then."""
        assert direction_of(await self.ann.told(self.ann.phone.sdp())) == "sendrecv"
        assert direction_of(await self.bob.told(customers_answer or self.bob.phone.sdp())) == "sendrecv"

    async def is_(self, state: str) -> None:
        """Wait until the engine says so, and nothing is under way."""
        legs = self.exchange.sip.calls.dialogs
        await until(lambda: not any(leg.pending_out or leg.pending_in or leg.next_out for leg in legs.values()))
        await until(lambda: state_of(self.exchange) == state, f"{state} but is {state_of(self.exchange)}")


async def called(open_exchange: OpenExchange, open_phone: OpenPhone) -> Call:
    """A call between bob and ann."""
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    callers, agents = await talk(exchange, bob, ann)
    return Call(exchange, Side(bob, callers), Side(ann, agents))


Of = Callable[[Call], Side]
SIDES = pytest.mark.parametrize("of", [lambda call: call.bob, lambda call: call.ann], ids=["customer", "agent"])


def watched(call: Call) -> list[Hint]:
    """The hints from now on."""
    hints: list[Hint] = []
    call.exchange.engine.hints.watch(hints.append)
    return hints


@SIDES
@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
async def test_the_refresh_of_a_phone_ends_no_hold(
    open_exchange: OpenExchange, open_phone: OpenPhone, of: Of, method: str
) -> None:
    call = await called(open_exchange, open_phone)
    await call.hold()
    # Who is held by another holds nobody, so it offers to send (RFC 6337 §5.3).
    answers = [await of(call).offers(method, of(call).phone.sdp()) for _ in range(2)]
    assert [direction_of(answer) for answer in answers] == ["inactive", "inactive"]
    assert version_of(answers[0]) == version_of(answers[1]), "the same words are the same version (RFC 3264 §8)"
    await call.is_("held")
    await call.take_back()
    await call.is_("connected")
    for phone in (call.bob.phone, call.ann.phone):
        assert not [heard for heard in phone.heard if isinstance(heard, RequestReceived)], "each has heard of its own"
    await hang_up(call.exchange, *call.bob, call.ann.phone)


@SIDES
async def test_an_offer_that_is_left_to_us_is_of_silence(
    open_exchange: OpenExchange, open_phone: OpenPhone, of: Of
) -> None:
    call = await called(open_exchange, open_phone)
    await call.hold()
    side = of(call)
    assert direction_of(await side.offers("INVITE", b"", side.phone.sdp("inactive", port=4100))) == "inactive"
    await call.is_("held")
    await call.exchange.tell(ResumeRequested(contact=contact_of(call.exchange), agent="ann"))
    heard = await call.ann.told(call.ann.phone.sdp())
    assert (b"audio 4100 " in heard) == (side is call.bob), "where the customer said last"
    await call.bob.told(side.phone.sdp(port=4100 if side is call.bob else 4000))
    await call.is_("connected")
    await hang_up(call.exchange, *call.bob, call.ann.phone)


async def test_what_no_stream_of_the_call_can_answer_is_refused(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    call = await called(open_exchange, open_phone)
    await call.hold()
    call.bob.phone.within(call.bob.dialog, "INVITE", call.bob.phone.sdp().replace(b"RTP/AVP 0", b"RTP/AVP 9"))
    await call.bob.phone.response(488, "INVITE")
    await call.is_("held")
    await hang_up(call.exchange, *call.bob, call.ann.phone)


@pytest.mark.parametrize("while_held", [True, False])
async def test_a_customer_who_holds_as_well_is_waited_for(
    open_exchange: OpenExchange, open_phone: OpenPhone, while_held: bool
) -> None:
    call = await called(open_exchange, open_phone)
    if not while_held:
        # The desk's hold is under way as the customer's phone holds: the engine's word comes behind that.
        at_ann = call.bob.phone.within(call.bob.dialog, "INVITE", call.bob.phone.sdp("sendonly"))
        asked = await call.ann.phone.request("INVITE")
        await call.exchange.tell(HoldRequested(contact=contact_of(call.exchange), agent="ann"))
        assert call.ann.dialog.receive_request(asked.request) is None
        call.ann.phone.reply(asked, 200, call.ann.phone.sdp("recvonly"))
        await call.ann.phone.ack()
        answered = await call.bob.phone.response(200, "INVITE")
        assert answered.transaction is at_ann
        call.bob.phone.acknowledge(call.bob.dialog, answered)
        for side in (call.bob, call.ann):
            assert direction_of(await side.told(side.phone.sdp("inactive"))) == "inactive"
        await call.is_("held")
    else:
        await call.hold()
        await call.bob.offers("INVITE", call.bob.phone.sdp("sendonly"))
    hints = watched(call)
    await call.take_back(call.bob.phone.sdp("sendonly"))
    assert direction_of(await call.ann.told(call.ann.phone.sdp("recvonly"))) == "sendonly", "so it is for the agent"
    await call.is_("held")
    assert [(hint.by, hint.agent, hint.refused, hint.holds) for hint in hints] == [("customer", "ann", "resume", True)]
    call.bob.phone.within(call.bob.dialog, "INVITE", call.bob.phone.sdp())
    assert direction_of(await call.ann.told(call.ann.phone.sdp())) == "sendrecv"
    call.bob.phone.acknowledge(call.bob.dialog, await call.bob.phone.response(200, "INVITE"))
    await call.is_("connected")
    await hang_up(call.exchange, *call.bob, call.ann.phone)


async def test_a_phone_that_holds_as_well_takes_it_back_itself(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    call = await called(open_exchange, open_phone)
    await call.hold()
    await call.ann.offers("INVITE", call.ann.phone.sdp("sendonly"))
    for _ in range(2):  # the desk's hold is lifted; that of the phone alone is not, either
        hints = watched(call)
        await call.exchange.tell(ResumeRequested(contact=contact_of(call.exchange), agent="ann"))
        await call.ann.told(call.ann.phone.sdp("sendonly"))
        await until(lambda hints=hints: hints)  # type: ignore[misc]
        assert [(hint.by, hint.agent, hint.refused, hint.holds) for hint in hints] == [("agent", "ann", "resume", True)]
        await call.is_("held")
    call.ann.phone.within(call.ann.dialog, "INVITE", call.ann.phone.sdp())
    assert direction_of(await call.bob.told(call.bob.phone.sdp())) == "sendrecv"
    call.ann.phone.acknowledge(call.ann.dialog, await call.ann.phone.response(200, "INVITE"))
    await call.is_("connected")
    await hang_up(call.exchange, *call.bob, call.ann.phone)


async def test_who_takes_the_callers_place_is_held_too(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    call = await called(open_exchange, open_phone)
    await call.hold()
    carl = await open_phone("carl")
    named = (("Replaces", replaces(call.bob.dialog)),)
    carl.invite("sales", call.exchange.sip.endpoint.port, carl.sdp(port=4800), named)
    heard = await call.ann.told(call.ann.phone.sdp("inactive"))
    assert (b" 4800 " in heard, direction_of(heard)) == (True, "inactive")
    answered = await carl.response(200, "INVITE")
    assert direction_of(answered.response.body) == "inactive"
    dialog = Dialog.from_response(answered.response, f"<{carl.uri}>")
    carl.acknowledge(dialog, answered)
    call.bob.phone.reply(await call.bob.phone.request("BYE"), 200)
    await call.is_("held")
    now = Call(call.exchange, Side(carl, dialog), call.ann)
    await now.take_back(carl.sdp(port=4800))
    await now.is_("connected")
    await hang_up(call.exchange, carl, dialog, call.ann.phone)


async def refused(call: Call, *, by_agent: bool) -> None:
    """A phone does not take the call back; what was told of it."""
    hints: list[Hint] = []
    unwatch = call.exchange.engine.hints.watch(hints.append)
    contact = contact_of(call.exchange)
    await call.exchange.tell(ResumeRequested(contact=contact, agent="ann"))
    if not by_agent:
        assert direction_of(await call.ann.told(call.ann.phone.sdp())) == "sendrecv"
    side = call.ann if by_agent else call.bob
    offer = await side.phone.request("INVITE")
    assert side.dialog.receive_request(offer.request) is None
    side.phone.reply(offer, 488)
    await until(lambda: hints)
    assert hints == [Hint(contact, "agent" if by_agent else "customer", "ann", typing=False, refused="resume")]
    unwatch()


async def test_what_the_customers_phone_does_not_take_back_stays_held(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    call = await called(open_exchange, open_phone)
    await call.hold()
    await refused(call, by_agent=False)
    heard = await call.ann.told(call.ann.phone.sdp("inactive"))
    assert direction_of(heard) == "inactive", "or it would send to who hears nothing"
    await call.is_("held")
    assert direction_of(await call.ann.offers("INVITE", call.ann.phone.sdp())) == "inactive", "the desk's hold holds"
    await call.take_back()
    await call.is_("connected")
    await hang_up(call.exchange, *call.bob, call.ann.phone)


async def test_what_the_agents_phone_does_not_take_back_stays_held(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    call = await called(open_exchange, open_phone)
    await call.hold()
    await refused(call, by_agent=True)
    await call.is_("held")
    await call.take_back()
    await call.is_("connected")
    await hang_up(call.exchange, *call.bob, call.ann.phone)


async def test_a_hold_waits_for_who_takes_the_callers_place(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    call = await called(open_exchange, open_phone)
    carl = await open_phone("carl")
    named = (("Replaces", replaces(call.bob.dialog)),)
    carl.invite("sales", call.exchange.sip.endpoint.port, carl.sdp(port=4800), named)
    asked = await call.ann.phone.request("INVITE")
    await call.exchange.tell(HoldRequested(contact=contact_of(call.exchange), agent="ann"))
    assert call.ann.dialog.receive_request(asked.request) is None
    call.ann.phone.reply(asked, 200, call.ann.phone.sdp())
    await call.ann.phone.ack()
    dialog = await carl.connected()
    call.bob.phone.reply(await call.bob.phone.request("BYE"), 200)
    now = Call(call.exchange, Side(carl, dialog), call.ann)
    for side in (now.bob, now.ann):
        assert direction_of(await side.told(side.phone.sdp("inactive", port=4800))) == "inactive"
    await now.is_("held")
    await now.take_back(carl.sdp(port=4800))
    await now.is_("connected")
    await hang_up(call.exchange, carl, dialog, call.ann.phone)


async def test_a_place_in_the_middle_of_a_hold_is_to_be_asked_for_again(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    call = await called(open_exchange, open_phone)
    carl = await open_phone("carl")
    await call.exchange.tell(HoldRequested(contact=contact_of(call.exchange), agent="ann"))
    at_bob = await call.bob.phone.request("INVITE")
    named = (("Replaces", replaces(call.bob.dialog)),)
    carl.invite("sales", call.exchange.sip.endpoint.port, carl.sdp(port=4800), named)
    await carl.response(491)
    assert call.bob.dialog.receive_request(at_bob.request) is None
    call.bob.phone.reply(at_bob, 200, call.bob.phone.sdp("inactive"))
    await call.bob.phone.ack()
    await call.ann.told(call.ann.phone.sdp("inactive"))
    await call.is_("held")
    await hang_up(call.exchange, *call.bob, call.ann.phone)


async def test_a_call_is_taken_back_once_the_place_is_taken(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    call = await called(open_exchange, open_phone)
    await call.hold()
    carl = await open_phone("carl")
    named = (("Replaces", replaces(call.bob.dialog)),)
    carl.invite("sales", call.exchange.sip.endpoint.port, carl.sdp(port=4800), named)
    asked = await call.ann.phone.request("INVITE")
    await call.exchange.tell(ResumeRequested(contact=contact_of(call.exchange), agent="ann"))
    assert call.ann.dialog.receive_request(asked.request) is None
    call.ann.phone.reply(asked, 200, call.ann.phone.sdp("inactive"))
    await call.ann.phone.ack()
    dialog = await carl.connected()
    call.bob.phone.reply(await call.bob.phone.request("BYE"), 200)
    heard = await call.ann.told(call.ann.phone.sdp())
    assert (b" 4800 " in heard, direction_of(heard)) == (True, "sendrecv")
    now = Call(call.exchange, Side(carl, dialog), call.ann)
    assert direction_of(await now.bob.told(carl.sdp(port=4800))) == "sendrecv"
    await now.is_("connected")
    await hang_up(call.exchange, carl, dialog, call.ann.phone)


class Consultation(NamedTuple):
    """Ann has bob on the line and asks eve about him."""

    exchange: Exchange
    bob: Side
    ann: Side
    asking: Dialog
    """Ann's side of the second call."""
    eve: Side
    second: str
    """The second contact."""

    async def transfer(self) -> Call:
        """Ann leaves bob with eve; what is under way between the two then is the caller's to see."""
        exchange, ann = self.exchange, self.ann.phone
        refer_to = f"<sip:help@{exchange.address}?Replaces={quote(replaces(self.asking), safe='')}>"
        ann.within(self.ann.dialog, "REFER", headers=(("Refer-To", refer_to),))
        await ann.response(202)
        ann.reply(await ann.request("NOTIFY"), 200)
        for _ in range(2):
            ann.reply(await ann.request("BYE"), 200)
        return Call(exchange, self.bob, self.eve)


async def consulted(open_exchange: OpenExchange, open_phone: OpenPhone) -> Consultation:
    """Two calls: bob's with ann, and hers with eve."""
    exchange, ann, eve = await house_of_two(open_exchange, open_phone)
    bob = await open_phone("bob")
    callers, agents = await talk(exchange, bob, ann)
    ann.invite("help", exchange.sip.endpoint.port, ann.sdp())
    eves = await eve.pick_up(eve.sdp(port=4600))
    asking = await ann.connected()
    second = exchange.sip.calls.of_agent("eve")
    assert second is not None
    await until(lambda: all(leg.acknowledged for leg in exchange.sip.calls.dialogs.values()))
    return Consultation(exchange, Side(bob, callers), Side(ann, agents), asking, Side(eve, eves), second.name)


async def taken_back_to_the_end(call: Call) -> None:
    """Wait until the customer is taken back, and let the call end."""
    await call.is_taken_back()
    await call.is_("connected")
    await hang_up(call.exchange, *call.bob, call.ann.phone)


async def test_who_leaves_takes_their_hold_along(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    two = await consulted(open_exchange, open_phone)
    (first,) = (name for name in two.exchange.sip.calls.by_name if name != two.second)
    await two.exchange.tell(HoldRequested(contact=first, agent="ann"))
    for side in (two.bob, two.ann):
        assert direction_of(await side.told(side.phone.sdp("inactive"))) == "inactive"
    await until(lambda: not any(leg.is_busy for leg in two.exchange.sip.calls.dialogs.values()))
    call = await two.transfer()
    heard = await call.bob.told(call.bob.phone.sdp())
    assert (b" 4600 " in heard, direction_of(heard)) == (True, "sendrecv")
    assert direction_of(await call.ann.told(call.ann.phone.sdp(port=4600))) == "sendrecv"
    await call.is_("connected")
    await hang_up(call.exchange, *call.bob, call.ann.phone)


async def test_who_stays_goes_on_holding(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    two = await consulted(open_exchange, open_phone)
    await two.exchange.tell(HoldRequested(contact=two.second, agent="eve"))
    for side in (Side(two.ann.phone, two.asking), two.eve):
        assert direction_of(await side.told(side.phone.sdp("inactive", port=4600))) == "inactive"
    await until(lambda: not any(leg.is_busy for leg in two.exchange.sip.calls.dialogs.values()))
    call = await two.transfer()
    for side in (call.bob, call.ann):
        assert direction_of(await side.told(side.phone.sdp("inactive", port=4600))) == "inactive"
    await call.is_("held")
    assert direction_of(await call.bob.offers("INVITE", call.bob.phone.sdp())) == "inactive"
    await call.is_("held")
    await two.exchange.tell(ResumeRequested(contact=two.second, agent="eve"))
    await taken_back_to_the_end(call)


async def test_a_hold_in_the_middle_of_a_transfer_is_of_who_comes(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    two = await consulted(open_exchange, open_phone)
    await two.exchange.tell(HoldRequested(contact=two.second, agent="eve"))
    await two.ann.phone.request("INVITE")  # and she does not answer it any more
    call = await two.transfer()
    assert direction_of(await call.bob.told(call.bob.phone.sdp())) == "sendrecv"
    assert direction_of(await call.ann.told(call.ann.phone.sdp(port=4600))) == "sendrecv"
    for side in (call.bob, call.ann):
        assert direction_of(await side.told(side.phone.sdp("inactive"))) == "inactive"
    await call.is_("held")
    await two.exchange.tell(ResumeRequested(contact=two.second, agent="eve"))
    await taken_back_to_the_end(call)


async def test_a_call_that_is_taken_back_in_the_middle_of_a_transfer(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    two = await consulted(open_exchange, open_phone)
    await two.exchange.tell(HoldRequested(contact=two.second, agent="eve"))
    for side in (Side(two.ann.phone, two.asking), two.eve):
        await side.told(side.phone.sdp("inactive", port=4600))
    await until(lambda: not any(leg.is_busy for leg in two.exchange.sip.calls.dialogs.values()))
    await two.exchange.tell(ResumeRequested(contact=two.second, agent="eve"))
    at_eve = await two.eve.phone.request("INVITE")
    assert direction_of(at_eve.request.body) == "sendrecv"
    call = await two.transfer()
    assert two.eve.dialog.receive_request(at_eve.request) is None
    two.eve.phone.reply(at_eve, 200, two.eve.phone.sdp(port=4600))
    await two.eve.phone.ack()
    for side in (call.bob, call.ann):
        assert direction_of(await side.told(side.phone.sdp("inactive"))) == "inactive"
    await taken_back_to_the_end(call)


async def test_a_colleague_whose_phone_holds_goes_on_doing_so(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    two = await consulted(open_exchange, open_phone)
    call = await two.transfer()
    await call.bob.told(call.bob.phone.sdp())
    await call.ann.told(call.ann.phone.sdp("sendonly", port=4600))
    assert direction_of(await call.bob.told(call.bob.phone.sdp("recvonly"))) == "sendonly"
    await call.is_("held")
    call.ann.phone.within(call.ann.dialog, "INVITE", call.ann.phone.sdp(port=4600))
    assert direction_of(await call.bob.told(call.bob.phone.sdp())) == "sendrecv"
    call.ann.phone.acknowledge(call.ann.dialog, await call.ann.phone.response(200, "INVITE"))
    await call.is_("connected")
    await hang_up(call.exchange, *call.bob, call.ann.phone)


async def test_a_hold_outlives_a_restart_of_the_adapter(
    open_exchange: OpenExchange, open_phone: OpenPhone, tmp_path: Path
) -> None:
    ann, bob = await open_phone("ann"), await open_phone("bob")
    config = centre(phones={"ann": f"127.0.0.1:{ann.port}"}).replace("port: 0", f"port: {free_port()}")
    exchange = await open_exchange(config)
    await exchange.sign_in("ann")
    callers, agents = await talk(exchange, bob, ann)
    call = Call(exchange, Side(bob, callers), Side(ann, agents))
    await call.hold()
    await exchange.engine.durable()
    await exchange.adapters.stop()
    exchange.sip, exchange.adapters = make_exchange(exchange.engine, tmp_path / "centre0.yaml")
    await exchange.adapters.start()
    assert direction_of(await call.bob.offers("INVITE", bob.sdp())) == "inactive"
    await call.is_("held")
    exchange.sip.act(ResumeContact(seq=0, contact=contact_of(exchange), agent="ann"))
    await call.is_taken_back()
    await call.is_("connected")
    await hang_up(exchange, bob, callers, ann)


@pytest.mark.peer
@pytest.mark.slow
@needs_baresip
async def test_real_phones_do_not_end_a_desks_hold(open_exchange: OpenExchange, open_baresip: OpenBaresip) -> None:
    exchange, ann, bob = await talking(open_exchange, open_baresip)
    await until(lambda: state_of(exchange) == "connected")
    (call,) = exchange.sip.calls.by_name.values()

    def received(leg: str) -> int:
        return int({"ann": call.agent, "bob": call.caller}[leg]._dialog().remote_seq)  # type: ignore[union-attr]

    await exchange.tell(HoldRequested(contact=contact_of(exchange), agent="ann"))
    await until(lambda: state_of(exchange) == "held")
    for phone, name in ((ann, "ann"), (bob, "bob")):
        for command in ("hold", "resume"):
            before = received(name)
            phone.command(command)
            await until(lambda name=name, before=before: received(name) > before)  # type: ignore[misc]
            await until(lambda: not any(leg.is_busy for leg in exchange.sip.calls.dialogs.values()))
            assert state_of(exchange) == "held"
    await exchange.tell(ResumeRequested(contact=contact_of(exchange), agent="ann"))
    await until(lambda: state_of(exchange) == "connected")
    bob.command("hangup")
    await ann.event("CALL_CLOSED")
    await exchange.settle()


async def test_a_phone_that_is_busy_with_an_offer_is_asked_again(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    call = await called(open_exchange, open_phone)
    await call.exchange.tell(HoldRequested(contact=contact_of(call.exchange), agent="ann"))
    for _ in range(2):
        busy = await call.bob.phone.request("INVITE")
        assert call.bob.dialog.receive_request(busy.request) is None
        call.bob.phone.reply(busy, 500, headers=(("Retry-After", "0 (another offer is open)"),))
    for side in (call.bob, call.ann):
        assert direction_of(await side.told(side.phone.sdp("inactive"))) == "inactive"
    await call.is_("held")
    await call.take_back()
    await hang_up(call.exchange, call.bob.phone, call.bob.dialog, call.ann.phone)


@pytest.mark.parametrize("headers", [(), (("Retry-After", "3600"),), (("Retry-After", "soon"),)])
async def test_a_phone_that_fails_is_not_asked_again(
    open_exchange: OpenExchange, open_phone: OpenPhone, headers: tuple[tuple[str, str], ...]
) -> None:
    call = await called(open_exchange, open_phone)
    await call.exchange.tell(HoldRequested(contact=contact_of(call.exchange), agent="ann"))
    failing = await call.bob.phone.request("INVITE")
    assert call.bob.dialog.receive_request(failing.request) is None
    call.bob.phone.reply(failing, 500, headers=headers)
    await until(lambda: call.exchange.counters.get("holds_refused"))
    await call.is_("connected")
    await hang_up(call.exchange, call.bob.phone, call.bob.dialog, call.ann.phone)


async def test_a_phone_that_stays_busy_is_not_asked_for_ever(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    call = await called(open_exchange, open_phone)
    await call.exchange.tell(HoldRequested(contact=contact_of(call.exchange), agent="ann"))
    for _ in range(RETRIES_MAX):
        busy = await call.bob.phone.request("INVITE")
        assert call.bob.dialog.receive_request(busy.request) is None
        call.bob.phone.reply(busy, 500, headers=(("Retry-After", "0"),))
    await until(lambda: call.exchange.counters.get("holds_refused"))
    await hang_up(call.exchange, call.bob.phone, call.bob.dialog, call.ann.phone)
