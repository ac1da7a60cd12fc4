"""The simulator against exact values: within the limits of confidence, over a grid of single queues and trunk groups.

Limits are those of 99.99 %, so that of some hundred comparisons none fails by chance; seeds are fixed anyway.
"""

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulations.experiment.estimates import Estimate, ratio
from simulations.experiment.result import Result
from simulations.experiment.simulate import simulate
from simulations.scenario.scenario import Scenario
from tests.simulations.scenes import single_queue

DATA = Path(__file__).parents[2] / ".." / "shared" / "data" / "planning"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not DATA.exists(), reason="the exact values are not there (../shared/data/planning)"),
]
CONFIDENCE = 0.9999
MINUTE_S = 60.0


@functools.cache
def points() -> dict[str, Any]:
    return dict(json.loads((DATA / "validation.json").read_text())) if DATA.exists() else {}


def _name(point: dict[str, Any]) -> str:
    return "-".join(
        f"{point[key]}" for key in ("c", "C", "lam", "patience", "patience_dist", "a1", "r") if key in point
    )


def exactly(kind: str, *wanted: int) -> pytest.MarkDecorator:
    """Some points of a kind, by number."""
    found = points().get(kind, [])
    return pytest.mark.parametrize("point", [found[number] for number in wanted if number < len(found)], ids=_name)


def played(scenario: Scenario, replications: int = 30, seed: int = 3) -> Result:
    result = simulate(scenario, replications, seed)
    return Result(result.model, result.seed, CONFIDENCE, result.played)


def holds(estimate: Estimate, exact: float, what: str) -> None:
    assert estimate.low - 1e-6 <= exact <= estimate.high + 1e-6, (
        f"{what}: {estimate.low} to {estimate.high}, exactly {exact}"
    )
    assert estimate.half_width <= max(0.5 * exact, 0.02), f"{what}: {estimate} says too little"


def p_wait(result: Result) -> Estimate:
    """The share of those who entered that was not answered at once."""
    entered = result.count("offered").sum(axis=(1, 2))
    return ratio(entered - result.waits[..., 0].sum(axis=(1, 2)), entered, CONFIDENCE)


def wait_of_all(result: Result) -> Estimate:
    """The mean wait of those who entered, min."""
    found = result.estimate("wait_s")
    return Estimate(*(np.array(value) / MINUTE_S for value in (found.value, found.low, found.high)))


def threshold(point: dict[str, float]) -> str:
    return f"80% in {seconds(point['T'])}"


def seconds(minutes: float) -> str:
    return f"{minutes * MINUTE_S:.6f}s"


@exactly("erlang_a", 0, 1, 2, 4, 5, 7, 9, 11, 13, 16, 23, 25, 26)
def test_erlang_a(point: dict[str, float]) -> None:
    talk, patience = f"exponential({seconds(point['aht'])})", f"exponential({seconds(point['patience'])})"
    scenario = single_queue(int(point["c"]), point["lam"], talk, patience, service_level=threshold(point))
    result = played(scenario)
    holds(result.estimate("abandon_rate"), point["pab"], "abandoned")
    holds(p_wait(result), point["pwait"], "have to wait")
    holds(wait_of_all(result), point["asa_all"], "mean wait")
    holds(result.estimate("service_level_all"), point["sl_served_in_T"], "served in time")


@exactly("erlang_c", 0, 1, 2, 3, 4, 7)
def test_erlang_c(point: dict[str, float]) -> None:
    talk = f"exponential({seconds(point['aht'])})"
    scenario = single_queue(int(point["c"]), point["lam"], talk, contacts=40_000, service_level=threshold(point))
    result = played(scenario)
    holds(p_wait(result), point["pwait"], "have to wait")
    holds(wait_of_all(result), point["asa"], "mean wait")
    holds(result.estimate("service_level"), point["sl"], "service level")


@exactly("mmcG", 0, 1, 2, 3, 4, 5)
def test_any_patience(point: dict[str, Any]) -> None:
    mean = seconds(point["patience_mean"])
    patience = {"D": mean, "E2": f"erlang({mean}, 2)", "H2": _balanced(mean)}[point["patience_dist"]]
    result = played(single_queue(int(point["c"]), point["lam"], f"exponential({seconds(point['aht'])})", patience))
    holds(result.estimate("abandon_rate"), point["pab"], "abandoned")
    holds(p_wait(result), point["pwait"], "have to wait")


def _balanced(mean: str) -> str:
    return f"hyperexponential({mean}, 2)"


@pytest.mark.parametrize(("channels", "load"), [(1, 1.0), (10, 5.0), (30, 30.0), (100, 150.0)])
def test_erlang_b(channels: int, load: float) -> None:
    blocked = 1.0
    for servers in range(1, channels + 1):
        blocked = load * blocked / (servers + load * blocked)
    scenario = single_queue(channels, load / 3.0, "exponential(3m)", contacts=20_000)
    raw = scenario.raw | {"trunk_groups": {"main": {"channels": channels}}}
    raw["queues"] = {"q": raw["queues"]["q"] | {"trunk_groups": ["main"]}}
    result = played(Scenario.of(raw))
    holds(result.estimate("blocked_rate"), blocked, "blocked")


@exactly("trunk_reservation_loss", 1, 2, 5)
def test_trunk_reservation(point: dict[str, float]) -> None:
    scenario = single_queue(int(point["C"]), point["a1"] / 3.0, "exponential(3m)", contacts=20_000)
    queue = scenario.raw["queues"]["q"] | {"trunk_groups": ["main"]}
    other = queue | {"arrivals": {"rate": f"{point['a2'] / 3.0:.12f}/min"}, "agents": 0}
    queue |= {"protected": True}
    del queue["agents"], other["agents"]
    raw = scenario.raw | {
        "trunk_groups": {"main": {"channels": int(point["C"]), "reserve": int(point["r"])}},
        "queues": {"first": queue, "second": other},
        "agents": [{"group": "all", "count": int(point["C"])}],
    }
    result = played(Scenario.of(raw))
    holds(result.estimate("blocked_rate", "first"), point["B1"], "protected calls blocked")
    holds(result.estimate("blocked_rate", "second"), point["B2"], "other calls blocked")


@exactly("priority_mmc", 0, 1)
def test_priorities(point: dict[str, Any]) -> None:
    handle = {"talk": f"exponential({seconds(point['aht'])})"}
    rates = point["lam"]
    scenario = single_queue(int(point["c"]), sum(rates), handle["talk"], contacts=60_000)
    raw = scenario.raw | {
        "queues": {
            f"class{number}": {
                "arrivals": {"rate": f"{rate}/min"},
                "handle": handle,
                "strategy": "longest-idle",
                # What is of a higher class is ahead of all others by more than anybody waits.
                "head_start": f"{(len(rates) - number) * 12}h",
            }
            for number, rate in enumerate(rates)
        },
        "agents": [{"group": "all", "count": int(point["c"])}],
    }
    result = played(Scenario.of(raw))
    for number, exact in enumerate(point["wq_by_class_high_to_low"]):
        found = result.estimate("asa_s", f"class{number}")
        assert found.low / MINUTE_S <= exact <= found.high / MINUTE_S, (number, found, exact)
