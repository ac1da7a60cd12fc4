"""Whose look counts: boards that are opened between a look and its taking in, and looks that came to nothing."""

import asyncio

import msgspec
import pytest

from adapters.http.boards import BoardSettings
from adapters.http.feed.state_boards import Look, StateBoards, View
from adapters.http.wallboard.alerts import AlertBook
from adapters.http.wallboard.seen import Seen
from tests.http.support import House

NOW_NS = 10**12
BOARDS = {"x": BoardSettings(queues=["sales"]), "y": BoardSettings(queues=["help"])}


def look(boards: StateBoards, house: House, now_ns: int = NOW_NS) -> Look:
    """Look at a house's tables."""
    found = boards.look(house.engine.views, now_ns, 0, AlertBook(BOARDS, Seen()), lambda _tiles: None)
    found.reckon()
    return found


def names(boards: StateBoards, topic: str, view: View) -> list[str] | None:
    """What a reader who has seen nothing is told of a topic by now; None: nothing yet."""
    board = boards._boards[topic, view]
    if not board.version:
        return None
    found = board.since(0)
    assert found is not None
    return sorted(next(iter(msgspec.json.decode(item).values())) for item in found[1].items)


async def test_a_board_that_is_opened_right_after_another_begins_with_its_own_agents(house: House) -> None:
    boards = StateBoards(BOARDS)
    boards.open("agents", View("x"))
    begun = look(boards, house)
    boards.open("agents", View("y"))
    boards.take_in(begun, 1)
    assert (names(boards, "agents", View("x")), names(boards, "agents", View("y"))) == (["alice", "bob"], None)
    boards.take_in(look(boards, house, NOW_NS + 1000), 2)
    assert names(boards, "agents", View("y")) == ["bob"]


@pytest.mark.parametrize(("read", "joined", "expected"), [("agents", "queues", 2), ("queues", "agents", 2)])
async def test_who_joins_during_a_look_at_something_else_is_told_by_the_next(
    house: House, read: str, joined: str, expected: int
) -> None:
    boards = StateBoards({})
    boards.open(read, View())
    begun = look(boards, house)
    boards.open(joined, View())
    boards.take_in(begun, 1)
    assert names(boards, joined, View()) is None
    boards.take_in(look(boards, house, NOW_NS + 1000), 2)
    assert len(names(boards, joined, View()) or ()) == expected


async def test_agents_whose_change_was_looked_at_in_vain_are_told_by_the_next_look(house: House) -> None:
    feed, reader = house.adapter.context.feed, object()
    link, durable = feed._engine, feed._engine.durable

    def fails() -> None:
        link.durable = durable  # type: ignore[method-assign]
        raise OSError("the disk is full")

    link.durable = fails  # type: ignore[method-assign, assignment]
    feed.join(reader, frozenset({"agents"}), View())
    async with asyncio.timeout(10):
        while names(feed.state, "agents", View()) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert names(feed.state, "agents", View()) == ["alice", "bob"]
    feed.leave(reader)
