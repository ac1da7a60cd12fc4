"""What became of everybody: the counts told add up to the offered, whatever a queue does with people."""

from typing import Any

import numpy as np
import pytest

from engine.messages.exits import LOST, MOVED_ON, exits_by
from engine.messages.kinds import EXIT_ABANDONED, EXIT_ANSWERED, EXIT_NAMES, EXITS
from engine.model.tallies import Tally
from simulations.commands.solve_run import print_plan
from simulations.compare.resilience import NO_PLAN, QUIET, cases, told
from simulations.experiment.costs import contact_costs
from simulations.experiment.figures import DISMISSED, PARTS, SERVICE_LEVELS, exits
from simulations.experiment.intervals import interval_rows
from simulations.experiment.result import Result
from simulations.experiment.simulate import simulate
from simulations.scenario.scenario import Scenario
from simulations.solve.goals import Question, goals_of
from simulations.solve.solve import solve

pytestmark = pytest.mark.timeout(600)  # the first of them compiles the world
HOURS = {"from": "2026-11-23 08:00", "to": "2026-11-23 11:00", "interval": "30m"}
RULES: tuple[dict[str, Any], ...] = (
    {},
    {"max_wait": "20s"},
    {"max_wait": "3m"},
    {"leave_empty": "logged_out", "join_empty": "logged_in"},
    {"leave_empty": "logged_out", "when_empty": "queue help"},
    {"max_length": 3},
    {"max_length": 2, "when_full": "queue help"},
    {"opening_hours": "morning"},
    {"steps": [{"after": "30s", "do": "overflow", "to": "help"}]},
    {"steps": [{"after": "40s", "do": "callback"}]},
    {"steps": [{"after": "15s", "do": "refuse"}]},
    {"trunk_groups": ["main"]},
)
PATIENCES: tuple[Any, ...] = ("never", "exponential(1m)", {"distribution": "exponential(2m)", "balk": 0.1})
RETRIES = {"retry": {"share": 0.5, "after": "2m"}, "distribution": "exponential(90s)"}


