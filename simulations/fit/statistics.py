"""Small tools of statistics that the estimates share: intervals of confidence and Kolmogorov's test."""

import math
from statistics import NormalDist
from typing import Any, Final

import msgspec
import numpy as np

Array = np.ndarray[Any, Any]
CONFIDENCE: Final = 0.95
Z: Final = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


class Figure(msgspec.Struct, frozen=True):
    """An estimate, the interval that holds the truth with probability CONFIDENCE, and from how many observations."""

    value: float
    low: float
    high: float
    n: int


def mean_of(samples: Array) -> Figure:
    """Return the mean of independent samples, by the central limit theorem. NaN of none."""
    n = len(samples)
    value = float(samples.mean()) if n else math.nan
    half = Z * float(samples.std(ddof=1)) / math.sqrt(n) if n > 1 else math.inf
    return Figure(value, value - half, value + half, n)


def share_of(count: int, n: int) -> Figure:
    """Return a share with the interval of Wilson (1927). NaN of none."""
    if n == 0:
        return Figure(math.nan, 0.0, 1.0, 0)
    share, z2 = count / n, Z * Z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return Figure(share, max(0.0, centre - half), min(1.0, centre + half), n)


def kolmogorov(uniforms: Array) -> tuple[float, float]:
    """Return (distance, p) of Kolmogorov's test that samples are uniform on (0, 1).

    p by his limit, with Stephens' correction for few samples (1970); below 1e-300 it is 0.
    """
    n = len(uniforms)
    if n == 0:
        return math.nan, math.nan
    ordered = np.sort(uniforms)
    steps = np.arange(n + 1) / n
    distance = float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))
    root = math.sqrt(n)
    return distance, kolmogorov_p((root + 0.12 + 0.11 / root) * distance)


def kolmogorov_p(x: float) -> float:
    """Return how likely Kolmogorov's statistic is greater than x."""
    if x < 0.2:
        return 1.0
    total = math.fsum((1 if k % 2 else -1) * math.exp(-2 * k * k * x * x) for k in range(1, 101))
    return min(1.0, max(0.0, 2 * total))
