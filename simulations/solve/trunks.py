"""Channels of every trunk group: by Erlang's B for the busiest interval as simulated, then checked by simulating."""

from typing import Any, Final

import numpy as np

from engine.messages.kinds import EXIT_REFUSED_TRUNK
from engine.model.tallies import Tally
from simulations.experiment.result import Result
from simulations.queueing import erlang_b_servers
from simulations.scenario.scenario import Scenario
from simulations.solve.staffed import ROOMY

ROUNDS_MAX: Final = 8
SPREAD: Final = 1.05
"""By how much channels grow, or by one, while too many calls find none."""


def roomy(scenario: Scenario) -> dict[str, int]:
    """Return channels with which no call finds its trunk group full."""
    return {name: max(ROOMY, group.channels) for name, group in scenario.file.trunk_groups.items()}


def reckoned(result: Result, p_block: float) -> dict[str, int]:
    """Return the channels that lose at most this share in the busiest interval; of a result with room enough."""
    file = result.model.file
    # The mean over the replications; days that are busier than others come on top by their spread.
    busiest = result.busy_trunks.mean(axis=0) + result.busy_trunks.std(axis=0)
    loads = busiest.max(axis=-1)
    found = {}
    for place, (name, group) in enumerate(file.trunk_groups.items()):
        load = float(loads[place])
        channels = int(erlang_b_servers(load, p_block)) if load > 0.0 else 0
        found[name] = channels + max(group.reserve, 0)
    return found


def blocked(result: Result) -> Any:
    """Return the share of calls that found no channel, by trunk group, in its busiest interval, shape (groups,).

    Calls that several groups may carry are held against each of them.
    """
    file = result.model.file
    refused = result.tallies[..., Tally.EXIT + EXIT_REFUSED_TRUNK].sum(axis=0)
    tried = result.tallies[..., Tally.ENTRIES].sum(axis=0)
    found = []
    for name in file.trunk_groups:
        by = np.array([name in queue.trunk_groups for queue in file.queues.values()], float)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = (by @ refused) / (by @ tried)
        found.append(float(np.nan_to_num(shares).max(initial=0.0)))
    return np.array(found)
