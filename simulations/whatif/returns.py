"""Agents who were set aside for not answering: until when, by the record."""

from typing import Any

import numpy as np

from engine.kernel.deadlines import NEVER_NS
from engine.messages.kinds import AGENT_STATUS_CHANGED, AGENT_SUSPENDED
from simulations.world.changes import RETURN_KNOWN

Array = np.ndarray[Any, Any]


def tell_returns(script: Array) -> Array:
    """Return the script with what the world has to know in place of each AGENT_SUSPENDED.

    Who was set aside until the status was chosen anew, and is so again at that time, comes back when the record says:
    the script has that status. Whoever is set aside at other times comes back after a while (`BACK_AFTER_NS`). A rest
    with an end of its own is the kernel's matter.
    """
    suspended = script["kind"] == AGENT_SUSPENDED
    kept: Array = script[~suspended | (script["a"] == 0)]
    back_ns: dict[int, int] = {}
    (places,) = np.isin(kept["kind"], (AGENT_STATUS_CHANGED, AGENT_SUSPENDED)).nonzero()
    for place in places[::-1].tolist():
        agent = int(kept["agent"][place])
        if kept["kind"][place] == AGENT_STATUS_CHANGED:
            back_ns[agent] = int(kept["at_ns"][place])
        else:
            kept["kind"][place], kept["a"][place] = RETURN_KNOWN, back_ns.get(agent, NEVER_NS)
    return kept
