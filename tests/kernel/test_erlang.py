"""The formulas against the literature's numbers, and the prices against the equation that they solve."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.kernel.erlang import PATIENCE_GUESS_NS, _price_levels, expected_wait_ns, loss_rate
from engine.kernel.tables import PRICE_LEVELS, Capacity, new_tables
from engine.messages import kinds as k
from tests.kernel import naive_formulas as naive
from tests.kernel.scene import Scene

VALIDATION = Path(__file__).parents[2] / ".." / "shared" / "data" / "planning" / "validation.json"


def published(table: str) -> list[dict[str, Any]]:
    """The points of one table; none where the shared data is not there."""
    if not VALIDATION.exists():
        return []
    points: list[dict[str, Any]] = json.loads(VALIDATION.read_text())[table]
    return points


@pytest.mark.skipif(not VALIDATION.exists(), reason="needs ../shared/data/planning")
def test_abandonments_of_erlang_a() -> None:
    points = published("erlang_a")
    assert len(points) > 20
    for point in points:
        rate, mean, patience = point["lam"], point["aht"], point["patience"]
        lost = loss_rate(point["c"], rate, mean, patience)
        assert lost / rate == pytest.approx(point["pab"], rel=1e-8), point


@pytest.mark.skipif(not VALIDATION.exists(), reason="needs ../shared/data/planning")
def test_blocking_of_erlang_b_in_the_twin() -> None:
    for point in published("erlang_b"):
        assert naive.erlang_b(point["c"], point["a"]) == pytest.approx(point["B"], rel=1e-9), point


@pytest.mark.parametrize(("agents", "rate", "mean", "patience"), [(1, 0.5, 1, 1), (20, 4, 4.5, 2), (200, 60, 3, 5)])
def test_the_twin_and_the_kernel_lose_alike(agents: int, rate: float, mean: float, patience: float) -> None:
    found = loss_rate(agents, rate, mean, patience)
    assert found == pytest.approx(naive.abandonment_rate(agents, rate, mean, patience), rel=1e-12)


def relative_values(agents: int, rate: float, mean: float, patience: float, states: int) -> tuple[float, Any]:
    """Solve g = c(s) + sum over s' of q(s, s') (V(s') - V(s)) with V(0) = 0; return (g, V)."""
    system, costs = np.zeros((states + 1, states + 1)), np.zeros(states + 1)
    for s in range(states + 1):
        up = rate if s < states else 0.0
        down = min(s, agents) / mean + max(s - agents, 0) / patience
        system[s, s] -= up + down
        if s < states:
            system[s, s + 1] += up
        if s:
            system[s, s - 1] += down
        costs[s] = max(s - agents, 0) / patience
    system[:, 0] = -1.0  # V(0) is 0, so its column has room for g
    solved = np.linalg.solve(system, -costs)
    g, values = solved[0], solved.copy()
    values[0] = 0.0
    return float(g), values


@pytest.mark.parametrize(
    ("agents", "load", "patience_s", "value"),
    [(1, 0.5, 60.0, 1.0), (3, 3.2, 120.0, 1.0), (8, 6.0, 30.0, 2.5), (12, 14.0, 300.0, 0.5)],
)
def test_prices_solve_the_poisson_equation(agents: int, load: float, patience_s: float, value: float) -> None:
    mean_s, t = 180.0, new_tables(Capacity(contacts=2, agents=1, queues=1, lines=1, requirements=1, intervals=1))
    t.queues["waited_ns"] = patience_s * 1e9 - PATIENCE_GUESS_NS
    rate = load / mean_s
    _price_levels(t, 0, agents, rate / 1e9, mean_s * 1e9, value)
    lost, values = relative_values(agents, rate, mean_s, patience_s, agents + 400)
    assert loss_rate(agents, rate, mean_s, patience_s) == pytest.approx(lost, rel=1e-6)
    for idle in range(1, min(agents + 1, PRICE_LEVELS)):
        busy = agents - idle
        assert t.prices[0, idle] == pytest.approx(value * (values[busy + 1] - values[busy]), rel=1e-5)
    assert (np.diff(t.prices[0, 1 : agents + 1]) < 0).all(), "the fewer are idle, the dearer each is"


def test_a_queue_without_traffic_or_agents_has_no_price() -> None:
    t = new_tables(Capacity(contacts=2, agents=1, queues=1, lines=1, requirements=1, intervals=1))
    t.prices[:] = 7.0
    _price_levels(t, 0, 0, 1e-9, 1e9, 1.0)
    assert not t.prices.any()
    _price_levels(t, 0, 3, 0.0, 1e9, 1.0)
    assert not t.prices.any()


def test_expected_waits_are_quantiles_of_what_is_ahead() -> None:
    scene = Scene(agents=4, queues=1)
    for _ in range(4):
        scene.talk()
    waits = [expected_wait_ns(scene.tables, 0, ahead, 0.0) for ahead in range(5)]
    assert waits == sorted(waits)
    assert waits[0] < expected_wait_ns(scene.tables, 0, 0, 1.2815515655446004)
    # The median of the first departure of four exponential talks of mean m is m ln 2 / 4.
    mean_ns = naive.HANDLE_GUESS_NS
    assert waits[0] == pytest.approx(mean_ns * np.log(2) / 4, rel=0.03)
    for agent in range(4):
        scene.status(agent, k.STATUS_PAUSED)
    assert expected_wait_ns(scene.tables, 0, 0, 0.0) == -1
