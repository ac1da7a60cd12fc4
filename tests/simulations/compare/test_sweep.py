"""`trunkline sweep`: a grid with the same callers, and no point played twice."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from engine.errors import ConfigError
from simulations.commands.sweep import sweep as sweep_command
from simulations.commands.sweep_run import print_sweep
from simulations.compare import sweep as sweeping
from simulations.compare.sweep import POINTS, key_of, sweep
from simulations.compare.vary import Axis, check_axes, grid, parse_vary
from simulations.experiment.simulate import simulate
from simulations.scenario.scenario import Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
RAW: dict[str, Any] = {
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 10:00", "interval": "30m"},
    "queues": {
        "sales": {
            "arrivals": {"rate": "2/min"},
            "handle": {"talk": "exponential(3m)", "wrap_up": "exponential(20s)"},
            "patience": "exponential(2m)",
            "strategy": "longest-idle",
            "agents": 6,
        }
    },
    "agents": [{"group": "help", "count": 10, "queues": ["sales"], "shrinkage": 0.5}],
    "costs": {"agent_hour": 10},
    "experiment": {"replications": 4, "seed": 3},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(json.dumps(RAW))
    return file


def said(*arguments: str) -> Result:
    """What the command said to these arguments."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(sweep_command)
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("volume=0.8:1.3:0.1", (0.8, 0.9, 1, 1.1, 1.2, 1.3)),
        ("queues.sales.agents=10:14:2", (10, 12, 14)),
        ("queues.sales.agents=10:13:2", (10, 12)),
        ("agents.help.shrinkage=10%:20%:5%", ("10%", "15%", "20%")),
        ("queues.sales.max_wait=30s:1m30s:30s", ("30s", "1m", "1m30s")),
        ("queues.sales.strategy=erlang,longest-idle", ("erlang", "longest-idle")),
        ("horizon.from=2026-11-23 08:00,2026-11-23 08:30", ("2026-11-23 08:00", "2026-11-23 08:30")),
    ],
)
def test_ranges_and_lists(text: str, values: tuple[Any, ...]) -> None:
    assert parse_vary(text).values == values


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("volume", "varies nothing"),
        ("volume=1:2", "no step"),
        ("volume=1:2:0", "never gets to its end"),
        ("volume=2:1:0.1", "ends before it begins"),
        ("volume=0:1:0.0001", "at most 1000"),
        ("volume=a:b:c", "no range"),
        ("volume=1,1", "twice"),
        ("volume=1,,2", "empty value"),
    ],
)
def test_a_bad_range_says_why(path: Path, text: str, reason: str) -> None:
    done = said(str(path), "--vary", text)
    assert done.exit_code == 2
    with pytest.raises(ValueError, match=reason):
        parse_vary(text)


def test_what_the_scenario_does_not_take_is_told_before_anything_is_played() -> None:
    scenario = Scenario.of(RAW)
    with pytest.raises(ConfigError, match="did you mean 'sales'") as error:
        check_axes(scenario, [Axis("queues.slaes.agents", (1, 2)), Axis("shrinkage", (1, 2))])
    assert len(error.value.faults) == 2, "a queue that there is not is told once; and nobody is left"
    assert "--vary shrinkage=2: " in error.value.faults[1]
    with pytest.raises(ConfigError, match="40 x 40 makes 1600 points"):
        check_axes(scenario, [Axis("aht", tuple(range(1, 41))), Axis("patience", tuple(range(1, 41)))])


def test_what_is_varied_by_another_word_is_told_the_nearest() -> None:
    with pytest.raises(ConfigError) as error:
        check_axes(Scenario.of(RAW), [parse_vary("volum=1:2:1"), parse_vary("everything=1,2")])
    assert error.value.faults == [
        "--vary volum=1: unknown word 'volum'; did you mean 'volume'?",
        "--vary everything=1: unknown word 'everything'; there is volume, aht, patience, shrinkage",
    ]


def test_factors_are_of_everything() -> None:
    scenario = Scenario.of(RAW).changed("factors={volume: 2, aht: 0.5, patience: 3, shrinkage: 0.4}")
    queue = scenario.file.queues["sales"]
    assert queue.arrivals is not None
    assert queue.handle.wrap_up is not None
    assert queue.arrivals.volume == 2
    assert (queue.handle.talk.mean_ns, queue.handle.wrap_up.mean_ns) == (90e9, 10e9)
    assert queue.patience.distribution.mean_ns == 360e9
    assert scenario.file.groups[0].at_work == 8


def test_every_point_is_the_scenario_so_changed() -> None:
    axes = [parse_vary("volume=0.5,1"), parse_vary("queues.sales.agents=5:7:2")]
    found = sweep(Scenario.of(RAW), axes)
    assert [point.values for point in found.points] == list(grid(axes)) == [(0.5, 5), (0.5, 7), (1, 5), (1, 7)]
    changed = Scenario.of(RAW).changed("queues.sales.arrivals.volume=0.5", "queues.sales.agents=7")
    by_hand = simulate(changed, 4, 3)
    level = found.points[1].told["all"]["service_level"]
    assert level["value"] == pytest.approx(float(by_hand.estimate("service_level").value), abs=1e-6)
    offered = [point.told["all"]["offered"]["value"] for point in found.points]
    assert offered[0] == offered[1] < offered[2] == offered[3], "the same callers, however many agents"


