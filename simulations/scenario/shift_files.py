"""Shifts of a CSV file, `shifts: FILE.csv`, as sections."""

from pathlib import Path
from typing import Any, Final

from engine.model.fields import nearest
from simulations.scenario.csv_files import table_of

SHIFT_COLUMNS: Final = ("hours", "count", "breaks", "days")


def read_shifts(path: Path) -> list[dict[str, Any]]:
    """Return the shifts that a CSV file lists, as sections. Raises OSError and ValueError."""
    names, rows = table_of(path)
    unknown = [name for name in names if name and name not in SHIFT_COLUMNS]
    if "hours" not in names:
        raise ValueError(f"{path.name} has no column 'hours'; there is {', '.join(names) or 'none'}")
    if unknown:
        hint = nearest(unknown[0], SHIFT_COLUMNS) or f"; there may be {', '.join(SHIFT_COLUMNS)}"
        raise ValueError(f"{path.name} has a column '{unknown[0]}', which says nothing{hint}")
    return [_shift(row) for row in rows]


def _shift(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of a file of shifts as a section; several breaks or days stand with a space between."""
    found: dict[str, Any] = {"hours": row.get("hours")}
    if row.get("count"):
        found["count"] = int(row["count"]) if row["count"].strip().isdecimal() else row["count"]
    for word in ("breaks", "days"):
        if row.get(word):
            found[word] = row[word].split()
    return found
