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

from engine.kernel.eligibility import set_price
from engine.kernel.jit import jit
from engine.kernel.masks import count_common
from engine.kernel.tables import PRICE_LEVELS, Tables
from engine.kernel.waiting_line import common_lines
from engine.messages.kinds import CHANNELS
from engine.model.settings import QueueSetting

MEMORY_NS: Final = 1_800e9
"""Time constant of the running estimates: half an hour, the field's planning interval."""
REFRESH_NS: Final = 60_000_000_000
"""Prices are computed anew at most this often for each queue."""
HANDLE_GUESS_NS: Final = 180e9
"""Mean handling time assumed until the first contact has been handled."""
PATIENCE_GUESS_NS: Final = 300e9
"""Mean patience assumed with the weight of one abandonment."""
STATES_BEYOND: Final = 4096
"""Waiting contacts considered; the chain's tail beyond is below 1e-12 unless patience is longer than hours."""


@jit
def refresh_prices(t: Tables, q: int) -> None:
    """Decay the queue's estimates to now and compute its prices anew, if that is due."""
    queue = t.queues[q]
    now_ns = t.book[0].now_ns
    if queue.priced_at_ns != 0 and now_ns - queue.priced_at_ns < REFRESH_NS:
        return
    if queue.first_ns == 0:
        queue.first_ns = now_ns
    fade = math.exp(-(now_ns - queue.decayed_at_ns) / MEMORY_NS) if queue.decayed_at_ns != 0 else 1.0
    queue.arrivals *= fade
    queue.handled *= fade
    queue.handle_ns *= fade
    queue.quit *= fade
    queue.waited_ns *= fade
    queue.decayed_at_ns = now_ns
    queue.priced_at_ns = now_ns
    mean_ns = mean_handle_ns(t, q)
    value = queue.settings[QueueSetting.VALUE] / 1000.0
    queue.factor = value * (20e9 / max(queue.settings[QueueSetting.THRESHOLD_NS], 1e9)) * (HANDLE_GUESS_NS / mean_ns)
    agents = available_for(t, q)
    window_ns = MEMORY_NS * (1.0 - math.exp(-max(now_ns - queue.first_ns, 60e9) / MEMORY_NS))
    _price_levels(t, q, agents, queue.arrivals / window_ns, mean_ns, value)
    line = queue.first_line
    while line >= 0:
        set_price(t, line)
        line = t.lines[line].next_line


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
def available_for(t: Tables, q: int) -> int:
    """Return how many agents may serve the queue's oldest line and are available."""
    line = t.queues[q].first_line
    if line < 0:
        return 0
    while t.lines[line].next_line >= 0:
        line = t.lines[line].next_line
    return count_common(t.agent_masks, line, common_lines(t) + CHANNELS + 1)


@jit
def _price_levels(t: Tables, q: int, agents: int, rate: float, mean_ns: float, value: float) -> None:
    prices = t.prices[q]
    prices[:] = 0.0
    if agents == 0 or rate <= 0.0:
        return
    lost = loss_rate(agents, rate, mean_ns, mean_patience_ns(t, q)) * value
    step = lost / rate
    for busy in range(agents):
        if busy > 0:
            step = (lost + busy / mean_ns * step) / rate
        idle = agents - busy
        if idle < PRICE_LEVELS:
            prices[idle] = step
    prices[0] = step


@jit
def loss_rate(agents: int, rate: float, mean_ns: float, patience_ns: float) -> float:
    """Return abandonments per ns of M/M/n+M: from Erlang B at n, then outward while the tail matters."""
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = rate * mean_ns * blocked / (n + rate * mean_ns * blocked)
    term = 1.0
    total = 0.0
    weighted = 0.0
    for waiting in range(1, STATES_BEYOND):
        term *= rate / (agents / mean_ns + waiting / patience_ns)
        total += term
        weighted += waiting * term
        if term < 1e-12 * total:
            break
    return blocked / (1.0 + blocked * total) * weighted / patience_ns


@jit
def expected_wait_ns(t: Tables, q: int, ahead: int, quantile: float) -> int:
    """Return a quantile (as a normal deviate) of the wait behind `ahead` others, ns; -1 if nobody is available.

    The (ahead + 1)-th departure of n agents each finishing after mean m is gamma distributed with shape ahead + 1 and
    scale m / n; the quantile is Wilson and Hilferty's (1931).
    """
    agents = available_for(t, q)
    if agents == 0:
        return -1
    shape = ahead + 1.0
    root = 1.0 - 1.0 / (9.0 * shape) + quantile / (3.0 * math.sqrt(shape))
    return int(max(shape * root * root * root, 0.0) * mean_handle_ns(t, q) / agents)
