"""Boards of state and the rate limit: pure parts."""

from typing import Any

import msgspec
import pytest

from adapters.http.feed.board import TOMBSTONES_MAX, Board, Change
from engine.model.rate_limit import RateLimit


class Tile(msgspec.Struct):
    """An item as boards have them: a name and figures."""

    name: str
    waiting: int
    title: str = "x"


def items(**figures: int) -> dict[str, msgspec.Struct]:
    """Return items by name."""
    return {name: Tile(name, waiting) for name, waiting in figures.items()}


def told(change: Change | None) -> list[dict[str, Any]]:
    """Return the items of a change."""
    assert change is not None
    return [msgspec.json.decode(item) for item in change.items]


def test_a_new_reader_gets_everything_and_later_only_what_changed() -> None:
    board = Board("queues")
    assert board.update(items(a=1, b=2), 5, 50)
    kind, change = board.since(0) or ("", None)
    assert kind == "snapshot"
    assert change is not None
    assert [one["waiting"] for one in told(change)] == [1, 2]
    seen = board.version
    assert not board.update(items(a=1, b=2), 6, 60)
    assert board.since(seen) is None
    _, _, quiet = board.encoded_since(0) or ("", 0, b"")
    assert not board.update(items(a=1, b=2), 6, 65)
    _, _, later = board.encoded_since(0) or ("", 0, b"")
    assert [msgspec.json.decode(told)["at_ns"] for told in (quiet, later)] == [60, 65]
    assert board.update(items(a=1, b=3), 7, 70)
    kind, change = board.since(seen) or ("", None)
    assert kind == "delta"
    assert change is not None
    assert (told(change), change.as_of) == ([{"name": "b", "waiting": 3, "title": "x"}], 7)


def test_versions_of_a_board_that_follows_another_mean_nothing_to_it() -> None:
    board = Board("queues", after=7)
    assert board.version == 0
    board.update(items(a=1), 5, 50)
    for seen in (0, 1, 7):
        kind, change = board.since(seen) or ("", None)
        assert (kind, [one["waiting"] for one in told(change)]) == ("snapshot", [1])
    assert board.version == 8
    assert board.since(8) is None
    board.update(items(a=2), 6, 60)
    assert (board.since(8, fields=True) or ("",))[0] == "patch"


def test_a_slow_reader_gets_the_newest_state_once() -> None:
    board = Board("queues")
    board.update(items(a=0, b=0), 1, 1)
    seen = board.version
    for number in range(1, 100):
        board.update(items(a=number, b=0), number, number)
    _, change = board.since(seen) or ("", None)
    assert change is not None
    assert [one["waiting"] for one in told(change)] == [99]


def test_who_saw_all_but_the_last_change_gets_the_fields_that_changed_and_others_whole_items() -> None:
    board = Board("queues")
    board.update(items(a=1, b=2), 1, 1)
    board.update(items(a=1, b=3, c=4), 2, 2)
    kind, change = board.since(1, fields=True) or ("", None)
    assert (kind, told(change)) == (
        "patch",
        [{"name": "b", "waiting": 3}, {"name": "c", "waiting": 4, "title": "x"}],
    )
    board.update(items(a=1, b=3), 3, 3)
    kind, change = board.since(1, fields=True) or ("", None)
    assert (kind, told(change)) == ("delta", [{"name": "b", "waiting": 3, "title": "x"}])
    assert change is not None
    assert change.removed == ["c"]
    assert (board.since(2, fields=True) or ("",))[0] == "patch"
    assert (board.since(0, fields=True) or ("",))[0] == "snapshot"


def test_what_is_told_to_many_is_encoded_once() -> None:
    board = Board("queues")
    board.update(items(a=1), 1, 1)
    assert board.encoded_since(0) is board.encoded_since(0)


def test_removed_items_are_told_and_forgotten_ones_make_a_snapshot() -> None:
    board = Board("waiting")
    board.update(items(a=1, b=2), 1, 1)
    seen = board.version
    board.update(items(b=2), 2, 2)
    _, change = board.since(seen) or ("", None)
    assert change is not None
    assert change.removed == ["a"]
    board.update(items(**{str(number): 0 for number in range(TOMBSTONES_MAX + 1)}), 3, 3)
    board.update({}, 4, 4)
    kind, _ = board.since(seen) or ("", None)
    assert kind == "snapshot"


def test_the_bucket_refills_with_time() -> None:
    limit = RateLimit(2, 4, names_max=2)
    assert [limit.take("a", 0) for _ in range(4)] == [0.0] * 4
    assert limit.take("a", 0) == pytest.approx(0.5)
    assert limit.take("b", 0) == 0.0
    assert limit.take("a", 500_000_000) == 0.0
    assert limit.take("a", 500_000_000) > 0.0
    assert limit.refused == 2
