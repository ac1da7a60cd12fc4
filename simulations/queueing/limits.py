"""Many agents, quality and efficiency driven: Halfin, Whitt and Garnett's limits, and square-root staffing by them.

With c = R + beta sqrt(R) agents for a load of R erlangs, P(wait) tends to a number between 0 and 1 as R grows. The
limits are for insight and first guesses; `erlang_a` and `agents_for` are exact and as fast.
"""

from __future__ import annotations  # help() shows Numbers, not all that may be one

import math
from typing import Any, NamedTuple

import numpy as np

from engine.kernel.jit import door, jit
from simulations.queueing.arrays import Columns, Numbers


class Limit(NamedTuple):
    """What Erlang A tends to; floats, or float64 arrays of one shape."""

    p_wait: Any
    p_abandon: Any


@jit
def hazard(x: float) -> float:
    """Return the hazard rate of the normal law at x."""
    if x > 25.0:
        return x + 1.0 / (x + 2.0 / (x + 3.0 / (x + 4.0 / x)))
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi) / (0.5 * math.erfc(x / math.sqrt(2.0)))


@jit
def limit_of_p_wait(beta: float, ratio: float) -> float:
    """Return P(wait) for the safety `beta` and the ratio handling time / patience; 0.0: nobody gives up."""
    if ratio <= 0.0:
        return 1.0 / (1.0 + beta / hazard(-beta)) if beta > 0.0 else 1.0
    root = math.sqrt(ratio)
    return 1.0 / (1.0 + root * hazard(beta / root) / hazard(-beta))


@door
def fill_limits(betas: Any, ratios: Any, agents: Any, out: Any) -> None:
    """Fill `out` of shape (points, 2) with P(wait) and P(abandon)."""
    for i in range(len(betas)):
        out[i, 0] = limit_of_p_wait(betas[i], ratios[i])
        root = math.sqrt(ratios[i])
        out[i, 1] = 0.0
        if root > 0.0:
            excess = hazard(betas[i] / root) - betas[i] / root
            out[i, 1] = min(out[i, 0] * root * excess / math.sqrt(agents[i]), 1.0)


@door
def fill_betas(p_waits: Any, ratios: Any, out: Any) -> None:
    """Fill `out` of shape (points,) with the safety whose limit of P(wait) is given, by bisection."""
    for i in range(len(p_waits)):
        low, high = -40.0, 40.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            if limit_of_p_wait(middle, ratios[i]) > p_waits[i]:
                low = middle
            else:
                high = middle
        out[i] = 0.5 * (low + high)


def garnett(beta: Numbers, handle_over_patience: Numbers, agents: Numbers) -> Limit:
    """Return the limits of Erlang A at c = R + beta sqrt(R) agents; of Erlang C where the ratio of times is 0.

    Numbers or arrays that broadcast. Garnett, Mandelbaum, Reiman, Designing a call center with impatient customers,
    Manufacturing and Service Operations Management 4, 2002; Halfin, Whitt, Operations Research 29, 1981. Raises
    UnfitInput.
    """
    columns = Columns(beta=beta, handle_over_patience=handle_over_patience, agents=agents)
    found = np.empty((columns.size, 2))
    fill_limits(
        columns.numbers("beta", -30.0, 30.0),
        columns.numbers("handle_over_patience", 0.0, 1e9),
        columns.numbers("agents", 0.0, above=True),
        found,
    )
    return Limit(columns.shaped(found[:, 0].copy()), columns.shaped(found[:, 1].copy()))


def square_root_agents(load_erlangs: Numbers, p_wait: Numbers, handle_over_patience: Numbers = 0.0) -> Any:
    """Return agents, not whole, by square-root staffing: R + beta sqrt(R) with the limit of P(wait) as given.

    Numbers or arrays that broadcast; `p_wait` more than 0 and less than 1. Raises UnfitInput.
    """
    columns = Columns(load_erlangs=load_erlangs, p_wait=p_wait, handle_over_patience=handle_over_patience)
    loads = columns.numbers("load_erlangs", 0.0, 1e12)
    betas = np.empty(columns.size)
    fill_betas(columns.numbers("p_wait", 1e-12, 1.0 - 1e-12), columns.numbers("handle_over_patience", 0.0, 1e9), betas)
    return columns.shaped(loads + betas * np.sqrt(loads))
