"""Shares and means with their intervals of confidence, all at 95 %.

* A share has the score interval of Wilson (J. Am. Stat. Assoc. 22, 1927, 209-212), which holds for few answers, too.
* A mean has the interval of Student's t with n - 1 degrees of freedom, as far as the scale reaches. There is none where
  so few values tell nothing: one, several that are the same, or an interval that is the whole scale. The quantile is
  found by bisection of the distribution, by its finite series (Abramowitz and Stegun, Handbook of Mathematical
  Functions, 26.7.3 and 26.7.4), and for more than SERIES_MAX degrees by the expansion 26.7.5.
"""

from collections.abc import Iterable
from functools import cache
from math import atan, cos, pi, sin, sqrt
from statistics import NormalDist
from typing import Final

import msgspec

LEVEL: Final = 0.95
Z: Final = NormalDist().inv_cdf(0.5 + LEVEL / 2)
SERIES_MAX: Final = 200
WILSON: Final = "wilson"
STUDENT: Final = "student_t"
DIGITS: Final = 4


class Estimate(msgspec.Struct, frozen=True):
    """A figure of n values, and where the true one lies with 95 % confidence."""

    value: float
    lo: float | None
    """Null where a mean is of too few: of one value, of several that are the same, or it would be the whole scale."""
    hi: float | None
    n: int
    interval: str
    """wilson or student_t."""


def share(part: int, whole: int) -> Estimate | None:
    """Return part/whole with the interval of Wilson, None of nothing."""
    if not whole:
        return None
    p, z2 = part / whole, Z * Z
    middle = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z * sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole)) / (1 + z2 / whole)
    lo, hi = max(0.0, middle - half), min(1.0, middle + half)
    return Estimate(round(p, DIGITS), round(lo, DIGITS), round(hi, DIGITS), whole, WILSON)


def mean(counted: Iterable[tuple[float, int]], bounds: tuple[float, float], scale: float = 1.0) -> Estimate | None:
    """Return the mean of (value, how often) times `scale`, with the interval of Student's t; None of nothing.

    `bounds` are the least and the highest that it can be, scaled.
    """
    pairs = [(value, count) for value, count in counted if count]
    n = sum(count for _, count in pairs)
    total = sum(value * count for value, count in pairs)
    return mean_of_sums(n, total, sum(value * value * count for value, count in pairs), bounds, scale)


def mean_of_sums(
    n: int, total: float, squares: float, bounds: tuple[float, float], scale: float = 1.0
) -> Estimate | None:
    """Return the mean of n values by their sum and the sum of their squares, see `mean`."""
    if not n:
        return None
    middle, low, high = total / n, *bounds
    variance = max(0.0, squares - total * total / n) / max(1, n - 1)
    half = student_quantile(n - 1) * sqrt(variance / n) if n > 1 else 0.0
    lo, hi = max(low, (middle - half) * scale), min(high, (middle + half) * scale)
    if not half or (lo, hi) == bounds:
        return Estimate(round(middle * scale, DIGITS), None, None, n, STUDENT)
    return Estimate(round(middle * scale, DIGITS), round(lo, DIGITS), round(hi, DIGITS), n, STUDENT)


@cache
def student_quantile(degrees: int) -> float:
    """Return the t that a variable of Student's distribution lies within, either side of 0, with 95 % probability."""
    if degrees > SERIES_MAX:
        z = Z
        first = (z**3 + z) / 4
        second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
        third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
        return z + first / degrees + second / degrees**2 + third / degrees**3
    low, high = 0.0, 16.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        if within(middle, degrees) < LEVEL:
            low = middle
        else:
            high = middle
        if high - low <= 1e-12 * high:
            break
    return high


def within(t: float, degrees: int) -> float:
    """Return the probability that a variable of Student's distribution lies within -t and t."""
    angle = atan(t / sqrt(degrees))
    if degrees == 1:
        return 2 * angle / pi
    c2 = cos(angle) ** 2
    odd = degrees % 2
    term = total = cos(angle) if odd else 1.0
    for step in range(3 if odd else 2, degrees - 1, 2):
        term *= c2 * (step - 1) / step
        total += term
    return 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total
