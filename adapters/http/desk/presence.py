"""Who sits at a desk: an agent whose last desk is gone for a while is set offline, so that nothing rings in vain; chats
in their hands go back to their queues, as a visitor waits behind each; wrap-up is done, which nobody is there to end.
Of one who is configured no more, and whose desk has closed with that, the chats alone are put back.

A call stays where it is: the phone lives apart from the desk. So do e-mails and tasks: nobody waits at the other end of
the line for them, and half of the work may be done already.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from adapters.http.desk.commands import SERVED
from engine.errors import Overloaded, TrunklineError
from engine.messages.kinds import AGENT_STATUS_CHANGED, STATUS_OFFLINE, WRAP_UP_STARTED
from engine.messages.observed import AgentStatusChanged, Observed, RequeueRequested, WrapUpFinished
from engine.model.names import UNKNOWN
from engine.ports import DESK_CLOSED, EngineLink, Receipt, Turn
from engine.projections.contacts.engagements import Engagement
from engine.projections.names import name_at
from engine.projections.views import Views

logger = logging.getLogger(__name__)
SOURCE: Final = "http:desk"
SIGNED_OUT: Final = "signed out"
BY_DESK: Final = "desk"
AGAIN_AFTER_S: Final = 1.0
SETTLED_WITHIN_S: Final = 3.0
READ_BACK: Final = 500_000
"""Rows of the log that are searched at the start for who works at a desk."""
PAGE: Final = 1000


class Presence:
    """Waits `away_limit_ns` after the last desk of an agent has closed; 0: for ever."""

    def __init__(self, engine: EngineLink, away_limit_ns: int) -> None:
        self._engine = engine
        self._away_limit_s = away_limit_ns / 1e9
        self._leaving: dict[int, asyncio.TimerHandle] = {}
        self._left_with: dict[int, frozenset[int]] = {}
        """Ids of the chats in hand of those whose desk is closed, and whose status somebody else has chosen since."""
        self._known: set[int] = set()
        """Agents whose desk was opened since the start: those need not be waited for because of an earlier one."""
        self._gone: set[int] = set()
        """Agents who were set offline and have not come back: what they still had in hand ends without a desk."""
        self._reading: asyncio.Task[None] | None = None
        self.set_offline = 0
        """Agents who were."""
        self.put_back = 0
        """Chats that went back to their queues."""

    def start(self) -> None:
        """Wait for those, too, who worked at a desk when the service ended: not everybody comes back to it."""
        if self._away_limit_s:
            self._reading = asyncio.get_running_loop().create_task(self._await_those_of_before(), name="http desks")

    def came(self, agent: int) -> None:
        """A desk of the agent is open: a reload, another tab, or the next morning."""
        self._known.add(agent)
        self._gone.discard(agent)
        self._left_with.pop(agent, None)
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
        """A status that somebody else has chosen since is not the desk's to undo: of those agents, only the chats that
        they have then are waited for. Wait for those who are gone and have begun to wrap up, as after a phone call.
        """
        if (self._leaving or self._gone) and AGENT_STATUS_CHANGED in turn.kinds:
            sources = self._engine.views.interned.sources
            for row in turn.rows[turn.rows["kind"] == AGENT_STATUS_CHANGED]:
                if int(row["a"]) != STATUS_OFFLINE and name_at(sources, int(row["source"])) != SOURCE:
                    self._stand(int(row["agent"]))
        if self._gone and self._away_limit_s and WRAP_UP_STARTED in turn.kinds:
            for row in turn.rows[turn.rows["kind"] == WRAP_UP_STARTED]:
                if int(row["agent"]) in self._gone:
                    self._wait(int(row["agent"]), self._away_limit_s)

    def _stand(self, agent: int) -> None:
        """Leave the agent's status as it is: they may work by something else now, and take other chats there."""
        self._gone.discard(agent)
        if agent not in self._leaving or agent in self._left_with:
            return
        chats = frozenset(one.contact_id for one in self._in_hand(agent) if is_left_behind(one))
        if chats:
            self._left_with[agent] = chats
        else:
            self._stay(agent)

    def _in_hand(self, agent: int) -> list[Engagement]:
        return self._engine.views.contacts.engagements_of(agent)

    def stop(self) -> None:
        """Wait for nobody any more: the service ends, and the next one waits anew for who does not come back."""
        if self._reading is not None:
            self._reading.cancel()
        for timer in self._leaving.values():
            timer.cancel()
        self._leaving.clear()

    def _wait(self, agent: int, seconds: float, why: str = DESK_CLOSED) -> None:
        self._stay(agent)
        self._leaving[agent] = asyncio.get_running_loop().call_later(seconds, self._let_go, agent, why)

    async def _await_those_of_before(self) -> None:
        try:
            chose, took = await asyncio.to_thread(read_back, self._engine.views)
        except TrunklineError:
            logger.exception("who worked at a desk before the start could not be read")
            return
        for agent in worked_at_desk(self._engine.views, chose, took) - self._known:
            if self._is_waited_for(agent):
                self._wait(agent, self._away_limit_s)

    def _is_waited_for(self, agent: int) -> bool:
        """Whether something is expected of an agent who worked at a desk."""
        views = self._engine.views
        if not views.directory.agents.exists(agent):
            return any(map(is_left_behind, self._in_hand(agent)))
        seen = views.agent(views.directory.agents.name(agent))
        return seen.status != "offline" or bool(seen.connected or seen.wrapping)

    async def signed_out(self, agent: int) -> None:
        """The agent leaves of their own will: offline at once, if the engine can take that in soon."""
        self._gone.add(agent)
        submitted = self._leave(agent, SIGNED_OUT)
        if submitted is not None:
            await asyncio.wait((submitted,), timeout=SETTLED_WITHIN_S)

    def _let_go(self, agent: int, why: str = DESK_CLOSED) -> None:
        del self._leaving[agent]
        chats = self._left_with.pop(agent, None)
        if chats is not None:
            self._put_back(agent, chats)
            return
        self._gone.add(agent)
        self._leave(agent, why)

    def _put_back(self, agent: int, chats: frozenset[int]) -> None:
        """Put back these chats of an agent, as far as they still have them, and leave their status."""
        left = [one for one in self._in_hand(agent) if one.contact_id in chats and is_left_behind(one)]
        if not left:
            return
        name = self._engine.views.directory.agents.name(agent)
        facts: list[Observed] = [*_requeued(left, DESK_CLOSED)]
        facts += [WrapUpFinished(agent=name, contact=one.contact) for one in left]
        try:
            submitted = self._engine.submit(SOURCE, facts)
        except Overloaded:
            self._wait(agent, AGAIN_AFTER_S)
            self._left_with[agent] = chats
            return
        self.put_back += len(left)
        submitted.add_done_callback(_done)

    def _leave(self, agent: int, why: str) -> "asyncio.Future[list[Receipt]] | None":
        """Submit what follows from leaving; None where nothing does, or it must wait."""
        views = self._engine.views
        name, held = views.directory.agents.name(agent), self._in_hand(agent)
        goes_offline = False
        if views.directory.agents.exists(agent):
            seen = views.agent(name)
            goes_offline = seen.status != "offline"
            facts = _facts_of_leaving(name, why, held, is_offline=not goes_offline, wraps_up=bool(seen.wrapping))
        else:
            facts = list[Observed](_requeued([one for one in held if is_left_behind(one)], why))
        if not facts:
            return None
        try:
            submitted = self._engine.submit(SOURCE, facts)
        except Overloaded:
            self._wait(agent, AGAIN_AFTER_S, why)
            return None
        if why == DESK_CLOSED and goes_offline:
            self.set_offline += 1
            logger.info("agent %s is set offline: the desk was closed", name)
        self.put_back += sum(isinstance(fact, RequeueRequested) for fact in facts)
        submitted.add_done_callback(_done)
        return submitted


