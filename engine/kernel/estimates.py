"""Keeping the running estimates: what each queue's contacts do, and how long agents of each pool take for them."""

import math
from typing import Final

from engine.kernel.erlang import (
    CHANGE,
    HANDLE_GUESS_CONTACTS,
    HANDLE_GUESS_NS,
    LONG_MEMORY_NS,
    MEMORY_NS,
    STEADY_MEMORY_NS,
    mean_handle_ns,
    unless_changed,
)
from engine.kernel.jit import jit
from engine.kernel.pools import forget_empty_pools, pool_of
from engine.kernel.tables import POOLS, Tables

SEEN_MIN_NS: Final = 60e9
"""Arrivals are counted for so long at least before they are a rate."""
ALIKE_CONTACTS: Final = 25.0
"""As so many contacts it counts that pools take as long as each other: they commonly differ by a fifth."""
LONGEST_NS: Final = 1_152_000_000_000_000
"""Silence after which nothing is left of what a working day's memory held, as far as a float shows: 40 of them."""
WEIGHT_MAX: Final = 1e12
"""Sums by pool are brought back to a weight of 1 beyond it."""


@jit
def begin(t: Tables, q: int) -> None:
    """The queue's first contact enters it."""
    queue = t.queues[q]
    queue.first_ns = t.book[0].now_ns
    queue.weight = max(queue.weight, 1.0)
    queue.long_weight = max(queue.long_weight, 1.0)
    queue.handled = queue.long_handled = HANDLE_GUESS_CONTACTS
    queue.handle_ns = queue.long_handle_ns = HANDLE_GUESS_CONTACTS * HANDLE_GUESS_NS
    t.book[0].queues = max(t.book[0].queues, q + 1)


@jit
def fade(t: Tables, q: int) -> None:
    """Let what was counted before weigh less; by pool, what is counted from now on weighs more."""
    queue = t.queues[q]
    now_ns = t.book[0].now_ns
    since_ns = min(now_ns - queue.decayed_at_ns, LONGEST_NS) if queue.decayed_at_ns != 0 else 0
    fade = math.exp(-since_ns / MEMORY_NS)
    queue.arrivals *= fade
    queue.seen_ns = queue.seen_ns * fade + MEMORY_NS * (1.0 - fade)
    fade = math.exp(-since_ns / STEADY_MEMORY_NS)
    queue.steady_arrivals *= fade
    queue.steady_seen_ns = queue.steady_seen_ns * fade + STEADY_MEMORY_NS * (1.0 - fade)
    queue.entered *= fade
    queue.handled *= fade
    queue.handle_ns *= fade
    queue.decayed_at_ns = now_ns
    queue.weight /= fade
    fade = math.exp(-since_ns / LONG_MEMORY_NS)
    queue.quit *= fade
    queue.waited_ns *= fade
    queue.expected_quit *= fade
    queue.long_handled *= fade
    queue.long_handle_ns *= fade
    queue.long_weight /= fade
    if queue.weight > WEIGHT_MAX or queue.long_weight > WEIGHT_MAX:
        for pool in range(POOLS):
            t.services[q, pool, 0] /= queue.long_weight
            t.services[q, pool, 1] /= queue.long_weight
            t.services[q, pool, 2] /= queue.weight
        queue.weight = 1.0
        queue.long_weight = 1.0


@jit
def count_arrival(t: Tables, q: int, is_first: bool) -> None:
    """Count a contact that entered the queue. The first of all only begins the time that is looked at."""
    queue = t.queues[q]
    queue.entered += 1.0
    if not is_first:
        # Counts are as of the last time they faded, and fade from then on: what came since counts for as much more.
        since_ns = t.book[0].now_ns - queue.decayed_at_ns
        queue.arrivals += 1.0 + since_ns / MEMORY_NS
        queue.steady_arrivals += 1.0 + since_ns / STEADY_MEMORY_NS


@jit
def count_handled(t: Tables, q: int, a: int) -> None:
    """Count a contact of the queue that agent `a` is done talking with."""
    queue = t.queues[q]
    queue.handled += 1.0
    queue.long_handled += 1.0
    t.services[q, pool_of(t, a), 0] += max(queue.long_weight, 1.0)


@jit
def count_taken(t: Tables, q: int, a: int, lasted_ns: int) -> None:
    """Count the time that agent `a` spent on a contact of the queue."""
    queue, pool = t.queues[q], pool_of(t, a)
    queue.handle_ns += lasted_ns
    queue.long_handle_ns += lasted_ns
    t.services[q, pool, 1] += max(queue.long_weight, 1.0) * lasted_ns
    t.services[q, pool, 2] += max(queue.weight, 1.0) * lasted_ns


@jit
def estimate_rate(t: Tables, q: int) -> None:
    """Estimate the arrival rate: the working day's, unless those of late differ by more than chance."""
    queue = t.queues[q]
    seen_ns = max(queue.seen_ns, SEEN_MIN_NS)
    late = queue.arrivals / seen_ns
    steady = queue.steady_arrivals / max(queue.steady_seen_ns, SEEN_MIN_NS)
    deviation = math.sqrt(max(late, steady) / (seen_ns * (1.0 + seen_ns / MEMORY_NS)))
    if late != steady and abs(late - steady) >= CHANGE * deviation:
        queue.steady_arrivals = queue.arrivals
        queue.steady_seen_ns = queue.seen_ns
    queue.rate = unless_changed(steady, late, deviation)


@jit
def likeness(t: Tables, q: int) -> tuple[float, float, float]:
    """Return as how many contacts, and how much of their time, it counts that pools are alike for a queue; and by what
    its handling time now is that of a long time.
    """
    queue = t.queues[q]
    mean_ns, contacts = mean_handle_ns(t, q), ALIKE_CONTACTS * max(queue.long_weight, 1.0)
    long_ns = (queue.long_handle_ns + mean_ns) / (queue.long_handled + 1.0)
    return contacts, contacts * long_ns, mean_ns / long_ns


@jit
def estimate_service(t: Tables, q: int, pool: int, alike: tuple[float, float, float]) -> float:
    """Estimate and note the mean handling time at a pool, ns: its queue's, by what the pool takes more or less than it
    over a long time. While its contacts are few it is drawn to its queue's (`likeness`).
    """
    likely_ns = alike[2] * (t.services[q, pool, 1] + alike[1]) / (t.services[q, pool, 0] + alike[0])
    t.service_means[q, pool] = likely_ns
    return float(likely_ns)


@jit
def add_up_loads(t: Tables) -> None:
    """Add up how many slots of each pool all queues' contacts take up on the mean, at their present arrival rates."""
    forget_empty_pools(t)
    t.book[0].loads_at_ns = t.book[0].now_ns
    for pool in range(POOLS):
        t.pools[pool].load = 0.0
    for q in range(t.book[0].queues):
        rate = work_rate(t, q)
        if rate > 0.0:
            for pool in range(POOLS):
                t.pools[pool].load += t.services[q, pool, 2] * rate


@jit
def work_rate(t: Tables, q: int) -> float:
    """Return by what a pool's time for the queue over a working day, as counted, is a load at its present rate."""
    queue = t.queues[q]
    return queue.rate / (queue.entered * queue.weight) if queue.entered > 0.0 else 0.0
