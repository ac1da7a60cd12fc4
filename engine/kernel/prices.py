"""Keeping each queue's prices: tables that `erlang` looks up, computed anew where the estimates have moved."""

import math
from typing import Final

from engine.kernel.erlang import (
    AGEING,
    APT,
    HANDLE_GUESS_NS,
    LOST_NS,
    REFRESH_NS,
    loss_rate,
    mean_handle_ns,
    mean_patience_ns,
    waiting_cost,
)
from engine.kernel.estimates import (
    add_up_loads,
    begin,
    count_arrival,
    estimate_rate,
    estimate_service,
    fade,
    likeness,
    work_rate,
)
from engine.kernel.jit import jit
from engine.kernel.lookup import oldest_line
from engine.kernel.masks import ONE, ZERO, has, lowest
from engine.kernel.pools import pool_of
from engine.kernel.review import count_apt, make_apt, make_inapt, set_price
from engine.kernel.tables import FREE_LEVELS, PRICE_LEVELS, WAITING_LEVELS, Tables
from engine.messages.kinds import ERLANG
from engine.model.settings import QueueSetting

OWN_SLOTS_MIN: Final = 0.1
"""Share of its slots that a queue has for itself at least, whatever the others take."""
QUITS: Final = 10.0
"""As so many contacts who gave up it counts that a queue's chain is right."""
RIGHT_WITHIN: Final = 2.0
"""Factor within which it is. A chain knows of the others only on the mean, and of holds not at all."""
CLOSE: Final = 0.05
ROUNDS: Final = 8
"""Beyond, slots are sought with which it is right: as close as this, in logarithms, in so many steps at most."""
QUITS_LEAST: Final = 1e-9
QUITS_MOST: Final = 0.9
"""Shares of contacts giving up between which slots are sought."""
NOTHING: Final = 1e-200
"""Share that is as good as none, so that it has a logarithm."""
DEPTH: Final = 96
"""Waiting contacts from which on the differences of the chain's values are computed."""
LOOK_NS: Final = 600_000_000_000
LOOK_MAX_NS: Final = 3_600_000_000_000
"""How often a queue looks at who may serve it, as long as the same are at work: first every ten minutes, then
after half of the time that it has been known for, at last every hour. Prices are computed anew then. The loads of pools
are added up every ten minutes, if somebody looks."""
MOVED: Final = 0.5
"""In between they are computed anew when the arrival rate has moved by so many of its own standard deviations."""


@jit
def look_around(t: Tables) -> None:
    """Bring one queue's prices up to date if that is due, another one's each time: what is silent fades, too."""
    book = t.book[0]
    book.priced = book.priced + 1 if book.priced + 1 < book.queues else 0
    if is_due(t, book.priced) and t.queues[book.priced].first_ns != 0:
        fade(t, book.priced)
        review_prices(t, book.priced)


@jit
def count_entry(t: Tables, q: int) -> None:
    """Bring the queue's prices up to date if that is due, then count an entry: what is estimated when a contact comes
    rests on those before it, so that rare ones are not taken for frequent because it is they who ask.
    """
    queue = t.queues[q]
    is_first = queue.first_ns == 0
    if is_first:
        begin(t, q)
        if chooses_by_prices(t, q):
            ask_for_prices(t, 1)
    if is_due(t, q):
        fade(t, q)
        review_prices(t, q)
    count_arrival(t, q, is_first)
    queue.expected_quit += queue.quit_share


@jit
def chooses_by_prices(t: Tables, q: int) -> bool:
    """Tell whether the queue's settings say so."""
    return t.queues[q].settings[QueueSetting.STRATEGY] == ERLANG


@jit
def ask_for_prices(t: Tables, more: int) -> None:
    """Note that so many more queues with contacts choose by prices. For the first of them all queues are priced: as
    long as there was none, nobody looked at agents or computed anything.
    """
    book = t.book[0]
    book.priced_by += more
    if more <= 0 or book.priced_by != more:
        return
    for line in range(len(t.line_prices)):
        t.line_prices[line] = 0.0
    for q in range(book.queues):
        if t.queues[q].priced_at_ns != 0:
            t.queues[q].looked_at_ns = 0
            t.queues[q].expected_quit = t.queues[q].quit  # nothing was expected: no chain was wrong meanwhile
            fade(t, q)
            review_prices(t, q)


@jit
def is_due(t: Tables, q: int) -> bool:
    """Tell whether the queue's estimates should be looked at."""
    priced_at_ns = t.queues[q].priced_at_ns
    return priced_at_ns == 0 or t.book[0].now_ns - priced_at_ns >= REFRESH_NS


