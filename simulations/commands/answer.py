"""How a command tells its answer: as a table, one JSON object or CSV on stdout, and as files for the report."""

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import typer

from simulations.commands.options import Form
from simulations.commands.printing import printing, say

Row = dict[str, Any]
Answer = TypeVar("Answer")


def tell(
    found: Answer,
    form: Form,
    *,
    values: Callable[[Answer], Any] = lambda found: found,
    rows: Callable[[Answer], Iterable[Row]],
    table: Callable[[Answer], None],
    write: Callable[[Answer, Path], list[Path]],
    out: Path | None,
    drawn: bool = True,
) -> None:
    """Tell an answer in the form asked for, written into `out` first if that is said. Raises OSError.

    `values` are what JSON says, `rows` what CSV does, `table` prints what people read. What was written is named on
    stderr, with the command that draws it if there is one. What cannot be written is printed all the same: it may have
    taken long.
    """
    written: list[Path] = []
    refused: OSError | None = None
    try:
        written = [] if out is None else write(found, out)
    except OSError as error:
        refused = error
    with printing():
        if form == "json":
            typer.echo(msgspec.json.encode(values(found)))
        elif form == "csv":
            print_csv(rows(found))
        else:
            table(found)
    if refused is not None:
        raise refused
    for path in written:
        say(f"written: {path}")
    if written and drawn:
        say(f"next: trunkline report {out} --open")


def of_seed(seed: int, what: str = "figures") -> str:
    """Return the words with which a command says what its chance came from."""
    return f"Seed {seed}: the same seed gives the same {what}."


def print_csv(rows: Iterable[Row]) -> None:
    """Print rows that have the same keys as CSV."""
    listed = list(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(listed[0]) if listed else [])
    writer.writeheader()
    writer.writerows(listed)
    typer.echo(text.getvalue(), nl=False)
