"""Tables that fit a terminal of 80 columns: names on the left, numbers on the right, nothing cut off."""

from collections.abc import Iterable
from typing import Final

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

WIDEST: Final = 10_000
"""Columns of a terminal, more than any table takes."""
TITLES: Final = {"service_level": "service level, %", "abandon_rate": "gave up, %", "blocked_rate": "blocked, %"} | {
    "dismissed_rate": "hung up on, %",
    "asa_s": "ASA, s",
    "wait_s": "mean wait of all, s",
    "occupancy": "busy, %",
}
"""What figures are called on a terminal, with their units."""


def table_of(
    headings: Iterable[str], *, names: int = 1, title: str = "", caption: str = "", is_tight: bool = False
) -> Table:
    """Return an empty table whose first `names` columns hold words, the others numbers; tight ones have many."""
    table = Table(
        title=title or None,
        caption=caption or None,
        box=box.SIMPLE_HEAD,
        padding=0 if is_tight else (0, 1),
        pad_edge=False,
        collapse_padding=True,
    )
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place < names else "right", no_wrap=place < names)
    return table


def width_of(table: Table) -> int:
    """Return how many columns of a terminal a table takes with nothing cut off or broken."""
    endless = Console(width=WIDEST)
    return Measurement.get(endless, endless.options, table).maximum
