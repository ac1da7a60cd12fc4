"""All people of the demo together: they come to work, calls and messages arrive, and in the end everybody leaves."""

import asyncio
import math
from collections.abc import Callable
from itertools import cycle
from typing import Any, Final

import msgspec

from adapters.sip.protocol import Hop
from simulations.demo.people.agent_phone import AgentPhone
from simulations.demo.people.api import Api
from simulations.demo.people.caller import Callers
from simulations.demo.people.chat_desk import ChatDesk
from simulations.demo.people.chatters import Chatters
from simulations.demo.people.desk import Desk
from simulations.demo.people.follow_ups import FollowUps
from simulations.demo.people.registration import Account
from simulations.demo.people.tally import Tally
from simulations.demo.people.traits import (
    CALLS_PER_S,
    CHATS_PER_S,
    FIRST_CALLS,
    FIRST_CALLS_WITHIN_S,
    RUSH_EVERY_S,
    RUSH_SHARE,
    TASKS_PER_S,
    Chance,
)

START_WITHIN_S: Final = 20.0
LEAVE_WITHIN_S: Final = 12.0
LEAVE_MEAN_S: Final = 0.5
LAST_PATIENCE_S: Final = 7.0
"""Who waits when the day is over is still served, if that is possible within so long."""
LOOK_EVERY_S: Final = 0.05
INBOX: Final = "web"
"""Of the example centre's web chat."""


class Plan(msgspec.Struct, frozen=True):
    """Who comes, and where to."""

    url: str
    """Of the HTTP interface."""
    host: str
    sip_port: int
    """0: nobody calls."""
    chat_port: int
    """0: nobody chats."""
    agents: list[str]
    chatting: list[str]
    """Agents who chat, each at a desk."""
    phones: list[Account]
    run: str
    """Makes this run's contacts differ from those of another one over the same log."""
    seed: int


class Crowd:
    """The people of one run."""

    def __init__(self, plan: Plan) -> None:
        chance = Chance(plan.seed)
        switches = [Hop(transport, plan.host, plan.sip_port) for transport in ("udp", "tcp")]
        self.tally = Tally()
        self._chance = chance
        self._api = Api(plan.url)
        chatting = plan.chatting if plan.chat_port else []
        self._desk = Desk(self._api, plan.agents, chance, self.tally, chatting)
        self._chat_desks = [ChatDesk(plan.url, agent, chance, self.tally) for agent in chatting]
        self._chatters = Chatters(f"http://{plan.host}:{plan.chat_port}", INBOX, chance, self.tally)
        self._follow_ups = FollowUps(self._api, chance, self.tally, plan.run)
        self._callers = [Callers(switch, chance, self.tally) for switch in switches]
        self._next_callers = cycle(self._callers)
        self._phones = [
            AgentPhone(account, switch, chance, self.tally)
            for account, switch in zip(plan.phones, cycle(switches), strict=False)
        ]
        self._with_calls = plan.sip_port > 0
        self._arrivals: list[asyncio.TimerHandle | None] = []
        self._stream: asyncio.Task[None] | None = None
        self._leaving = False
        self._alone = asyncio.Event()

    async def arrive(self) -> None:
        """Log in, register, and let the first contacts come. Raises TimeoutError when the engine does not answer."""
        await self._api.open()
        began = asyncio.Event()
        self._stream = asyncio.get_running_loop().create_task(self._api.follow("effects,events", self._take, began))
        async with asyncio.timeout(START_WITHIN_S):
            await began.wait()
            await self._desk.start()
            await self._chatters.start()
            for desk in self._chat_desks:
                desk.start()
            await asyncio.gather(*(desk.is_there.wait() for desk in self._chat_desks))
            if self._with_calls:
                for callers in self._callers:
                    await callers.start()
                for phone in self._phones:
                    await phone.start()
                await asyncio.gather(*(phone.registration.is_active.wait() for phone in self._phones))
                self.tally.registered = len(self._phones)
        if self._with_calls:
            loop = asyncio.get_running_loop()
            for place in range(FIRST_CALLS):
                delay_s = place * FIRST_CALLS_WITHIN_S / FIRST_CALLS
                self._arrivals.append(loop.call_later(delay_s, self._call))
            self._keep_coming(CALLS_PER_S, self._call)
        if self._chat_desks:
            self._chatters.chat()
            self._keep_coming(CHATS_PER_S, self._chatters.chat)
        self._keep_coming(TASKS_PER_S, self._follow_ups.bring)

    async def leave(self) -> None:
        """Nobody comes any more; who talks ends soon, so that who waits is still served; then everybody goes home."""
        self._leaving = True
        for timer in self._arrivals:
            if timer is not None:
                timer.cancel()
        for callers in self._callers:
            callers.end_soon(LEAVE_MEAN_S, LAST_PATIENCE_S)
        self._chatters.end_soon(LAST_PATIENCE_S)
        for desk in self._chat_desks:
            desk.end_soon(LEAVE_MEAN_S)
        self._desk.end_soon(LEAVE_MEAN_S)
        self._arrivals.append(asyncio.get_running_loop().call_later(LAST_PATIENCE_S, self._follow_ups.take_back))
        try:
            async with asyncio.timeout(LEAVE_WITHIN_S):
                self._look_around()
                await self._alone.wait()
        except TimeoutError:
            self.tally.calls_open = self._calls_open
        self._desk.stop()
        await self._desk.log_out()
        if self._arrivals[-1] is not None:
            self._arrivals[-1].cancel()
        await self._close()

    def _look_around(self) -> None:
        written = self._chatters.count or self._follow_ups.count
        if self._calls_open or written or any(phone.is_busy for phone in self._phones):
            asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look_around)
        else:
            self._alone.set()

    async def _close(self) -> None:
        for phone in self._phones:
            phone.stop()
        for callers in self._callers:
            callers.stop()
        await self._chatters.stop()
        for desk in self._chat_desks:
            await desk.stop()
        if self._stream is not None:
            self._stream.cancel()
            await asyncio.gather(self._stream, return_exceptions=True)
        await self._api.close()
        self.tally.http_failed += self._api.failed

    @property
    def _calls_open(self) -> int:
        return sum(callers.count for callers in self._callers)

    def _call(self) -> None:
        """The next one dials, by UDP and TCP in turn."""
        next(self._next_callers).call()

    def _take(self, name: str, said: dict[str, Any]) -> None:
        self._desk.take(name, said)
        self._follow_ups.take(name, said)
        if self._leaving and name == "effect" and said.get("type") == "connect_contact":
            self._desk.end_soon(LEAVE_MEAN_S)

    def _keep_coming(self, per_s: float, arrive: Callable[[], None]) -> None:
        """A random stream whose rate swells and ebbs: arrivals at the highest rate, thinned."""
        loop, place, begin = asyncio.get_running_loop(), len(self._arrivals), asyncio.get_running_loop().time()
        self._arrivals.append(None)
        highest = 1 + RUSH_SHARE

        def come() -> None:
            swell = 1 + RUSH_SHARE * math.sin(2 * math.pi * (loop.time() - begin) / RUSH_EVERY_S)
            if self._chance.is_one_in(swell / highest):
                arrive()
            plan()

        def plan() -> None:
            self._arrivals[place] = loop.call_later(self._chance.until_next_s(1 / (per_s * highest)), come)

        plan()
