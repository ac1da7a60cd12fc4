"""Plans of agents who serve several at once: reckoned by their places, and as few as can keep the target."""

from typing import Any

import numpy as np
import pytest

from simulations.experiment.simulate import simulate
from simulations.queueing.errors import Unreachable
from simulations.scenario.scenario import Scenario
from simulations.solve.demand import demand_of
from simulations.solve.goals import Question, goals_of
from simulations.solve.solve import solve
from simulations.solve.staffed import staffed

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
VOLUMES = [60, 90, 150, 120]
CHATS: dict[str, Any] = {
    "name": "chats",
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 12:00", "interval": "1h", "warm_up": "1h"},
    "queues": {
        "web": {
            "channel": "chat",
            "service_level": "80% in 60s",
            "arrivals": {"volumes": VOLUMES},
            "handle": {"talk": "erlang(mean=8m, k=3)"},
            "patience": "exponential(4m)",
            "agents": 1,
        }
    },
    "channels": {"chat": {"capacity": 3, "slower": "10%"}},
    "experiment": {"replications": 40, "seed": 5},
}


def test_no_fewer_agents_than_were_found_keep_the_target() -> None:
    scenario = Scenario.of(CHATS)
    found = solve(scenario, Question(goals_of(scenario.file, {}, {})))
    assert found.kept
    agents = found.needed.staffing
    assert (np.abs(found.demand.needs - agents) < 2).all(), "the formulas lead to where it ends"
    levels = [
        simulate(staffed(found.scenario, np.full(agents.shape, count)), found.replications).by_queue("staffed_level")
        for count in range(1, agents.max() + 1)
    ]
    for interval, count in enumerate(agents[0]):
        fine = [level.value[0, interval] >= 0.8 for level in levels]
        assert count <= fine.index(True) + 1, "agents of the hour before help, and no fewer do for all four hours"


def test_a_chat_takes_a_place_and_not_an_agent() -> None:
    scenario = Scenario.of(CHATS)
    demand = demand_of(scenario, list(goals_of(scenario.file, {}, {}).values()))
    assert demand.loads[0, -1] == pytest.approx(120 * 480 * 1.2 / 3600 / 3, rel=0.05)
    voice = scenario.changed("channels.chat.capacity=1")
    alone = demand_of(voice, list(goals_of(voice.file, {}, {}).values()))
    assert (2 * demand.needs < alone.needs).all()


def test_a_plan_of_few_who_chat_is_not_said_to_be_out_of_reach() -> None:
    scenario = Scenario.of(CHATS)
    goals = goals_of(scenario.file, {}, {})
    assert solve(scenario, Question(goals, group_max={"web": 9})).kept
    with pytest.raises(Unreachable, match="at most 4 allowed"):
        solve(scenario, Question(goals, group_max={"web": 4}))


def test_fewer_than_the_formulas_begin_with_are_refused_only_when_they_are_too_few() -> None:
    """The formulas begin with more chat agents than the search ends with: a cap between the two can be kept."""
    scenario = Scenario.of(
        CHATS
        | {
            "queues": {"web": CHATS["queues"]["web"] | {"service_level": "90% in 30s", "arrivals": {"rate": "120/h"}}},
            "channels": {"chat": {"capacity": 3, "slower": "20%"}},
        }
    )
    goals = goals_of(scenario.file, {}, {None: 0.05})
    guess = demand_of(scenario, list(goals.values())).needs
    free = solve(scenario, Question(goals))
    most = int(free.needed.staffing.max())
    assert most < guess.max()
    capped = solve(scenario, Question(goals, group_max={"web": most}))
    assert capped.kept
    assert capped.needed.staffing.max() <= most
    with pytest.raises(Unreachable, match="and played with all of them the target is missed; so in 3 more intervals: "):
        solve(scenario, Question(goals, group_max={"web": most - 3}))
