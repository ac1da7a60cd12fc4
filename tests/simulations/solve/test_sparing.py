"""The end of the search for shifts: none is left that a plan can do without."""

from typing import Any

import numpy as np
import pytest

from simulations.experiment.simulate import simulate
from simulations.scenario.scenario import Scenario
from simulations.solve.goals import Question, goals_of
from simulations.solve.schedule import Scheduler
from simulations.solve.solve import solve
from simulations.solve.sparing import spared
from simulations.solve.staffed import on_shifts
from simulations.solve.timetable import parse_shift
from simulations.solve.told import told
from simulations.solve.trials import Trial

WORKS = np.array([[1, 1, 1, 0, 0, 0, 0, 0.0], [0, 0, 0, 0, 0, 1, 1, 1], [0, 1, 1, 1, 0, 0, 0, 0]])
NEEDS = np.array([[1, 2, 2, 1, 0, 1, 1, 1.0]])


class Played:
    """Agents at work are enough where there are as many as are needed."""

    def __init__(self) -> None:
        self.trials = 0

    def __call__(self, counts: Any) -> Trial:
        self.trials += 1
        steps = NEEDS - counts @ WORKS
        return Trial(None, steps, np.zeros(steps.shape), np.zeros(steps.shape))  # type: ignore[arg-type]


def test_whatever_shift_can_be_spared_goes() -> None:
    play = Played()
    begin = np.array([[4, 3, 2]])
    counts, trial = spared(begin, play(begin), play, WORKS, np.ones((1, 3)), np.ones((1, 1)))
    assert counts.tolist() == [[1, 1, 1]]
    assert not trial.missed.any()
    assert begin.tolist() == [[4, 3, 2]]


def test_shifts_that_are_far_apart_are_tried_together() -> None:
    play = Played()
    begin = np.array([[2, 2, 1]])
    spared(begin, play(begin), play, WORKS, np.ones((1, 3)), np.ones((1, 1)))
    assert play.trials <= 5


@pytest.mark.timeout(600)  # the first of them may compile the world
def test_no_shift_of_a_plan_can_be_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = {
        "name": "day",
        "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 14:00", "interval": "30m", "warm_up": "30m"},
        "queues": {
            "sales": {
                "service_level": "80% in 20s",
                "arrivals": {"volumes": [20, 30, 45, 60, 70, 60, 50, 40, 40, 30, 30, 20]},
                "handle": {"talk": "exponential(4m)"},
                "patience": "exponential(3m)",
                "agents": 1,
            }
        },
        "experiment": {"replications": 20, "seed": 5},
    }
    scenario = Scenario.of(raw)
    covered = Scheduler._cover

    def too_many(self: Scheduler, *asked: Any) -> Any:
        """A cover with two shifts more than it takes."""
        plan = covered(self, *asked)
        counts = plan.counts + 2 * (plan.counts == plan.counts.max())
        return plan._replace(counts=counts, on_duty=counts @ self._table.works, cost=plan.cost + 1.0)

    monkeypatch.setattr(Scheduler, "_cover", too_many)
    shifts = (parse_shift("3h@8:00-11:00/30m@1h-2h"),)
    found = solve(scenario, Question(goals_of(scenario.file, {}, {}), shifts=shifts, p_block=None))
    plan = found.scheduled
    assert plan is not None
    assert plan.kept
    said = told(found)
    assert plan.is_spared
    assert said["shifts_spared"]
    assert said["shifts_gap"] is None, "the bound was that of the cover, two shifts more"
    assert not plan.plan.optimal
    (entries,) = plan.shifts
    for place, entry in enumerate(entries):
        fewer = [entry | {"count": entry["count"] - (number == place)} for number, entry in enumerate(entries)]
        scene = on_shifts(found.scenario, [[one for one in fewer if one["count"]]])
        result = simulate(scene, found.replications, found.seed)
        assert (result.by_queue("staffed_level").value < 0.8).any(), entry
