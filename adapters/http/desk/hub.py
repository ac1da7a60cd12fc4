"""Wakes the desks that a durable turn is about: by the agents in its rows, and by the contacts that desks show."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np

from adapters.http.desk.in_order import InOrder
from adapters.http.desk.presence import SOURCE, Presence
from engine.messages.kind_set import KindSet
from engine.messages.kinds import (
    AGENT_STATUS_CHANGED,
    CALLER_MOVED,
    CASE_OPENED,
    CASE_REOPENED,
    CASE_RESOLVED,
    CONFIGURATION_LOADED,
    CONTACT_HELD,
    CONTACT_RESUMED,
    MESSAGE_SENT,
    MESSAGES_READ,
    PLAN_ACTIVATED,
    PLAN_DEACTIVATED,
    PRIORITY_CHANGED,
    STATUS_NAMES,
)
from engine.model.plan_views import notices_of
from engine.ports import EngineLink, Hint, Turn
from engine.projections.feed.payloads import who_and_why
from engine.projections.names import name_at

WITHOUT_AGENT: Final = KindSet(
    CALLER_MOVED, CONTACT_HELD, CONTACT_RESUMED, MESSAGE_SENT, MESSAGES_READ, PRIORITY_CHANGED
)
"""Facts of a contact that its desk shows, and whose rows may name no agent."""
OF_ALL: Final = KindSet(CONFIGURATION_LOADED, PLAN_ACTIVATED, PLAN_DEACTIVATED)
"""Facts that every desk shows something of."""
OF_CASES: Final = KindSet(CASE_OPENED, CASE_RESOLVED, CASE_REOPENED)
SOCKETS_OF_ONE_MAX: Final = 16
"""Desks of one agent that are open at once: tabs, and those left behind by networks."""


class StatusSet(msgspec.Struct, frozen=True, tag_field="type", tag="status_set"):
    """That somebody else chose the agent's status."""

    status: str
    reason: str
    """Of a pause."""
    by: str
    """Who it was, and `note` why, as far as they said so."""
    note: str
    seq: int
    """Its place in the log: what the desk shows as of before that is not it yet."""


class Waker:
    """What one open desk waits on."""

    def __init__(self, agent: int, session: str) -> None:
        self.agent = agent
        self.session = session
        self.contacts: dict[int, str] = {}
        """Ids and names of the contacts that it shows."""
        self._typing: dict[int, bool] = {}
        self._refused: dict[int, Hint] = {}
        self._unreached: dict[str, Hint] = {}
        self._status: StatusSet | None = None
        self._said: set[int] = set()
        self._cases: set[int] = set()
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Let it look anew."""
        self._news.set()

    def note_typing(self, hint: Hint) -> None:
        """Keep what is said of a customer's typing, the latest for each contact that is shown."""
        for contact_id, name in self.contacts.items():
            if name == hint.contact:
                self._typing[contact_id] = hint.typing
                self.wake()

    def note_refused(self, hint: Hint) -> None:
        """Keep what a phone of a contact that is shown does not do, the latest."""
        for contact_id, name in self.contacts.items():
            if name == hint.contact:
                self._refused[contact_id] = hint
                self.wake()

    def note_unreached(self, hint: Hint) -> None:
        """Keep that a customer was not reached: of the agent's calls, also of one that no desk has shown yet."""
        self._unreached[hint.contact] = hint
        self.wake()

    def note_status(self, chosen: StatusSet) -> None:
        """Keep that somebody else chose the agent's status, the latest."""
        self._status = chosen
        self.wake()

    def note_said(self, contacts: set[int | None]) -> None:
        """Keep in which of the contacts shown something was said, or read."""
        found = self.contacts.keys() & contacts
        if found:
            self._said |= found
            self.wake()

    def said(self) -> set[int]:
        """Return what was noted of conversations since the last call."""
        found, self._said = self._said, set()
        return found

    def note_cases(self, cases: set[int]) -> None:
        """Keep which cases were opened, resolved or opened again: whose they are, the desk finds out."""
        if self.contacts:
            self._cases |= cases
            self.wake()

    def cases(self) -> set[int]:
        """Return what was noted of cases since the last call."""
        found, self._cases = self._cases, set()
        return found

    def typing(self) -> dict[int, bool]:
        """Return what was noted of typing since the last call, by contact."""
        found, self._typing = self._typing, {}
        return found

    def refused(self) -> dict[int, Hint]:
        """Return what was noted of phones that refuse since the last call, by contact."""
        found, self._refused = self._refused, {}
        return found

    def unreached(self) -> dict[str, Hint]:
        """Return what was noted of customers who were not reached since the last call, by the contact's name."""
        found, self._unreached = self._unreached, {}
        return found

    def status(self) -> StatusSet | None:
        """Return what was noted of the agent's status since the last call, the latest."""
        found, self._status = self._status, None
        return found

    async def news(self, within_s: float) -> None:
        """Wait until it is woken, or for so long."""
        try:
            await asyncio.wait_for(self._news.wait(), within_s)
        except TimeoutError:
            return
        self._news.clear()


