"""What an agent does about one contact stays in its order when some of it is refused for want of room."""

import asyncio
from typing import Any

import pytest

from adapters.http.desk.in_order import PATIENCE_S, PUT_OFF_MAX, InOrder
from engine.errors import Overloaded
from engine.messages.observed import MessageSent
from tests.http.desk.support import CENTRE, Desk, opened
from tests.http.desk.test_socket import bring, connected
from tests.http.support import Build, House

AN = ("an", "chat-1")
LINES = ("one", "two", "three")


def refuse_once(house: House, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let the engine have no room for a line, the first time."""
    link = house.adapter.context.engine
    submit, refused = link.submit, set[str]()

    def without_room(source: str, facts: Any, **more: Any) -> Any:
        if isinstance(facts[0], MessageSent) and facts[0].text == text and text not in refused:
            refused.add(text)
            raise Overloaded("no room")
        return submit(source, facts, **more)

    monkeypatch.setattr(link, "submit", without_room)


async def send(desk: Desk, command_id: str, **command: Any) -> None:
    """Say something to the service, and wait for no answer."""
    await desk.socket.send_json({"type": "do", "command": {"id": command_id, **command}})


async def answers(desk: Desk, names: tuple[str, ...]) -> list[bool]:
    """Wait for the answers to commands; returns of each whether it has to come again."""
    await desk.until(lambda: all(name in desk.settled for name in names))
    return ["again_s" in desk.settled.pop(name) for name in names]


def said(house: House, contact: str = "chat-1") -> list[str]:
    """The lines of a chat."""
    return [line.text for line in house.engine.views.contacts.conversation(contact).messages]


@pytest.mark.parametrize("refused", LINES)
async def test_lines_keep_their_order_whichever_is_refused(
    build: Build, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        await connected(house, desk, "chat-1")
        refuse_once(house, monkeypatch, refused)
        under_way: tuple[str, ...] = LINES
        rounds = 0
        while under_way:
            for text in under_way:
                await send(desk, text, verb="say", contact="chat-1", text=text)
            again = await answers(desk, under_way)
            under_way = tuple(text for text, has_to in zip(under_way, again, strict=True) if has_to)
            rounds += 1
        assert rounds == 2
        assert said(house) == list(LINES)


async def test_what_is_done_behind_a_line_waits_for_it_in_every_tab_and_nothing_else_does(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await build(centre=CENTRE.replace("queues: [chat, sales],", "queues: [chat, sales], capacity: {chat: 2},"))
    async with opened(house) as desk, opened(house) as tab:
        await connected(house, desk, "chat-1")
        await bring(house, "chat-2")
        await desk.until(lambda: desk.contact("chat-2").get("state") == "offered")
        assert not (await desk.do("accept", contact="chat-2"))["refused"]
        refuse_once(house, monkeypatch, "one")
        assert (await desk.do("say", contact="chat-1", text="one", id="one"))["again_s"]
        assert (await tab.do("say", contact="chat-1", text="two", id="two"))["again_s"]
        assert (await tab.do("end", contact="chat-1", id="end"))["again_s"]
        assert not (await tab.do("say", contact="chat-2", text="to another one"))["error"]
        assert not (await tab.do("status", status="paused"))["error"]
        tab.settled.clear()
        assert (await tab.do("say", contact="chat-1", text="two", id="two"))["again_s"], "not before the first"
        desk.settled.clear()
        assert not (await desk.do("say", contact="chat-1", text="one", id="one"))["error"]
        tab.settled.clear()
        assert not (await tab.do("say", contact="chat-1", text="two", id="two"))["error"]
        tab.settled.clear()
        assert not (await tab.do("end", contact="chat-1", id="end"))["error"]
        assert said(house) == ["one", "two"]


def test_a_page_that_is_gone_holds_nobody_up() -> None:
    now_s = 100.0
    in_order = InOrder(lambda: now_s)

    def passes(name: str, *, room: bool = True, came_before: bool = False) -> bool:
        try:
            with in_order.turn(AN, name, came_before=came_before):
                if not room:
                    raise Overloaded("no room", retry_after_s=2)
        except Overloaded:
            return False
        return True

    assert not passes("one", room=False)
    assert not passes("two")
    assert not passes("three")
    assert passes("zero", came_before=True), "it is in the log"
    now_s += 2 + PATIENCE_S
    assert not passes("three"), "the first may still come"
    now_s += 1
    assert passes("three")
    assert passes("four")


def test_a_command_that_cannot_be_done_holds_nobody_up() -> None:
    in_order = InOrder(lambda: 0.0)
    with pytest.raises(Overloaded), in_order.turn(AN, "one"):
        raise Overloaded("no room")
    with pytest.raises(KeyError), in_order.turn(AN, "one"):
        raise KeyError("gone")
    with in_order.turn(AN, "two"):
        pass


def test_no_more_are_kept_than_may_be_and_none_passes_those_by() -> None:
    in_order = InOrder(lambda: 0.0)

    def passes(name: str, *, room: bool = True) -> bool:
        try:
            with in_order.turn(AN, name):
                if not room:
                    raise Overloaded("no room")
        except Overloaded:
            return False
        return True

    kept = [str(number) for number in range(PUT_OFF_MAX)]
    assert not any(passes(name, room=False) for name in [*kept, "one more"])
    assert not passes("one more")
    assert not passes(kept[0], room=False), "it keeps its place"
    for number, name in enumerate(kept):
        assert not any(passes(other) for other in kept[number + 1 :])
        assert passes(name)
    assert passes("another"), "nothing was kept of what was too much"


def test_a_command_whose_socket_was_lost_is_still_expected() -> None:
    in_order = InOrder(lambda: 0.0)
    with pytest.raises(Overloaded), in_order.turn(AN, "one"):
        raise Overloaded("no room")
    with pytest.raises(asyncio.CancelledError), in_order.turn(AN, "one"):
        raise asyncio.CancelledError
    with pytest.raises(Overloaded), in_order.turn(AN, "two"):
        pass
