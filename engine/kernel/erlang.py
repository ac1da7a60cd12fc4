"""What Erlang's chains say an agent is worth: the price of taking one more agent out of a queue's idle ones.

For each queue the birth-death chain M/M/n+M of its own estimates (arrival rate, mean handling time, patience, agents
available) has relative values V(s), s contacts present. Their difference D(s) = V(s+1) - V(s) is what one more busy
agent costs later, in lost contacts. From the Poisson equation with cost theta for each one waiting,

    g = lambda D(0),    D(s) = (g + s mu D(s-1)) / lambda    for s < n,

where g is the loss rate of the stationary chain (Ott and Krishnan, Separable routing, 1985: one-step improvement).
Everything is refreshed in event time from the kernel's own running estimates, so replay computes the same prices.
"""

import math
from typing import Final

import numpy as np

from engine.kernel.formulas import inverse_blocking, waiting_line
from engine.kernel.jit import jit
from engine.kernel.masks import ONE, ZERO, lowest
from engine.kernel.tables import Tables

MEMORY_NS: Final = 1_800e9
"""Time constant of the running estimates: half an hour, the field's planning interval."""
REFRESH_NS: Final = 60_000_000_000
"""Prices are computed anew at most this often for each queue."""
HANDLE_GUESS_NS: Final = 180e9
"""Mean handling time assumed until contacts have been handled."""
HANDLE_GUESS_CONTACTS: Final = 3.0
"""As so many contacts the guess counts at a queue's first entry, and fades as they do: one call is no mean."""
PATIENCE_GUESS_NS: Final = 300e9
"""Mean patience assumed with the weight of one abandonment."""
STATES_BEYOND: Final = 4096
"""Waiting contacts considered; the chain's tail beyond is below 1e-12 unless patience is longer than hours."""


@jit
def mean_handle_ns(t: Tables, q: int) -> float:
    """Return the queue's running mean of talk plus wrap-up, ns."""
    queue = t.queues[q]
    return (queue.handle_ns + HANDLE_GUESS_NS * 0.1) / (queue.handled + 0.1)


@jit
def mean_patience_ns(t: Tables, q: int) -> float:
    """Return the queue's mean patience, exponential, by maximum likelihood: time waited / abandonments, ns."""
    queue = t.queues[q]
    return (queue.waited_ns + PATIENCE_GUESS_NS) / (queue.quit + 1.0)


@jit
def loss_rate(agents: int, rate: float, mean_ns: float, patience_ns: float) -> float:
    """Return abandonments per ns of M/M/n+M: each one who waits gives up at the rate 1 / `patience_ns`."""
    if rate <= 0.0:
        return 0.0
    inverse = inverse_blocking(rate * mean_ns, agents - 1)
    _, _, waiting, _ = waiting_line(inverse, agents, rate, 1.0 / mean_ns, 1.0 / patience_ns, STATES_BEYOND)
    return waiting / patience_ns


@jit
def price_elsewhere(t: Tables, queue: int, a: int) -> tuple[float, int]:
    """Return what the other queues lose for each ns that one of agent `a`'s slots is taken for `queue`, and the line
    that loses most, -1 if none.

    Each queue counts once, by its oldest line, the one its prices are computed for; and only lines short of free slots
    have a price, so in quiet times the sum is empty.
    """
    price, most, dearest = 0.0, 0.0, -1
    short = len(t.agents) + 1
    for place in range(t.line_masks.shape[1]):
        word = t.line_masks[a, place] & t.line_masks[short, place]
        while word != ZERO:
            line = (place << 6) + lowest(word)
            word &= word - ONE
            if t.lines[line].queue == queue:
                continue
            price += t.line_prices[line]
            if t.line_prices[line] > most:
                most, dearest = t.line_prices[line], line
    return price, dearest


@jit
def cost_elsewhere(t: Tables, own_line: int, mean_ns: float, a: int, enough: float) -> float:
    """Return what the other queues lose while one of agent `a`'s slots is taken for `mean_ns`: the price above, told by
    the oldest line of the contact's queue. Summing ends at more than `enough`: prices are never below 0.
    """
    price = 0.0
    short = len(t.agents) + 1
    for place in range(t.line_masks.shape[1]):
        word = t.line_masks[a, place] & t.line_masks[short, place]
        if place == own_line >> 6:
            word &= ~(ONE << np.uint64(own_line & 63))
        while word != ZERO:
            price += t.line_prices[(place << 6) + lowest(word)]
            word &= word - ONE
            if price * mean_ns > enough:
                return price * mean_ns
    return price * mean_ns


@jit
def load_of(t: Tables, g: int, calls: float) -> float:
    """Return the load of a decayed count of calls offered to the group, erlangs."""
    group = t.trunk_groups[g]
    seen_ns = max(group.estimated_at_ns - group.first_ns, 60e9)
    mean_ns = (group.held_ns + HANDLE_GUESS_NS * 0.1) / (group.ended + 0.1)
    return calls / (MEMORY_NS * (1.0 - math.exp(-seen_ns / MEMORY_NS))) * mean_ns


@jit
def channel_cost(load: float, busy: int, limit: int) -> float:
    """Return the chance that a later call is lost because one more channel is taken now: B(limit) / B(busy).

    `busy` of the `limit` channels that calls of the kind may have are busy; `load` is in erlangs. 0.0 without a load.
    """
    if load <= 0.0:
        return 0.0
    blocked = 1.0 / inverse_blocking(load, busy)
    share = 1.0
    for n in range(busy + 1, limit + 1):
        share *= load / (n + load * blocked)
        blocked = load * blocked / (n + load * blocked)
        if share < 1e-9:
            return 0.0
    return share
