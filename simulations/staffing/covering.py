"""Shifts at least cost that cover what the intervals need, by HiGHS: one group of agents, or groups with skills."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from simulations.queueing.arrays import Floats, Integers, Numbers
from simulations.queueing.errors import UnfitInput, Unreachable
from simulations.staffing.programme import Programme

NODES_MAX: Final = 20_000


class Cut(msgspec.Struct, frozen=True):
    """One more bound on agents at work, as a simulation finds them: sum of weights times agents, at least so many."""

    weights: Any
    """Array of shape (groups, intervals)."""
    at_least: float


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

    @property
    def gap(self) -> float:
        """How much cheaper another cover could be at most, as a share of the cost."""
        return 0.0 if self.optimal or self.cost <= 0.0 else max(1.0 - self.bound / self.cost, 0.0)


def cover(
    required: Numbers,
    works: Numbers,
    cost: Numbers,
    *,
    able: Numbers | None = None,
    most: Numbers | None = None,
    group_max: Numbers | None = None,
    shortfall_cost: float | None = None,
    cuts: Sequence[Cut] = (),
    nodes_max: int = NODES_MAX,
) -> Cover:
    """Return whole numbers of agents for each pattern, so that every interval has what it requires, at least cost.

    `required` of shape (intervals,), or (rows, intervals): agents at work. `works` of shape (patterns, intervals): the
    part of each interval that the pattern works (`shift_patterns`). `cost` of shape (patterns,), or
    (groups, patterns). `able` of shape (rows, groups) says how much an agent of a group counts in a row, 1 or 0 as
    a rule; without it there is one group, and it counts in every row. `most` bounds agents on a pattern (shape as
    `cost`), `group_max` those of a group, shape (groups,). With `shortfall_cost`, of one agent missing for one
    interval, there may be too few. After `nodes_max` nodes of the search the best found so far is returned, if there
    is any; no clock is looked at.

    Raises UnfitInput, and Unreachable where no agents suffice.
    """
    needs, shares, weights, prices = _shaped(required, works, able, cost)
    rows, intervals = needs.shape
    groups, patterns = prices.shape
    if shortfall_cost is None:
        _check_reach(needs, shares, weights)
    model = Programme(groups, patterns, intervals)
    limits = np.full(prices.shape, np.inf) if most is None else np.broadcast_to(np.asarray(most, float), prices.shape)
    model.columns(prices.ravel().tolist(), limits.ravel().tolist())
    model.columns([0.0] * groups * intervals, [np.inf] * groups * intervals)
    used = [(row, interval) for row, interval in np.ndindex(rows, intervals) if needs[row, interval] > 0.0]
    missing = [] if shortfall_cost is None else used
    model.columns([shortfall_cost or 0.0] * len(missing), [np.inf] * len(missing))
    for group in range(groups):
        for interval in range(intervals):
            at = np.flatnonzero(shares[:, interval])
            model.row([*(group * patterns + at), model.duty(group, interval)], [*shares[at, interval], -1.0], 0.0, 0.0)
    for place, (row, interval) in enumerate(used):
        serving = np.flatnonzero(weights[row])
        columns = [model.duty(int(group), interval) for group in serving]
        extra = [model.first_missing + place] if missing else []
        model.row(
            [*columns, *extra], [*weights[row, serving], *(1.0 for _ in extra)], float(needs[row, interval]), np.inf
        )
    for cut in cuts:
        found = np.broadcast_to(np.asarray(cut.weights, float), (groups, intervals))
        at = np.flatnonzero(found)
        model.row([model.first_duty + int(i) for i in at], found.ravel()[at].tolist(), cut.at_least, np.inf)
    if group_max is not None:
        for group, ceiling in enumerate(np.broadcast_to(np.asarray(group_max, float), (groups,))):
            model.row(range(group * patterns, (group + 1) * patterns), [1.0] * patterns, 0.0, float(ceiling))

    def rounded(relaxed: Floats) -> Floats:
        agents = np.minimum(np.ceil(relaxed.reshape(groups, patterns) - 1e-6), limits)
        if not cuts:
            agents = trimmed(agents, np.minimum(needs, weights @ (agents @ shares)), shares, weights, prices)
        duty = agents @ shares
        lacking = np.maximum(needs - weights @ duty, 0.0)
        return np.concatenate((agents.ravel(), duty.ravel(), [lacking[place] for place in missing]))

    solved, bound, optimal = model.solve(nodes_max, rounded)
    counts = np.rint(solved[: groups * patterns]).astype(np.int64).reshape(groups, patterns)
    on_duty = counts @ shares
    lacking = np.where(needs > 0.0, np.maximum(needs - weights @ on_duty, 0.0), 0.0)
    lacking[lacking < 1e-6] = 0.0
    return Cover(counts, on_duty, lacking, float((counts * prices).sum()), bound, optimal)


def trimmed(agents: Floats, needs: Floats, shares: Floats, weights: Floats, prices: Floats) -> Floats:
    """Return the agents, of shape (groups, patterns), without those who can be spared; what is dear goes first."""
    agents = agents.copy()
    spare = weights @ (agents @ shares) - needs
    for place in np.argsort(-prices, axis=None, kind="stable"):
        group, pattern = divmod(int(place), prices.shape[1])
        while agents[group, pattern] > 0.0:
            left = spare - weights[:, group, np.newaxis] * shares[pattern]
            if (left < np.minimum(spare, -1e-9)).any():
                break
            agents[group, pattern] -= 1.0
            spare = left
    return agents


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
