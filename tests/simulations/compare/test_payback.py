"""Structures over the months: what was simulated, grown, discounted, and paid back."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from engine.errors import ConfigError
from simulations.commands.payback import payback as payback_command
from simulations.compare.growth import grown
from simulations.compare.payback import against, discounts, outlook, payback, structures
from simulations.experiment.costs import total_costs
from simulations.experiment.simulate import simulate
from simulations.report.folder import read_folder
from simulations.report.payback import payback as payback_section
from simulations.report.section import Section
from simulations.report.wording import Words
from simulations.scenario.money import Business
from simulations.scenario.scenario import Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them compiles the world
BUSINESS: dict[str, Any] = {"investment": {"seats": 9000, "software": 3000}, "running": {"rent": 500}, "months": 6}
CENTRE: dict[str, Any] = {
    "name": "own",
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 12:00", "interval": "1h"},
    "queues": {"q": {"arrivals": {"rate": "60/h"}, "handle": {"talk": "3m"}, "patience": "exponential(2m)"}},
    "agents": [{"group": "g", "count": 4}],
    "costs": {"currency": "VND", "agent_hour": 10},
    "benefits": {"contact": 2},
    "business": BUSINESS | {"days_a_month": 25},
}


def said(*arguments: str) -> Result:
    """What the command said to these arguments."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(payback_command)
    return CliRunner().invoke(app, list(arguments))


def test_a_steady_structure_is_the_simulated_day_over_and_over() -> None:
    found = outlook(Scenario.of(CENTRE), replications=5)
    day = simulate(Scenario.of(CENTRE), 5, 1)
    benefit = 2 * day.count("answered").sum(axis=(1, 2))
    assert found.costs == pytest.approx(np.full((5, 6), 25 * 4 * 4 * 10 + 500))
    assert found.benefits == pytest.approx(np.tile(25 * benefit[:, None], 6))
    assert found.balance[:, -1] == pytest.approx(6 * (25 * benefit - 4500) - 12_000)


def test_staff_and_lines_grow_with_the_volume_or_stay() -> None:
    growing = Scenario.of(CENTRE | {"trunk_groups": {"red": {"channels": 5}}})
    twice = grown(growing, 2.0, staff_grows=True)
    assert twice.file.groups[0].count == 8
    assert twice.file.trunk_groups["red"].channels == 10
    assert twice.file.queues["q"].arrivals is not None
    offered = [
        simulate(one, 10, 1).count("offered").sum() for one in (growing, twice, grown(twice, 0.5, staff_grows=False))
    ]
    assert offered[1] / offered[0] == pytest.approx(2, rel=0.1)
    assert offered[2] == offered[0]
    assert grown(growing, 2.0, staff_grows=False).file.groups[0].count == 4
    found = outlook(growing.changed("business.growth=10%"), replications=3)
    costs = total_costs(simulate(grown(growing, 1.1**5, staff_grows=True), 3, 1)) * 25 + 500
    assert found.costs[:, -1] == pytest.approx(costs)
    assert found.costs[:, 0] == pytest.approx(25 * 160 + 500)


