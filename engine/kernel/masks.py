"""Sets of agents and of lines as bits: 64 to a word, one row a set."""

from typing import Final

import numpy as np

from engine.kernel.jit import jit
from engine.kernel.tables import Array

ONE: Final = np.uint64(1)
ZERO: Final = np.uint64(0)

# A power of two leaves a remainder of its own when divided by 67, so the remainder tells which bit it is.
PLACES: Final = np.zeros(67, np.int64)
for _bit in range(64):
    PLACES[(1 << _bit) % 67] = _bit


@jit
def put(masks: Array, row: int, index: int) -> None:
    """Add `index` to the set."""
    masks[row, index >> 6] |= ONE << np.uint64(index & 63)


@jit
def take(masks: Array, row: int, index: int) -> None:
    """Remove `index` from the set."""
    masks[row, index >> 6] &= ~(ONE << np.uint64(index & 63))


@jit
def has(masks: Array, row: int, index: int) -> bool:
    """Tell whether `index` is in the set."""
    return (masks[row, index >> 6] >> np.uint64(index & 63)) & ONE != ZERO


@jit
def lowest(word: np.uint64) -> int:
    """Return the place of the lowest bit of a word that is not 0."""
    return PLACES[(word & (~word + ONE)) % np.uint64(67)]


@jit
def count_common(masks: Array, row: int, other: int) -> int:
    """Return how many are in both sets."""
    total = 0
    for place in range(masks.shape[1]):
        total += bits(masks[row, place] & masks[other, place])
    return total


@jit
def bits(word: np.uint64) -> int:
    """Return how many bits are set: sums in pairs, fours, eights."""
    word -= (word >> ONE) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    total = 0
    for shift in range(0, 64, 8):
        total += int((word >> np.uint64(shift)) & np.uint64(0xFF))
    return total


@jit
def any_common(masks: Array, row: int, other: int) -> bool:
    """Tell whether the two sets share anything."""
    found = ZERO
    for place in range(masks.shape[1]):
        found |= masks[row, place] & masks[other, place]
    return found != ZERO
