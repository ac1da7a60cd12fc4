"""The read model of quality: takes in durable turns when it is asked, or when many wait, and answers in words.

Rows are cheap to fold many at once, and few ever ask: so turns are put aside at first, and folded together.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import copy
from itertools import chain, islice
from typing import Final, NamedTuple

import msgspec

from engine.kernel.tables import Array
from engine.log_port import Turn
from engine.messages.kinds import CHANNEL_NAMES, TASK
from engine.model.directory import Directory
from engine.model.names import UNKNOWN
from engine.model.quality import CaseKind, Scorecard, Shift
from engine.projections.figures import NEVER_NS, NS
from engine.projections.quality.columns.cells import OF_CHANNEL, OF_QUEUE
from engine.projections.quality.columns.people import COURSE
from engine.projections.quality.columns.people import UNKNOWN as UNKNOWN_SEGMENT
from engine.projections.quality.columns.ring import KEY
from engine.projections.quality.folding.fold import Fold
from engine.projections.quality.folding.folded import Folded, copied, loaded, saved
from engine.projections.quality.folding.taken import Taken, taken, whole_from_ns
from engine.projections.quality.subjects import resolution, surveys
from engine.projections.quality.subjects.adherence import adherence
from engine.projections.quality.subjects.cases import COUNTED, Case
from engine.projections.quality.subjects.surveys import Advice, SurveyAnswer, advice
from engine.projections.quality.tables.answers import (
    AdherenceReport,
    CaseAnswer,
    CaseCounts,
    CaseList,
    EvaluationList,
    Scorecards,
    SurveyAnswers,
    SurveyCount,
    ToldCase,
    complaint_count,
    told_answer,
    told_case,
    told_evaluation,
)
from engine.projections.quality.tables.by_interval import Schedule, around, with_schedule
from engine.projections.quality.tables.calibration import Calibration, calibration
from engine.projections.quality.tables.sampling import WEIGHTS, Candidate, Sample, reasons_of, sampled
from engine.projections.quality.tables.summary import QualitySummary, quality_summary
from engine.projections.quality.tables.table import QualityTable, Window, quality_rows, with_quality
from engine.projections.queues.intervals import IntervalTable
from engine.projections.turns_aside import TurnsAside

ASIDE_ROWS_MAX: Final = 4096


class CaseNews(NamedTuple):
    """What whoever works on cases has to know of them, as of one position of the log."""

    stirred: list[tuple[int, Case | None]]
    """Copies of those that something happened to, by number; None for one that is not known any more."""
    kinds: dict[str, CaseKind]
    """What holds for cases, by kind."""


class Quality:
    """Quality of service, as of the turns taken in. Readers may be other threads."""

    def __init__(self, directory: Directory, snapshot: bytes = b"", durable_seq: int = 0) -> None:
        self.directory = directory
        self._fold = Fold(loaded(snapshot, durable_seq))
        self._aside = TurnsAside(self._fold.apply, rows_max=ASIDE_ROWS_MAX)
        self._lock = self._aside.lock

    @property
    def from_seq(self) -> int:
        """Where in the log it goes on to read."""
        return self._fold.state.as_of + 1

    def apply(self, turn: Turn) -> None:
        """Take in the next durable turn, or a run of them."""
        self._aside.put(turn)

    def save(self) -> bytes:
        """Return everything, for a snapshot."""
        with self._lock:
            found = copied(self._folded())
        return saved(found)

    def table(
        self,
        group_by: Sequence[str],
        from_ns: int,
        to_ns: int,
        step_ns: int,
        now_ns: int,
        queue: int | None = None,
        agent: int | None = None,
    ) -> QualityTable:
        """Figures by group; of queues together those of customers alone. Raises ValueError for an unknown grouping."""
        window = Window(group_by, from_ns, to_ns, step_ns, now_ns, apart=self._apart())
        if queue is not None:
            window = msgspec.structs.replace(window, queue=queue)
        if agent is not None:
            window = msgspec.structs.replace(window, agent=agent)
        found = self._taken(from_ns, to_ns)
        rows = quality_rows(found, self.directory, window)
        return QualityTable(found.as_of, now_ns, whole_from_ns(found, from_ns), list(group_by), rows)

    def summary(self, queues: Collection[int] | None, from_ns: int, to_ns: int, now_ns: int) -> QualitySummary:
        """Figures of several queues together, of None: of all; those for colleagues count for nothing."""
        return quality_summary(self._taken(from_ns, to_ns), queues, self._apart(), from_ns, to_ns, now_ns)

    def is_scheduled(self) -> bool:
        """Whether the configuration in force has a schedule."""
        with self._lock:
            return bool(self._folded().plan.schedule)

    def complete(
        self, table: IntervalTable, from_ns: int, to_ns: int, step_ns: int, eligible: Callable[[str], Array]
    ) -> IntervalTable:
        """Fill in the columns of a page of the interval table that are known here; none by arrival: not kept so.

        `eligible` is `Views.eligible`. Takes a while where there are many rows: for a thread.
        """
        if table.by != "event":
            return table
        to_ns = to_ns if table.next_from_ns is None else table.next_from_ns
        found = self._taken(from_ns // step_ns * step_ns, to_ns)
        window = Window((), from_ns, to_ns, step_ns, table.at_ns)
        rows = with_quality(found, window, table.rows, self.directory)
        tolerance_ns = found.plan.tolerance_ns
        with self._lock:
            schedules = self._schedules(*around(from_ns // step_ns * step_ns, to_ns, tolerance_ns, table.at_ns))
        rows = with_schedule(rows, schedules, tolerance_ns, step_ns, table.at_ns, eligible)
        return msgspec.structs.replace(table, rows=rows)

    def advice(self, contact: str, contact_id: int, kind: str, now_ns: int) -> Advice:
        """Whether the customer of a closed contact is to be asked."""
        with self._lock:
            state = self._folded()
            segment = state.people.segment(contact_id)
            if segment is UNKNOWN_SEGMENT:
                why = "not_closed" if state.people.is_open(contact_id) else "unknown"
            else:
                queue = self.directory.queues.name(segment.queue)
                rules = state.plan.surveys
                why = advice(state.surveys, rules, kind, contact_id, segment, queue, now_ns)
            return Advice(state.as_of, contact, contact_id, kind, not why, why)

    def answers(self, kind: str, limit: int, before_seq: int, score_max: int) -> SurveyAnswers:
        """The latest answers to surveys, latest first; of those up to a score."""
        with self._lock:
            state = self._folded()
            chosen = [
                told_answer(one, self.directory)
                for one in reversed(state.surveys.answers)
                if one.seq < before_seq and one.score <= score_max and kind in ("", one.kind)
            ]
            return SurveyAnswers(state.as_of, chosen[:limit], chosen[limit - 1].seq if len(chosen) > limit else None)

    def survey_answer(self, kind: str, contact_id: int) -> SurveyAnswer | None:
        """What a customer answered, as far as it is remembered word for word."""
        with self._lock:
            answers = self._folded().surveys.answers
            return next((one for one in reversed(answers) if (one.contact_id, one.kind) == (contact_id, kind)), None)

    def transfer_counts(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Return (handed over, put back) of connected contacts since the beginning of the log, by the numbers of queue
        and channel."""
        with self._lock:
            cells = self._folded().flow.columns(0, NEVER_NS)
        added = cells.added(OF_QUEUE | OF_CHANNEL)
        return {
            (key.queue, key.channel): (counts[resolution.TRANSFERS], counts[resolution.PUT_BACK])
            for key, counts in added
        }

    def survey_counts(self) -> list[SurveyCount]:
        """What was asked and answered since the beginning of the log, by queue, channel and kind."""
        with self._lock:
            asked = {kind: cells.columns(0, NEVER_NS) for kind, cells in self._folded().surveys.cells.items()}
        found = {
            (key.queue, key.channel, kind): counts
            for kind, cells in asked.items()
            for key, counts in cells.added(OF_QUEUE | OF_CHANNEL)
        }
        names = self.directory.queues
        return [
            SurveyCount(names.name(queue), CHANNEL_NAMES.get(channel, ""), kind, counts[0], counts[surveys.SCORES :])
            for (queue, channel, kind), counts in sorted(found.items())
        ]

    def survey_facts_ignored(self) -> dict[str, int]:
        """How many facts about surveys counted nothing, by why: see `Surveys.ignored`."""
        with self._lock:
            return dict(self._folded().surveys.ignored)

    def scorecards(self) -> Scorecards:
        """The scorecards of the configuration in force."""
        with self._lock:
            state = self._folded()
            return Scorecards(state.as_of, list[Scorecard](state.plan.scorecards))

    def evaluations(self, agent: int | None, scorecard: str, limit: int, before_seq: int) -> EvaluationList:
        """The latest evaluations, latest first."""
        with self._lock:
            state = self._folded()
            chosen = [
                told_evaluation(one, self.directory)
                for one in reversed(state.evaluations.latest)
                if one.seq < before_seq and agent in (None, one.agent) and scorecard in ("", one.scorecard)
            ]
            return EvaluationList(state.as_of, chosen[:limit], chosen[limit - 1].seq if len(chosen) > limit else None)

    def calibration(self, scorecard: str, limit: int) -> Calibration:
        """Whether evaluators judge alike, of one scorecard or all; takes a while: for a thread."""
        with self._lock:
            state = self._folded()
            as_of, latest = state.as_of, list(state.evaluations.latest)
        return calibration(as_of, latest, self.directory, scorecard, limit)

    def sample(
        self,
        from_ns: int,
        to_ns: int,
        agent: int | None,
        per_agent: int,
        seed: str,
        weights: Mapping[str, int] = WEIGHTS,
    ) -> Sample:
        """Customers' contacts that ended in [from_ns, to_ns) and should be judged next; takes a while: for a thread."""
        apart = self._apart()
        with self._lock:
            state = self._folded()
            as_of, records, answers = state.as_of, state.people.talked(from_ns, to_ns), list(state.surveys.answers)
            judged = {one.contact_id for one in state.evaluations.latest}
            reopened = state.cases.reopened_contacts()
        columns = (records[name].tolist() for name in (KEY, "ended_ns", "queue", "agent", "channel", *COURSE))
        candidates = [one for one in map(Candidate, *columns) if one.channel != TASK and one.queue not in apart]
        reasons = reasons_of(candidates, answers, reopened)
        chosen = [one for one in candidates if agent in (None, one.agent) and one.contact_id not in judged]
        drawn = sampled(chosen, reasons, self.directory, per_agent, seed, weights)
        return Sample(as_of, from_ns, to_ns, seed, dict(weights), drawn)

    def adherence(self, from_ns: int, to_ns: int, now_ns: int, agent: str = "") -> AdherenceReport:
        """Adherence, conformance and attendance of those who have a schedule, until now at most."""
        with self._lock:
            state = self._folded()
            plan, as_of, to_ns = state.plan, state.as_of, min(to_ns, now_ns)
            chosen = [one for one in self._schedules(from_ns, to_ns) if one.shifts]
        names, tolerance_ns = self.directory.agents, plan.tolerance_ns
        found = [
            adherence(name, one.shifts, one.statuses, one.exceptions, from_ns, to_ns, tolerance_ns)
            for one in chosen
            if agent in ("", name := names.name(one.agent))
        ]
        return AdherenceReport(as_of, now_ns, from_ns, to_ns, bool(plan.schedule), tolerance_ns / NS, found)

    def cases(self, wanted: str, queue: int | None, kind: str, limit: int, after: int, now_ns: int) -> CaseList:
        """Cases by their deadlines where open ones are wanted, else the latest resolved first. `wanted`: a state.

        For a thread, as all that is asked here: another may hold the lock while it folds much.
        """
        with self._lock:
            state = self._folded()
            cases = state.cases
            if wanted == "resolved":
                ordered: Iterator[Case] = reversed(cases.resolved.values())
            else:
                ordered = cases.by_deadline(now_ns if wanted == "overdue" else NEVER_NS)
            chosen = (case for case in ordered if queue in (None, case.queue) and kind in ("", case.kind))
            found = list(islice(chosen, after, after + limit + 1))
            page = [told_case(case, self.directory, now_ns) for case in found[:limit]]
            more = after + limit if len(found) > limit else None
            return CaseList(state.as_of, self.case_counts(now_ns), page, more)

    def case_counts(self, now_ns: int) -> CaseCounts:
        """What there is of all cases."""
        with self._lock:
            cases = self._folded().cases
            events = {name: cases.counts.get(name, 0) for name in COUNTED}
            events["not_told"] = cases.not_told(now_ns)
            bases = [complaint_count(*entry) for entry in sorted(cases.bases.items())]
            return CaseCounts(len(cases.open), cases.overdue(now_ns), events, bases)

    def case(self, case_id: int, now_ns: int) -> CaseAnswer:
        """One case. Raises KeyError."""
        with self._lock:
            state = self._folded()
            found = state.cases.find(case_id)
            if found is None:
                raise KeyError(f"there is no case {case_id}")
            return CaseAnswer(state.as_of, told_case(found, self.directory, now_ns))

    def cases_of(self, customers: Collection[str], now_ns: int, limit: int) -> list[ToldCase]:
        """Cases of a customer of these names: open ones by their deadlines, then the latest resolved. For a thread."""
        with self._lock:
            cases = self._folded().cases
            theirs = [case for case in cases.open.values() if case.customer in customers]
            theirs.sort(key=lambda case: case.deadline_ns)
            resolved = (case for case in reversed(cases.resolved.values()) if case.customer in customers)
            return [told_case(case, self.directory, now_ns) for case in islice(chain(theirs, resolved), limit)]

    def case_news(self) -> CaseNews:
        """What is new of cases since the last call; at the first all with anything to do. For a thread.

        For the driver that works on them alone, as what was told once is not told again.
        """
        with self._lock:
            state = self._folded()
            cases = state.cases
            stirred = [(case_id, copy(cases.find(case_id))) for case_id in cases.stirred()]
            return CaseNews(stirred, dict(state.plan.cases))

    def _schedules(self, from_ns: int, to_ns: int) -> list[Schedule]:
        """Copy what all who are in the schedule were to do and did in [from_ns, to_ns)."""
        state = self._folded()
        shifts: dict[str, list[Shift]] = {}
        for shift in state.plan.schedule:
            theirs = shifts.setdefault(shift.agent, [])
            if shift.from_ns < to_ns and shift.to_ns > from_ns:
                theirs.append(shift)
        numbered = [(self.directory.agents.number(name), theirs) for name, theirs in shifts.items()]
        presence = state.presence
        return [
            Schedule(
                number, theirs, presence.statuses(number, from_ns, to_ns), list(presence.exceptions.get(number, []))
            )
            for number, theirs in numbered
            if number != UNKNOWN
        ]

    def _apart(self) -> frozenset[int]:
        """Numbers of the queues in which no customer waits."""
        return frozenset(map(self.directory.queues.number, self.directory.colleague_queues))

    def _taken(self, from_ns: int, to_ns: int) -> Taken:
        """Copy the cells of a window: what is reckoned with them keeps nobody waiting."""
        with self._lock:
            return taken(self._folded(), from_ns, to_ns)

    def _folded(self) -> Folded:
        """Fold what was put aside; returns the state."""
        self._aside.take_in()
        return self._fold.state