def test_a_customer_base_that_shrinks_is_planned_like_one_that_grows() -> None:
    one = Scenario.of(CENTRE | {"trunk_groups": {"red": {"channels": 5, "reserve": 4}}})
    shrinking = one.changed("business.growth=-10%")
    assert shrinking.file.business.growth == -0.1
    found = outlook(shrinking, replications=3)
    assert found.volumes == pytest.approx(0.9 ** np.arange(6))
    days = {volume: simulate(grown(one, volume, staff_grows=True), 3, 1) for volume in np.linspace(0.9**5, 1, 4)}
    costs = {volume: total_costs(day) * 25 + 500 for volume, day in days.items()}
    assert found.costs[:, 0] == pytest.approx(25 * 160 + 500)
    assert found.costs[:, -1] == pytest.approx(costs[0.9**5])
    assert found.costs[0, -1] == 25 * 4 * 2 * 10 + 500, "four agents times 0.59 are two"
    assert found.costs[:, -1].max() < found.costs[:, 0].min()
    (low, high), benefit = list(days)[2:], 2.0 * np.array([day.count("answered").sum() / 3 for day in days.values()])
    part = (0.9 - low) / (high - low)
    assert found.benefits[:, 1].mean() == pytest.approx(25 * (benefit[2] * (1 - part) + benefit[3] * part))
    staying = outlook(shrinking.changed("business.staff_grows=false"), replications=3)
    assert staying.costs == pytest.approx(np.full((3, 6), 25 * 160 + 500))
    assert staying.service_levels[-1] > found.service_levels[0], "as many for fewer"
    fewer = grown(one, 0.5, staff_grows=True).file.trunk_groups["red"]
    assert (fewer.channels, fewer.reserve) == (3, 3), "no more is reserved than there is"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("-100%", "-100% is out of range; allowed is more than -100% and up to 100%"),
        ("-1", "-1 is out of range"),
        ("101%", "101% is out of range"),
        ("less", "'less' is no growth; write 2% or 0.02, and -5% or -0.05 of what becomes less"),
        ("5 percent", "'5 percent' is no growth"),
    ],
)
def test_growth_leaves_something_and_doubles_at_most(said: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Scenario.of(CENTRE, changes=[f"business.growth={said}"])
    assert raised.value.faults[0].startswith(f"--set business.growth={said}: {told}")


def test_what_a_service_level_is_of_nobody_is_not_told(tmp_path: Path) -> None:
    path, out = tmp_path / "own.yaml", tmp_path / "out"
    path.write_text(json.dumps(CENTRE | {"business": BUSINESS | {"growth": "-95%"}}), encoding="utf-8")
    done = said(str(path), "-n", "2", "-o", str(out))
    assert done.exit_code == 0, done.output
    assert "% to -" in done.stdout
    months = json.loads((out / "payback.json").read_text(encoding="utf-8"))["structures"][0]["months"]
    assert months[0]["service_level"] > 0
    assert months[-1]["service_level"] is None
    assert isinstance(payback_section(read_folder(out), Words()), Section)


def test_shifts_grow_with_their_group(tmp_path: Path) -> None:
    (tmp_path / "shifts.csv").write_text("hours,count\n8:00-12:00,3\n9:00-13:00,2\n", encoding="utf-8")
    hours = {"horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 12:00"}}
    early, late = {"hours": "8:00-12:00", "count": 3}, {"hours": "9:00-13:00", "count": 2}

    def counts(factor: float, **group: Any) -> tuple[int, list[int | None]]:
        scenario = Scenario.of(CENTRE | hours | {"agents": [{"group": "g"} | group]}, tmp_path)
        grew = grown(scenario, factor, staff_grows=True).file.groups[0]
        return grew.heads, [shift.count for shift in grew.shifts]

    assert counts(1.5, count=5, shifts=[early, late]) == (8, [5, 3])
    assert counts(1.5, shifts=[early, late]) == (8, [5, 3])
    assert counts(1.5, shifts="shifts.csv") == (8, [5, 3])
    assert counts(2.0, count=5, shifts=[early, {"hours": "9:00-13:00"}]) == (10, [6, None])
    assert counts(0.4, count=5, shifts=[early, late]) == (2, [1, 1])
    assert counts(0.1, count=4, shifts=[early, {"hours": "9:00-13:00"}]) == (0, [0, None])


def test_interest_counts_later_months_less() -> None:
    assert discounts(Business(interest=0.21), 12)[-1] == pytest.approx(1 / 1.21)
    assert discounts(Business(), 3).tolist() == [1, 1, 1]


def test_the_month_of_payback_and_its_limits() -> None:
    spread = np.array([-15.0, 0.0, 15.0])[:, None]
    balance = -100 + 30 * np.arange(1, 13) + spread * 2
    found = payback(balance, 0.95)
    assert (found.value, found.low, found.high) == (4, 1, 6), "the limits are those of t with two degrees: ±74.5"
    dips = np.array([[-1.0, 5.0, -2.0, 3.0, 4.0]] * 2)
    assert payback(dips, 0.95).value == 4, "it has to stay there"
    assert payback(-balance, 0.95).value == np.inf


