"""The least that a small centre of two types can lose, by value iteration, and what each decision loses against that.

States are the busy agents by group and mean handling time, and the waiting contacts of both types; agents may be kept
idle, nobody is interrupted. With the relative values of the optimum, V at rest and W where one may still decide, a
policy loses V(after) - W(before) more than the least by each decision. Their sum by time is its gap, as the average
cost of any policy is the optimum's plus what its decisions lose: so a gap is known far better than what it is the
difference of.
"""

import itertools
from typing import Any, Final

import numpy as np

from benchmarks.routing_world import Instance, Optimum
from engine.kernel.jit import side_door

STATES_MAX: Final = 250_000
WAITING_MAX: Final = 22
"""Contacts of each type that wait at most: fewer where the states would be too many. More are lost at once."""
EXACT: Final = 1e-5
"""Value lost a minute up to which the optimum is computed."""


def solve(centre: Instance, values: list[float]) -> Optimum:
    """Return the optimum of a centre of two types."""
    pairs = [(g, mean) for g in range(len(centre.n)) for mean in sorted({row[g] for row in centre.m if row[g] > 0})]
    of = [[pairs.index((g, row[g])) if row[g] > 0 else -1 for g in range(len(centre.n))] for row in centre.m]
    radix = np.cumprod([1] + [centre.n[g] + 1 for g, _ in pairs])
    strides = np.array([[radix[place] if place >= 0 else 0 for place in row] for row in of], np.int64)
    busy = np.array(
        [
            state
            for state in itertools.product(*(range(centre.n[g] + 1) for g, _ in pairs))
            if all(
                sum(x for x, (group, _) in zip(state, pairs, strict=True) if group == g) <= n
                for g, n in enumerate(centre.n)
            )
        ],
        np.int64,
    )
    places = np.full(radix[-1] + radix[-2], -1, np.int64)
    places[busy @ radix[:-1]] = np.arange(len(busy))
    up, down = np.full(busy.shape, -1, np.int64), np.full(busy.shape, -1, np.int64)
    for c, (g, _) in enumerate(pairs):
        group = [place for place, (other, _) in enumerate(pairs) if other == g]
        free = busy[:, group].sum(axis=1) < centre.n[g]
        up[free, c] = places[busy[free] @ radix[:-1] + radix[c]]
        down[busy[:, c] > 0, c] = places[busy[busy[:, c] > 0] @ radix[:-1] - radix[c]]
    waiting = min(WAITING_MAX, int((STATES_MAX / len(busy)) ** 0.5) - 1)
    resting = np.zeros((len(busy), waiting + 1, waiting + 1))
    deciding, fresh = np.zeros_like(resting), np.zeros_like(resting)
    served = busy / np.array([mean for _, mean in pairs])
    arrivals, quits, lost = np.array(centre.lam, float), 1 / np.array(centre.pat), np.array(values, float)
    pace = arrivals.sum() + served.sum(axis=1).max() + waiting * quits.sum()
    least, most = 0.0, np.inf
    while (most - least) * pace > EXACT:
        settle(resting, deciding, up, np.array(of, np.int64))
        least, most = step(resting, deciding, fresh, down, served, arrivals, quits, lost, pace)
        resting, fresh = fresh, resting
    settle(resting, deciding, up, np.array(of, np.int64))
    return Optimum((least + most) / 2 * pace, places, strides, resting, deciding)


@side_door
def settle(resting: Any, deciding: Any, up: Any, classes: Any) -> None:
    """Compute what states are worth where contacts may still be given to agents, from what they are worth at rest."""
    states, top, _ = resting.shape
    for first in range(top):
        for second in range(top):
            for b in range(states):
                best = resting[b, first, second]
                for g in range(classes.shape[1]):
                    if first > 0 and classes[0, g] >= 0 and up[b, classes[0, g]] >= 0:
                        best = min(best, deciding[up[b, classes[0, g]], first - 1, second])
                    if second > 0 and classes[1, g] >= 0 and up[b, classes[1, g]] >= 0:
                        best = min(best, deciding[up[b, classes[1, g]], first, second - 1])
                deciding[b, first, second] = best


@side_door
def step(
    resting: Any,
    deciding: Any,
    fresh: Any,
    down: Any,
    served: Any,
    arrivals: Any,
    quits: Any,
    lost: Any,
    pace: float,
) -> tuple[float, float]:
    """Let each state at rest have its next event; return the least and the most by which states became dearer."""
    states, top, _ = resting.shape
    least, most = 1e300, -1e300
    for b in range(states):
        for first in range(top):
            for second in range(top):
                here = resting[b, first, second]
                more = quits[0] * first * lost[0] + quits[1] * second * lost[1]
                more += arrivals[0] * (deciding[b, first + 1, second] - here if first + 1 < top else lost[0])
                more += arrivals[1] * (deciding[b, first, second + 1] - here if second + 1 < top else lost[1])
                if first > 0:
                    more += quits[0] * first * (deciding[b, first - 1, second] - here)
                if second > 0:
                    more += quits[1] * second * (deciding[b, first, second - 1] - here)
                for c in range(down.shape[1]):
                    if down[b, c] >= 0:
                        more += served[b, c] * (deciding[down[b, c], first, second] - here)
                more /= pace
                least, most = min(least, more), max(most, more)
                fresh[b, first, second] = here + more
    shift = fresh[0, 0, 0]
    for b in range(states):
        for first in range(top):
            for second in range(top):
                fresh[b, first, second] -= shift
    return least, most
