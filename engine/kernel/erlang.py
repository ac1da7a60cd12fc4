"""What Erlang's chains say an agent is worth: the price of taking one more agent from a queue, told by its slack.

A queue's slack s is the free slots of apt agents who may serve it less its waiting contacts. Left to itself it is a
birth-death chain: down at the arrival rate lambda; up at the rate (n - s) mu while slots are free and n mu + |s| theta
while contacts wait, theta being the rate at which each gives up. n is what the queue has for itself: the slots at work
less those that other queues' contacts take up on the mean. The chain has relative values, and their difference D(s) is
what one less slack costs later, in lost contacts times their value. With c(s) what waiting costs, and g its mean,
Poisson's equation says

    D(s) = (g + (n - s) mu D(s + 1)) / lambda                                       s >= 0
    D(s + 1) = (c(s) - g + lambda D(s)) / (n mu + |s| theta)                        s < 0

(Ott and Krishnan, Separable routing, 1985: one step of policy improvement). At s > 0 it prices a free agent; at s <= 0
it says what one more waiting contact stands to lose. docs/ROUTING.md has the reasons, the figures and the limits.
Everything is refreshed in event time from the kernel's own running estimates, so replay computes the same prices.
"""

import math
from typing import Final

from engine.kernel.formulas import inverse_blocking, waiting_line
from engine.kernel.jit import jit
from engine.kernel.lookup import oldest_line
from engine.kernel.masks import ONE, ZERO, lowest
from engine.kernel.tables import PRICE_LEVELS, WAITING_LEVELS, Tables
from engine.model.settings import QueueSetting

MEMORY_NS: Final = 1_800e9
"""Time constant of the running estimates of loads: half an hour, the field's planning interval."""
STEADY_MEMORY_NS: Final = 28_800e9
"""The same of what hardly changes in a working day: arrivals as long as they are steady, and who serves whom."""
LONG_MEMORY_NS: Final = 604_800e9
"""The same of what hardly changes from day to day: handling times and patience. A week."""
CHANCE: Final = 1.5
CHANGE: Final = 3.0
"""Standard deviations by which what was counted of late may differ from before by chance; from CHANGE on it alone
counts, in between in part."""
REFRESH_NS: Final = 60_000_000_000
"""Prices are computed anew at most this often for each queue."""
HANDLE_GUESS_NS: Final = 180e9
"""Mean handling time assumed until contacts have been handled."""
HANDLE_GUESS_CONTACTS: Final = 3.0
"""As so many contacts the guess counts at a queue's first entry, and fades as they do: one call is no mean."""
PATIENCE_GUESS_NS: Final = 300e9
"""Mean patience assumed with the weight of one abandonment."""
APT: Final = 1.2
"""An agent is apt for a queue who takes no more than so many times its mean handling time. Others are a last resort."""
LONGEST_WORTHWHILE_WAIT: Final = 30.0
"""In service-level thresholds: nobody is taken for more patient than that when waits are priced."""
OTHERS_SHARE: Final = 0.15
"""Share by which all but the dearest queue count in what a slot costs."""
OWN_SHARE: Final = 2.0
"""The same of the contact's own queue, whose next contact misses the slot as well: so the fast come first."""
AGEING: Final = 20.0
"""Patiences that a contact must have waited before it stands to lose twice as much as one that came now."""
LOST_NS: Final = 20e9
"""What one lost contact weighs beside contacts of queues under another strategy, as a wait."""
ABOVE_ROUNDING: Final = 1.0 + 1e-12
"""What costs more than so many times as much does so whatever was rounded."""
STATES_BEYOND: Final = 4096
"""Waiting contacts considered; the chain's tail beyond is below 1e-12 unless patience is longer than hours."""


@jit
def mean_handle_ns(t: Tables, q: int) -> float:
    """Return the queue's running mean of talk plus wrap-up, ns: a week's, unless the working day's differs by more than
    chance.
    """
    queue = t.queues[q]
    late_ns = (queue.handle_ns + HANDLE_GUESS_NS * 0.1) / (queue.handled + 0.1)
    steady_ns = (queue.long_handle_ns + HANDLE_GUESS_NS * 0.1) / (queue.long_handled + 0.1)
    return unless_changed(steady_ns, late_ns, max(late_ns, steady_ns) / math.sqrt(queue.handled + 0.1))


