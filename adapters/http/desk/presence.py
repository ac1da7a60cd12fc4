"""Who sits at a desk: an agent whose last desk is gone for a while is set offline, so that nothing rings in vain; chats
in their hands go back to their queues, as a visitor waits behind each; wrap-up is done, which nobody is there to end.
Of one who is configured no more, and cannot come back, the chats alone are put back, and at once.

A call stays where it is: the phone lives apart from the desk. So do e-mails and tasks: nobody waits at the other end of
the line for them, and half of the work may be done already.

What is known of an agent is one seat, in one of these states, or nothing:

    state     what is so                      what ends it
    open      a desk is open                  the last one closes: left. They sign out: leaving
    left      none is open any more           `away_limit` is over, or they are configured no more: leaving.
                                              Another's status: stands, or nothing
    leaving   what follows is told            it is durable: gone. Another's status: stands, or nothing
    gone      they were set offline           they wrap up, as after a phone call: left. Another's status: nothing
    stands    another's status is left alone  `away_limit` is over: the chats of then go back, and nothing is known

Another's status is one that no desk has chosen, but for offline; it stands as long as chats are in hand that were not
put back. Whatever is so, a desk that opens makes it open.

The seats outlive the process, and limits of time begin anew with the next. An open desk is written down before anything
can be done at it, and that somebody is gone when the log has that for sure: an end in between leaves somebody to be
waited for in vain at most, and nobody who is not.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from adapters.http.desk.commands import SERVED
from adapters.http.desk.seats import Seat, SeatsFile
from engine.errors import Overloaded
from engine.messages.kinds import AGENT_STATUS_CHANGED, CONFIGURATION_LOADED, STATUS_OFFLINE, WRAP_UP_STARTED
from engine.messages.observed import AgentStatusChanged, Observed, RequeueRequested, WrapUpFinished
from engine.model.names import UNKNOWN
from engine.ports import DESK_CLOSED, EngineLink, Receipt, Turn
from engine.projections.contacts.engagements import Engagement
from engine.projections.names import name_at

logger = logging.getLogger(__name__)
SOURCE: Final = "http:desk"
SIGNED_OUT: Final = "signed out"
BY_DESK: Final = "desk"
AGAIN_AFTER_S: Final = 1.0
SETTLED_WITHIN_S: Final = 3.0


class Presence:
    """Waits `away_limit_ns` after the last desk of an agent has closed; 0: for as long as they are configured.
    `folder` keeps what is known.
    """

    def __init__(self, engine: EngineLink, away_limit_ns: int, folder: Path | None = None) -> None:
        self._engine = engine
        self._away_limit_s = away_limit_ns / 1e9
        self._seats: dict[int, Seat] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._file = SeatsFile(folder, self._by_name)
        self.set_offline = 0
        """Agents who were."""
        self.put_back = 0
        """Chats that went back to their queues."""

    def start(self) -> None:
        """Go on with what was known when the service ended: not everybody comes back to their desk."""
        for name, seat in self._file.read().items():
            agent = self._engine.views.directory.agents.number_ever(name)
            if agent != UNKNOWN:
                self._take_up(agent, seat)

    def _take_up(self, agent: int, seat: Seat) -> None:
        is_gone = seat.state == "gone" and not self._is_awaited(agent)
        if is_gone and not self._exists(agent):
            return
        self._seats[agent] = seat if is_gone or seat.state in ("leaving", "stands") else Seat("left")
        if seat.state == "leaving" or not self._exists(agent):
            self._wait(agent, AGAIN_AFTER_S)
        elif self._away_limit_s and not is_gone:
            self._wait(agent, self._away_limit_s)

    def stop(self) -> None:
        """Wait for nobody any more: the service ends, and the next one waits anew for who does not come back."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    async def kept(self) -> None:
        """Wait until what is known by now outlives the end of the process."""
        await self._file.written()

    # --- what happens

    def came(self, agent: int) -> None:
        """A desk of the agent is open: a reload, another tab, or the next morning."""
        self._stay(agent)
        self._note(agent, Seat("open"))

    def left(self, agent: int) -> None:
        """The last desk of the agent has closed. Of who signs out, what follows from that is told by itself."""
        if agent in self._seats and self._seats[agent].state == "leaving":
            return
        if self._exists(agent):
            self._leave_in_a_while(agent)
        else:
            self._leave(agent, DESK_CLOSED)

    async def signed_out(self, agent: int) -> None:
        """The agent leaves of their own will: offline at once, if the engine can take that in soon."""
        submitted = self._leave(agent, SIGNED_OUT)
        if submitted is not None:
            await asyncio.wait((submitted,), timeout=SETTLED_WITHIN_S)

    def note(self, turn: Turn) -> None:
        """Take in what a turn says of those who sit at no desk: a status that somebody else has chosen since is not the
        desk's to undo; who was set offline may begin to wrap up; and who is configured no more cannot come back.
        """
        if not self._seats:
            return
        if CONFIGURATION_LOADED in turn.kinds:
            for agent in [one for one, seat in self._seats.items() if seat.state in ("left", "stands")]:
                if not self._exists(agent):
                    self._over(agent)
        if AGENT_STATUS_CHANGED in turn.kinds:
            sources = self._engine.views.interned.sources
            for row in turn.rows[turn.rows["kind"] == AGENT_STATUS_CHANGED]:
                if int(row["a"]) != STATUS_OFFLINE and name_at(sources, int(row["source"])) != SOURCE:
                    self._stand(int(row["agent"]))
        if self._away_limit_s and WRAP_UP_STARTED in turn.kinds:
            for agent in set(turn.rows["agent"][turn.rows["kind"] == WRAP_UP_STARTED].tolist()) & self._seats.keys():
                if self._seats[agent].state == "gone":
                    self._leave_in_a_while(agent)

    def _stand(self, agent: int) -> None:
        """Leave the agent's status as it is: they may work by something else now, and take other chats there."""
        seat = self._seats.get(agent)
        if seat is None or seat.state in ("open", "stands"):
            return
        chats = frozenset(one.contact_id for one in self._in_hand(agent) if is_left_behind(one))
        if chats and agent in self._timers:
            self._note(agent, Seat("stands", seat.why, chats))
        else:
            self._forget(agent)

    def _over(self, agent: int) -> None:
        """The time is over that an agent in this state may be away, or the engine may have room again."""
        self._stay(agent)
        seat = self._seats[agent]
        if seat.state == "stands":
            self._put_back(agent, seat)
        else:
            self._leave(agent, seat.why or DESK_CLOSED)

    # --- what follows

    def _leave(self, agent: int, why: str) -> "asyncio.Future[list[Receipt]] | None":
        """Submit what follows from leaving; None where nothing does, or it must wait."""
        self._stay(agent)
        held = self._in_hand(agent)
        if self._exists(agent):
            name = self._engine.views.directory.agents.name(agent)
            seen = self._engine.views.agent(name)
            facts = _facts_of_leaving(
                name, why, held, is_offline=seen.status == "offline", wraps_up=bool(seen.wrapping)
            )
        else:
            facts = list[Observed](_requeued([one for one in held if is_left_behind(one)], why))
        return self._tell(agent, Seat("leaving", why), facts)

    def _put_back(self, agent: int, seat: Seat) -> None:
        """Put back the chats of a seat, as far as the agent still has them, and leave their status."""
        left = [one for one in self._in_hand(agent) if one.contact_id in seat.chats and is_left_behind(one)]
        facts: list[Observed] = [*_requeued(left, seat.why or DESK_CLOSED)]
        if self._exists(agent):
            name = self._engine.views.directory.agents.name(agent)
            facts += [WrapUpFinished(agent=name, contact=one.contact) for one in left]
        self._tell(agent, seat, facts)

    def _tell(self, agent: int, seat: Seat, facts: list[Observed]) -> "asyncio.Future[list[Receipt]] | None":
        """Submit the facts, soon again where there is no room; once they are durable that is done with the seat."""
        self._note(agent, seat)
        if not facts:
            self._settle(agent, seat)
            return None
        try:
            submitted = self._engine.submit(SOURCE, facts)
        except Overloaded:
            self._wait(agent, AGAIN_AFTER_S)
            return None
        submitted.add_done_callback(partial(self._told, agent, seat, facts))
        return submitted

    def _told(
        self, agent: int, seat: Seat, facts: Sequence[Observed], submitted: "asyncio.Future[list[Receipt]]"
    ) -> None:
        """Count what came of it, and say where that was nothing. A chat that has ended meanwhile is no fault."""
        if submitted.cancelled():
            return
        for fact, receipt in zip(facts, submitted.result(), strict=True):
            if receipt.error and receipt.field != "contact":
                logger.warning("what follows from a closed desk could not be told: %s", receipt.error)
            if receipt.error or receipt.refused:
                continue
            if isinstance(fact, RequeueRequested):
                self.put_back += 1
            elif isinstance(fact, AgentStatusChanged) and seat.why == DESK_CLOSED:
                self.set_offline += 1
                logger.info("agent %s is set offline: the desk was closed", fact.agent)
        if self._seats.get(agent) is seat:
            self._settle(agent, seat)

    def _settle(self, agent: int, seat: Seat) -> None:
        """Everything is told that follows from a seat."""
        if seat.state == "stands" or not self._exists(agent):
            self._forget(agent)
        elif self._away_limit_s and self._is_awaited(agent):  # they did something at a desk as it closed
            self._leave_in_a_while(agent)
        else:
            self._note(agent, Seat("gone"))

    # --- what is known

    def _by_name(self) -> dict[str, Seat]:
        agents = self._engine.views.directory.agents
        return {agents.name(agent): seat for agent, seat in self._seats.items()}

    def _note(self, agent: int, seat: Seat) -> None:
        is_new = self._seats.get(agent) != seat
        self._seats[agent] = seat
        if is_new:
            self._file.changed()

    def _forget(self, agent: int) -> None:
        self._stay(agent)
        if self._seats.pop(agent, None) is not None:
            self._file.changed()

    def _leave_in_a_while(self, agent: int) -> None:
        self._note(agent, Seat("left"))
        if self._away_limit_s:
            self._wait(agent, self._away_limit_s)

    def _wait(self, agent: int, seconds: float) -> None:
        self._stay(agent)
        self._timers[agent] = asyncio.get_running_loop().call_later(seconds, self._over, agent)

    def _stay(self, agent: int) -> None:
        timer = self._timers.pop(agent, None)
        if timer is not None:
            timer.cancel()

    def _exists(self, agent: int) -> bool:
        return self._engine.views.directory.agents.exists(agent)

    def _in_hand(self, agent: int) -> list[Engagement]:
        return self._engine.views.contacts.engagements_of(agent)

    def _is_awaited(self, agent: int) -> bool:
        """Whether something remains to be done of one who was to be gone."""
        if not self._exists(agent):
            return any(map(is_left_behind, self._in_hand(agent)))
        seen = self._engine.views.agent(self._engine.views.directory.agents.name(agent))
        return seen.status != "offline" or bool(seen.wrapping)


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
