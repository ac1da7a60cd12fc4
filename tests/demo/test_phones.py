"""The demo's callers and phones, wired to each other over real sockets, with a registrar made of the protocol layer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from adapters.sip.protocol import Authenticator, Event, Hop, RequestReceived, ha1
from simulations.demo.people.agent_phone import AgentPhone
from simulations.demo.people.caller import Callers
from simulations.demo.people.registration import Account
from simulations.demo.people.tally import Tally
from simulations.demo.people.traits import Chance, Traits
from simulations.demo.people.user_agent import UserAgent

HOST = "127.0.0.1"
QUICK = Traits(patience_s=60, talk_s=0.05, ring_s=(0.0, 0.01), decline=0, no_answer=0)
ACCOUNT = Account("an", "sip:an@127.0.0.1", "secret")


class Registrar:
    """Takes registrations of one account, and remembers how each attempt went."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.contacts: list[str] = []
        self._authenticator = Authenticator("test", b"a key of the test", algorithms=("MD5",))
        self.agent = UserAgent(self._on_event, methods=("REGISTER",))

    @property
    def hop(self) -> Hop:
        return Hop("udp", self.agent.host, self.agent.port)

    def _on_event(self, event: Event) -> None:
        assert isinstance(event, RequestReceived)

        def lookup(user: str, algorithm: str) -> str | None:
            return ha1(user, "test", "secret", algorithm) if user == "an" else None

        verdict = self._authenticator.verify(event.request, lookup, 1)
        self.outcomes.append(verdict.outcome)
        if verdict.outcome == "accepted":
            self.contacts.append(event.request.get("contact"))
            self.agent.reply(event.transaction, 200)
        else:
            self.agent.reply(event.transaction, 401, headers=self._authenticator.challenges(1))


class Line:
    """One phone, and callers who reach it without an engine in between."""

    def __init__(self, phone: AgentPhone, callers: Callers, phone_tally: Tally, caller_tally: Tally) -> None:
        self.phone = phone
        self.callers = callers
        self.at_phone = phone_tally
        self.at_callers = caller_tally


Connect = Callable[..., Awaitable[Line]]


async def until(is_so: Callable[[], Any]) -> None:
    """Wait for something; the test's own time limit ends a wait in vain."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def look() -> None:
        if is_so():
            done.set()
        else:
            loop.call_later(0.005, look)

    look()
    await done.wait()


@pytest.fixture
async def registrar() -> AsyncIterator[Registrar]:
    opened = Registrar()
    await opened.agent.open(Hop("udp", HOST, 0))
    yield opened
    opened.agent.close()


@pytest.fixture
async def connect(registrar: Registrar) -> AsyncIterator[Connect]:
    opened: list[Line] = []

    async def make(at_phone: Traits = QUICK, at_callers: Traits = QUICK) -> Line:
        tallies = Tally(), Tally()
        phone = AgentPhone(ACCOUNT, registrar.hop, Chance(1, at_phone), tallies[0])
        await phone.start()
        callers = Callers(Hop("udp", HOST, phone.port), Chance(2, at_callers), tallies[1])
        await callers.start()
        opened.append(Line(phone, callers, *tallies))
        return opened[-1]

    yield make
    for line in opened:
        line.phone.stop()
        line.callers.stop()


async def test_a_phone_proves_who_it_is_and_is_registered(connect: Connect, registrar: Registrar) -> None:
    line = await connect()
    await line.phone.registration.is_active.wait()
    assert registrar.outcomes == ["missing", "accepted"]
    assert registrar.contacts == [f"<sip:an@127.0.0.1:{line.phone.port}>"]


@pytest.mark.parametrize("patient", ["at_callers", "at_phone"])
async def test_a_call_is_answered_and_ended_by_the_side_that_has_enough(connect: Connect, patient: str) -> None:
    line = await connect(**{patient: Traits(patience_s=60, talk_s=1e6, ring_s=(0.0, 0.01), decline=0, no_answer=0)})
    line.callers.call()
    await until(lambda: line.at_callers.calls_answered)
    await until(lambda: not line.callers.count and not line.phone.is_busy)
    assert (line.at_phone.rang, line.at_callers.statuses) == (1, {"200": 1})


async def test_a_caller_without_patience_takes_the_call_back(connect: Connect) -> None:
    line = await connect(
        at_phone=Traits(no_answer=1, decline=0),
        at_callers=Traits(patience_s=0.02),
    )
    line.callers.call()
    await until(lambda: not line.callers.count and not line.phone.is_busy)
    assert line.at_callers.calls_given_up == 1
    assert line.at_callers.statuses == {"487": 1}


async def test_an_agent_may_decline_and_a_busy_phone_takes_no_second_call(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, reactions = await connect(at_phone=Traits(decline=1)), list[Callable[[], None]]()
    monkeypatch.setattr(line.phone, "_after", lambda _delay_s, react: reactions.append(react))
    line.callers.call()
    await until(lambda: reactions)
    line.callers.call()
    await until(lambda: line.at_callers.statuses)
    reactions.pop()()
    await until(lambda: not line.callers.count)
    assert line.at_callers.statuses == {"603": 1, "486": 1}
    assert line.at_phone.declined == 1
