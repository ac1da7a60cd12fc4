"""Which agent: every strategy is a key, and the lowest key wins; equal keys go to whoever has been idle longest."""

import math

import numpy as np

from engine.kernel.eligibility import level_in
from engine.kernel.jit import jit
from engine.kernel.tables import Tables
from engine.messages.kinds import (
    AGENT_BUSY,
    AGENT_OFFERED,
    AGENT_WRAPPING,
    FEWEST_CONTACTS,
    LEAST_OCCUPIED,
    ROUND_ROBIN,
    SKILL_BEST,
    TOP_DOWN,
    WEIGHTED_RANDOM,
)
from engine.model.settings import AgentSetting, EngineSetting


@jit
def agent_key(t: Tables, strategy: int, line: int, a: int) -> float:
    """Return the key of agent `a` for a contact of `line`; lower is better. Under erlang it is the cost elsewhere."""
    if strategy == LEAST_OCCUPIED:
        return occupancy(t, a)
    if strategy == FEWEST_CONTACTS:
        return float(t.agents[a].answered)
    if strategy == ROUND_ROBIN:
        return float((a - t.queues[t.lines[line].queue].last_agent - 1) % len(t.agents))
    if strategy == TOP_DOWN:
        position = t.memberships[a, t.lines[line].queue]
        return float(position) if position > 0 else 1e6
    if strategy == WEIGHTED_RANDOM:
        return -math.log(_uniform(t, a)) / max(t.agents[a].settings[AgentSetting.WEIGHT], 1)
    if strategy == SKILL_BEST:
        return -float(level_in(t, t.lines[line].requirement, a))
    return 0.0


@jit
def occupancy(t: Tables, a: int) -> float:
    """Return busy time / time since log-in, the running state included."""
    agent = t.agents[a]
    now_ns = t.book[0].now_ns
    busy_ns = agent.busy_ns
    if agent.state == AGENT_OFFERED or agent.state == AGENT_BUSY or agent.state == AGENT_WRAPPING:
        busy_ns += now_ns - max(agent.state_since_ns, agent.login_ns)
    return busy_ns / max(now_ns - agent.login_ns, 1)


@jit
def _uniform(t: Tables, a: int) -> float:
    """Return a number in (0, 1) from the log's seed, this decision's sequence and the agent: SplitMix64's finisher."""
    mixed = (
        np.uint64(t.book[0].settings[EngineSetting.SEED]) ^ (np.uint64(t.book[0].seq) << np.uint64(20)) ^ np.uint64(a)
    )
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return (float(mixed >> np.uint64(11)) + 0.5) / 9007199254740992.0
