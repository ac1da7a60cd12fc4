"""The simulator against exact values: within the limits of confidence, over a grid of single queues and trunk groups.

Limits are those of 99.99 %, so that of some hundred comparisons none fails by chance; seeds are fixed anyway.
"""

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulations.experiment.estimates import Estimate
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
        f"{point[key]}" for key in ("model", "c", "C", "lam", "patience", "patience_dist", "a1", "r") if key in point
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
    holds(result.estimate("p_wait"), point["pwait"], "have to wait")
    holds(wait_of_all(result), point["asa_all"], "mean wait")
    holds(result.estimate("service_level_all"), point["sl_served_in_T"], "served in time")


@exactly("erlang_c", 0, 1, 2, 3, 4, 7)
def test_erlang_c(point: dict[str, float]) -> None:
    talk = f"exponential({seconds(point['aht'])})"
    scenario = single_queue(int(point["c"]), point["lam"], talk, contacts=40_000, service_level=threshold(point))
    result = played(scenario)
    holds(result.estimate("p_wait"), point["pwait"], "have to wait")
    holds(wait_of_all(result), point["asa"], "mean wait")
    holds(result.estimate("service_level"), point["sl"], "service level")


@exactly("mmcG", 0, 1, 2, 3, 4, 5)
def test_any_patience(point: dict[str, Any]) -> None:
    mean = seconds(point["patience_mean"])
    patience = {"D": mean, "E2": f"erlang({mean}, 2)", "H2": _balanced(mean)}[point["patience_dist"]]
    result = played(single_queue(int(point["c"]), point["lam"], f"exponential({seconds(point['aht'])})", patience))
    holds(result.estimate("abandon_rate"), point["pab"], "abandoned")
    holds(result.estimate("p_wait"), point["pwait"], "have to wait")


@exactly("mmck", 0, 1, 2)
def test_finite_lines(point: dict[str, float]) -> None:
    agents, places = int(point["c"]), int(point["K"]) - int(point["c"])
    talk = f"exponential({seconds(point['aht'])})"
    result = played(single_queue(agents, point["lam"], talk, contacts=20_000, max_length=places))
    holds(result.estimate("blocked_rate"), point["pblock"], "blocked")
    asa = result.estimate("asa_s")
    assert asa.low / MINUTE_S <= point["asa_acc"] <= asa.high / MINUTE_S
    holds(result.occupancy(), point["occ"], "occupancy")


@exactly("whitt2005_tables", 0, 1, 2, 3, 4, 5, 6)
def test_whitts_tables(point: dict[str, Any]) -> None:
    """M/G/100/200+G of Whitt (2005), whose limits are those of 95 %. LN has a mean and a squared cv."""
    table = point
    service = {
        "M": "exponential(60s)",
        "E2": "erlang(60s, 2)",
        "LN14": "lognormal(60s, 2)",
        "LN11": "lognormal(60s, 1)",
    }
    kind, mean, squared = table["patience"]
    patience = f"erlang({mean}m, 2)" if kind == "E2" else f"lognormal({mean}m, {squared**0.5})"
    places = int(table["model"].split("/")[3].split("+")[0])
    queue = single_queue(100, table["lam"], service[table["service"]], patience, contacts=30_000, max_length=places)
    result = played(queue)
    for name, what in (("abandon_rate", "P_A"), ("asa_s", "EW_S")):
        found, (exact, half) = result.estimate(name), table["published"][what]
        scale = 1.0 if what == "P_A" else 1.0 / MINUTE_S
        allowed = np.hypot(found.half_width * scale, 2 * half)
        assert abs(found.value * scale - exact) <= allowed, (what, found, exact)


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


def test_trunk_groups_with_reserves_overflow() -> None:
    """A call goes to the next group where it may not take the first: the chain of both groups' busy channels."""
    channels, reserve, loads = 15, 2, (20.0, 8.0)
    scenario = single_queue(2 * channels, loads[0] / 3.0, "exponential(3m)", contacts=40_000)
    queue = scenario.raw["queues"]["q"] | {"trunk_groups": ["one", "other"]}
    other = queue | {"arrivals": {"rate": f"{loads[1] / 3.0:.12f}/min"}}
    del queue["agents"], other["agents"]
    group = {"channels": channels, "reserve": reserve}
    raw = scenario.raw | {
        "trunk_groups": {"one": group, "other": group},
        "queues": {"first": queue | {"protected": True}, "second": other},
        "agents": [{"group": "all", "count": 2 * channels}],
    }
    result = played(Scenario.of(raw))
    exact = _overflow_with_reserve(channels, reserve, loads)
    assert exact == pytest.approx((0.0457, 0.305), abs=5e-4)
    holds(result.estimate("blocked_rate", "first"), exact[0], "protected calls blocked")
    holds(result.estimate("blocked_rate", "second"), exact[1], "other calls blocked")


def _overflow_with_reserve(channels: int, reserve: int, loads: tuple[float, float]) -> tuple[float, ...]:
    """Return the share lost of protected and of other calls, of two groups that are tried in order."""
    side = channels + 1
    rates, lost = np.zeros((side, side, side, side)), np.zeros((2, side, side))
    for busy in np.ndindex(side, side):
        for kind, (load, kept) in enumerate(zip(loads, (0, reserve), strict=True)):
            free = [place for place in (0, 1) if busy[place] < channels - kept]
            lost[kind][busy] = not free
            if free:
                rates[busy][busy[0] + (free[0] == 0), busy[1] + (free[0] == 1)] += load
        for place in (0, 1):
            if busy[place]:
                rates[busy][busy[0] - (place == 0), busy[1] - (place == 1)] += busy[place]
    chain = rates.reshape(side**2, side**2)
    chain -= np.diag(chain.sum(axis=1))
    chain[:, 0] = 1.0  # the probabilities sum to one
    stationary = np.linalg.solve(chain.T, np.eye(side**2)[0])
    return tuple(lost.reshape(2, -1) @ stationary)


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