def test_an_interrupted_sweep_plays_only_what_is_missing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[float] = []
    interrupted_after = [2]

    def playing(scenario: Scenario, *rest: Any, **more: Any) -> Any:
        if len(played) == interrupted_after[0]:
            raise KeyboardInterrupt
        played.append(scenario.file.factors.volume)
        return simulate(scenario, *rest, **more)

    monkeypatch.setattr(sweeping, "simulate", playing)
    out = path.parent / "out"
    arguments = (str(path), "--vary", "volume=0.8:1.1:0.1", "-o", str(out))
    stopped = said(*arguments)
    assert stopped.exit_code == 130
    assert "goes on from there" in stopped.stderr
    assert not (out / "sweep.json").exists()
    interrupted_after[0] = 100
    done = said(*arguments)
    assert done.exit_code == 0, done.output
    assert played == [0.8, 0.9, 1.0, 1.1], "each once"
    assert "2 of 4 points were there already" in done.stdout
    next((out / POINTS).iterdir()).write_text("{")  # as if it was cut short in writing
    assert said(*arguments, "--json").exit_code == 0
    assert len(played) == 5
    whole = sweep(Scenario.load(path), [parse_vary("volume=0.8:1.1:0.1")])
    kept = json.loads((out / "sweep.json").read_text())
    assert [point["all"] for point in kept["points"]] == [point.told["all"] for point in whole.points]


def test_the_files_are_a_table_of_points(path: Path) -> None:
    out = path.parent / "out"
    done = said(str(path), "--vary", "aht=0.9,1.2", "-n", "3", "-o", str(out))
    assert done.exit_code == 0, done.output
    for word in ("aht", "service", "cost,", "EUR", "Seed 3", "95% confidence"):
        assert word in done.stdout
    rows = list(csv.DictReader((out / "sweep.csv").read_text().splitlines()))
    assert [(row["aht"], row["queue"]) for row in rows] == [
        *(("0.9", "sales"), ("0.9", "all")),
        *(("1.2", "sales"), ("1.2", "all")),
    ]
    page = json.loads((out / "sweep.json").read_text())
    assert page["varied"] == [{"name": "aht", "values": [0.9, 1.2]}]
    for row, point in zip(rows[1::2], page["points"], strict=True):
        level = point["all"]["service_level"]
        limits = [float(row[f"service_level{end}"]) for end in ("", "_lo", "_hi")]
        assert limits == [level["value"], level["low"], level["high"]]
        assert float(row["cost"]) == point["cost"]["value"]
    assert float(rows[1]["asa_s"]) < float(rows[3]["asa_s"]), "longer talks, longer waits"
    assert Scenario.load(out / "scenario.lock.yaml").raw == Scenario.load(path).raw


def test_points_are_known_by_what_they_come_from(tmp_path: Path) -> None:
    volumes = tmp_path / "volumes.csv"
    volumes.write_text("volume\n60\n60\n60\n60\n")
    text = json.dumps(RAW).replace('"rate": "2/min"', '"csv": "volumes.csv"')
    raw = json.loads(text)
    key = key_of(Scenario.of(raw, tmp_path), 4, 3)
    assert key == key_of(Scenario.of(raw | {"experiment": {"replications": 9, "seed": 3}}, tmp_path), 4, 3)
    others = {key_of(Scenario.of(raw, tmp_path), 5, 3), key_of(Scenario.of(raw, tmp_path), 4, 4)}
    volumes.write_text("volume\n60\n60\n60\n61\n")
    assert len(others | {key, key_of(Scenario.of(raw, tmp_path), 4, 3)}) == 4, "a file that is named counts"


def test_no_number_of_the_table_is_cut_however_short_the_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = RAW | {"costs": {"currency": "VND", "agent_hour": 123_456}}
    raw["queues"] = {"sales": RAW["queues"]["sales"] | {"max_wait": "1m"}}
    axes = [parse_vary("factors.volume=1,40"), parse_vary("queues.sales.agents=2,40")]
    found = sweep(Scenario.of(raw), axes, 3, 1)
    for columns in (80, 40):
        monkeypatch.setenv("COLUMNS", str(columns))
        print_sweep(found)
        told = capsys.readouterr().out
        assert "…" not in told
        for point in found.points:
            assert f"{100 * point.told['all']['service_level']['value']:.1f}" in told
            assert f"{point.told['cost']['value'] / 1000:,.0f}" in told
        table = [line for line in told.splitlines() if "Seed" not in line]
        assert max(map(len, table)) <= 80, "limits stand below their figures"
