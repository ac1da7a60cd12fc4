"""How the engine is told: what it has no room for waits, in its order and within bounds."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import pytest

from adapters.sip import facts_to_engine
from adapters.sip.facts_to_engine import LATE_OF_ONE_MAX, Facts
from engine.errors import Overloaded
from engine.messages.observed import (
    AgentReachabilityChanged,
    CallerMoved,
    ContactReleased,
    Observed,
    OfferAnswered,
    OfferRang,
    TransferRequested,
)
from engine.ports import Receipt
from tests.sip.calls.test_calls import house, talk
from tests.sip.calls.test_dialogs import state_of
from tests.sip.conftest import OpenExchange, OpenPhone
from tests.sip.support import centre, undecided, until

RANG = OfferRang(contact="one", agent="ann")
ANSWERED = OfferAnswered(contact="one", agent="ann")
RELEASED = ContactReleased(contact="one", by="customer", cause=16)
ELSEWHERE = ContactReleased(contact="two", by="customer", cause=16)
THERE = AgentReachabilityChanged(agent="ann", reachable=True)


class Narrow:
    """An engine with room for what ends something only."""

    def __init__(self, *, takes_releases: bool = True) -> None:
        self.told: list[Observed] = []
        self.is_full = True
        self.takes_releases = takes_releases

    def submit(self, _source: str, facts: Sequence[Observed]) -> "asyncio.Future[list[Receipt]]":
        """Take facts, or raise Overloaded."""
        if self.is_full and not (self.takes_releases and all(isinstance(fact, ContactReleased) for fact in facts)):
            raise Overloaded("the inbox is full", retry_after_s=1)
        self.told += facts
        future: asyncio.Future[list[Receipt]] = asyncio.get_running_loop().create_future()
        future.set_result([])
        return future


async def test_what_is_late_is_told_in_its_order(open_exchange: OpenExchange) -> None:
    core = (await open_exchange(centre())).sip.core
    core.facts.engine = engine = cast(Any, Narrow())
    checked: list[list[Receipt]] = []
    core.facts.insist([ANSWERED], checked.append)
    core.facts.mention([RANG])
    core.facts.insist([RELEASED])
    core.facts.insist([THERE])
    core.facts.insist([ELSEWHERE])
    assert engine.told == [ELSEWHERE], "what is of another contact does not wait"
    engine.is_full = False
    await until(lambda: len(engine.told) == 5 and checked)
    assert engine.told[1:] == [ANSWERED, RANG, RELEASED, THERE]
    assert checked == [[]]
    core.facts.insist([RELEASED])
    assert engine.told[-1] == RELEASED
    assert core.counters["facts_delayed"] == 4
    assert core.facts.late == 0


async def test_what_is_late_at_a_stop_is_told_once_more(open_exchange: OpenExchange) -> None:
    core = (await open_exchange(centre())).sip.core
    core.facts.engine = engine = cast(Any, Narrow())
    core.facts.insist([ANSWERED])
    core.facts.insist([RELEASED])
    core.facts.insist([THERE])
    engine.is_full = False
    core.stop()
    assert engine.told == [ANSWERED, RELEASED, THERE]
    engine.is_full = True
    core.facts.insist([ANSWERED])
    core.stop()
    assert core.counters["facts_dropped"] == 1


def narrow(**options: bool) -> tuple[Any, Facts]:
    """A full engine, and the way to it."""
    engine: Any = Narrow(**options)
    return engine, Facts(engine, Counter())


async def test_nothing_passes_by_what_is_late() -> None:
    engine, facts = narrow()
    facts.insist([ANSWERED])
    engine.is_full = False
    with pytest.raises(Overloaded):
        facts.submit([TransferRequested(contact="one", queue="help")])
    facts.submit([ELSEWHERE])
    await until(lambda: not facts.late)
    facts.submit([RELEASED])
    assert engine.told == [ELSEWHERE, ANSWERED, RELEASED]


async def test_what_is_of_two_contacts_keeps_its_place_in_both() -> None:
    engine, facts = narrow(takes_releases=False)
    moved: list[Observed] = [CallerMoved(contact="one", to="two"), RELEASED, OfferRang(contact="two", agent="eve")]
    facts.insist(moved)
    facts.insist([ELSEWHERE])
    assert not engine.told, "what is of the second contact waits, too"
    engine.is_full = False
    await until(lambda: not facts.late)
    assert engine.told == [*moved, ELSEWHERE]


@pytest.mark.parametrize("takes_releases", [True, False])
async def test_a_call_that_has_too_much_to_tell_is_over(
    caplog: pytest.LogCaptureFixture, *, takes_releases: bool
) -> None:
    engine, facts = narrow(takes_releases=takes_releases)
    ended: list[str] = []
    facts.on_overrun = ended.append
    for _ in range(LATE_OF_ONE_MAX + 1):
        facts.insist([ANSWERED])
    facts.insist([OfferAnswered(contact="three", agent="eve")])
    assert not ended, "not in the middle of what the call does"
    await until(lambda: ended)
    assert ended == ["one"]
    assert "1, the first one" in caplog.text
    facts.mention([RANG])
    assert facts.late == (1 if takes_releases else 2)
    engine.is_full = False
    await until(lambda: not facts.late)
    (release, *others) = engine.told
    assert release == ContactReleased(contact="one", by="system", cause=42)
    assert [other.contact for other in others] == ["three"]


async def test_what_waits_in_all_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, facts = narrow(takes_releases=False)
    monkeypatch.setattr(facts_to_engine, "LATE_MAX", 3)
    for name in ("a", "b", "c", "d", "e"):
        facts.insist([OfferAnswered(contact=name, agent="ann")])
    assert facts.late == 5, "three facts, and the releases of two calls"
    engine.is_full = False
    await until(lambda: not facts.late)
    assert [type(fact) for fact in engine.told] == [OfferAnswered] * 3 + [ContactReleased] * 2


async def test_of_an_agent_the_latest_alone_is_late() -> None:
    engine, facts = narrow()
    for reachable in (True, False, True):
        facts.insist([AgentReachabilityChanged(agent="ann", reachable=reachable)])
    assert facts.late == 1
    engine.is_full = False
    await until(lambda: not facts.late)
    assert engine.told == [THERE]


async def test_of_several_agents_who_are_told_together_each_has_a_latest() -> None:
    engine, facts = narrow()
    all_there = [AgentReachabilityChanged(agent=agent, reachable=True) for agent in ("ann", "eve", "joe")]
    gone = AgentReachabilityChanged(agent="eve", reachable=False)
    facts.insist(all_there)
    assert facts.late == 3
    facts.insist([gone])
    assert facts.late == 3, "what waited of the two others waits on"
    engine.is_full = False
    await until(lambda: not facts.late)
    assert engine.told == [all_there[0], all_there[2], gone]
    facts.insist(all_there)
    assert engine.told[3:] == all_there, "together, where there is room"


async def test_agents_who_are_told_together_wait_behind_one_of_them() -> None:
    engine, facts = narrow()
    gone = [AgentReachabilityChanged(agent=agent, reachable=False) for agent in ("ann", "eve")]
    facts.insist([THERE])
    engine.is_full = False
    facts.insist(gone)
    assert facts.late == 2
    await until(lambda: not facts.late)
    assert engine.told == gone


async def test_both_sides_of_a_call_hear_that_there_is_no_room(
    open_exchange: OpenExchange, open_phone: OpenPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    monkeypatch.setattr(facts_to_engine, "LATE_OF_ONE_MAX", 1)
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    call = await ann.request("INVITE")
    ann.reply(call, 180)
    await bob.response(180)
    capacity, exchange.engine.inbox.capacity = exchange.engine.inbox.capacity, 0
    ann.reply(call, 200, ann.sdp())
    refused = await bob.response(503)
    assert refused.response.get("retry-after") == "5"
    await ann.ack()
    ended = await ann.request("BYE")
    assert "cause=42" in ended.request.get("reason")
    ann.reply(ended, 200)
    assert (exchange.counters["calls_overrun"], exchange.counters["facts_late"]) == (1, 1)
    exchange.engine.inbox.capacity = capacity
    await exchange.settle()
    callers, _ = await talk(exchange, bob, ann)
    await until(lambda: state_of(exchange) == "connected")
    bob.within(callers, "BYE")
    await bob.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()


async def test_a_transfer_behind_what_is_late_is_to_be_asked_for_again(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    callers, agents = await talk(exchange, bob, ann)
    facts = exchange.sip.core.facts
    real, facts.engine = facts.engine, cast(Any, Narrow())
    (name,) = exchange.sip.calls.by_name
    facts.insist([OfferAnswered(contact=name, agent="ann")])
    facts.engine = real
    ann.within(agents, "REFER", headers=(("Refer-To", f"<sip:sales@{exchange.address}>"),))
    refused = await ann.response(503, "REFER")
    assert refused.response.get("retry-after") == "1"
    await until(lambda: not facts.late)
    bob.within(callers, "BYE")
    await bob.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)
    await exchange.settle()


async def test_a_transfer_of_a_call_that_has_too_much_to_tell_is_answered(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    _, agents = await talk(exchange, bob, ann)
    (call,) = exchange.sip.calls.by_name.values()
    assert call.agent is not None
    leg = call.agent
    with undecided(exchange):
        ann.within(agents, "REFER", headers=(("Refer-To", f"<sip:sales@{exchange.address}>"),))
        await until(lambda: leg.refer is not None)
        capacity, exchange.engine.inbox.capacity = exchange.engine.inbox.capacity, 0
        for _ in range(LATE_OF_ONE_MAX + 1):
            exchange.sip.core.facts.insist([OfferRang(contact=call.name, agent="ann")])
        await ann.response(487, "REFER")
        for phone in (ann, bob):
            phone.reply(await phone.request("BYE"), 200)
        exchange.engine.inbox.capacity = capacity
    await exchange.settle()
