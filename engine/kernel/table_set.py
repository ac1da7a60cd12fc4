"""Tables that compiled code sees as one pointer: numpy arrays with a directory of their addresses and shapes.

The kernel's state is one such set. A simulated world keeps another beside it, for what it alone knows.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

Table = np.ndarray[Any, Any]
Schema = tuple[tuple[str, np.dtype[Any], int], ...]
"""Every table of a set: name, type of a record, dimensions."""


class TableSet:
    """A set of tables. A subclass names them in `SCHEMA`, and in `__slots__`, and is taught to the compiler by
    `native.teach` or, outside the kernel, by `jit.tables_of`.

    The arrays are made once and never replaced, only written into.
    """

    SCHEMA: ClassVar[Schema] = ()
    FIXED: ClassVar[dict[str, tuple[int, ...]]] = {}
    """Last extents of those tables in which they are the same whatever the capacity."""
    __slots__ = ("address", "directory")

    address: int
    directory: Table

    def __init__(self, **tables: Table) -> None:
        words: list[int] = []
        for name, dtype, dimensions in self.SCHEMA:
            table = tables[name]
            if table.dtype != dtype or table.ndim != dimensions or not table.flags.c_contiguous:
                raise TypeError(f"table {name} must be a contiguous {dimensions}-dimensional array of {dtype}")
            fixed = self.FIXED.get(name, ())
            if table.shape[dimensions - len(fixed) :] != fixed:
                raise TypeError(f"table {name} must have the last extents {fixed}, not {table.shape}")
            object.__setattr__(self, name, table)
            words += [table.ctypes.data, *table.shape]
        object.__setattr__(self, "directory", np.array(words, np.int64))
        object.__setattr__(self, "address", self.directory.ctypes.data)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"table {name} cannot be replaced: write into it")

    def items(self) -> Iterator[tuple[str, Table]]:
        """Yield every table with its name, in order."""
        for name, _, _ in self.SCHEMA:
            yield name, getattr(self, name)
