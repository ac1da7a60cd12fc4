"""Pools: agents who may serve the same queues at the same levels, whose handling times are known together."""

from typing import Final

from engine.kernel.eligibility import level_in
from engine.kernel.jit import jit
from engine.kernel.lookup import is_oldest
from engine.kernel.masks import ONE, ZERO, lowest
from engine.kernel.tables import POOLS, Tables
from engine.messages.kinds import STATUS_OFFLINE

PROBES: Final = 32
"""Places that are looked at for one pool. Where none is free, pools share a place, and so what is known of them."""


@jit
def pool_again(t: Tables, agent: int) -> None:
    """What the agent may serve has changed: find its pool anew, or, if it is offline, leave that to its log-in."""
    if t.agents[agent].status == STATUS_OFFLINE:
        t.agent_pools[agent] = -1
    else:
        _find_pool(t, agent)


@jit
def pool_of(t: Tables, agent: int) -> int:
    """Return the agent's pool."""
    pool = t.agent_pools[agent]
    return int(pool) if pool >= 0 else _find_pool(t, agent)


@jit
def _find_pool(t: Tables, agent: int) -> int:
    """Note and return the agent's pool: the place of what it may serve, hashed twice, in a table."""
    first, second = 0, 0
    for place in range(t.line_masks.shape[1]):
        word = t.line_masks[agent, place]
        while word != ZERO:
            line = (place << 6) + lowest(word)
            word &= word - ONE
            if is_oldest(t, line):
                skilled = t.lines[line].queue + 1 + (level_in(t, t.lines[line].requirement, agent) << 10)
                first += mixed(skilled, 0x45D9F3B)
                second += mixed(skilled, 0x119DE1F3)
    key = ((first & 0x3FFFFFFF) << 31) + (second & 0x7FFFFFFF) + 1
    pool = _place_of(t, key, first & (POOLS - 1))
    t.agent_pools[agent] = pool
    return pool


@jit
def _place_of(t: Tables, key: int, home: int) -> int:
    free = -1
    for step in range(PROBES):
        place = (home + step) & (POOLS - 1)
        if t.pools[place].key == key:
            return place
        if free < 0 and t.pools[place].key == 0:
            free = place
    if free < 0:
        return home
    t.pools[free].key = key
    return free


@jit
def mixed(value: int, factor: int) -> int:
    """Return 32 bits that look unrelated to those of `value`."""
    bits = (value * factor) & 0xFFFFFFFF
    bits = ((bits ^ bits >> 16) * factor) & 0xFFFFFFFF
    return bits ^ bits >> 16


@jit
def forget_empty_pools(t: Tables) -> None:
    """Free the places of pools that nobody belongs to any more, with what is known of them."""
    for pool in range(POOLS):
        t.pools[pool].look = -1
    for agent in range(len(t.agents)):
        t.pools[pool_of(t, agent)].look = 0
    for pool in range(POOLS):
        if t.pools[pool].look < 0 and t.pools[pool].key != 0:
            t.pools[pool].key = 0
            for queue in range(t.book[0].queues):
                for column in range(3):
                    t.services[queue, pool, column] = 0.0
                t.service_means[queue, pool] = 0.0
