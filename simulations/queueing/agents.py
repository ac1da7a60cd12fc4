"""How many agents or trunks a target needs: the exact formulas, asked until the fewest that will do are found."""

from __future__ import annotations  # help() shows Numbers, not all that may be one

from typing import Any, Final

import numpy as np

from engine.kernel.jit import door, jit
from simulations.queueing.arrays import SERVERS_MAX, Columns, Numbers
from simulations.queueing.errors import UnfitInput, Unreachable
from simulations.queueing.laws import Rows
from simulations.queueing.lines import line
from simulations.queueing.patience import Patience, law_of
from simulations.queueing.waiting import HOUR_S

DEFINITIONS: Final = ("offered", "answered", "virtual")
"""Of which the share within the threshold is: all who got in; the answered; all, had they waited for ever."""
UNREACHED: Final = -1


@jit
def meets(
    kind: int, laws: Rows, row: int, servers: int, trunks: int, rate: float, handle: float, within: float,
    definition: int, level: float, asa: float, abandoned_max: float, occupancy_max: float,
) -> bool:  # fmt: skip
    """Tell whether so many servers keep every bound; a bound that nobody set is 0.0 (level) or inf."""
    places = trunks - servers if trunks >= 0 else -1
    none, early, _, answered_early, abandoned, _, long, _, blocked = line(
        kind, laws, row, servers, places, rate, handle, within, asa < np.inf
    )
    answered = 1.0 - abandoned
    if rate * (1.0 - blocked) * answered * handle > occupancy_max * servers or abandoned > abandoned_max:
        return False
    if asa < np.inf and long > asa * answered:
        return False
    if definition == 0:
        return answered_early >= level
    if definition == 1:
        return answered_early >= level * answered
    return none + early >= level


@door
def fill_agents(
    order: Any, kind: int, laws: Rows, trunks: Any, rates: Any, handles: Any, withins: Any, definition: int,
    levels: Any, asas: Any, abandoned_maxes: Any, occupancy_maxes: Any, out: Any,
) -> None:  # fmt: skip
    """Fill `out` of shape (points,) with the fewest servers, UNREACHED where none do.

    Each search starts from the safety staffing of those before in `order`, in square roots of the load.
    """
    beta, heed = 0.5, 1.0
    for i in order:
        row, load = min(i, len(laws) - 1), rates[i] * handles[i]
        most = trunks[i] if trunks[i] >= 0 else SERVERS_MAX
        low, high, step = 0, most + 1, 1
        guess = min(max(int(np.ceil(load + beta * np.sqrt(load))), 1), most)
        while low + 1 < high:
            if meets(
                kind, laws, row, guess, trunks[i], rates[i], handles[i], withins[i],
                definition, levels[i], asas[i], abandoned_maxes[i], occupancy_maxes[i],
            ):  # fmt: skip
                high = guess
                guess = max(guess - step, low + 1) if low == 0 else (low + high) // 2
            else:
                low = guess
                guess = min(guess + step, high - 1) if high == most + 1 else (low + high) // 2
            step *= 2
        out[i] = high if high <= most else UNREACHED
        if high <= most:
            beta += heed * ((high - 0.5 - load) / np.sqrt(load) - beta)
            heed = 0.25


@door
def fill_trunks(laws: Rows, servers: Any, rates: Any, handles: Any, blocked_maxes: Any, out: Any) -> None:
    """Fill `out` of shape (points,) with the fewest trunks, from the servers on, that block no more."""
    for i in range(len(rates)):
        row = min(i, len(laws) - 1)
        low, high, step = -1, SERVERS_MAX, 16
        guess = 0
        while low + 1 < high:
            found = line(0, laws, row, servers[i], guess, rates[i], handles[i], 0.0, False)
            if found[8] <= blocked_maxes[i]:
                high = guess
                guess = (low + high) // 2
            else:
                low = guess
                guess = min(guess + step, high - 1) if high == SERVERS_MAX else (low + high) // 2
                step *= 2
        out[i] = servers[i] + high if high < SERVERS_MAX else UNREACHED


