"""Sets of agents and of lines as bits: 64 to a word, one row a set. Reading them; `marks` changes them."""

from typing import Final

import numpy as np

from engine.kernel.jit import jit
from engine.kernel.native import bits, lowest
from engine.kernel.tables import Array

ONE: Final = np.uint64(1)
ZERO: Final = np.uint64(0)

__all__ = ["ONE", "ZERO", "any_common", "bits", "count_common", "has", "lowest"]


@jit
def has(masks: Array, row: int, index: int) -> bool:
    """Tell whether `index` is in the set."""
    return (masks[row, index >> 6] >> np.uint64(index & 63)) & ONE != ZERO


@jit
def count_common(masks: Array, row: int, other: int) -> int:
    """Return how many are in both sets."""
    total = 0
    for place in range(masks.shape[1]):
        total += bits(masks[row, place] & masks[other, place])
    return total


@jit
def any_common(masks: Array, row: int, other: int) -> bool:
    """Tell whether the two sets share anything."""
    found = ZERO
    for place in range(masks.shape[1]):
        found |= masks[row, place] & masks[other, place]
    return found != ZERO
