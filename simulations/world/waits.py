"""Bins of the waits of one interval: at once; then by half a second, 5 s and 30 s."""

from typing import Final

from engine.kernel.jit import jit
from engine.model.settings import SECOND_NS

HALVES: Final = 40
FIVES: Final = 32
WAIT_BINS: Final = 96
BIN_EDGES_S: Final = (
    0.0,
    *(0.5 * (place + 1) for place in range(HALVES)),
    *(20.0 + 5.0 * (place + 1) for place in range(FIVES)),
    *(180.0 + 30.0 * (place + 1) for place in range(WAIT_BINS - HALVES - FIVES - 1)),
)
"""Upper edge of each bin, s; bin 0 holds those who did not wait at all, the last one what is longer, too."""
assert len(BIN_EDGES_S) == WAIT_BINS


@jit
def wait_bin(wait_ns: int) -> int:
    """Return the bin of a wait."""
    if wait_ns <= 0:
        return 0
    if wait_ns <= 20 * SECOND_NS:
        return 1 + (wait_ns - 1) // (SECOND_NS // 2)
    if wait_ns <= 180 * SECOND_NS:
        return 1 + HALVES + (wait_ns - 1 - 20 * SECOND_NS) // (5 * SECOND_NS)
    return min(1 + HALVES + FIVES + (wait_ns - 1 - 180 * SECOND_NS) // (30 * SECOND_NS), WAIT_BINS - 1)
