"""What each agent did lately, by quarter hours: for figures of their own day, in any time zone."""

from typing import Final

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.log_port import Turn
from engine.messages.kind_set import KindSet
from engine.messages.kinds import CONTACT_ANSWERED, CONTACT_ENDED, WRAP_UP_ENDED
from engine.model.settings import QueueSetting
from engine.projections.figures import NS, ratio

CELL_NS: Final = 900 * NS
CELLS_KEPT: Final = 2 * 96
"""Quarter hours: two days, so that a whole one is there in every time zone."""
KINDS: Final = KindSet(CONTACT_ANSWERED, CONTACT_ENDED, WRAP_UP_ENDED)
_COLUMNS: Final = ("kind", "agent", "b")


class OwnFigures(msgspec.Struct, frozen=True):
    """One agent's figures since an instant."""

    since_ns: int
    answered: int
    answered_in_time: int
    """Within the time that their queue promises, by the wait in that queue."""
    service_level: float | None
    """answered_in_time / answered; null: nothing was answered."""
    ended: int
    handle_time_s: float | None
    """Mean of talk, holds included, and wrap-up; null: nothing ended."""
    occupancy: float | None = None
    """Ringing, talking and wrapping up over these and idle time, from the interval of the instant on; null: nothing of
    these, or not known so far back."""


class OwnCounts:
    """Updated by `apply` with every durable turn."""

    def __init__(self, t: Tables) -> None:
        self._queues = t.queues
        self._cells: dict[int, dict[int, list[int]]] = {}
        """By quarter hour and agent: answered, in time, ended, time of talk and wrap-up."""

    def apply(self, turn: Turn) -> None:
        """Take in one turn."""
        rows: Array = np.asarray(turn.rows).compress(KINDS.mask(turn.rows["kind"]))
        if not len(rows):
            return
        in_time = rows["a"] <= self._queues["settings"][rows["queue"], QueueSetting.THRESHOLD_NS]
        columns = (*(rows[name] for name in _COLUMNS), rows["at_ns"] // CELL_NS, in_time)
        for kind, agent, b, cell, is_in_time in zip(*(column.tolist() for column in columns), strict=True):
            counts = self._cells.setdefault(cell, {}).setdefault(agent, [0, 0, 0, 0])
            if kind == CONTACT_ANSWERED:
                counts[0] += 1
                counts[1] += is_in_time
            else:
                counts[2] += kind == CONTACT_ENDED
                counts[3] += b
        while len(self._cells) > CELLS_KEPT:
            del self._cells[min(self._cells)]

    def since(self, agent: int, since_ns: int) -> OwnFigures:
        """The figures of agent number `agent` since the quarter hour of an instant."""
        found = [
            cells[agent] for cell, cells in list(self._cells.items()) if cell >= since_ns // CELL_NS and agent in cells
        ]
        answered, in_time, ended, spent_ns = (sum(column) for column in zip(*found, strict=True)) if found else (0,) * 4
        mean_s = None if not ended else round(spent_ns / ended / NS, 1)
        return OwnFigures(since_ns, answered, in_time, ratio(in_time, answered), ended, mean_s)
