"""A visitor and an agent talk, over real sockets: nothing is lost, nothing is doubled, whatever reconnects."""

from collections.abc import Callable

from engine.ports import Hint
from tests.webchat.support import Guest, House

Visits = Callable[..., Guest]


async def test_a_visitor_and_an_agent_talk(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    welcome = await guest.connect()
    assert (welcome["open"], welcome["state"]["phase"], welcome["has_history"]) == (True, "none", False)
    ack = await guest.start("good morning")
    queued = await guest.hear_of("queue")
    assert (queued["position"], queued["can_leave_number"]) == (1, True)
    await house.work("bob")
    contact = await house.take()
    assert (await guest.hear_of("assigned"))["agent"] == "Bob Ray"
    seq = await house.say(contact, "how can I help?")
    assert await guest.read_lines(2) == ["good morning", "how can I help?"]
    assert [line["seq"] for line in guest.lines] == [ack["seq"], seq]
    assert guest.lines[1]["agent"] == "Bob Ray"
    await guest.say("my order")
    assert house.lines(contact) == [
        ("customer", "good morning"),
        ("agent", "how can I help?"),
        ("customer", "my order"),
    ]
    record = house.engine.views.contacts.find(contact).contact
    assert (record.channel, record.entry, record.source) == ("chat", "web", "webchat")
    assert record.attributes == {"signed": "no", "page": "https://shop.example", "callback_queue": "calls"}
    await house.end(contact)
    ended = await guest.hear_of("ended")
    assert (ended["reason"], ended["survey"]) == ("agent", "csat")


async def test_what_is_said_twice_under_one_name_is_one_line(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    await guest.connect()
    first = await guest.start("one", client_id="s")
    assert await guest.ask("start", text="one", client_id="s") == first
    line = await guest.say("two", client_id="m")
    await guest.drop()
    await guest.connect()
    assert await guest.say("two", client_id="m") | {"seq": 0} == line | {"seq": 0}
    (contact,) = (one.contact for one in house.open_contacts())
    assert house.lines(contact) == [("customer", "one"), ("customer", "two")]


async def test_who_comes_back_reads_what_was_missed_and_no_more(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    await house.work("bob")
    await guest.connect()
    await guest.start("one")
    contact = await house.take()
    await house.say(contact, "two")
    await guest.read_lines(2)
    await guest.drop()
    await house.say(contact, "three")
    await house.say(contact, "four")
    welcome = await guest.connect()
    assert (welcome["state"]["phase"], welcome["state"]["agent"]) == ("connected", "Bob Ray")
    assert await guest.read_lines(4) == ["one", "two", "three", "four"]
    await house.say(contact, "five")
    assert await guest.read_lines(5) == ["one", "two", "three", "four", "five"]


async def test_two_pages_of_one_visitor_show_the_same_chat(house: House, guest_at: Visits) -> None:
    first, second = guest_at(house), guest_at(house)
    await first.connect()
    second.session = first.session
    await second.connect()
    await first.start("from the first")
    assert await second.read_lines(1) == ["from the first"]
    await second.say("from the second")
    assert await first.read_lines(2) == ["from the first", "from the second"]
    assert len(house.open_contacts()) == 1


async def test_typing_goes_both_ways_and_is_no_fact(house: House, guest_at: Visits) -> None:
    guest, heard = guest_at(house), list[Hint]()
    house.engine.hints.watch(heard.append)
    await house.work("bob")
    await guest.connect()
    await guest.start()
    contact = await house.take()
    await guest.hear_of("assigned")
    before = house.engine.state.seq
    await guest.send(type="typing", on=True)
    await guest.send(type="typing", on=False)
    await house.until(lambda: len(heard) == 2)
    assert heard == [Hint(contact, "customer"), Hint(contact, "customer", typing=False)]
    house.engine.hints.tell(Hint(contact, "agent", "eve"))
    house.engine.hints.tell(Hint(contact, "agent", "bob"))
    assert (await guest.hear_of("typing"))["on"] is True
    house.engine.hints.tell(Hint(contact, "agent", "bob", typing=False))
    assert (await guest.hear_of("typing"))["on"] is False
    assert house.engine.state.seq == before
