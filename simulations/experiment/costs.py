"""What a simulated day costs, by the scenario's prices."""

from typing import Any

import numpy as np

from simulations.experiment.figures import ABANDONED, ANSWERED, BLOCKED
from simulations.experiment.result import Result
from simulations.scenario.roster import scheduled_ns

HOUR_NS = 3_600e9


def queue_costs(result: Result) -> Any:
    """Return what the contacts of each queue and interval cost in the mean, shape (queues, intervals)."""
    costs, tallies = result.model.file.costs, result.tallies
    answered, abandoned, blocked = ANSWERED(tallies), ABANDONED(tallies), BLOCKED(tallies)
    of_contacts = answered * costs.contact + abandoned * costs.abandonment + blocked * costs.blocked
    return of_contacts.mean(axis=0)


def total_costs(result: Result) -> Any:
    """Return what each replication costs in all: contacts, paid agents, trunk channels; shape (replications,)."""
    file = result.model.file
    costs, tallies = file.costs, result.tallies.sum(axis=(1, 2))
    of_contacts = (
        ANSWERED(tallies) * costs.contact + ABANDONED(tallies) * costs.abandonment + BLOCKED(tallies) * costs.blocked
    )
    channels = sum(group.channels for group in file.trunk_groups.values())
    hours = (file.end_ns - file.start_ns) / HOUR_NS
    paid_hours = scheduled_ns(file, result.edges_ns).sum() / HOUR_NS
    return np.asarray(of_contacts, float) + paid_hours * costs.agent_hour + channels * hours * costs.trunk_hour
