"""How long people would wait: from waits that most often ended otherwise, by an answer, which hides the rest."""

import math
from typing import Any, Final

import msgspec
import numpy as np

from simulations.fit.statistics import Figure, Z

Array = np.ndarray[Any, Any]
HAZARD_EDGES_S: Final = (0, 5, 10, 20, 30, 45, 60, 75, 90, 120, 180, 240, 300, 600)
AT_RISK_MIN: Final = 10
"""Fewer than so many who still wait tell nothing of who gives up next."""
LONGEST_S: Final = 1e8
"""Patience is cut there: three years."""
SAMPLES: Final = 1001
"""Quantiles that stand for a distribution."""


class Survival(msgspec.Struct, frozen=True):
    """The estimate of Kaplan and Meier (1958): how many would still wait."""

    times_s: Array
    """shape (n,): when somebody gave up, ascending."""
    survival: Array
    """shape (n,): share who wait longer than that."""
    deviation: Array
    """shape (n,): standard deviation of it, by Greenwood."""
    tail_rate: float
    """Who give up per second among those who have waited longer than anybody who gave up, estimated from the last
    tenth of those who did."""

    def quantiles(self, probabilities: Array) -> Array:
        """Return how long people wait with these probabilities, s; beyond what was seen, exponential."""
        places = np.searchsorted(1 - self.survival, probabilities - 1e-12)
        last = self.times_s[-1] if len(self.times_s) else 0.0
        left = float(self.survival[-1]) if len(self.survival) else 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            tail = last + np.log(left / np.maximum(1 - probabilities, 1e-9)) / self.tail_rate
        seen = np.r_[self.times_s, 0.0][np.minimum(places, len(self.times_s))]
        return np.asarray(np.where(places < len(self.times_s), seen, np.minimum(tail, LONGEST_S)))

    def beyond(self, seen_s: Array, luck: Array) -> Array:
        """Return how long it lasts, s, where it is known to last longer than `seen_s`; `luck` is uniform in [0, 1)."""
        places = np.searchsorted(self.times_s, seen_s, "right")
        found = self.quantiles(1 - np.r_[1.0, self.survival][places] * (1 - luck))
        with np.errstate(divide="ignore", invalid="ignore"):
            later = seen_s - np.log1p(-luck) / self.tail_rate
        return np.asarray(np.where(places < len(self.times_s), np.maximum(found, seen_s), np.minimum(later, LONGEST_S)))


class Patience(msgspec.Struct, frozen=True):
    """What is known of patience."""

    exponential_s: Figure
    """Mean by maximum likelihood were it exponential: all waiting by those who gave up. Infinite where nobody did."""
    median_s: float
    """By Kaplan and Meier; infinite where it was not reached."""
    hazard: list[tuple[float, float, float, int]]
    """(from s, to s, giving up per minute of waiting, how many did)."""
    exponential_distance: float
    """Greatest difference of the exponential law and Kaplan and Meier, of probabilities."""


def kaplan_meier(waits_s: Array, gave_up: Array) -> Survival:
    """Return who would still wait; `gave_up` tells whose wait ended by their own will, others' were cut short."""
    order = np.argsort(waits_s, kind="stable")
    waits, events = waits_s[order], gave_up[order]
    times, firsts = np.unique(waits, return_index=True)
    deaths = np.add.reduceat(events.astype(np.int64), firsts) if len(waits) else np.zeros(0, np.int64)
    at_risk = len(waits) - firsts
    kept = (deaths > 0) & (at_risk >= min(AT_RISK_MIN, len(waits)))
    times, deaths, at_risk = times[kept], deaths[kept], at_risk[kept]
    survival = np.cumprod(1 - deaths / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(deaths / (at_risk * (at_risk - deaths)))
        deviation = np.nan_to_num(survival * np.sqrt(variance))
    return Survival(times, survival, deviation, _tail_rate(waits, events))


def _tail_rate(waits: Array, events: Array) -> float:
    """Return who give up per second after nine tenths of those who did: a sum of waiting that never vanishes."""
    gave_up = waits[events]
    since = float(np.quantile(gave_up, 0.9)) if len(gave_up) else 0.0
    exposure = float(np.maximum(waits - since, 0).sum())
    count = int((gave_up > since).sum()) or len(gave_up)
    return count / exposure if exposure > 0 else 1e-9


def fit_patience(waits_s: Array, gave_up: Array) -> Patience:
    """Return the estimates of patience, from waits, s, shape (n,), and whose ended by their own will."""
    count, total = int(gave_up.sum()), float(waits_s.sum())
    mean = total / count if count else math.inf
    # The logarithm of a rate from `count` events has a standard deviation of 1/sqrt(count).
    factor = math.exp(Z / math.sqrt(count)) if count else math.inf
    figure = Figure(mean, mean / factor if count else 0.0, mean * factor, count)
    curve = kaplan_meier(waits_s, gave_up)
    reached = np.flatnonzero(curve.survival <= 0.5)
    law = np.exp(-curve.times_s / mean) if mean > 0 else np.zeros(len(curve.times_s))
    distance = np.abs(law - curve.survival).max(initial=0.0)
    median = float(curve.times_s[reached[0]]) if len(reached) else math.inf
    return Patience(figure, median, hazard(waits_s, gave_up), float(distance))


def hazard(waits_s: Array, gave_up: Array) -> list[tuple[float, float, float, int]]:
    """Return giving up per minute of waiting, over stretches of the wait that somebody lived to see."""
    found = []
    for low, high in zip(HAZARD_EDGES_S, (*HAZARD_EDGES_S[1:], math.inf), strict=True):
        exposure = float(np.clip(waits_s - low, 0, high - low).sum())
        count = int((gave_up & (waits_s > low) & (waits_s <= high)).sum())
        if exposure > 0:
            found.append((float(low), float(high), 60 * count / exposure, count))
    return found


def samples(curve: Survival) -> Array:
    """Return SAMPLES quantiles, s, evenly spread: what a scenario draws patience from."""
    return curve.quantiles((np.arange(SAMPLES) + 0.5) / SAMPLES)
