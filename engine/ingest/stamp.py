"""Build one turn's observed rows and their payloads in place: packed straight into the memory that the kernel reads."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from engine.messages.row_fields import ROW_STRUCT
from engine.messages.rows import ROW

Array = np.ndarray[Any, Any]
_pack_into: Final = ROW_STRUCT.pack_into
"""Bound once, not for each row."""


class RowBuffer:
    """The observed rows of the turn being built. `put` packs one; `rows` and `payload` are what the kernel and log get.

    `capacity_rows` and `capacity_bytes` bound a turn; who fills it asks `full_beyond`.
    """

    def __init__(self, capacity_rows: int, capacity_bytes: int) -> None:
        self.capacity_rows = capacity_rows
        self.capacity_bytes = capacity_bytes
        self.count = 0
        self.at_ns = 0
        self.payload = bytearray()
        self._memory = bytearray(capacity_rows * ROW.itemsize)
        self._rows: Array = np.frombuffer(self._memory, ROW)

    def begin(self, at_ns: int) -> None:
        """Start an empty turn whose rows are stamped `at_ns`."""
        self.count = 0
        self.at_ns = at_ns
        self.payload = bytearray()

    def full_beyond(self, rows: int, payload_bytes: int) -> tuple[int, int]:
        """Return how many rows and payload bytes a turn may hold at most for so much more to fit into it."""
        return self.capacity_rows - rows, self.capacity_bytes - payload_bytes

    def put(
        self,
        kind: int,
        source: int = 0,
        dedupe: int = 0,
        agent: int = -1,
        queue: int = -1,
        contact: int = -1,
        a: int = 0,
        b: int = 0,
        flags: int = 0,
        payload: bytes = b"",
    ) -> int:
        """Pack one row; returns its place in the turn."""
        place = self.count
        if payload:
            offset, size = len(self.payload), len(payload)
            self.payload += payload
        else:
            offset = size = 0
        _pack_into(
            self._memory,
            place * 64,
            self.at_ns,
            kind,
            flags,
            source,
            dedupe,
            agent,
            queue,
            contact,
            0,
            a,
            b,
            offset,
            size,
        )
        self.count = place + 1
        return place

    def put_run(
        self,
        kind: int,
        source: int,
        dedupe: Sequence[int],
        columns: Mapping[str, Any],
        payloads: Sequence[bytes] = (),
    ) -> None:
        """Write one row for each of `dedupe`, for which there is room, with `columns` of as many values.

        Raises OverflowError where a value does not fit into its column: then nothing was put.
        """
        end, offset = self.count + len(dedupe), len(self.payload)
        row = ROW_STRUCT.pack(self.at_ns, kind, 0, source, 0, -1, -1, -1, 0, 0, 0, 0, 0)
        self._memory[self.count * ROW.itemsize : end * ROW.itemsize] = row * len(dedupe)
        rows = self._rows[self.count : end]
        rows["dedupe"] = np.fromiter(dedupe, np.uint64, len(rows))
        for name, values in columns.items():
            rows[name] = values
        if payloads:
            sizes = np.fromiter(map(len, payloads), np.int64, len(rows))
            rows["payload_size"], rows["payload_offset"] = sizes, np.cumsum(sizes) - sizes + offset
            self.payload += b"".join(payloads)
        self.count = end

    def put_rows(self, rows: Array, payload: bytes) -> None:
        """Copy finished rows in, stamped like the others; the first one gets the payload."""
        start, end = self.count, self.count + len(rows)
        self._rows[start:end] = rows
        self._rows["at_ns"][start:end] = self.at_ns
        if payload:
            self._rows["payload_offset"][start] = len(self.payload)
            self._rows["payload_size"][start] = len(payload)
            self.payload += payload
        self.count = end

    @property
    def rows(self) -> Array:
        """The rows put so far, as a view that the next `begin` overwrites."""
        return self._rows[: self.count]

    def drop_first(self, consumed: int) -> None:
        """Forget the first rows and their payloads: they lie in a frame of their own now."""
        rest = self._rows[consumed : self.count].copy()
        carrying = rest["payload_size"] > 0
        start = int(rest["payload_offset"][carrying].min()) if carrying.any() else len(self.payload)
        rest["payload_offset"][carrying] -= np.uint32(start)
        self._rows[: len(rest)] = rest
        self.count = len(rest)
        self.payload = self.payload[start:]

    def payload_of_first(self, consumed: int) -> bytes:
        """The payload area that the first `consumed` rows need."""
        if consumed == self.count:
            return bytes(self.payload)
        first = self._rows[:consumed]
        end = (first["payload_offset"] + first["payload_size"])[first["payload_size"] > 0]
        return bytes(self.payload[: int(end.max()) if len(end) else 0])
