"""Which intervals are alike, so that what was seen in one is evidence for all: on a flat day chance makes no humps.

Alike are intervals of a queue in which as many contacts are expected, of it and of all queues that share its agents,
and as many agents are at work, anybody at least; and so in the intervals before them.
"""

from typing import Any, Final

import numpy as np

from simulations.experiment.result import Result
from simulations.queueing.arrays import Floats, Integers
from simulations.solve.demand import Demand

NEAR: Final = 0.01
"""Volumes of one class are apart by that much at most, relative."""


def alike(demand: Demand, at_work: Floats, *, warm: bool) -> Integers:
    """Return the number of its class for every interval, shape (queues, intervals). `at_work`: (groups, intervals);
    `warm`: what comes before the first interval is like it, rather than nothing.
    """
    with np.errstate(divide="ignore"):
        volumes = np.floor(np.log(demand.contacts) / np.log1p(NEAR) + 0.5)
    shared = _sharing(demand.serves)
    found = np.zeros(demand.contacts.shape, np.int64)
    for q in range(len(found)):
        serving = demand.serves[shared[q]].any(axis=0)
        there = np.round(at_work[serving], 3)
        # How long people wait while nobody is there hangs on when somebody comes: each such interval is by itself.
        alone = np.where(there.any(axis=0), -1, np.arange(there.shape[1]))
        here = np.vstack([volumes[shared[q]], there, alone])
        before = np.hstack([here[:, :1] if warm else np.full((len(here), 1), np.inf), here[:, :-1]])
        _, labels = np.unique(np.vstack([here, before]).T, axis=0, return_inverse=True)
        found[q] = labels.ravel()
    return found


def _sharing(serves: Floats) -> Any:
    """Return which queues lean on the same agents, by way of others perhaps, shape (queues, queues)."""
    reached = serves @ serves.T + np.eye(len(serves)) > 0.0
    for _ in range(len(serves)):
        reached = reached.astype(float) @ reached > 0.0
    return reached


def pooled(result: Result, name: str, classes: Integers) -> Floats:
    """Return a figure of every queue and interval, of all intervals of its class together; shape (queues, intervals).

    nan where nobody came.
    """
    part, whole, scale = result.parts_of(name)
    parts, wholes = part(result.tallies).sum(axis=0) * scale, whole(result.tallies).sum(axis=0)
    found = np.empty(parts.shape)
    for q, labels in enumerate(classes):
        with np.errstate(divide="ignore", invalid="ignore"):
            levels = np.bincount(labels, parts[q]) / np.bincount(labels, wholes[q])
        found[q] = np.where(wholes[q] > 0.0, levels[labels], np.nan)
    return found
