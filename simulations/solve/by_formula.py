"""The agents that Erlang's formulas ask for, without simulating: of a queue alone, or of those that share agents."""

from typing import Any

import numpy as np

from simulations.scenario.agent_time import share_of_agent
from simulations.scenario.scenario import Scenario
from simulations.solve.demand import DEFINITIONS, expected_contacts, handling_s
from simulations.solve.goals import goals_of
from simulations.staffing import Bounds, pooled_requirements


def required_by_formula(scenario: Scenario, sets: Any) -> Any:
    """Return the agents that each set of queues needs in each interval, shape (sets, intervals).

    `sets` of shape (sets, queues) holds which queues are taken as one; goals are those of the file. What calls of
    earlier intervals still take is included, retrials are not; of contacts that agents serve several of at once each
    takes a part of one. Raises UnfitInput and Unreachable.
    """
    file = scenario.file
    queues = list(file.queues.values())
    contacts = np.array([expected_contacts(scenario, queue) for queue in queues])
    before = file.horizon.warm_up_ns // file.horizon.interval_ns
    longer = np.concatenate([np.repeat(contacts[:, :1], before, axis=1), contacts], axis=1)
    definition = DEFINITIONS[file.service_level_formula]
    needs = pooled_requirements(
        np.asarray(sets, np.bool_),
        longer,
        np.array([handling_s(queue) * share_of_agent(file, queue) for queue in queues]),
        patience_s=np.array([queue.patience.distribution.mean_ns / 1e9 for queue in queues]),
        bounds=[
            Bounds(goal.service_level, goal.within_s, definition, goal.p_abandon)
            for goal in goals_of(file, {}, {}).values()
        ],
        interval_s=file.horizon.interval_ns / 1e9,
        method="offered_load",
    )
    return needs[:, before:]
