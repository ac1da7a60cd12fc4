"""The laws of durations that a scenario knows, each fitted to samples by maximum likelihood.

Samples are of the shape (n,), s, above 0 and in order.
"""

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]
STAGES_MAX: Final = 30
CV_MAX: Final = 20.0
HALVINGS: Final = 60
"""Of the stretch in which a quantile lies: to the last place."""


class FittedLaw(NamedTuple):
    """A law with its parameters."""

    name: str
    text: str
    """As a scenario says it."""
    parameters: int
    cdf: Callable[[Array], Array]
    log_density: Callable[[Array], Array]

    def quantiles(self, probabilities: Array, longest_s: float) -> Array:
        """Return what lasts no longer with these probabilities, s, up to a hundred times `longest_s`."""
        low, high = np.zeros(len(probabilities)), np.full(len(probabilities), 100.0 * longest_s)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            below = self.cdf(middle) < probabilities
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return high


def seconds(value: float) -> str:
    """Return a duration as files say it, to a tenth of a second, or to three digits where it is short."""
    return f"{value:.1f}s" if value >= 1 else f"{max(1, round(value * 1000))}ms"


def exponential(samples: Array) -> FittedLaw:
    """Return the exponential law."""
    mean = float(samples.mean())

    def log_density(x: Array) -> Array:
        return np.asarray(-math.log(mean) - x / mean)

    return FittedLaw(
        "exponential", f"exponential({seconds(mean)})", 1, lambda x: np.asarray(1 - np.exp(-x / mean)), log_density
    )


def lognormal(samples: Array) -> FittedLaw:
    """Return the lognormal law."""
    logs = np.log(samples)
    mu, sigma = float(logs.mean()), float(logs.std())
    mean, cv = math.exp(mu + sigma * sigma / 2), math.sqrt(math.expm1(sigma * sigma))
    text = f"lognormal(mean={seconds(mean)}, cv={min(cv, CV_MAX):.3f})"
    erf = np.vectorize(math.erf, otypes=[np.float64])

    def cdf(x: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray(0.5 * (1 + erf((np.log(x) - mu) / (sigma * math.sqrt(2)))))

    def log_density(x: Array) -> Array:
        found = np.log(x)
        return np.asarray(-found - math.log(sigma * math.sqrt(2 * math.pi)) - (found - mu) ** 2 / (2 * sigma * sigma))

    return FittedLaw("lognormal", text, 2, cdf, log_density)


def erlang(samples: Array) -> FittedLaw:
    """Return Erlang's law with the mean of the samples and so many stages as are likeliest."""
    mean = float(samples.mean())
    n, logs = len(samples), float(np.log(samples).sum())

    def likelihood(k: int) -> float:
        return n * (k * math.log(k / mean) - math.lgamma(k) - k) + (k - 1) * logs

    k = max(range(1, STAGES_MAX + 1), key=likelihood)

    def cdf(x: Array) -> Array:
        load = x * k / mean
        term, total = np.exp(-load), np.zeros(len(x))
        for stage in range(k):
            total, term = total + term, term * load / (stage + 1)
        return np.asarray(1 - total)

    def log_density(x: Array) -> Array:
        return np.asarray(k * math.log(k / mean) - math.lgamma(k) + (k - 1) * np.log(x) - k * x / mean)

    return FittedLaw("erlang", f"erlang(mean={seconds(mean)}, k={k})", 2, cdf, log_density)


def hyperexponential(samples: Array) -> FittedLaw:
    """Return two phases of balanced means: the mean as observed, the variation by likelihood."""
    mean = float(samples.mean())

    def phases(cv: float) -> tuple[float, float, float]:
        share = (1 + math.sqrt((cv * cv - 1) / (cv * cv + 1))) / 2
        return share, mean / (2 * share), mean / (2 * (1 - share))

    def log_density_of(cv: float, x: Array) -> Array:
        share, one, other = phases(cv)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(share / one * np.exp(-x / one) + (1 - share) / other * np.exp(-x / other)))

    cv = _greatest(lambda cv: float(log_density_of(cv, samples).sum()), 1.0 + 1e-6, CV_MAX)
    share, one, other = phases(cv)
    text = f"hyperexponential(mean={seconds(mean)}, cv={max(cv, 1.001):.3f})"

    def cdf(x: Array) -> Array:
        return np.asarray(1 - share * np.exp(-x / one) - (1 - share) * np.exp(-x / other))

    return FittedLaw("hyperexponential", text, 2, cdf, lambda x: log_density_of(cv, x))


LAWS: Final = (exponential, lognormal, erlang, hyperexponential)


def _greatest(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function of one hill is greatest, by golden section."""
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(50):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (left, high) if function(left) < function(right) else (low, right)
    return (low + high) / 2
