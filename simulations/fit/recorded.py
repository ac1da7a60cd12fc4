"""Recorded calls once more, through the kernel: the same arrivals and agents' hours, and the router's own decisions.

What happened is fact: when calls came, of which type, with how much credit, and who was at work. How long people would
have waited and talked is known only of those who gave up and of those who were served; the rest is drawn, for each call
by its number, so that two replays meet the same people.
"""

import heapq
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from engine.errors import TrunklineError
from engine.kernel.deadlines import NEVER_NS
from engine.kernel.resize import resize
from engine.kernel.step import ROOM, next_deadline_ns, step
from engine.kernel.tables import Capacity, capacity_of, new_tables
from engine.messages.exits import GAVE_UP
from engine.messages.kinds import (
    AGENT_STATUS_CHANGED,
    BY_AGENT,
    BY_CUSTOMER,
    CONTACT_ANSWERED,
    CONTACT_ARRIVED,
    CONTACT_LEFT,
    CONTACT_RELEASED,
    DEADLINE_PASSED,
    FACT_REFUSED,
    FLAG_CLOSES,
    LONGEST_IDLE,
    OFFER_ANSWERED,
    OFFER_MADE,
    REQUIREMENT_DEFINED,
    SETTING_CHANGED,
    STATUS_AVAILABLE,
    STATUS_OFFLINE,
    TABLE_AGENT,
    TABLE_QUEUE,
    TABLE_SKILL_LEVEL,
)
from engine.messages.rows import ROW, empty_rows, pack_arrival, pack_requirement
from engine.model.settings import AgentSetting, QueueSetting
from simulations.fit.calls import SECOND_NS, Calls
from simulations.fit.patience import kaplan_meier

Array = np.ndarray[Any, Any]
CONTACTS_AT_FIRST: Final = 4096
"""Room for calls at once; more is made where it is needed."""
WRAP_UP_MAX_NS: Final = 64 * SECOND_NS
WRAP_UP_STEP_NS: Final = 2 * SECOND_NS
_STATUS, _ARRIVAL, _GIVES_UP, ENDS = range(4)
_KIND, _FLAGS, _AGENT, _CONTACT, _A = (
    list(ROW.fields or ()).index(name) for name in ("kind", "flags", "agent", "contact", "a")
)


class ReplayFailed(TrunklineError):
    """The kernel does not take what was recorded."""


class People(msgspec.Struct, frozen=True):
    """What each call's people would do, shape (calls,), ns."""

    line_since_ns: Array
    """From when its place in line counts: the arrival, less what it is credited with."""
    patience_ns: Array
    handle_ns: Array


class Crew(msgspec.Struct, frozen=True):
    """Who works."""

    stints: Array
    """dtype duty.STINT."""
    serves: Array
    """shape (agents, types) of bool."""
    wrap_up_ns: int
    strategy: int = LONGEST_IDLE


class Replayed(msgspec.Struct, frozen=True):
    """What came of each call, shape (calls,)."""

    wait_ns: Array
    answered: Array
    abandoned: Array

    @property
    def abandonment(self) -> float:
        """Share who gave up."""
        return float(self.abandoned.mean())

    @property
    def p_wait(self) -> float:
        """Share who had to wait."""
        return float((self.wait_ns > 0).mean())

    @property
    def mean_wait_s(self) -> float:
        """Mean wait of all, s."""
        return float(self.wait_ns.mean() / 1e9)


def as_recorded(calls: Calls) -> Replayed:
    """Return what did happen, in the same shape."""
    rows = calls.rows
    return Replayed(rows["wait_ns"].copy(), rows["answered"].copy(), rows["abandoned"].copy())


