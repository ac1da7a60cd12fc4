"""How long a contact is expected to wait for its answer, as quantiles from the present state.

The contact at place p is served after p departures. With n slots at work whose contacts take the mean h, and those
ahead giving up after the mean patience g, departure number i comes at the rate n/h + (p - i)/g. Then it rings, for the
mean r, which is one more stage. The sum of these exponential stages is matched in mean and variance by a gamma law,
whose quantiles are Wilson and Hilferty's (1931). While a slot is free, ringing is all there is, and exponential.

A contact that is being offered to somebody is not ahead of anybody: its slot counts as at work already.
"""

import math
from typing import Final

from engine.kernel.eligibility import slots_for
from engine.kernel.erlang import mean_handle_ns, mean_patience_ns
from engine.kernel.jit import door, jit
from engine.kernel.tables import Tables
from engine.messages.kinds import CHANNELS, EXIT_ANSWERED
from engine.model.settings import QueueSetting
from engine.model.tallies import Tally


def _quantile(deviate: float) -> tuple[float, float]:
    """Return a quantile by its deviates of the normal law and of the exponential one."""
    return deviate, -math.log(0.5 * math.erfc(deviate / math.sqrt(2.0)))


FIFTY: Final = _quantile(0.0)
EIGHTY: Final = _quantile(0.8416212335729143)
NINETY: Final = _quantile(1.2815515655446004)
RING_GUESS_NS: Final = 5e9
"""Mean ringing time assumed with the weight of one offer."""
STAGES_SUMMED: Final = 32
"""Departures added up one by one; the others by an integral, so that a long line costs no more than a short one."""


@door
def expected_wait(
    t: Tables, queue: int, requirement: int, channel: int, place: int
) -> tuple[int, int, float, float, float, float, float]:
    """Return (place, slots at work, mean handling time, mean patience, p50, p80, p90: ns; -1.0 if nobody is at work).

    `place` is the contact's in line, 0 for one that came now, negative while it is being offered to somebody: nobody
    has to depart any more. Requirement and channel are the queue's where -1.
    """
    settings = t.queues[queue].settings
    if requirement < 0:
        requirement = settings[QueueSetting.REQUIREMENT]
    if channel < 0:
        channel = settings[QueueSetting.CHANNEL]
    slots, free_slots = slots_for(t, queue, requirement, channel)
    stages, place = max(place, 0), abs(place)
    if place == 0:
        place = in_line(t, queue) + 1
        stages = 0 if free_slots > 0 else place
    p50, p80, p90 = -1.0, -1.0, -1.0
    if slots > 0:
        mean, variance = moments(t, queue, channel, slots, stages)
        p50 = quantile_ns(mean, variance, stages, FIFTY)
        p80 = quantile_ns(mean, variance, stages, EIGHTY)
        p90 = quantile_ns(mean, variance, stages, NINETY)
    return place, slots, mean_handle_ns(t, queue), mean_patience_ns(t, queue), p50, p80, p90


@jit
def in_line(t: Tables, queue: int) -> int:
    """Return how many wait and are not being offered to anybody."""
    return t.queues[queue].waiting - t.queues[queue].offered


@jit
def moments(t: Tables, queue: int, channel: int, slots: int, stages: int) -> tuple[float, float]:
    """Return mean, ns, and variance, ns squared, of the time until so many have departed and the ringing is over."""
    ring_ns = mean_ring_ns(t, queue, channel)
    mean, variance = ring_ns, ring_ns * ring_ns
    if stages == 0:
        return mean, variance
    first, step = slots / mean_handle_ns(t, queue), 1.0 / mean_patience_ns(t, queue)
    for j in range(min(stages, STAGES_SUMMED)):
        stage_ns = 1.0 / (first + j * step)
        mean += stage_ns
        variance += stage_ns * stage_ns
    if stages > STAGES_SUMMED:
        low, high = first + (STAGES_SUMMED - 0.5) * step, first + (stages - 0.5) * step
        mean += math.log(high / low) / step
        variance += (1.0 / low - 1.0 / high) / step
    return mean, variance


@jit
def quantile_ns(mean: float, variance: float, stages: int, quantile: tuple[float, float]) -> float:
    """Return a quantile of the time that has these moments: exponential if nobody has to depart, else gamma, ns."""
    if stages == 0:
        return quantile[1] * mean
    shape = mean * mean / variance
    spread = quantile[0] / (3.0 * math.sqrt(shape)) if quantile[0] != 0.0 else 0.0
    root = max(0.0, 1.0 - 1.0 / (9.0 * shape) + spread)
    return mean * root * root * root


@jit
def mean_ring_ns(t: Tables, queue: int, channel: int) -> float:
    """Return how long an offer of the queue and channel rings in the mean, until it is answered or ends."""
    tally = t.tallies[queue * CHANNELS + channel]
    ended = tally[Tally.EXIT + EXIT_ANSWERED] + tally[Tally.OFFERS_LOST]
    ended += tally[Tally.OFFERS_NOT_ANSWERED] + tally[Tally.OFFERS_DECLINED]
    return (tally[Tally.RING_NS] + RING_GUESS_NS) / (ended + 1)
