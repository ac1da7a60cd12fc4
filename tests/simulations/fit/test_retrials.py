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
