"""Loads of a day against its differential equation, agents an interval against the formulas, and pools of queues."""

import math

import numpy as np
import pytest

from engine.errors import TrunklineError
from simulations import queueing as q
from simulations.staffing import Bounds, able_of, cover, offered_loads, pooled_requirements, pools, requirements

DAY = np.array([20.0, 60.0, 150.0, 240.0, 180.0, 90.0, 30.0, 0.0])
"""Contacts in half hours."""


def test_a_steady_day_is_the_same_by_all_methods() -> None:
    for method in ("stationary", "lagged", "offered_load"):
        loads = offered_loads(np.full(6, 90.0), 400.0, method=method, rate_before_per_h=180.0)
        assert loads == pytest.approx(np.full(6, 20.0))


def test_loads_solve_the_equation_of_agents_without_end() -> None:
    handle_s, steps = 1200.0, 20_000
    wanted, busy = [], 0.0
    for arrivals in DAY:
        summed = 0.0
        for _ in range(steps):
            middle = busy + 0.5 * (1800.0 / steps) * (arrivals / 1800.0 - busy / handle_s)
            summed += middle
            busy += (1800.0 / steps) * (arrivals / 1800.0 - middle / handle_s)
        wanted.append(summed / steps)
    assert offered_loads(DAY, handle_s) == pytest.approx(wanted, rel=1e-6)
    assert offered_loads(np.stack([DAY, 2 * DAY]), handle_s)[1] == pytest.approx(2 * np.array(wanted), rel=1e-6)


def test_lagged_loads_are_those_of_one_handling_time_before() -> None:
    loads = offered_loads(DAY, 900.0, method="lagged", rate_before_per_h=8.0)
    shifted = (np.concatenate(([4.0], DAY[:-1])) + DAY) / 2
    assert loads == pytest.approx(shifted / 1800.0 * 900.0)
    still = offered_loads(DAY, 1.0, method="stationary")
    assert offered_loads(DAY, 1.0, method="lagged") == pytest.approx(still, rel=2e-3, abs=1e-4)


def test_agents_of_each_interval_are_the_fewest() -> None:
    found = requirements(DAY, 300.0, patience=180.0, method="stationary", shrinkage=0.3, bounds=Bounds(0.8, 20.0))
    alone = [q.agents_for(count * 2, 300.0, patience=180.0, service_level=0.8) for count in DAY[:-1]]
    assert found.agents.tolist() == [*alone, 0]
    assert found.agents_with_shrinkage.tolist() == [math.ceil(agents / 0.7 - 1e-9) for agents in found.agents]
    assert (found.figures.service_level_offered[:-1] >= 0.8).all()
    assert np.isnan(found.figures.p_wait[-1])
    law = requirements(DAY, 300.0, patience=q.exponential(180.0), method="stationary")
    assert (law.agents == found.agents).all()


def test_long_calls_need_their_agents_later() -> None:
    now, later = (requirements(DAY, 1500.0, patience=300.0, method=m) for m in ("stationary", "offered_load"))
    assert now.agents[1] > later.agents[1]
    assert now.agents[5] < later.agents[5]
    assert later.agents[7] == round(later.load_erlangs[7]) > 0, "nobody comes, but some still talk"


def test_bounds_besides_the_service_level() -> None:
    loose = requirements(DAY, 300.0, patience=180.0)
    for bounds in (Bounds(p_abandon=0.005), Bounds(occupancy=0.7), Bounds(asa_s=1.0)):
        tight = requirements(DAY, 300.0, patience=180.0, bounds=bounds)
        assert (tight.agents >= loose.agents).all()
        assert (tight.agents > loose.agents).any()
    assert (requirements(DAY, 300.0, patience=180.0, fewest=12).agents[:-1] >= 12).all()


SKILLS = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]], bool)


def test_only_queues_that_share_agents_are_pooled() -> None:
    sets = pools(SKILLS)
    assert sets.astype(int).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 1, 1]]
    assert able_of(sets, SKILLS).tolist() == [[1, 0, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1], [1, 1, 1, 0], [1, 1, 1, 1]]


def test_a_pool_needs_what_its_common_queue_needs() -> None:
    arrivals, sets = np.array([[60.0, 90.0], [40.0, 10.0], [30.0, 30.0]]), pools(SKILLS)
    found = pooled_requirements(sets, arrivals, 300.0, patience_s=[180.0, 90.0, 60.0], method="stationary")
    alone = requirements(arrivals[0], 300.0, patience=180.0, method="stationary").agents
    assert found[0].tolist() == alone.tolist()
    patience_s = 1 / (0.6 / 180 + 0.4 / 90)
    assert found[3, 0] == q.agents_for(200.0, 300.0, patience=patience_s, service_level=0.8)
    assert (found[3] <= found[0] + found[1]).all()
    staffed = cover(found, np.eye(2), np.array([[1.0], [1.0], [1.2], [1.0]]) * np.ones(2), able=able_of(sets, SKILLS))
    assert (able_of(sets, SKILLS) @ staffed.on_duty >= found).all()
    assert staffed.counts[2].sum() > 0, "who can do both is worth a fifth more"


def test_pools_of_queues_with_different_bounds() -> None:
    arrivals, sets = np.full((3, 2), 60.0), pools(SKILLS)
    bounds = [Bounds(0.9, 10.0), Bounds(0.7, 60.0), Bounds(None, p_abandon=0.05)]
    found = pooled_requirements(sets, arrivals, 300.0, patience_s=120.0, bounds=bounds, method="stationary")
    pooled = q.agents_for(240.0, 300.0, patience=120.0, service_level=0.8, within_s=60.0)
    assert found[3, 0] == pooled
    assert found[4, 0] >= 1


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: offered_loads(DAY, 300.0, method="guess"), "method is 'guess'"),
        (lambda: offered_loads(-DAY, 300.0), "arrivals must be"),
        (lambda: offered_loads(DAY, 0.0), "handle_s must be"),
        (lambda: offered_loads(DAY, 300.0, interval_s=0.0), "interval_s is 0"),
        (lambda: requirements(DAY, 300.0, shrinkage=1.0), "shrinkage"),
        (lambda: pools([[1, 0]]), "no group serves queue 1"),
        (lambda: pooled_requirements(pools(SKILLS), np.ones((3, 1)), 9.0, bounds=[Bounds()]), "1 bounds for 3"),
    ],
)
def test_questions_that_make_no_sense(ask: object, words: str) -> None:
    with pytest.raises(TrunklineError, match=words):
        ask()  # type: ignore[operator]
