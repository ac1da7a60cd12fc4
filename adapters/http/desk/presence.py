"""Who sits at a desk: an agent whose last desk is gone for a while is set offline, so that nothing rings in vain, and
done with wrap-up, which nobody is there to end.
"""

import asyncio
import logging
from typing import Final

from engine.errors import Overloaded, TrunklineError
from engine.messages.kinds import AGENT_STATUS_CHANGED, STATUS_OFFLINE, WRAP_UP_STARTED
from engine.messages.observed import AgentStatusChanged, Observed, WrapUpFinished
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
        self._gone: set[int] = set()
        """Agents who were set offline and have not come back: what they still had in hand ends without a desk."""
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
        self._gone.discard(agent)
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
        """Wait no more for those whose status somebody else has chosen since: that is not the desk's to undo. Wait for
        those who are gone and have begun to wrap up, as after a call at the phone.
        """
        if (self._leaving or self._gone) and AGENT_STATUS_CHANGED in turn.kinds:
            sources = self._engine.views.interned.sources
            for row in turn.rows[turn.rows["kind"] == AGENT_STATUS_CHANGED]:
                if int(row["a"]) != STATUS_OFFLINE and name_at(sources, int(row["source"])) != SOURCE:
                    self._gone.discard(int(row["agent"]))
                    self._stay(int(row["agent"]))
        if self._gone and self._away_limit_s and WRAP_UP_STARTED in turn.kinds:
            for row in turn.rows[turn.rows["kind"] == WRAP_UP_STARTED]:
                if int(row["agent"]) in self._gone:
                    self._wait(int(row["agent"]), self._away_limit_s)

    def stop(self) -> None:
        """Wait for nobody any more: the service ends, and the next one waits anew for who does not come back."""
        if self._reading is not None:
            self._reading.cancel()
        for timer in self._leaving.values():
            timer.cancel()
        self._leaving.clear()

    def _wait(self, agent: int, seconds: float) -> None:
        self._stay(agent)
        self._leaving[agent] = asyncio.get_running_loop().call_later(seconds, self._let_go, agent)

    async def _await_those_of_before(self) -> None:
        try:
            found = await asyncio.to_thread(set_by_desk, self._engine.views)
        except TrunklineError:
            logger.exception("who was ready by a desk before the start could not be read")
            return
        for agent in found - self._known:
            if self._is_waited_for(agent):
                self._wait(agent, self._away_limit_s)

    def _is_waited_for(self, agent: int) -> bool:
        """Whether something is expected of an agent who last chose a status at a desk."""
        try:
            seen = self._engine.views.agent(self._engine.views.directory.agents.name(agent))
        except KeyError:
            return False
        return seen.status != "offline" or bool(seen.connected or seen.wrapping)

    async def signed_out(self, agent: int) -> None:
        """The agent leaves of their own will: offline at once, if the engine can take that in soon."""
        name = self._engine.views.directory.agents.name(agent)
        self._gone.add(agent)
        submitted = self._leave(agent, AgentStatusChanged(agent=name, status="offline", by=name))
        if submitted is not None:
            await asyncio.wait((submitted,), timeout=SETTLED_WITHIN_S)

    def _let_go(self, agent: int) -> None:
        del self._leaving[agent]
        name = self._engine.views.directory.agents.name(agent)
        self._gone.add(agent)
        self._leave(agent, AgentStatusChanged(agent=name, status="offline", reason=DESK_CLOSED, by="desk"))

    def _leave(self, agent: int, offline: AgentStatusChanged) -> "asyncio.Future[list[Receipt]] | None":
        """Submit what follows from leaving; None where nothing does, or they must wait, or are configured no more."""
        try:
            seen = self._engine.views.agent(offline.agent)
            facts: list[Observed] = [] if seen.status == "offline" else [offline]
            if seen.wrapping:
                facts.append(WrapUpFinished(agent=offline.agent))
            if not facts:
                return None
            submitted = self._engine.submit(SOURCE, facts)
        except Overloaded:
            self._wait(agent, AGAIN_AFTER_S)
            return None
        except KeyError:
            return None
        if offline in facts and offline.reason == DESK_CLOSED:
            self.set_offline += 1
            logger.info("agent %s is set offline: the desk was closed", offline.agent)
        submitted.add_done_callback(_done)
        return submitted


def set_by_desk(views: Views) -> set[int]:
    """Return the numbers of the agents whose latest status a desk set. Reads the log's end."""
    latest: dict[str, str] = {}
    reached, more = max(0, views.as_of - READ_BACK), True
    while more:
        page = views.read_events(reached, PAGE, ("agent_status_changed",))
        for event in page.events:
            latest[event.agent] = event.source
        reached, more = page.next_after_seq, page.more
    known = views.directory.agents
    return {known.number(name) for name, source in latest.items() if source == SOURCE} - {UNKNOWN}


def _done(submitted: "asyncio.Future[list[Receipt]]") -> None:
    """Say what became of it, where that was nothing."""
    if not submitted.cancelled() and (error := submitted.result()[0].error):
        logger.warning("an agent whose desk was closed could not be set offline: %s", error)
