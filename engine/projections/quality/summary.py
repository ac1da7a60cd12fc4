"""Quality of several queues together over one window: what a wallboard shows."""

from collections.abc import Collection, Sequence

import msgspec

from engine.projections.quality import evaluations, resolution, surveys
from engine.projections.quality.adherence import Adherence
from engine.projections.quality.cells import Cells
from engine.projections.quality.evaluations import EvaluationFigures, evaluation_figures
from engine.projections.quality.folded import Folded
from engine.projections.quality.resolution import ResolutionFigures, resolution_figures
from engine.projections.quality.surveys import SurveyFigures, survey_figures


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
    surveys: list[SurveyFigures]
    evaluations: EvaluationFigures | None
    """By all scorecards; null: nobody was judged."""
    resolution: ResolutionFigures


def quality_summary(
    state: Folded, queues: Collection[int] | None, from_ns: int, to_ns: int, now_ns: int
) -> QualitySummary:
    """Return the figures of these queues, of None: of all, in the intervals that begin in [from_ns, to_ns)."""
    mature_before_ns = now_ns - state.plan.window_ns - state.interval_ns + 1
    asked = [
        survey_figures(kind, _total(cells, surveys.WIDTH, queues, from_ns, to_ns))
        for kind, cells in state.surveys.cells.items()
    ]
    judged = [0] * evaluations.WIDTH
    for cells in state.evaluations.cells.values():
        judged = [a + b for a, b in zip(judged, _total(cells, evaluations.WIDTH, queues, from_ns, to_ns), strict=True)]
    flow = _total(state.flow, resolution.WIDTH, queues, from_ns, to_ns)
    mature = _total(state.flow, resolution.WIDTH, queues, from_ns, min(to_ns, mature_before_ns))
    return QualitySummary(
        from_ns,
        to_ns,
        [one for one in asked if one.requested or sum(one.scores)],
        evaluation_figures("", judged) if judged[evaluations.COUNT] else None,
        resolution_figures(flow, mature, state.plan.window_ns),
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


def _total(cells: Cells, width: int, queues: Collection[int] | None, from_ns: int, to_ns: int) -> list[int]:
    found = [0] * width
    for key, counts in cells.between(from_ns, to_ns):
        if queues is None or key.queue in queues:
            for column, count in enumerate(counts):
                found[column] += count
    return found
