"""What planners see on a terminal of 80 columns: no table is wider, and no word or number in it is cut off."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from simulations.commands.compare import compare
from simulations.commands.fit import fit
from simulations.commands.payback import payback
from simulations.commands.resilience import resilience
from simulations.commands.simulate import simulate
from simulations.commands.solve import solve
from simulations.commands.sweep import sweep
from simulations.commands.whatif import whatif
from tests.simulations.commands.recorded import recorded_day

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
PEOPLE = {"handle": {"talk": "3m"}, "patience": "exponential(3m)", "service_level": "80% in 60s"}
RAW: dict[str, Any] = {
    "name": "Hotline weekday",
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 10:00", "interval": "30m"},
    "queues": {
        "customers": PEOPLE | {"arrivals": {"rate": "600/h"}},
        "complaints": PEOPLE | {"arrivals": {"rate": "40/h"}},
    },
    "agents": [{"group": "everybody", "count": 40, "shrinkage": "10%"}],
    "disruptions": [{"at": "2026-11-23 08:30", "for": "30m", "world": {"volume": 2}}],
    "costs": {"currency": "VND", "agent_hour": 68_000},
    "benefits": {"contact": 30_000},
    "business": {"investment": {"desks": 900_000_000}, "months": 12},
    "experiment": {"replications": 4, "seed": 3},
}


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded_day(tmp_path_factory.mktemp("centre"), RAW)


COMMANDS: dict[Callable[..., Any], list[str]] = {
    simulate: ["day.yaml"],
    solve: ["day.yaml", "--max-abandon", "5%"],
    compare: ["day.yaml", "day.yaml", "--set", "agents.everybody.count=44"],
    sweep: ["day.yaml", "--vary", "volume=0.9:1.1:0.1", "-n", "3"],
    payback: ["day.yaml", "day.yaml", "--set", "business.months=6"],
    resilience: ["day.yaml"],
    fit: ["log", "--time-zone", "Asia/Ho_Chi_Minh"],
    whatif: ["--log", "log", "--policy", "{}", "-n", "2"],
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_tables_fit_a_terminal(command: Callable[..., Any], centre: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(centre)
    monkeypatch.setenv("COLUMNS", "80")
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command)
    done = CliRunner().invoke(app, COMMANDS[command])
    assert done.exit_code == 0, done.output
    assert "…" not in done.stdout
    tables = [line for line in done.stdout.splitlines() if line.startswith(" ")]
    assert len(tables) > 3
    assert max(len(line.rstrip()) for line in tables) <= 80
    assert done.stderr.strip() == "", "where nobody looks there is no bar"
    if command is not fit:
        assert "Seed " in done.stdout
