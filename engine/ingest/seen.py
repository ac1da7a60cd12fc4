"""The idempotence window: which facts came before, and what became of them, by a 64-bit hash of source and id."""

import secrets
from typing import Any, Final, NamedTuple

import numpy as np
from xxhash import xxh3_64_intdigest

from engine.messages.kinds import FACT_REFUSED, FIRST_DECIDED

DEFAULT_GENERATION: Final = 131_072
"""Facts that a generation remembers; at least this many and at most twice as many are known."""
REFUSAL_BITS: Final = 4
WORD: Final = 2**64 - 1
SALT: Final = secrets.randbits(64) | 1
"""Scatters keys over places: whoever chooses ids cannot choose them to lie at one place."""
LEAST_PLACES: Final = 1024
"""Of a new generation: room for some hundred keys, made again twice as large whenever that is full."""

Array = np.ndarray[Any, Any]


def dedupe_key(source: str, fact_id: str) -> int:
    """Name a fact by 64 bits; 0 is kept for facts without an id."""
    return xxh3_64_intdigest(f"{source}\0{fact_id}".encode()) or 1


class Generation:
    """Keys (64 bits, never 0) and a value each: a hash table in two columns, at most two thirds full, that grows.

    A key is looked for from its own place on, to the first free one; keys are never taken out.
    """

    __slots__ = ("_key_at", "_keys", "_mask", "_shift", "_value_at", "_values", "count")

    def __init__(self) -> None:
        self.count = 0
        self._hold(np.zeros(LEAST_PLACES, np.uint64), np.zeros(LEAST_PLACES, np.int64))

    def _hold(self, keys: Array, values: Array) -> None:
        self._keys, self._values = keys, values
        self._key_at, self._value_at = keys.data, values.data  # items of these are plain integers
        self._mask = len(keys) - 1
        self._shift = 65 - len(keys).bit_length()

    def get(self, key: int) -> int:
        """The value of a key; 0 when it is not here."""
        keys, mask = self._key_at, self._mask
        place = (key * SALT & WORD) >> self._shift
        while (found := keys[place]) != key:
            if not found:
                return 0
            place = place + 1 & mask
        return self._value_at[place]

    def add(self, key: int, value: int) -> None:
        """Enter a key, or give it another value."""
        if 3 * self.count >= 2 * len(self._keys):
            self._widen(2 * len(self._keys))
        keys, mask = self._key_at, self._mask
        place = (key * SALT & WORD) >> self._shift
        while (found := keys[place]) and found != key:
            place = place + 1 & mask
        self.count += not found
        keys[place] = key
        self._value_at[place] = value

    def add_all(self, keys: Array, values: Array) -> None:
        """Enter many; of several with one key the last counts."""
        wanted = 3 * (self.count + len(keys)) // 2 + 1
        if wanted > len(self._keys):
            self._widen(1 << wanted.bit_length())
        self._insert(keys, values)

    def copy(self) -> "Generation":
        """Return one that stands still."""
        still = Generation()
        still.count = self.count
        still._hold(self._keys.copy(), self._values.copy())
        return still

    def columns(self) -> tuple[Array, Array]:
        """Return keys and values in order of their values."""
        used = np.flatnonzero(self._keys)
        used = used[np.argsort(self._values[used])]
        return self._keys[used], self._values[used]

    def _widen(self, places: int) -> None:
        keys, values = self._keys, self._values
        used = np.flatnonzero(keys)
        self.count = 0
        self._hold(np.zeros(places, np.uint64), np.zeros(places, np.int64))
        self._insert(keys[used], values[used])

    def _insert(self, keys: Array, values: Array) -> None:
        """Enter many into enough room: all at once, then again those whose place another one had."""
        places = (keys * np.uint64(SALT) >> np.uint64(self._shift)).astype(np.int64)
        while len(keys):
            free = self._keys[places] == 0
            self._keys[places[free]] = keys[free]
            mine = self._keys[places] == keys
            self._values[places[mine]] = values[mine]
            others = ~mine
            keys, values, places = keys[others], values[others], (places[others] + 1) & self._mask
        self.count = int(np.count_nonzero(self._keys))


class SeenFacts:
    """Two generations: when the young one is full it becomes the old one, and the old one is forgotten.

    The refusal of a fact that the kernel set aside is kept too, so that a duplicate is answered as the first was.
    """

    def __init__(self, generation: int = DEFAULT_GENERATION) -> None:
        self._generation = generation
        self._young = Generation()
        self._old = Generation()

    def find(self, key: int) -> tuple[int, int] | None:
        """Return (sequence, refusal or 0) of the first fact with this key; None when it is not known."""
        found = self._young.get(key) or self._old.get(key)
        return (found >> REFUSAL_BITS, found & (1 << REFUSAL_BITS) - 1) if found else None

    def add(self, key: int, seq: int, refusal: int = 0) -> None:
        """Remember that the fact with this key has this sequence."""
        if self._young.count >= self._generation:
            self._old, self._young = self._young, Generation()
        self._young.add(key, seq << REFUSAL_BITS | refusal)

    def __len__(self) -> int:
        return self._young.count + self._old.count

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
            if self._young.count >= self._generation:
                self._old, self._young = self._young, Generation()
            end = start + self._generation - self._young.count
            self._young.add_all(keys[start:end], values[start:end])
            start = end


class SeenCopy(NamedTuple):
    """A window that stands still."""

    old: Generation
    young: Generation

    def save_all(self) -> dict[str, Array]:
        """Return it as arrays, oldest first."""
        old, young = self.old.columns(), self.young.columns()
        return {"seen_keys": np.concatenate([old[0], young[0]]), "seen_values": np.concatenate([old[1], young[1]])}


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
