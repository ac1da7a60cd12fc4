"""What a simulated day costs and brings: every price against what was counted."""

import pytest

from engine.errors import ConfigError
from engine.model.tallies import Tally
from simulations.experiment.costs import total_benefits, total_costs
from simulations.experiment.result import Result
from simulations.experiment.simulate import simulate
from simulations.experiment.summary import summary
from simulations.queueing import erlang_b
from simulations.scenario.scenario import Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them compiles the world
CALLS = {"handle": {"talk": "2m"}, "patience": "exponential(1m)", "trunk_groups": ["red", "blue"]}
CENTRE = {
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 12:00", "interval": "1h"},
    "sites": {"hanoi": {}, "danang": {}},
    "trunk_groups": {"red": {"channels": 4}, "blue": {"channels": 3}},
    "queues": {
        "sales": CALLS | {"arrivals": {"rate": "100/h"}, "skills": {"sales": 1}},
        "help": CALLS | {"arrivals": {"rate": "60/h"}},
    },
    "agents": [
        {"group": "own", "count": 4, "skills": {"sales": 1}, "shrinkage": "25%"},
        {"group": "lent", "count": 2, "skills": {"sales": 1}},
    ],
}


@pytest.fixture(scope="module")
def result() -> Result:
    return simulate(Scenario.of(CENTRE), 2, 1)


def priced(result: Result, section: str, **prices: object) -> Result:
    """The same replications under other prices."""
    scenario = Scenario.of(CENTRE | {section: prices})
    return Result(scenario.model, result.seed, result.confidence, result.played)


def test_every_price_is_taken_so_many_times(result: Result) -> None:
    counts = {name: result.count(name).sum(axis=2) for name in ("answered", "answered_in_threshold", "abandoned")}
    talk_min = result.tallies[..., Tally.TALK_NS].sum(axis=2) / 60e9
    busy_min = result.busy_trunks.sum(axis=2) * 60
    for prices, wanted in (
        ({"agent_hour": 10}, [4 * 4 * 10 + 2 * 4 * 10] * 2),
        ({"agent_hour": {"own": 10, "others": 7}}, [4 * 4 * 10 + 2 * 4 * 7] * 2),
        ({"contact": {"help": -3}}, -3 * counts["answered"][:, 1]),
        ({"contact_in_time": {"sales": 2, "help": 1}}, counts["answered_in_threshold"] @ [2, 1]),
        ({"talk_minute": 0.5}, 0.5 * talk_min.sum(axis=1)),
        ({"abandonment": 4}, 4 * counts["abandoned"].sum(axis=1)),
        ({"blocked": {"sales": 5}}, 5 * result.count("blocked").sum(axis=2)[:, 0]),
        ({"trunk_hour": {"red": 2, "others": 1}}, [4 * (4 * 2 + 3 * 1)] * 2),
        ({"trunk_minute": {"blue": 3}}, 3 * busy_min[:, 1]),
        ({"site_hour": {"hanoi": 6, "danang": 1}}, [4 * 7] * 2),
    ):
        if "contact" not in prices:
            assert total_benefits(priced(result, "benefits", **prices)) == pytest.approx(wanted), prices
        assert total_costs(priced(result, "costs", **prices)) == pytest.approx(wanted), prices
        assert total_benefits(priced(result, "costs", **prices)) == pytest.approx([0, 0])


def test_a_summary_tells_cost_and_benefit_in_the_currency(result: Result) -> None:
    found = summary(priced(result, "costs", currency="VND", site_hour=100))
    assert found["cost"] == {"value": 800.0, "low": 800.0, "high": 800.0, "currency": "VND"}
    assert found["benefit"]["value"] == 0.0


def test_prices_are_of_what_there_is() -> None:
    with pytest.raises(ConfigError) as raised:
        Scenario.of(CENTRE | {"costs": {"agent_hour": {"owm": 10}, "contact_in_time": -1, "site_hour": "much"}})
    found = "\n".join(raised.value.faults)
    assert "there is no group 'owm'; did you mean 'own'?" in found
    assert "costs.contact_in_time" in found or "-1 is out of range" in found
    assert "'much' is no amount" in found


def test_calls_that_one_carrier_cannot_take_come_by_the_next() -> None:
    """Two groups of lines in turn lose as much as one that has all of them (Erlang B), and the first as if alone."""
    queue = {"arrivals": {"rate": "3/min"}, "handle": {"talk": "exponential(2m)"}, "agents": 7}
    lines = {"trunk_groups": {"red": {"channels": 4}, "blue": {"channels": 3}}}
    horizon = {"from": "2026-11-23 00:00", "to": "2026-11-24 00:00", "interval": "1d", "warm_up": "0s"}
    raw = {"horizon": horizon, "queues": {"q": queue | {"trunk_groups": ["red", "blue"]}}, **lines}
    found = simulate(Scenario.of(raw), 20, 1)
    blocked = found.estimate("blocked_rate")
    assert blocked.low - 0.003 < float(erlang_b(6.0, 7)) < blocked.high + 0.003
    first = found.busy_trunks[:, 0, 0].mean()
    assert first == pytest.approx(6.0 * (1 - float(erlang_b(6.0, 4))), rel=0.02)
