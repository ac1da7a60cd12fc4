"""How a centre stands what goes wrong: four cases of one scenario with the same callers."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from simulations.commands.resilience import _print
from simulations.commands.resilience import resilience as resilience_command
from simulations.compare.files import case_rows
from simulations.compare.resilience import LATE, NO_PLAN, PLAN, QUIET, Case, cases, told
from simulations.experiment.simulate import simulate
from simulations.report.folder import Folder, read_folder
from simulations.report.resilience import resilience as resilience_section
from simulations.report.section import Section
from simulations.report.wording import Words
from simulations.scenario.scenario import Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them compiles the world
CALLS = {"handle": {"talk": "3m"}, "patience": "exponential(3m)", "service_level": "80% in 60s"}
CENTRE: dict[str, Any] = {
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 13:00", "interval": "15m"},
    "sites": {"hanoi": {}, "danang": {}},
    "queues": {"calls": CALLS | {"arrivals": {"rate": "120/h"}}, "survey": CALLS | {"arrivals": {"rate": "20/h"}}},
    "agents": [{"group": "north", "count": 6, "site": "hanoi"}, {"group": "south", "count": 5, "site": "danang"}],
    "benefits": {"contact": 10},
    "plans": {"storm": {"only": ["calls"], "work_from_home": [{"site": "hanoi", "after": "15m"}]}},
    "disruptions": [
        {
            "at": "2026-11-23 09:00",
            "for": "2h",
            "world": {"site_down": "hanoi"},
            "respond": {"plan": "storm", "after": "10m"},
        }
    ],
}


def said(*arguments: str) -> Result:
    """What the command said to these arguments."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(resilience_command)
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(scope="module")
def found() -> dict[str, Case]:
    played = cases(Scenario.of(CENTRE), 45 * 60 * 10**9)
    return {case.name: case for case in told({name: simulate(one, 30, 1) for name, one in played.items()})}


def test_a_plan_loses_fewer_than_none_and_a_late_one_lies_between(found: dict[str, Case]) -> None:
    assert list(found) == [QUIET, NO_PLAN, PLAN, LATE]
    assert [case.activated_s for case in found.values()] == [None, None, 600.0, 3300.0]
    calls = [case.level_during["calls"].value for case in found.values()]
    assert calls[0] > calls[2] > calls[3] > calls[1]
    assert found[QUIET].lost_more.value == 0.0
    assert found[NO_PLAN].lost_more.low > 0
    assert found[NO_PLAN].backlog.value > found[PLAN].backlog.value > found[QUIET].backlog.value
    for name in (NO_PLAN, PLAN, LATE):
        share = found[name].damage.value / found[name].lost_more.value
        assert 9 < share <= 10, "each lost contact would have brought 10; who was cut off had been answered"


def test_recovery_is_when_the_level_is_back_for_good(found: dict[str, Case]) -> None:
    assert found[QUIET].recovered_s == {"calls": 0.0, "survey": 0.0, "": 0.0}
    without, plan = found[NO_PLAN].recovered_s[""], found[PLAN].recovered_s["calls"]
    assert without is not None
    assert 7200 <= without <= 9000, "the site is back after two hours"
    assert plan is not None
    assert 1500 <= plan < 7200
    assert found[PLAN].recovered_s["survey"] == 7200, "it stays closed until then"


def test_nobody_recovers_within_a_horizon_that_ends_before() -> None:
    short = Scenario.of(CENTRE | {"horizon": CENTRE["horizon"] | {"to": "2026-11-23 10:30"}})
    played = {name: simulate(one, 5, 1) for name, one in cases(short, 0).items()}
    assert told(played)[1].recovered_s[""] is None


def test_a_disruption_whose_effect_ends_is_recovered_soon_after_whatever_the_seed() -> None:
    patience = {"distribution": "exponential(3m)", "retry": {"share": "40%", "after": "exponential(8m)"}}
    queue = {"handle": {"talk": "exponential(3m)"}, "patience": patience, "service_level": "80% in 20s"}
    rates = {"calls": "120/h", "help": "60/h"}
    centre = {
        "horizon": {"from": "2026-11-23 07:00", "to": "2026-11-23 19:00", "interval": "30m"},
        "sites": {"hanoi": {}, "danang": {}},
        "queues": {
            name: queue | {"arrivals": {"rate": rate}, "strategy": "longest-idle"} for name, rate in rates.items()
        },
        "agents": [{"group": "n", "count": 5, "site": "hanoi"}, {"group": "s", "count": 4, "site": "danang"}],
        "disruptions": [{"at": "2026-11-23 09:00", "for": "1h", "world": {"site_down": "hanoi"}}],
    }
    both = cases(Scenario.of(centre), 0)
    for seed in range(1, 7):
        case = told({name: simulate(one, 60, seed) for name, one in both.items()})[1]
        for queue_name in rates:
            after_s = case.recovered_s[queue_name]
            assert after_s is not None, (seed, queue_name)
            assert 3600 <= after_s <= 7200, (seed, queue_name)


