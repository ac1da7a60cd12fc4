"""A world to which nobody has come yet: every table as large as its engine and the time that is played ask for."""

from typing import Final, NamedTuple

import numpy as np

from engine.kernel.step import ROOM
from engine.kernel.tables import Array, Capacity
from engine.messages.kinds import AGENT_STATES
from simulations.world.tables import blank_tables
from simulations.world.waits import WAIT_BINS

RETRIALS: Final = 4096
"""Room for those who will call again, or be called back, at least."""


class Span(NamedTuple):
    """The time in which is counted, and what comes after it."""

    from_ns: int
    interval_ns: int
    stop_ns: int
    """Whoever is still there then is left there."""
    intervals: int = 1


def blank_world(
    capacity: Capacity,
    queues: int,
    span: Span,
    *,
    groups: int = 1,
    sources: int | None = None,
    retrials: int | None = None,
) -> dict[str, Array]:
    """Return all tables of a world, ready to play: agents are in the first group, and nobody takes longer than others.

    There are as many `sources` as queues, and as many places for `retrials` as contacts, where not said. Whoever
    fills a table of another length in, puts it in the place of the one here.
    """
    sources = queues if sources is None else sources
    retrials = max(RETRIALS, capacity.contacts) if retrials is None else retrials
    subjects = capacity.contacts + retrials + capacity.engagements + capacity.agents
    parts = blank_tables(
        arrivals=(sources,),
        sources=(sources,),
        timers=(subjects,),
        places=(subjects,),
        callers=(capacity.contacts,),
        retrials=(retrials,),
        pick_ups=(capacity.engagements,),
        declines=(capacity.engagements,),
        returns_ns=(capacity.agents,),
        groups=(capacity.agents,),
        out=(2 * ROOM,),
        waits=(span.intervals, queues, WAIT_BINS),
        longest=(span.intervals, queues),
        crowd=(span.intervals,),
        retried=(span.intervals, queues),
        trunk_calls=(span.intervals, queues),
        cut_off=(span.intervals, queues),
        states=(span.intervals + 1, groups, AGENT_STATES),
        busy_trunks=(span.intervals + 1, capacity.trunk_groups),
        peaks=(span.intervals, capacity.trunk_groups),
    )
    book = parts["book"]
    book["from_ns"] = book["boundary_ns"] = span.from_ns
    book["interval_ns"], book["stop_ns"] = span.interval_ns, span.stop_ns
    book["interval"] = -1
    return parts | {"speeds": np.ones((capacity.agents, sources)), "home_factors": np.ones(capacity.agents)}
