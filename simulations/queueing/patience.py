"""How long callers wait before they give up: laws of patience, as the formulas and the simulated callers take them."""

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from simulations.queueing import laws
from simulations.queueing.errors import UnfitInput


class Patience(msgspec.Struct, frozen=True):
    """A law of patience; make one with the functions of this module. `row` is what compiled code reads."""

    kind: int
    row: tuple[float, ...]

    def rows(self) -> npt.NDArray[np.float64]:
        """Return the law as an array of shape (1, columns)."""
        return np.array([self.row])

    def staying(self, seconds: float) -> float:
        """Return the share of callers that still wait after so many seconds."""
        return float(laws.staying(self.kind, self.rows(), float(seconds)))


def exponential(mean_s: float) -> Patience:
    """Return the law of constant hazard. Infinite `mean_s`: nobody gives up."""
    return hyperexponential((1.0,), (mean_s,))


def deterministic(seconds: float) -> Patience:
    """Return the law by which everybody gives up after so many seconds."""
    return empirical((seconds,), (0.0,))


def erlang(mean_s: float, phases: int) -> Patience:
    """Return Erlang's law of `phases` equal stages: its coefficient of variation is 1 / sqrt(phases)."""
    _positive("mean_s", mean_s)
    if not 1 <= phases <= laws.STAGES_MAX:
        raise UnfitInput(f"phases is {phases}; give 1 to {laws.STAGES_MAX}, or take the deterministic law")
    return Patience(laws.STAGES, (1.0, float(phases), phases / mean_s))


def hyperexponential(shares: Sequence[float], means_s: Sequence[float]) -> Patience:
    """Return the mixture of exponential laws: `shares[i]` of the callers have the mean `means_s[i]`."""
    if len(shares) != len(means_s) or not shares:
        raise UnfitInput(f"{len(shares)} shares and {len(means_s)} means_s; give one share for each mean")
    if min(shares) < 0.0 or not math.isclose(sum(shares), 1.0, rel_tol=1e-9):
        raise UnfitInput(f"shares are {list(shares)}; give numbers from 0 that sum to 1")
    for mean_s in means_s:
        _positive("mean_s", mean_s, endless=True)
    return Patience(laws.PHASES, (1.0, float(len(shares)), *shares, *(1.0 / mean_s for mean_s in means_s)))


def hyperexponential_of(mean_s: float, squared_variation: float) -> Patience:
    """Return the mixture of two with balanced means that has this mean and squared coefficient of variation, from 1."""
    _positive("mean_s", mean_s)
    if not 1.0 <= squared_variation < math.inf:
        raise UnfitInput(f"squared_variation is {squared_variation:g}; give 1 or more")
    share = 0.5 * (1.0 + math.sqrt((squared_variation - 1.0) / (squared_variation + 1.0)))
    return hyperexponential((share, 1.0 - share), (0.5 * mean_s / share, 0.5 * mean_s / (1.0 - share)))


def lognormal(mean_s: float, variation: float) -> Patience:
    """Return the lognormal law of this mean and coefficient of variation (deviation / mean)."""
    _positive("mean_s", mean_s)
    _positive("variation", variation)
    squared = math.log1p(variation * variation)
    return Patience(laws.LOGNORMAL, (1.0, math.log(mean_s) - 0.5 * squared, math.sqrt(squared), mean_s))


def empirical(times_s: npt.ArrayLike, staying: npt.ArrayLike | None = None) -> Patience:
    """Return the law of a survival curve: `staying[i]` of the callers wait longer than `times_s[i]`.

    Without `staying`, `times_s` are the patience of single callers, each counted once. A curve that ends above 0 (as
    Kaplan and Meier's does where the longest wait was answered) leaves callers who never give up.
    """
    times = np.asarray(times_s, np.float64).ravel()
    if times.size == 0 or not np.isfinite(times).all() or (times < 0.0).any():
        raise UnfitInput("times_s must be at least one time, each 0 s or more")
    if staying is None:
        times, counts = np.unique(times, return_counts=True)
        shares = 1.0 - np.cumsum(counts) / counts.sum()
        shares[-1] = 0.0
    else:
        shares = np.asarray(staying, np.float64).ravel()
    if shares.shape != times.shape or (np.diff(times) <= 0.0).any():
        raise UnfitInput(f"{times.size} times_s and {shares.size} of staying; give rising times, and a share for each")
    whole = np.concatenate(([1.0], shares))
    if (np.diff(whole) > 0.0).any() or whole[-1] < 0.0:
        raise UnfitInput("staying must fall from at most 1 to at least 0")
    integrals = np.cumsum(np.diff(times, prepend=0.0) * whole[:-1])
    return Patience(laws.STEPS, (1.0, float(times.size), *times.tolist(), *shares.tolist(), *integrals.tolist()))


def balking(share: float, of: Patience) -> Patience:
    """Return the law by which `share` of the callers hang up at once if they would have to wait, the others as `of`."""
    if not 0.0 <= share < 1.0:
        raise UnfitInput(f"share is {share:g}; give 0 or more, and less than 1")
    return Patience(of.kind, (of.row[0] * (1.0 - share), *of.row[1:]))


def law_of(patience: Any) -> tuple[int, npt.NDArray[np.float64]]:
    """Return kind and rows of a law, or of exponential laws of the given means in s, one row each."""
    if isinstance(patience, Patience):
        return patience.kind, patience.rows()
    means_s = np.asarray(patience, np.float64).ravel()
    rows = np.ones((means_s.size, 4))
    rows[:, 3] = 1.0 / means_s
    return laws.PHASES, rows


def _positive(name: str, value: float, *, endless: bool = False) -> None:
    if not value > 0.0 or (math.isinf(value) and not endless):
        raise UnfitInput(f"{name} is {value:g}; give more than 0")
