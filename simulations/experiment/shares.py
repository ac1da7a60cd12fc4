"""Shares of contacts in single intervals, with limits that hold where few replications have a miss, or none.

Student's t over replications needs misses in most of them: where none has one it says 100 % to 100 %, where one has a
few it goes past 100 %. A share p of W contacts is as well known as one of W / D contacts that came independently; D is
the design effect, how many times the variance between replications is that of independent contacts (Kish, Survey
Sampling, 1965). Wilson's interval of so many contacts holds with few misses and with none (Korn and Graubard, Survey
Methodology 24, 1998; Franco et al., Journal of Survey Statistics and Methodology 7, 2019). With q, Student's quantile:

    middle (p + qqD / 2W) / (1 + qqD / W), half of the width sqrt(p (1 - p) qqD / W + (qqD / 2W)^2) / (1 + qqD / W)

A D made of few misses says little. It is drawn to 1 + (w - 1) r, for w contacts a replication: r, how alike contacts of
one interval and replication are, is that of all intervals together, and is itself drawn to ALIKE.
"""

from typing import Any, Final

import numpy as np

from simulations.experiment.estimates import Estimate, ratio, t_quantile

Array = np.ndarray[Any, Any]
BELIEVED: Final = 15.0
"""Misses, as sum of W p (1 - p), from which an interval's own D counts as much as what all intervals say."""
ALIKE: Final = 0.05
"""How alike contacts of an interval are where nothing is known; .03 to .25 was seen where nearly all are in time."""


def shares(parts: Array, wholes: Array, confidence: float) -> Estimate:
    """Return the sums of `parts` over those of `wholes`, counts of contacts, with limits from 0 to 1.

    Both have the replications as their first axis and intervals, which learn from each other, as their last. Limits are
    those of Wilson, or those of Student's t if these lie inside 0 to 1 and are wider.
    """
    parts, wholes = np.asarray(parts, float), np.asarray(wholes, float)
    student = ratio(parts, wholes, confidence)
    n = len(parts)
    if n < 2:
        return student
    quantile = t_quantile(confidence, n - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = quantile**2 * _design_effect(parts, wholes, student.value) / wholes.sum(axis=0)
        middle = (student.value + inverse / 2) / (1 + inverse)
        half = np.sqrt(student.value * (1 - student.value) * inverse + inverse**2 / 4) / (1 + inverse)
    # What divides by itself may miss 0 or 1 by its last digit.
    low, high = np.minimum(middle - half, student.value), np.maximum(middle + half, student.value)
    low, high = np.maximum(low, 0.0), np.minimum(high, 1.0)
    return Estimate(
        student.value,
        np.where(student.low > 0.0, np.minimum(low, student.low), low),
        np.where(student.high < 1.0, np.maximum(high, student.high), high),
    )


def _design_effect(parts: Array, wholes: Array, value: Array) -> Array:
    """Return D of every interval, at most all contacts of a replication counted as one."""
    n = len(parts)
    each = np.maximum(wholes.mean(axis=0), 1.0)
    independent = np.nan_to_num(wholes.sum(axis=0) * value * (1 - value))
    seen = np.nan_to_num(((parts - value * wholes) ** 2).sum(axis=0)) * n / (n - 1)
    # Intervals with very many misses, as busy ones have, do not outweigh those with some.
    weights = 1 / (independent + BELIEVED)
    room = (weights * independent * (each - 1)).sum(axis=-1, keepdims=True)
    excess = (weights * (seen - independent)).sum(axis=-1, keepdims=True)
    known = (each - 1).mean(axis=-1, keepdims=True)
    alike = np.clip((excess + ALIKE * known) / np.maximum(room + known, 1e-9), 0.0, 1.0)
    drawn: Array = (seen + BELIEVED * (1 + (each - 1) * alike)) / (independent + BELIEVED)
    return np.asarray(np.minimum(drawn, each))
