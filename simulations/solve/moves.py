"""From one staffing to a better one: agents come, go and change groups, move by move, each interval by itself.

An interval is as bad as its agents cost and as its queues lack agents. What lacks is dear; what is about to lack is so,
too, a little: agents who serve several queues take the place of others where they cost hardly more, until one can go.
"""

from typing import Final, NamedTuple

import numpy as np

from simulations.queueing.arrays import Floats, Integers

MOVES_MAX: Final = 500
"""In one interval."""
BETTER: Final = 1e-9


class Aim(NamedTuple):
    """How a staffing is judged."""

    prices: Floats
    """Shape (groups,): of an agent; 1.0 or so."""
    most: Floats
    """Shape (groups, intervals): agents at once."""
    dearness: float
    """An agent that a queue lacks costs as much as so many that there are."""
    softness: float
    """Agents; so near to what is needed a little is paid for, too."""


def changes(serves: Floats) -> Floats:
    """Return every move, shape (moves, groups): one more, one fewer, or one out of a group that shares a queue."""
    groups = serves.shape[1]
    one = np.eye(groups)
    shared = np.argwhere((serves.T @ serves > 0.0) & (one == 0.0))
    swaps = one[shared[:, 1]] - one[shared[:, 0]]
    return np.concatenate([one, -one, swaps])


def improved(staffing: Integers, lacking: Floats, weights: Floats, moves: Floats, room: Floats, aim: Aim) -> Integers:
    """Return the staffing after the best moves, shape (groups, intervals).

    `lacking` of shape (queues, intervals) is what each queue lacks, or below 0 has to spare, with `staffing`; `weights`
    of shape (queues, groups) what it gains by an agent. No group changes by more than `room`, of the staffing's shape.
    """
    agents, left = staffing.astype(float), lacking.copy()
    low, high = np.maximum(agents - room, 0.0), np.minimum(agents + room, aim.most)
    costs, gains = moves @ aim.prices, moves @ weights.T
    open_ = np.arange(agents.shape[1])
    for _ in range(MOVES_MAX):
        before = left[:, open_]
        worth = (_badness(before[None] - gains[:, :, None], aim) - _badness(before[None], aim)).sum(axis=1)
        worth += costs[:, None]
        after = agents[None, :, open_] + moves[:, :, None]
        worth[((after < low[None, :, open_]) | (after > high[None, :, open_])).any(axis=1)] = np.inf
        best = worth.argmin(axis=0)
        better = worth[best, np.arange(len(open_))] < -BETTER
        if not better.any():
            break
        open_, best = open_[better], best[better]
        agents[:, open_] += moves[best].T
        left[:, open_] -= gains[best].T
    found: Integers = np.rint(agents).astype(np.int64)
    return found


def _badness(lacking: Floats, aim: Aim) -> Floats:
    """Return what it costs to lack so many agents: nothing far below 0, `dearness` for each above, and bent between."""
    found: Floats = aim.dearness * aim.softness * np.logaddexp(0.0, lacking / aim.softness)
    return found
