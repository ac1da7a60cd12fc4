"""Goals that no number of agents keeps are found before agents are looked for, and told with their cause."""

import re
from typing import Any

import numpy as np
import pytest

from simulations.commands.solve_run import print_plan
from simulations.experiment.simulate import simulate
from simulations.queueing.errors import Unreachable
from simulations.scenario.scenario import Scenario
from simulations.solve import plenty as plenty_module
from simulations.solve import trials as trials_module
from simulations.solve.demand import demand_of
from simulations.solve.goals import Goal, Question, goals_of
from simulations.solve.plenty import Plenty, enough_for_everybody
from simulations.solve.solve import Solution, solve
from simulations.solve.staffed import plain_groups, staffed
from simulations.solve.told import plan_rows, told
from simulations.solve.trials import Trials, proven_missed, seen_misses

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
RINGING: dict[str, Any] = {
    "name": "ringing",
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 10:00", "interval": "30m", "warm_up": "30m"},
    "queues": {
        "sales": {
            "service_level": "80% in 20s",
            "arrivals": {"rate": "2/min"},
            "handle": {"talk": "exponential(4m)"},
            "patience": {"distribution": "exponential(2m)", "balk": "2%"},
            "ring": {"answer": "exponential(4s)", "no_answer": "1%"},
            "agents": 1,
        }
    },
    "experiment": {"replications": 20, "seed": 5},
}


