"""The formulas of the erlang strategy in plain floats, written from the papers, not from the kernel."""

import math
import statistics

MEMORY_NS = 1_800e9
HANDLE_GUESS_NS = 180e9
HANDLE_GUESS_CONTACTS = 3.0
PATIENCE_GUESS_NS = 300e9
PRICED_LEVELS = 32


def erlang_b(agents: int, load: float) -> float:
    """Blocking of M/M/n/n, by the classic recursion."""
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def inverse_blocking(agents: int, load: float) -> float:
    """1 / B by its sum over the states, from the fullest down."""
    term, total = 1.0, 1.0
    for taken in range(agents, 0, -1):
        term *= taken * (1.0 / load)
        total += term
        if term < 1e-18 * total:
            break
    return total


def abandonment_rate(agents: int, rate: float, mean: float, patience: float) -> float:
    """Abandonments per unit of time of M/M/n+M: the sum of waiting / patience over its stationary distribution.

    Added up in the order that the kernel does, so that what ties there ties here.
    """
    served, quits = 1.0 / mean, 1.0 / patience
    free = inverse_blocking(agents - 1, rate * mean) * (agents * served) / rate
    weight, total, waiting_total = 1.0, 1.0, 0.0
    for waiting in range(1, 4097):
        ratio = rate / (agents * served + waiting * quits)
        weight *= ratio
        total += weight
        waiting_total += waiting * weight
        if ratio < 1.0 and waiting * weight < 1e-18 * (1.0 - ratio) * (free + waiting_total):
            break
    return waiting_total / (free + total) / patience


def prices(agents: int, rate: float, mean: float, patience: float, value: float) -> dict[int, float]:
    """Cost of taking one agent out of `idle` idle ones, for each count of idle agents."""
    if agents == 0 or rate <= 0.0:
        return {}
    lost = abandonment_rate(agents, rate, mean, patience) * value
    found, cost = {}, 0.0
    for busy in range(agents):
        cost = (lost + busy / mean * cost) / rate
        found[agents - busy] = cost
    return found


def reservation(channels: int, reserve: int, protected: float, unprotected: float) -> tuple[float, float]:
    """Blocking of protected and of unprotected calls under trunk reservation: the chain, from empty upwards."""
    weights = [1.0]
    for busy in range(channels):
        rate = protected + (unprotected if busy < channels - reserve else 0.0)
        weights.append(weights[-1] * rate / (busy + 1))
    total = math.fsum(weights)
    return weights[-1] / total, math.fsum(weights[channels - reserve :]) / total


def best_reserve(channels: int, protected: float, unprotected: float, value: float) -> int:
    """The reserve that loses least value."""
    if not (channels and protected > 0.0 and unprotected > 0.0):
        return 0
    costs = []
    for reserve in range(channels + 1):
        full, closed = reservation(channels, reserve, protected, unprotected)
        costs.append(unprotected * closed + value * protected * full)
    return costs.index(min(costs)) if costs[0] >= 1e-9 else 0


def lost_share(waiting: int, agents: int, mean: float, patience: float) -> float:
    """Chance that the last of those who wait gives up: of none of the departures that move it up is it the one."""
    stays = 1.0
    for place in range(waiting, 0, -1):
        leaving = agents / mean + place / patience
        stays *= (leaving - 1.0 / patience) / leaving
    return 1.0 - stays


def quantile(stages: list[float], share: float) -> float:
    """Quantile of a sum of exponential times of these means: exact for one, Wilson and Hilferty's of the gamma law with
    the same mean and variance for more.
    """
    if len(stages) == 1:
        return -stages[0] * math.log(1 - share)
    mean, variance = math.fsum(stages), math.fsum(stage**2 for stage in stages)
    shape = mean**2 / variance
    deviate = statistics.NormalDist().inv_cdf(share)
    return mean * max(0.0, 1.0 - 1.0 / (9.0 * shape) + deviate / (3.0 * math.sqrt(shape))) ** 3


def uniform(seed: int, seq: int, agent: int) -> float:
    """SplitMix64's finisher over seed, sequence and agent, as a number in (0, 1)."""
    mask = (1 << 64) - 1
    mixed = (seed & mask) ^ (seq << 20 & mask) ^ agent
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & mask
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & mask
    mixed ^= mixed >> 31
    return ((mixed >> 11) + 0.5) / 2**53
