"""Facts counted by the source that told them, from durable turns: of every adapter, not only of this one."""

from collections import Counter
from typing import Any, Final

import numpy as np

from engine.messages.kinds import FACT_REFUSED, FIRST_DECIDED
from engine.ports import Turn

ENGINE: Final = 0
"""Number of the engine's own source: deadlines and settings are no facts that anybody told."""

Array = np.ndarray[Any, Any]


class SourceCounts:
    """Facts recorded and set aside since the last `take`, by number of their source."""

    def __init__(self) -> None:
        self._recorded: Counter[int] = Counter()
        self._refused: Counter[int] = Counter()

    def note(self, turn: Turn) -> None:
        """Count one durable turn."""
        kinds, sources = turn.rows["kind"], turn.rows["source"]
        count(self._recorded, sources[kinds < FIRST_DECIDED])
        places = np.flatnonzero(kinds == FACT_REFUSED)
        told = places - turn.rows["cause"][places]
        count(self._refused, sources[told[told >= 0]])

    def take(self) -> tuple[Counter[int], Counter[int]]:
        """Return (recorded, refused) by source, and begin anew."""
        found = self._recorded, self._refused
        self._recorded, self._refused = Counter(), Counter()
        return found


def count(counts: "Counter[int]", sources: Array) -> None:
    """Count each of some facts for its source; the engine's own count for nobody."""
    found = np.bincount(sources)
    for number in found.nonzero()[0].tolist():
        if number != ENGINE:
            counts[number] += int(found[number])
