"""How long agents are not free after a call, where no record tells it: wrap-up, from what they did next.

Only calls at whose end somebody waited count: then whoever is free takes the next. Where that one had waited, the agent
was free when it was answered. Where it had not, colleagues had taken all who waited: then the agent was not free while
somebody waited still, and free when the next call came. Leaving those out would leave out the long ones.
"""

from typing import Any, Final

import numpy as np

from simulations.fit.at_once import several_at_once
from simulations.fit.calls import SECOND_NS, Calls
from simulations.fit.duty import WRAP_UP_MAX_S, served, waited_between
from simulations.fit.habits import turnbull
from simulations.fit.statistics import Figure, Z

Array = np.ndarray[Any, Any]
PARTS: Final = 20
"""One is left out after the other, to tell how sure the mean is."""


def bounds_s(calls: Calls) -> tuple[Array, Array]:
    """Return between which bounds the time lies after each call at whose end somebody waited, s, shape (n,) both."""
    found, at_once = served(calls), several_at_once(calls)
    single = np.array([calls.channel_of(kind) not in at_once for kind in range(len(calls.types))], bool)
    is_single = single[calls.rows["type"][found.places]]
    begins, ends = found.answered_ns[1:], found.ended_ns[:-1]
    first, last = waited_between(calls, found)
    counted = (found.agents[1:] == found.agents[:-1]) & is_single[1:] & is_single[:-1] & (begins >= ends)
    counted &= (first <= ends) | (begins == ends)
    had_waited = calls.rows["wait_ns"][found.places][1:] > 0
    most = (begins - ends) / SECOND_NS
    least = np.where(had_waited, most, np.minimum((last - ends) / SECOND_NS, most))
    counted &= least <= WRAP_UP_MAX_S  # longer: a break
    return np.asarray(least[counted]), np.asarray(np.minimum(most, WRAP_UP_MAX_S)[counted])


def between_calls_s(calls: Calls) -> Figure:
    """Return the mean time until an agent is free after a call, by Turnbull's estimate, with a jackknife's interval."""
    least, most = bounds_s(calls)
    n = len(least)
    if not n:
        return Figure(float("nan"), 0.0, float("inf"), 0)
    seen = least == most
    least, most = np.where(seen, np.rint(least), np.ceil(least)), np.where(seen, np.rint(most), np.floor(most))
    value = _mean_s(least, most)
    if n < PARTS:
        return Figure(value, 0.0, float("inf"), n)
    part = np.arange(n) % PARTS
    without = np.array([_mean_s(least[part != left_out], most[part != left_out]) for left_out in range(PARTS)])
    half = Z * float(np.sqrt((PARTS - 1) / PARTS * ((without - without.mean()) ** 2).sum()))
    return Figure(value, max(value - half, 0.0), value + half, n)


def _mean_s(least: Array, most: Array) -> float:
    law = turnbull(least, most, WRAP_UP_MAX_S)
    return float((law * np.arange(WRAP_UP_MAX_S + 1)).sum())