class DeskHub:
    """All open desks of one adapter."""

    def __init__(self, engine: EngineLink, desks_max: int, presence: Presence) -> None:
        self._engine = engine
        self._presence = presence
        self._desks_max = desks_max
        self._open: dict[int, set[Waker]] = {}
        self._plans: bytes | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._unwatch: Callable[[], None] = lambda: None
        self.in_order = InOrder(time.monotonic)
        """What the agents do, whichever of their desks they do it at."""
        self.count = 0
        self.closing = False

    def start(self) -> None:
        """Begin to watch the engine."""
        self._presence.start()
        self._unsubscribe = self._engine.subscribe(self._on_turn)
        self._unwatch = self._engine.watch_hints(self._on_hint)

    def stop(self) -> None:
        """Watch no more, and let every desk end."""
        self.closing = True
        self._presence.stop()
        self._unsubscribe()
        self._unwatch()
        self.wake_all()

    def wake_all(self) -> None:
        """Let every desk look anew."""
        for wakers in self._open.values():
            for waker in wakers:
                waker.wake()

    @property
    def plans(self) -> bytes:
        """What agents are told of the continuity plans in force, as JSON; it is reckoned once for all desks."""
        if self._plans is None:
            self._plans = msgspec.json.encode({"plans": notices_of(self._engine.plans.overview())})
        return self._plans

    def join(self, waker: Waker) -> bool:
        """Add a desk; returns False when there are too many."""
        if self.count >= self._desks_max or len(self._open.get(waker.agent, ())) >= SOCKETS_OF_ONE_MAX:
            return False
        self._presence.came(waker.agent)
        self._wake_desks_of(waker.agent)
        self._open.setdefault(waker.agent, set()).add(waker)
        self.count += 1
        return True

    async def kept(self) -> None:
        """Wait until it outlives the end of the process that the desks of now are open."""
        await self._presence.kept()

    def leave(self, waker: Waker) -> None:
        """Remove a desk."""
        wakers = self._open.get(waker.agent, set())
        if waker in wakers:
            wakers.discard(waker)
            self.count -= 1
        if not wakers and self._open.pop(waker.agent, None) is not None and not self.closing:
            self._presence.left(waker.agent)
        self._wake_desks_of(waker.agent)

    def _wake_desks_of(self, agent: int) -> None:
        """Let an agent's other desks look, as each says whether there are some."""
        for waker in self._open.get(agent, ()):
            waker.wake()

    def is_elsewhere(self, agent: int, session: str) -> bool:
        """Whether a desk of the agent is open that another session opened."""
        return any(waker.session != session for waker in self._open.get(agent, ()))

    def _on_hint(self, hint: Hint) -> None:
        if hint.refused or hint.unreached:
            for waker in self._open.get(self._engine.views.directory.agents.number(hint.agent), ()):
                if hint.refused:
                    waker.note_refused(hint)
                else:
                    waker.note_unreached(hint)
        elif hint.by == "customer":
            for wakers in self._open.values():
                for waker in wakers:
                    waker.note_typing(hint)

    def _on_turn(self, turn: Turn) -> None:
        self._presence.note(turn)
        if AGENT_STATUS_CHANGED in turn.kinds:
            self._note_statuses(turn)
        of_all = not OF_ALL.isdisjoint(turn.kinds)
        if of_all:
            self._plans = None
            self.wake_all()
        if not self.count:
            return
        rows = turn.rows
        for agent in set(rows["agent"].tolist()) & self._open.keys():
            for waker in self._open[agent]:
                waker.wake()
        if not OF_CASES.isdisjoint(turn.kinds):
            self._note_cases(turn)
        if WITHOUT_AGENT.isdisjoint(turn.kinds):
            return
        told = WITHOUT_AGENT.mask(rows["kind"]).nonzero()[0]
        history = self._engine.views.history
        moved = rows["kind"][told] == CALLER_MOVED  # whose caller it is now is in another one's hands
        named = np.where(moved, rows["a"][told], rows["contact"][told])
        slots = {(slot, turn.first_seq + place) for slot, place in zip(named.tolist(), told.tolist(), strict=True)}
        contacts = {history.id_in(slot, seq) for slot, seq in slots}
        for wakers in self._open.values():
            for waker in wakers:
                waker.note_said(contacts)

    def _note_statuses(self, turn: Turn) -> None:
        """Tell the desks of agents whose status somebody else has chosen. What a desk does, its agent knows."""
        sources, agents = self._engine.views.interned.sources, self._engine.views.directory.agents
        for place in (turn.rows["kind"] == AGENT_STATUS_CHANGED).nonzero()[0].tolist():
            row = turn.rows[place]
            agent = int(row["agent"])
            if agent not in self._open or name_at(sources, int(row["source"])) == SOURCE:
                continue
            said = {"by": "", "reason": "", "note": "", **who_and_why(row, turn.payload)}
            if said["by"] != agents.name(agent):
                status, seq = STATUS_NAMES[int(row["a"])], turn.first_seq + place
                chosen = StatusSet(status, said["reason"], said["by"], said["note"], seq)
                for waker in self._open[agent]:
                    waker.note_status(chosen)

    def _note_cases(self, turn: Turn) -> None:
        """Tell every desk which cases a turn is about: an opened one is named by the place of its opening."""
        kinds, named = turn.rows["kind"], turn.rows["b"]
        places = OF_CASES.mask(kinds).nonzero()[0].tolist()
        cases = {turn.first_seq + place if kinds[place] == CASE_OPENED else int(named[place]) for place in places}
        for wakers in self._open.values():
            for waker in wakers:
                waker.note_cases(cases)
