"""The load that agents meet in each interval of a day: arrivals are not stationary, and calls outlast the interval."""

from typing import Final

import numpy as np

from simulations.queueing.arrays import Floats, Numbers
from simulations.queueing.errors import UnfitInput

METHODS: Final = ("stationary", "lagged", "offered_load")
"""How a load follows from arrivals; see `offered_loads`."""


def offered_loads(
    arrivals: Numbers,
    handle_s: Numbers,
    *,
    interval_s: float = 1800.0,
    method: str = "offered_load",
    rate_before_per_h: Numbers = 0.0,
) -> Floats:
    """Return the load in erlangs of each interval, of the shape (..., intervals) of `arrivals`.

    `arrivals` are the contacts expected in each interval, evenly within it; `handle_s` broadcasts with them;
    `rate_before_per_h` (of shape (...)) is what came before the first interval: 0.0 if the house was closed.

    * `stationary`: rate times handling time, each interval for itself (SIPP). Right where both are much shorter than
      the intervals, or nothing changes.
    * `lagged`: the same of the rates one mean handling time earlier (lag SIPP): L. Green, P. Kolesar, J. Soares,
      Improving the SIPP approach for staffing service systems that have cyclic demands, Operations Research 49, 2001.
    * `offered_load`: the mean number busy if there were agents without end, by m' = rate - m / handling time (modified
      offered load): O. Jennings, A. Mandelbaum, W. Massey, W. Whitt, Server staffing to meet time-varying demand,
      Management Science 42, 1996.

    Raises UnfitInput.
    """
    counts = np.asarray(arrivals, np.float64)
    if method not in METHODS:
        raise UnfitInput(f"method is {method!r}; give one of {', '.join(METHODS)}")
    if counts.ndim == 0 or not (counts >= 0.0).all() or not np.isfinite(counts).all():
        raise UnfitInput("arrivals must be an array with the intervals last, each 0 or more contacts")
    if not interval_s > 0.0:
        raise UnfitInput(f"interval_s is {interval_s:g}; give more than 0")
    handles = np.broadcast_to(np.asarray(handle_s, np.float64), counts.shape)
    if not (handles > 0.0).all() or not np.isfinite(handles).all():
        raise UnfitInput("handle_s must be more than 0 s everywhere")
    rates = counts / interval_s
    before = np.broadcast_to(np.asarray(rate_before_per_h, np.float64) / 3600.0, counts.shape[:-1])
    if method == "stationary":
        return rates * handles
    return (_lagged if method == "lagged" else _with_agents_without_end)(rates, handles, before, interval_s)


def _lagged(rates: Floats, handles: Floats, before: Floats, interval_s: float) -> Floats:
    intervals = rates.shape[-1]
    loads = np.empty_like(rates)
    edges = np.arange(intervals + 1) * interval_s
    for place in np.ndindex(rates.shape[:-1]):
        arrived = np.concatenate(([0.0], np.cumsum(rates[place]) * interval_s))
        for i in range(intervals):
            ends = edges[i : i + 2] - handles[place][i]
            by_then = np.where(ends < 0.0, ends * before[place], np.interp(ends, edges, arrived))
            loads[place][i] = (by_then[1] - by_then[0]) / interval_s * handles[place][i]
    return loads


def _with_agents_without_end(rates: Floats, handles: Floats, before: Floats, interval_s: float) -> Floats:
    loads = np.empty_like(rates)
    busy = before * handles[..., 0]
    for i in range(rates.shape[-1]):
        lasting = interval_s / handles[..., i]
        settled = rates[..., i] * handles[..., i]
        loads[..., i] = settled - (busy - settled) * np.expm1(-lasting) / lasting
        busy = settled + (busy - settled) * np.exp(-lasting)
    return loads
