"""What facts about quality must say beyond their shape: evaluations, exceptions from the schedule, cases."""

from typing import Final

from engine.ingest.answers import BadFact, excerpt, unknown
from engine.messages.observed import CaseOpened, QualityEvaluated, ScheduleExcepted
from engine.model.quality import DAY_NS, BadAnswer, CaseKind, QualityPlan, case_number, score

EXCEPTION_MAX_NS: Final = 366 * DAY_NS
OVERDUE_MAX_NS: Final = 366 * DAY_NS
"""How long ago a deadline may have been: cases come from elsewhere, too, but instants in s or ms are of 1970."""


def evaluation_score(plan: QualityPlan, fact: QualityEvaluated, last_seq: int) -> int:
    """Return the score of an evaluation. Raises BadFact where no such scorecard has these answers."""
    if not 0 < fact.contact_id <= last_seq:
        raise BadFact("contact_id", f"no contact {excerpt(fact.contact)} has arrived at sequence {fact.contact_id}")
    card = plan.scorecard(fact.scorecard, fact.version)
    if card is None:
        versions = [str(card.version) for card in plan.scorecards if card.name == fact.scorecard]
        if versions:
            has = ", ".join(versions)
            raise BadFact("version", f"scorecard {excerpt(fact.scorecard)} has no version {fact.version}; it has {has}")
        known = dict.fromkeys(card.name for card in plan.scorecards)
        raise BadFact("scorecard", unknown("scorecard", fact.scorecard, known))
    try:
        return score(card, fact.answers)
    except BadAnswer as bad:
        raise BadFact("answers", str(bad), key=bad.criterion if bad.criterion in fact.answers else "") from None


def check_exception(fact: ScheduleExcepted) -> None:
    """Raise BadFact for an exception that is no span of time."""
    if not 0 <= fact.from_ns < fact.to_ns:
        raise BadFact("to_ns", "an exception ends after it begins")
    if fact.to_ns - fact.from_ns > EXCEPTION_MAX_NS:
        raise BadFact("to_ns", "an exception lasts a year at most; write several")


def check_deadline(deadline_ns: int, at_ns: int) -> None:
    """Raise BadFact for a deadline that was too long ago; 0: none is said."""
    if deadline_ns and deadline_ns < at_ns - OVERDUE_MAX_NS:
        raise BadFact("deadline_ns", f"{deadline_ns} is more than a year ago; ns since 1970 are wanted")


def case_kind(plan: QualityPlan, fact: CaseOpened, last_seq: int) -> CaseKind:
    """Return what holds for the case's kind. Raises BadFact."""
    if fact.contact and not fact.contact_id:
        raise BadFact("contact_id", f"say by its id which contact {excerpt(fact.contact)} the case came from")
    if fact.contact_id > last_seq or (fact.contact_id > 0) != bool(fact.contact):
        raise BadFact("contact_id", f"no contact {excerpt(fact.contact)} has arrived at sequence {fact.contact_id}")
    kind = plan.cases.get(fact.kind)
    if kind is None:
        raise BadFact("kind", unknown("kind of case", fact.kind, plan.cases))
    report_to = fact.report_to or kind.report_to
    if report_to == "agent" and not fact.agent:
        raise BadFact("agent", "the outcome is reported to an agent, who opened the case or whose it is; say who")
    if report_to == "customer" and not case_number(fact.number, fact.customer, fact.contact_id):
        why = f", as {excerpt(fact.customer)} is not known to be one" if fact.customer else ""
        raise BadFact("number", f"the outcome is reported to the customer by telephone; say the number{why}")
    return kind
