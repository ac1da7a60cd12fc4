"""The counters of quality as they were at one moment: copied under the lock, reckoned with outside it."""

import msgspec

from engine.model.quality import QualityPlan
from engine.projections.quality.columns.cells import LUMP_NS, Cells, Columns
from engine.projections.quality.folding.folded import Folded


class Taken(msgspec.Struct, frozen=True):
    """Cells of the intervals that start in a window."""

    as_of: int
    plan: QualityPlan
    interval_ns: int
    flow: Columns
    surveys: dict[str, Columns]
    """By kind."""
    evaluations: dict[str, Columns]
    """By scorecard."""
    flow_floor_ns: int
    """Intervals that start before are not told apart any more."""
    surveys_floor_ns: int

    def mature_before_ns(self, now_ns: int) -> int:
        """Return before when an interval must start for all its contacts to be judged."""
        return now_ns - self.plan.window_ns - self.interval_ns + 1


def taken(state: Folded, from_ns: int, to_ns: int) -> Taken:
    """Copy the cells of the intervals that start in [from_ns, to_ns)."""
    return Taken(
        as_of=state.as_of,
        plan=state.plan,
        interval_ns=state.interval_ns,
        flow=state.flow.columns(from_ns, to_ns),
        surveys={kind: cells.columns(from_ns, to_ns) for kind, cells in state.surveys.cells.items()},
        evaluations={card: cells.columns(from_ns, to_ns) for card, cells in state.evaluations.cells.items()},
        flow_floor_ns=state.flow.floor_ns,
        surveys_floor_ns=_floor_ns([*state.surveys.cells.values(), *state.evaluations.cells.values()]),
    )


def whole_from_ns(found: Taken, from_ns: int) -> int:
    """Return from when on a window that begins at `from_ns` is whole; with the lump of the old it all is."""
    return from_ns if from_ns <= LUMP_NS else max(from_ns, found.flow_floor_ns, found.surveys_floor_ns)


def _floor_ns(all_cells: list[Cells]) -> int:
    return max((cells.floor_ns for cells in all_cells), default=0)
