"""Cases in real time: each open one has a task in its queue, each resolved one is reported; all are facts.

What is to be done follows from the cases as the log tells them, so it is found again after a start. Every fact has an
id that says what it is for, and so enters the log once, however often it is submitted. A look costs what is due and
what something happened to, however many cases are open. What happened is asked in a thread, as whoever reads quality
may wait for another: a look asks, and its answer is the next look.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from heapq import heapify, heappop, heappush
from typing import Final

from engine.errors import Overloaded
from engine.live.callbacks import callback_source
from engine.live.loop import LiveEngine
from engine.live.ticker import Ticker
from engine.log_port import Turn
from engine.messages.kinds import (
    AGENT_RESUMED,
    AGENT_STATUS_CHANGED,
    CASE_OPENED,
    CASE_REOPENED,
    CASE_RESOLVED,
    CONTACT_ENDED,
    CONTACT_LEFT,
    OFFER_ENDED,
    TASK,
    WRAP_UP_ENDED,
)
from engine.messages.observed import (
    CALLBACK_NUMBER,
    ContactArrived,
    ContactReleased,
    ContactWithdrawn,
    Observed,
    PriorityChanged,
)
from engine.model.quality import CASE_REPORTS, CaseKind
from engine.model.settings import PRIORITIES, SECOND_NS
from engine.ports import Receipt
from engine.projections.quality.columns.people import CASE_ATTRIBUTE
from engine.projections.quality.quality import CaseNews
from engine.projections.quality.subjects.cases import NEVER_NS, OPEN, Case

CASE_SOURCE: Final = "cases"
LOOK_AFTER_S: Final = 0.02
"""Turns that follow one another so closely are looked at together."""
LONGEST_SLEEP_S: Final = 30.0
ASK_AGAIN_NS: Final = 30 * SECOND_NS
"""A fact that came to nothing is submitted again after so long."""
ASKED_MAX: Final = 100_000
FAILED: Final = "cases_failed"
"""Among the driver's figures: how often a case was left for later because something about it failed."""
_OF_CASES: Final = frozenset((CASE_OPENED, CASE_RESOLVED, CASE_REOPENED))
_FOLLOWED: Final = _OF_CASES | {
    *(CONTACT_ENDED, CONTACT_LEFT, OFFER_ENDED, WRAP_UP_ENDED),
    *(AGENT_STATUS_CHANGED, AGENT_RESUMED),
}
"""What may let something be done, while there are cases."""
STALE_MAX: Final = 1_000
"""Instants that hold no longer may stand among those that do, and as many more as there are of them."""
_NO_KIND: Final = CaseKind(queue="", limit_ns=0)

logger = logging.getLogger(__name__)


