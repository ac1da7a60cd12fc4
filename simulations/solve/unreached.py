"""Queues none of whose calls finds a channel, and whether any number of channels would help them.

Goals are of those who come through, whether they called or were handed over, so goals tell nothing of it.
"""

from typing import NamedTuple

import numpy as np

from simulations.experiment.result import Result
from simulations.queueing.arrays import Truths
from simulations.solve.routes import routes_of, shares_of
from simulations.solve.trunks import told_beyond


class Unreached(NamedTuple):
    """What is known of them."""

    queues: Truths
    """Shape (queues,): calls come, and every one is refused."""
    beyond: Truths
    """Of that shape: so they are however many channels there are, as while a carrier is down."""
    intervals: Truths
    """Shape (queues, intervals): calls come to such a queue."""
    told: str
    """Which trunk groups are beyond help, and when; empty: none."""


def unreached(result: Result) -> Truths:
    """Return to which queues calls come and find no channel, each of them, shape (queues,)."""
    refused, asked = (calls.sum(axis=(0, 2)) for calls in (result.trunk_refusals, result.trunk_calls))
    return np.asarray((asked > 0) & (refused == asked))


def unreached_with(result: Result, roomy: Result | None) -> Unreached:
    """Return what is known by a result, and by one with room enough on all trunks; None: nobody is unreached."""
    queues = unreached(result)
    intervals: Truths = queues[:, None] & (result.trunk_calls.sum(axis=0) > 0)
    if roomy is None:
        return Unreached(queues, np.zeros_like(queues), intervals, "")
    beyond: Truths = queues & unreached(roomy)
    file = roomy.model.file
    names = {name for name, is_so in zip(file.queues, beyond, strict=True) if is_so}
    of_route = np.array([not names.isdisjoint(route.queues) for route in routes_of(file)], np.bool_)
    return Unreached(queues, beyond, intervals, told_beyond(roomy, of_route[:, None] & (shares_of(roomy) > 0.0)))
