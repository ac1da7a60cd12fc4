"""When calls come: volumes by interval and weekday, how much days differ, and whether they come as chance alone would.

Days are those of the wall clock. A day without any call is none of the centre's, and the first and the last day of a
record do not count where others of their weekday tell that it holds a part of them only. Who comes from another queue
does not call.
"""

import math
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from simulations.fit.calls import SECOND_NS, Calls, local_ns
from simulations.fit.observed import mean_over
from simulations.fit.statistics import Figure, Z, kolmogorov, mean_of

Array = np.ndarray[Any, Any]
DAY_NS: Final = 86_400 * SECOND_NS
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
THURSDAY: Final = 3
"""The first of January 1970."""
BLOCK_S: Final = 360
"""Blocks in which the rate is taken as constant: 6 min, as Brown et al. took."""
MISSED_MIN: Final = 5.0
MISSED_SHARE: Final = 0.01
"""Calls of a like day, and share of them, before a record begins or after it ends: with more, its day looks cut."""
LIKE_THE_BUSIEST: Final = 0.5
"""A weekday with so much of the busiest one's volume counts among the ordinary days."""


class DayCounts(msgspec.Struct, frozen=True):
    """Calls by day and interval."""

    days: Array
    """shape (days,): days since 1970, by the wall clock; those with calls."""
    counts: Array
    """shape (days, intervals of a day)."""
    interval_s: int

    @property
    def weekdays(self) -> Array:
        """shape (days,): 0 is Monday."""
        return np.asarray((self.days + THURSDAY) % 7)

    def on(self, weekdays: Array) -> "DayCounts":
        """Return the days that fall on `weekdays`, numbers with 0 as Monday."""
        return self.only(np.isin(self.weekdays, weekdays))

    def only(self, chosen: Array) -> "DayCounts":
        """Return some of the days, shape (days,) of bool."""
        return DayCounts(self.days[chosen], self.counts[chosen], self.interval_s)


class Arrivals(msgspec.Struct, frozen=True):
    """What is known of the arrivals of one type on like days."""

    volume: Figure
    """Calls a day."""
    volumes: list[float]
    """Mean of each interval of the day, from midnight; of those that the record covers in part, per whole one."""
    dispersion: list[float]
    """Variance over days by mean, of each interval; 1 is what chance alone makes, NaN where none came."""
    busyness: Figure
    """Coefficient of variation of a gamma factor of the whole day's rates; 0: days differ by chance alone."""
    poisson_distance: float
    """Kolmogorov's distance of the test of Brown et al. (2005); NaN of too few calls."""
    poisson_p: float


def day_counts(calls: Calls, interval_s: int, days: Array | None = None) -> DayCounts:
    """Return the counts of each day that has calls, or of each of `days`."""
    clock = _clock(calls)
    day_of = clock // DAY_NS
    found = np.unique(day_of) if days is None else days
    intervals = math.ceil(86_400 / interval_s)
    counts = np.zeros((len(found), intervals), np.int64)
    known = np.isin(day_of, found)
    slots = clock[known] % DAY_NS // (interval_s * SECOND_NS)
    np.add.at(counts, (np.searchsorted(found, day_of[known]), slots), 1)
    return DayCounts(found, counts, interval_s)


def _clock(calls: Calls) -> Array:
    """Return when people called, by the clock on the wall, ns."""
    return local_ns(calls.rows["arrival_ns"][~calls.rows["came_on"]], calls.time_zone)


class CutShort(NamedTuple):
    """The first or the last day of a record, where others have calls before its first, or after its last."""

    day: int
    """Since 1970, by the wall clock."""
    is_first: bool
    """The record may begin within it; else end."""
    at_ns: int
    """When its first call came, or its last, since midnight of the wall clock."""
    missed: float
    """Calls of another day before that, or after."""
    is_certain: bool
    """Other days of its weekday say so. Those of other weekdays may just have other hours."""


