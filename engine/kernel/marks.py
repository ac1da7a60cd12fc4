"""Changing the sets of agents and of lines that `masks` reads."""

import numpy as np

from engine.kernel.jit import jit
from engine.kernel.masks import ONE
from engine.kernel.tables import Array


@jit
def put(masks: Array, row: int, index: int) -> None:
    """Add `index` to the set."""
    masks[row, index >> 6] |= ONE << np.uint64(index & 63)


@jit
def take(masks: Array, row: int, index: int) -> None:
    """Remove `index` from the set."""
    masks[row, index >> 6] &= ~(ONE << np.uint64(index & 63))
