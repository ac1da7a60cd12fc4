"""The plan of quality, as configured: surveys, scorecards, resolution, schedule and cases. Stands in the log."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

import msgspec

from engine.model.phone_numbers import is_number
from engine.model.settings import SECOND_NS

FULL: Final = 10_000
"""The best score, in 1/100 %."""
DAY_NS: Final = 86_400 * SECOND_NS
WORK: Final = "work"
"""The activity of a schedule in which an agent is to be available."""
CASE_REPORTS: Final = "case-reports"
"""The queue in which reports of cases wait for the agent whom they are for: it has no members, so nobody else is asked.

Every configuration with kinds of cases has it.
"""
REPORT_LIMIT_NS: Final = 7 * DAY_NS

SURVEY_SCORES: Final[Mapping[str, tuple[int, int]]] = {"csat": (1, 5), "nps": (0, 10), "ces": (1, 7)}
"""Of each kind of survey: the worst and the best answer."""


class SurveyRule(msgspec.Struct, frozen=True):
    """When customers are asked one kind of survey."""

    queues: tuple[str, ...] = ()
    """Whose contacts; none said: every queue's."""
    sample: float = 1.0
    cool_down_ns: int = 0
    """No second question to the same customer before."""
    expires_ns: int = 14 * DAY_NS
    """An answer that comes later counts no more."""


class Criterion(msgspec.Struct, frozen=True):
    """One question of a scorecard."""

    name: str
    weight: int
    points: int = 1
    """The best answer; the worst is 0."""
    optional: bool = True
    """Whether it may be not applicable."""
    auto_fail: bool = False
    """Whether 0 points make the whole score 0."""


class ScorecardSection(msgspec.Struct, frozen=True):
    """Criteria that belong together."""

    name: str
    criteria: tuple[Criterion, ...]


class Scorecard(msgspec.Struct, frozen=True):
    """One version of a scorecard; the weights of all its criteria sum to 100."""

    name: str
    version: int
    sections: tuple[ScorecardSection, ...]

    @property
    def criteria(self) -> list[Criterion]:
        """All criteria, in order."""
        return [criterion for section in self.sections for criterion in section.criteria]


class Shift(msgspec.Struct, frozen=True, array_like=True):
    """One entry of the schedule: an agent does this from then until then."""

    agent: str
    from_ns: int
    to_ns: int
    activity: str


class CaseKind(msgspec.Struct, frozen=True):
    """What holds for cases of one kind."""

    queue: str
    limit_ns: int
    """From opening to the deadline."""
    report_to: str = "nobody"
    """agent, customer or nobody."""
    report_queue: str = ""
    """Where who calls the customer is found; none said: the queue of the case."""
    report_limit_ns: int = REPORT_LIMIT_NS
    """How long after the resolution whoever is to be told is tried; then it ends as not told."""
    again_after_ns: int = 0
    """How long a case rests whose task ended while it is not resolved."""
    complaint: bool = False
    display_name: str = ""


def case_number(number: str, customer: str, contact_id: int) -> str:
    """Return where the customer of a case is called back; empty: nowhere.

    A customer written as a telephone number stands in for one only in a case without a contact: in a chat it may be any
    id that a site gives, and whoever opens a case from a call knows the number.
    """
    return number or (customer if not contact_id and is_number(customer) else "")


class QualityPlan(msgspec.Struct, frozen=True):
    """All of it."""

    surveys: dict[str, SurveyRule] = {}
    """By kind: csat, nps, ces."""
    scorecards: tuple[Scorecard, ...] = ()
    window_ns: int = 7 * DAY_NS
    """Within which another contact of the same customer tells that the first had resolved nothing."""
    reason: str = ""
    """Attribute that tells why a customer came: only contacts of the same reason are repeats; none said: any are."""
    schedule: tuple[Shift, ...] = ()
    tolerance_ns: int = 300 * SECOND_NS
    """Lateness at a change of the schedule that still is adherence."""
    cases: dict[str, CaseKind] = {}

    def scorecard(self, name: str, version: int) -> Scorecard | None:
        """Return one version of a scorecard; None where there is none."""
        return next((card for card in self.scorecards if (card.name, card.version) == (name, version)), None)


class BadAnswer(ValueError):
    """An answer that its scorecard does not allow; `criterion` says to what."""

    def __init__(self, criterion: str, text: str) -> None:
        super().__init__(text)
        self.criterion = criterion


def score(card: Scorecard, answers: Mapping[str, int | None]) -> int:
    """Return the score in 1/100 %, 0 to FULL: points by weight, over the weights of what applies.

    A criterion that fails all makes it 0. Exact, and halves go to the even number. Raises BadAnswer.
    """
    criteria = {criterion.name: criterion for criterion in card.criteria}
    for name in answers:
        if name not in criteria:
            raise BadAnswer(name, f"scorecard {card.name} version {card.version} has no criterion {name!r}")
    reached, possible, failed = Fraction(0), 0, False
    for name, criterion in criteria.items():
        if name not in answers:
            raise BadAnswer(name, f"criterion {name!r} is not answered; say its points, or null if it does not apply")
        points = answers[name]
        if points is None:
            if not criterion.optional:
                raise BadAnswer(name, f"criterion {name!r} applies always; say its points, 0 to {criterion.points}")
            continue
        if not 0 <= points <= criterion.points:
            raise BadAnswer(name, f"criterion {name!r} has 0 to {criterion.points} points, not {points}")
        failed |= criterion.auto_fail and points == 0
        reached += Fraction(points * criterion.weight, criterion.points)
        possible += criterion.weight
    if failed:
        return 0
    if not possible:
        raise BadAnswer("", "nothing that weighs applies; there is no score")
    return round(reached * FULL / possible)
