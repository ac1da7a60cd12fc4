"""Occupancy: how much of their time agents spend with contacts; the denominator is in the name of each figure."""

from typing import Final

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import (
    AGENT_BUSY,
    AGENT_IDLE,
    AGENT_OFFERED,
    AGENT_OFFLINE,
    AGENT_STATE_NAMES,
    AGENT_STATES,
    AGENT_WRAPPING,
)
from engine.projections.figures import NS, ratio

HANDLING: Final = [AGENT_OFFERED, AGENT_BUSY, AGENT_WRAPPING]


class Occupancy(msgspec.Struct, frozen=True):
    """Agents' time over the whole log, by the clock: two chats at once are one busy minute a minute."""

    agents: int
    occupancy: float | None
    """handling / (handling + idle); handling is ringing, busy and wrapping up."""
    utilisation_of_logged_in: float | None
    """handling / all time logged in."""
    state_s: dict[str, float]


def state_times_ns(t: Tables, now_ns: int) -> Array:
    """Return the time each agent spent in each state so far, shape (agents, AGENT_STATES); the running one included."""
    spent: Array = t.agents["state_ns"].astype(np.int64)
    since_ns = t.agents["state_since_ns"]
    running = np.where(since_ns > 0, np.maximum(now_ns - since_ns, 0), 0)
    spent[np.arange(len(spent)), t.agents["state"]] += running
    return spent


def occupancy(t: Tables, mask: Array, now_ns: int) -> Occupancy:
    """Reckon the occupancy of the masked agents together."""
    spent = state_times_ns(t, now_ns)[mask].sum(axis=0)
    handling = int(spent[HANDLING].sum())
    present = int(spent.sum() - spent[AGENT_OFFLINE])
    return Occupancy(
        agents=int(mask.sum()),
        occupancy=ratio(handling, handling + int(spent[AGENT_IDLE])),
        utilisation_of_logged_in=ratio(handling, present),
        state_s={AGENT_STATE_NAMES[state]: round(int(spent[state]) / NS, 3) for state in range(AGENT_STATES)},
    )