class CaseWork:
    """Finds somebody for cases, and tells whoever is to be told."""

    def __init__(self, engine: LiveEngine) -> None:
        self._engine = engine
        self._asked: dict[str, int] = {}
        self._kinds: dict[str, CaseKind] = {}
        self._cases: dict[int, Case] = {}
        """Those with anything to do, now or later."""
        self._due: dict[int, int] = {}
        """When something is to be done for a case, by its number."""
        self._next: list[tuple[int, int]] = []
        """A heap of (instant, case): of each case the one that `_due` has, and some that hold no longer."""
        self._waiting: dict[str, set[int]] = {}
        """Cases of which an agent is told once there is time, by the agent."""
        self._failing: set[int] = set()
        """Cases of which it has been said that something about them fails."""
        self._watched = _OF_CASES
        self._thread = ThreadPoolExecutor(1, "cases")
        """Of its own: those of the loop may all be busy with slow reads."""
        self._answer: asyncio.Future[CaseNews] | None = None
        """What happened to cases: asked, or told and not looked at yet."""
        self._noted = False
        """Whether something happened since that was asked: the answer may not have it."""
        self._settled = asyncio.Event()
        self._ticker = Ticker("what drives cases", LONGEST_SLEEP_S, self._look, engine.counters)
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin, with what was left over when the engine stopped."""
        self._unsubscribe = self._engine.subscribe(self._note)
        self.look()

    def stop(self) -> None:
        """Submit nothing more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._ticker.stop()

    def look(self) -> None:
        """Do what is to be done as soon as it is known, and come back when the next thing is."""
        self._noted = True
        self._settled.clear()
        self._ticker.tick()

    async def wait_settled(self) -> None:
        """Wait until everything that happened before is looked at."""
        await self._settled.wait()

    def _look(self) -> float | None:
        """Ask what happened, or do what follows from the answer; returns in how many seconds to look again."""
        answer = self._answer or self._ask()
        if not answer.done():
            return None  # not before the answer
        self._answer = None
        try:
            now_ns = self._engine.clock.now_ns()
            self._follow(answer.result(), now_ns)
            self._watched = _FOLLOWED if self._cases else _OF_CASES
            again_s = max(LOOK_AFTER_S, (self._work(now_ns) - now_ns) / SECOND_NS)
        finally:
            if not self._noted:
                self._settled.set()
        return LOOK_AFTER_S if self._noted else again_s

    def _ask(self) -> "asyncio.Future[CaseNews]":
        self._noted, self._watched = False, _FOLLOWED
        loop = asyncio.get_running_loop()
        self._answer = loop.run_in_executor(self._thread, self._engine.views.quality.case_news)
        self._answer.add_done_callback(self._told)
        return self._answer

    def _told(self, answer: "asyncio.Future[CaseNews]") -> None:
        if answer is self._answer:
            self._ticker.hasten(0.0)  # where it was stopped, the answer is there for its next start

    def _follow(self, news: CaseNews, now_ns: int) -> None:
        """Have every case looked at that something happened to, that an agent has time for, or whose rules changed."""
        for case_id, case in news.stirred:
            if case is None:
                self._forget(case_id)
            else:  # told once only: each is kept before any is looked into, which may fail
                self._cases[case_id] = case
                self._plan(case_id, now_ns)
        if news.kinds != self._kinds:
            self._kinds = news.kinds
            for case_id in self._cases:
                self._plan(case_id, now_ns)
        for agent in [agent for agent in self._waiting if self._is_free(agent)]:
            for case_id in self._waiting.pop(agent):
                self._plan(case_id, now_ns)

    def _plan(self, case_id: int, due_ns: int) -> None:
        """Have a case looked at once more."""
        if case_id not in self._cases or self._due.get(case_id) == due_ns:
            return
        self._due[case_id] = due_ns
        heappush(self._next, (due_ns, case_id))
        if len(self._next) > 2 * len(self._due) + STALE_MAX:
            self._next = [(due_ns, case_id) for case_id, due_ns in self._due.items()]
            heapify(self._next)

    def _forget(self, case_id: int) -> None:
        """Leave a case alone until something happens to it."""
        self._cases.pop(case_id, None)
        self._due.pop(case_id, None)
        self._failing.discard(case_id)

    def _work(self, now_ns: int) -> int:
        """Do what is due; returns when the next thing is. Raises Overloaded: then what is left stays due."""
        while self._next:
            due_ns, case_id = self._next[0]
            if self._due.get(case_id) == due_ns:
                if due_ns > now_ns:
                    return due_ns
                again_ns = self._try(case_id, now_ns)
                self._due.pop(case_id, None)
                if again_ns < NEVER_NS:
                    self._plan(case_id, again_ns)
                    continue  # what was planned may stand first now
            heappop(self._next)
        return NEVER_NS

    def _try(self, case_id: int, now_ns: int) -> int:
        """Serve a case; one that fails comes again later, and bars the way to no other. Raises Overloaded."""
        case = self._cases[case_id]
        try:
            if not (case.state == OPEN or case.task or case.report_id or case.is_owed(now_ns)):
                self._forget(case_id)
                return NEVER_NS
            again_ns = self._serve(case, now_ns)
        except Overloaded:
            raise
        except Exception:
            self._engine.counters[FAILED] += 1
            if case_id not in self._failing:
                logger.exception("case %d failed; it is tried again every %d s", case_id, ASK_AGAIN_NS // SECOND_NS)
            self._failing.add(case_id)
            return now_ns + ASK_AGAIN_NS
        self._failing.discard(case_id)
        return again_ns

    def _serve(self, case: Case, now_ns: int) -> int:
        """Submit what a case needs now; returns when it may need something again. Raises Overloaded."""
        again_ns = NEVER_NS
        for due_ns, facts in self._steps(case, self._kinds.get(case.kind, _NO_KIND), now_ns):
            if due_ns > now_ns:
                again_ns = min(again_ns, due_ns)
            elif facts:
                self._submit(case, facts, now_ns)
                again_ns = min(again_ns, now_ns + ASK_AGAIN_NS)  # if it comes to nothing
        return again_ns

    def _note(self, turn: Turn) -> None:
        if not self._watched.isdisjoint(turn.kinds):
            self._noted = True
            self._settled.clear()
            self._ticker.hasten(LOOK_AFTER_S)  # one that is due soon stays, however many turns follow

    def _steps(self, case: Case, kind: CaseKind, now_ns: int) -> Iterator[tuple[int, list[Observed]]]:
        """Yield what a case needs, and when: facts only where it is due."""
        rested_ns = case.rests_from_ns + kind.again_after_ns if case.rests_from_ns else 0
        if case.state == OPEN:
            if not case.task:
                yield rested_ns, [self._task(case, now_ns)]
            elif case.task_agent < 0:
                priority, next_ns = priority_at(case.since_ns, case.deadline_ns, now_ns)
                raised = PriorityChanged(
                    id=f"{case.task}-priority-{priority}", contact=case.task, priority=priority, by=CASE_SOURCE
                )
                yield now_ns, [raised] if priority > case.task_priority else []
                yield next_ns, []
            return
        if case.task:
            ended = f"{case.task}-end"
            if case.task_agent < 0:
                yield now_ns, [ContactWithdrawn(id=ended, contact=case.task, by=CASE_SOURCE, reason="resolved")]
            else:
                yield now_ns, [ContactReleased(id=ended, contact=case.task, by="system")]
        if case.report_id and not case.told_ns:
            name = f"case-{case.id}-report-{case.reopened}-{case.reports}"
            too_late = ContactWithdrawn(id=f"{name}-end", contact=name, by=CASE_SOURCE, reason="not told")
            yield case.report_until_ns, [too_late]
        elif case.is_owed(now_ns) and case.report_to == "agent" and not self._is_free(self._opener(case)):
            self._waiting.setdefault(self._opener(case), set()).add(case.id)
        elif case.is_owed(now_ns):
            yield rested_ns if case.reports else 0, [self._report(case, kind)]

    def _task(self, case: Case, now_ns: int) -> ContactArrived:
        name = f"case-{case.id}-{case.tasks + 1}"
        return ContactArrived(
            id=name,
            contact=name,
            queue=self._queue(case),
            channel="task",
            priority=priority_at(case.since_ns, case.deadline_ns, now_ns)[0],
            customer=case.customer,
            attributes=_attributes(case),
        )

    def _report(self, case: Case, kind: CaseKind) -> ContactArrived:
        """The contact that tells how the case ended: a task for the agent who opened it alone, or a callback."""
        name = f"case-{case.id}-report-{case.reopened}-{case.reports + 1}"
        to_customer = case.report_to == "customer"
        told = {"resolution": case.resolution, "resolved_by": case.resolved_by, "resolved_ns": str(case.resolved_ns)}
        told |= {CALLBACK_NUMBER: case.number or case.customer} if to_customer else {}  # a name of a log from before
        return ContactArrived(
            id=name,
            contact=name,
            queue=(kind.report_queue or self._queue(case)) if to_customer else CASE_REPORTS,
            channel="voice" if to_customer else "task",
            preferred_agent=self._opener(case) if self._exists(self._opener(case)) else "",
            customer=case.customer,
            attributes=_attributes(case) | told,
        )

    def _is_free(self, agent: str) -> bool:
        """Whether an agent can be told something now: offered a task, for which nobody needs a phone."""
        state = self._engine.state
        number = state.directory.agents.number(agent)
        return self._exists(agent) and int(state.tables.agents["free_slots"][number, TASK]) > 0

    def _exists(self, agent: str) -> bool:
        agents = self._engine.state.directory.agents
        return bool(agent) and agents.exists(agents.number(agent))

    def _opener(self, case: Case) -> str:
        """Name of the agent who opened a case, or for whom it was opened; empty: it was none."""
        return self._engine.state.directory.agents.name(case.opener)

    def _queue(self, case: Case) -> str:
        return self._engine.state.directory.queues.name(case.queue)

    def _submit(self, case: Case, facts: list[Observed], now_ns: int) -> None:
        """Hand facts in, unless that was done a moment ago. Raises Overloaded."""
        name = facts[0].id
        if now_ns < self._asked.get(name, 0):
            return
        source, owner = CASE_SOURCE, ""
        if case.report_to == "customer" and isinstance(facts[0], ContactArrived) and facts[0].channel == "voice":
            names = self._engine.state.interned
            owner = names.owners[case.source] if case.source < len(names.owners) else ""
            source = names.sources[callback_source(names, owner)]
        submitted = self._engine.submit_for(owner, source, facts)
        if len(self._asked) >= ASKED_MAX:
            self._asked.clear()
        self._asked[name] = now_ns + ASK_AGAIN_NS  # not before: what found no room is tried at the next look
        submitted.add_done_callback(partial(_answered, name))


def priority_at(since_ns: int, deadline_ns: int, now_ns: int) -> tuple[int, int]:
    """Return the priority of a case's task, 0 to 7 as its time runs out, and when the next begins.

    Overdue, it has the highest and keeps it: no other begins then.
    """
    span_ns = max(1, deadline_ns - since_ns)
    priority = min(PRIORITIES - 1, max(0, now_ns - since_ns) * PRIORITIES // span_ns)
    if priority == PRIORITIES - 1:
        return priority, NEVER_NS
    return priority, since_ns - -(priority + 1) * span_ns // PRIORITIES + 1


def _attributes(case: Case) -> dict[str, str]:
    return {
        CASE_ATTRIBUTE: str(case.id),
        "case_kind": case.kind,
        "subject": case.subject,
        "deadline_ns": str(case.deadline_ns),
    }


def _answered(name: str, answer: "asyncio.Future[list[Receipt]]") -> None:
    if answer.cancelled() or answer.exception() is not None:
        return
    for receipt in answer.result():
        if receipt.error:
            logger.warning("%s came to nothing, and is tried again: %s", name, receipt.error)
