"""A record that covers an interval in part says how many came a minute, not how few came in all of it."""

import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from simulations.experiment.recording import record
from simulations.fit.calls import Collected
from simulations.fit.fitted import fit
from simulations.fit.observed import covered, mean_over
from simulations.fit.read import read_calls
from simulations.scenario.scenario import Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
BEGIN_NS = int(datetime(2026, 11, 2, 8, 11, tzinfo=UTC).timestamp()) * 1_000_000_000
MINUTE_NS = 60_000_000_000


def test_a_log_of_minutes_tells_the_rate_and_the_staff_of_its_interval(tmp_path: Path) -> None:
    scenario = Scenario.of(
        {
            "horizon": {"from": "2026-11-02 08:11", "to": "2026-11-02 08:24", "interval": "1m", "drain": "0s"},
            "queues": {
                "q": {
                    "arrivals": {"rate": "20/min"},
                    "handle": {"talk": "exponential(30s)", "wrap_up": "5s"},
                    "patience": "exponential(2m)",
                    "agents": 12,
                }
            },
        }
    )
    record(scenario, 3, 0, tmp_path)
    calls = read_calls(tmp_path)
    found = fit(calls)
    (volume,) = (value for value in found.queues[0].arrivals.volumes if value)
    assert volume == pytest.approx(len(calls.rows) / 13 * 30, rel=0.02)
    (staff,) = (max(group.at_work) for group in found.groups)
    assert staff == pytest.approx(12, abs=1)
    ((remark, count),) = [(text, n) for text, n in found.remarks.items() if "covers a part" in text]
    assert count == len(calls.rows)
    assert remark.startswith(
        "call in an interval of 30m of which the record, 08:11 to 08:24, covers a part: volumes and"
    )
    assert remark.endswith("are at the same rate; --interval 2m follows it closer")


def test_calls_alone_tell_their_span_where_all_are_within_an_interval() -> None:
    collected = Collected()
    for minute in range(10):
        collected.add(
            arrival_ns=BEGIN_NS + minute * MINUTE_NS,
            wait_ns=0,
            kind="q",
            agent="a",
            answered=True,
            handle_ns=MINUTE_NS,
        )
    calls = collected.calls("test", "UTC")
    days = np.array([BEGIN_NS // (1440 * MINUTE_NS)])
    assert covered(calls, days, 1800)[0, 16] == pytest.approx(1 / 3)
    assert covered(calls, days, 300).min() == 1.0, "longer than an interval, it may begin where doors open"
    assert fit(calls).queues[0].arrivals.volumes[16] == pytest.approx(30)


def test_an_interval_covered_for_moments_is_taken_with_its_neighbour() -> None:
    shares = np.array([[0.0, 0.01, 1.0, 0.5, 0.02]])
    means = mean_over(np.array([[0, 1, 20, 9, 0]]), shares)
    assert means.tolist() == pytest.approx([0.0, 21 / 1.01, 20.0, 18.0, 0.0])
    assert math.isclose(mean_over(np.array([[4], [6]]), np.ones((2, 1)))[0], 5.0)


def test_queues_that_are_left_out_are_named() -> None:
    collected = Collected()
    for number in range(20):
        name = "many" if number < 17 else f"few-{number}"
        collected.add(arrival_ns=BEGIN_NS + number * 180 * MINUTE_NS, wait_ns=0, kind=name, agent="a", answered=True)
    remarks = fit(collected.calls("test", "UTC")).remarks
    assert remarks["queue left out, of fewer than 5 calls each, 3 in all: few-17, few-18, few-19"] == 3
