"""When a service level is back after a disruption: not later by chance for being looked at in many intervals.

Every interval after the break is compared with the same one of an undisturbed day, with the same callers.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from simulations.experiment.estimates import t_quantile

Array = np.ndarray[Any, Any]
SHORT: Final = 0.005
"""By how much a service level may be lower than on an undisturbed day and count as back, as `solve` lets plans be."""
LARGE: Final = 0.05
"""By how much it may be lower where nothing tells that from chance, before that is worth saying."""
RULE: Final = (
    "A service level is recovered from the first interval on from which it is short neither in any interval nor in all "
    "of them together. Short is below its target and, beyond chance, more than 0.5 points below the undisturbed day "
    "with the same callers. Limits are widened for how many intervals and queues are looked at (Bonferroni), but for "
    "intervals right after the break or after one that is short."
)


class Served(NamedTuple):
    """What the service level divides by what, each of shape (replications, intervals), from the break on."""

    parts: Array
    wholes: Array

    def level(self) -> Array:
        """Return the ratio of every interval, nan where nobody came."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.parts.sum(axis=0) / self.wholes.sum(axis=0))

    def residuals(self) -> Array:
        """Return what every replication adds to the error of that ratio (the delta method)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((self.parts - self.level() * self.wholes) / self.wholes.mean(axis=0))

    def from_here_on(self, counted: Array) -> "Served":
        """Return what each interval and all after it come to, of those that are `counted`, shape (intervals,)."""
        return Served(*((counts * counted)[:, ::-1].cumsum(axis=1)[:, ::-1] for counts in self))


def intervals_short(now: Served, usual: Served, target: float, confidence: float, queues: int) -> int:
    """Return after how many intervals the level is back by RULE: 0 if it never went, all of them if it is not back.

    `usual` is the undisturbed day, `queues` how many are looked at beside each other.
    """
    below = now.level() < target  # where nobody came, nothing is wrong
    strict = 1.0 - (1.0 - confidence) / (len(below) * queues)
    short = below & _is_short(now, usual, strict)
    # What follows the break, or what is short, is tried only because that was found: it needs no correction.
    for interval in np.flatnonzero(below & _is_short(now, usual, confidence)).tolist():
        short[interval] |= interval == 0 or short[interval - 1]
    after = int(np.flatnonzero(short)[-1]) + 1 if short.any() else 0
    rest = _is_short(now.from_here_on(below), usual.from_here_on(below), strict)
    return after + int(np.argmin(np.r_[rest[after:], False]))


def untold_drop(now: Served, usual: Served, target: float, after: int, lasts: int) -> float | None:
    """Return by how much the level was lower than usual where RULE has it back after `after` intervals already, None
    unless that is more than LARGE: so much is no recovery, and yet no more than chance with so few replications.

    Looked at is the rest of the `lasts` intervals in which things were broken, and what stays as low right behind them.
    """
    level, before = now.level(), usual.level()
    is_low = (level < target) & (before - level > LARGE)
    end = max(after, lasts)
    end += int(np.argmin(np.r_[is_low[end:], False]))
    rest = np.zeros(len(level), np.bool_)
    rest[after:end] = True
    lower, higher = (float(one.from_here_on(rest).level()[0]) for one in (now, usual))
    return higher - lower if lower < target and higher - lower > LARGE else None


def _is_short(now: Served, usual: Served, confidence: float) -> Array:
    """Tell where the level is lower than usual by more than SHORT, beyond chance; shape (intervals,)."""
    apart, n = now.residuals() - usual.residuals(), len(now.parts)
    reach = t_quantile(confidence, n - 1) * apart.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else 0.0
    return np.asarray(now.level() + reach < usual.level() - SHORT)
