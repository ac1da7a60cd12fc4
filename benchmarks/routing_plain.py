"""The same small world where the kernel decides nothing: static indices of a type at an agent, as c-mu has them.

The kernel ranks waiting contacts by queue, whoever becomes free; an index by type and group needs a loop of its own. It
meets the same callers, and what its decisions lose against a known optimum is added up, as in `routing_world.play`.
"""

from typing import Any

import numpy as np

from benchmarks.routing_world import IDLE, MINUTE_NS, PATIENT, TALKING, Instance, Optimum, worth
from engine.kernel.deadlines import NEVER_NS
from engine.kernel.jit import jit, side_door


def index_of(instance: Instance, values: list[float], *, theta: bool) -> Any:
    """Return value x rate of service there, times the rate of giving up where `theta`: float64 (types, groups), 0 where
    a group does not serve a type.
    """
    means = np.array(instance.m)
    rates = np.divide(1.0, means, out=np.zeros_like(means), where=means > 0)
    quits = 1.0 / np.array(instance.pat) if theta else np.ones(len(values))
    return np.array(values)[:, None] * quits[:, None] * rates


def route_by_index(instance: Instance, index: Any, callers: Any, known: Optimum) -> Any:
    """Let agents choose by the index; return what decisions lost, float64 (10,)."""
    agents, types = sum(instance.n), len(instance.lam)
    due, waits, lost = np.zeros((4 * agents + 128, 4), np.int64), np.zeros(types, np.int64), np.zeros(10)
    relative = (known.places, known.strides, known.resting, known.deciding)
    groups = np.repeat(np.arange(len(instance.n)), instance.n)
    means_ns = np.array(instance.m) * MINUTE_NS
    idle_ns = np.zeros(agents, np.int64)
    play_by_index(callers, means_ns, groups, due, idle_ns, index, relative, waits, lost)
    return lost


@side_door
def play_by_index(
    callers: Any, means_ns: Any, groups: Any, due: Any, idle_ns: Any, index: Any, known: Any, waits: Any, lost: Any
) -> None:
    """Let all callers come, and everything happen until the last of them has come; arrays as `routing_world.play`.

    Who becomes free takes the waiting contact of the greatest `index` (types, groups) there, of equal ones the one that
    has waited longest. Who comes gets the fastest free agent, of equal ones the one idle longest: `idle_ns` says since
    when each is, NEVER_NS while busy.
    """
    places, strides, resting, deciding = known
    coming, busy = 0, 0
    while coming < len(callers):
        tenth = coming * 10 // len(callers)
        soonest, slot, free = NEVER_NS, -1, -1
        for c in range(len(due)):
            if due[c, 1] == IDLE:
                free = c
            elif due[c, 0] < soonest:
                soonest, slot = due[c, 0], c
        if soonest <= callers[coming, 0]:
            caller, agent = due[slot, 2], -1
            queue = callers[caller, 1]
            if due[slot, 1] == PATIENT:
                callers[caller, 4] = 1
                waits[queue] -= 1
            else:
                agent = due[slot, 3]
                busy -= strides[queue, groups[agent]]
                idle_ns[agent] = soonest
            due[slot, 1] = IDLE
            lost[tenth] -= worth(deciding, places[busy], waits)
            taken = _waiting_for(callers, due, index, groups[agent]) if agent >= 0 else -1
            at_ns = soonest
        else:
            taken, at_ns, queue = free, callers[coming, 0], callers[coming, 1]
            due[free, 0], due[free, 1], due[free, 2] = at_ns + callers[coming, 2], PATIENT, coming
            waits[queue] += 1
            coming += 1
            lost[tenth] -= worth(deciding, places[busy], waits)
            agent = _fastest(means_ns[queue], groups, idle_ns)
        if agent >= 0 and taken >= 0:
            caller = due[taken, 2]
            queue, group = callers[caller, 1], groups[agent]
            due[taken, 0] = at_ns + np.int64(means_ns[queue, group] * (callers[caller, 3] * 1e-6))
            due[taken, 1], due[taken, 3] = TALKING, agent
            idle_ns[agent] = NEVER_NS
            waits[queue] -= 1
            busy += strides[queue, group]
        lost[tenth] += worth(resting, places[busy], waits)


@jit
def _waiting_for(callers: Any, due: Any, index: Any, group: int) -> int:
    """Return the slot of the contact that an agent of the group takes, -1 if none waits."""
    best, highest, earliest = -1, 0.0, 0
    for c in range(len(due)):
        if due[c, 1] == PATIENT:
            value, came = index[callers[due[c, 2], 1], group], due[c, 2]
            if value > highest or (value == highest and best >= 0 and came < earliest):
                best, highest, earliest = c, value, came
    return best


@jit
def _fastest(means_ns: Any, groups: Any, idle_ns: Any) -> int:
    """Return the free agent who serves in the least time, of equal ones the one idle longest; -1 if none is free."""
    best = -1
    for a in range(len(idle_ns)):
        mean_ns = means_ns[groups[a]]
        if mean_ns == 0.0 or idle_ns[a] == NEVER_NS:
            continue
        least = means_ns[groups[best]] if best >= 0 else 0.0
        if best < 0 or mean_ns < least or (mean_ns == least and idle_ns[a] < idle_ns[best]):
            best = a
    return best
