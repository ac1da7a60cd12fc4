"""Estimates over replications: a mean, or a ratio of two sums, each with its interval of confidence by Student's t.

A ratio is the sum of its parts over the sum of its wholes; its variance is that of the residuals part - ratio * whole
(the delta method; Law, Simulation Modeling and Analysis, 9.6), so quiet replications weigh little. Arrays have the
replications in their first axis; estimates have the shape of the other axes.
"""

from collections.abc import Callable
from functools import cache
from math import sqrt
from statistics import NormalDist
from typing import Any, Final

import msgspec
import numpy as np

from engine.projections.quality.statistics import SERIES_MAX, within

Array = np.ndarray[Any, Any]
WIDEST: Final = 1e9


class Estimate(msgspec.Struct, frozen=True):
    """Values and where the true ones lie with the confidence asked for; nan where there was nothing to divide by, and
    nan limits where one replication alone was made. Numbers, or arrays of one shape.
    """

    value: Any
    low: Any
    high: Any

    @property
    def half_width(self) -> Any:
        """Half of the width of the interval."""
        return (self.high - self.low) / 2

    def at(self, *place: int) -> "Estimate":
        """Return one of many as numbers."""
        return Estimate(float(self.value[place]), float(self.low[place]), float(self.high[place]))


def mean(values: Array, confidence: float) -> Estimate:
    """Return the mean over the replications, the first axis."""
    values = np.asarray(values, float)
    middle = values.mean(axis=0)
    if len(values) < 2:
        return Estimate(middle, np.full_like(middle, np.nan), np.full_like(middle, np.nan))
    half = t_quantile(confidence, len(values) - 1) * values.std(axis=0, ddof=1) / sqrt(len(values))
    return Estimate(middle, middle - half, middle + half)


def ratio(parts: Array, wholes: Array, confidence: float) -> Estimate:
    """Return the sum of `parts` over the sum of `wholes`, both by replication along the first axis."""
    parts, wholes = np.asarray(parts, float), np.asarray(wholes, float)
    n = len(parts)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = parts.sum(axis=0) / wholes.sum(axis=0)
        if n < 2:
            return Estimate(value, np.full_like(value, np.nan), np.full_like(value, np.nan))
        residuals = parts - value * wholes
        error = np.sqrt((residuals**2).sum(axis=0) / (n - 1) / n) / wholes.mean(axis=0)
    half = t_quantile(confidence, n - 1) * error
    return Estimate(value, value - half, value + half)


@cache
def t_quantile(confidence: float, degrees: int) -> float:
    """Return the t within which, either side of 0, Student's variable lies with probability `confidence`."""
    if degrees > SERIES_MAX:
        z = NormalDist().inv_cdf(0.5 + confidence / 2)
        return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
    return _crossing(lambda t: within(t, degrees), confidence)


def _crossing(rising: Callable[[float], float], wanted: float) -> float:
    low, high = 0.0, 1.0
    while rising(high) < wanted and high < WIDEST:
        low, high = high, 2 * high
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return high