def test_structures_differ_within_replications() -> None:
    one = outlook(Scenario.of(CENTRE), replications=5)
    dear = outlook(
        Scenario.of(CENTRE | {"business": BUSINESS | {"days_a_month": 25, "running": {"rent": 600}}}), replications=5
    )
    gap = against(dear, one)
    assert gap == pytest.approx(np.tile(-100.0 * np.arange(1, 7), (5, 1))), "the same callers: nothing else differs"
    dollars = Scenario.of(CENTRE | {"costs": {"currency": "USD"}})
    with pytest.raises(ConfigError, match=r"reckons in USD, and '.*' in VND; give both one currency"):
        structures([Scenario.of(CENTRE), dollars], replications=2)


def test_structures_of_one_name_are_told_by_their_files(tmp_path: Path) -> None:
    paths = []
    for name in ("own", "lent"):
        paths.append(tmp_path / f"{name}.yaml")
        paths[-1].write_text(json.dumps(CENTRE), encoding="utf-8")
    found = structures([Scenario.load(path) for path in paths], months=2, replications=2)
    assert [one["scenario"] for one in found["structures"]] == [f"{CENTRE['name']} ({path})" for path in paths]


def test_one_file_twice_makes_two_structures_that_can_be_told_apart(tmp_path: Path) -> None:
    path, other = tmp_path / "own.yaml", tmp_path / "other.yaml"
    path.write_text(json.dumps(CENTRE), encoding="utf-8")
    other.write_text(json.dumps(CENTRE | {"name": "other"}), encoding="utf-8")
    found = json.loads(said(str(path), str(other), str(path), "-n", "2", "--months", "1", "--json").stdout)
    assert [one["scenario"] for one in found["structures"]] == [f"own ({path}, 1)", "other", f"own ({path}, 3)"]
    plain = structures([Scenario.of(CENTRE), Scenario.of(CENTRE)], months=1, replications=2)
    assert [one["scenario"] for one in plain["structures"]] == ["own (1)", "own (2)"]


def test_the_command_tells_all_structures_and_the_first_as_yardstick(tmp_path: Path) -> None:
    for name in ("own", "lent"):
        raw = CENTRE | {"name": name} | ({} if name == "own" else {"costs": {"currency": "VND", "talk_minute": 0.3}})
        (tmp_path / f"{name}.yaml").write_text(json.dumps(raw), encoding="utf-8")
    paths = [str(tmp_path / "own.yaml"), str(tmp_path / "lent.yaml")]
    shown = said(*paths, "-n", "3")
    assert shown.exit_code == 0, shown.output
    assert "better from" in shown.stdout
    assert "6 months" in shown.stdout
    found = json.loads(said(*paths, "-n", "3", "--months", "2", "--json").stdout)
    assert [len(one["months"]) for one in found["structures"]] == [2, 2]
    assert "against_first" in found["structures"][1]
    lines = said(*paths, "-n", "3", "--csv").stdout.splitlines()
    assert len(lines) == 1 + 2 * 6
    assert lines[0].startswith("scenario,month,volume,service_level,cost,cost_lo")


def test_what_it_wrote_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(json.dumps(CENTRE), encoding="utf-8")
    out = tmp_path / "out"
    done = said(str(tmp_path / "own.yaml"), "-n", "3", "-o", str(out), "--json")
    assert done.exit_code == 0, done.output
    assert f"trunkline report {out}" in done.stderr
    kept = json.loads((out / "payback.json").read_text(encoding="utf-8"))
    assert kept.items() >= json.loads(done.stdout).items()
    assert (kept["seed"], kept["confidence"]) == (1, 0.95)
    drawn = payback_section(read_folder(out), Words())
    assert isinstance(drawn, Section)
    assert len(drawn.table.rows) == 6
