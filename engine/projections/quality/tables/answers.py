"""The shapes of answers about quality, in words."""

import msgspec

from engine.messages.kinds import CHANNEL_NAMES
from engine.model.directory import Directory
from engine.model.quality import Scorecard
from engine.projections.quality.subjects.adherence import Adherence
from engine.projections.quality.subjects.cases import Case, Complaints
from engine.projections.quality.subjects.evaluations import Evaluation
from engine.projections.quality.subjects.surveys import SurveyAnswer


class ToldAnswer(msgspec.Struct, frozen=True):
    """One answer to a survey, with the queue, agent and channel as they were when it was requested."""

    seq: int
    at_ns: int
    kind: str
    contact: str
    contact_id: int
    customer: str
    queue: str
    agent: str
    channel: str
    score: int
    comment: str
    code: str
    """What the contact was about, as an agent had said by then."""


class SurveyAnswers(msgspec.Struct, frozen=True):
    """A page of answers, latest first."""

    as_of: int
    answers: list[ToldAnswer]
    next_before: int | None = None


class SurveyCount(msgspec.Struct, frozen=True):
    """Surveys since the beginning of the log."""

    queue: str
    channel: str
    kind: str
    requested: int
    scores: list[int]
    """How often each score from 0 to 10 was given."""


class Scorecards(msgspec.Struct, frozen=True):
    """The scorecards of the configuration, every version."""

    as_of: int
    scorecards: list[Scorecard]


class ToldEvaluation(msgspec.Struct, frozen=True):
    """One evaluation, as it was made."""

    seq: int
    at_ns: int
    contact: str
    contact_id: int
    queue: str
    agent: str
    channel: str
    score: float
    """%."""
    scorecard: str
    version: int
    evaluator: str
    answers: dict[str, int | None]
    comment: str


class EvaluationList(msgspec.Struct, frozen=True):
    """A page of evaluations, latest first."""

    as_of: int
    evaluations: list[ToldEvaluation]
    next_before: int | None = None


class AdherenceReport(msgspec.Struct, frozen=True):
    """Those who have a schedule in the window."""

    as_of: int
    at_ns: int
    from_ns: int
    to_ns: int
    """Now at most: what has not been cannot be judged."""
    scheduled: bool
    """False: no schedule is configured, so there is nothing to adhere to."""
    tolerance_s: float
    agents: list[Adherence]


class ToldCase(msgspec.Struct, frozen=True):
    """One case."""

    id: int
    kind: str
    state: str
    overdue: bool
    """Open, and its deadline has passed; or it was resolved after it."""
    subject: str
    queue: str
    customer: str
    customer_base: str
    region: str
    contact: str
    contact_id: int
    opened_by: str
    opened_ns: int
    deadline_ns: int
    report_to: str
    number: str
    resolution: str
    resolved_by: str
    resolved_ns: int
    reopened: int
    reason: str
    task: str
    """The contact that is its task now; empty: none is in a queue or with an agent."""
    task_agent: str
    tasks: int
    told_ns: int
    not_told: bool = False
    """Whoever was to be told was not reached in time, and is tried no more."""
    report_until_ns: int = 0
    """Until when they are tried; 0: nobody is told of it, or it is not resolved."""
    reopened_by: str = ""


class CaseAnswer(msgspec.Struct, frozen=True):
    """One case at one position of the log."""

    as_of: int
    case: ToldCase


class ComplaintCount(msgspec.Struct, frozen=True):
    """Complaints and contacts of one customer base and region, since the beginning of the log."""

    customer_base: str
    region: str
    contacts: int
    complaints: int


class CaseCounts(msgspec.Struct, frozen=True):
    """What there is of all cases, since the beginning of the log."""

    open: int
    overdue: int
    """Of the open ones, whose deadline has passed."""
    events: dict[str, int]
    """opened, resolved, resolved_overdue, reopened, told, and not_told: who was to be told, and was not in time."""
    complaints: list[ComplaintCount]


class CaseList(msgspec.Struct, frozen=True):
    """A page of cases, and what there is of all of them."""

    as_of: int
    counts: CaseCounts
    cases: list[ToldCase]
    next_after: int | None = None


def told_answer(one: SurveyAnswer, directory: Directory) -> ToldAnswer:
    """Say an answer in words."""
    return ToldAnswer(
        *(one.seq, one.at_ns, one.kind, one.contact, one.contact_id, one.customer),
        *(directory.queues.name(one.queue), directory.agents.name(one.agent), CHANNEL_NAMES.get(one.channel, "")),
        *(one.score, one.comment, one.code),
    )


def told_evaluation(one: Evaluation, directory: Directory) -> ToldEvaluation:
    """Say an evaluation in words."""
    return ToldEvaluation(
        seq=one.seq,
        at_ns=one.at_ns,
        contact=one.contact,
        contact_id=one.contact_id,
        queue=directory.queues.name(one.queue),
        agent=directory.agents.name(one.agent),
        channel=CHANNEL_NAMES.get(one.channel, ""),
        score=one.score / 100,
        scorecard=one.scorecard,
        version=one.version,
        evaluator=one.evaluator,
        answers=one.answers,
        comment=one.comment,
    )


def told_case(case: Case, directory: Directory, now_ns: int) -> ToldCase:
    """Say a case in words."""
    fields = {name: getattr(case, name) for name in ToldCase.__struct_fields__ if name in case.__struct_fields__}
    settled_ns = case.resolved_ns if case.state == "resolved" else now_ns
    fields |= {"queue": directory.queues.name(case.queue), "task_agent": directory.agents.name(case.task_agent)}
    fields["report_until_ns"] = case.report_until_ns if case.state == "resolved" and case.report_to != "nobody" else 0
    return ToldCase(**fields, overdue=settled_ns > case.deadline_ns, not_told=case.is_given_up(now_ns))


def complaint_count(name: str, one: Complaints) -> ComplaintCount:
    """Say the counters of a customer base and region in words."""
    customer_base, _, region = name.partition("\0")
    return ComplaintCount(customer_base, region, one.contacts, one.complaints)
