"""The bounded inbox: submissions wait here for the next turn; what ends something is let in when it is full, too."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from engine.errors import Overloaded
from engine.ingest.names import Source
from engine.messages.observed import (
    AgentReachabilityChanged,
    AgentStatusChanged,
    CallbackRequested,
    CallerMoved,
    ContactArrived,
    ContactReleased,
    ContactWithdrawn,
    ExitKeyPressed,
    Fact,
    LegRecorded,
    Observed,
    OfferDeclined,
    QueueClosed,
    TrunkReleased,
    WrapUpFinished,
)
from engine.ports import Receipt

DEFAULT_CAPACITY: Final = 65_536
"""Facts: at 200,000 a second, a third of a second of them."""
GUARD: Final = 16
"""So many times the capacity may wait in all: facts that end something stop there, for memory's sake alone."""

ENDING: Final = frozenset(
    {
        CallerMoved,
        AgentReachabilityChanged,
        AgentStatusChanged,
        CallbackRequested,
        ContactReleased,
        ContactWithdrawn,
        ExitKeyPressed,
        LegRecorded,
        OfferDeclined,
        QueueClosed,
        TrunkReleased,
        WrapUpFinished,
    }
)
"""Facts that free something or keep it findable: refusing them would make an overload worse, or lose a call."""

FREEING: Final = ENDING - {LegRecorded}
"""Of these, facts behind which a contact may find a place that is not free yet."""


class Submission:
    """Facts of one call, the receipts they have so far, and the promise to the one who called."""

    __slots__ = ("facts", "future", "next_fact", "own_only", "receipts", "source", "waits_for_seq")

    def __init__(
        self,
        source: Source,
        facts: Sequence[Observed],
        future: "asyncio.Future[list[Receipt]]",
        own_only: frozenset[type[Fact]] = frozenset(),
    ) -> None:
        self.source = source
        self.own_only = own_only
        """Facts that are taken only about contacts that the source brought."""
        self.facts = facts
        self.future = future
        self.next_fact = 0
        """Place of the first fact that no turn has taken yet."""
        self.receipts: list[Receipt | None] = [None] * len(facts)
        self.waits_for_seq = 0
        """Highest sequence that a receipt speaks of: all are given once it is durable."""

    def give(self, number: int, receipt: Receipt) -> None:
        """Note the receipt of one fact."""
        self.receipts[number] = receipt
        if receipt.seq > self.waits_for_seq:  # noqa: PLR1730 - once a fact, where max() would take longer than all else
            self.waits_for_seq = receipt.seq

    def give_all(self, numbers: Sequence[int], seqs: Sequence[int]) -> None:
        """Note the receipts of facts that were recorded at these sequences, which ascend."""
        receipts, first, last = self.receipts, numbers[0], numbers[-1]
        if last - first == len(numbers) - 1:  # as nearly always: one after the other
            receipts[first : last + 1] = map(Receipt, seqs)
        else:
            for number, seq in zip(numbers, seqs, strict=True):
                receipts[number] = Receipt(seq)
        self.waits_for_seq = max(self.waits_for_seq, seqs[-1])

    def resolve(self) -> None:
        """Keep the promise, unless the caller went away."""
        if not self.future.done():
            self.future.set_result([receipt for receipt in self.receipts if receipt is not None])


class Inbox:
    """Submissions in order, bounded by the number of their facts."""

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        self.capacity = capacity
        self.count = 0
        """Facts waiting."""
        self.arrivals = 0
        """Of these, contacts that want to be let in."""
        self.refused = 0
        """Facts refused so far."""
        self._waiting: deque[Submission] = deque()

    def put(self, submission: Submission, *, always: bool = False) -> None:
        """Add a submission; raises Overloaded where there are more facts than may wait.

        Facts that end something are admitted beyond the capacity, up to a guard that only a fault could reach.
        `always` is for the engine's own, which are bounded by the contacts that they follow from.
        """
        facts = submission.facts
        limit = self.capacity
        if self.count + len(facts) > limit and all(type(fact) in ENDING for fact in facts):
            limit *= GUARD
        if self.count + len(facts) > limit and not always:
            self.refused += len(facts)
            raise Overloaded(f"{self.count} facts are waiting to be decided, {limit} may")
        self._waiting.append(submission)
        self.count += len(facts)
        self.arrivals += arrivals_among(facts)

    @property
    def first(self) -> Submission:
        """The oldest submission; raises IndexError when there is none."""
        return self._waiting[0]

    def took(self, facts: int) -> None:
        """Note that a turn took so many facts of the oldest submission, which leaves when it has no more."""
        first = self._waiting[0]
        self.count -= facts
        self.arrivals -= arrivals_among(first.facts[first.next_fact - facts : first.next_fact])
        if first.next_fact >= len(first.facts):
            self._waiting.popleft()

    def __bool__(self) -> bool:
        return bool(self._waiting)


def arrivals_among(facts: Sequence[Observed]) -> int:
    """Count the contacts that want to be let in."""
    return sum([type(fact) is ContactArrived for fact in facts])