def people_of(calls: Calls, learnt: Calls, credit_ns: Array, *, recorded: bool, seed: int = 1) -> People:
    """Return the people of recorded calls; what is not known of them is drawn as `learnt` tells it.

    `credit_ns`, shape (calls,), is what each is credited with in line. `recorded`: who gave up has the patience that
    was seen, who was served has more than the wait that was seen and talks as long as was seen; otherwise all is drawn,
    as if only the arrivals were known. Patience by Kaplan and Meier, talks from those of the same type.
    """
    rows = calls.rows
    luck, lengths = np.random.default_rng(seed).random((2, len(rows)))
    curve = kaplan_meier(learnt.waits_s, learnt.rows["abandoned"])
    patience_s, handle_ns = curve.quantiles(luck), np.zeros(len(rows))
    for number, name in enumerate(calls.types):
        mine = rows["type"] == number
        known = learnt.of_type(learnt.types.index(name)) if name in learnt.types else learnt
        handled = known.rows["handle_ns"][known.rows["handle_ns"] > 0]
        handle_ns[mine] = np.quantile(handled if len(handled) else learnt.rows["handle_ns"].clip(0), lengths[mine])
    if recorded:
        waited_s = calls.waits_s
        patience_s = np.where(rows["abandoned"], waited_s, curve.beyond(waited_s, luck))
        handle_ns = np.where(rows["handle_ns"] > 0, rows["handle_ns"], handle_ns)
    patience_ns = (patience_s * 1e9).astype(np.int64)
    return People(rows["arrival_ns"] - credit_ns, patience_ns, handle_ns.astype(np.int64))


def replay(calls: Calls, people: People, crew: Crew) -> Replayed:
    """Let the kernel route the calls to the crew."""
    return Replay(calls, people, crew).run()


