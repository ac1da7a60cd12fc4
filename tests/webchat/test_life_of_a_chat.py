"""Waiting, leaving, being handed on, out of hours, surveys, history, restarts: what becomes of a chat."""

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.webchat import switchboard
from adapters.webchat.adapter import WebChatAdapter
from engine.live.adapters import Adapters
from engine.messages.observed import MessagesRead, RequeueRequested, TransferRequested
from tests.webchat.support import CENTRE, INBOX, Build, Guest, House

Visits = Callable[..., Guest]


async def test_places_are_told_when_they_change(
    house: House, guest_at: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switchboard, "PLACES_EVERY_S", 0.02)
    first, second = guest_at(house), guest_at(house)
    await first.connect()
    await first.start()
    await second.connect()
    await second.start()
    assert (await second.hear_of("queue", position=2))["wait_high_min"] is None
    await first.send(type="end")
    await first.hear_of("ended", reason="customer")
    await second.hear_of("queue", position=1)


async def test_who_waits_and_shows_no_page_is_gone_after_a_while(
    house: House, guest_at: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = guest_at(house)
    await guest.connect()
    await guest.start()
    (chat,) = house.adapter.core.visitors.by_contact.values()
    await guest.drop()
    await house.until(lambda: chat.leaving is not None)
    await guest.connect()
    assert chat.leaving is None
    await guest.close()
    await house.until(lambda: chat.leaving is not None)
    house.adapter.switchboard._leave(chat)
    await house.until(lambda: not house.open_contacts())
    record = house.engine.views.contacts.find(chat.contact).contact
    assert (record.exit, chat.phase) == ("short_abandoned", "ended")
    welcome = await guest.connect()
    assert (welcome["state"]["phase"], welcome["state"]["survey"]) == ("ended", ""), "nobody served it: nobody asks"


async def test_who_talks_and_shows_no_page_is_still_there(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    await house.work("bob")
    await guest.connect()
    await guest.start()
    contact = await house.take()
    await guest.hear_of("assigned")
    await guest.close()
    chat = house.adapter.core.visitors.by_contact[contact]
    await house.until(lambda: not house.adapter.sockets.open)
    assert chat.leaving is None
    assert chat.phase == "connected"


async def test_a_chat_that_is_handed_on_keeps_its_lines(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    await house.work("bob")
    await guest.connect()
    await guest.start("hello")
    contact = await house.take("bob")
    await guest.hear_of("assigned")
    await house.say(contact, "eve knows")
    await house.work("eve")
    await house.pause("bob")
    await house.tell(TransferRequested(contact=contact, agent="eve"))
    assert (await guest.hear_of("assigned"))["agent"] == ""
    await house.take("eve")
    assert (await guest.hear_of("assigned"))["agent"] == "eve"
    await house.say(contact, "here I am", "eve")
    assert await guest.read_lines(3) == ["hello", "eve knows", "here I am"]
    await house.tell(RequeueRequested(contact=contact))
    await guest.hear_of("queue")


async def test_who_was_served_and_waits_again_is_told_so_over_reloads_and_starts(
    house: House, guest_at: Visits, tmp_path: Path
) -> None:
    guest = guest_at(house)
    await house.work("bob")
    await guest.connect()
    await guest.start("hello")
    assert not (await guest.connect())["state"]["handed_on"]
    contact = await house.take("bob")
    await guest.hear_of("assigned", agent="Bob Ray")
    await house.pause("bob")
    await house.tell(RequeueRequested(contact=contact, by="desk", reason="desk closed"))
    await guest.hear_of("assigned", agent="")
    state = (await guest.connect())["state"]
    assert (state["phase"], state["agent"], state["handed_on"]) == ("queued", "", True)
    await house.work("eve")
    await house.take("eve")
    await guest.hear_of("assigned", agent="eve")
    state = (await guest.connect())["state"]
    assert (state["phase"], state["handed_on"]) == ("connected", False)
    await house.pause("eve")
    await house.tell(RequeueRequested(contact=contact, by="desk", reason="signed out"))
    await guest.hear_of("assigned", agent="")
    await house.start_again(tmp_path / "adapters")
    state = (await guest.connect())["state"]
    assert (state["phase"], state["agent"], state["handed_on"]) == ("queued", "", True)


async def test_read_marks_go_both_ways(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    await house.work("bob")
    await guest.connect()
    seq = (await guest.start("hello"))["seq"]
    contact = await house.take()
    await house.tell(MessagesRead(contact=contact, by="agent", agent="bob", up_to_seq=seq))
    assert (await guest.hear_of("read"))["read_seq"] == seq
    said = await house.say(contact, "hi")
    await guest.read_lines(2)
    await guest.send(type="read", seq=said)
    await house.until(lambda: house.engine.views.contacts.conversation(contact).customer_read_seq == said)


async def test_a_number_instead_of_waiting(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    await guest.connect()
    await guest.start()
    assert (await guest.ask("leave_number", number="+84 24 3825 1234"))["type"] == "ack"
    assert (await guest.hear_of("ended"))["reason"] == "callback"
    await house.until(house.open_contacts)
    (callback,) = house.open_contacts()
    assert (callback.channel, callback.attributes["callback_number"]) == ("voice", "+84 24 3825 1234")
    assert callback.customer == "+84 24 3825 1234"


async def test_out_of_hours_messages_and_numbers_wait_in_their_queues(house: House, guest_at: Visits) -> None:
    await house.close_queue()
    guest = guest_at(house)
    assert (await guest.connect())["open"] is False
    assert (await guest.ask("start", text="hello"))["code"] == "bad_field"
    assert (await guest.ask("start"))["code"] == "closed", "a file alone leaves no message"
    await guest.start("call me about the order", fields={"email": "an@example.com"}, client_id="m")
    await guest.start("call me about the order", fields={"email": "an@example.com"}, client_id="m")
    assert (await guest.ask("leave_number", number="024 3825", client_id="n"))["type"] == "ack"
    assert (await guest.ask("leave_number", number="024 3825", client_id="n"))["type"] == "ack"
    found = {(one.queue, one.channel, one.state) for one in house.open_contacts()}
    assert found == {("letters", "email", "waiting"), ("calls", "voice", "waiting")}
    assert len(house.open_contacts()) == 2
    left = next(one for one in house.open_contacts() if one.channel == "email")
    assert left.attributes["answer_to"] == "an@example.com"


async def test_where_nothing_can_be_left_the_closed_queue_says_so(build: Build, guest_at: Visits) -> None:
    house = await build("      web: {queue: help, origins: ['https://shop.example']}\n")
    await house.close_queue()
    guest = guest_at(house)
    await guest.connect()
    assert (await guest.ask("start", text="hello"))["code"] == "closed"
    for number in ("abc", "+84 912 345 678 ext 5", "(((", ""):
        assert (await guest.ask("leave_number", number=number))["code"] in ("bad_number", "no_callback"), number
    assert (await guest.ask("leave_number", number="024 3825"))["code"] == "no_callback"


async def test_a_full_queue_sends_away_and_says_why(build: Build, guest_at: Visits) -> None:
    house = await build(centre=CENTRE.replace("{channel: chat, strategy", "{channel: chat, max_length: 1, strategy"))
    first, second = guest_at(house), guest_at(house)
    await first.connect()
    await first.start()
    await second.connect()
    for _ in range(2):
        refused = await second.ask("start", text="hello", client_id="chat")
        assert refused["code"] == "not_served", "its line is in no log, said again or not"
    ended = await second.hear_of("ended")
    assert (ended["reason"], ended["survey"]) == ("refused_full", "")
    await house.end(house.open_contacts()[0].contact)
    assert (await second.ask("start", text="again"))["type"] == "ack", "it may be tried again"


async def test_who_is_asked_how_it_was_is_asked_so_at_once_after_a_restart(
    house: House, guest_at: Visits, tmp_path: Path
) -> None:
    guest = guest_at(house)
    await house.work("bob")
    await guest.connect()
    await guest.start()
    await house.end(await house.take())
    before = await guest.hear_of("ended")
    await guest.close()
    await house.start_again(tmp_path / "adapters")
    state = (await guest.connect())["state"]
    assert before["survey"] == "csat"
    assert {key: state[key] for key in ("reason", "survey", "contact_id")} == {
        key: before[key] for key in ("reason", "survey", "contact_id")
    }


@pytest.mark.parametrize(("kind", "score", "wrong"), [("csat", 5, 6), ("nps", 0, None), ("ces", 7, 8)])
async def test_how_it_was_is_asked_once_and_answered_once(
    build: Build, guest_at: Visits, kind: str, score: int, wrong: int | None
) -> None:
    house = await build(INBOX.replace("survey: csat", f"survey: {kind}"))
    guest = guest_at(house)
    await house.work("bob")
    await guest.connect()
    await guest.start()
    contact = await house.take()
    await house.end(contact)
    assert (await guest.hear_of("ended"))["survey"] == kind
    await guest.drop()
    assert (await guest.connect())["state"]["survey"] == kind
    if wrong is not None:
        await guest.send(type="survey", score=wrong)
        assert (await guest.hear_of("error"))["code"] == "bad_score"
    for _ in range(2):
        await guest.send(type="survey", score=score, comment="as expected")
        await guest.hear_of("ack", client_id="survey")
    found = house.engine.views.read_events(0, 1000, ["survey_requested", "survey_answered"]).events
    assert [(one.type, one.data["survey"], one.contact) for one in found] == [
        ("survey_requested", kind, contact),
        ("survey_answered", kind, contact),
    ]


async def test_what_was_answered_is_not_asked_again_after_a_start(
    house: House, guest_at: Visits, tmp_path: Path
) -> None:
    guest, silent = guest_at(house), guest_at(house)
    await house.work("bob")
    for one in (guest, silent):
        await one.connect()
        await one.start()
        await house.end(await house.take())
        assert (await one.hear_of("ended"))["survey"] == "csat"
    await guest.send(type="survey", client_id="mine", score=4)
    await guest.hear_of("ack", client_id="mine")
    await house.start_again(tmp_path / "adapters")
    for one, survey in ((guest, ""), (silent, "csat")):
        state = (await one.connect())["state"]
        assert (state["phase"], state["survey"]) == ("ended", survey), "who did not answer may still"
    await guest.send(type="survey", client_id="mine", score=4)
    await guest.hear_of("ack", client_id="mine")
    await guest.send(type="survey", client_id="other", score=2)
    assert (await guest.hear_of("error", client_id="other"))["code"] == "answered_already"
    found = house.engine.views.read_events(0, 1000, ["survey_answered"]).events
    assert [one.data["score"] for one in found] == [4]


async def test_an_ended_chat_that_was_left_is_told_no_more(house: House, guest_at: Visits, tmp_path: Path) -> None:
    guest = guest_at(house)
    await house.work("bob")
    await guest.connect()
    await guest.start("first")
    await house.end(await house.take())
    left = (await guest.hear_of("ended"))["contact_id"]
    for _ in range(2):
        await guest.close()
        guest.after_seq = 0
        guest.lines.clear()
        welcome = await guest.connect(left=left)
        assert (welcome["state"]["phase"], welcome["has_history"]) == ("none", True)
        await house.start_again(tmp_path / "adapters")
    await guest.connect(left=left)
    assert (await guest.start("second"))["type"] == "ack"
    assert await guest.read_lines(1) == ["second"]
    await guest.close()
    assert (await guest.connect(left=left))["state"]["phase"] != "none"


async def test_a_returning_visitor_sees_earlier_conversations_and_nobody_elses(house: House, guest_at: Visits) -> None:
    guest, other = guest_at(house), guest_at(house)
    await house.work("bob")
    await other.connect()
    await other.start("not yours")
    await house.end(await house.take())
    await guest.connect()
    for text in ("first", "second", "third"):
        await guest.start(text)
        await house.end(await house.take())
        await guest.hear_of("ended")
    await guest.drop()
    assert (await guest.connect())["has_history"] is True
    await guest.send(type="history")
    told = await guest.hear_of("history")
    texts = [[line["text"] for line in one["lines"]] for one in told["conversations"]]
    assert texts == [["third"], ["second"], ["first"]]
    assert told["before_id"] is None
    await guest.start("now")
    await guest.send(type="history")
    assert len((await guest.hear_of("history"))["conversations"]) == 3, "not the one that goes on"


async def test_chats_are_taken_up_again_by_the_next_start(house: House, guest_at: Visits, tmp_path: Path) -> None:
    talking, waiting = guest_at(house), guest_at(house)
    await house.work("bob")
    await talking.connect()
    await talking.start("one")
    contact = await house.take()
    said = house.engine.views.contacts.conversation(contact).messages[-1].seq
    await house.tell(MessagesRead(contact=contact, by="agent", agent="bob", up_to_seq=said))
    await house.pause("bob")
    await waiting.connect()
    await waiting.start("wait")
    await house.start_again(tmp_path / "adapters")
    for guest, phase in ((talking, "connected"), (waiting, "queued")):
        state = (await guest.connect())["state"]
        assert (state["phase"], state["agent_read_seq"]) == (phase, said if guest is talking else 0)
    assert (await talking.say("two"))["type"] == "ack"
    await house.say(contact, "three")
    assert (await talking.read_lines(3)) == ["one", "two", "three"]
    assert house.adapter.status().counters["chats_resumed"] == 2


async def test_an_inbox_that_is_gone_lets_its_chats_go(house: House, guest_at: Visits, tmp_path: Path) -> None:
    guest = guest_at(house)
    await guest.connect()
    await guest.start()
    await house.adapters.stop()
    settings = house.adapter.settings.model_copy(update={"inboxes": {"new": house.adapter.settings.inboxes["web"]}})
    house.adapters = Adapters(house.engine, {"webchat": settings}, [], lambda _: WebChatAdapter)
    await house.adapters.start()
    await house.until(lambda: not house.open_contacts())
