"""The formulas of the erlang strategy in plain floats, written from the papers, not from the kernel."""

import math
import statistics

MEMORY_NS = 1_800e9
HANDLE_GUESS_NS = 180e9
HANDLE_GUESS_CONTACTS = 3.0
PATIENCE_GUESS_NS = 300e9
STEADY_MEMORY_NS = 28_800e9
LONG_MEMORY_NS = 604_800e9
FREE_LEVELS = 32
WAITING_LEVELS = 32


def erlang_b(agents: int, load: float) -> float:
    """Blocking of M/M/n/n, by the classic recursion."""
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def inverse_blocking(agents: float, load: float) -> float:
    """1 / B by its sum over the states, from the fullest down."""
    term, total = 1.0, 1.0
    taken = agents
    while taken >= 1:
        term *= taken * (1.0 / load)
        total += term
        taken -= 1
        if term < 1e-18 * total:
            break
    return total


def abandonment_rate(agents: float, rate: float, mean: float, patience: float) -> float:
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


def prices(slots: float, rate: float, mean: float, patience: float, cost: float, quits: float) -> dict[int, float]:
    """Cost of one slack less, for each slack; `cost` is that of each one waiting per unit of time, `quits` the rate at
    which contacts give up.
    """
    if slots <= 0.0 or rate <= 0.0:
        return dict.fromkeys(range(-WAITING_LEVELS, 1), cost * patience)
    lost = quits * patience * cost
    found = dict.fromkeys(range(1, FREE_LEVELS), lost / rate)
    step = 0.0
    for slack in range(int(slots), -1, -1):
        step = lost / rate + (slots - slack) * (1.0 / (mean * rate)) * step
        found[slack] = step
    step = cost * patience
    for waiting in range(96, 1, -1):
        step = (waiting * cost - lost + rate * step) / (slots / mean + waiting * (1.0 / patience))
        found[1 - waiting] = step
    return {slack: price for slack, price in found.items() if -WAITING_LEVELS <= slack < FREE_LEVELS}


def arrival_rate(late: float, late_ns: float, steady: float, steady_ns: float) -> tuple[float, bool]:
    """The rate to go by; whether the steady one is another day's.

    Between 1.5 and 3 standard deviations of the late count, exponentially faded, the late rate counts in part.
    """
    late_ns, steady_ns = max(late_ns, 60e9), max(steady_ns, 60e9)
    rates = late / late_ns, steady / steady_ns
    deviation = math.sqrt(max(rates) / (late_ns * (1.0 + late_ns / MEMORY_NS)))
    changed = rates[0] != rates[1] and abs(rates[0] - rates[1]) >= 3.0 * deviation
    return unless_changed(rates[1], rates[0], deviation), changed


def unless_changed(steady: float, late: float, deviation: float) -> float:
    """The steady estimate, or from 1.5 to 3 standard deviations on more and more the late one."""
    differs = abs(late - steady) / deviation if deviation > 0.0 else 0.0
    return steady + min(max((differs - 1.5) / 1.5, 0.0), 1.0) * (late - steady)


def slots_by_quits(
    slots: float, rate: float, mean: float, patience: float, counted: float, expected: float
) -> tuple[float, float, float]:
    """The slots with which about as many give up as did; the rate of that; what share was expected without.

    A factor of two is not corrected, and ten contacts count for the chain. The secant finds the slots.
    """
    if slots <= 0.0 or rate <= 0.0:
        return slots, rate, 1.0 if rate > 0.0 else 0.0
    quits = abandonment_rate(slots, rate, mean, patience)
    share = quits / rate
    missed = math.log((counted + 10.0) / (expected + 10.0))
    if abs(missed) <= math.log(2.0):
        return slots, quits, share
    beyond = math.copysign(abs(missed) - math.log(2.0), missed)
    wanted = min(max(quits, 1e-9 * rate) * math.exp(beyond), 0.9 * rate)
    missed = math.log(wanted / max(quits, 1e-200 * rate))
    more = -missed
    for _ in range(8):
        if abs(missed) < 0.05:
            break
        more = max(more, -0.5 * slots)
        slots += more
        quits = abandonment_rate(slots, rate, mean, patience)
        before, missed = missed, math.log(wanted / max(quits, 1e-200 * rate))
        if missed == before:
            break
        more *= missed / (before - missed)
    return slots, quits, share


def service_mean(contacts: float, total: float, mean: float, long_mean: float) -> float:
    """Mean handling time of a pool, relative to its queue's over a long time, drawn to it by the weight of 25."""
    return mean / long_mean * (total + 25.0 * long_mean) / (contacts + 25.0)


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
