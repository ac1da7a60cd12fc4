"""Bins of the waits of one interval: at once; then by half a second, 5 s and 30 s; of what is put off, 5 and 30 min."""

from typing import Final

from engine.kernel.jit import jit
from engine.model.settings import SECOND_NS

HALVES: Final = 40
"""Up to 20 s."""
FIVES: Final = 32
"""Up to 3 min."""
THIRTIES: Final = 24
"""Up to 15 min."""
MINUTES: Final = 21
"""Of five each, up to 2 h."""
HOURS: Final = 45
"""Half ones, up to a day, and one for what is longer."""
WAIT_BINS: Final = 1 + HALVES + FIVES + THIRTIES + MINUTES + HOURS
BIN_EDGES_S: Final = (
    0.0,
    *(0.5 * (place + 1) for place in range(HALVES)),
    *(20.0 + 5.0 * (place + 1) for place in range(FIVES)),
    *(180.0 + 30.0 * (place + 1) for place in range(THIRTIES)),
    *(900.0 + 300.0 * (place + 1) for place in range(MINUTES)),
    *(7200.0 + 1800.0 * (place + 1) for place in range(HOURS)),
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
    if wait_ns <= 900 * SECOND_NS:
        return 1 + HALVES + FIVES + (wait_ns - 1 - 180 * SECOND_NS) // (30 * SECOND_NS)
    if wait_ns <= 7200 * SECOND_NS:
        return 1 + HALVES + FIVES + THIRTIES + (wait_ns - 1 - 900 * SECOND_NS) // (300 * SECOND_NS)
    return min(WAIT_BINS - HOURS + (wait_ns - 1 - 7200 * SECOND_NS) // (1800 * SECOND_NS), WAIT_BINS - 1)
