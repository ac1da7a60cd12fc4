"""Queues that hold those who must wait: Erlang C, Erlang A, M/M/c+G, and both Erlangs with finite trunks."""

from __future__ import annotations  # help() shows Numbers, not all that may be one

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.kernel.jit import door
from simulations.queueing.arrays import Columns, Numbers
from simulations.queueing.errors import UnfitInput
from simulations.queueing.laws import Rows
from simulations.queueing.lines import ENDLESS, FOUND, line
from simulations.queueing.patience import Patience, law_of
from simulations.queueing.results import Figures

HOUR_S: Final = 3600.0
TOLD_FROM: Final = 1e-290
"""Of a smaller share that gives up, floating point holds too few digits to divide by it."""


@door
def fill_lines(
    kind: int, laws: Rows, servers: Any, places: Any, rates: Any, handles: Any, withins: Any, out: Any
) -> None:
    """Fill `out`, of shape (points, FOUND), from columns of shape (points,); one row of `laws` may serve all."""
    for i in range(len(rates)):
        row = min(i, len(laws) - 1)
        found = line(kind, laws, row, servers[i], places[i], rates[i], handles[i], withins[i], True)
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = found[0], found[1], found[2], found[3]
        out[i, 4], out[i, 5], out[i, 6], out[i, 7] = found[4], found[5], found[6], found[7]
        out[i, 8] = found[8]


def erlang_c(
    rate_per_h: Numbers, handle_s: Numbers, agents: Numbers, *, within_s: Numbers = 20.0, trunks: Numbers | None = None
) -> Figures:
    """Return the figures of M/M/c, or of M/M/c/K with K `trunks`: nobody gives up.

    Numbers or arrays that broadcast; figures have the shape they broadcast to. Arrivals per hour, mean handling time
    (talk plus wrap-up) and the threshold of the service level in s. Without trunks and from a load of `agents` on, the
    queue grows without bound: P(wait) is 1 and waits are inf. A. K. Erlang, Post Office Electrical Engineers' Journal,
    1917. Raises UnfitInput.
    """
    return erlang_a(rate_per_h, handle_s, np.inf, agents, within_s=within_s, trunks=trunks)


def erlang_a(
    rate_per_h: Numbers,
    handle_s: Numbers,
    patience_s: Numbers,
    agents: Numbers,
    *,
    within_s: Numbers = 20.0,
    trunks: Numbers | None = None,
) -> Figures:
    """Return the figures of M/M/c+M, or of M/M/c/K+M with K `trunks`: callers give up at a constant rate.

    Numbers or arrays that broadcast; figures have the shape they broadcast to. Arrivals per hour; the means of handling
    time and patience and the threshold of the service level in s; infinite patience is Erlang C. C. Palm, Tele 1957;
    Garnett, Mandelbaum, Reiman, Designing a call center with impatient customers, 2002. Relative error 1e-9 or less,
    with trunks absolute 1e-12. Raises UnfitInput.
    """
    columns = Columns(
        rate_per_h=rate_per_h,
        handle_s=handle_s,
        patience_s=patience_s,
        agents=agents,
        within_s=within_s,
        trunks=-1 if trunks is None else trunks,
    )
    patience = columns.numbers("patience_s", 0.0, above=True)
    kind, laws = law_of(patience)
    return _figures(columns, kind, laws, bounded=trunks is not None)


def mmcg(
    rate_per_h: Numbers, handle_s: Numbers, patience: Patience, agents: Numbers, *, within_s: Numbers = 20.0
) -> Figures:
    """Return the figures of M/M/c+G: callers have any law of patience.

    `patience` is one law for all points (simulations.queueing.patience); the others are as for `erlang_a`. Baccelli and
    Hebuterne, On queues with impatient customers, 1981; Zeltyn and Mandelbaum, 2005. Raises UnfitInput.
    """
    columns = Columns(rate_per_h=rate_per_h, handle_s=handle_s, agents=agents, within_s=within_s, trunks=-1)
    return _figures(columns, patience.kind, patience.rows(), bounded=False)


def places_of(columns: Columns, servers: npt.NDArray[np.int64], *, bounded: bool) -> npt.NDArray[np.int64]:
    """Return the places to wait in, ENDLESS without trunks. Raises UnfitInput where trunks are fewer than agents."""
    if not bounded:
        return np.full(columns.size, ENDLESS, np.int64)
    trunks = columns.counts("trunks", 1)
    if (trunks < servers).any():
        place = int(np.flatnonzero(trunks < servers)[0])
        raise UnfitInput(
            f"{servers[place]} agents share {trunks[place]} trunks; who is served holds a trunk, too: "
            "give at least as many trunks as agents"
        )
    return trunks - servers


def _figures(columns: Columns, kind: int, laws: npt.NDArray[np.float64], *, bounded: bool) -> Figures:
    rates = columns.numbers("rate_per_h", 0.0, 1e12, above=True) / HOUR_S
    handles = columns.numbers("handle_s", 0.0, 1e9, above=True)
    servers = columns.counts("agents", 1)
    withins = columns.numbers("within_s", 0.0, 1e9)
    places = places_of(columns, servers, bounded=bounded)
    found = np.empty((columns.size, FOUND))
    fill_lines(kind, laws, servers, places, rates, handles, withins, found)
    return figures_of(columns, servers, rates, handles, found)


def figures_of(columns: Columns, servers: Any, rates: Any, handles: Any, found: Any) -> Figures:
    """Return the figures that the columns of `fill_lines` stand for.

    Parts of a whole that are divided and added up again may come to one unit in the last place above it.
    """
    none, early, late, answered_early, abandoned, wait, long, lost, full = found.T
    abandoned, answered_early, full = (np.minimum(share, 1.0) for share in (abandoned, answered_early, full))
    answered = 1.0 - abandoned
    entering = rates * (1.0 - full)
    with np.errstate(divide="ignore", invalid="ignore"):
        asa = np.where(answered > 0.0, long / answered, np.inf)
        wait_abandoned = np.where(abandoned > TOLD_FROM, lost / abandoned, np.nan)
        of_answered = np.where(answered > 0.0, answered_early / answered, 0.0)
    results = (
        servers.astype(np.float64),
        rates * handles,
        np.minimum(early + late, 1.0),
        abandoned,
        full,
        asa,
        wait,
        wait_abandoned,
        answered_early,
        np.minimum(of_answered, 1.0),
        np.minimum(none + early, 1.0),
        np.minimum(entering * answered * handles / servers, 1.0),
        entering * wait,
    )
    return Figures(*(columns.shaped(column) for column in results))
