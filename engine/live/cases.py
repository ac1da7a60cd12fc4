"""Cases in real time: each open one has a task in its queue, each resolved one is reported; all are facts.

What is to be done follows from the cases as the log tells them, so it is found again after a start. Every fact has an
id that says what it is for, and so enters the log once, however often it is submitted.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from engine.errors import Overloaded
from engine.live.callbacks import callback_source
from engine.live.loop import LiveEngine
from engine.log_port import Turn
from engine.messages.kinds import (
    AGENT_STATUS_CHANGED,
    CASE_OPENED,
    CASE_REOPENED,
    CASE_RESOLVED,
    CONTACT_ENDED,
    CONTACT_LEFT,
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
from engine.projections.quality.subjects.cases import OPEN, Case

CASE_SOURCE: Final = "cases"
LOOK_AFTER_S: Final = 0.02
"""Turns that follow one another so closely are looked at together."""
LONGEST_SLEEP_S: Final = 30.0
ASK_AGAIN_NS: Final = 30 * SECOND_NS
"""A fact that came to nothing is submitted again after so long."""
ASKED_MAX: Final = 100_000
_OF_CASES: Final = frozenset((CASE_OPENED, CASE_RESOLVED, CASE_REOPENED))
_FOLLOWED: Final = _OF_CASES | {CONTACT_ENDED, CONTACT_LEFT, AGENT_STATUS_CHANGED, WRAP_UP_ENDED}
"""What may let something be done, while there are cases."""
_NO_KIND: Final = CaseKind(queue="", limit_ns=0)

logger = logging.getLogger(__name__)


class CaseWork:
    """Finds somebody for cases, and tells whoever is to be told."""

    def __init__(self, engine: LiveEngine) -> None:
        self._engine = engine
        self._asked: dict[str, int] = {}
        self._watched = _OF_CASES
        self._timer: asyncio.TimerHandle | None = None
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
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def look(self) -> None:
        """Do what is to be done now, and come back when the next thing is."""
        if self._timer is not None:
            self._timer.cancel()
        engine, quality = self._engine, self._engine.views.quality
        now_ns, kinds = engine.clock.now_ns(), quality.case_kinds()
        next_ns = now_ns + int(LONGEST_SLEEP_S * SECOND_NS)
        cases = [*quality.open_cases(), *quality.cases_to_tell()]
        self._watched = _FOLLOWED if cases else _OF_CASES
        try:
            for case in cases:
                kind = kinds.get(case.kind, _NO_KIND)
                for due_ns, facts in self._steps(case, kind, now_ns):
                    if due_ns > now_ns:
                        next_ns = min(next_ns, due_ns)
                    elif facts:
                        self._submit(case, facts, now_ns)
        except Overloaded:
            next_ns = now_ns + SECOND_NS
        delay_s = max(LOOK_AFTER_S, (next_ns - now_ns) / SECOND_NS)
        self._timer = asyncio.get_running_loop().call_later(delay_s, self.look)

    def _note(self, turn: Turn) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is None or self._watched.isdisjoint(turn.kinds):
            return
        if self._timer.when() > loop.time() + LOOK_AFTER_S:  # one that is due soon stays, however many turns follow
            self._timer.cancel()
            self._timer = loop.call_later(LOOK_AFTER_S, self.look)

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
        elif case.is_owed(now_ns) and (case.report_to != "agent" or self._is_free(case.opened_by)):
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
        told |= {CALLBACK_NUMBER: case.number} if to_customer else {}
        return ContactArrived(
            id=name,
            contact=name,
            queue=(kind.report_queue or self._queue(case)) if to_customer else CASE_REPORTS,
            channel="voice" if to_customer else "task",
            preferred_agent=case.opened_by if self._exists(case.opened_by) else "",
            customer=case.customer,
            attributes=_attributes(case) | told,
        )

    def _is_free(self, agent: str) -> bool:
        """Whether an agent can be told something now."""
        return self._exists(agent) and self._engine.views.agent(agent).state == "idle"

    def _exists(self, agent: str) -> bool:
        agents = self._engine.state.directory.agents
        return bool(agent) and agents.exists(agents.number(agent))

    def _queue(self, case: Case) -> str:
        return self._engine.state.directory.queues.name(case.queue)

    def _submit(self, case: Case, facts: list[Observed], now_ns: int) -> None:
        """Hand facts in, unless that was done a moment ago. Raises Overloaded."""
        name = facts[0].id
        if now_ns < self._asked.get(name, 0):
            return
        if len(self._asked) >= ASKED_MAX:
            self._asked.clear()
        self._asked[name] = now_ns + ASK_AGAIN_NS
        source, owner = CASE_SOURCE, ""
        if case.report_to == "customer" and isinstance(facts[0], ContactArrived) and facts[0].channel == "voice":
            names = self._engine.state.interned
            owner = names.owners[case.source] if case.source < len(names.owners) else ""
            source = names.sources[callback_source(names, owner)]
        submitted = self._engine.submit_for(owner, source, facts)
        submitted.add_done_callback(partial(_answered, name))


def priority_at(since_ns: int, deadline_ns: int, now_ns: int) -> tuple[int, int]:
    """Return the priority of a case's task, 0 to 7 as its time runs out, and when the next begins.

    Overdue, it has the highest and keeps it; the second is far away then.
    """
    span_ns = max(1, deadline_ns - since_ns)
    priority = min(PRIORITIES - 1, max(0, now_ns - since_ns) * PRIORITIES // span_ns)
    if priority == PRIORITIES - 1:
        return priority, now_ns + int(LONGEST_SLEEP_S * SECOND_NS)
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
