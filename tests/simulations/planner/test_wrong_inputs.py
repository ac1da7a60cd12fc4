"""The planner in Python: whatever is asked that cannot be, the error is the project's own, and says what to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import ConfigError, TrunklineError
from simulations.planner import (
    Run,
    Scenario,
    compare,
    erlang,
    fit,
    payback,
    record,
    resilience,
    simulate,
    solve,
    sweep,
    whatif,
)

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
CENTRE: dict[str, Any] = {
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 10:00", "interval": "30m"},
    "queues": {
        "sales": {"arrivals": {"rate": "1/min"}, "handle": {"talk": "3m"}, "patience": "exponential(2m)", "agents": 5}
    },
    "disruptions": [{"at": "2026-11-23 08:30", "for": "30m", "world": {"volume": 2}}],
    "business": {"months": 3},
}
PLAY_TWO = "play 2 or more, or say none, for as many as the scenario says"


def said(value: Any) -> Any:
    """Return what a type checker would refuse, and a notebook does not."""
    return value


@pytest.fixture(scope="module")
def run() -> Run:
    return simulate(Scenario.of(CENTRE), 2)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(Scenario.of(CENTRE), tmp_path_factory.mktemp("record") / "day")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda run: run.estimate("asa_s", "nope"), "there is no queue 'nope'; there is sales"),
        (lambda run: run.estimate("foo"), "there is no figure 'foo'; there are service_level, "),
        (lambda run: run.estimate("service_levl"), "did you mean 'service_level'?"),
        (lambda run: run.estimate(None), "there is no figure 'None'"),
        (lambda run: run.estimate("occupancy", "sales"), "'occupancy' is of agents"),
        (lambda run: run.count("calls"), "there is no count 'calls'; did you mean 'callbacks'?"),
        (lambda run: run.by_queue("foo"), "there is no figure 'foo' of what was counted"),
        (lambda run: run.p_wait("nope"), "there is no queue 'nope'"),
        (lambda run: run.occupancy("nope"), "there is no group 'nope'; there is sales"),
    ],
)
def test_of_a_run(asked: Callable[[Run], Any], told: str, run: Run) -> None:
    with pytest.raises(ConfigError) as raised:
        asked(run)
    assert told in raised.value.faults[0]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda one: simulate(one, 2, seed=-1), "seed -1: a seed is 0 or more"),
        (lambda one: simulate(one, 2, seed=said(1.5)), "seed 1.5: that is no whole number"),
        (lambda one: simulate(one, 0), "replications 0: play 1 or more"),
        (lambda one: simulate(one, said("2")), "replications '2': that is no whole number"),
        (lambda one: simulate(one, 2, workers=0), "workers 0: play with 1 or more, or say none"),
        (lambda one: simulate(one, 2, workers=-1), "workers -1: play with 1 or more"),
        (lambda one: simulate(one, until=("sales.asa_s", -1)), "until sales.asa_s=-1: write FIGURE=HALF, as sales."),
        (lambda one: simulate(one, until=said(("sales.asa_s", None))), "until sales.asa_s=None: write FIGURE=HALF"),
        (lambda one: simulate(one, until="asa_s"), "until asa_s: write FIGURE=HALF"),
        (lambda one: simulate(one, until=said(("a", 1, 2))), "until ('a', 1, 2): write 'sales.service_level=1%', "),
        (lambda one: simulate(one, until={"nope.asa_s": 1}), "until nope.asa_s=1: there is no queue 'nope'"),
        (lambda one: simulate(one, until={"sales.occupancy": 0.1}), "'occupancy' is of agents"),
        (lambda one: solve(one, replications=1), f"replications 1: {PLAY_TWO}"),
        (lambda one: solve(one, replications=2, seed=-1), "seed -1: "),
        (lambda one: solve(one, 7), "'7' is not a target; write it as 80/20"),
        (lambda one: solve(one, max_abandon=7), "'7' is not a share; write it as 80% or 0.8"),
        (lambda one: solve(one, max_block="keep"), "'keep' is not a share"),
        (lambda one: solve(one, group_max={"sales": -3}), "group_max of sales -3: 0 or more"),
        (lambda one: compare(one, one, 1), f"replications 1: {PLAY_TWO}"),
        (lambda one: compare(one, one, 2, seed=-1), "seed -1: "),
        (lambda one: sweep(one, {"volume": (1,)}, 1), f"replications 1: {PLAY_TWO}"),
        (lambda one: sweep(one, {}), "nothing varies; write the values by name"),
        (lambda one: sweep(one, {"volume": ()}), "'volume' has no value; write NAME=FROM:TO:STEP"),
        (lambda one: payback([], 3), "no structures: name one scenario or more"),
        (lambda one: payback([one], 0), "months 0: tell 1 to 600, or say none, for as many as the first scenario"),
        (lambda one: payback([one], 601), "months 601: tell 1 to 600"),
        (lambda one: payback([one], 3, 1), f"replications 1: {PLAY_TWO}"),
        (lambda one: resilience(one, late=said(30)), "late: '30' is not a duration"),
        (lambda one: resilience(one, replications=1), f"replications 1: {PLAY_TWO}"),
        (lambda one: record(one, "nowhere", seed=-1), "seed -1: "),
        (lambda one: record(one, "nowhere", replication=-1), "replication -1: the first is 0"),
        (lambda one: erlang(100, 180, target=said(8)), "target: '8' is not a target"),
    ],
)
def test_of_a_scenario(asked: Callable[[Scenario], Any], told: str) -> None:
    with pytest.raises(TrunklineError) as raised:
        asked(Scenario.of(CENTRE))
    assert told in str(raised.value)
    assert not Path("nowhere").exists()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda log: whatif(log, {}, 1), f"replications 1: {PLAY_TWO}"),
        (lambda log: whatif(log, {}, 2, seed=-1), "seed -1: "),
        (lambda log: whatif(log, {}, 2, time_zone="Hanoi"), "time_zone 'Hanoi': that is not a time zone"),
        (lambda log: fit(log, time_zone="Hanoi"), "time_zone 'Hanoi': that is not a time zone"),
        (lambda log: fit(log, interval="7s"), "interval: a day must hold a whole number of intervals, of 1m or more"),
        (lambda log: fit(log, interval="0s"), "interval: a day must hold a whole number of intervals"),
    ],
)
def test_of_a_record(asked: Callable[[Path], Any], told: str, log: Path) -> None:
    with pytest.raises(TrunklineError) as raised:
        asked(log)
    assert told in str(raised.value)


def test_what_can_only_mean_one_thing_is_taken_so() -> None:
    one = Scenario.of(CENTRE)
    wide = {"sales.asa_s": 500}
    stops = [simulate(one, 2, until=until).stops for until in ("sales.asa_s=500", ("sales.asa_s", 500), wide)]
    assert stops[0] == stops[1] == stops[2]
    assert simulate(one, said(np.int64(2)), seed=said(np.int64(3))).seed == 3
    assert payback(one, 1, 2).told == payback([one], 1, 2).told
    keys = [[point.key for point in sweep(one, {"volume": values}, 2).points] for values in (1.5, "1.5", (1.5,))]
    assert keys[0] == keys[1] == keys[2]
    spoken, numbers = (
        solve(one, share, max_abandon=most, replications=2) for share, most in (("80%", "5%"), (0.8, 0.05))
    )
    assert spoken.goals == numbers.goals
