"""Channels of a plan: judged by those who ask for one, protected and not, and not bought where none help."""

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from simulations.commands.solve_run import print_plan
from simulations.experiment.simulate import simulate
from simulations.queueing import erlang_b, erlang_b_servers, trunk_reservation
from simulations.report.folder import read_folder
from simulations.report.headline import verdict
from simulations.scenario.scenario import Scenario
from simulations.solve.goals import Question, goals_of
from simulations.solve.objective import Holds
from simulations.solve.routes import routes_of
from simulations.solve.solve import Solution, solve
from simulations.solve.told import told, write_plan
from simulations.solve.trunks import blocked, enough, reckoned

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
QUEUE: dict[str, Any] = {
    "service_level": "80% in 20s",
    "handle": {"talk": "exponential(3m)"},
    "patience": "exponential(3m)",
    "trunk_groups": ["main"],
}
HANDED_OVER: dict[str, Any] = {
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 12:00", "interval": "30m"},
    "queues": {
        "support": QUEUE
        | {"arrivals": {"rate": "3/min"}, "agents": 14, "transfers": {"share": "90%", "to": "sales"}}
        | {"trunk_groups": []},
        "sales": QUEUE | {"arrivals": {"rate": "0.6/min"}, "agents": 14},
    },
    "trunk_groups": {"main": {"channels": 20}},
}
VIP: dict[str, Any] = HANDED_OVER | {
    "queues": {
        "vip": QUEUE | {"arrivals": {"rate": "4/min"}, "agents": 16, "protected": True},
        "normal": QUEUE | {"arrivals": {"rate": "0.3/min"}, "agents": 4},
    },
}
TWO: dict[str, Any] = HANDED_OVER | {
    "queues": {
        "A": QUEUE | {"arrivals": {"rate": "3/min"}, "agents": 14},
        "B": QUEUE | {"arrivals": {"rate": "1/min"}, "agents": 7, "trunk_groups": ["other"]},
    },
    "trunk_groups": {"main": {"channels": 20}, "other": {"channels": 8}},
}
DOWN: dict[str, Any] = {"name": "cut", "at": "2026-11-23 08:00", "for": "4h", "world": {"carrier_down": ["other"]}}


def plan_of(raw: dict[str, Any], p_block: float | None, replications: int = 20) -> Solution:
    scenario = Scenario.of(raw)
    return solve(scenario, Question(goals_of(scenario.file, {}, {}), p_block=p_block), replications=replications)


def test_who_is_handed_over_makes_no_trunks_look_free() -> None:
    found = plan_of(HANDED_OVER, 0.02, 40)
    alone = simulate(found.scenario.changed("queues.support.transfers=null"), 40, 7)
    own = alone.count("blocked")[:, 1].sum() / alone.count("offered")[:, 1].sum()
    assert own <= 0.02, "of the queue's own calls, over the day"
    assert found.channels["main"] >= erlang_b_servers(1.8, 0.02)


def test_a_queue_whose_own_calls_are_all_refused_is_not_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = plan_of(HANDED_OVER | {"trunk_groups": {"main": {"channels": 0}}}, None, 4)
    assert (found.check.count("answered")[:, 1] > 0).all(), "those who were handed over"
    assert (found.kept, found.holds, found.blocked.tolist()) == (False, Holds.NOT_ALL, [1.0])
    assert (found.unreached.tolist(), found.unreachable.tolist()) == ([False, True], [False, False])
    assert found.missed[1].all()
    print_plan(found)
    page = capsys.readouterr().out
    assert "No call to sales (main) finds a channel: give them some, or let --max-block plan them. " in page
    write_plan(found, tmp_path / "plan")
    assert verdict(read_folder(tmp_path / "plan"), "sales") == "alert"


def test_protected_calls_and_others_are_judged_by_themselves_where_a_reserve_stands() -> None:
    by_reserve = {
        reserve: Scenario.of(VIP | {"trunk_groups": {"main": {"channels": 20, "reserve": reserve}}})
        for reserve in (0, 6, "auto")
    }
    ways = [[route.is_protected for route in routes_of(scenario.file)] for scenario in by_reserve.values()]
    assert ways == [[None], [True, False], [True, False]]
    few = simulate(by_reserve["auto"], 10, 3)
    own = few.trunk_refusals[:, 1].sum(axis=0) / few.trunk_calls[:, 1].sum(axis=0)
    assert blocked(few)[0] == pytest.approx(own.max())
    assert own.max() > 0.1 > few.estimate("blocked_rate").value


