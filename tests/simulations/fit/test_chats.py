"""What a log says of chats comes back in the fitted scenario: their channel, how many at once, within which time."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from simulations.commands.fit import fit as fit_command
from simulations.experiment.recording import record
from simulations.experiment.simulate import simulate
from simulations.planner import fit
from simulations.scenario.scenario import Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
SECOND_NS = 10**9


def test_a_day_of_chats_is_fitted_as_chats(tmp_path: Path) -> None:
    queue = {
        "channel": "chat",
        "service_level": "80% in 1m",
        "arrivals": {"rate": "60/h"},
        "handle": {"talk": "erlang(mean=8m, k=3)"},
        "patience": "exponential(4m)",
        "agents": 4,
    }
    horizon = {"from": "2026-11-02 00:00", "to": "2026-11-05 00:00", "interval": "1h"}
    chats = {"capacity": 3, "slower": "10%"}
    scenario = Scenario.of({"horizon": horizon, "channels": {"chat": chats}, "queues": {"web": queue}})
    played = record(scenario, 3, 0, tmp_path / "log")
    assert played.contacts > 3000
    path = tmp_path / "fitted.yaml"
    fit(tmp_path / "log").save(path)
    fitted = Scenario.load(path)
    (group,) = fitted.file.agents
    assert dict(group.capacity) == {"chat": 3}
    assert fitted.file.channels["chat"].slower == pytest.approx(0.1, abs=0.08)
    app = typer.Typer()
    app.command()(fit_command)
    told = CliRunner().invoke(app, [str(tmp_path / "log")])
    assert "nobody who gave up is known" in told.output.replace("\n", " ")
    assert fitted.file.queues["web"].service_level.threshold_ns == 60 * SECOND_NS
    was = simulate(scenario, 4, 5).estimate("service_level", "web").value
    level = simulate(fitted, 10, 5).estimate("service_level", "web").value
    assert 0.6 < was < 0.97
    assert level == pytest.approx(was, abs=0.06), "one chat at a time would leave hardly anybody in time"
