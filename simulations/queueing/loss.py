"""Queues without waiting: Erlang B, its inverses, trunk reservation, and as many trunks as need not be whole."""

from __future__ import annotations  # help() shows Numbers, not all that may be one

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.kernel.formulas import LARGE, inverse_blocking
from engine.kernel.jit import door, jit
from simulations.queueing.arrays import SERVERS_MAX, Columns, Numbers
from simulations.queueing.errors import UnfitInput


@door
def fill_blocking(loads: Any, servers: Any, out: Any) -> None:
    """Fill `out` of shape (points,) with Erlang's B."""
    for i in range(len(loads)):
        out[i] = 1.0 / inverse_blocking(loads[i], servers[i]) if loads[i] > 0.0 else 1.0 * (servers[i] == 0)


@door
def fill_servers(loads: Any, blocked_maxes: Any, out: Any) -> None:
    """Fill `out` of shape (points,) with the fewest servers whose B is no greater."""
    for i in range(len(loads)):
        load, wanted = loads[i], 1.0 / blocked_maxes[i]
        servers = max(int(load + 2.0 * math.sqrt(load)), 0)
        inverse = inverse_blocking(load, servers)
        step = 1
        while inverse >= wanted and servers > 0:
            servers = max(servers - step, 0)
            inverse = inverse_blocking(load, servers)
            step *= 2
        while inverse < wanted and servers < SERVERS_MAX:
            servers += 1
            inverse = 1.0 + servers / load * inverse
        out[i] = servers


@door
def fill_loads(servers: Any, blocked: Any, out: Any) -> None:
    """Fill `out` of shape (points,) with the load whose B is given: Newton's method between shrinking bounds."""
    for i in range(len(servers)):
        low, high = 0.0, servers[i] / (1.0 - blocked[i])
        load = 0.5 * high
        for _ in range(200):
            b = 1.0 / inverse_blocking(load, servers[i])
            if b < blocked[i]:
                low = load
            else:
                high = load
            # In logarithms, as B spans hundreds of decades.
            to = load - math.log(b / blocked[i]) * load / (servers[i] - load + load * b) if b > 0.0 else -1.0
            if not low < to < high:
                to = 0.5 * (low + high)
            if abs(to - load) <= 2e-16 * load:
                break
            load = to
        out[i] = load


@door
def fill_reservation(loads: Any, servers: Any, reserves: Any, out: Any) -> None:
    """Fill `out` with the blocking of each class; loads, reserves and `out` have the shape (points, classes)."""
    for i in range(len(servers)):
        weight, total = 1.0, 1.0
        for kind in range(loads.shape[1]):
            out[i, kind] = 1.0
        for busy in range(servers[i] - 1, -1, -1):
            offered = 0.0
            for kind in range(loads.shape[1]):
                offered += loads[i, kind] * (busy < servers[i] - reserves[i, kind])
            if offered <= 0.0:
                # Nobody may take a channel from here on: the fuller states are never reached.
                weight, total = 1.0, 0.0
                for kind in range(loads.shape[1]):
                    out[i, kind] = 0.0
            else:
                weight *= (busy + 1) / offered
            total += weight
            for kind in range(loads.shape[1]):
                out[i, kind] += weight * (busy >= servers[i] - reserves[i, kind])
            if weight > LARGE:
                weight, total = weight / LARGE, total / LARGE
                for kind in range(loads.shape[1]):
                    out[i, kind] /= LARGE
        for kind in range(loads.shape[1]):
            out[i, kind] /= total


@jit
def fraction_inverse(load: float, servers: float) -> float:
    """Return 1 / B of less than one server: e^a a^-s Gamma(s + 1, a), by its fraction or, for small a, its series."""
    if load < 1.5:
        term, total = 1.0 / (servers + 1.0), 1.0 / (servers + 1.0)
        for n in range(1, 60):
            term *= load / (servers + 1.0 + n)
            total += term
        return math.exp(load - servers * math.log(load)) * math.gamma(servers + 1.0) - load * total
    # Lentz's method on Legendre's fraction of the upper incomplete gamma function.
    tiny, shape = 1e-300, servers + 1.0
    b = load + 1.0 - shape
    c, d = 1.0 / tiny, 1.0 / b
    fraction = d
    for n in range(1, 2000):
        a = -n * (n - shape)
        b += 2.0
        d = 1.0 / (a * d + b if a * d + b != 0.0 else tiny)
        c = b + a / c if b + a / c != 0.0 else tiny
        fraction *= c * d
        if abs(c * d - 1.0) < 1e-16:
            break
    return fraction * load


