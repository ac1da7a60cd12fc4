"""Expected wait as quantiles from the present state: place in line, agents at work, handling time and patience.

The contact at place p is served after p departures. With n agents at work who handle in the mean h, and those ahead
giving up after the mean patience g, departure number i comes at the rate n/h + (p - i)/g. The sum of these exponential
stages is matched in mean and variance by a gamma law, whose quantiles are Wilson and Hilferty's (1931).

A contact that is being offered to somebody is not ahead of anybody: its agent counts as at work already.
"""

import math
from typing import Final

import msgspec

from engine.kernel.erlang import HANDLE_GUESS_NS, PATIENCE_GUESS_NS
from engine.kernel.tables import Array, Tables
from engine.model.tallies import Tally
from engine.projections.eligibility import at_work, eligible
from engine.projections.figures import NS, position, ratio

DEVIATES: Final = {"p50": 0.0, "p80": 0.841621, "p90": 1.281552}
STAGES_SUMMED: Final = 32
"""Stages added up one by one; the others by an integral, so that a long line costs no more than a short one."""


class ExpectedWait(msgspec.Struct, frozen=True):
    """Expected wait from now on. All quantiles are None when nobody is at work: it cannot be told."""

    as_of: int
    place: int
    """Place in line that it is told for; 1 is the head."""
    agents: int
    """Agents at work who may serve the queue."""
    mean_handle_s: float
    mean_patience_s: float
    p50_s: float | None
    p80_s: float | None
    p90_s: float | None


class Calibration(msgspec.Struct, frozen=True):
    """How often contacts were answered within what they had been told: near 0.5 and 0.9 if the telling is good."""

    told: int
    within_p50: float | None
    within_p90: float | None


def stage_moments(agents: int, handle_s: float, patience_s: float, stages: int) -> tuple[float, float]:
    """Return mean (s) and variance (s^2) of a sum of exponential stages at the rates agents/handle + j/patience."""
    first, step = agents / handle_s, 1.0 / patience_s
    mean = variance = 0.0
    for j in range(min(stages, STAGES_SUMMED)):
        stage_s = 1.0 / (first + j * step)
        mean += stage_s
        variance += stage_s * stage_s
    if stages > STAGES_SUMMED:
        low, high = first + (STAGES_SUMMED - 0.5) * step, first + (stages - 0.5) * step
        mean += math.log(high / low) / step
        variance += (1.0 / low - 1.0 / high) / step
    return mean, variance


def stage_quantiles_s(agents: int, handle_s: float, patience_s: float, stages: int) -> tuple[float, float, float]:
    """Return p50, p80 and p90 of that sum, seconds."""
    mean, variance = stage_moments(agents, handle_s, patience_s, stages)
    shape = mean * mean / variance
    if shape < 1.0 + 1e-9:
        p50, p80, p90 = (-mean * math.log(1.0 - share) for share in (0.5, 0.8, 0.9))
        return p50, p80, p90
    p50, p80, p90 = (
        mean * max(0.0, 1.0 - 1.0 / (9.0 * shape) + deviate / (3.0 * math.sqrt(shape))) ** 3
        for deviate in DEVIATES.values()
    )
    return p50, p80, p90


def mean_handle_s(t: Tables, queue: int) -> float:
    """Return the running mean of talk plus wrap-up that routing itself uses."""
    row = t.queues[queue]
    return float((row["handle_ns"] + HANDLE_GUESS_NS * 0.1) / (row["handled"] + 0.1)) / NS


def mean_patience_s(t: Tables, queue: int) -> float:
    """Return the running mean patience: time waited over abandonments."""
    row = t.queues[queue]
    return float((row["waited_ns"] + PATIENCE_GUESS_NS) / (row["quit"] + 1.0)) / NS


def expected_wait(t: Tables, queue: int, place: int, agents: int | None = None, free: int = 0) -> ExpectedWait:
    """Return the expected wait at `place` in line; with `free` agents idle now the first of the line do not wait."""
    if agents is None:
        agents = int((eligible(t, queue) & at_work(t)).sum())
    handle_s, patience_s = mean_handle_s(t, queue), mean_patience_s(t, queue)
    p50: float | None
    p80: float | None
    p90: float | None
    if agents == 0:
        p50 = p80 = p90 = None
    elif place <= free:
        p50 = p80 = p90 = 0.0
    else:
        found = stage_quantiles_s(agents, handle_s, patience_s, place - free)
        p50, p80, p90 = (round(value, 1) for value in found)
    return ExpectedWait(position(t), place, agents, round(handle_s, 3), round(patience_s, 3), p50, p80, p90)


def calibration(tally: Array) -> Calibration:
    """Read one row of counters."""
    told = int(tally[Tally.TOLD])
    return Calibration(
        told=told,
        within_p50=ratio(int(tally[Tally.TOLD_WITHIN_P50]), told),
        within_p90=ratio(int(tally[Tally.TOLD_WITHIN_P90]), told),
    )
