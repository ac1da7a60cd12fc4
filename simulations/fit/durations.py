"""How long things last: the laws that a scenario knows, fitted by maximum likelihood and compared.

The one of the least AIC (Akaike 1974) is the best of those tried; Kolmogorov's test tells whether it is good. Of many
samples every law fails that test, as nothing real follows one exactly: then the distance says more than p does. As each
law is held against the samples it was fitted to, p comes out too high (Lilliefors 1967): a low one says that the law is
wrong, a high one does not say that it is right.
"""

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from simulations.fit.laws import LAWS, FittedLaw, seconds
from simulations.fit.statistics import Figure, kolmogorov, mean_of

Array = np.ndarray[Any, Any]
PROBABILITIES: Final = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
CV_MIN: Final = 0.01
FAR: Final = 0.03
"""Kolmogorov's distance beyond which the samples themselves stand in the place of a law."""
MANY: Final = 200
"""Samples, or people who gave up, that are enough for that."""
FEW: Final = 5
"""Samples below which nothing is fitted but a mean."""
SLOPE_MIN: Final = 0.05
"""Where a law is stretched those seen below a limit last longer, relative to that, by so much at least."""
COMPLETIONS_MAX: Final = 100
"""How often a law is fitted anew to what it says lies beyond what was seen."""


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
    def is_told_by_law(self) -> bool:
        """Whether a scenario says a law, as there is one that is near, or too few samples to stand for themselves."""
        return not self.laws or self.laws[0].ks_distance <= FAR or self.mean_s.n < MANY

    @property
    def best(self) -> str:
        """The best law as a scenario says it; always the same: that; of few samples, an exponential one."""
        mean_s = self.mean_s.value if self.mean_s.n else 1.0
        if self.is_constant:
            return seconds(mean_s)
        return self.laws[0].text if self.laws else f"exponential({seconds(mean_s)})"


def fit_durations(samples_s: Array, unknown: int = 0) -> Durations:
    """Return the estimates from samples above 0, s; `unknown` more are counted only."""
    samples = _above_0(samples_s)
    laws = [_judged(family(samples), samples) for family in _families(samples)]
    return _durations(samples, unknown + len(samples_s) - len(samples), laws)


class Below(NamedTuple):
    """Durations of which those above a limit could not be seen."""

    durations: Durations
    """Mean and quantiles are of those seen with what the best law adds to them."""
    share: float
    """Of all, those that lie below the limit by that law."""
    half_width: float
    """Half the width of its interval."""


def fit_below(samples_s: Array, limit_s: float, beyond_max: float) -> Below:
    """Return the estimates from samples above 0, s, where none above `limit_s` could be seen.

    At most `beyond_max` times as many as the samples lie above. Each law is fitted to the samples and to what it says
    itself lies above, again until that stays the same (expectation and maximisation, Dempster, Laird, Rubin 1977).
    Where no law is fitted, or none is near, nothing lies above.
    """
    samples = _above_0(samples_s)
    found = [_completed(family, samples, limit_s, beyond_max) for family in _families(samples)]
    if not found:
        return Below(fit_durations(samples_s), 1.0, 0.0)
    laws = [_judged(law, samples, limit_s) for law, _ in found]
    best, whole = found[min(range(len(laws)), key=lambda place: laws[place].aic)]
    seen, unknown = mean_of(samples), len(samples_s) - len(samples)
    durations = _durations(whole, unknown, laws)
    durations = msgspec.structs.replace(durations, mean_s=Figure(durations.mean_s.value, 0.0, math.inf, len(samples)))
    if not durations.is_told_by_law:
        return Below(_durations(samples, unknown, laws), 1.0, 0.0)
    limit = np.array([limit_s])
    below, density = float(best.cdf(limit)[0]), limit_s * float(np.exp(best.log_density(limit)[0]))
    # By how much the mean of those seen grows, relative to by how much the law is stretched.
    slope = max(seen.value - density * (limit_s - seen.value) / below, SLOPE_MIN * seen.value)
    stretch = (seen.high - seen.low) / 2 / slope
    mean_s = durations.mean_s.value
    mean = Figure(mean_s, mean_s * max(1 - stretch, 0.0), mean_s * (1 + stretch), len(samples))
    return Below(msgspec.structs.replace(durations, mean_s=mean), below, density * stretch)


def _above_0(samples_s: Array) -> Array:
    samples = np.sort(np.asarray(samples_s, np.float64))
    return np.asarray(samples[samples > 0])


def _families(samples: Array) -> tuple[Callable[[Array], FittedLaw], ...]:
    """Return the laws to try: none of few samples, or where all are the same."""
    if len(samples) < FEW or float(samples.std(ddof=1)) <= CV_MIN * float(samples.mean()):
        return ()
    return LAWS


def _completed(
    family: Callable[[Array], FittedLaw], samples: Array, limit_s: float, beyond_max: float
) -> tuple[FittedLaw, Array]:
    """Return the law, and the samples with what it says lies above the limit."""
    law, whole, added = family(samples), samples, 0
    for _ in range(COMPLETIONS_MAX):
        below = float(law.cdf(np.array([limit_s]))[0])
        count = round(len(samples) * min((1 - below) / max(below, 1e-9), beyond_max))
        places = below + (1 - below) * (np.arange(count) + 0.5) / max(count, 1)
        before, whole = whole, np.concatenate([samples, law.quantiles(places, limit_s)])
        if count == added and np.allclose(before, whole, rtol=1e-3):
            break
        law, added = family(whole), count
    return law, whole


def _judged(law: FittedLaw, samples: Array, limit_s: float = math.inf) -> Law:
    """Return how well a law tells the samples, of which none above the limit could be seen."""
    below = float(law.cdf(np.array([limit_s]))[0]) if math.isfinite(limit_s) else 1.0
    distance, p = kolmogorov(law.cdf(samples) / below)
    likelihood = float(law.log_density(samples).sum()) - len(samples) * math.log(below)
    quantiles_s = law.quantiles(np.array(PROBABILITIES), float(samples[-1])).tolist()
    return Law(law.name, law.text, 2 * law.parameters - 2 * likelihood, distance, p, quantiles_s)


def _durations(samples: Array, unknown: int, laws: list[Law]) -> Durations:
    mean = mean_of(samples)
    if not len(samples):
        return Durations(mean, math.nan, math.nan, [math.nan] * len(PROBABILITIES), unknown, [])
    sd = float(samples.std(ddof=1)) if len(samples) > 1 else 0.0
    quantiles = np.quantile(samples, PROBABILITIES).tolist()
    return Durations(mean, sd, sd / mean.value, quantiles, unknown, sorted(laws, key=lambda law: law.aic))
