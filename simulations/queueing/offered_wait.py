"""M/M/c+G exactly: integrals over the offered wait, by Gauss and Kronrod's rule outward from its mode; compiled.

Baccelli and Hebuterne (1981): the wait that a patient caller would have has the density, for x > 0,

    v(x) = lambda p exp(f(x)),    f(x) = lambda (integral of the share still waiting, 0 to x) - c mu x,

with p the probability that all but one agent are busy, from normalisation. As f is concave, the density has one mode
and falls off on both sides at least exponentially; so panels are laid from the mode outward until the rest is too
small to matter, and everything is measured against the mode: neither overload nor size can overflow.
"""

import math
from typing import Final

import numpy as np

from engine.kernel.formulas import inverse_blocking
from engine.kernel.jit import jit
from simulations.queueing.laws import PHASES, Rows, at, fineness, never_gone, next_change

NODES: Final = np.array(
    (
        0.9914553711208126,
        0.9491079123427585,
        0.8648644233597691,
        0.7415311855993945,
        0.5860872354676911,
        0.4058451513773972,
        0.20778495500789848,
        0.0,
    )
)
"""Of the 15-point Kronrod rule, those not below 0 (QUADPACK's tables)."""
KRONROD: Final = np.array(
    (
        0.022935322010529224,
        0.06309209262997856,
        0.10479001032225019,
        0.14065325971552592,
        0.1690047266392679,
        0.19035057806478542,
        0.20443294007529889,
        0.20948214108472782,
    )
)
GAUSS: Final = np.array(
    (0.0, 0.1294849661688697, 0.0, 0.27970539148927664, 0.0, 0.3818300505051189, 0.0, 0.4179591836734694)
)
DROP_MAX: Final = 8.0
"""How far f may fall within one panel."""
TOLERANCE: Final = 1e-7
"""Between the two rules, relative; where f is smooth, the error of the better one is about its square."""
REST: Final = 1e-18
PANELS_MAX: Final = 20_000

Sums = tuple[float, float, float, float, float]
"""Integrals of e^f times: 1, the share still waiting, that times x, the mean of min(patience, x), the share gone."""


@jit
def height(kind: int, laws: Rows, row: int, rate: float, drain: float, x: float) -> float:
    """Return f(x)."""
    _, _, waited = at(kind, laws, row, x)
    return rate * laws[row, 0] * waited - drain * x


@jit
def slope(kind: int, laws: Rows, row: int, rate: float, drain: float, x: float) -> float:
    """Return f'(x)."""
    stay, _, _ = at(kind, laws, row, x)
    return rate * laws[row, 0] * stay - drain


@jit
def mode(kind: int, laws: Rows, row: int, rate: float, drain: float) -> float:
    """Return where f is greatest, nearly: 0.0 unless overloaded."""
    low, high = 0.0, fineness(kind, laws, row)
    if slope(kind, laws, row, rate, drain, 0.0) <= 0.0:
        return 0.0
    if kind == PHASES and laws[row, 1] == 1.0:
        return math.log(rate * laws[row, 0] / drain) / laws[row, 3]
    while slope(kind, laws, row, rate, drain, high) > 0.0 and high < 1e15:
        low, high = high, 2.0 * high
    for _ in range(50):
        middle = 0.5 * (low + high)
        if slope(kind, laws, row, rate, drain, middle) > 0.0:
            low = middle
        else:
            high = middle
    return high


@jit
def panel(
    kind: int, laws: Rows, row: int, rate: float, drain: float, top: float, start: float, end: float
) -> tuple[float, float, float, float, float, float]:
    """Return the five integrals of e^(f - top) over a panel, and how far the two rules differ, relative."""
    middle, half = 0.5 * (start + end), 0.5 * abs(end - start)
    share = laws[row, 0]
    one, staying, long, waited, leaving, gauss, gauss_staying = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for place in range(15):
        i = min(place, 14 - place)
        x = middle + (half if place > 7 else -half) * NODES[i]
        stay, gone, integral = at(kind, laws, row, x)
        density = math.exp(rate * share * integral - drain * x - top)
        weight = KRONROD[i] * density
        one += weight
        staying += weight * share * stay
        long += weight * share * stay * x
        waited += weight * share * integral
        leaving += weight * (1.0 - share + share * gone)
        gauss += GAUSS[i] * density
        gauss_staying += GAUSS[i] * density * stay
    error = max(abs(gauss - one), abs(gauss_staying * share - staying))
    return one * half, staying * half, long * half, waited * half, leaving * half, error * half


