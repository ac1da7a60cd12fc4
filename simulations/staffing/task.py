"""What is to be covered, as a programme whose rows know that agents are whole, in parts without a pattern in common."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from simulations.queueing.arrays import Floats, Integers
from simulations.queueing.errors import Unreachable
from simulations.staffing.programme import ADVICE, Programme

NEAR: Final = 1e-6
LACK_MIN: Final = 1e-4
"""Agents; less is no lack."""
LACK_NODES: Final = 200
"""Of the search for where whole agents are missing."""
PLACES_TOLD: Final = 3
Covered = tuple[Integers, float, bool]
"""Agents by group and pattern, the bound of the cost, and whether it is reached."""


class Lack(NamedTuple):
    """Where agents are missing."""

    row: int
    interval: int
    missing: float
    """Agents, parts of one too."""
    required: float


class NoCover(Unreachable):
    """No shifts cover what is required. Says where they must fall short, if they do by as little as can be."""

    def __init__(self, lacking: list[Lack]) -> None:
        places = [
            f"{one.missing:.3g} of {one.required:.3g} in interval {one.interval}, row {one.row}" for one in lacking
        ]
        rest = f" and {len(places) - PLACES_TOLD} more" if len(places) > PLACES_TOLD else ""
        told = "; ".join(places[:PLACES_TOLD]) + rest
        super().__init__(f"no shifts cover what is required: of agents at work are missing {told}; {ADVICE}")
        self.lacking = lacking


class Cut(msgspec.Struct, frozen=True):
    """One more bound on agents at work, as a simulation finds them: sum of weights times agents, at least so many."""

    weights: Any
    """Array of shape (groups, intervals)."""
    at_least: float


class Task(NamedTuple):
    """Agents at work that are to be had, and the patterns that may be worked, as `cover` takes them."""

    needs: Floats
    """Shape (rows, intervals)."""
    shares: Floats
    """Shape (patterns, intervals)."""
    weights: Floats
    """Shape (rows, groups)."""
    prices: Floats
    """Shape (groups, patterns)."""
    limits: Floats
    """Shape (groups, patterns)."""
    ceilings: Floats
    """Shape (groups,): of each day."""
    days: Integers
    """Shape (patterns,): on which day each pattern is worked."""
    shortfall_cost: float | None
    cuts: tuple[Cut, ...]

    def parts(self) -> Iterator[tuple[Any, Any]]:
        """Yield the patterns and the intervals of each part; whatever covers nothing that is needed is in none."""
        needed: Any = (self.needs > 0.0).any(axis=0)
        if self.cuts or not needed.any():
            yield np.arange(self.shares.shape[0]), np.arange(self.shares.shape[1])
            return
        useful = (self.shares > 0.0) & needed
        if np.isfinite(self.ceilings).any():
            for day in np.unique(self.days):
                useful[self.days == day] |= useful[self.days == day].any(axis=0)
        # Intervals are numbered by the first one of their part.
        label = np.arange(len(needed))
        while True:
            reached = np.where(useful, label, len(needed)).min(axis=1)
            lower = np.where(useful, reached[:, np.newaxis], len(needed)).min(axis=0)
            after = np.minimum(label, lower)
            if (after == label).all():
                break
            label = after
        for first in np.unique(label[needed]):
            inside = np.flatnonzero((label == first) & needed)
            yield np.flatnonzero(useful[:, inside].any(axis=1)), inside

    def part(self, patterns: Any, intervals: Any) -> "Task":
        """Return the same of some patterns and intervals alone."""
        return self._replace(
            needs=self.needs[:, intervals],
            shares=self.shares[np.ix_(patterns, intervals)],
            prices=self.prices[:, patterns],
            limits=self.limits[:, patterns],
            days=self.days[patterns],
        )

    def key(self, nodes_max: int) -> bytes:
        """Return what tells the task, with so many nodes, from any other."""
        tables = (self.needs, self.shares, self.weights, self.prices, self.limits, self.ceilings, self.days)
        said = repr((nodes_max, self.shortfall_cost, [(np.shape(one), np.asarray(one).dtype.str) for one in tables]))
        cuts = [np.asarray(one.weights, float).tobytes() + repr(one.at_least).encode() for one in self.cuts]
        return b"|".join((said.encode(), *(one.tobytes() for one in tables), *cuts))

    def solve(self, nodes_max: int) -> Covered:
        """Return whole agents at least cost, or what the search came to. Raises Unreachable."""
        groups, patterns = self.prices.shape
        model, missing = self._programme()

        def rounded(relaxed: Floats) -> Floats:
            agents = np.minimum(np.ceil(relaxed.reshape(groups, patterns) - NEAR), self.limits)
            if not self.cuts:
                needs = np.minimum(self.needs, self.weights @ (agents @ self.shares))
                agents = trimmed(agents, needs, self.shares, self.weights, self.prices)
            duty = agents @ self.shares
            lacking = np.maximum(self.needs - self.weights @ duty, 0.0)
            return np.concatenate((agents.ravel(), duty.ravel(), [lacking[place] for place in missing]))

        try:
            solved, bound, optimal = model.solve(nodes_max, rounded)
        except Unreachable:
            if lacking := self.lacking():
                raise NoCover(lacking) from None
            raise
        return np.rint(solved[: groups * patterns]).astype(np.int64).reshape(groups, patterns), bound, optimal

    def lacking(self) -> list[Lack]:
        """Return where agents are missing, if as few as can be are in all: by parts of agents, or, where parts of them
        would do, by whole ones, as far as a short search tells. Nothing where none need be.
        """
        short = self._replace(prices=np.zeros_like(self.prices), shortfall_cost=1.0)
        model, missing = short._programme()
        columns = model.relaxed()
        if columns is None:
            return []
        found = self._lacks(missing, columns[model.first_missing :])
        if not found:
            agents, _, _ = short.solve(LACK_NODES)
            left = self.needs - self.weights @ (agents @ self.shares)
            found = self._lacks(missing, [left[place] for place in missing])
        return found

    def _lacks(self, places: list[tuple[int, int]], missing: Iterable[float]) -> list[Lack]:
        """Return the rows and intervals of those in which that many agents are missing, if any are."""
        found = zip(places, missing, strict=True)
        return [Lack(*place, float(count), float(self.needs[place])) for place, count in found if count > LACK_MIN]

    def _programme(self) -> tuple[Programme, list[tuple[int, int]]]:
        """Return the programme, and the rows and intervals in which agents may be missing."""
        groups, patterns = self.prices.shape
        rows, intervals = self.needs.shape
        is_whole = (self.shares == np.rint(self.shares)).all(axis=0)
        model = Programme(groups, patterns, intervals, np.tile(is_whole, groups))
        model.columns(self.prices.ravel().tolist(), self.limits.ravel().tolist())
        model.columns([0.0] * groups * intervals, [np.inf] * groups * intervals)
        used = [(row, at) for row, at in np.ndindex(rows, intervals) if self.needs[row, at] > 0.0]
        missing = [] if self.shortfall_cost is None else used
        model.columns([self.shortfall_cost or 0.0] * len(missing), [np.inf] * len(missing))
        for group, at in np.ndindex(groups, intervals):
            worked = np.flatnonzero(self.shares[:, at])
            worked_shares = [*self.shares[worked, at], -1.0]
            model.row([*(group * patterns + worked), model.duty(group, at)], worked_shares, 0.0, 0.0)
        for place, (row, at) in enumerate(used):
            serving, need = np.flatnonzero(self.weights[row]), float(self.needs[row, at])
            columns, terms = [model.duty(int(group), at) for group in serving], self.weights[row, serving]
            extra = [model.first_missing + place] if missing else []
            model.row([*columns, *extra], [*terms, *(1.0 for _ in extra)], need, np.inf)
            if is_whole[at] and not missing:
                model.row(columns, *_of_whole_agents(terms, need), np.inf)
        for cut in self.cuts:
            found = np.broadcast_to(np.asarray(cut.weights, float), (groups, intervals))
            places = np.flatnonzero(found)
            model.row([model.first_duty + int(i) for i in places], found.ravel()[places], cut.at_least, np.inf)
        for group in np.flatnonzero(np.isfinite(self.ceilings)):
            for day in np.unique(self.days):
                on_day = group * patterns + np.flatnonzero(self.days == day)
                model.row(on_day, np.ones(len(on_day)), 0.0, float(self.ceilings[group]))
        return model, missing


def _of_whole_agents(terms: Floats, need: float) -> tuple[Floats, float]:
    """Return the row that agents keep as well who are whole: theirs rounded up, counted in those of the ablest group.

    Mixed-integer rounding: G. Nemhauser, L. Wolsey, Integer and Combinatorial Optimization, 1988, II.1.7.
    """
    ablest = terms.max()
    part = need / ablest - np.floor(need / ablest + NEAR)
    if part <= NEAR:
        return terms, need
    return np.minimum(terms / ablest / part, 1.0), float(np.ceil(need / ablest - NEAR))


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
