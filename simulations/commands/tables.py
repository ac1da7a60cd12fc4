"""Tables that fit a terminal of 80 columns: names on the left, numbers on the right, nothing cut off.

Where lines are too short, headings break first, then long names, then what stands behind a number, as its limits; never
a number. Where that is not enough, a table is wider than the terminal.
"""

from collections.abc import Iterable
from typing import Final

from rich import box
from rich.console import Console, ConsoleRenderable, RichCast
from rich.measure import Measurement
from rich.table import Column, Table

from simulations.commands.printing import printer

WIDEST: Final = 10_000
"""Columns of a terminal, more than any table takes."""
NAME_MIN: Final = 12
"""Columns of a terminal that a name keeps, or so many as it has."""
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
        table.add_column(heading, justify="left" if place < names else "right")
    return table


def print_table(table: Table) -> None:
    """Print a table whose numbers are its columns to the right; it is broken as above, for good."""
    width = printer().width
    _break(table, width)
    printer(max(width, _width_of(table))).print(table)


def _break(table: Table, width: int) -> None:
    """Give the columns widths with which the table takes no more than `width`, as far as that goes."""
    excess = _width_of(table) - width
    if excess <= 0:
        return
    columns = table.columns
    numbers = [place for place, column in enumerate(columns) if column.justify == "right"]
    names = [place for place in range(len(columns)) if place not in numbers]
    heads = [_measured([column.header]) for column in columns]
    cells = [_measured(column.cells) for column in columns]
    widths = [max(head.maximum, cell.maximum) for head, cell in zip(heads, cells, strict=True)]
    with_heads_broken = [max(head.minimum, cell.maximum) for head, cell in zip(heads, cells, strict=True)]
    with_names_broken = [min(NAME_MIN, wide) for wide in widths]
    all_broken = [max(head.minimum, cell.minimum) for head, cell in zip(heads, cells, strict=True)]
    for places, least in ((numbers, with_heads_broken), (names, with_names_broken), (numbers, all_broken)):
        excess = _narrowed(widths, places, least, excess)
    for column, wide in zip(columns, widths, strict=True):
        _fix(column, wide)


def _narrowed(widths: list[int], places: list[int], least: list[int], excess: int) -> int:
    """Take from the widest columns of `places`, down to their least; return how much is too much then."""
    while excess > 0:
        wider = [place for place in places if widths[place] > least[place]]
        if not wider:
            break
        widths[max(wider, key=lambda place: widths[place])] -= 1
        excess -= 1
    return excess


def _fix(column: Column, width: int) -> None:
    column.width, column.no_wrap, column.overflow = width, False, "fold"


def _measured(cells: Iterable[ConsoleRenderable | RichCast | str]) -> Measurement:
    """Return how many columns of a terminal the widest word, and the widest line, of these takes."""
    endless = Console(width=WIDEST)
    found = [Measurement.get(endless, endless.options, cell) for cell in cells]
    return Measurement(max((one.minimum for one in found), default=0), max((one.maximum for one in found), default=0))


def _width_of(table: Table) -> int:
    """Return how many columns of a terminal a table takes with nothing cut off or broken."""
    endless = Console(width=WIDEST)
    return Measurement.get(endless, endless.options, table).maximum