def calibrated(calls: Calls, people: People, crew: Crew, mean_wait_s: float) -> Crew:
    """Return the crew with the wrap-up at which the mean wait of a replay is as given, within WRAP_UP_STEP_NS.

    What agents do beside calls is in no record; this is the one number that stands for it.
    """
    low_ns, high_ns = 0, WRAP_UP_MAX_NS
    while high_ns - low_ns > WRAP_UP_STEP_NS:
        middle_ns = (low_ns + high_ns) // 2
        waits = replay(calls, people, msgspec.structs.replace(crew, wrap_up_ns=middle_ns)).mean_wait_s
        low_ns, high_ns = (middle_ns, high_ns) if waits < mean_wait_s else (low_ns, middle_ns)
    return msgspec.structs.replace(crew, wrap_up_ns=(low_ns + high_ns) // 2)


class Replay:
    """The calls, the crew and the kernel, and what is bound to happen next."""

    def __init__(self, calls: Calls, people: People, crew: Crew) -> None:
        self.calls, self.people, self.crew = calls, people, crew
        types, agents = len(calls.types), len(calls.agents)
        self.tables = new_tables(
            Capacity(
                contacts=CONTACTS_AT_FIRST, agents=agents, queues=types, requirements=types + 2, lines=16 + 2 * types
            )
        )
        count = len(calls.rows)
        self.result = Replayed(np.zeros(count, np.int64), np.zeros(count, bool), np.zeros(count, bool))
        self._arrivals, self._types = calls.rows["arrival_ns"].tolist(), calls.rows["type"].tolist()
        self._slot_of = [-1] * count
        self._call_in = [-1] * CONTACTS_AT_FIRST
        self._due = list(self._script())
        heapq.heapify(self._due)
        self._order = len(self._due)
        self._out: Array = np.asarray(empty_rows(ROOM + 64))
        self._row: Array = np.asarray(empty_rows(1))
        self.now_ns = self._due[0][0] - 1

    def _script(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield what is bound to happen: (when, order, what, which, value)."""
        order = 0
        for agent, begin_ns, end_ns in self.crew.stints.tolist():
            yield begin_ns, order, _STATUS, agent, STATUS_AVAILABLE
            yield end_ns, order + 1, _STATUS, agent, STATUS_OFFLINE
            order += 2
        for call, at_ns in enumerate(self._arrivals):
            yield at_ns, order + call, _ARRIVAL, call, 0

    def run(self) -> Replayed:
        """Go from one thing that happens to the next until nothing is left."""
        self._set_up()
        while self._due:
            deadline_ns = next_deadline_ns(self.tables)
            if deadline_ns != NEVER_NS and deadline_ns <= self._due[0][0]:
                self.now_ns = max(self.now_ns, deadline_ns)
                self._observe(kind=DEADLINE_PASSED)
                continue
            at_ns, _, what, which, value = heapq.heappop(self._due)
            self.now_ns = max(self.now_ns, at_ns)
            if what == _STATUS:
                self._observe(kind=AGENT_STATUS_CHANGED, agent=which, a=value)
            elif what == _ARRIVAL:
                self._arrive(which)
            elif what == _GIVES_UP:
                if not self.result.answered[which]:
                    self._release(which, BY_CUSTOMER)
            else:
                self._go_on(what, which)
        return self.result

    def _go_on(self, what: int, call: int) -> None:
        """Carry out what comes of a call that was answered: here nothing but its end."""
        self._release(call, BY_AGENT)

    def _patience_ns(self, call: int) -> int:
        """Return how long the caller who just came will wait."""
        return int(self.people.patience_ns[call])

    def _release(self, call: int, by: int) -> None:
        if self._slot_of[call] >= 0:
            self._observe(kind=CONTACT_RELEASED, contact=self._slot_of[call], a=by)

    def _arrive(self, call: int) -> None:
        if self.tables.book[0].slot_count == 0:
            self._make_room()
        slot = int(self.tables.slots[self.tables.book[0].slot_head])
        self._slot_of[call], self._call_in[slot] = slot, call
        since_ns = int(self.people.line_since_ns[call])
        self._observe(kind=CONTACT_ARRIVED, contact=slot, queue=self._types[call], a=pack_arrival(0, 0), b=since_ns)
        if not self.result.answered[call]:
            self._later(self.now_ns + self._patience_ns(call), _GIVES_UP, call)

    def _make_room(self) -> None:
        capacity = capacity_of(self.tables)
        self._call_in += [-1] * capacity.contacts
        self.tables = resize(self.tables, msgspec.structs.replace(capacity, contacts=2 * capacity.contacts))

    def _later(self, at_ns: int, what: int, call: int) -> None:
        self._order += 1
        heapq.heappush(self._due, (at_ns, self._order, what, call, 0))

    def _observe(self, **fields: int) -> None:
        row = self._row
        row[0] = (self.now_ns, 0, 0, 0, 0, -1, -1, -1, 0, 0, 0, 0, 0)
        for name, value in fields.items():
            row[name] = value
        _, produced = step(self.tables, row, self._out)
        offers = []
        for decided in self._out[1:produced].tolist():
            if decided[_KIND] == OFFER_MADE:
                offers.append((decided[_CONTACT], decided[_AGENT]))
            elif decided[_KIND] == FACT_REFUSED:
                raise ReplayFailed(f"the kernel refuses {fields} at {self.now_ns} ns, because of {decided[_A]}")
            elif decided[_CONTACT] >= 0:
                self._note(decided[_KIND], self._call_in[decided[_CONTACT]], decided[_FLAGS], decided[_A])
        for slot, agent in offers:
            self._observe(kind=OFFER_ANSWERED, contact=slot, agent=agent)

    def _note(self, kind: int, call: int, flags: int, a: int) -> None:
        if kind == CONTACT_ANSWERED:
            self.result.answered[call] = True
            self.result.wait_ns[call] = self.now_ns - self._arrivals[call]
            self._later(self.now_ns + int(self.people.handle_ns[call]), ENDS, call)
        elif kind == CONTACT_LEFT:
            self.result.abandoned[call] = a in GAVE_UP
            self.result.wait_ns[call] = self.now_ns - self._arrivals[call]
        if flags & FLAG_CLOSES:
            self._slot_of[call] = -1

    def _set_up(self) -> None:
        for queue in range(len(self.calls.types)):
            self._observe(kind=REQUIREMENT_DEFINED, queue=queue + 1, a=pack_requirement((queue, 1)), b=-1)
            for column, value in (
                (QueueSetting.REQUIREMENT, queue + 1),
                (QueueSetting.STRATEGY, self.crew.strategy),
                (QueueSetting.WRAP_UP_NS, self.crew.wrap_up_ns),
            ):
                self._observe(kind=SETTING_CHANGED, agent=TABLE_QUEUE, queue=queue, contact=int(column), a=value)
        for agent, serves in enumerate(self.crew.serves.tolist()):
            self._observe(kind=SETTING_CHANGED, agent=TABLE_AGENT, queue=agent, contact=int(AgentSetting.EXISTS), a=1)
            for queue in np.flatnonzero(serves).tolist():
                self._observe(kind=SETTING_CHANGED, agent=TABLE_SKILL_LEVEL, queue=agent, contact=0, a=1, b=queue)
