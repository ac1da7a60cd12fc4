"""The inbox is bounded, and an overload never keeps out what would end it."""

import asyncio
from collections.abc import Sequence

import pytest

from engine.errors import Overloaded
from engine.ingest.inbox import GUARD, Inbox, Submission
from engine.ingest.names import Source
from engine.messages.observed import ContactArrived, ContactReleased, Observed, OfferAnswered
from engine.ports import Receipt


def submission(facts: Sequence[Observed]) -> Submission:
    return Submission(Source("desk", "desk", 1), facts, asyncio.get_running_loop().create_future())


def arrivals(count: int) -> list[Observed]:
    return [ContactArrived(contact=f"c{number}", queue="q") for number in range(count)]


def releases(count: int) -> list[Observed]:
    return [ContactReleased(contact=f"c{number}") for number in range(count)]


async def test_a_full_inbox_takes_what_ends_something_up_to_a_guard_far_above() -> None:
    inbox = Inbox(100)
    inbox.put(submission(arrivals(100)))
    with pytest.raises(Overloaded, match="100 facts are waiting to be decided, 100 may"):
        inbox.put(submission(arrivals(1)))
    with pytest.raises(Overloaded):
        inbox.put(submission([*releases(1), OfferAnswered(contact="c", agent="a")]))
    inbox.put(submission(releases(GUARD * 100 - 100)))
    assert (inbox.count, inbox.refused) == (GUARD * 100, 3)
    with pytest.raises(Overloaded):
        inbox.put(submission(releases(1)))


async def test_the_engines_own_facts_are_never_refused() -> None:
    inbox = Inbox(10)
    inbox.put(submission(arrivals(9)))
    inbox.put(submission(arrivals(5)), always=True)
    assert inbox.count == 14


async def test_a_submission_stays_first_until_all_of_it_was_taken() -> None:
    inbox = Inbox(10)
    first, second = submission(arrivals(3)), submission(releases(1))
    inbox.put(first)
    inbox.put(second)
    first.next_fact = 2
    inbox.took(2)
    assert inbox.first is first
    assert inbox.count == 2
    first.next_fact = 3
    inbox.took(1)
    assert inbox.first is second
    second.next_fact = 1
    inbox.took(1)
    assert not inbox
    assert inbox.count == 0


async def test_a_promise_is_kept_once_and_not_to_somebody_who_left() -> None:
    kept, left = submission(arrivals(2)), submission(arrivals(1))
    kept.give(1, Receipt(8))
    kept.give(0, Receipt(7))
    kept.resolve()
    assert await kept.future == [Receipt(7), Receipt(8)]
    assert kept.waits_for_seq == 8
    left.future.cancel()
    left.give(0, Receipt(9))
    left.resolve()
    assert left.future.cancelled()