@door
def fill_continuous(loads: Any, servers: Any, out: Any) -> None:
    """Fill `out` of shape (points,) with B of servers that need not be whole."""
    for i in range(len(loads)):
        whole = math.floor(servers[i])
        inverse = fraction_inverse(loads[i], servers[i] - whole)
        for n in range(int(whole)):
            inverse = 1.0 + (servers[i] - whole + n + 1.0) / loads[i] * inverse
            if inverse > 1e300:
                break
        out[i] = min(1.0 / inverse, 1.0)


def erlang_b(load_erlangs: Numbers, servers: Numbers) -> Any:
    """Return the share of arrivals that find all servers busy and are lost, M/G/s/s.

    Numbers or arrays that broadcast; a float, or a float64 array of the broadcast shape. Values below 1e-308 are 0.0.
    A. K. Erlang, Solution of some problems in the theory of probabilities, 1917. Raises UnfitInput.
    """
    columns = Columns(load_erlangs=load_erlangs, servers=servers)
    found = np.empty(columns.size)
    fill_blocking(columns.numbers("load_erlangs", 0.0, 1e12), columns.counts("servers", 0), found)
    return columns.shaped(found)


def erlang_b_continuous(load_erlangs: Numbers, servers: Numbers) -> Any:
    """Return Erlang's B for servers that need not be whole, as Hayward's approximation asks.

    Shapes as for `erlang_b`. 1 / B = a times the integral of e^(-a t) (1 + t)^s: Fortet; Jagerman, Bell System
    Technical Journal 53, 1974. Raises UnfitInput.
    """
    columns = Columns(load_erlangs=load_erlangs, servers=servers)
    found = np.empty(columns.size)
    fill_continuous(
        columns.numbers("load_erlangs", 1e-9, 1e12), columns.numbers("servers", 0.0, float(SERVERS_MAX)), found
    )
    return columns.shaped(found)


def erlang_b_servers(load_erlangs: Numbers, p_block: Numbers) -> Any:
    """Return the fewest servers that lose no more than the share `p_block`: an int, or an int64 array.

    Numbers or arrays that broadcast. Raises UnfitInput.
    """
    columns = Columns(load_erlangs=load_erlangs, p_block=p_block)
    found = np.empty(columns.size, np.int64)
    fill_servers(
        columns.numbers("load_erlangs", 0.0, 1e6, above=True), columns.numbers("p_block", 0.0, 1.0, above=True), found
    )
    return columns.shaped(found)


def erlang_b_load(servers: Numbers, p_block: Numbers) -> Any:
    """Return the load in erlangs of which just the share `p_block` is lost: a float, or a float64 array.

    Numbers or arrays that broadcast; `p_block` more than 0 and less than 1. Raises UnfitInput.
    """
    columns = Columns(servers=servers, p_block=p_block)
    found = np.empty(columns.size)
    fill_loads(columns.counts("servers", 1), columns.numbers("p_block", 1e-300, 1.0 - 1e-9), found)
    return columns.shaped(found)


def trunk_reservation(load_erlangs: npt.ArrayLike, servers: Numbers, reserves: npt.ArrayLike) -> Any:
    """Return the share lost of each class where class k is let in only while busy < servers - reserves[k].

    `load_erlangs` and `reserves` have the classes as their last axis, of equal mean holding times; the axes before it
    broadcast with `servers`. A float64 array of the broadcast shape (..., classes). Exact, from the chain of busy
    servers; J. W. Roberts, Teletraffic models for the Telecom 1 network, 1983. Raises UnfitInput.
    """
    loads, kept = np.asarray(load_erlangs, np.float64), np.asarray(reserves, np.float64)
    classes = loads.shape[-1] if loads.ndim else 0
    if not classes or kept.ndim == 0 or kept.shape[-1] != classes:
        raise UnfitInput(f"load_erlangs has the shape {loads.shape}, reserves {kept.shape}; give both the same classes")
    columns = Columns(load_erlangs=loads, servers=np.asarray(servers, np.float64)[..., np.newaxis], reserves=kept)
    shape = (-1, classes)
    channels = columns.counts("servers", 1).reshape(shape)[:, 0].copy()
    found = np.empty((channels.size, classes))
    fill_reservation(
        columns.numbers("load_erlangs", 0.0, 1e12).reshape(shape), channels,
        columns.counts("reserves", 0).reshape(shape), found,
    )  # fmt: skip
    return found.reshape(columns.shape)
