"""`trunkline simulate`: what it prints and writes, and how it ends."""

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

import simulations.cores
from engine.errors import ConfigError
from simulations.commands.scenario_files import write_example
from simulations.commands.simulate import simulate as simulate_command
from simulations.compare.paired import played_alike
from simulations.compare.sweep import sweep
from simulations.compare.vary import parse_vary
from simulations.cores import cores
from simulations.experiment.estimates import Estimate, mean, ratio, t_quantile
from simulations.experiment.files import TABLES, write_run
from simulations.experiment.intervals import COLUMNS, interval_rows
from simulations.experiment.result import quantile_s
from simulations.experiment.simulate import simulate
from simulations.scenario.scenario import Scenario
from simulations.scenario.sections import Stop
from simulations.world.waits import BIN_EDGES_S

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
TEXT = """
name: small
horizon: {from: 2026-11-23 08:00, to: 2026-11-23 10:00, interval: 30m}
queues:
  sales:
    arrivals: {rate: 2/min}
    handle: {talk: exponential(3m), wrap_up: exponential(20s)}
    patience: exponential(1m)
    strategy: longest-idle
    agents: 7
  help:
    arrivals: {rate: 10/h}
    handle: {talk: exponential(5m)}
    patience: exponential(4m)
    strategy: longest-idle
    agents: 2
costs: {currency: VND, agent_hour: 60, abandonment: 10}
experiment: {replications: 6, seed: 4}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(TEXT, encoding="utf-8")
    return file


def said(*arguments: str) -> Result:
    """What the command said to these arguments."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(simulate_command)
    return CliRunner().invoke(app, list(arguments))


def test_a_table_names_every_queue_with_units_and_seed(path: Path) -> None:
    done = said(str(path))
    assert done.exit_code == 0, done.output
    for word in ("small: 6 replications, seed 4", "sales", "help", "all", "95% confidence", "ASA, s"):
        assert word in done.stdout


def test_json_holds_every_figure_with_its_limits(path: Path) -> None:
    found = json.loads(said(str(path), "-n", "4", "--seed", "9", "--set", "queues.sales.agents=30", "--json").stdout)
    assert (found["replications"], found["seed"]) == (4, 9)
    level = found["queues"]["sales"]["service_level"]
    assert level["low"] <= level["value"] <= level["high"]
    assert level["value"] > 0.99, "thirty agents are plenty"
    assert found["cost"]["currency"] == "VND"
    assert found["cost"]["value"] == pytest.approx(32 * 2 * 60 + 10 * found["all"]["abandoned"]["value"], rel=1e-6)
    for name in ("offered", "answered", "abandon_rate", "asa_s", "aht_s", "occupancy"):
        assert found["all"][name]["value"] is not None


def test_csv_has_the_columns_that_all_figures_share(path: Path) -> None:
    rows = list(csv.DictReader(said(str(path), "-n", "3", "--csv").stdout.splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["queue"], row["interval_start"]) for row in rows[:2]] == [
        ("sales", "2026-11-23T08:00:00+00:00"),
        ("sales", "2026-11-23T08:30:00+00:00"),
    ]
    assert len(rows) == 8
    assert float(rows[0]["agents_scheduled"]) == 7
    assert {row["source"] for row in rows} == {"sim"}