def cut_short(calls: Calls, days: Array) -> list[CutShort]:
    """Return which of these days a record may not hold from opening to closing: its first, its last or both.

    They are compared with the others of their weekday, and only where there is none with those of other weekdays: there
    is as much before the first call, and after the last, as chance makes, or the record began or ended within the day.
    """
    clock = _clock(calls)
    if len(days) < 2:
        return []
    day_of, of_day = clock // DAY_NS, clock % DAY_NS
    first, last = int(day_of.min()), int(day_of.max())
    found = []
    for edge in (first, last):
        if edge not in days:
            continue
        others = days[days != edge]
        inner = others[(others != first) & (others != last)]
        alike = [of[(of - edge) % 7 == 0] for of in (inner, others)]
        # The other end of the record, itself perhaps cut, is asked only where nobody else can be.
        like = next(some for some in (*alike, inner, others) if len(some))
        theirs, mine = of_day[np.isin(day_of, like)], of_day[day_of == edge]
        at_ns = int(mine.min() if edge == first else mine.max())
        missed = int((theirs < at_ns if edge == first else theirs > at_ns).sum())
        if missed > max(MISSED_MIN * len(like), MISSED_SHARE * len(theirs)):
            is_certain = bool((like[0] - edge) % 7 == 0)
            found.append(CutShort(edge, edge == first, at_ns, missed / len(like), is_certain))
    return found


def ordinary_weekdays(counts: DayCounts) -> Array:
    """Return the weekdays whose mean volume is at least half of the busiest one's."""
    totals = counts.counts.sum(axis=1)
    present = np.unique(counts.weekdays)
    means = np.array([totals[counts.weekdays == weekday].mean() for weekday in present])
    return np.asarray(present[means >= LIKE_THE_BUSIEST * means.max()]) if len(present) else present


def fit_arrivals(calls: Calls, days: DayCounts, shares: Array | None = None) -> Arrivals:
    """Return the estimates of one type's calls on the days that `days` holds.

    `shares` that the record covers of the intervals have the shape (days, intervals); not said: all of each.
    """
    counts = day_counts(calls, days.interval_s, days.days).counts
    means = counts.mean(axis=0) if len(counts) else np.zeros(counts.shape[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = counts.var(axis=0, ddof=1) / means if len(counts) > 1 else np.full(len(means), math.nan)
    distance, p = poisson_test(calls, days.days)
    totals = counts.sum(axis=1)
    volumes = means if shares is None else mean_over(counts, shares)
    return Arrivals(mean_of(totals), volumes.tolist(), spread.tolist(), busyness(totals), distance, p)


def busyness(totals: Array) -> Figure:
    """Return the coefficient of variation of the days' factor, by moments: Var N = E N + c^2 (E N)^2.

    Its interval is by leaving out one day after the other (jackknife).
    """
    n = len(totals)
    if n < 2 or totals.mean() == 0:
        return Figure(0.0, 0.0, math.inf, n)
    value = _squared(totals)
    if n == 2:
        return Figure(math.sqrt(max(value, 0.0)), 0.0, math.inf, n)
    without = np.array([_squared(np.delete(totals, place)) for place in range(n)])
    half = Z * math.sqrt((n - 1) / n * float(((without - without.mean()) ** 2).sum()))
    low, high = (math.sqrt(max(bound, 0.0)) for bound in (value - half, value + half))
    return Figure(math.sqrt(max(value, 0.0)), low, high, n)


def _squared(totals: Array) -> float:
    mean = float(totals.mean())
    return (float(totals.var(ddof=1)) - mean) / (mean * mean) if mean else 0.0


def poisson_test(calls: Calls, days: Array, block_s: int = BLOCK_S) -> tuple[float, float]:
    """Return (distance, p) of the test of Brown et al. (2005) that calls come as a Poisson process.

    Within short blocks the rate hardly changes; then (n + 1 - j) (-log((L - T_j) / (L - T_{j-1}))) are exponential
    of mean 1 whatever the rates of the blocks are. They are pooled, made uniform and compared by Kolmogorov's test.
    Instants in whole seconds are spread over their second first, with chance of a fixed seed.
    """
    clock = _clock(calls)
    clock = clock[np.isin(clock // DAY_NS, days)]
    if len(clock) and not (clock % SECOND_NS).any():
        clock = clock + np.random.default_rng(1999).integers(0, SECOND_NS, len(clock))
    clock = np.sort(clock)
    length = block_s * SECOND_NS
    block, rest = clock // length, length - clock % length
    first = np.r_[True, block[1:] != block[:-1]] if len(block) else np.zeros(0, bool)
    starts = np.flatnonzero(first)
    sizes = np.diff(np.r_[starts, len(clock)])
    place = np.arange(len(clock)) - np.repeat(starts, sizes)
    before = np.where(first, length, np.r_[length, rest[:-1]] if len(rest) else rest)
    spacings = (np.repeat(sizes, sizes) - place) * -np.log(rest / before)
    return kolmogorov(1 - np.exp(-spacings))