def test_without_a_plan_there_are_two_cases_and_without_disruptions_none(tmp_path: Path) -> None:
    bare = {**CENTRE["disruptions"][0]}
    del bare["respond"]
    assert list(cases(Scenario.of(CENTRE | {"disruptions": [bare]}), 0)) == [QUIET, NO_PLAN]
    (tmp_path / "quiet.yaml").write_text(json.dumps(CENTRE | {"disruptions": []}), encoding="utf-8")
    refused = said(str(tmp_path / "quiet.yaml"))
    assert refused.exit_code == 1
    assert "nothing goes wrong" in refused.stderr


def test_the_command_tells_the_cases(tmp_path: Path) -> None:
    path = tmp_path / "storm.yaml"
    path.write_text(json.dumps(CENTRE), encoding="utf-8")
    shown = said(str(path), "-n", "3")
    assert shown.exit_code == 0, shown.output
    assert "plan late" in shown.stdout
    values = json.loads(said(str(path), "-n", "3", "--late", "20m", "--json").stdout)
    assert values["cases"][3]["activated_s"] == 1800
    assert values["recovery"].startswith("A service level is recovered from the first interval on")
    assert set(values["cases"][2]["recovered_s"]) == {"calls", "survey", "all"}
    assert values["cases"][0]["untold_drop"] == {"calls": None, "survey": None, "all": None}
    lines = said(str(path), "-n", "3", "--csv").stdout.splitlines()
    assert len(lines) == 1 + 4 * 3
    wrong = said(str(path), "--late", "soon")
    assert wrong.exit_code == 2
    assert "--late" in wrong.stderr


def test_a_great_loss_that_is_no_more_than_chance_has_a_question_mark(capsys: pytest.CaptureFixture[str]) -> None:
    """The mean of two replications of which one lost 30 points, and the other nothing."""
    wholes = {"value": 0.5, "low": 0.0, "high": 1.0}
    case: dict[str, Any] = dict.fromkeys(("lost", "lost_more", "backlog", "damage"), wholes)
    case |= {"activated_s": None, "service_level_during": {"calls": wholes, "all": wholes}}
    case |= {"recovered_s": {"calls": 0.0, "all": 0.0}}
    cases_told = [
        {"case": name} | case | {"untold_drop": {"calls": drop, "all": drop}}
        for name, drop in ((QUIET, None), (NO_PLAN, 0.15))
    ]
    head = {"scenario": "x", "confidence": 0.95, "currency": "EUR", "replications": 2, "seed": 1}
    answer = head | {"cases": cases_told}
    _print(answer)
    printed = capsys.readouterr().out
    assert printed.count("±50.0, 0?") == 2
    assert "no plan: too few replications to tell when it was back (?): points lower meanwhile: calls 15.0." in printed
    lead = resilience_section(Folder(Path(), resilience=answer), Words("en"))
    assert isinstance(lead, Section)
    assert lead.lead[0].endswith("the service level of a queue was 15.0 points lower meanwhile.")
    assert lead.table.rows[1][6] == "0 s?"
    assert [row["untold_drop"] for row in case_rows(answer)] == [None, None, 0.15, 0.15]


def test_what_it_wrote_is_drawn(tmp_path: Path) -> None:
    path, out = tmp_path / "storm.yaml", tmp_path / "out"
    path.write_text(json.dumps(CENTRE), encoding="utf-8")
    done = said(str(path), "-n", "3", "-o", str(out), "--csv")
    assert done.exit_code == 0, done.output
    assert f"trunkline report {out}" in done.stderr
    assert (out / "resilience.csv").read_text(encoding="utf-8").splitlines() == done.stdout.splitlines()
    drawn = resilience_section(read_folder(out), Words())
    assert isinstance(drawn, Section)
    assert len(drawn.table.rows) == 4


def test_who_waits_in_two_queues_one_after_the_other_is_no_backlog_of_both(tmp_path: Path) -> None:
    """Three come to one queue, and when they are served three to the other; then two to each at once."""
    traces = {"one": [10, 10, 10, 2000, 2000], "other": [910, 910, 910, 2000, 2000]}
    queues = {}
    for name, instants in traces.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(map(str, instants)), encoding="utf-8")
        arrivals = {"trace": f"{name}.csv"}
        queues[name] = {"arrivals": arrivals, "handle": {"talk": "1m"}, "strategy": "longest-idle", "agents": 1}
    horizon = {"from": "2026-11-23 08:00", "to": "2026-11-23 09:30", "interval": "30m"}
    file = tmp_path / "two.yaml"
    file.write_text(json.dumps({"horizon": horizon, "queues": queues}), encoding="utf-8")
    found = simulate(Scenario.load(file), 1, 1)
    assert found.longest[0].tolist() == [[2, 1, 0], [2, 1, 0]]
    assert found.crowd[0].tolist() == [2, 2, 0]
