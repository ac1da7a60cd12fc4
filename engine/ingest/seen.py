"""The idempotence window: which facts came before, and what became of them, by a 64-bit hash of source and id."""

from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
from xxhash import xxh3_64_intdigest

from engine.messages.kinds import FACT_REFUSED, FIRST_DECIDED

DEFAULT_GENERATION: Final = 131_072
"""Facts that a generation remembers; at least this many and at most twice as many are known."""
REFUSAL_BITS: Final = 4

Array = np.ndarray[Any, Any]


def dedupe_key(source: str, fact_id: str) -> int:
    """Name a fact by 64 bits; 0 is kept for facts without an id."""
    return xxh3_64_intdigest(f"{source}\0{fact_id}".encode()) or 1


class SeenFacts:
    """Two generations: when the young one is full it becomes the old one, and the old one is forgotten.

    The refusal of a fact that the kernel set aside is kept too, so that a duplicate is answered as the first was.
    """

    def __init__(self, generation: int = DEFAULT_GENERATION) -> None:
        self._generation = generation
        self._young: dict[int, int] = {}
        self._old: dict[int, int] = {}

    def find(self, key: int) -> tuple[int, int] | None:
        """Return (sequence, refusal or 0) of the first fact with this key; None when it is not known."""
        found = self._young.get(key) or self._old.get(key)
        return (found >> REFUSAL_BITS, found & (1 << REFUSAL_BITS) - 1) if found else None

    def add(self, key: int, seq: int, refusal: int = 0) -> None:
        """Remember that the fact with this key has this sequence."""
        if len(self._young) >= self._generation:
            self._old, self._young = self._young, {}
        self._young[key] = seq << REFUSAL_BITS | refusal

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def save(self) -> dict[str, Array]:
        """Return the window as arrays, oldest first."""
        return self.copy().save_all()

    def copy(self) -> "SeenCopy":
        """Return the window of this instant, quickly: the old generation does not change any more."""
        return SeenCopy(self._old, self._young.copy())

    def load(self, keys: Array, values: Array) -> None:
        """Remember what `save` returned, or what a replay found: the latest two generations of it."""
        start = 0
        while start < len(keys):
            if len(self._young) >= self._generation:
                self._old, self._young = self._young, {}
            end = start + self._generation - len(self._young)
            self._young.update(zip(keys[start:end].tolist(), values[start:end].tolist(), strict=True))
            start = end


class SeenCopy(NamedTuple):
    """A window that stands still."""

    old: dict[int, int]
    young: dict[int, int]

    def save_all(self) -> dict[str, Array]:
        """Return it as arrays, oldest first."""
        count = len(self.old) + len(self.young)
        keys = np.fromiter(chain(self.old, self.young), np.uint64, count)
        values = np.fromiter(chain(self.old.values(), self.young.values()), np.int64, count)
        return {"seen_keys": keys, "seen_values": values}


class SeenReplay:
    """Gathers the idempotence window from recorded rows, without touching each of them in Python."""

    def __init__(self, seen: SeenFacts, generation: int = DEFAULT_GENERATION) -> None:
        self._seen = seen
        self._keep = 2 * generation
        self._found: list[tuple[Array, Array]] = []
        self._total = 0

    def absorb(self, first_seq: int, rows: Array) -> None:
        """Note the facts with an id among `rows`, the first of which has `first_seq`."""
        kinds = rows["kind"]
        places = np.flatnonzero((rows["dedupe"] != 0) & (kinds < FIRST_DECIDED))
        if not len(places):
            return
        values = (places + first_seq) << REFUSAL_BITS
        refused = np.flatnonzero(kinds == FACT_REFUSED)
        if len(refused):
            refusals = np.zeros(len(rows), np.int64)
            refusals[refused - rows["cause"][refused]] = rows["a"][refused]
            values |= refusals[places]
        self._found.append((rows["dedupe"][places].copy(), values))
        self._total += len(places)
        while self._total - len(self._found[0][0]) >= self._keep:
            self._total -= len(self._found.pop(0)[0])

    def finish(self) -> None:
        """Hand what was gathered to the window."""
        if self._found:
            self._seen.load(*(np.concatenate(column) for column in zip(*self._found, strict=True)))
        self._found.clear()
