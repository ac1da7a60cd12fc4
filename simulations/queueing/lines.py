"""One queue at one point, by the fastest formula that is exact there: Erlang C, Palm's, M/M/c+G or finite; compiled."""

import math
from typing import Final

from engine.kernel.formulas import LARGE, NEGLIGIBLE, inverse_blocking, waiting_line
from engine.kernel.jit import jit
from simulations.queueing.finite import finite_line
from simulations.queueing.laws import PHASES, Rows
from simulations.queueing.offered_wait import DROP_MAX, TOLERANCE, height, march, mode, offered_wait, panel

ENDLESS: Final = -1
"""Places of a line that no trunks bound."""
FOUND: Final = 9
"""How many figures `line` returns."""
STATES_SUMMED: Final = 4000.0
"""Longer lines are cheaper to integrate over."""
ALL_STATES: Final = 1 << 30


@jit
def delay(servers: int, rate: float, handle: float, within: float) -> tuple[float, float, float]:
    """Return (P(wait), P(V > T), E[W]) of M/M/c: Erlang's second formula. 1, 1 and inf from a load of c on."""
    spare = 1.0 - rate * handle / servers
    if spare <= 0.0:
        return 1.0, 1.0, math.inf
    p_wait = 1.0 / (inverse_blocking(rate * handle, servers) * spare + 1.0 - spare)
    relief = spare * servers / handle
    return p_wait, p_wait * math.exp(-relief * within), p_wait / relief


@jit
def is_short(kind: int, laws: Rows, row: int, servers: int, rate: float, handle: float) -> bool:
    """Tell whether patience is exponential and the line so short that adding up its states is the fastest way."""
    if kind != PHASES or laws[row, 1] != 1.0 or laws[row, 0] != 1.0 or laws[row, 3] == 0.0:
        return False
    quit_rate = laws[row, 3]
    return (rate - servers / handle) / quit_rate + 10.0 * math.sqrt(rate / quit_rate) < STATES_SUMMED


@jit
def palm(
    laws: Rows, row: int, servers: int, rate: float, handle: float, within: float, full: bool
) -> tuple[float, float, float, float, float, float, float, float]:
    """Return what `offered_wait` returns for exponential patience: sums over states, an integral up to `within` only.

    Unless `full`, the last two are left out as nan, which saves a third of the time.
    """
    quit_rate, drain = laws[row, 3], servers / handle
    inverse = inverse_blocking(rate * handle, servers - 1)
    free, busy, waiting, _ = waiting_line(inverse, servers, rate, 1.0 / handle, quit_rate, ALL_STATES)
    peak = mode(PHASES, laws, row, rate, drain)
    early = min(peak, within)
    top = height(PHASES, laws, row, rate, drain, early)
    one, staying = up_to(laws, row, rate, drain, top, early, within)
    factor = rate * free / inverse * math.exp(top)
    soon = min(factor * one, busy)
    wait, long, lost = waiting / rate, math.nan, math.nan
    if full:
        # Where hardly anybody waits, the length of the line is exact only against the free: these are of those who do.
        long, lost, wait = waits_of_the_waiting(rate, drain, quit_rate)
        long, lost, wait = busy * long, busy * lost, busy * wait
    return free, soon, busy - soon, free + factor * staying, quit_rate * wait, wait, long, lost


@jit
def up_to(
    laws: Rows, row: int, rate: float, drain: float, top: float, peak: float, within: float
) -> tuple[float, float]:
    """Return two of the integrals of `march`, of 1 and of the share still waiting, from 0 to `within`.

    Mostly one panel will do. Where f falls far from its `peak`, or that is not exact enough, panels go outward from it.
    """
    if (
        within * laws[row, 3] < 1.0
        and top < DROP_MAX
        and top - height(PHASES, laws, row, rate, drain, within) < DROP_MAX
    ):
        one, staying, _, _, _, error = panel(PHASES, laws, row, rate, drain, top, 0.0, within)
        if error <= TOLERANCE * one:
            return one, staying
    one, staying, _, _, _ = march(PHASES, laws, row, rate, drain, top, peak, 0.0, 0.0)
    if within > peak:
        more, stayed, _, _, _ = march(PHASES, laws, row, rate, drain, top, peak, within, one)
        one, staying = one + more, staying + stayed
    return one, staying


@jit
def waits_of_the_waiting(rate: float, drain: float, quit_rate: float) -> tuple[float, float, float]:
    """Return (E[W; answered], E[W; abandoned], E[W]) in s of those who have to wait, for exponential patience.

    By the place that they take in the line. From there every place before is reached, and left by giving up, with the
    same probability, so that nothing has to be subtracted.
    """
    weight, total, stages, moments = 1.0, 1.0, 0.0, 0.0
    long, lost, wait = 0.0, 0.0, 0.0
    for place in range(1, ALL_STATES):
        stage = 1.0 / (drain + place * quit_rate)
        stages += stage
        moments += place * stage
        long += weight * stage * stages
        lost += weight * stage * moments
        wait += weight * stage * place
        weight *= rate * stage
        total += weight
        if weight > LARGE:
            weight, total = weight / LARGE, total / LARGE
            long, lost, wait = long / LARGE, lost / LARGE, wait / LARGE
        elif rate * stage < 1.0 and place * weight < NEGLIGIBLE * total:
            break
    return drain * long / total, quit_rate * lost / total, wait / total


@jit
def line(
    kind: int, laws: Rows, row: int, servers: int, places: int, rate: float, handle: float, within: float, full: bool
) -> tuple[float, float, float, float, float, float, float, float, float]:
    """Return what `finite_line` returns, of any queue here: `places` is ENDLESS where nothing bounds the line.

    A bounded line takes the first rate of its law of phases. Unless `full`, the waits
    of the answered and of those who give up may be nan.
    """
    if places >= 0:
        return finite_line(servers, places, rate, handle, laws[row, 3], within)
    if kind == PHASES and laws[row, 1] == 1.0 and laws[row, 3] == 0.0 and laws[row, 0] == 1.0:
        p_wait, late, wait = delay(servers, rate, handle, within)
        return 1.0 - p_wait, p_wait - late, late, 1.0 - late, 0.0, wait, wait, 0.0, 0.0
    if is_short(kind, laws, row, servers, rate, handle):
        a, b, c, d, e, f, g, h = palm(laws, row, servers, rate, handle, within, full)
        if a > 1e-250:
            return a, b, c, d, e, f, g, h, 0.0
    a, b, c, d, e, f, g = offered_wait(kind, laws, row, rate, handle, servers, within)
    return a, b, c, d, e, f, g, max(f - g, 0.0) if f < math.inf else f, 0.0
