"""Histories of contacts: bounded, and true for slots that were used again."""

import tracemalloc

import msgspec
import numpy as np
import pytest

from engine.log_port import Turn
from engine.messages.kinds import CONTACT_ARRIVED, CONTACT_QUEUED, PRIORITY_CHANGED
from engine.messages.observed import (
    AgentStatusChanged,
    ContactArrived,
    ContactReleased,
    MessageSent,
    OfferAnswered,
    QueueClosed,
    TransferRequested,
)
from engine.messages.rows import empty_rows
from engine.projections.contacts.history import ROWS_ASIDE_MAX, ContactHistory
from engine.projections.views import Views
from tests.projections.support import SECOND_NS, Centre


async def test_only_the_latest_are_kept(centre: Centre) -> None:
    history = ContactHistory(centre.views.directory, centre.views.interned, records_max=3)
    for number in range(6):
        await centre.after(1, ContactArrived(contact=f"c{number}", queue="sales", customer="x"))
        await centre.say(ContactReleased(contact=f"c{number}"))
    for frame in centre.log.read():
        history.apply(Turn(frame.first_seq, frame.first_seq + len(frame.rows) - 1, frame.rows, frame.payload))
    assert (len(history), history.forgotten) == (3, 3)
    assert history.find("c0") is None
    assert [record.contact for record in history.of_customer("x", 9)] == ["c5", "c4", "c3"]
    assert history.as_of == centre.log.durable_seq
    c5, c4, c3 = history.latest(9)
    assert history.whole_from_ns == c3.arrived_ns, "who came before is forgotten"
    assert c5.arrived_ns > c4.arrived_ns
    assert centre.views.history.whole_from_ns == 0


async def test_a_name_used_again_is_the_latest_contact(centre: Centre) -> None:
    ids = []
    for _ in range(2):
        (receipt,) = await centre.say(ContactArrived(contact="c", queue="sales"))
        ids.append(receipt.seq)
        await centre.say(ContactReleased(contact="c"))
    assert centre.views.contacts.find("c").contact.id == ids[1]
    assert centre.views.contacts.find(str(ids[0])).contact.id == ids[0]
    first, second = (centre.views.contacts.timeline(str(number)).events for number in ids)
    assert [event.type for event in first] == [event.type for event in second]
    assert first[-1].seq < second[0].seq
    assert {event.contact_id for event in first} == {ids[0]}


@pytest.mark.parametrize("closed", [False, True])
async def test_an_id_is_of_its_contact_whatever_another_one_is_called(centre: Centre, closed: bool) -> None:
    (first,) = await centre.say(ContactArrived(contact="c", queue="sales"))
    named = str(first.seq)
    await centre.say(MessageSent(contact="c", text="of the first"))
    await centre.say(ContactArrived(contact=named, queue="sales"), MessageSent(contact=named, text="of the other"))
    if closed:
        await centre.say(ContactReleased(contact="c"))
    views = centre.views.contacts
    assert views.find(first.seq).contact.contact == "c"
    assert [line.text for line in views.conversation(first.seq).messages] == ["of the first"]
    assert views.explain(first.seq).contact == "c"
    assert views.find(named).contact.contact == named, "who asks by a text means a name first"
    assert centre.views.history.find(first.seq + 10_000) is None


async def test_no_number_is_too_long_to_be_looked_up(centre: Centre) -> None:
    for digits in (18, 19, 20, 5000):
        assert centre.views.history.find("9" * digits) is None


