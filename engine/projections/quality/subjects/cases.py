"""Cases: work that outlives its contact, folded from the log: what is open, what is overdue, who is still to be told.

A case has one task at a time, a contact named `case-ID-N`, and another, `case-ID-report-N`, tells how it ended. Both
carry the case's number as an attribute, by which they are known again.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

import msgspec

from engine.messages.kinds import TASK
from engine.messages.row_fields import RowFields
from engine.model.quality import CaseKind, case_number
from engine.projections.quality.columns.cells import Key
from engine.projections.quality.columns.people import Task

CASES_KEPT: Final = 50_000
"""Resolved cases remembered; open ones are never forgotten."""
PAIRS_MAX: Final = 500
"""Customer bases and regions told apart; what comes beyond is counted as `other`."""
OTHER: Final = ("other", "other")
COUNTED: Final = ("opened", "resolved", "resolved_overdue", "reopened", "told", "not_told")
REPORTS_MAX: Final = 5
"""How often a customer is tried who is to be told."""
NEVER_NS: Final = 2**63 - 1
OPEN: Final = "open"
RESOLVED: Final = "resolved"


class Case(msgspec.Struct):
    """One case."""

    id: int
    """Sequence of its opening."""
    kind: str
    subject: str
    queue: int
    customer: str
    customer_base: str
    region: str
    contact: str
    contact_id: int
    opened_by: str
    opener: int
    """Number of the agent who opened it, or for whom it was opened, -1 for nobody: with `report_to` agent, whom to
    tell."""
    opened_ns: int
    deadline_ns: int
    since_ns: int
    """When its time began to run: at its opening, or when it was reopened."""
    report_to: str
    number: str
    complaint: bool
    state: str = OPEN
    resolution: str = ""
    resolved_by: str = ""
    resolved_ns: int = 0
    reopened: int = 0
    resolved_key: Key | None = None
    """Where its resolution is counted."""
    reason: str = ""
    """Why it was reopened last."""
    source: int = 0
    """Who had brought the contact that it came from; 0: nobody that is known."""
    task_priority: int = 0
    tasks: int = 0
    """How many tasks it has had."""
    task: str = ""
    """Name of the contact that is its task now; empty: none is open."""
    task_id: int = 0
    task_agent: int = -1
    rests_from_ns: int = 0
    """When its last task ended."""
    reports: int = 0
    report_id: int = 0
    """The contact that tells of it, while that is open."""
    told_ns: int = 0
    """When whoever is told was reached; 0: not yet."""
    reopened_by: str = ""
    """Who reopened it last."""
    report_until_ns: int = NEVER_NS
    """Until when whoever is to be told is tried."""
    not_told_ns: int = 0
    """When that was given up; 0: it was not."""

    def is_owed(self, now_ns: int) -> bool:
        """Whether somebody is still to be told."""
        tries_left = self.report_to == "agent" or self.reports < REPORTS_MAX
        owed = self.report_to != "nobody" and not self.told_ns and not self.not_told_ns
        return owed and tries_left and now_ns < self.report_until_ns

    def is_given_up(self, now_ns: int) -> bool:
        """Whether nobody was told, and nobody will be."""
        wanted = self.state == RESOLVED and self.report_to != "nobody" and not self.told_ns
        return wanted and (self.not_told_ns > 0 or not (self.report_id or self.is_owed(now_ns)))


class Payload(msgspec.Struct):
    """What the facts about cases say in their payloads."""

    kind: str = ""
    subject: str = ""
    contact: str = ""
    customer: str = ""
    customer_base: str = ""
    region: str = ""
    agent: str = ""
    report_to: str = ""
    number: str = ""
    resolution: str = ""
    reason: str = ""
    by: str = ""


_PAYLOADS: Final = msgspec.msgpack.Decoder(Payload)
_NO_KIND: Final = CaseKind(queue="", limit_ns=0)


class Complaints(msgspec.Struct):
    """Complaints and contacts of one customer base and region."""

    contacts: int = 0
    """Arrivals that said this base and region as attributes."""
    complaints: int = 0


class Cases(msgspec.Struct, dict=True):
    """All of them."""

    open: dict[int, Case] = {}
    resolved: dict[int, Case] = {}
    unsettled: dict[int, bool] = {}
    """Resolved cases whose task is not over, or of which somebody is still to be told."""
    counts: dict[str, int] = {}
    """What happened how often: opened, resolved, resolved_overdue, reopened, told, not_told."""
    given_up_from_ns: int = NEVER_NS
    """When the first of those who are to be told is tried no longer."""
    bases: dict[str, Complaints] = {}
    """By customer base and region, separated by a zero byte."""
    unknown: int = 0
    """Facts about a case that is none, or not in the state for it."""

    def __post_init__(self) -> None:
        self._deadlines = sorted((case.deadline_ns, case.id) for case in self.open.values())
        """Of open cases, the first first; reckoned from them, and not saved."""
        self._stirred: dict[int, None] | None = None
        """Cases that something happened to since somebody asked; None: nobody asks."""

    def base(self, customer_base: str, region: str) -> Complaints:
        """Return the counters of a customer base and region."""
        name = f"{customer_base}\0{region}"
        if name not in self.bases and len(self.bases) >= PAIRS_MAX:
            name = "\0".join(OTHER)
        return self.bases.setdefault(name, Complaints())

    def stirred(self) -> list[int]:
        """Return the cases that something happened to since the last call; at the first all with anything to do."""
        found = [*self.open, *self.unsettled] if self._stirred is None else list(self._stirred)
        self._stirred = {}
        return found

    def contact_arrived(self, contact: Task, priority: int) -> None:
        """Note that a case has its task, or that somebody is to be told of it."""
        case = self.open.get(contact.case_id) or self.resolved.get(contact.case_id)
        if case is None or not contact.contact.startswith(f"case-{case.id}-"):
            return
        if contact.contact.startswith(f"case-{case.id}-report-"):
            case.reports, case.report_id = case.reports + 1, contact.id
        else:
            case.tasks, case.task, case.task_id, case.task_agent = case.tasks + 1, contact.contact, contact.id, -1
            case.task_priority = priority
        self._stir(case)

    def contact_raised(self, contact: Task, priority: int) -> None:
        """Note that a task has another priority."""
        case = self.open.get(contact.case_id)
        if case is not None and contact.id == case.task_id:
            case.task_priority = priority
            self._stir(case)

    def contact_answered(self, contact: Task, agent: int, at_ns: int) -> None:
        """Note who has the task, or that somebody was told."""
        case = self.open.get(contact.case_id) or self.resolved.get(contact.case_id)
        if case is not None and contact.id == case.task_id:
            case.task_agent = agent
            self._stir(case)
        elif case is not None and contact.id == case.report_id and not case.told_ns:
            if case.report_to == "agent" and agent != case.opener:
                return  # a colleague took it: whoever is to be told was not
            case.told_ns = at_ns
            self._count("told")
            self._settle(case, at_ns)

    def contact_closed(self, contact: Task, at_ns: int) -> None:
        """Note that a task is over, or a report."""
        case = self.open.get(contact.case_id) or self.resolved.get(contact.case_id)
        if case is not None and contact.id == case.task_id:
            case.task, case.task_id, case.task_agent, case.rests_from_ns = "", 0, -1, at_ns
        elif case is not None and contact.id == case.report_id:
            case.report_id, case.rests_from_ns = 0, at_ns
        if case is not None:
            self._settle(case, at_ns)

    def reopened_contacts(self) -> set[int]:
        """Return the contacts from which cases came that were opened again."""
        return {case.contact_id for cases in (self.open, self.resolved) for case in cases.values() if case.reopened}

    def find(self, case_id: int) -> Case | None:
        """Return a case by its number."""
        return self.open.get(case_id) or self.resolved.get(case_id)

    def overdue(self, now_ns: int) -> int:
        """Count the open cases whose deadline has passed."""
        return bisect_left(self._deadlines, (now_ns, 0))

    def by_deadline(self, before_ns: int = NEVER_NS) -> Iterator[Case]:
        """Yield open cases in the order of their deadlines, of those before an instant."""
        last = bisect_left(self._deadlines, (before_ns, 0)) if before_ns < NEVER_NS else len(self._deadlines)
        return (self.open[case_id] for _, case_id in islice(self._deadlines, last))

    def not_told(self, now_ns: int) -> int:
        """Count the resolutions of which nobody was told in time."""
        due = sum(self.resolved[case_id].is_given_up(now_ns) for case_id in self.unsettled)
        return self.counts.get("not_told", 0) + due

    def opened(self, seq: int, row: RowFields, payload: Any, kinds: Mapping[str, CaseKind], source: int) -> None:
        """Take in a case."""
        said = _PAYLOADS.decode(payload)
        kind = kinds.get(said.kind, _NO_KIND)
        case = Case(
            id=seq,
            kind=said.kind,
            subject=said.subject,
            queue=row.queue,
            customer=said.customer,
            customer_base=said.customer_base,
            region=said.region,
            contact=said.contact,
            contact_id=row.b,
            opened_by=said.by or said.agent,
            opener=row.agent,
            opened_ns=row.at_ns,
            deadline_ns=row.a,
            since_ns=row.at_ns,
            source=source,
            report_to=said.report_to or kind.report_to,
            number=case_number(said.number, said.customer, row.b),
            complaint=kind.complaint,
        )
        self._enter(case)
        self._count("opened")
        if kind.complaint:
            self.base(said.customer_base, said.region).complaints += 1

    def resolve(self, row: RowFields, start_ns: int, payload: Any, kinds: Mapping[str, CaseKind]) -> Key | None:
        """Take in a resolution; returns where it is counted, None where the case is none or not open."""
        case = self.open.pop(row.b, None)
        if case is None:
            self.unknown += 1
            return None
        del self._deadlines[bisect_left(self._deadlines, (case.deadline_ns, case.id))]
        said = _PAYLOADS.decode(payload)
        case.state, case.resolution, case.resolved_ns = RESOLVED, said.resolution, row.at_ns
        case.resolved_by, case.told_ns, case.report_id = said.agent or said.by, 0, 0
        case.rests_from_ns = case.not_told_ns = 0
        case.report_until_ns = row.at_ns + kinds.get(case.kind, _NO_KIND).report_limit_ns
        case.resolved_key = Key(start_ns, case.queue, row.agent, TASK)
        self.resolved[case.id] = case
        case.reports = 0
        self._give_up(row.at_ns)
        self._settle(case, row.at_ns)
        self._count("resolved")
        if row.at_ns > case.deadline_ns:
            self._count("resolved_overdue")
        if len(self.resolved) > CASES_KEPT:
            oldest = self.resolved.pop(next(iter(self.resolved)))
            self._stir(oldest)
            if self.unsettled.pop(oldest.id, None) and oldest.is_owed(row.at_ns):
                self._count("not_told")
        return case.resolved_key

    def reopen(self, row: RowFields, payload: Any, kinds: Mapping[str, CaseKind], window_ns: int) -> Key | None:
        """Take in a reopening; returns where its resolution was counted, if that is no longer ago than the window."""
        case = self.resolved.pop(row.b, None)
        if case is None:
            self.unknown += 1
            return None
        self.unsettled.pop(case.id, None)
        in_time = row.at_ns - case.resolved_ns <= window_ns
        said = _PAYLOADS.decode(payload)
        case.state, case.reason, case.reopened = OPEN, said.reason, case.reopened + 1
        case.reopened_by = said.agent or said.by
        case.deadline_ns = row.a or row.at_ns + kinds.get(case.kind, _NO_KIND).limit_ns
        case.since_ns, case.rests_from_ns, case.report_id = row.at_ns, 0, 0
        self._enter(case)
        self._count("reopened")
        return case.resolved_key if in_time else None

    def _enter(self, case: Case) -> None:
        self.open[case.id] = case
        insort(self._deadlines, (case.deadline_ns, case.id))
        self._stir(case)

    def _stir(self, case: Case) -> None:
        if self._stirred is not None:
            self._stirred[case.id] = None

    def _settle(self, case: Case, now_ns: int) -> None:
        """Note whether a resolved case is done with."""
        self._stir(case)
        if case.is_given_up(now_ns) and not case.not_told_ns:
            case.not_told_ns = now_ns
            self._count("not_told")
        owed = case.is_owed(now_ns)
        if case.state == RESOLVED and (case.task_id or case.report_id or owed):
            self.unsettled[case.id] = True
        else:
            self.unsettled.pop(case.id, None)
        if owed:
            self.given_up_from_ns = min(self.given_up_from_ns, case.report_until_ns)

    def _give_up(self, now_ns: int) -> None:
        """Settle the cases of which nobody was told in time."""
        if now_ns < self.given_up_from_ns:
            return
        self.given_up_from_ns = NEVER_NS
        for case_id in list(self.unsettled):
            self._settle(self.resolved[case_id], now_ns)

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
