"""Handling time: talk, hold and wrap-up, each a sum over its own count."""

import msgspec

from engine.kernel.tables import Array
from engine.model.tallies import MEASURED_HANDLE, Tally
from engine.projections.figures import NS, mean_s
from engine.projections.formulas.waits import quantiles_s


class HandleTime(msgspec.Struct, frozen=True):
    """Means in seconds; None where nothing was handled yet."""

    handled: int
    """Contacts that ended after an answer."""
    wrapped: int
    """Wrap-ups that ended."""
    average_handle_s: float | None
    """(Talk, holds included, + wrap-up) per contact handled; a running wrap-up counts when it ends."""
    average_talk_s: float | None
    """Connected time, holds included."""
    average_hold_s: float | None
    average_wrap_up_s: float | None
    handle_p50_s: float | None
    handle_p90_s: float | None
    talk_s: float
    """Sum over the window."""


def average_handle_s(tally: Array) -> float | None:
    """Return talk, hold and wrap-up per contact handled; wrap-ups still running count when they end."""
    handled = int(tally[Tally.HANDLED])
    return mean_s(tally[Tally.TALK_NS] + tally[Tally.WRAP_UP_NS], handled)


def handle_time(tally: Array, whole: Array, histograms: Array) -> HandleTime:
    """Read a row of counters of the window and one of the whole log, and the cells' histograms."""
    handled, wrapped = int(tally[Tally.HANDLED]), int(tally[Tally.WRAPPED])
    p50, p90 = quantiles_s(histograms[..., MEASURED_HANDLE, :], int(whole[Tally.LONGEST_HANDLE_NS]), (0.5, 0.9))
    return HandleTime(
        handled=handled,
        wrapped=wrapped,
        average_handle_s=average_handle_s(tally),
        average_talk_s=mean_s(tally[Tally.TALK_NS], handled),
        average_hold_s=mean_s(tally[Tally.HOLD_NS], handled),
        average_wrap_up_s=mean_s(tally[Tally.WRAP_UP_NS], wrapped),
        handle_p50_s=p50,
        handle_p90_s=p90,
        talk_s=round(int(tally[Tally.TALK_NS]) / NS, 3),
    )
