"""Numbered records of which the latest are kept, found by a key: columns instead of objects, many entered at once."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

BATCH_BITS: Final = 13
BATCH_MAX: Final = 1 << BATCH_BITS
"""Records entered at once, at most."""
KEY: Final = "key"
"""The field by which records are found; a record whose key was set to 0 is not found any more."""

Array = np.ndarray[Any, Any]


class Ring:
    """Records of one dtype with a field KEY of int64. Numbers begin at 1.

    Beside the `kept` latest there is room for one batch: so what a row finds does not depend on how many rows after it
    were entered together with it.
    """

    def __init__(self, dtype: "np.dtype[Any]", kept: int) -> None:
        self.kept = kept
        self.count = 0
        """Records so far, and so the number of the latest."""
        self._room = kept + BATCH_MAX
        self.records = np.zeros(self._room, dtype)
        """Record number n lies at place n % room."""
        self._keys = self.records[KEY].data
        buckets = 1 << self._room.bit_length()
        self._mask = buckets - 1
        self._latest = np.zeros(buckets, np.int64)
        self._earlier = np.zeros(self._room, np.int64)

    def place(self, number: int) -> int:
        """Where a record lies in `records`."""
        return number % self._room

    def append(self, records: Array) -> Array:
        """Enter up to BATCH_MAX records; returns their places."""
        numbers = np.arange(self.count + 1, self.count + len(records) + 1)
        places = numbers % self._room
        self.records.put(places, records)
        buckets, order = in_order_of(records[KEY] & self._mask)
        numbers = numbers[order]
        earlier = self._latest[buckets]
        alike = buckets[1:] == buckets[:-1]
        earlier[1:][alike] = numbers[:-1][alike]
        self._earlier[places[order]] = earlier
        self._latest[buckets] = numbers
        self.count += len(records)
        return places

    def find(self, key: int, by: int) -> Iterator[int]:
        """Yield the numbers of this key, latest first, that were kept when there were `by` records."""
        oldest = max(1, by - self.kept + 1)
        keys, earlier, room = self._keys, self._earlier.data, self._room
        number = self._latest.data[key & self._mask]
        while number >= oldest:
            if number <= by and keys[number % room] == key:
                yield number
            number = earlier[number % room]

    def has(self, keys: Array) -> Array:
        """Which keys of shape (n,) any record has that is still here, as a mask."""
        found = np.zeros(len(keys), np.bool_)
        numbers = self._latest[keys & self._mask]
        forgotten = self.count - self._room
        left = np.flatnonzero(numbers > max(0, forgotten))
        while len(left):
            places = numbers[left] % self._room
            hit = self.records[KEY][places] == keys[left]
            found[left[hit]] = True
            left, places = left[~hit], places[~hit]
            numbers[left] = self._earlier[places]
            left = left[numbers[left] > max(0, forgotten)]
        return found

    def places(self) -> Array:
        """Where the records lie that are kept, oldest first."""
        return np.arange(max(1, self.count - self.kept + 1), self.count + 1) % self._room

    def save(self) -> tuple[int, bytes]:
        """Return how many records there were so far, and those that are kept."""
        return self.count, self.records.take(self.places()).tobytes()

    def load(self, count: int, saved: bytes) -> None:
        """Take over what `save` returned, into a new one."""
        records = np.frombuffer(saved, self.records.dtype)
        self.count = count - len(records)
        for start in range(0, len(records), BATCH_MAX):
            self.append(records[start : start + BATCH_MAX])


def in_order_of(values: Array) -> tuple[Array, Array]:
    """Return up to BATCH_MAX values of fewer than 50 bits in order, and their places; those alike as they stood.

    One sort of numbers that hold both is several times faster than a stable sort.
    """
    both = np.sort(values.astype(np.int64) << BATCH_BITS | np.arange(len(values)))
    return both >> BATCH_BITS, both & BATCH_MAX - 1