def test_a_run_leaves_its_files_and_can_be_repeated_from_them(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert said(str(path), "-n", "3", "--set", "queues.sales.agents=9", "-o", str(out)).exit_code == 0
    run = json.loads((out / "run.json").read_text())
    again = json.loads(said(str(out / "scenario.lock.yaml"), "-n", "3", "--json").stdout)
    assert again["queues"] == run["queues"]
    folder = json.loads(said(str(out), "-n", "3", "--json").stdout)
    assert folder["queues"] == run["queues"], "a folder is the scenario that was played in it"
    assert (out / "summary.md").read_text().startswith("# small")
    assert len((out / "intervals.csv").read_text().splitlines()) == 9
    assert (run["command"], run["made_at"][10]) == ("", "T"), "no command of a shell, and when"


def test_a_folder_can_be_played_without_the_files_that_its_scenario_named(tmp_path: Path) -> None:
    write_example(tmp_path / "plan")
    out = tmp_path / "out"
    assert said(str(tmp_path / "plan/hotline.yaml"), "-n", "1", "-o", str(out)).exit_code == 0
    (tmp_path / "plan").rename(tmp_path / "gone")
    again = said(str(out / "scenario.lock.yaml"), "-n", "1", "--json")
    assert again.exit_code == 0, again.stderr
    assert json.loads(again.stdout)["queues"] == json.loads((out / "run.json").read_text())["queues"]


def test_what_pictures_need_lies_beside_the_intervals(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert said(str(path), "-n", "5", "-o", str(out)).exit_code == 0
    run = json.loads((out / "run.json").read_text())
    waits, pools, steps = (
        list(csv.DictReader((out / name).read_text(encoding="utf-8").splitlines()))
        for name in ("waits.csv", "pools.csv", "convergence.csv")
    )
    level = run["queues"]["sales"]["service_level"]
    (at_threshold,) = (row for row in waits if (row["queue"], row["within_s"]) == ("sales", "20.0"))
    assert float(at_threshold["share"]) == pytest.approx(level["value"])
    assert float(at_threshold["share_lo"]) == pytest.approx(level["low"], abs=1e-5)
    assert [row["pool"] for row in pools] == ["sales"] * 4 + ["help"] * 4, "nobody serves both"
    assert [int(row["replications"]) for row in steps if row["queue"] == "help"] == [2, 3, 4, 5]
    assert float(steps[-1]["service_level_hi"]) == pytest.approx(run["all"]["service_level"]["high"])
    assert not (out / "trunks.csv").exists(), "there are no trunks"


def test_an_interrupted_run_leaves_the_earlier_one_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario, out = Scenario.of(YAML(typ="safe", pure=True).load(TEXT)), tmp_path / "out"
    write_run(scenario, simulate(scenario, 2), out)
    (out / "trunks.csv").write_text("of an earlier scenario, which had some")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    second = simulate(scenario, 3)

    def interrupted(result: object) -> Iterator[dict[str, Any]]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setitem(TABLES, "convergence.csv", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_run(scenario, second, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    written = write_run(scenario, second, out)
    assert {path.name for path in out.iterdir()} == {path.name for path in written} == before.keys() - {"trunks.csv"}
    assert json.loads((out / "run.json").read_text())["replications"] == 3


def test_of_an_interval_to_which_nobody_came_no_share_and_no_time_is_told(tmp_path: Path) -> None:
    (tmp_path / "trace.csv").write_text("5\n10\n3700\n")
    raw = YAML(typ="safe", pure=True).load(TEXT)
    raw["queues"] = {"sales": {"arrivals": {"trace": "trace.csv"}, "handle": {"talk": "5m"}, "agents": 1}}
    rows = interval_rows(simulate(Scenario.of(raw, tmp_path), 3))
    assert [row["offered"] for row in rows] == [2, 0, 1, 0]
    for row in rows[1::2]:
        of_nobody = ("service_level", "abandon_rate", "abandon_lo", "asa_s", "wait_p50_s", "aht_s", "trunk_blocking")
        assert [row[name] for name in of_nobody] == [None] * len(of_nobody)


def test_no_replications_are_not_the_files() -> None:
    scenario = Scenario.of(YAML(typ="safe", pure=True).load(TEXT))
    for play in (
        lambda: simulate(scenario, 0),
        lambda: played_alike([scenario, scenario], 0),
        lambda: sweep(scenario, [parse_vary("volume=1,2")], 0),
    ):
        with pytest.raises(ConfigError, match=r"replications 0: play [12] or more"):
            play()


def test_threads_are_as_many_as_the_process_may_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2}, raising=False)
    monkeypatch.setattr(simulations.cores, "QUOTA", tmp_path / "cpu.max")
    assert cores() == 3, "where no container says anything"
    for said, found in (("max 100000", 3), ("150000 100000", 2), ("900000 100000", 3), ("10000 100000", 1)):
        (tmp_path / "cpu.max").write_text(f"{said}\n")
        assert cores() == found


def test_faults_and_absent_files_end_with_their_codes(path: Path) -> None:
    done = said(str(path), "--set", "queues.sale.agents=9")
    assert (done.exit_code, "did you mean 'sales'?" in done.stderr) == (1, True)
    done = said(str(path), "--set", "experiment.stop={metric: sale.service_level}")
    assert (done.exit_code, "there is no queue 'sale'" in done.stderr) == (1, True)
    assert said(str(path), "--json", "--csv").exit_code == 2
    assert said(str(path.with_name("none.yaml"))).exit_code == 1


def test_a_command_may_say_how_narrow_an_interval_has_to_be(path: Path) -> None:
    found = json.loads(said(str(path), "--until", "sales.abandon_rate=2%", "--json").stdout)
    figure = found["queues"]["sales"]["abandon_rate"]
    assert (figure["high"] - figure["low"]) / 2 <= 0.02
    assert found["replications"] > 6
    for untils in (["sales.abandon_rate=2%", "asa_s=9"], ["asa_s=9", "sales.abandon_rate=2%"]):
        both = [part for until in untils for part in ("--until", until)]
        assert json.loads(said(str(path), *both, "--json").stdout)["replications"] == found["replications"]
    for until, words in (
        ("sales.abandon_rate=narrow", "write FIGURE=HALF"),
        ("sales.abandon_rate=0", "HALF must be more than 0"),
        ("sales.abandn_rate=1%", "there is no figure 'abandn_rate'; did you mean 'abandon_rate'?"),
        ("sels.abandon_rate=1%", "there is no queue 'sels'; did you mean 'sales'?"),
    ):
        done = said(str(path), "--until", until)
        assert done.exit_code == 1
        assert f"--until {until}: " in done.stderr
        assert words in done.stderr


def test_an_interval_that_stays_too_wide_is_told(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = ["--until", "asa_s=0.01", "--until", "sales.abandon_rate=90%", "--until", "help.service_level=0.0001%"]
    done = said(str(path), "-n", "1000", *asked, "-o", str(out))
    assert done.exit_code == 0
    run = json.loads((out / "run.json").read_text())
    assert [one["reached"] for one in run["until"]] == [False, True, False]
    assert [one["half_width_asked"] for one in run["until"]] == [0.01, 0.9, 1e-6]
    wait = run["all"]["asa_s"]
    assert run["until"][0]["half_width"] == pytest.approx((wait["high"] - wait["low"]) / 2, abs=1e-5)
    words = f"after 1000 replications the interval of asa_s is ±{run['until'][0]['half_width']:.3g} s, not yet ±0.01 s"
    for told in (done.stderr, (out / "summary.md").read_text()):
        assert words in told
        assert "help.service_level is ±" in told
        assert "not yet ±0.0001%" in told
        assert "abandon_rate is" not in told
    assert "note: " not in said(str(path), "--until", "sales.abandon_rate=90%").stderr


def test_replications_stop_when_the_interval_is_narrow_enough(path: Path) -> None:
    scenario = Scenario.load(path)
    told: list[tuple[int, int]] = []
    found = simulate(
        scenario,
        stops=[Stop(metric="sales.service_level", half_width=0.02, at_most=500)],
        progress=lambda done, planned: told.append((done, planned)),
    )
    assert found.estimate("service_level", "sales").half_width <= 0.02
    assert 6 < found.replications < 500
    assert told[-1] == (found.replications, found.replications)
    few = simulate(scenario, stops=[Stop(metric="sales.service_level", half_width=0.0001, at_most=13)])
    assert few.replications == 13


def test_estimates_by_the_book() -> None:
    assert t_quantile(0.95, 9) == pytest.approx(2.2621571628, abs=1e-8)
    assert t_quantile(0.99, 30) == pytest.approx(2.7499956536, abs=1e-8)
    assert t_quantile(0.95, 1000) == pytest.approx(1.9623390808, abs=1e-6)
    found = mean(np.array([1.0, 2.0, 3.0, 4.0]), 0.95)
    assert (found.value, found.half_width) == (2.5, pytest.approx(3.1824463053 * np.std([1, 2, 3, 4], ddof=1) / 2))
    same = ratio(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]), 0.95)
    assert same == Estimate(0.5, 0.5, 0.5)
    alone = ratio(np.array([1.0]), np.array([2.0]), 0.95)
    assert (alone.value, np.isnan(alone.low)) == (0.5, True)
    assert np.isnan(ratio(np.zeros(3), np.zeros(3), 0.95).value)


def test_quantiles_of_waits_lie_within_their_bin() -> None:
    counts = np.zeros((2, len(BIN_EDGES_S)), int)
    counts[0, [0, 1, 10]] = 50, 25, 25
    assert quantile_s(counts, 0.5)[0] == 0.0
    assert quantile_s(counts, 0.625)[0] == pytest.approx(0.25)
    assert quantile_s(counts, 1.0)[0] == pytest.approx(BIN_EDGES_S[10])
    assert np.isnan(quantile_s(counts, 0.5)[1])
