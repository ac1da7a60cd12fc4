"""The latest turns kept at hand, so that whoever keeps up need not read the log from the disk."""

from collections import deque
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np

from engine.kernel.tables import Array
from engine.log_port import Turn

ROWS_KEPT: Final = 20_000


class RecentRow(NamedTuple):
    """One row of the log with what it needs to be put into words."""

    seq: int
    row: Any
    payload: memoryview


class RecentTurns:
    """The newest turns without a hole between them; `rows_kept` bounds their rows, but the newest is always there."""

    def __init__(self, rows_kept: int = ROWS_KEPT) -> None:
        self._limit = rows_kept
        self._turns: deque[Turn] = deque()
        self._rows = 0

    def note(self, turn: Turn) -> None:
        """Keep a copy of a durable turn; the oldest go."""
        rows = np.frombuffer(turn.rows.tobytes(), turn.rows.dtype)  # by bytes: numpy copies rows field by field
        self._turns.append(Turn(turn.first_seq, turn.last_seq, rows, memoryview(bytes(turn.payload))))
        self._rows += len(turn.rows)
        while self._rows > self._limit and len(self._turns) > 1:
            self._rows -= len(self._turns.popleft().rows)

    def forget(self) -> None:
        """Let all of them go."""
        self._turns.clear()
        self._rows = 0

    def reach_back_to(self, seq: int) -> bool:
        """Whether nothing after `seq` is missing."""
        return bool(self._turns) and seq + 1 >= self._turns[0].first_seq

    def after(self, seq: int, limit: int, kinds: Array | None = None) -> tuple[list[RecentRow], int]:
        """Return up to `limit` rows after `seq`, of these kinds or of all, and the position that they reach."""
        found: list[RecentRow] = []
        for turn in self._turns:
            if turn.last_seq <= seq:
                continue
            begin = max(0, seq + 1 - turn.first_seq)
            wanted: Iterable[int] = range(begin, len(turn.rows))
            if kinds is not None:
                wanted = (begin + np.flatnonzero(np.isin(turn.rows["kind"][begin:], kinds))).tolist()
            for place in wanted:
                found.append(RecentRow(turn.first_seq + place, turn.rows[place], turn.payload))
                if len(found) == limit:
                    return found, found[-1].seq
        return found, max(seq, self._turns[-1].last_seq) if self._turns else seq
