"""Finds numbered things in a ring by a key: chains of numbers, latest first, in plain columns instead of objects."""

from collections.abc import Iterator

import numpy as np


def column(length: int) -> memoryview:
    """Return so many integers of 64 bits, all 0, in memory that nobody touched yet; an item is a plain integer."""
    return np.zeros(length, np.int64).data


class RingIndex:
    """The numbers that have a key, by the key's hash. Numbers begin at 1 and grow, and only the latest `room` exist.

    Nothing is ever taken out: a chain ends where it would lead to a number that is forgotten.
    """

    def __init__(self, room: int) -> None:
        buckets = 1 << room.bit_length()
        self._room = room
        self._mask = buckets - 1
        self._latest = column(buckets)
        self._earlier = column(room)
        self._hashes = column(room)

    def add(self, number: int, hashed: int) -> None:
        """Enter the next number under a hash."""
        place, bucket = number % self._room, hashed & self._mask
        self._hashes[place] = hashed
        self._earlier[place] = self._latest[bucket]
        self._latest[bucket] = number

    def find(self, hashed: int, oldest: int) -> Iterator[int]:
        """Yield the numbers from `oldest` on with this hash, latest first; other keys may have the same hash."""
        number = self._latest[hashed & self._mask]
        while number >= oldest:
            place = number % self._room
            if self._hashes[place] == hashed:
                yield number
            number = self._earlier[place]
