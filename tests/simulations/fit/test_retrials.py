"""Who calls again is known from the log of a simulation: `fit` finds what the scenario says, queue by queue."""

from pathlib import Path
from typing import Any

import pytest

from engine.log.reader import read_runs
from engine.replay.verify import verify
from simulations.experiment.recording import record
from simulations.fit.fitted import fit
from simulations.fit.read import read_calls
from simulations.planner import fit as fit_scenario
from simulations.scenario.scenario import Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
HORIZON = {"from": "2026-11-02 00:00", "to": "2026-11-04 00:00", "interval": "1h"}


def queue(**patience: Any) -> dict[str, Any]:
    """Two calls a minute for seven agents: many wait, and some give up."""
    return {
        "arrivals": {"rate": "2/min"},
        "handle": {"talk": "exponential(4m)"},
        "patience": {"distribution": "exponential(2m)"} | patience,
        "agents": 7,
    }


def test_retrials_are_found_again(tmp_path: Path) -> None:
    retry = {"share": "40%", "after": "exponential(5m)"}
    scenario = Scenario.of({"horizon": HORIZON, "queues": {"again": queue(retry=retry), "never": queue()}})
    played = record(scenario, 3, 0, tmp_path / "log")
    assert verify(tmp_path / "log").ok
    found = fit(read_calls(tmp_path / "log"))
    again, never = found.queues
    assert again.called_again.low <= 0.4 <= again.called_again.high
    assert again.called_again.high - again.called_again.low < 0.1, "else it could not fail"
    assert (never.called_again.value, never.called_again.n > 500) == (0.0, True)
    mean = found.retrials.after.mean_s
    assert mean.low * 0.97 <= 300.0 <= mean.high * 1.03, "who waits for more than an hour is not counted"
    path = tmp_path / "fitted.yaml"
    fit_scenario(tmp_path / "log").save(path)
    file = Scenario.load(path).file
    assert file.queues["never"].patience.retry is None
    fitted = file.queues["again"].patience.retry
    assert fitted is not None
    assert fitted.share == pytest.approx(0.4, abs=0.05)
    assert found.calls == pytest.approx(played.contacts, rel=0.02)


def test_a_log_names_nobody_where_nobody_comes_again(tmp_path: Path) -> None:
    scenario = Scenario.of({"horizon": HORIZON | {"to": "2026-11-02 06:00"}, "queues": {"never": queue()}})
    record(scenario, 3, 0, tmp_path)
    assert fit(read_calls(tmp_path)).retrials.share.n == 0
    assert not any(run.rows["dedupe"].any() for run in read_runs(tmp_path / "log"))


def test_who_is_unknown_is_not_taken_for_one_who_calls_again(tmp_path: Path) -> None:
    """Of 200 who give up 10 are known, 7 of whom call again: 3.5 % of all are known to, and not 70 %."""
    record = tmp_path / "calls.csv"
    lines = ["arrival,wait_s,outcome,customer"]
    for number in range(200):
        hour, minute = 8 + number // 25, number % 25 * 2
        customer = f"c{number}" if number % 20 == 0 else ""
        lines.append(f"2026-11-02 {hour:02}:{minute:02}:00,30,abandoned,{customer}")
        if customer and number < 140:
            lines.append(f"2026-11-02 {hour:02}:{minute + 5:02}:30,5,answered,{customer}")
    record.write_text("\n".join(lines) + "\n", encoding="utf-8")
    path = tmp_path / "fitted.yaml"
    fit_scenario(record).save(path)
    text = path.read_text(encoding="utf-8")
    assert "10 of 200 who gave up were known: 70.0% (39.7 to 89.2) called again in an hour; who is unknown" in text
    (queue,) = Scenario.load(path).file.queues.values()
    assert queue.patience.retry is not None
    assert queue.patience.retry.share == pytest.approx(0.035)
    assert queue.arrivals is not None
    assert queue.arrivals.volume == pytest.approx(1 - 7 / 207, abs=1e-4), "all others come by themselves"
