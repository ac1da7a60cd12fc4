"""Queues that open and close while visitors look on: they are told at once, and an answer says what became of what."""

from collections.abc import Callable

import aiohttp
import pytest

from adapters.webchat import polling
from tests.webchat.support import CENTRE, INBOX, SHOP, Build, Guest, House
from tests.webchat.test_polling import Poller

Visits = Callable[..., Guest]
MAIL = {"email": "an@example.com"}


async def test_a_queue_that_is_gone_is_closed(house: House) -> None:
    inbox = house.adapter.settings.inboxes["web"]
    assert house.adapter.core.is_open(inbox)
    assert not house.adapter.core.is_open(inbox.model_copy(update={"queue": "gone"}))


async def test_every_page_hears_of_it(house: House, guest_at: Visits) -> None:
    idle, talking = guest_at(house), guest_at(house)
    assert (await idle.connect())["state"]["open"] is True
    await talking.connect()
    await talking.start()
    await house.close_queue("letters")
    await house.close_queue()
    for guest in (idle, talking):
        assert (await guest.hear_of("open"))["open"] is False
    assert (await guest_at(house).connect())["open"] is False
    await house.open_queue()
    for guest in (idle, talking):
        assert (await guest.hear_of("open"))["open"] is True


async def test_long_polls_hear_of_it_whenever_it_was(
    house: House, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = Poller(http, house.url)
    guest.session = (await guest.post(type="hello", inbox="web"))[0]["session"]
    await house.close_queue()
    assert (await guest.poll_for("open"))["open"] is False
    await house.open_queue()
    assert (await guest.poll_for("open"))["open"] is True
    guest.seen = ""  # as one who does not bring back what the hello was answered
    assert [frame["type"] for frame in await guest.poll()] == ["open", "notices"]
    monkeypatch.setattr(polling, "WAIT_S", 0.01)
    assert await guest.poll() == []


async def test_the_description_has_the_questions_of_both_forms(house: House, http: aiohttp.ClientSession) -> None:
    for is_open in (True, False):
        async with http.get(f"{house.url}/chat/v1/inboxes/web", headers={"Origin": SHOP}) as answer:
            told = await answer.json()
        assert told["open"] is is_open
        assert (told["chat_fields"], [one["name"] for one in told["message_fields"]]) == ([], ["email"])
        assert told["fields"] == told["chat_fields" if is_open else "message_fields"]
        await house.close_queue()


async def test_an_answer_says_what_became_of_it(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    await guest.connect()
    assert (await guest.start("hello"))["became"] == "chat"
    assert (await guest.say("and more"))["became"] == ""
    assert (await guest.ask("leave_number", number="024 3825"))["became"] == "callback"
    await guest.hear_of("ended", reason="callback")
    await house.close_queue()
    assert (await guest.start("a letter", fields=MAIL))["became"] == "message"
    assert (await guest.ask("leave_number", number="024 3825"))["became"] == "callback"


async def test_what_is_said_again_is_what_it_became_the_first_time(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    await guest.connect()
    await house.close_queue()
    first = await guest.start("a letter", fields=MAIL, client_id="letter")
    number = await guest.ask("leave_number", number="024 3825", client_id="number")
    await house.open_queue()
    assert await guest.start("a letter", fields=MAIL, client_id="letter") == first
    assert await guest.ask("leave_number", number="024 3825", client_id="number") == number
    assert (await guest.connect())["state"]["phase"] == "none", "a letter is no chat"
    chat = await guest.start("a chat", client_id="chat")
    await house.close_queue()
    assert await guest.start("a chat", client_id="chat") == chat
    back = await guest.ask("leave_number", number="024 3825", client_id="back")
    await guest.hear_of("ended", reason="callback")
    assert await guest.ask("leave_number", number="024 3825", client_id="back") == back
    assert await guest.start("a chat", client_id="chat") == chat
    assert sorted(one.channel for one in house.open_contacts()) == ["email", "voice", "voice"]


async def test_a_form_of_before_the_queue_opened_begins_a_chat(build: Build, guest_at: Visits) -> None:
    house = await build(INBOX)
    guest = guest_at(house)
    await guest.connect()
    assert (await guest.start("written for later", fields=MAIL))["became"] == "chat"
    (record,) = house.open_contacts()
    assert (record.channel, record.attributes["email"]) == ("chat", "an@example.com")
    assert (await guest.ask("start", text="x", fields={"role": "admin"}, client_id="z"))["type"] == "ack", (
        "one more line"
    )


async def test_no_step_of_the_queue_calls_a_visitor_back_who_left_no_number(build: Build, guest_at: Visits) -> None:
    steps = "steps: [{after: 0s, do: callback}, {after: 0s, do: overflow, to: calls}]"
    house = await build(centre=CENTRE.replace("channel: chat, ", f"channel: chat, {steps}, ", 1))
    guest = guest_at(house)
    await guest.connect()
    await guest.start("hello")
    await house.until(lambda: [one.queue for one in house.open_contacts()] == ["calls"])
    (chat,) = house.open_contacts()
    assert chat.channel == "chat", "passed over, and the next step is taken"
    assert (await guest.ask("leave_number", number="024 3825"))["became"] == "callback", "who leaves one asks for it"
