"""How long it rings until an agent answers, and how often nobody does: of the offers in a log.

An offer that ends otherwise, as its caller gives up or its ring limit passes, hides when it would have been answered:
those that are answered ring for a shorter time than offers do. So the estimate is that of Kaplan and Meier (1958), up
to the longest ring seen; beyond it a law goes on.
"""

import math
from typing import Any, Final

import msgspec
import numpy as np

from simulations.fit.calls import SECOND_NS, Calls
from simulations.fit.durations import Durations, fit_below, fit_durations
from simulations.fit.patience import kaplan_meier
from simulations.fit.statistics import Figure, Z, share_of

Array = np.ndarray[Any, Any]
LAST: Final = 1e-9
"""Share below which nothing is left."""


class Rings(msgspec.Struct, frozen=True):
    """How the agents of a queue react to offers."""

    answer: Durations
    """From the offer until it is answered, were there no ring limit and nobody who gives up."""
    no_answer: Figure
    """Share of the offers that nobody ever reacts to."""

    @property
    def are_told(self) -> bool:
        """Whether there is anything to tell: somebody answered, and not all of them at once."""
        return self.answer.mean_s.n > 0 and (self.answer.mean_s.value > 0.0 or self.no_answer.value > 0.0)


class Reached(msgspec.Struct, frozen=True):
    """The offers that were answered, as if no other had ended before its time."""

    samples_s: Array
    """shape (answered,), s: after how long, of those that are answered before `limit_s`."""
    limit_s: float
    """The longest ring seen, s."""
    share: float
    """Of all offers, those that are answered before it."""
    deviation: float
    """Standard deviation of the share, by Greenwood."""
    offers: int
    """Those seen, answered or not."""


def reached(lasted_s: Array, answered: Array) -> Reached:
    """Return what offers would come to that all ring to their end; shape (offers,), s, and which were answered."""
    curve = kaplan_meier(lasted_s, answered)
    times, left = curve.times_s, np.r_[1.0, curve.survival]
    # Beyond the times at which enough still ring for a curve, all who are left count alike.
    last = times[-1] if len(times) else -1.0
    rest = lasted_s > last
    late_s = np.sort(lasted_s[rest & answered])
    share_late = left[-1] * len(late_s) / max(int(rest.sum()), 1)
    at_s = np.r_[times, late_s]
    weights = np.r_[-np.diff(left), np.full(len(late_s), share_late / max(len(late_s), 1))]
    share = float(weights.sum())
    count = int(answered.sum())
    places = np.searchsorted(np.cumsum(weights), share * (np.arange(count) + 0.5) / max(count, 1))
    samples_s = at_s[np.minimum(places, len(at_s) - 1)] if count else np.zeros(0)
    deviation = float(curve.deviation[-1]) if len(times) else 0.0
    return Reached(samples_s, float(lasted_s.max(initial=0.0)), share, deviation, len(lasted_s))


def reached_of(calls: Calls, number: int) -> Reached | None:
    """Return the offers of a type that are answered before the longest ring; None where no offer of it is known."""
    if calls.offers is None or not (mine := calls.offers[calls.offers["type"] == number]).size:
        return None
    return reached(mine["lasted_ns"] / SECOND_NS, mine["answered"])


def fit_rings(calls: Calls, number: int) -> Rings | None:
    """Return the estimates of a type; None where no offer of it is known."""
    found = reached_of(calls, number)
    if found is None:
        return None
    unanswered = 1 - found.share
    if unanswered <= LAST or not len(found.samples_s):
        missed = 0 if len(found.samples_s) else found.offers
        return Rings(fit_durations(found.samples_s), share_of(missed, found.offers))
    below = fit_below(found.samples_s, found.limit_s, unanswered / found.share)
    value = max(0.0, 1 - found.share / below.share)
    half = math.hypot(Z * found.deviation, found.share / below.share * below.half_width) / below.share
    no_answer = Figure(value, max(0.0, value - half), min(1.0, value + half), found.offers)
    return Rings(below.durations, no_answer)