@jit
def review_prices(t: Tables, q: int) -> None:
    """Compute the queue's prices anew if its agents have to be looked at, or its arrival rate or its value changed; and
    if anybody asks for prices at all.
    """
    queue = t.queues[q]
    queue.priced_at_ns = t.book[0].now_ns
    if t.book[0].priced_by == 0:
        return
    estimate_rate(t, q)
    oldest = oldest_line(t, q)
    crew = t.lines[oldest].crew if oldest >= 0 else 0
    if (
        queue.looked_at_ns == 0
        or crew != queue.looked_crew
        or queue.priced_at_ns >= queue.looked_at_ns + _look_ns(t, q)
    ):
        _look(t, q, oldest, crew)
    elif not _has_moved(t, q):
        return
    _compute_prices(t, q)
    if oldest >= 0:
        set_price(t, oldest)


@jit
def _look_ns(t: Tables, q: int) -> int:
    """Return how long a look holds: a queue that has been known for longer has more that hardly moves."""
    age_ns = t.queues[q].priced_at_ns - t.queues[q].first_ns
    return min(max(age_ns // 2, LOOK_NS), LOOK_MAX_NS)


@jit
def _has_moved(t: Tables, q: int) -> bool:
    queue = t.queues[q]
    if queue.priced_value != queue.settings[QueueSetting.VALUE]:
        return True
    moved = queue.rate - queue.priced_rate
    return moved * moved * queue.steady_arrivals > MOVED * MOVED * queue.rate * queue.rate


@jit
def _look(t: Tables, q: int, oldest: int, crew: int) -> None:
    """Look at who may serve the queue, and how much of them it has for itself."""
    queue = t.queues[q]
    now_ns = t.book[0].now_ns
    if t.book[0].loads_at_ns == 0 or now_ns >= t.book[0].loads_at_ns + LOOK_NS:
        add_up_loads(t)
    queue.own_slots, queue.own_mean_ns = 0.0, mean_handle_ns(t, q)
    if oldest >= 0:
        _review_apt(t, oldest)
        queue.own_slots, queue.own_mean_ns = _own_slots(t, oldest)
    queue.looked_crew, queue.looked_at_ns = crew, now_ns


@jit
def _review_apt(t: Tables, line: int) -> None:
    """Tell anew which of those who may serve the line are apt: who takes not much longer than the mean of the queue, or
    than the fastest at work if all are slower.
    """
    queue, channel = t.lines[line].queue, t.lines[line].channel
    limit_ns = APT * max(mean_handle_ns(t, queue), _fastest_ns(t, line))
    for place in range(t.agent_masks.shape[1]):
        word = t.agent_masks[line, place]
        while word != ZERO:
            a = (place << 6) + lowest(word)
            word &= word - ONE
            is_apt = t.service_means[queue, t.agent_pools[a]] <= limit_ns
            if is_apt == has(t.apt_lines, a, line):
                continue
            if is_apt:
                make_apt(t, a, line)
                count_apt(t, line, t.agents[a].free_slots[channel])
            else:
                count_apt(t, line, -t.agents[a].free_slots[channel])
                make_inapt(t, a, line)


@jit
def _fastest_ns(t: Tables, line: int) -> float:
    """Estimate mean handling times of those who may serve the line; return the least of those at work, 0.0 if none."""
    queue, channel, least_ns = t.lines[line].queue, t.lines[line].channel, 0.0
    alike = likeness(t, queue)
    for place in range(t.agent_masks.shape[1]):
        word = t.agent_masks[line, place]
        while word != ZERO:
            a = (place << 6) + lowest(word)
            word &= word - ONE
            likely_ns = estimate_service(t, queue, pool_of(t, a), alike)
            if (least_ns == 0.0 or likely_ns < least_ns) and t.agents[a].slots[channel] != 0:
                least_ns = likely_ns
    return least_ns


@jit
def _own_slots(t: Tables, line: int) -> tuple[float, float]:
    """Return the slots that the line's queue has for itself, and the mean handling time of its contacts there, ns.

    They are the slots at work of apt agents, less those that other queues' contacts take up on the mean, and more by
    what others who are not apt do for the queue.
    """
    queue, channel = t.lines[line].queue, t.lines[line].channel
    t.book[0].looks += 1
    look, rate = t.book[0].looks, work_rate(t, queue)
    slots, taken, work, done, done_slowly = 0.0, 0.0, 0.0, 0.0, 0.0
    for place in range(t.agent_masks.shape[1]):
        word = t.agent_masks[line, place]
        while word != ZERO:
            a = (place << 6) + lowest(word)
            word &= word - ONE
            if t.agents[a].slots[channel] == 0:
                continue
            is_apt = has(t.apt_lines, a, line)
            if is_apt:
                slots += t.agents[a].slots[channel]
            pool = t.agent_pools[a]
            if t.pools[pool].look == look:
                continue
            t.pools[pool].look = look
            own = t.services[queue, pool, 2] * rate
            served = own / t.service_means[queue, pool]
            if is_apt:
                work += own
                done += served
                taken += max(t.pools[pool].load - own, 0.0)
            else:
                done_slowly += served
    mean_ns = work / done if done > 0.0 else mean_handle_ns(t, queue)
    return max(slots - taken + done_slowly * mean_ns, OWN_SLOTS_MIN * slots, min(slots, 1.0)), mean_ns


@jit
def _compute_prices(t: Tables, q: int) -> None:
    """Compute the queue's prices from its estimates."""
    queue = t.queues[q]
    queue.priced_rate = queue.rate
    queue.priced_value = queue.settings[QueueSetting.VALUE]
    queue.handling_rate = 1.0 / queue.own_mean_ns
    slots, quits = slots_by_quits(t, q)
    price_levels(t, q, slots, queue.rate, queue.own_mean_ns, quits)
    queue.worth = (queue.priced_value / 1000.0 + t.prices[q, WAITING_LEVELS]) * HANDLE_GUESS_NS * LOST_NS
    queue.ageing = 1.0 / (AGEING * mean_patience_ns(t, q))


@jit
def slots_by_quits(t: Tables, q: int) -> tuple[float, float]:
    """Return the slots that the queue has for itself, and the rate at which contacts give up in its chain with them.

    Within a factor of RIGHT_WITHIN the chain is taken at its word. As far as more or fewer give up than it expects, it
    has so many slots that they do: so an estimate that is wrong for good, whichever it is, does not go on unnoticed.
    """
    queue = t.queues[q]
    slots, rate, mean_ns, patience_ns = queue.own_slots, queue.rate, queue.own_mean_ns, mean_patience_ns(t, q)
    if slots <= 0.0 or rate <= 0.0:
        queue.quit_share = 1.0 if rate > 0.0 else 0.0
        return slots, rate
    quits = loss_rate(slots, rate, mean_ns, patience_ns)
    queue.quit_share = quits / rate
    missed = math.log((queue.quit + QUITS) / (queue.expected_quit + QUITS))
    beyond = abs(missed) - math.log(RIGHT_WITHIN)
    if beyond <= 0.0:
        return slots, quits
    missed = beyond if missed > 0.0 else -beyond
    wanted = min(max(quits, QUITS_LEAST * rate) * math.exp(missed), QUITS_MOST * rate)
    missed = math.log(wanted / max(quits, NOTHING * rate))
    more = -missed
    for _ in range(ROUNDS):
        if abs(missed) < CLOSE:
            break
        more = max(more, -0.5 * slots)
        slots += more
        quits = loss_rate(slots, rate, mean_ns, patience_ns)
        before, missed = missed, math.log(wanted / max(quits, NOTHING * rate))
        if missed == before:
            break
        more *= missed / (before - missed)
    return slots, quits


@jit
def price_levels(t: Tables, q: int, slots: float, rate: float, mean_ns: float, quits: float) -> None:
    """Compute what one less slack costs at each slack, for a queue that has so many slots for itself, of whose contacts
    so many give up each ns.
    """
    prices = t.prices[q]
    patience_ns, cost = mean_patience_ns(t, q), waiting_cost(t, q)
    if slots <= 0.0 or rate <= 0.0:
        for level in range(PRICE_LEVELS):
            prices[level] = cost * patience_ns if level <= WAITING_LEVELS else 0.0
        return
    lost = quits * patience_ns * cost
    per_arrival, served = lost / rate, 1.0 / (mean_ns * rate)
    for level in range(WAITING_LEVELS + 1, PRICE_LEVELS):
        prices[level] = per_arrival
    step = 0.0
    for slack in range(int(slots), -1, -1):
        step = per_arrival + (slots - slack) * served * step
        if slack < FREE_LEVELS:
            prices[WAITING_LEVELS + slack] = step
    step = cost * patience_ns
    done, gone = slots / mean_ns, 1.0 / patience_ns
    for waiting in range(DEPTH, 1, -1):
        step = (waiting * cost - lost + rate * step) / (done + waiting * gone)
        if waiting <= WAITING_LEVELS + 1:
            prices[WAITING_LEVELS + 1 - waiting] = step
