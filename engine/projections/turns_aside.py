"""Turns put aside for those who follow the log, and handed on together: when somebody asks, or when many wait.

Following every small turn by itself costs more than all else that is done for it, and few ever ask what came of it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from threading import RLock
from typing import Final

import numpy as np

from engine.log_port import Turn, joined_rows
from engine.messages.kinds import CONTACT_ARRIVED

ROWS_MAX: Final = 2048
"""Rows that wait at most, but for those of the turn that came last."""
BYTES_MAX: Final = 8 << 20
"""Of their payloads."""
OVERFULL: Final = 16
"""How many times as many wait while a reader in another thread keeps the followers from going on."""


class TurnsAside:
    """Hands turns to `followers` in order, many joined to one. Whoever reads what they know calls `take_in` before.

    `put` belongs to one thread; `take_in` may be called from any, and returns when everything put before is seen, also
    where another thread is at it. Followers run under `lock`: whoever reads what they write in another thread than
    that of `put` holds it as well. A follower that fails has missed a turn for ever: then every later call raises what
    it raised.
    """

    def __init__(self, *followers: Callable[[Turn], None], rows_max: int = ROWS_MAX) -> None:
        self._followers = followers
        self._rows_max = rows_max
        self._waiting: deque[Turn] = deque()
        self._put_bytes = self._taken_bytes = 0
        """Of payloads, each written by one side alone: a number that both change would drift."""
        self._taken_seq: int | None = None
        self._failure: Exception | None = None
        self.lock = RLock()

    @property
    def waiting_bytes(self) -> int:
        """Of the payloads of turns that wait."""
        return self._put_bytes - self._taken_bytes

    def put(self, turn: Turn) -> None:
        """Take the next turn, or a run of them."""
        if self._taken_seq is None:
            self._taken_seq = turn.first_seq - 1
        self._waiting.append(turn)
        self._put_bytes += len(turn.payload)
        rows = turn.last_seq - self._taken_seq
        waiting_bytes = self.waiting_bytes
        if rows < self._rows_max and waiting_bytes < BYTES_MAX and self._failure is None:
            return
        # A reader in another thread may be at it for a while; as long as there is room, nobody waits for that.
        full = rows >= OVERFULL * self._rows_max or waiting_bytes >= OVERFULL * BYTES_MAX
        if self.lock.acquire(blocking=full):
            try:
                self.take_in()
            finally:
                self.lock.release()

    def take_in(self) -> None:
        """Let the followers see everything that was put."""
        with self.lock:
            if self._failure is not None:
                raise self._failure
            turns = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if not turns:
                return
            self._taken_bytes += sum(len(turn.payload) for turn in turns)
            run = joined(turns)
            self._taken_seq = run.last_seq
            try:
                for follower in self._followers:
                    follower(run)
            except Exception as error:
                self._failure = error
                raise


def joined(turns: Sequence[Turn]) -> Turn:
    """Return consecutive turns as one."""
    if len(turns) == 1:
        return turns[0]
    rows, payload = joined_rows(turns)
    return Turn(turns[0].first_seq, turns[-1].last_seq, rows, payload)


def slots_once(run: Turn) -> Iterator[Turn]:
    """Yield a run in pieces in each of which a slot belongs to one contact, for those who look at rows out of order."""
    rows = run.rows
    order = np.argsort(rows["contact"], kind="stable")
    slots = rows["contact"].take(order)
    before = np.full(len(rows), -1)  # the row of the same slot that came last before
    before[order[1:]] = np.where(slots[1:] == slots[:-1], order[:-1], -1)
    arrived = (rows["kind"] == CONTACT_ARRIVED).nonzero()[0]
    begin = 0
    for place, last in zip(arrived.tolist(), before.take(arrived).tolist(), strict=True):
        if last >= begin:
            yield Turn(run.first_seq + begin, run.first_seq + place - 1, rows[begin:place], run.payload)
            begin = place
    if begin < len(rows):
        yield Turn(run.first_seq + begin, run.last_seq, rows[begin:], run.payload)
