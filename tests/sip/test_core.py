"""How the engine is told: what it has no room for waits, in its order."""

import asyncio
from collections.abc import Sequence
from typing import Any

from engine.errors import Overloaded
from engine.messages.observed import (
    AgentReachabilityChanged,
    ContactReleased,
    Observed,
    OfferAnswered,
    OfferRang,
)
from engine.ports import Receipt
from tests.sip.conftest import OpenExchange
from tests.sip.support import centre, until

RANG = OfferRang(contact="one", agent="ann")
ANSWERED = OfferAnswered(contact="one", agent="ann")
RELEASED = ContactReleased(contact="one", by="customer", cause=16)
ELSEWHERE = ContactReleased(contact="two", by="customer", cause=16)
THERE = AgentReachabilityChanged(agent="ann", reachable=True)


class Narrow:
    """An engine with room for what ends something only."""

    def __init__(self) -> None:
        self.told: list[Observed] = []
        self.is_full = True

    def submit(self, _source: str, facts: Sequence[Observed]) -> "asyncio.Future[list[Receipt]]":
        """Take facts, or raise Overloaded."""
        if self.is_full and not all(isinstance(fact, ContactReleased) for fact in facts):
            raise Overloaded("the inbox is full", retry_after_s=1)
        self.told += facts
        future: asyncio.Future[list[Receipt]] = asyncio.get_running_loop().create_future()
        future.set_result([])
        return future


async def test_what_is_late_is_told_in_its_order(open_exchange: OpenExchange) -> None:
    core = (await open_exchange(centre())).sip.core
    engine: Any = Narrow()
    core.engine = engine
    checked: list[list[Receipt]] = []
    core.insist([ANSWERED], checked.append)
    core.mention([RANG])
    core.insist([RELEASED])
    core.insist([THERE])
    core.insist([ELSEWHERE])
    assert engine.told == [ELSEWHERE], "what is of another contact does not wait"
    engine.is_full = False
    await until(lambda: len(engine.told) == 5)
    assert engine.told[1:] == [ANSWERED, RANG, RELEASED, THERE]
    assert checked == [[]]
    core.insist([RELEASED])
    assert engine.told[-1] == RELEASED
    assert core.counters["facts_delayed"] == 3


async def test_what_is_late_at_a_stop_is_told_once_more(open_exchange: OpenExchange) -> None:
    core = (await open_exchange(centre())).sip.core
    engine: Any = Narrow()
    core.engine = engine
    core.insist([ANSWERED])
    core.insist([RELEASED])
    core.insist([THERE])
    engine.is_full = False
    core.stop()
    assert engine.told == [ANSWERED, RELEASED, THERE]
    engine.is_full = True
    core.insist([ANSWERED])
    core.stop()
    assert core.counters["facts_dropped"] == 1
