"""Shifts at least cost that cover what the intervals need, by HiGHS: one group of agents, or groups with skills."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from simulations.queueing.arrays import Floats, Integers, Numbers
from simulations.queueing.errors import UnfitInput, Unreachable
from simulations.staffing.task import Covered, Cut, NoCover, Task

NODES_MAX: Final = 20_000


class Cover(NamedTuple):
    """Who works which shift."""

    counts: Integers
    """Shape (groups, patterns): agents on each pattern."""
    on_duty: Floats
    """Shape (groups, intervals): agents at work."""
    short: Floats
    """Shape (rows, intervals): agents missing; 0.0 unless `shortfall_cost` allowed it."""
    cost: float
    """Of the shifts, shortfall not included."""
    bound: float
    """No cover costs less than this, shortfall included."""
    optimal: bool
    """Proven to within GAP of the bound; False if the search ended first."""
    short_cost: float = 0.0
    """Of those who are missing."""

    @property
    def gap(self) -> float:
        """How much cheaper another cover could be at most, as a share of the cost, shortfall included."""
        whole = self.cost + self.short_cost
        return 0.0 if self.optimal or whole <= 0.0 else max(1.0 - self.bound / whole, 0.0)


def cover(
    required: Numbers,
    works: Numbers,
    cost: Numbers,
    *,
    able: Numbers | None = None,
    most: Numbers | None = None,
    group_max: Numbers | None = None,
    days: npt.ArrayLike | None = None,
    shortfall_cost: float | None = None,
    cuts: Sequence[Cut] = (),
    nodes_max: int = NODES_MAX,
    known: dict[bytes, Covered] | None = None,
) -> Cover:
    """Return whole numbers of agents for each pattern, so that every interval has what it requires, at least cost.

    `required` of shape (intervals,), or (rows, intervals): agents at work. `works` of shape (patterns, intervals): the
    part of each interval that the pattern works (`shift_patterns`). `cost` of shape (patterns,), or
    (groups, patterns). `able` of shape (rows, groups) says how much an agent of a group counts in a row, 1 or 0 as
    a rule; without it there is one group, and it counts in every row. `most` bounds agents on a pattern (shape as
    `cost`), `group_max` those of a group, shape (groups,): in all, or, with `days` of shape (patterns,), on the
    patterns of one day. With `shortfall_cost`, of one agent missing for one interval, there may be too
    few. After `nodes_max` nodes of the search the best found so far is returned, if there is any; no clock is looked
    at. Parts that have no pattern in common, such as days in which nobody works at night, are covered one by one;
    those that were covered before are taken from `known`, and others put there.

    Raises UnfitInput, and Unreachable where no agents suffice: NoCover, which says where, if shifts fall short of it.
    """
    needs, shares, weights, prices = _shaped(required, works, able, cost)
    groups, patterns = prices.shape
    if shortfall_cost is None:
        _check_reach(needs, shares, weights)
    limits = np.full(prices.shape, np.inf) if most is None else np.broadcast_to(np.asarray(most, float), prices.shape)
    ceilings = np.broadcast_to(np.inf if group_max is None else np.asarray(group_max, float), (groups,))
    numbers = np.zeros(patterns, np.int64) if days is None else np.asarray(days, np.int64)
    whole = Task(needs, shares, weights, prices, limits, ceilings, numbers, shortfall_cost, tuple(cuts))
    counts, bound, optimal = np.zeros(prices.shape, np.int64), 0.0, True
    known = {} if known is None else known
    for chosen, intervals in whole.parts():
        part = whole.part(chosen, intervals)
        key = part.key(nodes_max)
        if key not in known:
            try:
                known[key] = part.solve(nodes_max)
            except NoCover as error:
                places = [one._replace(interval=int(intervals[one.interval])) for one in error.lacking]
                raise NoCover(places) from None
        found, least, proven = known[key]
        counts[:, chosen] = found
        bound, optimal = bound + least, optimal and proven
    on_duty = counts @ shares
    lacking = np.where(needs > 0.0, np.maximum(needs - weights @ on_duty, 0.0), 0.0)
    lacking[lacking < 1e-6] = 0.0
    short_cost = (shortfall_cost or 0.0) * float(lacking.sum())
    return Cover(counts, on_duty, lacking, float((counts * prices).sum()), bound, optimal, short_cost)


def _shaped(
    required: Numbers, works: Numbers, able: Numbers | None, cost: Numbers
) -> tuple[Floats, Floats, Floats, Floats]:
    needs, shares = np.atleast_2d(np.asarray(required, float)), np.atleast_2d(np.asarray(works, float))
    weights = np.ones((len(needs), 1)) if able is None else np.atleast_2d(np.asarray(able, float))
    groups = weights.shape[1]
    if shares.shape[1] != needs.shape[1] or len(weights) != len(needs) or not len(shares):
        raise UnfitInput(
            f"required has the shape {needs.shape}, works {shares.shape}, able {weights.shape}; they must be "
            "(rows, intervals), (patterns, intervals) and (rows, groups), with a pattern at least"
        )
    try:
        prices = np.broadcast_to(np.asarray(cost, float), (groups, len(shares)))
    except ValueError:
        raise UnfitInput(
            f"cost has the shape {np.shape(cost)}; give ({len(shares)},) for the patterns, or ({groups}, {len(shares)})"
        ) from None
    if not (np.isfinite(needs).all() and (prices >= 0.0).all() and (shares >= 0.0).all()):
        raise UnfitInput("required must be finite, and cost and works 0 or more")
    return needs, shares, weights, prices


def _check_reach(needs: Floats, shares: Floats, weights: Floats) -> None:
    for row, interval in np.argwhere(needs > 0.0):
        if not (weights[row] > 0.0).any():
            raise Unreachable(f"row {row} requires agents, and no group counts in it")
        if not (shares[:, interval] > 0.0).any():
            raise Unreachable(f"interval {interval} requires agents, and no shift works then; add a shift that does")
