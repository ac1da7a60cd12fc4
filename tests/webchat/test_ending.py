"""Ends and answers that are said late or twice: each counts once, and for the chat that it names."""

from collections.abc import Callable

from tests.webchat.support import Guest, House
from tests.webchat.test_polling import Poller

Visits = Callable[..., Guest]


async def talk(house: House, guest: Guest, text: str = "hello") -> tuple[str, int]:
    """Begin a chat that an agent takes; returns its name and id."""
    await guest.start(text)
    contact = await house.take()
    return contact, (await guest.hear_of("assigned", agent="Bob Ray"))["contact_id"]


async def test_every_frame_of_a_chat_names_it(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    await guest.connect()
    await guest.start()
    queued = await guest.hear_of("queue", contact_id=house.open_contacts()[0].id)
    await house.work("bob")
    await house.take()
    assert (await guest.hear_of("assigned"))["contact_id"] == queued["contact_id"]


async def test_an_end_is_answered_once_it_is_in_the_log_and_may_be_said_again(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    await house.work("bob")
    await guest.connect()
    contact, contact_id = await talk(house, guest)
    for _ in range(2):
        assert (await guest.ask("end", client_id="bye", contact_id=contact_id))["type"] == "ack"
        assert house.engine.views.contacts.find(contact).contact.ended_by == "customer"
    assert (await guest.ask("end", contact_id=contact_id))["type"] == "ack", "over is over"
    _, other = await talk(house, guest, "another")
    assert (await guest.ask("end", client_id="bye", contact_id=contact_id))["type"] == "ack"
    assert (await guest.ask("end", client_id="bye"))["type"] == "ack"
    assert [one.id for one in house.open_contacts()] == [other], "what ended the first does not end the second"
    await guest.send(type="end")
    await guest.hear_of("ended", contact_id=other)


async def test_an_end_by_requests_comes_with_its_answer(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    await guest.connect()
    await guest.start()
    poller = Poller(guest._http, house.url)
    poller.session = guest.session
    assert [one["type"] for one in await poller.post(type="end", client_id="bye")] == ["ack"]
    assert await poller.post(type="end") == []
    await house.until(lambda: not house.open_contacts())


async def test_an_answer_counts_for_the_chat_that_it_names(house: House, guest_at: Visits) -> None:
    guest, other = guest_at(house), guest_at(house)
    await house.work("bob")
    for one in (guest, other):
        await one.connect()
    first, first_id = await talk(house, guest)
    await house.end(first)
    second, second_id = await talk(house, guest, "another")
    assert (await guest.ask("survey", score=1, contact_id=first_id))["type"] == "ack", "while the other goes on"
    assert (await guest.ask("survey", score=5, contact_id=second_id))["code"] == "no_survey", "it is not over"
    await house.end(second)
    await guest.hear_of("ended", contact_id=second_id, survey="csat")
    assert (await guest.ask("survey", score=2, contact_id=first_id))["code"] == "answered_already"
    assert (await other.ask("survey", score=5, contact_id=second_id))["code"] == "no_survey", "it is not theirs"
    assert (await guest.connect())["state"]["survey"] == "csat", "of the second it is still asked"
    assert (await guest.ask("survey", score=4))["type"] == "ack"
    assert (await guest.connect())["state"]["survey"] == ""
    found = house.engine.views.read_events(0, 1000, ["survey_answered"]).events
    assert [(one.contact, one.data["score"]) for one in found] == [(first, 1), (second, 4)]
