"""Patience in compiled code: a law is a row of numbers, told apart by its kind.

Column 0 of each row is the share of callers who wait at all; the others hang up at once when they would have to wait.
The rest of a row depends on the kind; `simulations.queueing.patience` makes the rows. Times are in seconds.
"""

import math
from typing import Any, Final

from engine.kernel.jit import door, jit

PHASES: Final = 0
"""A mixture of exponential laws: their number n, n shares, n rates. A rate of 0.0 never gives up."""
STAGES: Final = 1
"""Erlang's law: the number of stages, the rate of each."""
LOGNORMAL: Final = 2
"""Mean and deviation of the logarithm, and the mean."""
STEPS: Final = 3
"""Known values: their number n, n rising times, the n shares that stay beyond each, the n integrals up to each."""
STAGES_MAX: Final = 400
"""More stages than that would leave the range of floating point; the law is nearly deterministic long before."""

Rows = Any
"""Array of shape (laws, columns), float64; one row serves all points, or each point has its own."""


@jit
def at(kind: int, laws: Rows, row: int, x: float) -> tuple[float, float, float]:
    """Return (share still waiting after x s, share gone, mean of min(patience, x) in s) of those who wait at all."""
    if kind == PHASES:
        return _phases(laws, row, x)
    if kind == STAGES:
        return _stages(int(laws[row, 1]), laws[row, 2], x)
    if kind == LOGNORMAL:
        return _lognormal(laws[row, 1], laws[row, 2], laws[row, 3], x)
    return _steps(laws, row, x)


@door
def staying(kind: int, laws: Rows, x: float) -> float:
    """Return the share of all callers who still wait after x s."""
    return laws[0, 0] * at(kind, laws, 0, x)[0]


@jit
def _phases(laws: Rows, row: int, x: float) -> tuple[float, float, float]:
    phases = int(laws[row, 1])
    stay, gone, integral = 0.0, 0.0, 0.0
    for i in range(phases):
        share, rate = laws[row, 2 + i], laws[row, 2 + phases + i]
        lost = -math.expm1(-rate * x)
        gone += share * lost
        stay += share * (1.0 - lost)
        integral += share * (lost / rate if rate > 0.0 else x)
    return stay, gone, integral


@jit
def _stages(stages: int, rate: float, x: float) -> tuple[float, float, float]:
    z = rate * x
    term = math.exp(-z)
    stay, unfinished = 0.0, 0.0
    for i in range(stages):
        stay += term
        unfinished += (stages - i) * term
        term *= z / (i + 1)
    gone = 1.0 - stay
    if z < 0.5 * stages:
        gone, place = 0.0, stages
        while term > 1e-18 * gone:
            gone += term
            place += 1
            term *= z / place
        # Here nearly everybody still waits: x less what the few gone did not wait.
        return stay, gone, min(x, (stages - unfinished) / rate)
    return stay, gone, (stages - unfinished) / rate


@jit
def _lognormal(location: float, deviation: float, mean: float, x: float) -> tuple[float, float, float]:
    if x <= 0.0:
        return 1.0, 0.0, 0.0
    z = (math.log(x) - location) / deviation
    stay, gone = 0.5 * math.erfc(z / math.sqrt(2.0)), 0.5 * math.erfc(-z / math.sqrt(2.0))
    return stay, gone, x * stay + mean * 0.5 * math.erfc((deviation - z) / math.sqrt(2.0))


@jit
def _steps(laws: Rows, row: int, x: float) -> tuple[float, float, float]:
    steps = int(laws[row, 1])
    place = steps_before(laws, row, x)
    if place == 0:
        return 1.0, 0.0, x
    stay = laws[row, 1 + steps + place]
    return stay, 1.0 - stay, laws[row, 1 + 2 * steps + place] + stay * (x - laws[row, 1 + place])


@jit
def steps_before(laws: Rows, row: int, x: float) -> int:
    """Return how many times of the row are at or before x."""
    low, high = 0, int(laws[row, 1])
    while low < high:
        middle = (low + high) // 2
        if laws[row, 2 + middle] <= x:
            low = middle + 1
        else:
            high = middle
    return low


@jit
def never_gone(kind: int, laws: Rows, row: int) -> float:
    """Return the share of all callers who never give up."""
    share, n = 0.0, int(laws[row, 1])
    if kind == PHASES:
        for i in range(n):
            share += laws[row, 2 + i] * (laws[row, 2 + n + i] == 0.0)
    elif kind == STEPS:
        share = laws[row, 1 + 2 * n]
    return share * laws[row, 0]


@jit
def fineness(kind: int, laws: Rows, row: int) -> float:
    """Return the time in s over which the law changes where it changes fastest; 1e9 where it never does."""
    n = int(laws[row, 1])
    if kind == PHASES:
        fastest = 1e-9
        for i in range(n):
            fastest = max(fastest, laws[row, 2 + n + i])
        return 1.0 / fastest
    if kind == STAGES:
        return math.sqrt(n) / laws[row, 2]
    if kind == LOGNORMAL:
        return math.exp(laws[row, 1]) * min(1.0, laws[row, 2])
    return max(laws[row, 1 + n], 1e-9)


@jit
def next_change(kind: int, laws: Rows, row: int, x: float, forward: bool) -> float:
    """Return the next time after (or before) x at which the law jumps; 1e300 (or 0.0) if it does not."""
    if kind != STEPS:
        return 1e300 if forward else 0.0
    place, n = steps_before(laws, row, x), int(laws[row, 1])
    if forward:
        return laws[row, 2 + place] if place < n else 1e300
    if place > 0 and laws[row, 1 + place] == x:
        place -= 1
    return laws[row, 1 + place] if place > 0 else 0.0
