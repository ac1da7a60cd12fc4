"""CSV files that a scenario names, as spreadsheets write them."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from engine.config.document import reason_of


class NotCsv(ValueError):
    """A file that is text, and no table: a quotation mark in it never ends, perhaps."""


def table_of(path: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the heading and the rows below it, by its names. Raises OSError, UnicodeDecodeError and NotCsv."""
    with _opened(path) as file:
        reader = csv.DictReader(file, skipinitialspace=True)
        return list(reader.fieldnames or ()), list(reader)


def first_column(path: Path) -> list[str]:
    """Return the first column of numbers, whose heading is passed over. Raises OSError, UnicodeDecodeError, NotCsv."""
    with _opened(path) as file:
        cells = [row[0] for row in csv.reader(file) if row]
    return cells[1:] if cells and not is_number(cells[0]) else cells


def is_number(text: str) -> bool:
    """Tell whether the text is a number rather than a heading."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def why_unread(error: OSError | ValueError) -> str:
    """Return why a file, or what it holds, could not be read."""
    return reason_of(error) if isinstance(error, OSError | UnicodeDecodeError) else str(error)


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except csv.Error as error:
        raise NotCsv(f"it is no CSV file ({error})") from None
