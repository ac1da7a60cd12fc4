"""How long it rings is known from a log: `fit` finds it again, and the waits with it."""

import math
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from simulations.commands.fit import fit as fit_command
from simulations.experiment.recording import record
from simulations.experiment.simulate import simulate
from simulations.fit.calls import SECOND_NS
from simulations.fit.durations import fit_below
from simulations.fit.fitted import fit
from simulations.fit.read import read_calls
from simulations.fit.rings import reached
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
    record(scenario, 5, 0, tmp_path / "log")
    (queue,) = fit(read_calls(tmp_path / "log")).queues
    assert queue.rings is not None
    answer, no_answer = queue.rings.answer.mean_s, queue.rings.no_answer
    assert answer.n > 1000
    assert answer.low <= 6.0 <= answer.high, "also of those that ring for longer than the ring limit of 20 s"
    assert no_answer.low <= 0.05 <= no_answer.high, "of whom nobody would answer, however long it rang"
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


def test_rings_that_callers_cut_short_by_giving_up_count_as_long_as_they_rang(tmp_path: Path) -> None:
    """A third of the callers give up while it rings: of the offers that are answered the mean is 6.2 s."""
    scenario = centre(answer="erlang(mean=9s, k=2)", no_answer="10%")
    hasty = scenario.changed("queues.q.patience=exponential(20s)", "queues.q.arrivals.rate=3/min")
    record(hasty, 3, 0, tmp_path / "log")
    calls = read_calls(tmp_path / "log")
    assert calls.offers is not None
    answered_s = calls.offers["lasted_ns"][calls.offers["answered"]] / SECOND_NS
    assert answered_s.mean() < 7.0
    (queue,) = fit(calls).queues
    assert queue.rings is not None
    answer, no_answer = queue.rings.answer, queue.rings.no_answer
    assert answer.mean_s.value == pytest.approx(9.0, rel=0.08)
    assert answer.laws[0].name == "erlang"
    assert no_answer.low <= 0.1 <= no_answer.high
    assert no_answer.high - no_answer.low < 0.1


@pytest.mark.parametrize("hung_up_s", [math.inf, 20.0])
def test_estimates_are_right_in_the_mean_over_many_days(hung_up_s: float) -> None:
    """Of 1500 offers 5 % are never answered, the others after 6 s in the mean; they are taken back after 20 s."""
    found = []
    for seed in range(20):
        chance = np.random.default_rng(seed)
        rings_s = np.where(chance.random(1500) < 0.05, np.inf, chance.exponential(6.0, 1500))
        until_s = np.minimum(chance.exponential(1.0, 1500) * hung_up_s, 20.0)
        offers = reached(np.minimum(rings_s, until_s), rings_s <= until_s)
        below = fit_below(offers.samples_s, offers.limit_s, 1 / offers.share - 1)
        found.append((below.durations.mean_s.value, 1 - offers.share / below.share))
    mean_s, no_answer = np.mean(found, axis=0)
    assert mean_s == pytest.approx(6.0, rel=0.05)
    assert no_answer == pytest.approx(0.05, abs=0.01)


def test_where_all_ring_to_their_end_rings_are_those_seen() -> None:
    lasted_s = np.random.default_rng(5).exponential(6.0, 500)
    found = reached(lasted_s, np.ones(500, bool))
    assert found.share == pytest.approx(1.0)
    assert found.samples_s.mean() == pytest.approx(lasted_s.mean(), rel=1e-6)


def test_an_answer_as_the_limit_passes_leaves_those_who_never_answer() -> None:
    lasted_s = np.r_[np.linspace(1.0, 15.0, 90), np.full(10, 20.0), 20.001]
    found = reached(lasted_s, np.r_[np.ones(90, bool), np.zeros(10, bool), True])
    assert found.share == pytest.approx(91 / 101)


def test_where_everybody_answers_at_once_nothing_rings(tmp_path: Path) -> None:
    record(centre(), 3, 0, tmp_path / "log")
    fit_scenario(tmp_path / "log").save(tmp_path / "fitted.yaml")
    assert Scenario.load(tmp_path / "fitted.yaml").file.queues["q"].ring is None


def test_where_nobody_ever_answered_no_ring_is_told(tmp_path: Path) -> None:
    scene = Scenario.of(
        {
            "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 09:00", "interval": "30m"},
            "queues": {
                "q": {
                    "arrivals": {"rate": "1/min"},
                    "handle": {"talk": "1m"},
                    "patience": "30s",
                    "ring": {"answer": "10m"},
                    "agents": 2,
                }
            },
        }
    )
    record(scene, 3, 0, tmp_path / "log")
    app = typer.Typer()
    app.command()(fit_command)
    told = CliRunner().invoke(app, [str(tmp_path / "log")], env={"COLUMNS": "200"})
    assert told.exit_code == 0, told.output
    assert "rings until answered" not in told.output
    rings = fit(read_calls(tmp_path / "log")).queues[0].rings
    assert rings is not None
    assert not rings.are_told
