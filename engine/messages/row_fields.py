"""Rows as plain Python integers, for code that looks at each: numpy is slow one field at a time."""

from collections.abc import Iterator
from struct import Struct
from typing import Any, Final, NamedTuple

import numpy as np

from engine.messages.rows import ROW

ROW_STRUCT: Final = Struct("<qHHIQiiiIqqII")
"""A row's fields in the order of ROW."""
assert ROW_STRUCT.size == ROW.itemsize

FEW: Final = 24
"""So many rows are sooner looked at one by one than by numpy, whose every step costs as much as two rows."""

Array = np.ndarray[Any, Any]
_make: Final = tuple.__new__


class RowFields(NamedTuple):
    """One row as plain integers, in the order of ROW."""

    at_ns: int
    kind: int
    flags: int
    source: int
    dedupe: int
    agent: int
    queue: int
    contact: int
    cause: int
    a: int
    b: int
    payload_offset: int
    payload_size: int


def fields_of(rows: Array) -> "list[RowFields]":
    """Rows of shape (n,), dtype ROW, as plain integers with names."""
    return [_make(RowFields, row) for row in unpacked(rows)]


def fields_at(rows: Array, place: int) -> RowFields:
    """One row of `rows` as plain integers."""
    return RowFields._make(rows[place].item())


def unpacked(rows: Array) -> Iterator[tuple[Any, ...]]:
    """Yield the fields of each row in the order of ROW, as bare tuples: the fastest way to all of them."""
    # Rows of a log are read-only and may be a view with gaps; Struct wants one run of bytes.
    return ROW_STRUCT.iter_unpack(np.ascontiguousarray(rows).view(np.uint8).data)