@pytest.mark.parametrize("reserve", [6, "auto"])
def test_many_protected_calls_hide_no_others(reserve: int | str) -> None:
    found = plan_of(VIP | {"trunk_groups": {"main": {"channels": 20, "reserve": reserve}}}, 0.02, 40)
    played = simulate(found.scenario, 100, 77)
    assert played.estimate("blocked_rate", "normal").low <= 0.02, "over the day; the busiest interval was asked for"
    fewer = simulate(found.scenario.changed(f"trunk_groups.main.channels={found.channels['main'] - 3}"), 40)
    assert blocked(fewer)[0] > 0.02, "and no more channels than that takes"


def test_the_first_guess_goes_by_who_may_take_the_reserve() -> None:
    kept = {"main": {"channels": 20, "reserve": 6}, "unused": {"channels": 9, "reserve": 6}}
    room = simulate(Scenario.of(VIP | {"trunk_groups": kept}).changed("trunk_groups.main.channels=500"), 20)
    load = float(room.busy_trunks.mean(axis=0)[0].max())
    guess = reckoned(room, 0.02)["main"]
    busiest = int(room.busy_trunks.mean(axis=0)[0].argmax())
    asked = room.trunk_calls.sum(axis=0)[:, busiest]
    loads = load * asked / asked.sum()
    assert trunk_reservation(loads, guess, [0, 6]).max() <= 0.02 < trunk_reservation(loads, guess - 1, [0, 6]).max()
    assert guess > erlang_b_servers(load, 0.02) + 6, "protected calls fill the channels above"
    all_vip = VIP["queues"] | {"normal": VIP["queues"]["normal"] | {"protected": True}}
    of_all = simulate(
        Scenario.of(VIP | {"queues": all_vip}).changed("trunk_groups.main={channels: 500, reserve: 6}"), 4
    )
    load = float(of_all.busy_trunks.mean(axis=0)[0].max())
    assert reckoned(of_all, 0.02) == {"main": erlang_b_servers(load, 0.02)}, "all of them may take it"


def test_a_reserve_leaves_no_channels_that_are_not_needed() -> None:
    file = Scenario.of(VIP | {"trunk_groups": {"main": {"channels": 20, "reserve": 6}}}).file
    loads = [12.0, 0.9]

    def refused(channels: dict[str, int]) -> Any:
        return np.array([trunk_reservation(loads, channels["main"], [0, 6]).max()])

    found = enough(file, {"main": 20}, refused, 0.02)
    assert refused(found)[0] <= 0.02 < refused({"main": found["main"] - 1})[0]


def test_a_group_that_no_queue_uses_gets_no_channels() -> None:
    found = plan_of(TWO | {"trunk_groups": TWO["trunk_groups"] | {"nobody": {"channels": 9, "reserve": 6}}}, 0.02, 4)
    assert found.channels["nobody"] == 0
    assert found.scenario.file.trunk_groups["nobody"].reserve == 0


@pytest.mark.parametrize("p_block", [0.01, None])
def test_what_no_channels_help_all_day_is_out_of_reach_and_no_channels_are_advised(
    p_block: float | None, capsys: pytest.CaptureFixture[str]
) -> None:
    found = plan_of(TWO | {"disruptions": [DOWN]}, p_block, 10)
    assert (found.unreached.tolist(), found.unreachable.tolist()) == ([False, True], [False, True])
    assert found.holds is Holds.WITHIN_REACH
    assert found.missed[1].all()
    assert found.beyond[1].all()
    assert found.out_of_reach == (
        "trunk group other: 100.0 % of the calls find no channel, however many there are: 2026-11-23 08:00 to 12:00"
    )
    print_plan(found)
    page = capsys.readouterr().out
    assert "No call to B (other) finds a channel, and more channels do not help. " in page
    assert "give them some" not in page
    assert "not found" not in page
    said = json.loads(json.dumps(told(found), allow_nan=False))
    assert said["queues"]["B"]["intervals_out_of_reach"] == 8
    assert said["trunk_groups"]["other"]["blocked_busiest"] == (None if p_block else 1.0)


def test_what_is_advised_goes_by_who_chose_the_channels(capsys: pytest.CaptureFixture[str]) -> None:
    found = plan_of(TWO | {"trunk_groups": TWO["trunk_groups"] | {"other": {"channels": 0}}}, None, 4)
    assert found.holds is Holds.NOT_ALL
    print_plan(msgspec.structs.replace(found, p_block=0.99))
    assert "No call to B (other) finds a channel: a lower --max-block buys some. " in capsys.readouterr().out


def test_of_the_calls_by_one_group_it_is_said_which_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    found = plan_of(VIP | {"trunk_groups": {"main": {"channels": 18, "reserve": 4}}}, None, 4)
    print_plan(found)
    page = capsys.readouterr().out
    assert "% of the unprotected calls to main" in page
    assert "% of the protected calls to main" in page
    assert erlang_b(12.9, 18) < found.blocked[0]
