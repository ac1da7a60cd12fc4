"""All timers of the transaction layer: one queue a duration.

SIP's timers have few durations (T1, 2*T1, ... 64*T1, T4), and time never runs backwards, so each queue is sorted by
being appended to: starting, stopping and firing a timer cost no comparison, however many there are.
A stopped timer stays in its queue until it is due or the queues are compacted; it is recognised by its time.
"""

from collections import deque

from adapters.sip.protocol.transaction import Transaction

COMPACT_ABOVE = 4096
"""Stale entries are tolerated up to this many, plus four for each live transaction."""


class Timers:
    """The retransmission and expiry timers of all transactions."""

    __slots__ = ("_queues", "size")

    def __init__(self) -> None:
        self._queues: dict[int, deque[tuple[int, Transaction, bool]]] = {}
        self.size = 0
        """Entries, stale ones included."""

    def start_retransmit(self, transaction: Transaction, delay_ns: int, now_ns: int) -> None:
        """(Re)start the retransmission timer."""
        transaction.retransmit_at_ns = now_ns + delay_ns
        self._append(delay_ns, (now_ns + delay_ns, transaction, True))

    def start_expiry(self, transaction: Transaction, delay_ns: int, now_ns: int) -> None:
        """(Re)start the expiry timer."""
        transaction.expires_at_ns = now_ns + delay_ns
        self._append(delay_ns, (now_ns + delay_ns, transaction, False))

    def next_due_ns(self) -> int | None:
        """When the next timer is due, None when none is running."""
        due: int | None = None
        for queue in self._queues.values():
            while queue and not _is_live(queue[0]):
                queue.popleft()
                self.size -= 1
            if queue and (due is None or queue[0][0] < due):
                due = queue[0][0]
        return due

    def take_due(self, now_ns: int) -> list[tuple[Transaction, bool]]:
        """Take the timers that are due, the earliest first: the transaction, and whether it is to retransmit.

        They are stopped thereby.
        """
        due: list[tuple[int, Transaction, bool]] = []
        for queue in self._queues.values():
            while queue and queue[0][0] <= now_ns:
                entry = queue.popleft()
                self.size -= 1
                if _is_live(entry):
                    due.append(entry)
                    if entry[2]:
                        entry[1].retransmit_at_ns = 0
                    else:
                        entry[1].expires_at_ns = 0
        due.sort(key=lambda entry: entry[0])
        return [(transaction, retransmit) for _, transaction, retransmit in due]

    def compact(self, live_transactions: int) -> None:
        """Drop the stale entries once they outnumber the live ones."""
        if self.size > COMPACT_ABOVE + 4 * live_transactions:
            self._queues = {delay: deque(filter(_is_live, queue)) for delay, queue in self._queues.items()}
            self.size = sum(map(len, self._queues.values()))

    def _append(self, delay_ns: int, entry: tuple[int, Transaction, bool]) -> None:
        queue = self._queues.get(delay_ns)
        if queue is None:
            queue = self._queues[delay_ns] = deque()
        queue.append(entry)
        self.size += 1


def _is_live(entry: tuple[int, Transaction, bool]) -> bool:
    due_ns, transaction, retransmit = entry
    return due_ns == (transaction.retransmit_at_ns if retransmit else transaction.expires_at_ns)