@jit
def march(
    kind: int, laws: Rows, row: int, rate: float, drain: float, top: float, start: float, end: float, known: float
) -> Sums:
    """Return the five integrals of e^(f - top) from `start`, where it is greatest, towards `end`.

    What is small against `known`, already summed up elsewhere, or against the sum itself is left out.
    """
    forward = end > start
    fine = fineness(kind, laws, row)
    one, staying, long, waited, leaving = 0.0, 0.0, 0.0, 0.0, 0.0
    x, here = start, height(kind, laws, row, rate, drain, start)
    step = min(fine, 0.5 * DROP_MAX / max(abs(slope(kind, laws, row, rate, drain, x)), 1e-300))
    for _ in range(PANELS_MAX):
        if x == end:
            break
        change = next_change(kind, laws, row, x, forward)
        bound = min(end, change) if forward else max(end, change)
        step = min(step, max(x if forward else 0.5 * x, fine))
        final = step >= abs(bound - x)
        to = bound if final else (x + step if forward else x - step)
        there = height(kind, laws, row, rate, drain, to)
        if abs(there - here) > DROP_MAX:
            step = 0.5 * abs(to - x)
            continue
        a, b, c, d, e, error = panel(kind, laws, row, rate, drain, top, x, to)
        if error > TOLERANCE * (a + one + known) and abs(to - x) > 1e-13 * max(x, to):
            step = 0.5 * abs(to - x)
            continue
        one, staying, long, waited, leaving = one + a, staying + b, long + c, waited + d, leaving + e
        step = 2.0 * abs(to - x) if not final else max(step, abs(to - x))
        x, here = to, there
        fall = abs(slope(kind, laws, row, rate, drain, x))
        if math.exp(here - top) <= REST * (one + known) * fall and (fall > 0.0 or math.exp(here - top) == 0.0):
            break
    return one, staying, long, waited, leaving


@jit
def offered_wait(
    kind: int, laws: Rows, row: int, rate: float, handle: float, servers: int, within: float
) -> tuple[float, float, float, float, float, float, float]:
    """Return (P(V = 0), P(0 < V <= T), P(V > T), answered within T, abandoned, E[W], E[W; answered]).

    All are of the contacts that arrive; V is the offered wait. `rate` per s, `handle` and `within` (T) in s.
    """
    drain = servers / handle
    if never_gone(kind, laws, row) * rate >= drain:
        return 0.0, 0.0, 1.0, 0.0, 1.0 - never_gone(kind, laws, row), math.inf, math.inf
    peak = mode(kind, laws, row, rate, drain)
    top = height(kind, laws, row, rate, drain, peak)
    early, late = min(peak, within), max(peak, within)
    one, staying, long, waited, leaving = march(kind, laws, row, rate, drain, top, early, 0.0, 0.0)
    if within > peak:
        a, b, c, d, e = march(kind, laws, row, rate, drain, top, peak, within, one)
        one, staying, long, waited, leaving = one + a, staying + b, long + c, waited + d, leaving + e
    f, g, h, i, j = march(kind, laws, row, rate, drain, top, late, 1e300, one)
    if peak > within:
        a, b, c, d, e = march(kind, laws, row, rate, drain, top, peak, within, f)
        f, g, h, i, j = f + a, g + b, h + c, i + d, j + e
    free = inverse_blocking(rate * handle, servers - 1) * math.exp(-top) / rate
    total = free + one + f
    if free > 1e300:
        return 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0
    return (
        free / total,
        one / total,
        f / total,
        (free + staying) / total,
        (leaving + j) / total,
        (waited + i) / total,
        (long + h) / total,
    )
