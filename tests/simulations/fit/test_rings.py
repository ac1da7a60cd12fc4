"""How long it rings is known from a log: `fit` finds it again, and the waits with it."""

from pathlib import Path

import pytest

from simulations.experiment.recording import record
from simulations.experiment.simulate import simulate
from simulations.fit.calls import SECOND_NS
from simulations.fit.fitted import fit
from simulations.fit.read import read_calls
from simulations.planner import fit as fit_scenario
from simulations.scenario.scenario import Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
HORIZON = {"from": "2026-11-02 08:00", "to": "2026-11-02 20:00", "interval": "1h"}


def centre(**ring: str) -> Scenario:
    """Nine agents for eight erlangs of calls, with that ring."""
    queue = {
        "service_level": "80% in 20s",
        "arrivals": {"rate": "2/min"},
        "handle": {"talk": "exponential(3m)", "wrap_up": "20s"},
        "patience": "exponential(4m)",
        "agents": 9,
    }
    return Scenario.of({"horizon": HORIZON, "queues": {"q": queue | ({"ring": ring} if ring else {})}})


def test_rings_are_found_again_and_waits_with_them(tmp_path: Path) -> None:
    scenario = centre(answer="exponential(6s)", no_answer="5%")
    record(scenario, 3, 0, tmp_path / "log")
    (queue,) = fit(read_calls(tmp_path / "log")).queues
    assert queue.rings is not None
    answer, no_answer = queue.rings.answer.mean_s, queue.rings.no_answer
    assert answer.n > 1000
    assert answer.value == pytest.approx(5.26, rel=0.12), "the mean of those below the ring limit of 20 s"
    assert no_answer.low <= 0.05 + 0.95 * 0.036 <= no_answer.high, "and 3.6 % of the others ring for longer"
    fit_scenario(tmp_path / "log").save(tmp_path / "fitted.yaml")
    fitted = Scenario.load(tmp_path / "fitted.yaml")
    ring = fitted.file.queues["q"].ring
    assert ring is not None
    assert ring.answer.mean_ns / 1e9 == pytest.approx(answer.value, rel=0.05)
    again, rows = simulate(fitted, 40), read_calls(tmp_path / "log").rows
    answered_s = rows["wait_ns"][rows["answered"]] / SECOND_NS
    assert again.estimate("asa_s", "q").value == pytest.approx(answered_s.mean(), rel=0.2), (
        "as the day that was recorded"
    )
    in_time = (answered_s <= 20.0).sum() / len(rows)
    assert again.estimate("service_level_all", "q").value == pytest.approx(in_time, abs=0.05)


def test_where_everybody_answers_at_once_nothing_rings(tmp_path: Path) -> None:
    record(centre(), 3, 0, tmp_path / "log")
    fit_scenario(tmp_path / "log").save(tmp_path / "fitted.yaml")
    assert Scenario.load(tmp_path / "fitted.yaml").file.queues["q"].ring is None