def _facts_of_leaving(
    agent: str, why: str, held: Sequence[Engagement], *, is_offline: bool, wraps_up: bool
) -> list[Observed]:
    """Return, in their order: offline first, so that nothing comes back; wrap-ups last, those of the chats included."""
    facts: list[Observed] = []
    if not is_offline:
        by, reason = (BY_DESK, DESK_CLOSED) if why == DESK_CLOSED else (agent, "")
        facts.append(AgentStatusChanged(agent=agent, status="offline", reason=reason, by=by))
    chats = _requeued([one for one in held if is_left_behind(one)], why)
    facts += chats
    if wraps_up or chats:
        facts.append(WrapUpFinished(agent=agent))
    return facts


def is_left_behind(one: Engagement) -> bool:
    """Whether it goes back to its queue when the agent's desk is gone."""
    return one.state in SERVED and one.channel == "chat"


def _requeued(chats: Sequence[Engagement], why: str) -> list[RequeueRequested]:
    return [RequeueRequested(contact=one.contact, by=BY_DESK, reason=why) for one in chats]


def read_back(views: Views) -> tuple[set[str], dict[str, str]]:
    """Return (agents whose latest status a desk set, who took each contact at a desk, by its name) as of the log's end.

    For a thread.
    """
    latest: dict[str, str] = {}
    took: dict[str, str] = {}
    reached, more = max(0, views.as_of - READ_BACK), True
    while more:
        page = views.read_events(reached, PAGE, ("agent_status_changed", "offer_answered"))
        for event in page.events:
            if event.type == "agent_status_changed":
                latest[event.agent] = event.source
            elif event.source == SOURCE:
                took[event.contact] = event.agent
        reached, more = page.next_after_seq, page.more
    return {name for name, source in latest.items() if source == SOURCE}, took


def worked_at_desk(views: Views, chose: set[str], took: dict[str, str]) -> set[int]:
    """Return the numbers of those who `chose` their status at a desk, or have a chat still that they `took` there."""
    found = chose | {name for name in set(took.values()) - chose if _has_still(views, name, took)}
    return {views.directory.agents.number_ever(name) for name in found} - {UNKNOWN}


def _has_still(views: Views, agent: str, took: dict[str, str]) -> bool:
    number = views.directory.agents.number_ever(agent)
    held = views.contacts.engagements_of(number) if number != UNKNOWN else []
    return any(is_left_behind(one) and took.get(one.contact) == agent for one in held)


def _done(submitted: "asyncio.Future[list[Receipt]]") -> None:
    """Say what became of it, where that was nothing. A chat that has ended meanwhile is no fault."""
    if submitted.cancelled():
        return
    for receipt in submitted.result():
        if receipt.error and receipt.field != "contact":
            logger.warning("what follows from a closed desk could not be told: %s", receipt.error)
