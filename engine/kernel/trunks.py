"""The channels of a trunk group: taken, given back, and how many are kept for protected calls where the group leaves
that to the kernel.

With reserve r of N channels an unprotected call is let in while fewer than N - r are busy. Both kinds of calls last
equally long on the mean, so the busy channels are a birth-death chain: up at p + u below N - r, up at p from there on,
down at s (loads p and u in erlangs). Its stationary distribution says what is lost,

    cost(r) = u P(busy >= N - r) + value p P(busy = N),

and the reserve in force is the one that costs least. It is Erlang's formula B where r is 0. The loads are running
estimates over event time, so replay computes the same reserves.
"""

import math
from typing import Final

from engine.kernel.erlang import MEMORY_NS, REFRESH_NS, load_of
from engine.kernel.jit import jit
from engine.kernel.tables import Tables
from engine.messages.kinds import FLAG_PROTECTED
from engine.model.settings import RESERVE_AUTO, TrunkGroupSetting

NEGLIGIBLE: Final = 1e-9
"""Loss, in erlangs times value, below which nothing is worth a reserve."""


@jit
def count_offered(t: Tables, c: int, g: int) -> None:
    """Count a call that came to trunk group `g`, carried or not, and estimate the group's best reserve anew if due.

    What is estimated when a call comes rests on the calls before it: so rare calls are not taken for frequent ones
    because it is they who ask. The first of all only begins the time that is looked at.
    """
    group, now_ns = t.trunk_groups[g], t.book[0].now_ns
    if group.first_ns == 0:
        group.first_ns = now_ns
        group.estimated_at_ns = now_ns
        return
    if now_ns - group.estimated_at_ns >= REFRESH_NS:
        _estimate(t, g)
    # Counts are as of the last estimate, from when on they fade: what came since then counts for as much more.
    weight = 1.0 + (now_ns - group.estimated_at_ns) / MEMORY_NS
    if t.contacts[c].flags & FLAG_PROTECTED:
        group.protected += weight
    else:
        group.unprotected += weight


@jit
def _estimate(t: Tables, g: int) -> None:
    """Let what was counted before weigh less, and find the group's best reserve where that is for the kernel to say."""
    group, now_ns = t.trunk_groups[g], t.book[0].now_ns
    fade = math.exp(-(now_ns - group.estimated_at_ns) / MEMORY_NS)
    group.protected *= fade
    group.unprotected *= fade
    group.ended *= fade
    group.held_ns *= fade
    group.estimated_at_ns = now_ns
    if group.settings[TrunkGroupSetting.RESERVE] != RESERVE_AUTO:
        return
    group.best_reserve = best_reserve(
        group.settings[TrunkGroupSetting.CHANNELS],
        load_of(t, g, group.protected),
        load_of(t, g, group.unprotected),
        group.settings[TrunkGroupSetting.PROTECTED_VALUE] / 1000.0,
    )


@jit
def take_channel(t: Tables, c: int, g: int) -> None:
    """CONTACT_RECEIVED, TRUNK_SEIZED: the contact holds a channel of group `g` from now on."""
    group, now_ns = t.trunk_groups[g], t.book[0].now_ns
    group.busy_ns += group.busy * (now_ns - group.busy_at_ns)
    group.busy_at_ns = now_ns
    group.busy += 1
    group.seized += 1
    group.peak = max(group.peak, group.busy)
    t.contacts[c].trunk_group = g
    t.contacts[c].trunk_since_ns = now_ns
    count_offered(t, c, g)


@jit
def give_back_channel(t: Tables, c: int) -> None:
    """The contact holds a trunk channel no more, if it had one."""
    contact, now_ns = t.contacts[c], t.book[0].now_ns
    if contact.trunk_group < 0:
        return
    group = t.trunk_groups[contact.trunk_group]
    group.busy_ns += group.busy * (now_ns - group.busy_at_ns)
    group.busy_at_ns = now_ns
    group.busy -= 1
    group.ended += 1.0
    group.held_ns += now_ns - contact.trunk_since_ns
    contact.trunk_group = -1


@jit
def move_channel(t: Tables, c: int, to: int) -> None:
    """CALLER_MOVED: the channel of contact `c` is that of contact `to` from now on, whose own caller is gone."""
    give_back_channel(t, to)
    t.contacts[to].asked_group = t.contacts[c].asked_group
    t.contacts[to].trunk_group = t.contacts[c].trunk_group
    t.contacts[to].trunk_since_ns = t.contacts[c].trunk_since_ns
    t.contacts[c].asked_group = -1
    t.contacts[c].trunk_group = -1


@jit
def best_reserve(channels: int, protected: float, unprotected: float, value: float) -> int:
    """Return the reserve of least cost; 0 where there is nothing to protect, or nothing to protect it from."""
    if channels == 0 or protected <= 0.0 or unprotected <= 0.0:
        return 0
    best = 0
    least = reservation_cost(channels, 0, protected, unprotected, value)
    if least < NEGLIGIBLE:
        return 0
    for reserve in range(1, channels + 1):
        cost = reservation_cost(channels, reserve, protected, unprotected, value)
        if cost >= least:
            break
        best, least = reserve, cost
    return best


@jit
def reservation_cost(channels: int, reserve: int, protected: float, unprotected: float, value: float) -> float:
    """Return what is lost with this reserve, in unprotected calls a mean holding time: the chain, from full down."""
    open_below = channels - reserve
    term, total, closed = 1.0, 1.0, 1.0
    for busy in range(channels - 1, -1, -1):
        term *= (busy + 1) / (protected + (unprotected if busy < open_below else 0.0))
        total += term
        if busy >= open_below:
            closed += term
        if term > 1e250 or term < 1e-18 * total:
            break
    return (unprotected * closed + value * protected) / total
