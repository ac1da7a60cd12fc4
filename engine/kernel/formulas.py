"""Erlang's sums, for the kernel's prices and for planners alike: compiled scalars that know no tables.

All sums run outward from the last server, over positive terms only: nothing cancels and nothing overflows, whatever
the load. Time may be in any unit, as long as rates are in its inverse.
"""

from typing import Final

from engine.kernel.jit import jit

LARGE: Final = 1e250
"""Sums are scaled down beyond it: only their ratios count."""
NEGLIGIBLE: Final = 1e-18


@jit
def inverse_blocking(load: float, servers: float) -> float:
    """Return 1 / B, the inverse of Erlang's first formula for `load` erlangs on `servers`; inf where B is below 1e-308.

    1 / B = sum over k of s (s - 1) ... (s - k + 1) / load^k, as long as the factors are 1 or more. It has
    servers - load + O(sqrt(load)) terms that matter.
    """
    total = 1.0
    term = 1.0
    inverse = 1.0 / load
    free = servers
    while free >= 1:
        term *= free * inverse
        total += term
        free -= 1
        if term < NEGLIGIBLE * total or total > 1e308:
            break
    return total


@jit
def waiting_line(
    inverse: float, servers: float, rate: float, service_rate: float, quit_rate: float, places: int
) -> tuple[float, float, float, float]:
    """Return (P(a server is free), P(all are busy), mean number waiting, P(no place is left)) of M/M/s/s+places+M.

    `inverse` is the inverse blocking of one server less, `rate` that of arrivals, `service_rate` that of each server,
    `quit_rate` that of each one waiting (0.0: nobody gives up).
    """
    drain = servers * service_rate
    free = inverse * drain / rate
    term, busy, weighted, last = 1.0, 1.0, 0.0, 1.0
    for waiting in range(1, places + 1):
        ratio = rate / (drain + waiting * quit_rate)
        term *= ratio
        busy += term
        weighted += waiting * term
        last = term
        if ratio >= 1.0:
            if term > LARGE:
                free, term, busy, weighted = free / LARGE, term / LARGE, busy / LARGE, weighted / LARGE
                last = term
        elif waiting * term < NEGLIGIBLE * (1.0 - ratio) * (free + weighted):
            last = 0.0
            break
    if free > 1e308:
        return 1.0, 0.0, 0.0, 0.0
    everything = free + busy
    return free / everything, busy / everything, weighted / everything, last / everything