@jit
def unless_changed(steady: float, late: float, deviation: float) -> float:
    """Return the steady estimate, or the one of late as far as they differ by more than its standard deviation says."""
    differs = abs(late - steady) / deviation if deviation > 0.0 else 0.0
    return steady + min(max((differs - CHANCE) / (CHANGE - CHANCE), 0.0), 1.0) * (late - steady)


@jit
def mean_patience_ns(t: Tables, q: int) -> float:
    """Return the queue's mean patience, exponential, by maximum likelihood: time waited / abandonments, ns."""
    queue = t.queues[q]
    return (queue.waited_ns + PATIENCE_GUESS_NS) / (queue.quit + 1.0)


@jit
def service_ns(t: Tables, a: int, q: int) -> float:
    """Return the mean handling time of the queue's contacts at agents of the same pool as `a`, ns."""
    pool = t.agent_pools[a]
    known_ns = t.service_means[q, pool] if pool >= 0 else 0.0
    return known_ns if known_ns > 0.0 else mean_handle_ns(t, q)


@jit
def waiting_cost(t: Tables, q: int) -> float:
    """Return what each waiting contact costs for each ns: its value at the rate of giving up, or that of the queue's
    threshold where hardly anybody gives up.
    """
    settings = t.queues[q].settings
    longest_ns = LONGEST_WORTHWHILE_WAIT * max(settings[QueueSetting.THRESHOLD_NS], 1e9)
    return settings[QueueSetting.VALUE] / 1000.0 / min(mean_patience_ns(t, q), longest_ns)


@jit
def loss_rate(slots: float, rate: float, mean_ns: float, patience_ns: float) -> float:
    """Return abandonments per ns of M/M/n+M: each one who waits gives up at the rate 1 / `patience_ns`. The number of
    slots n need not be whole.
    """
    if rate <= 0.0:
        return 0.0
    inverse = inverse_blocking(rate * mean_ns, slots - 1.0)
    _, _, waiting, _ = waiting_line(inverse, slots, rate, 1.0 / mean_ns, 1.0 / patience_ns, STATES_BEYOND)
    return waiting / patience_ns


@jit
def level_of(t: Tables, line: int) -> int:
    """Return the line's place among its queue's prices: by its slack, free slots of apt agents less who waits."""
    slack = t.lines[line].apt_idle - t.lines[line].count
    return min(max(slack + WAITING_LEVELS, 1), PRICE_LEVELS - 1)


@jit
def gain(t: Tables, c: int) -> float:
    """Return what the last of those who wait in the contact's line stands to lose by waiting on."""
    contact = t.contacts[c]
    return t.prices[contact.queue, max(WAITING_LEVELS + 1 - t.lines[contact.line].count, 1)]


@jit
def own_price(t: Tables, queue: int) -> float:
    """Return what the queue's own next contact loses, for each ns, by missing a slot that one of its contacts takes."""
    own = oldest_line(t, queue)
    return OWN_SHARE * t.line_prices[own] if own >= 0 else 0.0


@jit
def cost_of_slot(t: Tables, a: int, lasts_ns: float, own: float, enough: float) -> float:
    """Return what is lost while one of agent `a`'s slots is taken for so long, `own` being the price above.

    The dearest of the queues that the agent is apt for counts in full, the others in part: a slot is lost to one.
    Each queue counts by its oldest line, the one its prices are computed for; and only lines short of free slots have a
    price, so in quiet times there is none. Summing ends beyond `enough`: prices are never below 0.
    """
    total, dearest = 0.0, 0.0
    spare = enough * ABOVE_ROUNDING - own * lasts_ns
    short = len(t.agents) + 1
    for place in range(t.line_masks.shape[1]):
        word = t.apt_lines[a, place] & t.line_masks[short, place]
        while word != ZERO:
            price = t.line_prices[(place << 6) + lowest(word)]
            word &= word - ONE
            total += price
            if price > dearest:
                dearest = price
                if price * lasts_ns > spare:
                    break
        if dearest * lasts_ns > spare:
            break
    return (dearest + OTHERS_SHARE * (total - dearest) + own) * lasts_ns


@jit
def load_of(t: Tables, g: int, calls: float) -> float:
    """Return the load of a decayed count of calls offered to the group, as the group keeps it, now: erlangs."""
    group, now_ns = t.trunk_groups[g], t.book[0].now_ns
    calls *= math.exp(-(now_ns - group.estimated_at_ns) / MEMORY_NS)
    seen_ns = max(now_ns - group.first_ns, 60e9)
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