def asked(raw: dict[str, Any], target: tuple[float, float], max_abandon: float | None = None, **more: Any) -> Solution:
    scenario = Scenario.of(raw)
    losses: dict[str | None, float] = {} if max_abandon is None else {None: max_abandon}
    return solve(scenario, Question(goals_of(scenario.file, {"sales": target}, losses), **more))


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Replications of everything that is played on the way to a plan."""
    found: list[int] = []

    def noted(scenario: Scenario, replications: int, *rest: Any, **more: Any) -> Any:
        found.append(replications)
        return simulate(scenario, replications, *rest, **more)

    monkeypatch.setattr(trials_module, "simulate", noted)
    return found


def test_a_threshold_within_the_ring_is_kept_by_nobody(played: list[int]) -> None:
    with pytest.raises(Unreachable) as refused:
        asked(RINGING, (0.95, 3.0))
    said = str(refused.value)
    assert said.startswith("queue sales: no number of agents keeps 95 % within 3 s: at 2026-11-23 ")
    for words in ("% (", "are in time; it rings exponential(4s) (ring), 1 % of offers are not answered: 4", "3 more"):
        assert words in said
    assert played == [2, 2, 20], "a look, one with twice the agents, and as many replications as of a trial"


def test_an_interval_to_which_nobody_comes_says_nothing_of_what_more_agents_do() -> None:
    """Nothing is known of it with fewer and with more of them: their difference is no number."""
    sales = RINGING["queues"]["sales"] | {"arrivals": {"volumes": [60, 60, 60, 0]}}
    with pytest.raises(Unreachable, match=r"no number of agents keeps 95 % within 3 s: .*; so in 2 more intervals"):
        asked(RINGING | {"queues": {"sales": sales}}, (0.95, 3.0))


def test_more_lost_than_agents_can_help_is_kept_by_nobody() -> None:
    with pytest.raises(Unreachable) as refused:
        asked(RINGING, (0.8, 20.0), 0.01)
    said = str(refused.value)
    assert said.startswith("queue sales: no number of agents keeps at most 1 % lost: at 2026-11-23 ")
    for words in ("are lost", "2 % hang up rather than wait (patience.balk)", "% gave up"):
        assert words in said


def test_what_can_be_kept_costs_a_look_and_no_trial(played: list[int]) -> None:
    found = asked(RINGING, (0.8, 20.0))
    assert found.kept
    assert played[0] == 2
    assert found.trials == len(played) - 1


def test_a_queue_of_transfers_alone_is_given_agents_until_more_are_of_no_use() -> None:
    first = RINGING["queues"]["sales"]
    then = {key: value for key, value in first.items() if key not in {"arrivals", "ring"}}
    first = first | {"transfers": {"share": "60%", "to": "then"}}
    both = {name: one | {"skills": {name: 1}} for name, one in (("sales", first), ("then", then))}
    raw = RINGING | {"queues": both}
    found = asked(raw, (0.8, 20.0))
    assert found.kept
    assert found.needed.staffing[1].min() > 4, "more than formulas know of, to which nobody comes"


def test_nothing_is_said_of_agents_of_whom_more_are_of_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """What formulas take for plenty may be few; a goal that few miss is no goal that all miss."""
    monkeypatch.setattr(plenty_module, "enough_for_everybody", lambda *_: np.ones((1, 4), np.int64))
    scenario = Scenario.of(RINGING)
    question = Question(goals_of(scenario.file, {"sales": (0.8, 20.0)}, {}))
    goals = list(question.goals.values())
    trials = Trials(demand_of(scenario, goals), goals, 10, 5)
    plenty = Plenty(plain_groups(scenario, question.goals), question, trials, np.full((1, 4), np.inf), {})
    assert not plenty.judge(), "more are of use, and so many keep the goal"
    assert trials.in_reach is None


def test_agents_for_everybody_are_no_more_than_a_group_may_have() -> None:
    demand = demand_of(Scenario.of(RINGING).changed("queues.sales.arrivals.rate=41/s"), [Goal(0.8, 20.0)])
    assert demand.loads.max() > 9_800
    assert (enough_for_everybody(demand, np.full((1, 4), np.inf)) == 10_000).all()


def test_where_only_so_many_are_allowed_that_is_said() -> None:
    with pytest.raises(Unreachable, match=r"all agents that are allowed \(--group-max sales=13\) do not keep 95 %"):
        asked(RINGING, (0.95, 12.0), group_max={"sales": 13})


def test_a_target_just_out_of_reach_all_day_is_no_plan() -> None:
    """Few of its intervals are proven missed one by one; that most are missed by what can be reached says enough."""
    ringing = RINGING["queues"]["sales"] | {"ring": "exponential(13s)"}
    with pytest.raises(Unreachable, match="no number of agents keeps 80 % within 20 s"):
        asked(RINGING | {"queues": {"sales": ringing}}, (0.8, 20.0))


@pytest.mark.parametrize("group_max", [{}, {"there": 30}])
def test_an_hour_that_nobody_can_help_leaves_a_plan_for_the_others(
    group_max: dict[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    """As while a site is down: what is out of reach then is said, and the rest of the day is planned."""
    queue = {key: value for key, value in RINGING["queues"]["sales"].items() if key not in {"agents", "ring"}}
    raw = RINGING | {
        "sites": {"hanoi": {}},
        "queues": {"sales": queue | {"patience": "exponential(2m)"}},
        "agents": [{"group": "there", "site": "hanoi", "count": 12, "skills": {"sales": 1}}],
        "disruptions": [{"name": "dark", "at": "2026-11-23 09:00", "for": "30m", "world": {"site_down": "hanoi"}}],
    }
    found = asked(raw, (0.8, 20.0), group_max=group_max)
    assert not found.kept
    assert found.replications == 20, "further passes would help nobody"
    assert found.out_of_reach.startswith("queue sales: no number of agents keeps 80 % within 20 s: at 2026-11-23 09:00")
    assert found.missed[0].tolist()[:3] == [False, False, True]
    assert (found.needed.staffing[0, :2] >= 10).all()
    said = told(found)
    assert (said["out_of_reach"], said["holds"]) == (found.out_of_reach, "within_reach")
    assert said["queues"]["sales"]["intervals_out_of_reach"] == found.beyond.sum() > 0
    assert said["objective"]["says"] == "Fewest paid hours that keep the targets that are within reach."
    print_plan(found)
    page = capsys.readouterr().out
    assert "All targets within reach hold, the others are missed (marked) within 95% confidence" in page
    assert "that keep the targets that are within reach" in page


def test_transfers_while_nobody_who_may_serve_has_a_shift_are_out_of_reach_and_the_rest_is_planned() -> None:
    """Formulas know of no transfers: nobody is put to work where no shift works, and the last of them are met late."""
    first = {key: value for key, value in RINGING["queues"]["sales"].items() if key not in {"agents", "ring"}}
    then = {key: value for key, value in first.items() if key != "arrivals"} | {"patience": "30m"}
    first = first | {"transfers": {"share": "40%", "to": "then"}}
    raw = RINGING | {
        "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 12:00", "interval": "30m"},
        "queues": {name: one | {"skills": {name: 1}} for name, one in (("first", first), ("then", then))},
        "agents": [
            {"group": "a", "skills": {"first": 1}, "shifts": [{"hours": "8:00-12:00", "count": 9}]},
            {"group": "b", "skills": {"then": 1}, "shifts": [{"hours": "9:00-12:00", "count": 9}]},
        ],
    }
    scenario = Scenario.of(raw)
    found = solve(scenario, Question(goals_of(scenario.file, {}, {})))
    assert found.out_of_reach.startswith("queue then: no number of agents keeps 80 % within 20 s: at 2026-11-23 08:00")
    assert "nobody who may serve has a shift then" in found.out_of_reach
    assert found.missed.tolist() == [[False] * 8, [True] * 2 + [False] * 6]
    assert (found.needed.staffing[1, :2] == 0).all()
    assert (found.needed.staffing[1, 2:] >= 3).all()


LUNCH: dict[str, Any] = RINGING | {
    "horizon": {"from": "2026-11-23 10:00", "to": "2026-11-23 14:00", "interval": "30m"},
    "queues": {
        name: {"service_level": "80% in 20s", "arrivals": {"rate": rate}, "handle": {"talk": "exponential(3m)"}}
        | {"patience": "exponential(3m)", "skills": {name: 1}}
        for name, rate in (("sales", "1/min"), ("help", "0.05/min"))
    },
    "agents": [
        {
            "group": "s",
            "count": 8,
            "skills": {"sales": 1},
            "shifts": [{"hours": "10:00-14:00", "breaks": "12:00-12:30"}],
        },
        {
            "group": "h",
            "count": 8,
            "skills": {"help": 1},
            "shifts": [{"hours": "10:00-13:30", "breaks": "12:00-12:30"}],
        },
    ],
}


def test_a_lunch_that_all_take_at_once_leaves_a_plan_for_the_rest() -> None:
    """What is missed then is told of every queue, of one to which hardly anybody comes as well."""
    scenario = Scenario.of(LUNCH)
    found = solve(scenario, Question(goals_of(scenario.file, {}, {})))
    assert told(found)["holds"] == "within_reach"
    sales, then = found.out_of_reach.split("; queue ")
    assert sales.startswith("queue sales: no number of agents keeps 80 % within 20 s: at 2026-11-23 12:00, ")
    assert then.startswith("help: no number of agents keeps 80 % within 20 s: at 2026-11-23 1")
    assert all("nobody who may serve has a shift then" in one for one in (sales, then))
    assert "more interval" not in sales
    assert re.search(r"so in 1 more interval: 2026-11-23 (12:00 to 12:30|13:30 to 14:00), ", then)
    assert found.beyond.tolist() == [[place == 4 for place in range(8)], [place in {4, 7} for place in range(8)]]
    assert (found.needed.staffing[0] > 0).tolist() == [place != 4 for place in range(8)]
    required = [row["agents_required"] for row in plan_rows(found)]
    assert required[4] == 5, "what the queue needs, though nobody is there"
    assert required[15] == 1


def test_who_is_without_shifts_for_most_is_refused_with_all_queues_and_times() -> None:
    groups = [LUNCH["agents"][0], LUNCH["agents"][1] | {"shifts": [{"hours": "11:00-12:00"}]}]
    scenario = Scenario.of(LUNCH | {"agents": groups})
    with pytest.raises(Unreachable) as refused:
        solve(scenario, Question(goals_of(scenario.file, {}, {})))
    assert str(refused.value) == (
        "nobody who may serve has a shift then: "
        "queue sales: 2026-11-23 12:00 to 12:30, 12 % of those who come, 5 required; "
        "queue help: 2026-11-23 10:00 to 11:00, 12:00 to 14:00, 75 % of those who come, 1 required; "
        "give shifts that work then"
    )


def test_a_queue_whose_contacts_wait_for_nobody_is_not_said_to_be_served() -> None:
    """E-mails do not give up: without agents none is answered, and no service level tells of them."""
    first = {key: value for key, value in RINGING["queues"]["sales"].items() if key not in {"agents", "ring"}}
    mail = {"channel": "email", "handle": {"talk": "exponential(4m)"}, "service_level": "80% in 10m", "agents": 1}
    first |= {"agents": 1, "transfers": {"share": "40%", "to": "mail"}}
    scenario = Scenario.of(RINGING | {"queues": {"sales": first, "mail": mail}})
    found = solve(scenario, Question(goals_of(scenario.file, {}, {})))
    assert found.kept
    assert (found.needed.staffing[1] > 0).any()
    assert (found.check.by_queue("service_level").value[1] >= 0.75).all()
    nobody = simulate(staffed(found.scenario, np.array([[12] * 4, [0] * 4])), 3)
    goals = list(found.goals.values())
    assert proven_missed(nobody, goals)[1].all()
    assert seen_misses(nobody, goals).level[1].all()


def test_who_has_no_shift_then_is_not_planned_with_however_cheap() -> None:
    sales = {key: value for key, value in RINGING["queues"]["sales"].items() if key not in {"agents", "ring"}}
    raw = RINGING | {
        "queues": {"sales": sales},
        "agents": [
            {"group": "late", "skills": {"sales": 1}, "shifts": [{"hours": "9:00-10:00", "count": 9}]},
            {"group": "all", "skills": {"sales": 1}, "shifts": [{"hours": "8:00-10:00", "count": 9}]},
        ],
        "costs": {"agent_hour": {"late": 5, "all": 10}},
    }
    scenario = Scenario.of(raw)
    found = solve(scenario, Question(goals_of(scenario.file, {}, {})))
    assert found.kept
    assert (found.needed.staffing[0] > 0).tolist() == [False, False, True, True]
    assert (found.needed.staffing[1, :2] > 0).all()


def test_a_plan_that_misses_its_goal_serves_as_well_as_agents_can() -> None:
    """Beyond what can be reached by less than chance: agents are not taken away as being of no use."""
    scenario = Scenario.of(RINGING)
    best = simulate(scenario.changed("queues.sales.agents=40"), 20).by_queue("staffed_level").value[0]
    level = float(np.max(best))
    found = asked(RINGING, (min(level + 0.002, 0.999), 20.0))
    assert (found.check.by_queue("staffed_level").value[0] > level - 0.05).all()
