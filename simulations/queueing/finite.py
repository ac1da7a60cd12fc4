"""M/M/c/K+M exactly: as many contacts as there are trunks, waiting or served; patience is exponential or endless.

A contact that finds j others waiting is served after j + 1 departures at the rates alpha, alpha + theta, ..., with
alpha = c mu. That sum V of exponential stages has P(V > t) = sum over i <= j of terms b with
b(i + 1) = b(i) (alpha + i theta) s / (i + 1), b(0) = e^(-alpha t), s = (1 - e^(-theta t)) / theta: e^(-theta V) has a
beta law, and for theta = 0 this is Erlang's. With the contact's own patience, alpha becomes alpha + theta.
"""

import math
from typing import Final

from engine.kernel.formulas import LARGE, NEGLIGIBLE, inverse_blocking, waiting_line
from engine.kernel.jit import jit

SMALL_LOGARITHM: Final = -600.0


@jit
def finite_line(
    servers: int, places: int, rate: float, handle: float, quit_rate: float, within: float
) -> tuple[float, float, float, float, float, float, float, float, float]:
    """Return (P(V = 0), P(0 < V <= T), P(V > T), answered within T, abandoned, E[W], E[W; answered], E[W; abandoned],
    P(blocked)).

    All but the last are of the contacts that get a place, the last of all. Rates per s, times in s.
    Absolute error below 1e-12.
    """
    drain = servers / handle
    inverse = inverse_blocking(rate * handle, servers - 1)
    free, busy, _, full = waiting_line(inverse, servers, rate, 1.0 / handle, quit_rate, places)
    late, answered_late, long, served, leaving, lost, total = _of_those_who_wait(drain, places, rate, quit_rate, within)
    entered = 1.0 - full
    waits = busy / total / entered if total > 0.0 else 0.0
    p_wait = max(busy - full, 0.0) / entered
    return (
        free / entered,
        max(p_wait - waits * late, 0.0),
        waits * late,
        free / entered + max(waits * (served - answered_late), 0.0),
        waits * leaving,
        waits * (long + lost),
        waits * long,
        waits * lost,
        full,
    )


@jit
def _of_those_who_wait(
    drain: float, places: int, rate: float, quit_rate: float, within: float
) -> tuple[float, float, float, float, float, float, float]:
    """Return sums over the states with all servers busy, weighed by those states, the full one's of `total` alone:
    of P(V > T), of P(answered after T), of E[V; answered], of P(answered), of P(abandoned), of E[W; abandoned], and of
    1. Whoever gives up does so at every place before with the same probability."""
    spread = -math.expm1(-quit_rate * within) / quit_rate if quit_rate > 0.0 else within
    weight, total = 1.0, 1.0
    late, answered_late, long, served, leaving, lost = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    log_tail, log_own = -drain * within, -(drain + quit_rate) * within
    tail, own = math.exp(log_tail), math.exp(log_own)
    tails, owns, stages, moments = 0.0, 0.0, 0.0, 0.0
    for ahead in range(places):
        if ahead > 0:
            up = (drain + (ahead - 1) * quit_rate) * spread / ahead
            up_own = (drain + ahead * quit_rate) * spread / ahead
            tail, log_tail = _next(tail, log_tail, up)
            own, log_own = _next(own, log_own, up_own)
        tails += tail
        owns += own
        stage = 1.0 / (drain + (ahead + 1) * quit_rate)
        stages += stage
        moments += (ahead + 1) * stage
        answers = drain * stage
        late += weight * min(tails, 1.0)
        answered_late += weight * answers * min(owns, 1.0)
        long += weight * answers * stages
        served += weight * answers
        leaving += weight * quit_rate * (ahead + 1) * stage
        lost += weight * quit_rate * stage * moments
        ratio = rate / (drain + (ahead + 1) * quit_rate)
        weight *= ratio
        total += weight
        if weight > LARGE:
            weight, total, late = weight / LARGE, total / LARGE, late / LARGE
            answered_late, long, served = answered_late / LARGE, long / LARGE, served / LARGE
            leaving, lost = leaving / LARGE, lost / LARGE
        elif ratio < 1.0 and (ahead + 1) * weight < NEGLIGIBLE * (1.0 - ratio) * total:
            break
    return late, answered_late, long, served, leaving, lost, total


@jit
def _next(term: float, logarithm: float, factor: float) -> tuple[float, float]:
    """Return the next term and its logarithm, which is kept only where the term would be too small for a float."""
    if logarithm > SMALL_LOGARITHM or factor <= 0.0:
        return term * factor, logarithm
    logarithm += math.log(factor)
    return math.exp(logarithm), logarithm
