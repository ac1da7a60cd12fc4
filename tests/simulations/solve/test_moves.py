"""Agents move to where they lack: what a move does is learnt, and moves make a staffing cheaper or enough."""

from typing import Any

import numpy as np
import pytest

from simulations.scenario.scenario import Scenario
from simulations.solve.demand import Demand, asked_of, demand_of, steps_to
from simulations.solve.effects import Effects
from simulations.solve.goals import Goal
from simulations.solve.moves import Aim, changes, improved

HALF_HOURS = 6
TWO: dict[str, Any] = {
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 11:00", "interval": "30m"},
    "queues": {
        name: {
            "arrivals": {"rate": "2/min"},
            "handle": {"talk": "exponential(4m)"},
            "patience": "exponential(3m)",
            "skills": {name: 1},
        }
        for name in ("north", "south", "own")
    },
    "agents": [
        {"group": "n", "count": 9, "skills": {"north": 1}},
        {"group": "s", "count": 9, "skills": {"south": 1}},
        {"group": "o", "count": 9, "skills": {"own": 1}},
        {"group": "ns", "count": 3, "skills": {"north": 1, "south": 1}},
    ],
}
GOALS = [Goal(0.8, 20.0, 0.05)] * 3
PRICES = np.array([1.0, 1.0, 1.0, 1.01])
AIM = Aim(PRICES, np.full((4, HALF_HOURS), 1e6), 3.0, 0.2)
WEIGHTS = np.array([[1.0, 0.1, 0.0, 0.7], [0.1, 1.0, 0.0, 0.7], [0.0, 0.0, 1.0, 0.0]])
STAFFING = np.tile(np.array([[9], [9], [9], [3]]), HALF_HOURS)


def demand() -> Demand:
    return demand_of(Scenario.of(TWO), GOALS)


def after(lacking: list[float], room: float = 9.0, aim: Aim = AIM, weights: Any = WEIGHTS) -> Any:
    """The staffing of the first interval, after moves, when queues lack so much there."""
    missing = np.zeros((3, HALF_HOURS)) + np.array(lacking)[:, None]
    found = improved(STAFFING, missing, weights, changes(demand().serves), np.full(STAFFING.shape, room), aim)
    assert (found == found[:, :1]).all(), "each interval by itself, and all were alike"
    return found[:, 0]


def test_what_an_agent_does_is_learnt_from_changes() -> None:
    effects, draw = Effects(demand()), np.random.default_rng(3)
    assert effects.weights == pytest.approx(np.array([[1, 0, 0, 0.55], [0, 1, 0, 0.55], [0, 0, 1, 0]]))
    for _ in range(40):
        moved = draw.integers(-3, 4, (4, HALF_HOURS)).astype(float)
        gained = WEIGHTS @ moved
        gained[1, 2] = np.nan
        effects.learn(moved, gained)
    assert effects.weights == pytest.approx(WEIGHTS, abs=0.05)
    assert (effects.weights[2, [0, 1, 3]] == 0.0).all(), "who shares nothing does nothing for the other"


def test_agents_come_where_they_lack_and_go_where_they_are_spare() -> None:
    assert after([0.0, 0.0, 1.2]).tolist() == [9, 9, 10, 3]
    assert after([0.0, 0.0, -2.5]).tolist() == [9, 9, 7, 3]
    found = after([-3.0, 3.0, -1.0])
    assert found[2] == 8
    assert (WEIGHTS @ (found - STAFFING[:, 0]))[1] > 2.5
    assert found[:2].sum() + found[3] <= 21, "who serves both, or nobody, takes the place of those to spare"


def test_room_and_ceilings_are_kept() -> None:
    assert (np.abs(after([5.0, -5.0, 5.0], room=1.0) - STAFFING[:, 0]) <= 1).all()
    least = after([5.0, 5.0, 5.0], aim=AIM._replace(most=np.tile([[9.0], [9.0], [9.0], [4.0]], HALF_HOURS)))
    assert least.tolist() == [9, 9, 9, 4]
    assert (after([-99.0, -99.0, -99.0], room=99.0) == 0).all()


def test_those_who_serve_two_are_taken_unless_they_are_dear() -> None:
    both = after([3.0, 3.0, 0.0])
    dear = after([3.0, 3.0, 0.0], aim=AIM._replace(prices=np.array([1.0, 1.0, 1.0, 2.5])))
    assert both[3] > dear[3]
    assert both.sum() < dear.sum()


def test_steps_lie_between_whole_agents() -> None:
    levels = np.full((3, HALF_HOURS), np.nan)
    levels[0] = np.linspace(0.70, 0.90, HALF_HOURS)
    found = steps_to(demand(), asked_of(GOALS, levels.shape), levels, np.zeros(levels.shape))
    assert (np.diff(found[0]) < 0.0).all()
    assert ((found[0] > 0.0) == (levels[0] < 0.8)).all()
    assert np.isneginf(found[1:]).all()
    asked = asked_of(GOALS, levels.shape)
    lost = steps_to(demand(), asked, np.full(levels.shape, 0.99), np.full(levels.shape, 0.08))
    assert (lost > 0.0).all()