def random_scenario(seed: int) -> Scenario:
    """Three queues with rules by chance, too few agents, and a site that goes away for a while."""
    draw = np.random.default_rng(seed)
    queues = {}
    for place, name in enumerate(("sales", "survey", "help")):
        rules = {} if name == "help" else RULES[(seed * 2 + place) % len(RULES)]
        patience = RETRIES if draw.random() < 0.3 else PATIENCES[draw.integers(len(PATIENCES))]
        queues[name] = {
            "arrivals": {"rate": f"{draw.uniform(1, 3):.2f}/min"},
            "handle": {"talk": "exponential(2m)"},
            "service_level": "80% in 20s",
            "patience": patience,
            **rules,
        }
    formulas = sorted(SERVICE_LEVELS)
    return Scenario.of(
        {
            "horizon": HOURS,
            "sites": {"x": {}, "y": {}},
            "trunk_groups": {"main": {"channels": 3}},
            "opening_hours": {"morning": {"time_zone": "UTC", "weekly": {"monday-sunday": ["08:00-10:00"]}}},
            "queues": queues,
            "agents": [
                {"group": "a", "site": "x", "count": int(draw.integers(2, 6)), "queues": ["sales", "survey"]},
                {"group": "b", "site": "y", "count": int(draw.integers(2, 8)), "queues": ["help"]},
            ],
            "disruptions": [{"at": "2026-11-23 09:15", "for": "20m", "world": {"site_down": "x"}}],
            "service_level_formula": formulas[seed % len(formulas)],
        }
    )


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return [simulate(random_scenario(seed), 2, seed) for seed in range(len(RULES) // 2)]


def test_the_offered_are_the_sum_of_what_became_of_them(results: list[Result]) -> None:
    for result in results:
        parts = sum(result.count(name) for name in PARTS)
        assert np.array_equal(parts, result.count("offered"))
        assert (result.count("unfinished") >= 0).all()
        for row in interval_rows(result):
            assert sum(row[name] for name in PARTS) == pytest.approx(row["offered"], abs=1e-4)
            assert row["short_abandoned"] <= row["abandoned"]
            assert row["overflowed"] <= row["moved_on"]
    seen = sum(result.tallies.sum(axis=(0, 1, 2)) for result in results)[Tally.EXIT : Tally.EXIT + EXITS]
    left = {EXIT_NAMES[way_out] for way_out in np.flatnonzero(seen).tolist()}
    assert left >= {"answered", "abandoned", "short_abandoned", "timed_out", "empty", "overflowed", "callback"}
    assert left >= {"refused_full", "refused_empty", "refused_closed", "refused_trunk"}


def test_shares_are_shares_and_a_miss_is_a_miss(results: list[Result]) -> None:
    for result in results:
        for name in ("service_level", "staffed_level", "abandon_rate", "dismissed_rate", "blocked_rate", "lost_rate"):
            share = result.by_queue(name).value
            assert ((share >= 0) & (share <= 1) | np.isnan(share)).all(), name
        strict, level = result.by_queue("staffed_level").value, result.by_queue("service_level").value
        assert (strict <= level).all() or np.isnan(level).any()
        judged = result.tallies[..., Tally.MET] + result.tallies[..., Tally.MISSED]
        at_once = exits(EXIT_ANSWERED, EXIT_ABANDONED)(result.tallies) + DISMISSED(result.tallies)
        late = exits(*MOVED_ON, *exits_by("called_back", "refused"))(result.tallies)  # type: ignore[arg-type]
        assert (at_once <= judged).all()
        assert (judged <= at_once + late).all()


def day(**rules: Any) -> Scenario:
    """Four calls a minute of three minutes, 13 agents, and what is said of the queue."""
    return Scenario.of(
        {
            "horizon": HOURS,
            "sites": {"x": {}},
            "queues": {
                "q": {
                    "arrivals": {"rate": "4/min"},
                    "handle": {"talk": "exponential(3m)"},
                    "patience": "exponential(2m)",
                    "service_level": "80% in 20s",
                    **rules,
                }
            },
            "agents": [{"group": "g", "site": "x", "queues": ["q"], "count": 13}],
            "costs": {"abandonment": 5},
            "experiment": {"replications": 8},
        }
    )


def test_hanging_up_on_people_neither_saves_a_level_nor_money() -> None:
    few = {"patience": "never", "agents": 5}
    waiting, cut = (
        simulate(day(**few, **more).changed("agents=[]"), 4, 1, workers=1) for more in ({}, {"max_wait": "20s"})
    )
    timed_out = cut.estimate("dismissed")
    assert timed_out.value > 0.4 * cut.estimate("offered").value
    assert cut.estimate("service_level").value == pytest.approx(
        1 - timed_out.value / cut.estimate("offered").value, abs=0.02
    )
    assert contact_costs(cut).sum(axis=(1, 2)) == pytest.approx(5 * cut.count("dismissed").sum(axis=(1, 2)))
    assert waiting.estimate("dismissed").value == 0


@pytest.mark.parametrize("formula", ["live", "answered"])
@pytest.mark.parametrize("rules", [{"max_wait": "5s"}, {"max_length": 1}])
def test_a_plan_is_not_made_good_by_sending_people_away(
    rules: dict[str, Any], formula: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = day(**rules).changed(f"service_level_formula={formula}")
    asked: dict[str | None, float] = {None: 0.05}
    found = solve(scenario, Question(goals_of(scenario.file, {}, asked), p_block=None))
    tallies = found.check.tallies.sum(axis=(0, 1, 2))
    unserved = sum(tallies[Tally.EXIT + way_out] for way_out in LOST)
    assert found.kept
    assert unserved < 0.08 * tallies[Tally.ENTRIES]
    print_plan(found)
    assert ("The queue itself hangs up on" in capsys.readouterr().out) == ("max_wait" in rules)


def test_who_leaves_because_a_site_is_gone_is_lost() -> None:
    broken = {"at": "2026-11-23 09:00", "for": "30m", "world": {"site_down": "x"}}
    scenario = Scenario.of(day(leave_empty="logged_out").raw | {"disruptions": [broken]})
    played = {name: simulate(one, 4, 1) for name, one in cases(scenario, 0).items()}
    found = {case.name: case for case in told(played)}
    left = played[NO_PLAN].count("dismissed").sum(axis=(1, 2)).mean()
    assert left > 80
    assert found[NO_PLAN].lost.value >= left
    assert found[NO_PLAN].lost_more.value > 0.9 * left
    assert found[NO_PLAN].level_during["q"].value < 0.05
    assert found[QUIET].level_during["q"].value > 0.5


def test_whom_the_queue_hangs_up_on_calls_again() -> None:
    patience = {"distribution": "never", "retry": {"share": 1.0, "after": "1m"}}
    for rules in ({"max_wait": "20s"}, {"leave_empty": "logged_out", "join_empty": "logged_in"}):
        result = simulate(day(patience=patience, **rules).changed("agents.0.count=3"), 1, 1)
        if "max_wait" in rules:
            assert result.retried.sum() > 100
    gone = Scenario.of(
        day(patience=patience, leave_empty="logged_out").raw
        | {"disruptions": [{"at": "2026-11-23 09:00", "for": "30m", "world": {"site_down": "x"}}]}
    )
    assert simulate(gone, 1, 1).retried.sum() > 50
