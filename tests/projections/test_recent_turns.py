"""Turns kept at hand: nothing missing, nothing twice, never more than the bound."""

import numpy as np

from engine.log_port import Turn
from engine.messages import kinds
from engine.messages.rows import empty_rows
from engine.projections.feed.recent_turns import RecentTurns


def turn(first_seq: int, count: int) -> Turn:
    """A turn whose rows of odd sequence are contact_queued, the others deadline_passed."""
    rows = empty_rows(count)
    seqs = np.arange(first_seq, first_seq + count)
    rows["kind"] = np.where(seqs % 2, kinds.CONTACT_QUEUED, kinds.DEADLINE_PASSED)
    return Turn(first_seq, first_seq + count - 1, rows, memoryview(b"payload"))


def kept() -> RecentTurns:
    """Four turns of five rows, 1 to 20, of which the last three are kept."""
    turns = RecentTurns(rows_kept=15)
    for first_seq in (1, 6, 11, 16):
        turns.note(turn(first_seq, 5))
    return turns


def test_the_oldest_go_when_there_are_too_many() -> None:
    turns = kept()
    assert not turns.reach_back_to(4)
    assert turns.reach_back_to(5)
    turns.note(turn(21, 1000))
    assert turns.reach_back_to(20), "the newest is kept however large it is"
    assert not turns.reach_back_to(19)
    turns.forget()
    assert not turns.reach_back_to(1020)


def test_pages_follow_one_another_without_hole_or_repetition() -> None:
    turns, seq, seen = kept(), 5, []
    while seq < 20:
        page, seq = turns.after(seq, 4)
        assert len(page) <= 4
        seen += [row.seq for row in page]
    assert seen == list(range(6, 21))
    assert turns.after(20, 4) == ([], 20)


def test_only_the_kinds_asked_for() -> None:
    queued = np.array([kinds.CONTACT_QUEUED], np.uint16)
    page, reached = kept().after(8, 3, queued)
    assert [row.seq for row in page] == [9, 11, 13]
    assert {int(row.row["kind"]) for row in page} == {kinds.CONTACT_QUEUED}
    assert reached == 13
    page, reached = kept().after(13, 100, queued)
    assert ([row.seq for row in page], reached) == ([15, 17, 19], 20)


def test_what_is_kept_is_a_copy() -> None:
    turns, given = RecentTurns(), turn(1, 1)
    turns.note(given)
    given.rows["kind"] = 0
    (row,), _ = turns.after(0, 1)
    assert int(row.row["kind"]) == kinds.CONTACT_QUEUED
    assert bytes(row.payload) == b"payload"
