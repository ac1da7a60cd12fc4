"""Who waits less: head-of-line priorities in M/M/c."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulations.queueing.errors import UnfitInput
from simulations.queueing.waiting import HOUR_S, erlang_c


class Priorities(NamedTuple):
    """Figures of M/M/c with classes of rising number and falling priority."""

    p_wait: float
    """Share of all that has to wait, whatever the class."""
    asa_s: npt.NDArray[np.float64]
    """Mean wait of each class, s; inf for those that the classes before leave no time for."""


def priorities(rates_per_h: npt.ArrayLike, handle_s: float, agents: int) -> Priorities:
    """Return the waits of M/M/c without preemption, for classes of one mean handling time; the first goes first.

    `rates_per_h` of shape (classes,), arrivals per hour; s. A. Cobham, Priority assignment in waiting line problems,
    Operations Research 2, 1954. Raises UnfitInput.
    """
    rates = np.asarray(rates_per_h, np.float64)
    if rates.ndim != 1 or not rates.size or not (rates >= 0.0).all() or not rates.sum() > 0.0:
        raise UnfitInput(f"rates_per_h has the shape {rates.shape}; give one arrival rate for each class, 0 or more")
    p_wait = float(erlang_c(rates.sum(), handle_s, agents).p_wait)
    used = np.minimum(np.cumsum(rates) / HOUR_S * handle_s / agents, 1.0)
    before = np.concatenate(([0.0], used[:-1]))
    with np.errstate(divide="ignore"):
        # A class that overloads the agents, with those before it, waits for ever; those before find all agents busy.
        waits = p_wait * handle_s / agents / ((1.0 - before) * (1.0 - used))
    return Priorities(p_wait, waits)
