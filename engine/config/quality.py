"""The section `quality`: surveys, scorecards, resolution, schedules; and `cases`."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from engine.config.agents import Name
from engine.config.faults import Faults, several
from engine.messages import kinds
from engine.model import quality
from engine.model.fields import Duration, Number, Ref, Section, Text, Whole
from engine.model.quality import DAY_NS, REPORT_LIMIT_NS
from engine.model.settings import SECOND_NS

WEIGHTS: Final = 100
SHIFTS_MAX: Final = 200_000
CRITERIA_MAX: Final = 100
_SURVEYS: Final = {name: number for number, name in kinds.SURVEY_NAMES.items()}
SurveyWord = Annotated[str, Text("|".join(_SURVEYS), "a kind of survey; write csat, nps or ces")]


class SurveySection(Section):
    """When customers are asked one kind of survey."""

    queues: list[Annotated[str, Ref("queue")]] = Field(default_factory=list)
    sample: Annotated[float, Number(0, 1)] = 1.0
    cool_down_ns: Annotated[int, Duration("0s", "3660d")] = Field(default=0, alias="cool_down")
    expires_ns: Annotated[int, Duration("1m", "366d")] = Field(default=14 * DAY_NS, alias="expires")


class CriterionSection(Section):
    """One question of a scorecard."""

    name: Name
    weight: Annotated[int, Whole(0, WEIGHTS)]
    points: Annotated[int, Whole(1, 100)] = 1
    optional: bool = True
    auto_fail: bool = False


class PartSection(Section):
    """Criteria that belong together."""

    name: Name
    criteria: Annotated[list[CriterionSection], Field(min_length=1)]


class ScorecardEntry(Section):
    """One version of a scorecard."""

    name: Name
    version: Annotated[int, Whole(1, 1_000_000)] = 1
    sections: Annotated[list[PartSection], Field(min_length=1)]

    @model_validator(mode="after")
    def _weighs_100(self) -> Self:
        criteria = [criterion for part in self.sections for criterion in part.criteria]
        weight, names = sum(one.weight for one in criteria), [one.name for one in criteria]
        faults: Faults = []
        if weight != WEIGHTS:
            faults.append((("sections",), f"the weights of all criteria sum to {weight}; they must sum to {WEIGHTS}"))
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            faults.append((("sections",), f"criterion '{twice[0]}' stands here a second time"))
        if len(criteria) > CRITERIA_MAX:
            faults.append((("sections",), f"there are {len(criteria)} criteria; at most {CRITERIA_MAX} are possible"))
        if faults:
            raise several(faults)
        return self

    def compiled(self) -> quality.Scorecard:
        """Return it as it stands in the log."""
        parts = (
            quality.ScorecardSection(part.name, tuple(quality.Criterion(**dict(one)) for one in part.criteria))
            for part in self.sections
        )
        return quality.Scorecard(self.name, self.version, tuple(parts))


class ShiftEntry(Section):
    """One entry of the schedule, its instants in ns already."""

    agent: Annotated[str, Ref("agent")]
    from_ns: int = Field(alias="from")
    to_ns: int = Field(alias="to")
    activity: Name = quality.WORK


class CaseSection(Section):
    """What holds for cases of one kind."""

    queue: Annotated[str, Ref("queue")]
    limit_ns: Annotated[int, Duration("1m", "366d")] = Field(alias="limit")
    report_to: Literal["agent", "customer", "nobody"] = "nobody"
    report_queue: Annotated[str, Ref("queue")] | None = None
    report_limit_ns: Annotated[int, Duration("1m", "366d")] = Field(default=REPORT_LIMIT_NS, alias="report_limit")
    again_after_ns: Annotated[int, Duration("1s", "30d")] = Field(default=900 * SECOND_NS, alias="again_after")
    complaint: bool = False
    display_name: str = ""


class Quality(Section):
    """Surveys, scorecards, resolution and schedules."""

    surveys: dict[SurveyWord, SurveySection] = Field(default_factory=dict)
    scorecards: list[ScorecardEntry] = Field(default_factory=list)
    window_ns: Annotated[int, Duration("1h", "90d")] = Field(default=7 * DAY_NS, alias="window")
    reason: Annotated[str, Text(r".{0,64}", "the name of an attribute")] = ""
    schedule: list[ShiftEntry] = Field(default_factory=list)
    tolerance_ns: Annotated[int, Duration("0s", "1h")] = Field(default=300 * SECOND_NS, alias="tolerance")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        faults: Faults = []
        seen: set[tuple[str, int]] = set()
        for index, card in enumerate(self.scorecards):
            if (card.name, card.version) in seen:
                text = f"version {card.version} of scorecard '{card.name}' stands here a second time"
                faults.append((("scorecards", index), text))
            seen.add((card.name, card.version))
        faults += self._schedule_faults()
        if faults:
            raise several(faults)
        return self

    def _schedule_faults(self) -> Faults:
        faults: Faults = []
        if len(self.schedule) > SHIFTS_MAX:
            faults.append((("schedule",), f"there are {len(self.schedule)} entries; at most {SHIFTS_MAX} are possible"))
        until: dict[str, tuple[int, int]] = {}
        ordered = sorted(enumerate(self.schedule), key=lambda item: (item[1].agent, item[1].from_ns))
        for index, shift in ordered:
            last_ns, other = until.get(shift.agent, (0, 0))
            if shift.to_ns <= shift.from_ns:
                faults.append((("schedule", index), "it ends before it begins"))
            elif shift.from_ns < last_ns:
                text = f"agent '{shift.agent}' does something else then; see entry {other + 1}"
                faults.append((("schedule", index), text))
            until[shift.agent] = max((last_ns, other), (shift.to_ns, index))
        return faults


def compile_quality(section: Quality, cases: dict[str, CaseSection]) -> quality.QualityPlan:
    """Return the plan as it stands in the log."""
    shifts = sorted(section.schedule, key=lambda shift: (shift.agent, shift.from_ns))
    return quality.QualityPlan(
        surveys={name: _rule(rule) for name, rule in section.surveys.items()},
        scorecards=tuple(card.compiled() for card in section.scorecards),
        window_ns=section.window_ns,
        reason=section.reason,
        schedule=tuple(quality.Shift(one.agent, one.from_ns, one.to_ns, one.activity) for one in shifts),
        tolerance_ns=section.tolerance_ns,
        cases={name: _case(kind) for name, kind in cases.items()},
    )


def _rule(rule: SurveySection) -> quality.SurveyRule:
    fields: dict[str, Any] = dict(rule)
    return quality.SurveyRule(**fields | {"queues": tuple(rule.queues)})


def _case(kind: CaseSection) -> quality.CaseKind:
    fields: dict[str, Any] = dict(kind)
    return quality.CaseKind(**fields | {"report_queue": kind.report_queue or ""})
