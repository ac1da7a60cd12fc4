"""Queueing formulas for planners: exact, over arrays, compiled, on the same sums that the router's prices rest on.

Arrival rates are per hour and times in seconds, as the names say; everything else is in agents, trunks, erlangs and
shares from 0 to 1.
"""

from simulations.queueing.agents import DEFINITIONS, agents_for, trunks_for
from simulations.queueing.errors import UnfitInput, Unreachable
from simulations.queueing.limits import Limit, garnett, square_root_agents
from simulations.queueing.loss import (
    erlang_b,
    erlang_b_continuous,
    erlang_b_load,
    erlang_b_servers,
    trunk_reservation,
)
from simulations.queueing.overflow import (
    Overflow,
    brockmeyer_loss,
    equivalent_group,
    hayward,
    overflow_moments,
    wilkinson,
)
from simulations.queueing.patience import (
    Patience,
    balking,
    deterministic,
    empirical,
    erlang,
    exponential,
    hyperexponential,
    hyperexponential_of,
    lognormal,
)
from simulations.queueing.priorities import Priorities, priorities
from simulations.queueing.results import Figures
from simulations.queueing.waiting import erlang_a, erlang_c, mmcg

__all__ = [
    "DEFINITIONS",
    "Figures",
    "Limit",
    "Overflow",
    "Patience",
    "Priorities",
    "UnfitInput",
    "Unreachable",
    "agents_for",
    "balking",
    "brockmeyer_loss",
    "deterministic",
    "empirical",
    "equivalent_group",
    "erlang",
    "erlang_a",
    "erlang_b",
    "erlang_b_continuous",
    "erlang_b_load",
    "erlang_b_servers",
    "erlang_c",
    "exponential",
    "garnett",
    "hayward",
    "hyperexponential",
    "hyperexponential_of",
    "lognormal",
    "mmcg",
    "overflow_moments",
    "priorities",
    "square_root_agents",
    "trunk_reservation",
    "trunks_for",
    "wilkinson",
]
