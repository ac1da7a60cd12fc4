"""Boards of state and the rate limit: pure parts."""

import msgspec
import pytest

from adapters.http.board import TOMBSTONES_MAX, Board
from engine.model.rate_limit import RateLimit


def items(**bodies: int) -> dict[str, bytes]:
    """Return encoded items."""
    return {name: msgspec.json.encode(body) for name, body in bodies.items()}


def test_a_new_reader_gets_everything_and_later_only_what_changed() -> None:
    board = Board("queues")
    assert board.update(items(a=1, b=2), 5, 50)
    kind, change = board.since(0) or ("", None)
    assert kind == "snapshot"
    assert change is not None
    assert [bytes(item) for item in change.items] == [b"1", b"2"]
    seen = board.version
    assert not board.update(items(a=1, b=2), 6, 60)
    assert board.since(seen) is None
    assert board.update(items(a=1, b=3), 7, 70)
    kind, change = board.since(seen) or ("", None)
    assert kind == "delta"
    assert change is not None
    assert ([bytes(item) for item in change.items], change.as_of) == ([b"3"], 7)


def test_a_slow_reader_gets_the_newest_state_once() -> None:
    board = Board("queues")
    board.update(items(a=0, b=0), 1, 1)
    seen = board.version
    for number in range(1, 100):
        board.update(items(a=number, b=0), number, number)
    _, change = board.since(seen) or ("", None)
    assert change is not None
    assert [bytes(item) for item in change.items] == [b"99"]


def test_removed_items_are_told_and_forgotten_ones_make_a_snapshot() -> None:
    board = Board("waiting")
    board.update(items(a=1, b=2), 1, 1)
    seen = board.version
    board.update(items(b=2), 2, 2)
    _, change = board.since(seen) or ("", None)
    assert change is not None
    assert change.removed == ["a"]
    board.update({str(number): b"0" for number in range(TOMBSTONES_MAX + 1)}, 3, 3)
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
