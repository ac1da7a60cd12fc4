"""Which of two objectives a plan was made by, and what it says of it."""

from typing import Any

import pytest

from simulations.scenario.scenario import Scenario
from simulations.solve.objective import Holds, Least, dearness, objective_of

CENTRE: dict[str, Any] = {
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 09:00", "interval": "30m"},
    "queues": {"sales": {"arrivals": {"rate": "1/min"}, "handle": {"talk": "2m"}}},
    "agents": [{"group": "own", "count": 3}, {"group": "hired", "count": 3}],
}


@pytest.mark.parametrize(
    ("money", "least", "words"),
    [
        ({}, Least.PAID_HOURS, "Fewest paid hours that keep the targets."),
        ({"costs": {"agent_hour": 60}}, Least.AGENT_PAY, "Least agents' pay (agent_hour) that keeps the targets."),
        (
            {"costs": {"agent_hour": {"own": 60}}},
            Least.PAID_HOURS,
            "Fewest paid hours that keep the targets, as there is no agent_hour of hired.",
        ),
        (
            {"costs": {"talk_minute": 0.4}},
            Least.PAID_HOURS,
            "Fewest paid hours that keep the targets, as there is no agent_hour; costs.talk_minute decides nothing, so "
            "other numbers of agents may cost less in all.",
        ),
        (
            {"costs": {"agent_hour": 60, "abandonment": 9}, "benefits": {"contact": 4}},
            Least.AGENT_PAY,
            "Least agents' pay (agent_hour) that keeps the targets; costs.abandonment, benefits.contact decide "
            "nothing, so other numbers of agents may cost less in all.",
        ),
    ],
)
def test_a_plan_says_what_it_has_least_of(money: dict[str, Any], least: Least, words: str) -> None:
    found = objective_of(Scenario.of(CENTRE | money).file)
    assert (found.least, found.words(Holds.ALL)) == (least, words)


@pytest.mark.parametrize(
    ("holds", "words"),
    [
        (Holds.WITHIN_REACH, "Fewest paid hours that keep the targets that are within reach."),
        (Holds.NOT_ALL, "Looked for, and not found: fewest paid hours that keep the targets."),
    ],
)
def test_a_plan_that_keeps_not_every_target_does_not_say_so(holds: Holds, words: str) -> None:
    assert objective_of(Scenario.of(CENTRE).file).words(holds) == words


def test_pay_tells_groups_apart_only_where_all_have_one() -> None:
    priced = Scenario.of(CENTRE | {"costs": {"agent_hour": {"own": 90, "others": 30}}}).file
    assert dearness(priced).tolist() == [1.5, 0.5]
    assert dearness(Scenario.of(CENTRE | {"costs": {"agent_hour": {"own": 90}}}).file).tolist() == [1.0, 1.0]
