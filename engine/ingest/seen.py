"""The idempotence window: which facts came before, and what became of them, by a 64-bit hash of source and id."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from xxhash import xxh3_64_intdigest

from engine.kernel.key_table import enter_keys, find_keys
from engine.messages.kinds import FACT_REFUSED, FIRST_DECIDED
from engine.messages.observed import Fact

DEFAULT_GENERATION: Final = 131_072
"""Facts that a generation remembers; at least this many and at most twice as many are known."""
REFUSAL_BITS: Final = 4
SALT: Final = secrets.randbits(63) | 1
"""Scatters keys over places: whoever chooses ids cannot choose them to lie at one place."""
LEAST_PLACES: Final = 1024
"""Of a new generation: room for some hundred keys, made again larger whenever that is full."""

Array = np.ndarray[Any, Any]


def dedupe_key(source: str, fact_id: str) -> int:
    """Name a fact by 64 bits; 0 is kept for facts without an id."""
    return xxh3_64_intdigest(f"{source}\0{fact_id}".encode()) or 1


class Generation:
    """Keys (64 bits, never 0) and a value each: a hash table in two columns, at most two thirds full, that grows."""

    __slots__ = ("_keys", "_shift", "_values", "count")

    def __init__(self) -> None:
        self.count = 0
        self._hold(np.zeros(LEAST_PLACES, np.int64), np.zeros(LEAST_PLACES, np.int64))

    def _hold(self, keys: Array, values: Array) -> None:
        self._keys, self._values = keys, values
        self._shift = 65 - len(keys).bit_length()

    def find(self, keys: Array, found: Array) -> None:
        """Write the values of keys that are here to `found`, where that is 0."""
        find_keys(self._keys, self._values, SALT, self._shift, keys, found)

    def add(self, keys: Array, values: Array) -> None:
        """Enter keys, or give them other values; of several alike the last counts."""
        wanted = 3 * (self.count + len(keys)) // 2 + 1
        if wanted > len(self._keys):
            held, values_held = self._keys, self._values
            used = np.flatnonzero(held)
            self._hold(*(np.zeros(1 << wanted.bit_length(), np.int64) for _ in range(2)))
            enter_keys(self._keys, self._values, SALT, self._shift, held[used], values_held[used])
        self.count += enter_keys(self._keys, self._values, SALT, self._shift, keys, values)

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
        return self._keys[used].view(np.uint64), self._values[used]


class SeenFacts:
    """Two generations: when the young one is full it becomes the old one, and the old one is forgotten.

    The refusal of a fact that the kernel set aside is kept too, so that a duplicate is answered as the first was.
    """

    def __init__(self, generation: int = DEFAULT_GENERATION) -> None:
        self._generation = generation
        self._young = Generation()
        self._old = Generation()
        nothing = np.zeros(0, np.int64)
        self._young.add(nothing, nothing)  # machine code is loaded now, and does not keep the first facts waiting
        self._young.find(nothing, nothing)

    def look_up(self, source: str, facts: Sequence[Fact]) -> tuple[list[int], list[int]]:
        """Return the keys of a source's facts, 0 for those without an id, and what `find` says of each."""
        begin = f"{source}\0"
        try:
            keys = [(xxh3_64_intdigest((begin + fact.id).encode()) or 1) if fact.id else 0 for fact in facts]
        except UnicodeEncodeError:
            keys = [_key_or_none(source, fact.id) for fact in facts]
        return keys, self.find(keys) if any(keys) else keys

    def find(self, keys: Sequence[int]) -> list[int]:
        """Return what is remembered of each key, for `remembered` to read; 0 where that is nothing."""
        wanted = np.fromiter(keys, np.uint64, len(keys)).view(np.int64)
        found = np.zeros(len(wanted), np.int64)
        self._young.find(wanted, found)
        self._old.find(wanted, found)
        values: list[int] = found.tolist()
        return values

    def knows(self, source: str, fact_id: str) -> bool:
        """Whether a fact of this id came from this source."""
        key = _key_or_none(source, fact_id)
        return bool(key and self.find([key])[0])

    def add(self, keys: Iterable[int], seqs: Sequence[int], refusals: Mapping[int, int]) -> None:
        """Remember that the facts with these keys have these sequences; `refusals` by sequence."""
        values = np.array(seqs, np.int64) << REFUSAL_BITS
        if refusals:
            values |= np.array([refusals.get(seq, 0) for seq in seqs], np.int64)
        self.load(np.fromiter(keys, np.uint64, len(seqs)), values)

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
        entered, given, start = np.array(keys, np.uint64).view(np.int64), np.array(values, np.int64), 0
        while start < len(entered):
            if self._young.count >= self._generation:
                self._old, self._young = self._young, Generation()
            end = start + self._generation - self._young.count
            self._young.add(entered[start:end], given[start:end])
            start = end


def _key_or_none(source: str, fact_id: str) -> int:
    """The key; 0 where the id is not Unicode, which whoever takes the fact in says."""
    try:
        return dedupe_key(source, fact_id) if fact_id else 0
    except UnicodeEncodeError:
        return 0


def remembered(value: int) -> tuple[int, int]:
    """Sequence and refusal (or 0) of a fact that was found."""
    return value >> REFUSAL_BITS, value & (1 << REFUSAL_BITS) - 1


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
