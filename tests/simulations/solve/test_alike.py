"""Which intervals count as alike, and that what they came to is taken together."""

import numpy as np

from simulations.experiment.simulate import simulate
from simulations.scenario.scenario import Scenario
from simulations.solve.alike import alike, pooled
from simulations.solve.demand import demand_of
from simulations.solve.goals import goals_of

VOLUMES = {"north": [60, 60, 60, 60.2, 90, 90], "south": [20, 20, 30, 30, 30, 30], "own": [40, 40, 40, 40, 40, 40]}
RAW = {
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 11:00", "interval": "30m"},
    "queues": {
        name: {
            "arrivals": {"volumes": volumes},
            "handle": {"talk": "exponential(4m)"},
            "patience": "exponential(3m)",
            "skills": {name: 1},
        }
        for name, volumes in VOLUMES.items()
    },
    "agents": [
        {"group": "n", "count": 12, "skills": {"north": 1}},
        {"group": "ns", "staffing": [6, 6, 6, 6, 6, 5], "skills": {"north": 1, "south": 1}},
        {"group": "o", "staffing": [7, 7, 7, 6, 7, 7], "skills": {"own": 1}},
    ],
}


def test_intervals_are_alike_by_volumes_agents_and_what_came_before() -> None:
    scenario = Scenario.of(RAW)
    demand = demand_of(scenario, list(goals_of(scenario.file, {}, {}).values()))
    at_work = np.array([[12.0] * 6, [6, 6, 6, 6, 6, 5], [7, 7, 7, 6, 7, 7]])
    classes = alike(demand, at_work, warm=False)
    # Who shares agents: the second and the third differ by what comes to the south, the fourth is like none, too.
    assert (classes[0] == classes[1]).all()
    assert len(set(classes[0])) == 6
    # Who has agents of their own: the fourth has fewer, so the fifth follows another one.
    assert [classes[2][1] == other for other in classes[2]] == [False, True, True, False, False, True]
    warm = alike(demand, at_work, warm=True)
    assert [warm[2][1] == other for other in warm[2]] == [True, True, True, False, False, True]


def test_alike_intervals_have_one_figure() -> None:
    result = simulate(Scenario.of(RAW), 4)
    classes = np.array([[0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5], [0, 1, 1, 2, 3, 1]])
    found, single = pooled(result, "service_level", classes), result.by_queue("service_level").value
    assert np.allclose(found[:2], single[:2])
    assert found[2, 1] == found[2, 2] == found[2, 5]
    assert single[2, [1, 2, 5]].min() < found[2, 1] < single[2, [1, 2, 5]].max()


def test_intervals_in_which_nobody_is_there_are_like_no_other() -> None:
    """Who comes in the first of them waits longest for whoever comes then."""
    scenario = Scenario.of(RAW)
    demand = demand_of(scenario, list(goals_of(scenario.file, {}, {}).values()))
    at_work = np.array([[12.0] * 6, [6, 6, 6, 6, 6, 6], [0, 0, 0, 7, 7, 7]])
    own = alike(demand, at_work, warm=False)[2]
    assert [own[4] == other for other in own] == [False, False, False, False, True, True]
    assert len(set(own[:4])) == 4
