"""How long things last: the laws that a scenario knows, fitted by maximum likelihood and compared.

The one of the least AIC (Akaike 1974) is the best of those tried; Kolmogorov's test tells whether it is good. Of many
samples every law fails that test, as nothing real follows one exactly: then the distance says more than p does. As each
law is held against the samples it was fitted to, p comes out too high (Lilliefors 1967): a low one says that the law is
wrong, a high one does not say that it is right.
"""

import math
from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np

from simulations.fit.statistics import Figure, kolmogorov, mean_of

Array = np.ndarray[Any, Any]
PROBABILITIES: Final = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
STAGES_MAX: Final = 30
CV_MIN: Final = 0.01
CV_MAX: Final = 20.0
FEW: Final = 5
"""Samples below which nothing is fitted but a mean."""


class Law(msgspec.Struct, frozen=True):
    """A law with its parameters and how well it fits."""

    name: str
    text: str
    """As a scenario says it."""
    aic: float
    ks_distance: float
    ks_p: float
    """As if the law had been known before: too high."""
    quantiles_s: list[float]
    """At PROBABILITIES, to be held against those observed (a Q-Q plot in figures)."""


class Durations(msgspec.Struct, frozen=True):
    """What is known of durations."""

    mean_s: Figure
    sd_s: float
    cv: float
    quantiles_s: list[float]
    """Observed, at PROBABILITIES."""
    unknown: int
    """Of how many it is not known, or 0."""
    laws: list[Law]
    """The best first; none of few samples."""

    @property
    def is_constant(self) -> bool:
        """Whether there are enough of them, and all the same."""
        return self.mean_s.n >= FEW and self.cv <= CV_MIN

    @property
    def best(self) -> str:
        """The best law as a scenario says it; always the same: that; of few samples, an exponential one."""
        mean_s = self.mean_s.value if self.mean_s.n else 1.0
        if self.is_constant:
            return seconds(mean_s)
        return self.laws[0].text if self.laws else f"exponential({seconds(mean_s)})"


def seconds(value: float) -> str:
    """Return a duration as files say it, to a tenth of a second, or to three digits where it is short."""
    return f"{value:.1f}s" if value >= 1 else f"{max(1, round(value * 1000))}ms"


def fit_durations(samples_s: Array, unknown: int = 0) -> Durations:
    """Return the estimates from samples above 0, s; `unknown` more are counted only."""
    samples = np.sort(np.asarray(samples_s, np.float64))
    samples = samples[samples > 0]
    unknown += len(samples_s) - len(samples)
    mean = mean_of(samples)
    if not len(samples):
        return Durations(mean, math.nan, math.nan, [math.nan] * len(PROBABILITIES), unknown, [])
    sd = float(samples.std(ddof=1)) if len(samples) > 1 else 0.0
    laws = sorted(_laws(samples), key=lambda law: law.aic) if len(samples) >= FEW and sd > CV_MIN * mean.value else []
    quantiles = np.quantile(samples, PROBABILITIES).tolist()
    return Durations(mean, sd, sd / mean.value, quantiles, unknown, laws)


def _laws(samples: Array) -> list[Law]:
    mean = float(samples.mean())
    return [_exponential(samples, mean), _lognormal(samples), _erlang(samples, mean), _hyper(samples, mean)]


def _law(name: str, text: str, likelihood: float, free: int, samples: Array, cdf: Callable[[Array], Array]) -> Law:
    distance, p = kolmogorov(cdf(samples))
    return Law(name, text, 2 * free - 2 * likelihood, distance, p, _inverse(cdf, float(samples[-1])))


def _inverse(cdf: Callable[[Array], Array], longest: float) -> list[float]:
    low, high = np.zeros(len(PROBABILITIES)), np.full(len(PROBABILITIES), 100.0 * longest)
    for _ in range(60):
        middle = (low + high) / 2
        below = cdf(middle) < PROBABILITIES
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return [float(value) for value in high]


def _exponential(samples: Array, mean: float) -> Law:
    likelihood = -len(samples) * (math.log(mean) + 1)
    text = f"exponential({seconds(mean)})"
    return _law("exponential", text, likelihood, 1, samples, lambda x: 1 - np.exp(-x / mean))


def _lognormal(samples: Array) -> Law:
    logs = np.log(samples)
    mu, sigma = float(logs.mean()), float(logs.std())
    n = len(samples)
    likelihood = -float(logs.sum()) - n * (math.log(sigma * math.sqrt(2 * math.pi)) + 0.5)
    mean, cv = math.exp(mu + sigma * sigma / 2), math.sqrt(math.expm1(sigma * sigma))
    text = f"lognormal(mean={seconds(mean)}, cv={min(cv, CV_MAX):.3f})"
    erf = np.vectorize(math.erf, otypes=[np.float64])

    def cdf(x: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray(0.5 * (1 + erf((np.log(x) - mu) / (sigma * math.sqrt(2)))))

    return _law("lognormal", text, likelihood, 2, samples, cdf)


def _erlang(samples: Array, mean: float) -> Law:
    n, logs = len(samples), float(np.log(samples).sum())

    def likelihood(k: int) -> float:
        return n * (k * math.log(k / mean) - math.lgamma(k) - k) + (k - 1) * logs

    k = max(range(1, STAGES_MAX + 1), key=likelihood)

    def cdf(x: Array) -> Array:
        load = x * k / mean
        term, total = np.exp(-load), np.zeros(len(x))
        for stage in range(k):
            total, term = total + term, term * load / (stage + 1)
        return 1 - total

    return _law("erlang", f"erlang(mean={seconds(mean)}, k={k})", likelihood(k), 2, samples, cdf)


def _hyper(samples: Array, mean: float) -> Law:
    """Two phases of balanced means: the mean as observed, the variation by likelihood."""

    def phases(cv: float) -> tuple[float, float, float]:
        share = (1 + math.sqrt((cv * cv - 1) / (cv * cv + 1))) / 2
        return share, mean / (2 * share), mean / (2 * (1 - share))

    def likelihood(cv: float) -> float:
        share, one, other = phases(cv)
        density = share / one * np.exp(-samples / one) + (1 - share) / other * np.exp(-samples / other)
        with np.errstate(divide="ignore"):
            return float(np.log(density).sum())

    cv = _greatest(likelihood, 1.0 + 1e-6, CV_MAX)
    share, one, other = phases(cv)
    text = f"hyperexponential(mean={seconds(mean)}, cv={max(cv, 1.001):.3f})"

    def cdf(x: Array) -> Array:
        return np.asarray(1 - share * np.exp(-x / one) - (1 - share) * np.exp(-x / other))

    return _law("hyperexponential", text, likelihood(cv), 2, samples, cdf)


def _greatest(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function of one hill is greatest, by golden section."""
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(50):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (left, high) if function(left) < function(right) else (low, right)
    return (low + high) / 2
