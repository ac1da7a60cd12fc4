"""Who is there for a queue: logged in, idle, at work, and whether anybody waits whom nobody could take."""

from typing import NamedTuple

import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import AGENT_IDLE, AGENT_STATE_NAMES
from engine.model.directory import Directory
from engine.model.settings import QueueSetting
from engine.projections.agents.eligibility import at_work, eligible, logged_in, states_of
from engine.projections.figures import LiveCells, cells_of


class Presence(NamedTuple):
    """Who is there at all, whichever queue they may serve."""

    logged_in: Array
    """Mask of agents."""
    at_work: Array
    """Who can come on each channel, shape (agents, CHANNELS)."""


class People(NamedTuple):
    """Who is there for one queue."""

    may_serve: Array
    """Mask of the agents who may serve contacts of its own channel; the counts are of these."""
    agents: dict[str, int]
    """They by state, zeros included."""
    staffed: int
    available: int
    at_work: int
    unattended: bool
    """On some channel a customer waits, not being offered to anybody, and nobody is at work who takes that channel."""


def presence_of(t: Tables) -> Presence:
    """Return who is there now."""
    return Presence(logged_in(t), at_work(t))


def people_of(t: Tables, directory: Directory, queue: int, live: LiveCells, presence: Presence) -> People:
    """Return who is there for a queue now; `live` and `presence` are of the same moment."""
    channel = int(t.queues[queue]["settings"][QueueSetting.CHANNEL])
    may_serve = eligible(t, queue, channel)
    states = states_of(t, may_serve)
    cells = cells_of(queue)
    in_line = np.flatnonzero(live.waiting[cells] > live.offered[cells])
    of_customers = not directory.for_colleagues(queue)
    return People(
        may_serve=may_serve,
        agents={name: int(states[state]) for state, name in AGENT_STATE_NAMES.items()},
        staffed=int((may_serve & presence.logged_in).sum()),
        available=int(states[AGENT_IDLE]),
        at_work=int((may_serve & presence.at_work[:, channel]).sum()),
        unattended=of_customers
        and any(not (eligible(t, queue, each) & presence.at_work[:, each]).any() for each in in_line.tolist()),
    )
