"""Pauses in the next hour: whoever is paused now comes back, and others go, so that about as many are away as usual."""

import math
from typing import Any, Final, NamedTuple

import numpy as np

from engine.kernel.deadlines import NEVER_NS
from engine.kernel.tables import Tables
from engine.messages.kinds import (
    AGENT_OFFLINE,
    AGENT_PAUSED,
    AGENT_STATUS_CHANGED,
    STATUS_AVAILABLE,
    STATUS_OFFLINE,
    STATUS_PAUSED,
)
from engine.messages.rows import empty_rows
from engine.projections.agents.occupancy import state_times_ns

Array = np.ndarray[Any, Any]
PAUSE_GUESS_NS: Final = 300e9
"""How long a pause lasts as long as nothing is known; it counts as one that was seen."""
SPAN_NS: Final = 7200e9
"""For how long they are drawn: the hour, and the one in which everybody who came is followed."""
SPELLS_MAX: Final = 64
"""Times that one agent goes or comes back, at most."""


class Pauses(NamedTuple):
    """Who may go or come back, and how long that lasts in the mean."""

    agents: Array
    """Places of those who are at work, paused or not."""
    paused: Array
    """Whether they are paused now, shape (agents,)."""
    free: Array
    """Whether nothing else decides on their status, shape (agents,)."""
    away_ns: float
    at_work_ns: float

    @property
    def spells(self) -> int:
        """How many changes of each agent are drawn: twice as many as are expected, and some."""
        return min(SPELLS_MAX, math.ceil(4 * SPAN_NS / (self.away_ns + self.at_work_ns)) + 4)

    def room(self) -> Array:
        """Return rows that never happen, in whose place each replication writes its own."""
        rows: Array = np.asarray(empty_rows(len(self.agents) * self.spells))
        rows["at_ns"] = NEVER_NS
        return rows

    def write(self, script: Array, now_ns: int, chance: np.random.Generator) -> None:
        """Write one replication's changes of status in place of the script's last rows, those of `room`."""
        count = len(self.agents) * self.spells
        if count == 0:
            return
        returns = (np.arange(self.spells) % 2 == 0) == self.paused[:, None]
        means = np.where(returns, self.away_ns, self.at_work_ns)
        at_ns = now_ns + 1 + np.cumsum(chance.exponential(means), axis=1)
        at_ns[~self.free] = NEVER_NS // 2
        drawn = script[len(script) - count :]
        drawn["kind"], drawn["agent"] = AGENT_STATUS_CHANGED, np.repeat(self.agents, self.spells)
        drawn["a"] = np.where(returns, STATUS_AVAILABLE, STATUS_PAUSED).ravel()
        drawn["at_ns"] = np.minimum(at_ns, NEVER_NS // 2).astype(np.int64).ravel()
        drawn[:] = drawn[np.argsort(drawn["at_ns"], kind="stable")]


def pauses_of(t: Tables, now_ns: int, rows: Array) -> Pauses:
    """Return what is to be expected of pauses; of agents whose status `rows` change, nothing.

    As large a share of those at work is paused as since the log began, but hardly more than now: nights that somebody
    spends paused say nothing of the day.
    """
    agents = np.asarray(t.agents)
    present, paused = agents["status"] != STATUS_OFFLINE, agents["status"] == STATUS_PAUSED
    spent = state_times_ns(t, now_ns)[present].sum(axis=0)
    logged_in = float(spent.sum() - spent[AGENT_OFFLINE])
    share = min(float(spent[AGENT_PAUSED]) / max(logged_in, 1.0), (paused.sum() + 1) / (present.sum() + 1))
    resting = agents["state"] == AGENT_PAUSED
    lasted_ns = float((now_ns - agents["state_since_ns"][resting]).sum())
    away_ns = (lasted_ns + PAUSE_GUESS_NS) / (resting.sum() + 1)
    moved = rows["agent"][rows["kind"] == AGENT_STATUS_CHANGED]
    (found,) = present.nonzero() if share > 0 else np.zeros((1, 0), np.int64)
    at_work_ns = away_ns * (1 - share) / share if share > 0 else math.inf
    return Pauses(found, paused[found], ~np.isin(found, moved), float(away_ns), float(at_work_ns))
