"""Keeping each queue's running estimates, and the prices of its agents that `erlang` computes from them."""

import math
from typing import Final

from engine.kernel.erlang import (
    HANDLE_GUESS_CONTACTS,
    HANDLE_GUESS_NS,
    MEMORY_NS,
    REFRESH_NS,
    loss_rate,
    mean_handle_ns,
    mean_patience_ns,
)
from engine.kernel.jit import jit
from engine.kernel.lookup import oldest_line
from engine.kernel.review import set_price
from engine.kernel.tables import PRICE_LEVELS, Tables
from engine.model.settings import QueueSetting

LONG_SINCE: Final = 40.0
"""Time constants after which nothing is left of the beginning that a float would show."""


@jit
def look_around(t: Tables) -> None:
    """Bring one queue's prices up to date if that is due, another one's each time: what is silent fades, too."""
    book = t.book[0]
    book.priced = book.priced + 1 if book.priced + 1 < book.queues else 0
    if is_due(t, book.priced) and t.queues[book.priced].first_ns != 0:
        fade(t, book.priced)
        compute_prices(t, book.priced)


@jit
def count_entry(t: Tables, q: int) -> None:
    """Count an entry, and bring the queue's prices up to date if that is due."""
    queue = t.queues[q]
    if queue.first_ns == 0:
        queue.first_ns = t.book[0].now_ns
        queue.handled = HANDLE_GUESS_CONTACTS
        queue.handle_ns = HANDLE_GUESS_CONTACTS * HANDLE_GUESS_NS
        t.book[0].queues = max(t.book[0].queues, q + 1)
    due = is_due(t, q)
    if due:
        fade(t, q)
    queue.arrivals += 1.0
    if due:
        compute_prices(t, q)


@jit
def is_due(t: Tables, q: int) -> bool:
    """Tell whether the queue's prices are out of date."""
    priced_at_ns = t.queues[q].priced_at_ns
    return priced_at_ns == 0 or t.book[0].now_ns - priced_at_ns >= REFRESH_NS


@jit
def fade(t: Tables, q: int) -> None:
    """Let what was counted before weigh less."""
    queue = t.queues[q]
    now_ns = t.book[0].now_ns
    fade = math.exp(-(now_ns - queue.decayed_at_ns) / MEMORY_NS) if queue.decayed_at_ns != 0 else 1.0
    queue.arrivals *= fade
    queue.handled *= fade
    queue.handle_ns *= fade
    queue.quit *= fade
    queue.waited_ns *= fade
    queue.decayed_at_ns = now_ns


@jit
def compute_prices(t: Tables, q: int) -> None:
    """Compute the queue's prices, and the weight of its waits, from its estimates."""
    queue = t.queues[q]
    now_ns = t.book[0].now_ns
    queue.priced_at_ns = now_ns
    mean_ns = mean_handle_ns(t, q)
    queue.handling_rate = 1.0 / mean_ns
    value = queue.settings[QueueSetting.VALUE] / 1000.0
    queue.factor = value * (20e9 / max(queue.settings[QueueSetting.THRESHOLD_NS], 1e9)) * (HANDLE_GUESS_NS / mean_ns)
    window_ns = MEMORY_NS * (1.0 - math.exp(-min(max(now_ns - queue.first_ns, 60e9) / MEMORY_NS, LONG_SINCE)))
    oldest = oldest_line(t, q)
    slots = t.lines[oldest].slots if oldest >= 0 else 0
    price_levels(t, q, slots, queue.arrivals / window_ns, mean_ns, value)
    if oldest >= 0:
        set_price(t, oldest)


@jit
def price_levels(t: Tables, q: int, agents: int, rate: float, mean_ns: float, value: float) -> None:
    """Compute what taking one more of so many agents costs, at each count of idle ones."""
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
