"""How long it rings until an agent answers, and how often nobody does: of the offers in a log."""

from typing import Any

import msgspec
import numpy as np

from simulations.fit.calls import SECOND_NS, Calls
from simulations.fit.durations import Durations, fit_durations
from simulations.fit.statistics import Figure, share_of

Array = np.ndarray[Any, Any]


class Rings(msgspec.Struct, frozen=True):
    """What became of the offers of a queue that rang to their end: who gave up meanwhile says nothing of agents."""

    answer: Durations
    """From the offer until it was answered."""
    no_answer: Figure
    """Share of them that nobody reacted to."""


def answer_samples_s(calls: Calls, number: int) -> Array:
    """Return how long it rang until an agent answered, by answer, shape (answers,), s; `number` is of a type."""
    if calls.offers is None:
        return np.zeros(0)
    mine = calls.offers[(calls.offers["type"] == number) & calls.offers["answered"]]
    return np.asarray(mine["lasted_ns"] / SECOND_NS)


def fit_rings(calls: Calls, number: int) -> Rings | None:
    """Return the estimates of a type; None where no offer of it is known."""
    if calls.offers is None or not (mine := calls.offers[calls.offers["type"] == number]).size:
        return None
    missed = int((~mine["answered"]).sum())
    return Rings(fit_durations(answer_samples_s(calls, number)), share_of(missed, len(mine)))
