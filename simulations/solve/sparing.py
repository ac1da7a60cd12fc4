"""Shifts that can be spared after all: a plan is played without one of them, and stays without it if all goals hold.

A cover is as cheap as what it covers lets it be, and what is to be covered was reckoned. Here nothing is: in the end no
shift of a day can be taken away by itself. Shifts that are far from each other, on other days, are tried together.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from simulations.queueing.arrays import Floats, Integers
from simulations.solve.trials import Trial

TRIALS_MAX: Final = 60
AFTER: Final = 2
"""Intervals behind a shift in which its lack is felt yet."""

Place = tuple[int, int]
"""Group and pattern."""


def spared(
    counts: Integers, trial: Trial, play: Callable[[Integers], Trial], works: Floats, prices: Floats, effects: Floats
) -> tuple[Integers, Trial]:
    """Return the counts without those who can be spared, shape (groups, patterns), and what they came to.

    `trial` is what `counts` came to: it keeps all goals. `works` has the shape (patterns, intervals), `prices` that of
    the counts, and `effects`, what an agent on a shift does for each queue, (queues, groups). Of
    each shift one agent after another is tried until one is missed, as long as there are trials: who is most likely to
    be spared, by what that saves, first. Raises SimulationFailed.
    """
    kept, came = counts, trial
    tried, refused = counts, set[Place]()
    spans = [_span(pattern) for pattern in works]
    for _ in range(TRIALS_MAX):
        batch = _apart(_likely(tried, trial, works, prices, effects, refused), spans)
        if not batch and tried is kept:
            break
        without = _less(tried, batch)
        trial = play(without)
        missed = trial.missed.any(axis=0)
        if not missed.any():
            kept, came, tried = without, trial, without
            continue
        felt = [place for place in batch if missed[spans[place[1]]].any()]
        if felt:
            tried = _less(tried, [place for place in batch if place not in felt]) if len(felt) < len(batch) else tried
        else:  # what went well by itself does not go together
            felt, tried, trial = batch, kept, came
        refused.update(felt)
    return kept, came


def _likely(
    counts: Integers, trial: Trial, works: Floats, prices: Floats, effects: Floats, refused: set[Place]
) -> list[Place]:
    """Return the shifts that were not tried, those first whose loss is felt least for what they cost."""
    steps = np.where(np.isfinite(trial.steps), trial.steps, -np.inf)
    found = []
    for group, pattern in np.argwhere(counts > 0).tolist():
        if (group, pattern) not in refused:
            lost = effects[:, group, np.newaxis] * works[pattern]
            lacking = np.where(lost > 0.0, np.maximum(steps + lost, 0.0), 0.0).sum()
            found.append((float(lacking / max(prices[group, pattern], 1e-9)), group, pattern))
    return [(group, pattern) for _, group, pattern in sorted(found)]


def _apart(places: list[Place], spans: list[slice]) -> list[Place]:
    """Return the first of the shifts, and those after it that are felt in no interval of another."""
    chosen: list[Place] = []
    for place in places:
        span = spans[place[1]]
        if all(span.start >= spans[other].stop or span.stop <= spans[other].start for _, other in chosen):
            chosen.append(place)
    return chosen


def _span(pattern: Floats) -> slice:
    worked = np.flatnonzero(pattern)
    return slice(int(worked[0]), int(worked[-1]) + 1 + AFTER) if len(worked) else slice(0, 0)


def _less(counts: Integers, places: list[Place]) -> Integers:
    """Return the counts with one fewer on each of these shifts."""
    fewer = counts.copy()
    for place in places:
        fewer[place] -= 1
    return fewer
