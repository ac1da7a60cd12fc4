"""What the formulas of queues with waiting answer: one record of figures, each a number or an array of one shape."""

from typing import Any, Final, NamedTuple

import numpy as np

UNITS: Final = {"load_erlangs": "erlangs", "mean_waiting": "contacts", "agents": "agents"}


class Figures(NamedTuple):
    """Figures of one queue in the long run, of the contacts that got in unless said otherwise.

    Each field is a float, or a float64 array of the shape that the inputs broadcast to. Shares are from 0 to 1, times
    in seconds. Where a queue grows without bound, waits are inf.
    """

    agents: Any
    load_erlangs: Any
    """Arrival rate times mean handling time."""
    p_wait: Any
    """Share that finds all agents busy."""
    p_abandon: Any
    """Share that gives up."""
    p_block: Any
    """Share of all arrivals that finds no free trunk; these count in nothing else here."""
    asa_s: Any
    """Mean wait of the answered, s."""
    wait_s: Any
    """Mean wait of all, answered or not, s."""
    wait_abandoned_s: Any
    """Mean wait of those who give up, s; nan where nobody does, or fewer than 1 in 1e290."""
    service_level_offered: Any
    """Share answered within the threshold."""
    service_level_answered: Any
    """Share of the answered who waited no longer than the threshold."""
    service_level_virtual: Any
    """Share that would be answered within the threshold if it waited for ever: P(V <= T)."""
    occupancy: Any
    """Share of their time that agents are busy."""
    mean_waiting: Any
    """Mean number of contacts waiting."""

    def _repr_html_(self) -> str:
        """Return a table for notebooks: a row for each figure, a column for each point, the first ten."""
        rows = []
        for name, found in zip(self._fields, self, strict=True):
            cells = "".join(f"<td>{value:.6g}</td>" for value in np.ravel(found)[:10])
            rows.append(f"<tr><th>{name}</th>{cells}<td>{unit_of(name)}</td></tr>")
        return f"<table>{''.join(rows)}</table>"


def unit_of(name: str) -> str:
    """Return the unit of a figure, for tables: empty for shares."""
    return UNITS.get(name) or ("s" if name.endswith("_s") else "")
