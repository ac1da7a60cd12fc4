"""A call that a desk holds: whatever the phones say meanwhile, only a desk takes it back."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.sip.protocol import Dialog, RequestReceived, direction_of
from engine.messages.effects import ResumeContact
from engine.messages.observed import HoldRequested, ResumeRequested
from tests.sip.baresip import needs_baresip
from tests.sip.conftest import OpenBaresip, OpenExchange, OpenPhone
from tests.sip.support import Exchange, centre, free_port, make_exchange, until
from tests.sip.test_attended import offered, replaces
from tests.sip.test_baresip import talking
from tests.sip.test_calls import house, talk
from tests.sip.test_dialogs import hang_up, state_of
from tests.sip.test_hold import contact_of, version_of
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
    await call.take_back(call.bob.phone.sdp("sendonly"))
    assert direction_of(await call.ann.told(call.ann.phone.sdp("recvonly"))) == "sendonly", "so it is for the agent"
    await call.is_("held")
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
    await call.exchange.tell(ResumeRequested(contact=contact_of(call.exchange), agent="ann"))
    await call.ann.told(call.ann.phone.sdp("sendonly"))
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
