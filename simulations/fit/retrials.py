"""Who calls again after giving up. Only customers who are known count; their next call is missed if it is not."""

from typing import Final

import msgspec
import numpy as np

from simulations.fit.calls import SECOND_NS, Array, Calls
from simulations.fit.durations import Durations, fit_durations
from simulations.fit.statistics import Figure, share_of

WITHIN_NS: Final = 3600 * SECOND_NS


class Retrials(msgspec.Struct, frozen=True):
    """What is known of retrials."""

    share: Figure
    """Of known customers who gave up: called again within an hour."""
    after: Durations
    """From giving up to the next call."""


def fit_retrials(calls: Calls) -> Retrials:
    """Return who calls again, of all types together, as people may choose another one."""
    rows, again, gap_ns = _again(calls)
    return Retrials(share_of(int(again.sum()), int(rows["abandoned"].sum())), fit_durations(gap_ns[again] / SECOND_NS))


def share_again(calls: Calls, number: int) -> Figure:
    """Return the share of the known customers who gave up in the queue of this number: called again, wherever."""
    rows, again, _ = _again(calls)
    mine = rows["type"] == number
    return share_of(int(again[mine].sum()), int(rows["abandoned"][mine].sum()))


def _again(calls: Calls) -> tuple[Array, Array, Array]:
    """Return the calls of known customers, in order by customer, which were followed by another one, and how soon."""
    rows = calls.rows[calls.rows["customer"] >= 0]
    rows = rows[np.lexsort((rows["arrival_ns"], rows["customer"]))]
    same = np.r_[rows["customer"][1:] == rows["customer"][:-1], False] if len(rows) else np.zeros(0, bool)
    gave_up_ns = rows["arrival_ns"] + rows["wait_ns"]
    gap_ns = np.r_[rows["arrival_ns"][1:] - gave_up_ns[:-1], 0] if len(rows) else np.zeros(0, np.int64)
    return rows, rows["abandoned"] & same & (gap_ns >= 0) & (gap_ns <= WITHIN_NS), gap_ns
