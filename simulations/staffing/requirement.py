"""Agents that each interval needs: Erlang's formulas over the load of the interval, and shrinkage on top."""

import math
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from simulations.queueing import Figures, Patience, agents_for, erlang_a, mmcg
from simulations.queueing.arrays import Floats, Integers, Numbers
from simulations.queueing.errors import UnfitInput
from simulations.staffing.loads import offered_loads


class Bounds(msgspec.Struct, frozen=True):
    """What the agents of an interval must keep; None: no bound. At least one must be given."""

    service_level: float | None = 0.8
    """Share within the threshold, at least."""
    within_s: float = 20.0
    definition: str = "offered"
    """Of which `service_level` is a share: offered, answered or virtual."""
    p_abandon: float | None = None
    asa_s: float | None = None
    occupancy: float | None = None


class Requirement(NamedTuple):
    """What each interval needs; arrays of the shape of the arrivals."""

    load_erlangs: Floats
    agents: Integers
    """On duty and at work."""
    agents_with_shrinkage: Integers
    """To be scheduled, so that `agents` are at work."""
    figures: Figures
    """Expected with `agents`; nan in intervals without arrivals."""


def requirements(
    arrivals: Numbers,
    handle_s: Numbers,
    *,
    patience: Patience | Numbers = math.inf,
    bounds: Bounds | None = None,
    shrinkage: Numbers = 0.0,
    interval_s: float = 1800.0,
    method: str = "offered_load",
    rate_before_per_h: Numbers = 0.0,
    fewest: int = 0,
) -> Requirement:
    """Return the fewest agents of each interval, by Erlang A, C, or any law of patience.

    `arrivals` of shape (..., intervals): contacts expected; `handle_s`, `shrinkage` (share of paid time not at work)
    and the mean patience in s broadcast with them, or `patience` is one law. `method` is how the load follows from the
    arrivals (`offered_loads`). Agents are never below `fewest` where somebody arrives; where nobody does, they are as
    many as still talk. Raises UnfitInput and Unreachable.
    """
    bounds = bounds or Bounds()
    counts = np.asarray(arrivals, np.float64)
    loads = offered_loads(counts, handle_s, interval_s=interval_s, method=method, rate_before_per_h=rate_before_per_h)
    absent = np.broadcast_to(np.asarray(shrinkage, np.float64), counts.shape)
    if not ((absent >= 0.0) & (absent < 1.0)).all():
        raise UnfitInput("shrinkage must be 0 or more, and less than 1")
    handles = np.broadcast_to(np.asarray(handle_s, np.float64), counts.shape)
    busy = (counts > 0.0) & (loads > 0.0)
    agents = np.rint(loads).astype(np.int64)
    found = np.full((len(Figures._fields), *counts.shape), np.nan)
    if busy.any():
        rates = loads[busy] / handles[busy] * 3600.0
        known: Any = (
            patience
            if isinstance(patience, Patience)
            else np.broadcast_to(np.asarray(patience, np.float64), counts.shape)[busy]
        )
        agents[busy] = np.maximum(least(rates, handles[busy], known, bounds), fewest)
        found[:, busy] = expected(rates, handles[busy], known, agents[busy], bounds)
    scheduled = np.ceil(agents / (1.0 - absent) - 1e-9).astype(np.int64)
    return Requirement(loads, agents, scheduled, Figures(*found))


def least(rates_per_h: Floats, handles_s: Floats, patience: Any, bounds: Bounds) -> npt.NDArray[np.int64]:
    """Return the fewest agents of stationary queues, shape (points,)."""
    found: npt.NDArray[np.int64] = agents_for(
        rates_per_h,
        handles_s,
        patience=patience,
        service_level=bounds.service_level,
        within_s=bounds.within_s,
        definition=bounds.definition,
        asa_s=bounds.asa_s,
        p_abandon=bounds.p_abandon,
        occupancy=bounds.occupancy,
    )
    return found


def expected(rates_per_h: Floats, handles_s: Floats, patience: Any, agents: Integers, bounds: Bounds) -> Figures:
    """Return the figures of stationary queues, each of shape (points,)."""
    if isinstance(patience, Patience):
        return mmcg(rates_per_h, handles_s, patience, agents, within_s=bounds.within_s)
    return erlang_a(rates_per_h, handles_s, patience, agents, within_s=bounds.within_s)
