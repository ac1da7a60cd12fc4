"""`trunkline compare`: paired differences, and who wins."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from simulations.commands.compare import compare as compare_command
from simulations.compare.paired import compared, comparison, difference, winner
from simulations.compare.unlike import sentences
from simulations.experiment.simulate import simulate
from simulations.scenario.scenario import Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
RAW: dict[str, Any] = {
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 10:00", "interval": "30m"},
    "queues": {
        "sales": {
            "arrivals": {"rate": "2/min", "busyness": 0.1},
            "handle": {"talk": "exponential(3m)"},
            "patience": "exponential(2m)",
            "strategy": "longest-idle",
            "agents": 6,
        }
    },
    "costs": {"agent_hour": 10},
    "experiment": {"replications": 20, "seed": 3},
}


def said(*arguments: str) -> Result:
    """What the command said to these arguments."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(compare_command)
    return CliRunner().invoke(app, list(arguments))


def test_one_agent_more_wins_and_costs(tmp_path: Path) -> None:
    (tmp_path / "six.yaml").write_text(json.dumps(RAW))
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "scenario.lock.yaml").write_text(json.dumps(Scenario.of(RAW).changed("queues.sales.agents=7").raw))
    places = (str(tmp_path / "six.yaml"), str(folder))
    found = {(row["queue"], row["figure"]): row for row in json.loads(said(*places, "--json").stdout)["figures"]}
    assert found["sales", "service_level"]["better"] == "other"
    assert found["sales", "abandon_rate"]["difference"]["high"] < 0
    cost = found["all", "cost"]
    assert (cost["difference"]["value"], cost["better"]) == (20.0, "one")
    rows = list(csv.DictReader(said(*places, "--csv").stdout.splitlines()))
    assert len(rows) == len(found)
    assert "Seed 3" in said(*places, "-o", str(tmp_path / "both")).stdout
    kept = json.loads((tmp_path / "both/compare.json").read_text())
    assert (len(kept["figures"]), kept["seed"], kept["confidence"]) == (len(rows), 3, 0.95)
    assert (tmp_path / "both/compare.csv").read_text().startswith("queue,figure,one,one_lo,one_hi,other,")


def test_pairs_are_closer_than_strangers() -> None:
    scenario = Scenario.of(RAW)
    one, other = simulate(scenario), simulate(scenario.changed("queues.sales.agents=7"))
    gap = difference(one, other, "service_level", "sales")
    apart = np.hypot(*(result.estimate("service_level").half_width for result in (one, other)))
    assert gap.half_width < 0.7 * apart
    assert gap.value == pytest.approx(other.estimate("service_level").value - one.estimate("service_level").value)


def test_a_scenario_does_not_differ_from_itself(tmp_path: Path) -> None:
    one = simulate(Scenario.of(RAW), 5)
    assert all(row["better"] is None for row in compared(one, one))
    assert all(row["difference"]["value"] in (0.0, None) for row in compared(one, one))
    assert {winner(row) for row in compared(one, one)} == {"the same"}
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for file in files:
        file.write_text(json.dumps(RAW))
    told = said(*map(str, files), "-n", "3").stdout
    assert "the same" in told
    assert "chance" not in told
    assert "a.yaml" in told, "both are called 'scenario'"
    found = json.loads(said(*map(str, files), "-n", "3", "--json").stdout)
    assert (found["one_file"], found["other_file"]) == tuple(map(str, files))


def test_what_is_not_of_the_same_is_told_and_not_subtracted(tmp_path: Path) -> None:
    raw = json.loads(json.dumps(RAW))
    raw["costs"] = {"agent_hour": 60_000, "currency": "VND"}
    raw["horizon"] |= {"to": "2026-11-23 09:00"}
    raw["queues"]["mail"] = raw["queues"]["sales"] | {"agents": 2}
    for name, said_of in (("one", RAW), ("other", raw)):
        (tmp_path / f"{name}.yaml").write_text(json.dumps(said_of))
    places = [str(tmp_path / f"{name}.yaml") for name in ("one", "other")]
    found = json.loads(said(*places, "-n", "3", "--json").stdout)
    cost = next(row for row in found["figures"] if row["figure"] == "cost")
    assert (cost["one"]["value"], cost["other"]["value"]) == (120.0, 480_000.0)
    assert (cost["difference"], cost["better"]) == ({"value": None, "low": None, "high": None}, None)
    assert (winner(cost), found["queues_of_one"], found["queues_of_other"]) == ("-", [], ["mail"])
    assert (found["currency"], found["other_currency"]) == ("EUR", "VND")
    told = said(*places, "-n", "3").stdout
    assert "cost, EUR, VND" in told
    for sentence in (
        "Money is not compared: one is in EUR, other in VND.",
        "Queues not compared: mail of other alone.",
        "one is 2026-11-23 08:00 UTC to 2026-11-23 10:00 UTC, other 2026-11-23 08:00 UTC to 2026-11-23 09:00 UTC",
    ):
        assert sentence in told
    one = simulate(Scenario.of(RAW), 2)
    assert sentences(comparison(one, one)) == []
    (tmp_path / "other.yaml").write_text(json.dumps({key: value for key, value in raw.items() if key != "costs"}))
    (tmp_path / "one.yaml").write_text(json.dumps(RAW | {"costs": {"agent_hour": 60_000, "currency": "VND"}}))
    told = said(*places, "-n", "3").stdout
    assert "Money is not compared: other says no prices." in told
    assert "cost, VND " in told, "the other side's EUR is nobody's"
