"""Results: what is asked of one queue agrees with what is asked of all of them, and every share is one."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulations.experiment import simulate as simulate_module
from simulations.experiment.figures import FIGURES
from simulations.experiment.result import Result
from simulations.experiment.simulate import simulate
from simulations.experiment.summary import summary
from simulations.queueing import erlang_c
from simulations.scenario.scenario import Scenario
from tests.simulations.scenes import single_queue

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
TWO: dict[str, Any] = {
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 12:00", "interval": "30m"},
    "queues": {
        name: {
            "arrivals": {"rate": rate},
            "handle": {"talk": "exponential(3m)"},
            "patience": {"distribution": "exponential(2m)", "balk": "10%"},
            "transfers": {"share": "10%", "to": other},
            "max_length": 4,
            "agents": agents,
        }
        for name, other, rate, agents in (("sales", "help", "2/min", 6), ("help", "sales", "30/h", 2))
    },
    "experiment": {"replications": 7, "seed": 3},
}


@pytest.fixture(scope="module")
def two() -> Result:
    return simulate(Scenario.of(TWO))


def test_of_one_queue_alone_who_waits_is_what_it_is_of_all() -> None:
    scenario = single_queue(1, 0.7, "exponential(1m)", contacts=4000)
    result = simulate(scenario, 8, 1)
    of_all, of_queue = result.estimate("p_wait"), result.estimate("p_wait", "q")
    assert (of_queue.value, of_queue.low, of_queue.high) == (of_all.value, of_all.low, of_all.high)
    assert of_queue.low - 0.01 < erlang_c(42, 60, 1).p_wait < of_queue.high + 0.01


def test_who_waits_in_all_is_the_mean_over_the_queues_by_what_came(two: Result) -> None:
    offered = two.tallies[..., 0].sum(axis=(0, 2))
    of_queues = [two.estimate("p_wait", name).value for name in two.queues]
    assert two.estimate("p_wait").value == pytest.approx(np.average(of_queues, weights=offered))
    by_interval = two.estimate("p_wait", "help", by_interval=True)
    weights = two.tallies[:, two.queues.index("help"), :, 0].sum(axis=0)
    assert by_interval.value.shape == by_interval.low.shape == (8,)
    assert np.average(by_interval.value, weights=weights) == pytest.approx(of_queues[1])


def test_every_share_is_one(two: Result) -> None:
    told = summary(two)
    shares = ["p_wait", *(name for name, figure in FIGURES.items() if figure.unit == "share")]
    for place in (told["all"], *told["queues"].values()):
        for name in shares:
            assert 0.0 <= place[name]["value"] <= 1.0, name
            assert place[name]["low"] <= place[name]["value"] <= place[name]["high"], name


def test_compiling_counts_neither_as_speed_nor_as_a_replication(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, told = [0.0], list[tuple[int, int]]()

    def compiled() -> None:
        assert not told, "as long as nothing is told, the bar says that it compiles"
        clock[0] += 60.0

    monkeypatch.setattr(simulate_module, "warm", compiled)
    monkeypatch.setattr(simulate_module, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    found = simulate(Scenario.of(TWO), 2, progress=lambda *now: told.append(now))
    assert found.elapsed_s == 0.0
    assert told == [(0, 2), (1, 2), (2, 2)]
