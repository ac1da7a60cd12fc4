"""Who sits at a desk: an agent whose last desk is gone for a while is set offline, so that nothing rings in vain."""

import asyncio
import logging
from typing import Final

from engine.errors import Overloaded
from engine.messages.observed import AgentStatusChanged
from engine.ports import DESK_CLOSED, EngineLink, Receipt

logger = logging.getLogger(__name__)
SOURCE: Final = "http:desk"
AGAIN_AFTER_S: Final = 1.0


class Presence:
    """Waits `away_limit_ns` after the last desk of an agent has closed; 0: for ever."""

    def __init__(self, engine: EngineLink, away_limit_ns: int) -> None:
        self._engine = engine
        self._away_limit_s = away_limit_ns / 1e9
        self._leaving: dict[int, asyncio.TimerHandle] = {}
        self.set_offline = 0
        """Agents who were."""

    def came(self, agent: int) -> None:
        """A desk of the agent is open: a reload, another tab, or the next morning."""
        timer = self._leaving.pop(agent, None)
        if timer is not None:
            timer.cancel()

    def left(self, agent: int) -> None:
        """The last desk of the agent has closed."""
        if self._away_limit_s:
            self._wait(agent, self._away_limit_s)

    def stop(self) -> None:
        """Wait for nobody any more: the service ends, and desks come back to the next one."""
        for timer in self._leaving.values():
            timer.cancel()
        self._leaving.clear()

    def _wait(self, agent: int, seconds: float) -> None:
        self.came(agent)
        self._leaving[agent] = asyncio.get_running_loop().call_later(seconds, self._gone, agent)

    def _gone(self, agent: int) -> None:
        del self._leaving[agent]
        views = self._engine.views
        try:
            name = views.directory.agents.name(agent)
            if views.agent(name).status == "offline":
                return
            fact = AgentStatusChanged(agent=name, status="offline", reason=DESK_CLOSED, by="desk")
            self._engine.submit(SOURCE, [fact]).add_done_callback(_done)
        except Overloaded:
            self._wait(agent, AGAIN_AFTER_S)
        except KeyError:
            return  # configured no more
        else:
            self.set_offline += 1
            logger.info("agent %s is set offline: the desk was closed", name)


def _done(submitted: "asyncio.Future[list[Receipt]]") -> None:
    """Say what became of it, where that was nothing."""
    if not submitted.cancelled() and (error := submitted.result()[0].error):
        logger.warning("an agent whose desk was closed could not be set offline: %s", error)
