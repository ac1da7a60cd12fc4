"""What one more agent of a group does for each queue: guessed at first, then learnt from what trials differed by."""

from typing import Any, Final

import numpy as np

from simulations.queueing.arrays import Floats
from simulations.solve.demand import Demand

DOUBT: Final = 20.0
"""So many agents must have been moved before what that did counts as much as the guess."""
HELPED: Final = 0.1
"""By how much an agent is guessed to do more, in all, for every further queue that it serves."""
EFFECT_MAX: Final = 1.5
"""More than that is chance."""


class Effects:
    """Agents of its own that each queue gains by one more agent of each group; those who share work gain as well."""

    def __init__(self, demand: Demand) -> None:
        served = demand.serves.sum(axis=0)
        guess = demand.serves / served * (1.0 + HELPED * (served - 1.0))
        groups = len(served)
        self._reached = _reached(demand.serves)
        self._squares: Any = DOUBT * np.eye(groups)
        self._products: Any = DOUBT * guess.T

    def learn(self, moved: Floats, gained: Floats) -> None:
        """Take in what came of a change: agents by group and interval, and what queues gained; nan is left out."""
        known = np.isfinite(gained).all(axis=0)
        self._squares += moved[:, known] @ moved[:, known].T
        self._products += moved[:, known] @ gained[:, known].T

    @property
    def weights(self) -> Floats:
        """By queue and group, shape (queues, groups): least squares of what was seen, drawn to the guess."""
        # The last places, which hang on how a machine adds, would otherwise decide between moves that are as good.
        found = np.round(np.linalg.solve(self._squares, self._products).T, 6)
        return np.where(self._reached, np.clip(found, 0.0, EFFECT_MAX), 0.0)


def _reached(serves: Floats) -> Any:
    """Return which groups can matter to a queue, by way of others perhaps, shape (queues, groups)."""
    found = serves > 0.0
    while True:
        further = (found.astype(float) @ serves.T @ serves) > 0.0
        if (further == found).all():
            return found
        found = further
