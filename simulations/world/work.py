"""How fast agents get on with what they have: slower with several at once, and not at all with what is interrupted.

Only talks count: what rings, or is wrapped up, slows nothing down. So paces change where talks begin and end.
"""

from typing import Any

from engine.kernel.jit import jit
from engine.messages.kinds import ENGAGEMENT_CONNECTED
from simulations.world.alarms import arm, disarm


@jit
def begin_work(t: Any, w: Any, c: int, a: int, work_ns: float) -> None:
    """Let agent `a` begin with contact `c`, which takes so long alone."""
    caller = w.callers[c]
    caller.work_ns = work_ns
    caller.pace = 1.0
    caller.worked_at_ns = w.book[0].now_ns
    if t.agents[a].connected > 1:
        set_paces(t, w, a)
    else:
        arm(w, c, w.book[0].now_ns + int(work_ns))


@jit
def set_paces(t: Any, w: Any, a: int) -> None:
    """Reckon anew when each talk of the agent is over: after one more began or one less is left."""
    e = t.agents[a].engagement
    while e >= 0:
        engagement = t.engagements[e]
        if engagement.state == ENGAGEMENT_CONNECTED:
            _set_pace(t, w, a, engagement.contact, engagement.channel)
        e = engagement.next_of_agent


@jit
def _set_pace(t: Any, w: Any, a: int, c: int, channel: int) -> None:
    caller, now_ns = w.callers[c], w.book[0].now_ns
    caller.work_ns = max(caller.work_ns - caller.pace * (now_ns - caller.worked_at_ns), 0.0)
    caller.worked_at_ns = now_ns
    caller.pace = 0.0 if _is_interrupted(t, a, channel) else _pace(t, w, a, c, channel)
    if caller.pace == 0.0:
        disarm(w, c)
    else:
        arm(w, c, now_ns + int(caller.work_ns / caller.pace))


@jit
def _is_interrupted(t: Any, a: int, channel: int) -> bool:
    """Tell whether the agent talks on a channel that may interrupt this one."""
    e = t.agents[a].engagement
    while e >= 0:
        other = t.engagements[e].channel
        if t.engagements[e].state == ENGAGEMENT_CONNECTED and other != channel:
            if t.channel_settings[other, 0] >> channel & 1:
                return True
        e = t.engagements[e].next_of_agent
    return False


@jit
def _pace(t: Any, w: Any, a: int, c: int, channel: int) -> float:
    """Return the pace of one of several talks at once on a channel."""
    slower = w.sources[w.callers[c].wants].slower
    if slower == 0.0:
        return 1.0
    others, e = -1, t.agents[a].engagement
    while e >= 0:
        if t.engagements[e].state == ENGAGEMENT_CONNECTED and t.engagements[e].channel == channel:
            others += 1
        e = t.engagements[e].next_of_agent
    return 1.0 / (1.0 + slower * others)
