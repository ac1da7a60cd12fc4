"""The files of a what-if, which `trunkline report` draws, and its figures as rows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulations.compare.paired import limited
from simulations.experiment.files import how_made, write_json, write_table
from simulations.experiment.whole import whole

Row = dict[str, Any]


def write_answer(found: Row, folder: Path) -> list[Path]:
    """Write `whatif.json` and `whatif.csv`; return their paths. Raises OSError."""
    return _write("whatif", found, figure_rows_of(found), folder)


def write_way(found: Row, folder: Path) -> list[Path]:
    """Write one contact's way as `contact.json` and `contact.csv`; return their paths. Raises OSError."""
    return _write("contact", found, step_rows(found), folder)


def _write(name: str, found: Row, rows: Iterator[Row], folder: Path) -> list[Path]:
    page, table = f"{name}.json", f"{name}.csv"
    with whole(folder, (table,)) as fresh:
        write_json(found | how_made(), fresh / page)
        written = [page, table] if write_table(rows, fresh / table) else [page]
    return [folder / name for name in written]


def figure_rows_of(found: Row) -> Iterator[Row]:
    """Yield a row a queue and figure: before, now and now minus before, each with its limits."""
    for row in found["figures"]:
        flat = {"queue": row["queue"], "figure": row["figure"]}
        for key in ("before", "now", "difference"):
            flat |= limited(key, row[key])
        yield flat | {"verdict": row["verdict"]}


def step_rows(found: Row) -> Iterator[Row]:
    """Yield the steps of a contact's way, of each side."""
    for side in ("recorded", "before", "now"):
        for step in found[side]:
            yield {"side": side} | step
