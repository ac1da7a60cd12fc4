"""What was not acknowledged is said again, late perhaps: it is answered by what it became the first time."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.webchat.support import INBOX, Build, Guest, House
from tests.webchat.test_doors import MAIL

Visits = Callable[..., Guest]


@pytest.mark.parametrize("over", ["the same service", "a restart"])
async def test_a_number_that_was_left_from_the_line(house: House, guest_at: Visits, tmp_path: Path, over: str) -> None:
    guest = guest_at(house)
    await guest.connect()
    await guest.start(client_id="chat")
    first = await guest.ask("leave_number", number="024 3825", client_id="back")
    assert first["became"] == "callback"
    await guest.hear_of("ended", reason="callback")
    if over == "a restart":
        await guest.close()
        await house.start_again(tmp_path / "adapters")
        await guest.connect()
    assert await guest.ask("leave_number", number="024 3825", client_id="back") == first
    assert [one.channel for one in house.open_contacts()] == ["voice"]
    other = await guest.ask("leave_number", number="024 3825")
    assert other["code"] == "chats_taken", "another is not that one"


async def test_a_start_that_was_one_more_line_begins_no_chat_after_the_end(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    await guest.connect()
    await guest.start(client_id="chat")
    (record,) = house.open_contacts()
    first = await guest.start("one more line", client_id="line")
    await house.end(record.contact)
    await guest.hear_of("ended")
    assert await guest.start("one more line", client_id="line") == first
    assert house.open_contacts() == []
    assert (await guest.start("another", client_id="other"))["became"] == "chat"
    assert await guest.start("one more line", client_id="line") == first
    assert house.lines(record.contact) == [("customer", "hello"), ("customer", "one more line")]


async def test_a_start_is_what_it_was_whatever_has_begun_since(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    await guest.connect()
    await house.close_queue()
    letter = await guest.start("a letter", fields=MAIL, client_id="letter")
    await house.open_queue()
    chat = await guest.start("a chat", client_id="chat")
    await house.end(next(one.contact for one in house.open_contacts() if one.channel == "chat"))
    await guest.hear_of("ended")
    other = await guest.start("another", client_id="other")
    for text, client_id, first in (
        ("a letter", "letter", letter),
        ("a chat", "chat", chat),
        ("another", "other", other),
    ):
        assert await guest.start(text, client_id=client_id) == first
    state = (await guest.connect())["state"]
    assert state["phase"] == "queued", "the latest is the visitor's chat"
    assert sorted(one.channel for one in house.open_contacts()) == ["chat", "email"]


async def test_a_letter_is_known_where_none_are_taken_any_more(build: Build, guest_at: Visits) -> None:
    house = await build(INBOX)
    guest = guest_at(house)
    await guest.connect()
    await house.close_queue()
    first = await guest.start("a letter", fields=MAIL, client_id="letter")
    inbox = house.adapter.settings.inboxes["web"].model_copy(update={"message_queue": None})
    house.adapter.reload(house.adapter.settings.model_copy(update={"inboxes": {"web": inbox}}))
    assert await guest.start("a letter", client_id="letter") == first
    assert (await guest.ask("start", text="another", fields=MAIL))["code"] == "closed"


async def test_a_line_of_a_chat_that_nobody_has_in_memory(house: House, guest_at: Visits, tmp_path: Path) -> None:
    guest = guest_at(house)
    await guest.connect()
    await guest.start()
    first = await guest.say("one more line", client_id="line")
    (record,) = house.open_contacts()
    await house.end(record.contact)
    await guest.close()
    await house.start_again(tmp_path / "adapters")
    house.adapter.core.wall_ns = lambda: record.arrived_ns + 2 * 3600 * 10**9  # so that its end is shown no more
    assert (await guest.connect())["state"]["phase"] == "none"
    assert await guest.say("one more line", client_id="line") == first
    assert (await guest.ask("message", text="one more line"))["code"] == "not_begun"
