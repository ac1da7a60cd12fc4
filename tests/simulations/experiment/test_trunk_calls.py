"""Who asks for a trunk channel: whoever calls, again or not, and nobody who is handed over or called back."""

from typing import Any

import numpy as np
import pytest

from engine.kernel.step import ROOM
from engine.messages.kinds import CONTACT_ARRIVED, CONTACT_QUEUED, ENTRY_ARRIVAL
from simulations.experiment.detail import trunk_rows
from simulations.experiment.intervals import interval_rows
from simulations.experiment.runner import ReplicationRunner
from simulations.experiment.simulate import simulate
from simulations.scenario.scenario import Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
HORIZON = {"from": "2026-11-23 08:00", "to": "2026-11-23 10:00", "interval": "30m", "warm_up": "30m"}
QUEUE: dict[str, Any] = {
    "handle": {"talk": "exponential(3m)"},
    "patience": {"distribution": "exponential(3m)", "retry": {"share": 0.5, "after": "2m"}},
}
MANY: dict[str, Any] = {
    "horizon": HORIZON,
    "queues": {
        "support": QUEUE
        | {
            "arrivals": {"rate": "3/min"},
            "agents": 9,
            "trunk_groups": ["big"],
            "transfers": {"share": "60%", "to": "sales"},
            "steps": [{"after": "30s", "do": "callback"}],
        },
        "chatty": QUEUE
        | {"arrivals": {"rate": "2/min"}, "agents": 2, "steps": [{"after": "20s", "do": "overflow", "to": "sales"}]},
        "sales": QUEUE | {"arrivals": {"rate": "0.5/min"}, "agents": 12, "trunk_groups": ["small", "spare"]},
    },
    "trunk_groups": {"big": {"channels": 20}, "small": {"channels": 1}, "spare": {"channels": 1}},
}


def test_every_arrival_by_a_trunk_is_counted_and_no_other_entry() -> None:
    scenario = Scenario.of(MANY)
    told: list[Any] = []
    played = ReplicationRunner(scenario.model, log_rows=ROOM + 8).play(3, 0, told.append)
    rows = np.concatenate(told)
    came = rows[(rows["kind"] == CONTACT_ARRIVED) & (rows["a"] >> 32 > 0)]
    places = (came["at_ns"].astype(np.int64) - scenario.file.start_ns) // scenario.file.horizon.interval_ns
    counted = np.zeros_like(played.trunk_calls)
    inside = (places >= 0) & (places < scenario.file.intervals)
    np.add.at(counted, (came["queue"][inside], places[inside]), 1)
    np.testing.assert_array_equal(played.trunk_calls, counted)
    assert played.trunk_calls.sum(axis=1).tolist()[1] == 0, "it has no trunks"
    assert played.retried[2].sum() > 20, "who calls again asks again"
    entered = (rows["kind"] == CONTACT_QUEUED) & (rows["queue"] == 2) & (rows["b"] & 0xFF != ENTRY_ARRIVAL)
    assert entered.sum() > 2 * played.trunk_calls[2].sum(), "many are handed over, or overflow"


def test_shares_refused_are_of_those_who_asked_for_a_channel() -> None:
    result = simulate(Scenario.of(MANY), 4, 1)
    refused, asked = (calls[:, 2].sum(axis=0) for calls in (result.trunk_refusals, result.trunk_calls))
    assert (refused > 0.3 * asked).all()
    shares = [row["blocked"] for row in trunk_rows(result) if row["trunk_group"] == "small"]
    assert shares == pytest.approx((refused / asked).tolist(), abs=1e-6)
    by_queue = {
        name: [row["trunk_blocking"] for row in interval_rows(result) if row["queue"] == name]
        for name in MANY["queues"]
    }
    assert by_queue["sales"] == pytest.approx(shares)
    assert by_queue["chatty"] == [None] * 4
    closed = simulate(
        Scenario.of(
            MANY | {"trunk_groups": MANY["trunk_groups"] | {"small": {"channels": 0}, "spare": {"channels": 0}}}
        ),
        2,
        1,
    )
    assert {row["blocked"] for row in trunk_rows(closed) if row["trunk_group"] == "spare"} == {1.0}
    assert (closed.count("answered")[:, 2] > 0).all(), "those who were handed over"
