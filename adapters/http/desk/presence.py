"""Who sits at a desk: an agent whose last desk is gone for a while is set offline, so that nothing rings in vain."""

import asyncio
import logging
from typing import Final

from engine.errors import Overloaded, TrunklineError
from engine.messages.kinds import AGENT_STATUS_CHANGED
from engine.messages.observed import AgentStatusChanged
from engine.model.names import UNKNOWN
from engine.ports import DESK_CLOSED, EngineLink, Receipt, Turn
from engine.projections.names import name_at
from engine.projections.views import Views

logger = logging.getLogger(__name__)
SOURCE: Final = "http:desk"
AGAIN_AFTER_S: Final = 1.0
SETTLED_WITHIN_S: Final = 3.0
READ_BACK: Final = 500_000
"""Rows of the log that are searched at the start for who is ready by a desk."""
PAGE: Final = 1000


class Presence:
    """Waits `away_limit_ns` after the last desk of an agent has closed; 0: for ever."""

    def __init__(self, engine: EngineLink, away_limit_ns: int) -> None:
        self._engine = engine
        self._away_limit_s = away_limit_ns / 1e9
        self._leaving: dict[int, asyncio.TimerHandle] = {}
        self._known: set[int] = set()
        """Agents whose desk was opened since the start: those need not be waited for because of an earlier one."""
        self._reading: asyncio.Task[None] | None = None
        self.set_offline = 0
        """Agents who were."""

    def start(self) -> None:
        """Wait for those, too, who were ready by a desk when the service ended: not everybody comes back to it."""
        if self._away_limit_s:
            self._reading = asyncio.get_running_loop().create_task(self._await_those_of_before(), name="http desks")

    def came(self, agent: int) -> None:
        """A desk of the agent is open: a reload, another tab, or the next morning."""
        self._known.add(agent)
        self._stay(agent)

    def _stay(self, agent: int) -> None:
        timer = self._leaving.pop(agent, None)
        if timer is not None:
            timer.cancel()

    def left(self, agent: int) -> None:
        """The last desk of the agent has closed."""
        if self._away_limit_s:
            self._wait(agent, self._away_limit_s)

    def note(self, turn: Turn) -> None:
        """Wait no more for those whose status somebody else has chosen since: that is not the desk's to undo."""
        if not self._leaving or AGENT_STATUS_CHANGED not in turn.kinds:
            return
        sources = self._engine.views.interned.sources
        for row in turn.rows[turn.rows["kind"] == AGENT_STATUS_CHANGED]:
            if int(row["agent"]) in self._leaving and name_at(sources, int(row["source"])) != SOURCE:
                self._stay(int(row["agent"]))

    def stop(self) -> None:
        """Wait for nobody any more: the service ends, and the next one waits anew for who does not come back."""
        if self._reading is not None:
            self._reading.cancel()
        for timer in self._leaving.values():
            timer.cancel()
        self._leaving.clear()

    def _wait(self, agent: int, seconds: float) -> None:
        self._stay(agent)
        self._leaving[agent] = asyncio.get_running_loop().call_later(seconds, self._gone, agent)

    async def _await_those_of_before(self) -> None:
        try:
            found = await asyncio.to_thread(ready_by_desk, self._engine.views)
        except TrunklineError:
            logger.exception("who was ready by a desk before the start could not be read")
            return
        for agent in found - self._known:
            self._wait(agent, self._away_limit_s)

    async def signed_out(self, agent: int) -> None:
        """The agent leaves of their own will: offline at once, if the engine can take that in soon."""
        name = self._engine.views.directory.agents.name(agent)
        submitted = self._set_offline(agent, AgentStatusChanged(agent=name, status="offline", by=name))
        if submitted is not None:
            await asyncio.wait((submitted,), timeout=SETTLED_WITHIN_S)

    def _gone(self, agent: int) -> None:
        del self._leaving[agent]
        name = self._engine.views.directory.agents.name(agent)
        fact = AgentStatusChanged(agent=name, status="offline", reason=DESK_CLOSED, by="desk")
        if self._set_offline(agent, fact) is not None:
            self.set_offline += 1
            logger.info("agent %s is set offline: the desk was closed", name)

    def _set_offline(self, agent: int, fact: AgentStatusChanged) -> "asyncio.Future[list[Receipt]] | None":
        """Submit the fact; None where the agent is offline already, is configured no more, or must wait."""
        try:
            if self._engine.views.agent(fact.agent).status == "offline":
                return None
            submitted = self._engine.submit(SOURCE, [fact])
        except Overloaded:
            self._wait(agent, AGAIN_AFTER_S)
            return None
        except KeyError:
            return None
        submitted.add_done_callback(_done)
        return submitted


def ready_by_desk(views: Views) -> set[int]:
    """Return the numbers of the agents whose latest status a desk set, and not to offline. Reads the log's end."""
    latest: dict[str, bool] = {}
    reached, more = max(0, views.as_of - READ_BACK), True
    while more:
        page = views.read_events(reached, PAGE, ("agent_status_changed",))
        for event in page.events:
            latest[event.agent] = event.source == SOURCE and event.data.get("status") != "offline"
        reached, more = page.next_after_seq, page.more
    known = views.directory.agents
    numbers = {known.number(name) for name, is_ready in latest.items() if is_ready}
    return numbers - {UNKNOWN}


def _done(submitted: "asyncio.Future[list[Receipt]]") -> None:
    """Say what became of it, where that was nothing."""
    if not submitted.cancelled() and (error := submitted.result()[0].error):
        logger.warning("an agent whose desk was closed could not be set offline: %s", error)
