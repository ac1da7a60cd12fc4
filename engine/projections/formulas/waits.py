"""Waiting times: quantiles from the histograms, means from the sums, and the longest wait, now and so far."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec
import numpy as np

from engine.kernel.tables import Array
from engine.messages.exits import GAVE_UP
from engine.messages.kinds import EXIT_ANSWERED
from engine.model.tallies import HISTOGRAM_BINS, MEASURED_ANSWERED, MEASURED_LOST, Tally, bin_edge_ns
from engine.projections.figures import NS, mean_s

QUANTILES: Final = (0.5, 0.8, 0.9, 0.95)


class Waits(msgspec.Struct, frozen=True):
    """How long contacts waited. Quantiles are exact to the histogram's bins (9 %) and cover the whole log."""

    answered: int
    average_speed_of_answer_s: float | None
    """Mean wait of the answered, from entry into this queue."""
    average_abandon_s: float | None
    longest_s: float
    """Longest wait of any outcome in the window, and of those still waiting."""
    answered_p50_s: float | None
    answered_p80_s: float | None
    answered_p90_s: float | None
    answered_p95_s: float | None
    lost_p50_s: float | None
    lost_p90_s: float | None


@lru_cache(1)
def edges_s() -> Array:
    """Upper edges of the histogram's bins in seconds, shape (HISTOGRAM_BINS,)."""
    return np.array([bin_edge_ns(place) for place in range(HISTOGRAM_BINS)]) / NS


def quantiles_s(histogram: Array, longest_ns: int, at: Sequence[float] = QUANTILES) -> list[float | None]:
    """Return quantiles in seconds of one histogram (or several added up), interpolated within the bin.

    None is above the longest that went in; the last bin, which has no upper edge, reaches up to it.
    """
    totals = histogram.reshape(-1, HISTOGRAM_BINS).sum(axis=0)
    reached = totals.cumsum()
    if reached[-1] == 0:
        return [None for _ in at]
    upper, longest_s = edges_s(), longest_ns / NS
    found: list[float | None] = []
    for share in at:
        rank = share * float(reached[-1])
        place = min(int(np.searchsorted(reached, rank)), HISTOGRAM_BINS - 1)
        low = float(upper[place - 1]) if place else 0.0
        before = float(reached[place - 1]) if place else 0.0
        inside = (rank - before) / max(float(totals[place]), 1.0)
        high = longest_s if place == HISTOGRAM_BINS - 1 else float(upper[place])
        found.append(round(min(low + (high - low) * inside, longest_s), 3))
    return found


def waits(tally: Array, whole: Array, histograms: Array, oldest_s: float = 0.0) -> Waits:
    """Read a row of counters of the window and one of the whole log, and the cells' histograms.

    Shape of the histograms: (..., HISTOGRAMS, HISTOGRAM_BINS).
    """
    exits = tally[Tally.EXIT :]
    answered = int(exits[EXIT_ANSWERED])
    abandoned = int(exits[[*GAVE_UP]].sum())
    p50, p80, p90, p95 = quantiles_s(histograms[..., MEASURED_ANSWERED, :], int(whole[Tally.LONGEST_ANSWERED_NS]))
    lost_ns = int(whole[Tally.LONGEST_LOST_NS])
    lost_p50, lost_p90 = quantiles_s(histograms[..., MEASURED_LOST, :], lost_ns, (0.5, 0.9))
    return Waits(
        answered=answered,
        average_speed_of_answer_s=mean_s(tally[Tally.ANSWERED_WAIT_NS], answered),
        average_abandon_s=mean_s(tally[Tally.ABANDONED_WAIT_NS], abandoned),
        longest_s=max(oldest_s, round(int(tally[Tally.LONGEST_WAIT_NS]) / NS, 3)),
        answered_p50_s=p50,
        answered_p80_s=p80,
        answered_p90_s=p90,
        answered_p95_s=p95,
        lost_p50_s=lost_p50,
        lost_p90_s=lost_p90,
    )