async def forgetful(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> Views:
    """Read models made again that read nothing of the log, and so know only who is still there."""
    monkeypatch.setattr("engine.projections.followers.ROWS_REMEMBERED", 0)
    views = centre.views
    await centre.say(ContactArrived(contact="last", queue="vip"))
    return Views(views.tables, views.directory, views.open_contacts, centre.log, views.interned)


async def test_who_is_still_there_is_never_forgotten(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    await centre.say(ContactArrived(contact="gone", queue="sales"))
    await centre.say(ContactReleased(contact="gone"), AgentStatusChanged(agent="bob", status="available"))
    await centre.say(ContactArrived(contact="talks", queue="sales", customer="Ann", attributes={"a": "b"}))
    await centre.after(3, OfferAnswered(contact="talks", agent="bob"))
    await centre.after(3, ContactArrived(contact="waits", queue="sales", priority=2))
    await centre.after(7)
    views, now_ns = await forgetful(centre, monkeypatch), centre.clock.now_ns()
    assert len(views.history) < 3
    with pytest.raises(KeyError, match="no contact 'gone'"):
        views.contacts.find("gone")
    for name in ("talks", "waits"):
        remembered, told = centre.views.contacts.find(name, now_ns).contact, views.contacts.find(name, now_ns).contact
        for field in ("id", "source", "customer", "channel", "priority", "attributes", "arrived_ns", "state"):
            assert getattr(told, field) == getattr(remembered, field), field
        for field in ("queue", "agent", "answered_ns", "exit", "wait_s", "offered_to", "open"):
            assert getattr(told, field) == getattr(remembered, field), field
        assert views.contacts.find(str(told.id), now_ns).contact == told
        events = views.contacts.timeline(name).events
        assert [event.type for event in events] == [event.type for event in centre.views.contacts.timeline(name).events]
        assert {event.contact_id for event in events} == {told.id}
    found = views.contacts.explain("waits", now_ns).waiting
    assert found == centre.views.contacts.explain("waits", now_ns).waiting


async def test_who_waits_again_has_no_exit_and_no_agent(centre: Centre) -> None:
    await centre.say(AgentStatusChanged(agent="bob", status="available"))
    await centre.say(ContactArrived(contact="c", queue="sales"))
    assert centre.views.contacts.find("c").contact.wait_s == 0.0
    centre.clock.advance(2 * SECOND_NS)
    assert centre.views.contacts.find("c", centre.clock.now_ns()).contact.wait_s == 2.0
    await centre.after(1, OfferAnswered(contact="c", agent="bob"))
    record = centre.views.contacts.find("c").contact
    assert (record.exit, record.agent, record.wait_s) == ("answered", "bob", 3.0)
    await centre.after(10, TransferRequested(contact="c", queue="help"))
    centre.clock.advance(4 * SECOND_NS)
    record = centre.views.contacts.find("c", centre.clock.now_ns()).contact
    assert (record.state, record.queue, record.exit, record.agent, record.wait_s) == ("waiting", "help", "", "", 7.0)
    assert [(visit.exit, visit.agent) for visit in record.visits] == [("answered", "bob"), ("", "")]


async def test_who_is_refused_at_the_door_was_there(centre: Centre) -> None:
    await centre.say(QueueClosed(queue="sales"))
    await centre.say(ContactArrived(contact="c", queue="sales"))
    record = centre.views.contacts.find("c").contact
    assert (record.state, record.queue, record.exit, record.wait_s) == ("closed", "sales", "refused_closed", 0.0)
    (visit,) = record.visits
    assert (visit.queue, visit.entry, visit.exit) == ("sales", "arrival", "refused_closed")
    assert visit.left_ns == visit.entered_ns == centre.clock.now_ns()


async def test_what_is_unknown_is_said(centre: Centre) -> None:
    with pytest.raises(KeyError, match="no contact 'x'"):
        centre.views.contacts.find("x")
    with pytest.raises(KeyError, match="no queue 'x'"):
        centre.views.queue("x")
    with pytest.raises(KeyError, match="no agent 'x'"):
        centre.views.agent("x")
    with pytest.raises(ValueError, match="event type"):
        centre.views.read_events(0, 1, ["x"])


async def test_every_event_of_a_history_can_be_told(centre: Centre) -> None:
    await centre.live(21, 200)
    page = centre.views.read_events(0, 100_000)
    assert [event.seq for event in page.events] == list(range(1, centre.log.durable_seq + 1))
    assert all(event.cause_seq <= event.seq for event in page.events)
    assert all(event.contact for event in page.events if event.contact_id is not None)
    settings = [event for event in page.events if event.type == "setting_changed"]
    named = {event.data["setting"] for event in settings}
    assert {"wrap_up_ns", "capacity_chat", "level", "step_1_after_ns"} <= named
    assert [name for name in named if name.isdigit()] == []


def arrivals(first_seq: int, first: int, count: int) -> Turn:
    """A turn in which so many contacts arrive and enter a queue."""
    facts = [
        ContactArrived(contact=f"c{n}", queue="sales", customer=f"+8490{n:07}") for n in range(first, first + count)
    ]
    payloads = [msgspec.msgpack.encode(fact) for fact in facts]
    rows = empty_rows(2 * count)
    rows["kind"][::2], rows["kind"][1::2] = CONTACT_ARRIVED, CONTACT_QUEUED
    rows["contact"] = np.repeat(np.arange(first, first + count), 2)
    rows["payload_size"][::2] = [len(payload) for payload in payloads]
    rows["payload_offset"][::2] = np.cumsum([0, *(len(payload) for payload in payloads[:-1])])
    return Turn(first_seq, first_seq + 2 * count - 1, rows, memoryview(b"".join(payloads)))


def test_what_a_contact_takes_is_bounded(centre: Centre) -> None:
    count = 5_000
    turns = [arrivals(1 + 2 * first, first, 500) for first in range(0, count, 500)]
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        history = ContactHistory(centre.views.directory, centre.views.interned, records_max=count)
        for turn in turns:
            history.apply(turn)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(history) == count
    assert (after - before) / count < 800


async def test_more_rows_than_are_kept_make_the_same_record(centre: Centre) -> None:
    history = ContactHistory(centre.views.directory, centre.views.interned)
    turn = arrivals(1, 0, 1)
    history.apply(turn)
    rows = empty_rows(1)
    rows["kind"], rows["contact"] = PRIORITY_CHANGED, 0
    for number in range(3 * ROWS_ASIDE_MAX):
        rows["a"] = number % 8
        history.apply(Turn(3 + number, 3 + number, rows.copy(), memoryview(b"")))
        record = history.find("c0")
        assert record is not None
        assert (record.priority, record.last_seq, len(record.visits)) == (number % 8, 3 + number, 1)


async def test_a_record_is_the_callers_own(centre: Centre) -> None:
    await centre.say(ContactArrived(contact="c", queue="sales"))
    first = centre.views.contacts.find("c").contact
    await centre.say(ContactReleased(contact="c"))
    assert first.open
    assert not centre.views.contacts.find("c").contact.open


async def slots_used_again(centre: Centre) -> list[int]:
    """Contacts one after the other in one slot, all over but the last; returns their ids."""
    ids = []
    for number in range(6):
        (receipt,) = await centre.after(1, ContactArrived(contact=f"c{number}", queue="sales", customer=f"n{number}"))
        ids.append(receipt.seq)
        if number < 5:
            await centre.after(2, ContactReleased(contact=f"c{number}"))
    return ids


async def test_the_log_tells_who_it_was_when_memory_does_not(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = await slots_used_again(centre)
    views, whole = await forgetful(centre, monkeypatch), centre.views.read_events(0, 1000).events
    assert views.history.name_of(ids[0]) == ""
    assert views.read_events(0, 1000).events == whole
    for after_seq in (ids[1], ids[3] + 1):  # pages that begin within a contact's life
        found = views.read_events(after_seq, 1000).events
        assert found == [event for event in whole if event.seq > after_seq]
    assert [e.contact for e in views.read_events(ids[2], 1000, ["contact_left"]).events] == ["c2", "c3", "c4"]


async def test_what_is_beyond_the_look_back_has_no_name(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = await slots_used_again(centre)
    views = await forgetful(centre, monkeypatch)
    monkeypatch.setattr("engine.projections.feed.arrivals.LOOK_BACK_ROWS", 0)
    monkeypatch.setattr("engine.log.runs.RUN_ROWS", 1)
    released = centre.views.read_events(ids[1], 1, ["contact_released"]).events[0].seq
    events = views.read_events(released - 1, 1000, ["contact_left"]).events
    assert [event.contact for event in events] == ["", "c2", "c3", "c4"]
    assert [event.contact_id for event in events] == [None, *ids[2:5]]


async def test_a_forgotten_contact_is_found_by_its_id(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = await slots_used_again(centre)
    views = await forgetful(centre, monkeypatch)
    for place in (0, 3):
        told = centre.views.contacts.timeline(f"c{place}").events
        assert views.contacts.timeline(str(ids[place])).events == told
        assert views.read_events(0, 1000, (), str(ids[place])).events == told
        assert views.read_events(told[-1].seq, 1000, (), str(ids[place])).events == []
        pages = views.read_events(0, 2, (), str(ids[place]))
        rest = views.read_events(pages.next_after_seq, 1000, (), str(ids[place]))
        assert pages.events + rest.events == told
    for name in ("c0", str(ids[0] + 1), "0", "9" * 18, "9" * 5000):
        with pytest.raises(KeyError):
            views.contacts.timeline(name)


async def test_what_became_of_a_forgotten_contact_is_in_the_log(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    await centre.say(AgentStatusChanged(agent="carol", status="available"))
    chat = ContactArrived(contact="old", queue="help", channel="chat", customer="Ann")
    (arrived,) = await centre.say(chat)
    await centre.after(2, OfferAnswered(contact="old", agent="carol"))
    await centre.say(MessageSent(contact="old", by="customer", text="hello"))
    await centre.say(MessageSent(contact="old", by="agent", agent="carol", text="good day"))
    await centre.after(9, ContactReleased(contact="old"))
    await slots_used_again(centre)
    views, name = await forgetful(centre, monkeypatch), str(arrived.seq)
    now_ns = centre.clock.now_ns()
    for ask in (views.contacts.find, views.contacts.explain):
        with pytest.raises(KeyError, match="no contact"):
            ask(name, now_ns)
        with pytest.raises(KeyError, match="an older one is found by its id"):
            ask("old", now_ns, in_log=True)
    assert views.contacts.find(name, now_ns, in_log=True).contact == centre.views.contacts.find(name, now_ns).contact
    assert (
        views.contacts.explain(name, now_ns, in_log=True).offers
        == centre.views.contacts.explain(name, now_ns).offers
        != []
    )
    assert [message.text for message in views.contacts.conversation(name).messages] == ["hello", "good day"]
    assert views.contacts.conversation(name, limit=1).more
