"""`trunkline fit` learns a scenario that can be played, and says what it learnt."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from engine.commands.outcome import Exit
from simulations.commands.fit import fit
from simulations.commands.fit_run import COLUMNS, weekdays_of
from simulations.commands.scenario_files import check_scenario
from simulations.fit.between import bounds_s
from simulations.fit.calls import SECOND_NS, STINT, Array
from simulations.fit.duty import at_work, stints, who_serves
from simulations.fit.fitted import fit as fit_calls
from simulations.fit.read import read_calls
from simulations.fit.scenario_file import scenario_files
from simulations.scenario.scenario import Scenario

app = typer.Typer()
app.command()(fit)
runner = CliRunner()
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)


def recorded(folder: Path, days: int = 10, rate_per_h: float = 60.0, again: bool = True) -> Path:
    """Write calls of two queues from 8 to 10, agents who wrap up 15 s, patience of 100 s, on Mondays to Fridays."""
    chance = np.random.default_rng(11)
    lines = ["arrival,wait_s,outcome,handle_s,wrap_up_s,queue,agent,customer"]
    for day in range(days):
        begin = MONDAY + timedelta(days=day // 5 * 7 + day % 5)
        for at_s in np.sort(chance.uniform(0, 7200, chance.poisson(2 * rate_per_h))).tolist():
            patience, answer = chance.exponential(100), chance.choice([0.0, chance.exponential(60)])
            queue = "sales, east" if chance.random() < 0.7 else "support"
            arrival = (begin + timedelta(seconds=at_s)).isoformat(timespec="milliseconds")
            if answer < patience:
                talk = chance.lognormal(4.5, 0.6)
                lines.append(f'{arrival},{answer:.3f},answered,{talk:.3f},15,"{queue}",a{chance.integers(4)},')
            else:
                customer = f"c{len(lines)}"
                lines.append(f'{arrival},{patience:.3f},abandoned,,,"{queue}",,{customer}')
                if again and chance.random() < 0.4:
                    later = (begin + timedelta(seconds=at_s + patience + 300)).isoformat(timespec="milliseconds")
                    lines.append(f'{later},0,answered,80,15,"{queue}",a{chance.integers(4)},{customer}')
    path = folder / "calls.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_what_is_fitted_is_accepted_and_played(tmp_path: Path) -> None:
    record, out = recorded(tmp_path), tmp_path / "plan" / "day.yaml"
    told = runner.invoke(app, [str(record), "-o", str(out)])
    assert told.exit_code == Exit.OK, told.output
    assert "10 of 10 days (mon, tue, wed, thu, fri)" in told.output
    assert re.search(r"the fitted day, played \d+ times, against 10 days", told.output)
    assert check_scenario(out) is Exit.OK
    scenario = Scenario.load(out)
    queue = scenario.file.queues["sales, east"]
    assert scenario.file.horizon.from_ == "2026-12-04 08:00"
    assert scenario.file.intervals in (4, 5)
    assert queue.arrivals is not None
    assert queue.arrivals.volumes is not None
    assert sum(queue.arrivals.volumes) == pytest.approx(0.7 * 120, rel=0.25)
    assert 0.7 < queue.arrivals.volume < 1.0, "who calls again comes on top"
    assert queue.patience.distribution.mean_ns / 1e9 == pytest.approx(100, rel=0.2)
    assert queue.patience.retry is not None
    assert queue.patience.retry.share == pytest.approx(0.4, abs=0.1)
    assert queue.handle.talk.mean_ns / 1e9 == pytest.approx(np.exp(4.5 + 0.18), rel=0.15)
    assert queue.handle.wrap_up is not None
    assert queue.handle.wrap_up.mean_ns / 1e9 == 15.0
    written = out.read_text(encoding="utf-8")
    assert "cv 0.00; always the same, so no law is needed" in written
    assert "too few" not in written + told.output
    for text in (written, told.output):
        assert re.search(r"busyness \d+\.\d% \(\d+\.\d to \d+\.\d\)", text)
    again = runner.invoke(app, [str(record), "-o", str(out)])
    assert again.exit_code == Exit.FAILED
    assert "is there already" in again.output


def test_json_and_csv_say_the_same(tmp_path: Path) -> None:
    record = str(recorded(tmp_path))
    found = json.loads(runner.invoke(app, [record, "--json"]).stdout)
    table = list(csv.reader(io.StringIO(runner.invoke(app, [record, "--csv"]).stdout)))
    assert tuple(table[0]) == COLUMNS
    assert [row[0] for row in table[1:]] == [queue["name"] for queue in found["queues"]]
    assert [int(row[1]) for row in table[1:]] == [queue["calls"] for queue in found["queues"]]
    assert sum(queue["calls"] for queue in found["queues"]) == found["calls"]
    both = runner.invoke(app, [record, "--json", "--csv"])
    assert both.exit_code == Exit.USAGE


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--days", "mon-funday"], "is no weekday"),
        (["--days", "sat"], "no calls on such days; there are calls on mon"),
        (["--interval", "7m"], "a whole number of intervals"),
        (["--time-zone", "Mars"], "is not a time zone"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, options: list[str], said: str) -> None:
    told = runner.invoke(app, [str(recorded(tmp_path, days=2)), *options])
    assert told.exit_code in (Exit.USAGE, Exit.FINDINGS)
    assert said in told.output.replace("\n", " ")


def test_weekdays_go_round_the_week() -> None:
    assert weekdays_of("sun-tue, thu") == (0, 1, 3, 6)


def test_without_agents_somebody_stands_in_who_says_so(tmp_path: Path) -> None:
    record = tmp_path / "calls.csv"
    lines = [f"2026-11-23 08:{minute:02}:00,5,answered" for minute in range(30)]
    record.write_text("\n".join(["arrival,wait_s,outcome", *lines]), encoding="utf-8")
    out = tmp_path / "day.yaml"
    assert runner.invoke(app, [str(record), "-o", str(out)]).exit_code == Exit.OK
    assert check_scenario(out) is Exit.OK
    assert "Say how many there are." in out.read_text(encoding="utf-8")
    assert "nobody gave up" in out.read_text(encoding="utf-8")


def table(folder: Path, *lines: str) -> Path:
    path = folder / "calls.csv"
    path.write_text("\n".join(["arrival,wait_s,outcome,handle_s,agent,queue", *lines]) + "\n", encoding="utf-8")
    return path


def seconds_of(found: Array) -> list[list[int]]:
    begin_ns = int(MONDAY.timestamp()) * SECOND_NS
    return [
        [agent, (from_ns - begin_ns) // SECOND_NS, (to_ns - begin_ns) // SECOND_NS]
        for agent, from_ns, to_ns in found.tolist()
    ]


def test_hours_end_where_a_break_begins(tmp_path: Path) -> None:
    calls = read_calls(
        table(
            tmp_path,
            "2026-11-23 08:00:00,0,answered,60,ann,sales",
            "2026-11-23 08:10:00,0,answered,60,ann,sales",
            "2026-11-23 09:00:00,0,answered,60,ann,sales",
        )
    )
    assert seconds_of(stints(calls)) == [[0, 0, 660], [0, 3600, 3660]]
    edges = calls.rows["arrival_ns"][0] + np.array([0, 1800, 3600, 5400]) * SECOND_NS
    assert at_work(stints(calls), edges) == pytest.approx([660 / 1800, 0.0, 60 / 1800])


def test_nobody_is_free_while_somebody_waits_for_them(tmp_path: Path) -> None:
    calls = read_calls(
        table(
            tmp_path,
            "2026-11-23 08:00:00,0,answered,60,ann,sales",
            "2026-11-23 08:05:00,120,abandoned,,,sales",
            "2026-11-23 08:09:00,0,answered,60,ann,sales",
            "2026-11-23 08:06:00,30,abandoned,,,other",
        )
    )
    assert seconds_of(stints(calls)) == [[0, 0, 300], [0, 420, 600]]
    assert stints(calls).dtype == STINT
    assert who_serves(calls).tolist() == [[True, False]]


def test_the_time_between_calls_is_seen_where_somebody_waits(tmp_path: Path) -> None:
    calls = read_calls(
        table(
            tmp_path,
            "2026-11-23 08:00:00,0,answered,60,ann,sales",
            "2026-11-23 08:00:30,42,answered,60,ann,sales",
            "2026-11-23 08:05:00,0,answered,60,ann,sales",
        )
    )
    assert [bound.tolist() for bound in bounds_s(calls)] == [[12.0], [12.0]]


@pytest.mark.parametrize("break_", ["\n", "\r", "\u2028", "\x85"])
def test_a_line_break_in_a_name_writes_nothing_into_the_scenario(tmp_path: Path, break_: str) -> None:
    evil = f"sales{break_}costs: {{currency: XXX}}"
    path = tmp_path / f"calls{break_}seed: 1.csv"
    lines = ["arrival,wait_s,outcome,handle_s,queue"]
    for number in range(23):
        queue = "sales" if number < 20 else evil  # of so few calls that it is left out, with a remark
        lines.append(f'2026-11-23 08:{number:02}:00,1,answered,60,"{queue}"')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    calls = read_calls(path)
    text = scenario_files(fit_calls(calls), calls, tmp_path / "day.yaml")["day.yaml"]
    assert text.count("costs: {currency") == 1
    for line in text.splitlines():
        if "costs: {currency" in line or "seed: 1.csv" in line:
            assert line.startswith("# ")
