"""Traffic that overflows: its moments, Wilkinson's equivalent random method and Hayward's approximation."""

from __future__ import annotations  # help() shows Numbers, not all that may be one

from typing import Any, NamedTuple

import numpy as np

from simulations.queueing.arrays import Columns, Floats, Numbers
from simulations.queueing.errors import UnfitInput
from simulations.queueing.loss import erlang_b, erlang_b_continuous


class Overflow(NamedTuple):
    """Traffic by its first moments, as if carried by trunks without end; floats, or arrays of one shape."""

    mean_erlangs: Any
    variance: Any
    """Of the number of busy trunks."""
    peakedness: Any
    """Variance / mean: 1 for Poisson traffic."""


def overflow_moments(load_erlangs: Numbers, servers: Numbers) -> Overflow:
    """Return what Poisson traffic of `load_erlangs` overflows from a group of `servers`.

    Numbers or arrays that broadcast. Mean a B; variance by Riordan's formula (L. Kosten 1937, in Wilkinson, Theories
    for toll traffic engineering, Bell System Technical Journal 35, 1956). Raises UnfitInput.
    """
    columns = Columns(load_erlangs=load_erlangs, servers=servers)
    loads, channels = columns.numbers("load_erlangs", 0.0, 1e12, above=True), columns.counts("servers", 0)
    mean = loads * erlang_b(loads, channels)
    peak = 1.0 - mean + loads / (channels + 1.0 - loads + mean)
    return Overflow(columns.shaped(mean), columns.shaped(mean * peak), columns.shaped(peak))


def brockmeyer_loss(load_erlangs: Numbers, servers: Numbers, overflow_servers: Numbers) -> Overflow:
    """Return what is lost behind `servers` and then `overflow_servers` that serve the overflow of these alone.

    E. Brockmeyer, The simple overflow problem, 1954: what a finite second group loses is the overflow of both groups
    taken as one. Numbers or arrays that broadcast. Raises UnfitInput.
    """
    return overflow_moments(load_erlangs, np.add(servers, overflow_servers))


def equivalent_group(mean_erlangs: Numbers, variance: Numbers) -> tuple[Any, Any]:
    """Return (load in erlangs, servers, not whole) of the group whose overflow has these moments: Wilkinson's.

    Peakedness, variance / mean, must be 1 or more. From Rapp's formula (1964), then Newton's method until the moments
    agree to 1e-10. Numbers or arrays that broadcast. Raises UnfitInput.
    """
    columns = Columns(mean_erlangs=mean_erlangs, variance=variance)
    means, variances = columns.numbers("mean_erlangs", 1e-6, 1e9), columns.numbers("variance", 0.0, 1e12)
    peaks = variances / means
    if (peaks < 1.0).any():
        place = int(np.flatnonzero(peaks < 1.0)[0])
        raise UnfitInput(
            f"variance is {variances[place]:g}, below the mean {means[place]:g}: overflow is never smoother than "
            "Poisson traffic; give variance at least the mean"
        )
    loads = variances + 3.0 * peaks * (peaks - 1.0)
    for _ in range(60):
        servers = _servers_of(loads, means, peaks)
        error = _mean_of(loads, servers) - means
        step = np.maximum(loads * 1e-7, 1e-9)
        slope = (_mean_of(loads + step, _servers_of(loads + step, means, peaks)) - means - error) / step
        change = np.where(np.abs(slope) > 1e-12, error / np.where(slope == 0.0, 1.0, slope), 0.0)
        loads = np.maximum(loads - np.clip(change, -0.3 * loads, 0.3 * loads), means)
        if (np.abs(error) <= 1e-11 * means).all():
            break
    return columns.shaped(loads), columns.shaped(_servers_of(loads, means, peaks))


def wilkinson(mean_erlangs: Numbers, variance: Numbers, servers: Numbers) -> Any:
    """Return the share of traffic with these moments that a group of `servers` loses: equivalent random theory.

    Numbers or arrays that broadcast; a float, or a float64 array. Raises UnfitInput.
    """
    columns = Columns(mean_erlangs=mean_erlangs, variance=variance, servers=servers)
    means = columns.numbers("mean_erlangs", 1e-6, 1e9)
    loads, before = equivalent_group(means, columns.numbers("variance", 0.0, 1e12))
    lost = _mean_of(loads, before + columns.numbers("servers", 0.0, 1e7)) / means
    return columns.shaped(np.minimum(lost, 1.0))


def hayward(mean_erlangs: Numbers, peakedness: Numbers, servers: Numbers) -> Any:
    """Return the share of peaked traffic that a group of `servers` loses: B(mean / z, servers / z).

    A. A. Fredericks, Congestion in blocking systems, Bell System Technical Journal 59, 1980. Numbers or arrays that
    broadcast; a float, or a float64 array. Raises UnfitInput.
    """
    columns = Columns(mean_erlangs=mean_erlangs, peakedness=peakedness, servers=servers)
    peaks = columns.numbers("peakedness", 0.0, 1e6, above=True)
    means, channels = columns.numbers("mean_erlangs", 1e-6, 1e9), columns.numbers("servers", 0.0, 1e7)
    return columns.shaped(np.asarray(erlang_b_continuous(means / peaks, channels / peaks)))


def _servers_of(loads: Floats, means: Floats, peaks: Floats) -> Floats:
    """Return the servers by which the peakedness is right: Riordan's formula solved for them."""
    return np.maximum(loads / (peaks + means - 1.0) - 1.0 + loads - means, 0.0)


def _mean_of(loads: Floats, servers: Floats) -> Floats:
    return np.asarray(loads * erlang_b_continuous(loads, servers))
