"""What a simulated day costs, by the scenario's prices."""

from typing import Any

import numpy as np

from simulations.experiment.figures import ABANDONED, ANSWERED, BLOCKED
from simulations.experiment.result import Result
from simulations.scenario.roster import scheduled_ns
from simulations.scenario.sections import Costs

HOUR_NS = 3_600e9


def contact_costs(costs: Costs, tallies: Any) -> Any:
    """Return what the contacts that were counted cost, of the shape of the counters without their last axis."""
    answered, abandoned, blocked = ANSWERED(tallies), ABANDONED(tallies), BLOCKED(tallies)
    return answered * costs.contact + abandoned * costs.abandonment + blocked * costs.blocked


def queue_costs(result: Result) -> Any:
    """Return what the contacts of each queue and interval cost in the mean, shape (queues, intervals)."""
    return contact_costs(result.model.file.costs, result.tallies).mean(axis=0)


def total_costs(result: Result) -> Any:
    """Return what each replication costs in all: contacts, paid agents, trunk channels; shape (replications,)."""
    file = result.model.file
    costs = file.costs
    of_contacts = contact_costs(costs, result.tallies.sum(axis=(1, 2)))
    channels = sum(group.channels for group in file.trunk_groups.values())
    hours = (file.end_ns - file.start_ns) / HOUR_NS
    paid_hours = scheduled_ns(file, result.edges_ns).sum() / HOUR_NS
    return np.asarray(of_contacts, float) + paid_hours * costs.agent_hour + channels * hours * costs.trunk_hour
