"""Load is the work of agents: not the time that contacts stand still, and of several at once each its part."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulations.experiment.detail import pool_rows
from simulations.experiment.intervals import Row, interval_rows
from simulations.experiment.result import BUSY, Result
from simulations.experiment.simulate import simulate
from simulations.report.folder import Folder
from simulations.report.pools import Pool, pools_in
from simulations.scenario.agent_time import work_s
from simulations.scenario.scenario import Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
HOUR_S = 3600.0


def written_and_called(agents: int = 14) -> Scenario:
    """Everybody serves calls, up to three chats, and e-mails, which both interrupt and which take a fifth less."""
    steady = {"strategy": "longest-idle", "skills": {"all": 1}}
    raw: dict[str, Any] = {
        "horizon": {"from": "2026-11-23 00:00", "to": "2026-11-24 00:00", "interval": "24h", "warm_up": "24h"},
        "queues": {
            "calls": steady
            | {
                "service_level": "80% in 20s",
                "arrivals": {"rate": "60/h"},
                "handle": {"talk": "exponential(4m)", "wrap_up": "exponential(30s)"},
                "patience": "exponential(3m)",
            },
            "chats": steady
            | {
                "channel": "chat",
                "service_level": "80% in 60s",
                "arrivals": {"rate": "40/h"},
                "handle": {"talk": "exponential(7m)"},
                "patience": "exponential(6m)",
            },
            "mails": steady
            | {
                "channel": "email",
                "service_level": "90% in 4h",
                "arrivals": {"rate": "20/h"},
                "handle": {"talk": "exponential(6m)"},
            },
        },
        "channels": {"voice": {"may_interrupt": ["email"]}, "chat": {"capacity": 3, "slower": 0.15}},
        "agents": [{"group": "all", "count": agents, "skills": {"all": 1}, "speed": {"mails": 1.25}}],
    }
    raw["channels"]["chat"]["may_interrupt"] = ["email"]
    return Scenario.of(raw)


@pytest.fixture(scope="module")
def run() -> Result:
    return simulate(written_and_called(), replications=8, seed=5)


@pytest.fixture(scope="module")
def rows(run: Result) -> dict[str, Row]:
    return {row["queue"]: row for row in interval_rows(run)}


def pool_of(run: Result) -> Pool:
    folder = Folder(Path(), scenario=written_and_called(), intervals=interval_rows(run), pools=list(pool_rows(run)))
    (pool,) = pools_in(folder)
    return pool


def test_agents_are_busy_with_all_the_work_there_is(run: Result, rows: dict[str, Row]) -> None:
    """Chats leave room in agents who have fewer than three, which is no work."""
    busy = float(run.states_s[..., BUSY].sum(axis=(1, 2, 3)).mean()) / 24 / HOUR_S
    work = sum(row["erlangs"] for row in rows.values())
    assert 0.6 * busy < work <= busy
    lasting = sum(row["answered"] * row["aht_s"] for row in rows.values()) / 24 / HOUR_S
    assert lasting > busy, "else nothing stood still, and the test could not fail"


def test_a_contact_is_worth_what_it_takes_alone(rows: dict[str, Row]) -> None:
    calls, chats, mails = (rows[name] for name in ("calls", "chats", "mails"))
    assert calls["work_s"] == calls["aht_s"]
    assert chats["work_s"] == pytest.approx(420.0 * 1.3 / 3, rel=0.03)
    assert mails["work_s"] == pytest.approx(360.0 / 1.25)
    assert mails["aht_s"] > 1.5 * mails["work_s"]
    assert mails["erlangs"] == pytest.approx(20.0 * 288.0 / HOUR_S, rel=0.05)


def test_talk_that_breaks_off_is_no_longer_than_it_was() -> None:
    file = written_and_called().file
    found = work_s(file, file.queues["mails"], np.array([100.0, 1000.0, np.nan]), np.array([5.0, 5.0, 0.0]))
    np.testing.assert_allclose(found, [105.0, 293.0, np.nan])


def test_the_curve_of_interrupted_work_passes_the_simulated_point(run: Result) -> None:
    pool = pool_of(run)
    level = float(np.interp(pool.present, pool.agents, pool.level))
    assert pool.load <= pool.present * pool.row["occupancy"]
    assert level == pytest.approx(pool.row["service_level"], abs=0.05)
    assert 0.5 < level < 0.995, "else it could not fail"
