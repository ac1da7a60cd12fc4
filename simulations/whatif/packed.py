"""Many small records one by one, kept as arrays: what is read of a long log has to fit."""

from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]
LOOSE: Final = 65_536
"""Records that are kept as they came before they are packed: plain numbers take ten times the room."""


class Packed:
    """Records of one dtype, in the order in which they came."""

    def __init__(self, dtype: "np.dtype[Any]") -> None:
        self._dtype = dtype
        self._parts: list[Array] = []
        self._loose: list[tuple[int, ...]] = []
        self._packed = 0

    def __len__(self) -> int:
        """Return how many there are."""
        return self._packed + len(self._loose)

    def add(self, record: tuple[int, ...]) -> int:
        """Take in one record; return its place."""
        self._loose.append(record)
        if len(self._loose) == LOOSE:
            self._pack()
        return len(self) - 1

    def _pack(self) -> None:
        self._parts.append(np.array(self._loose, self._dtype))
        self._packed += len(self._loose)
        self._loose = []

    def table(self) -> Array:
        """Return all of them, shape (records,)."""
        if self._loose:
            self._pack()
        if len(self._parts) != 1:
            self._parts = [np.concatenate(self._parts) if self._parts else np.empty(0, self._dtype)]
        return self._parts[0]
