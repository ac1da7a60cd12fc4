"""A copy of the tables that figures are read from, so that a thread can work on it while the engine goes on."""

from typing import Final

import numpy as np

from engine.kernel.tables import Array, Tables

COPIED: Final = frozenset(
    {
        "agents",
        "book",
        "channel_settings",
        "histograms",
        "lines",
        "memberships",
        "queues",
        "requirements",
        "skill_levels",
        "tallies",
        "trunk_groups",
    }
)
"""What figures of queues, agents and trunks need; contacts and intervals are summed up before, by the one who copies.

Ten thousand agents and 256 queues take about 3 ms.
"""


def still_tables(t: Tables) -> Tables:
    """Return the tables with copies of those that figures are read from; the others go on changing."""
    return Tables(**{name: _copy(table) if name in COPIED else table for name, table in t.items()})


def _copy(table: Array) -> Array:
    """Copy bytes; numpy's own copy of records goes field by field, thirty times slower."""
    octets = table.view(np.ndarray).reshape(-1).view(np.uint8).copy()
    copied: Array = octets.view(table.dtype).reshape(table.shape).view(type(table))
    return copied
