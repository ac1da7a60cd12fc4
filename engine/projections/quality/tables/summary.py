"""Quality of several queues together over one window: what a wallboard shows."""

from collections.abc import Collection, Sequence

import msgspec

from engine.projections.quality.columns.cells import Columns
from engine.projections.quality.folding.taken import Taken, whole_from_ns
from engine.projections.quality.subjects import evaluations
from engine.projections.quality.subjects.adherence import Adherence
from engine.projections.quality.subjects.evaluations import EvaluationFigures, evaluation_figures
from engine.projections.quality.subjects.resolution import ResolutionFigures, resolution_figures
from engine.projections.quality.subjects.surveys import SurveyFigures, survey_figures


class AdherenceSum(msgspec.Struct, frozen=True):
    """The agents who had a schedule, together."""

    agents: int
    scheduled_s: float
    adherent_s: float
    adherence: float | None
    """adherent / scheduled; null: nothing was scheduled."""
    conformance: float | None
    late: int
    """Turns that began late, beyond the tolerance."""
    left_early: int
    absent: int


class QualitySummary(msgspec.Struct, frozen=True):
    """Figures of one window."""

    from_ns: int
    to_ns: int
    whole_from_ns: int
    """From here on everything is told: later than `from_ns` where so much was counted that older intervals were
    merged."""
    surveys: list[SurveyFigures]
    evaluations: EvaluationFigures | None
    """By all scorecards; null: nobody was judged."""
    resolution: ResolutionFigures


def quality_summary(
    found: Taken, queues: Collection[int] | None, apart: Collection[int], from_ns: int, to_ns: int, now_ns: int
) -> QualitySummary:
    """Return the figures of these queues, of None: of all, in the intervals that begin in [from_ns, to_ns).

    Those `apart`, in which no customer waits, count for nothing.
    """

    def chosen(cells: Columns) -> Columns:
        return (cells if queues is None else cells.of_queues(queues)).without(apart)

    asked = [survey_figures(kind, chosen(cells).total()) for kind, cells in found.surveys.items()]
    judged = [0] * evaluations.WIDTH
    for cells in found.evaluations.values():
        judged = [a + b for a, b in zip(judged, chosen(cells).total(), strict=True)]
    flow = chosen(found.flow)
    mature = flow.chosen(flow.start_ns < found.mature_before_ns(now_ns))
    return QualitySummary(
        from_ns,
        to_ns,
        whole_from_ns(found, from_ns),
        [one for one in asked if one.requested or sum(one.scores)],
        evaluation_figures("", judged) if judged[evaluations.COUNT] else None,
        resolution_figures(flow.total(), mature.total(), found.plan.window_ns),
    )


def adherence_sum(agents: Sequence[Adherence]) -> AdherenceSum:
    """Return what these agents did against their schedules, together."""
    scheduled_s, adherent_s = sum(one.scheduled_s for one in agents), sum(one.adherent_s for one in agents)
    work_s, worked_s = sum(one.work_scheduled_s for one in agents), sum(one.worked_s for one in agents)
    turns = [turn for one in agents for turn in one.attendance]
    return AdherenceSum(
        agents=len(agents),
        scheduled_s=scheduled_s,
        adherent_s=adherent_s,
        adherence=round(adherent_s / scheduled_s, 4) if scheduled_s else None,
        conformance=round(worked_s / work_s, 4) if work_s else None,
        late=sum(turn.late_s > 0 for turn in turns),
        left_early=sum(turn.left_early_s > 0 for turn in turns),
        absent=sum(turn.absent for turn in turns),
    )