def agents_for(
    rate_per_h: Numbers,
    handle_s: Numbers,
    *,
    patience: Numbers | Patience = np.inf,
    service_level: Numbers | None = None,
    within_s: Numbers = 20.0,
    definition: str = "offered",
    asa_s: Numbers | None = None,
    p_abandon: Numbers | None = None,
    occupancy: Numbers | None = None,
    trunks: Numbers | None = None,
) -> Any:
    """Return the fewest agents that keep every bound given: an int, or an int64 array of the broadcast shape.

    Arrivals per hour; mean handling time and threshold in s. `patience` is the mean in s of exponential patience (inf:
    Erlang C), or a law. Bounds: the share `service_level` at least, below 1, of those whom DEFINITIONS name; at most
    the mean wait of the answered `asa_s`, the share that gives up `p_abandon`, the share of time busy `occupancy`. With
    `trunks` (exponential patience only) contacts beyond are blocked. Raises UnfitInput, and Unreachable where no
    number keeps the bounds.
    """
    if definition not in DEFINITIONS:
        raise UnfitInput(f"definition is {definition!r}; give one of {', '.join(DEFINITIONS)}")
    if service_level is None and asa_s is None and p_abandon is None and occupancy is None:
        raise UnfitInput("no bound is given; give service_level, asa_s, p_abandon or occupancy")
    if service_level is not None and (np.asarray(service_level, float) >= 1.0).any():
        raise UnfitInput("service_level is 1 or more; give less than 1: no agents promise to serve everybody in time")
    is_law = isinstance(patience, Patience)
    if is_law and trunks is not None:
        raise UnfitInput("trunks need exponential patience; give its mean in s, or leave out trunks")
    columns = Columns(
        rate_per_h=rate_per_h,
        handle_s=handle_s,
        within_s=within_s,
        service_level=0.0 if service_level is None else service_level,
        asa_s=np.inf if asa_s is None else asa_s,
        p_abandon=np.inf if p_abandon is None else p_abandon,
        occupancy=np.inf if occupancy is None else occupancy,
        trunks=-1 if trunks is None else trunks,
        patience=np.inf if isinstance(patience, Patience) else patience,
    )
    kind, laws = law_of(patience if is_law else columns.numbers("patience", 0.0, above=True))
    found = np.empty(columns.size, np.int64)
    rates = columns.numbers("rate_per_h", 0.0, 1e12, above=True) / HOUR_S
    handles = columns.numbers("handle_s", 0.0, 1e9, above=True)
    fill_agents(
        np.argsort(rates * handles),
        kind,
        laws,
        columns.numbers("trunks", -1.0, SERVERS_MAX).astype(np.int64),
        rates,
        handles,
        columns.numbers("within_s", 0.0, 1e9),
        DEFINITIONS.index(definition),
        columns.numbers("service_level", 0.0, 1.0 - 1e-12),
        columns.numbers("asa_s", 0.0, above=True),
        columns.numbers("p_abandon", 0.0, above=True),
        columns.numbers("occupancy", 0.0, above=True),
        found,
    )
    if (found == UNREACHED).any():
        place = int(np.flatnonzero(found == UNREACHED)[0])
        raise Unreachable(
            f"no number of agents keeps the bounds{f' at place {place}' if found.size > 1 else ''}: "
            "with fewer trunks than agents needed, give more trunks, or a weaker bound"
        )
    return columns.shaped(found)


def trunks_for(
    rate_per_h: Numbers, handle_s: Numbers, agents: Numbers, p_block: Numbers, *, patience_s: Numbers = np.inf
) -> Any:
    """Return the fewest trunks, each held while waiting and served, that block at most `p_block` of the arrivals.

    An int, or an int64 array of the broadcast shape; inputs as for `erlang_a`. Raises UnfitInput, and Unreachable where
    contacts wait for ever in a queue that no number of trunks relieves.
    """
    columns = Columns(rate_per_h=rate_per_h, handle_s=handle_s, agents=agents, p_block=p_block, patience_s=patience_s)
    _, laws = law_of(columns.numbers("patience_s", 0.0, above=True))
    found = np.empty(columns.size, np.int64)
    servers = columns.counts("agents", 1)
    fill_trunks(
        laws,
        servers,
        columns.numbers("rate_per_h", 0.0, 1e12, above=True) / HOUR_S,
        columns.numbers("handle_s", 0.0, 1e9, above=True),
        columns.numbers("p_block", 0.0, 1.0, above=True),
        found,
    )
    if (found == UNREACHED).any():
        place = int(np.flatnonzero(found == UNREACHED)[0])
        raise Unreachable(
            f"{servers[place]} agents serve so little of this load that more trunks block no less; give more agents"
        )
    return columns.shaped(found)
