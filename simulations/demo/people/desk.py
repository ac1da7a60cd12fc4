"""Agents at their screens: they log in, take tasks, end their wrap-up, and have a break now and then."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from simulations.demo.people.api import Api
from simulations.demo.people.tally import Tally
from simulations.demo.people.traits import Chance


class Desk:
    """The screens of all agents."""

    def __init__(self, api: Api, agents: list[str], chance: Chance, tally: Tally, seated: Sequence[str] = ()) -> None:
        self._api = api
        self._agents = agents
        self._seated = frozenset(seated)
        """Those who end their wrap-up at a desk of their own."""
        self._chance = chance
        self._tally = tally
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}
        """By what is to be done and to whom."""
        self._channels: dict[str, str] = {}
        """Channel of each contact that was offered here and is not over."""
        self._breaks: asyncio.TimerHandle | None = None
        self._wrap_up_s = chance.traits.wrap_up_s

    async def start(self) -> None:
        """Log everybody in."""
        await asyncio.gather(*(self._choose(agent, "available") for agent in self._agents))
        self._plan_break()

    def stop(self) -> None:
        """Do nothing more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if self._breaks is not None:
            self._breaks.cancel()

    async def log_out(self) -> None:
        """Send everybody home."""
        await asyncio.gather(*(self._choose(agent, "offline") for agent in self._agents))

    def end_soon(self, mean_s: float) -> None:
        """Finish the conversations that there are and the work after them, each soon; nobody has a break any more."""
        self._wrap_up_s = mean_s
        if self._breaks is not None:
            self._breaks.cancel()
        for task, whom in list(self._timers):
            action = {"finish": self._finish, "wrap up": self._wrapped}.get(task)
            if action is not None:
                self._after(task, whom, self._chance.wait_s(mean_s), action, whom)

    def take(self, name: str, said: dict[str, Any]) -> None:
        """React to one message of the stream."""
        kind, contact, agent = said.get("type", ""), said.get("contact", ""), said.get("agent", "")
        if name == "event":
            self._heard(kind, agent)
        elif kind == "offer_contact":
            self._offered(contact, agent, said["channel"])
        elif kind == "end_offer":
            self._forget("offer", f"{contact} {agent}")
        elif kind == "connect_contact":
            traits = self._chance.traits
            mean_s = traits.task_s if self._channels.get(contact) == "task" else traits.chat_s
            self._after("finish", contact, self._chance.wait_s(mean_s), self._finish, contact)
        elif kind in ("end_contact", "refuse_contact", "move_contact", "call_back"):
            self._forget("finish", contact)
            self._channels.pop(contact, None)

    def _heard(self, kind: str, agent: str) -> None:
        traits = self._chance.traits
        if kind == "wrap_up_started" and agent not in self._seated:
            self._after("wrap up", agent, self._chance.wait_s(self._wrap_up_s), self._wrapped, agent)
        elif kind == "agent_suspended":
            # Nobody answered at this desk too often: its owner comes back and says so.
            self._after("break", agent, self._chance.wait_s(traits.break_s), self._end_break, agent)

    def _offered(self, contact: str, agent: str, channel: str) -> None:
        self._channels[contact] = channel
        reaction = self._chance.reaction()
        action = {"answer": self._answer, "decline": self._decline}.get(reaction)
        if action is not None:
            self._after("offer", f"{contact} {agent}", self._chance.ring_s(), action, contact, agent)

    def _answer(self, contact: str, agent: str) -> None:
        self._tally.http_answered += 1
        self._api.tell({"type": "offer_answered", "contact": contact, "agent": agent})

    def _decline(self, contact: str, agent: str) -> None:
        self._api.tell({"type": "offer_declined", "contact": contact, "agent": agent})

    def _finish(self, contact: str) -> None:
        self._channels.pop(contact, None)
        self._api.tell({"type": "contact_released", "contact": contact, "by": "agent"})

    def _wrapped(self, agent: str) -> None:
        self._api.do("POST", f"/api/v1/agents/{agent}/wrap-up/finish")

    async def _choose(self, agent: str, status: str, reason: str = "") -> None:
        body = {"status": status, "reason": reason} if reason else {"status": status}
        await self._api.send("PUT", f"/api/v1/agents/{agent}/status", body)

    # --- breaks

    def _plan_break(self) -> None:
        mean_s = self._chance.traits.break_every_s / len(self._agents)
        self._breaks = asyncio.get_running_loop().call_later(self._chance.wait_s(mean_s), self._begin_break)

    def _begin_break(self) -> None:
        agent = self._chance.one_of(self._agents)
        if ("break", agent) not in self._timers:
            self._api.do("PUT", f"/api/v1/agents/{agent}/status", {"status": "paused", "reason": "break"})
            self._after("break", agent, self._chance.wait_s(self._chance.traits.break_s), self._end_break, agent)
        self._plan_break()

    def _end_break(self, agent: str) -> None:
        self._api.do("PUT", f"/api/v1/agents/{agent}/status", {"status": "available"})

    # --- time

    def _after(self, task: str, whom: str, delay_s: float, action: Callable[..., None], *arguments: str) -> None:
        self._forget(task, whom)

        def run() -> None:
            del self._timers[task, whom]
            action(*arguments)

        self._timers[task, whom] = asyncio.get_running_loop().call_later(delay_s, run)

    def _forget(self, task: str, whom: str) -> None:
        timer = self._timers.pop((task, whom), None)
        if timer is not None:
            timer.cancel()
