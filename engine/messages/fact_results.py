"""What every adapter answers to whoever told facts: the engine's receipts, with pointers into the body."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final, Protocol

import msgspec

from engine.messages.decoding import pointer_to
from engine.messages.observed import Observed

_seq: Final = attrgetter("seq")


class Receipt(Protocol):
    """What an answer tells of a `ports.Receipt`."""

    @property
    def seq(self) -> int: ...
    @property
    def duplicate(self) -> bool: ...
    @property
    def error(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def refused(self) -> str: ...


class FactResult(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What became of one fact."""

    seq: int
    """Its place in the log; of the first one for a duplicate; 0 if it was not accepted."""
    id: str = ""
    """What the fact was sent with."""
    duplicate: bool = False
    error: str = ""
    """Why it was not accepted: nothing was changed by it."""
    field: str = ""
    """The field of the fact that the error is about."""
    refused: str = ""
    """Recorded, but set aside by routing: the state did not allow it."""
    pointer: str = ""
    """Where the error lies in the body, as a JSON pointer."""


class FactsTaken(msgspec.Struct, frozen=True):
    """What became of the facts of one body, in order; all accepted ones are durable."""

    accepted: int
    """New facts in the log, refused ones included."""
    duplicates: int
    rejected: int
    """Not accepted: see each result's error."""
    refused: int
    seq: int
    """Highest sequence among them."""
    results: list[FactResult]


def facts_taken(facts: Sequence[Observed], receipts: Sequence[Receipt], many: bool) -> FactsTaken:
    """Return what is answered to these receipts, one for each fact; `many`: the body was an array."""
    plain = [
        FactResult(receipt.seq, fact.id)
        for fact, receipt in zip(facts, receipts, strict=True)
        if not (receipt.error or receipt.duplicate or receipt.refused)
    ]
    if len(plain) == len(receipts):  # as nearly always
        return FactsTaken(len(plain), 0, 0, 0, max(map(_seq, plain), default=0), plain)
    return _mixed(facts, receipts, many)


def _mixed(facts: Sequence[Observed], receipts: Sequence[Receipt], many: bool) -> FactsTaken:
    duplicates = rejected = refused = seq = 0
    results = []
    for place, (fact, receipt) in enumerate(zip(facts, receipts, strict=True)):
        seq = max(seq, receipt.seq)
        if receipt.error:
            rejected += 1
            pointer = pointer_of(receipt, place if many else None)
            results.append(FactResult(0, fact.id, False, receipt.error, receipt.field, "", pointer))
        else:
            duplicates += receipt.duplicate
            refused += receipt.refused != ""
            results.append(FactResult(receipt.seq, fact.id, receipt.duplicate, "", "", receipt.refused))
    return FactsTaken(len(receipts) - rejected - duplicates, duplicates, rejected, refused, seq, results)


def pointer_of(receipt: Receipt, place: int | None = None) -> str:
    """Return where in its body the fact is wrong; `place` is that of the fact in an array, None for one alone."""
    return pointer_to(receipt.field, place, receipt.key)
