"""What planners see on a terminal: in 80 columns no table is wider, and no number is cut off, however few there are."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from simulations.commands.compare import compare
from simulations.commands.fit import fit
from simulations.commands.payback import payback
from simulations.commands.resilience import resilience
from simulations.commands.simulate import simulate
from simulations.commands.solve import solve
from simulations.commands.sweep import sweep
from simulations.commands.tables import print_table, table_of
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


LONG = {"customers": "retail-banking-cards-and-loans", "complaints": "mortgage arrears after hours"}


@pytest.fixture(scope="module")
def long_named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    queues = {LONG[name]: queue for name, queue in RAW["queues"].items()}
    return recorded_day(tmp_path_factory.mktemp("long"), RAW | {"queues": queues})


def said(command: Callable[..., Any], columns: int) -> Result:
    """What a command says on a terminal of so many columns."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command)
    done = CliRunner().invoke(app, COMMANDS[command], env={"COLUMNS": str(columns)})
    assert done.exit_code == 0, done.output
    assert "…" not in done.stdout
    return done


def numbers(told: str) -> Counter[str]:
    """The numbers in the rows of all tables, with the marks behind them, and how often each is there."""
    found: Counter[str] = Counter()
    is_row = False
    for line in told.splitlines():
        is_row = bool(line.strip()) and ("───" in line or is_row)
        if is_row:
            found.update(re.findall(r"[-+±]?\d[\d.,:]*[%*?]*", line))
    return found


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_tables_fit_a_terminal(command: Callable[..., Any], centre: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(centre)
    done = said(command, 80)
    tables = [line for line in done.stdout.splitlines() if line.startswith(" ")]
    assert len(tables) > 3
    assert max(len(line.rstrip()) for line in tables) <= 80
    assert done.stderr.strip() == "", "where nobody looks there is no bar"
    if command is not fit:
        assert "Seed " in done.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_no_number_is_cut(command: Callable[..., Any], long_named: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(long_named)
    whole = numbers(said(command, 400).stdout)
    assert sum(whole.values()) > 5
    assert numbers(said(command, 60).stdout) == whole


def test_headings_break_first_then_names_then_limits_and_no_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lines(columns: int) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(columns))
        table = table_of(("queue", "service level, %"))
        table.add_row("retail-banking-cards", "91.25 ±10.25*")
        print_table(table)
        return [line.rstrip() for line in capsys.readouterr().out.splitlines() if line.strip() and "──" not in line]

    assert lines(80) == [" queue                 service level, %", " retail-banking-cards     91.25 ±10.25*"]
    heading = ["                        service level,", " queue                               %"]
    assert lines(39) == [*heading, " retail-banking-cards    91.25 ±10.25*"]
    assert lines(36)[-2:] == [" retail-banking-card  91.25 ±10.25*", " s"]
    narrowest = [" retail-banki    91.25", " ng-cards      ±10.25*"]
    assert lines(23)[-2:] == lines(1)[-2:] == narrowest
