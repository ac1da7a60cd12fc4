"""Histories of contacts: bounded, and true for slots that were used again."""

import pytest

from engine.messages.observed import ContactArrived, ContactReleased
from engine.ports import Turn
from engine.projections.contact_history import ContactHistory
from tests.projections.support import Centre


async def test_only_the_latest_are_kept(centre: Centre) -> None:
    history = ContactHistory(centre.views.directory, centre.views.interned, records_max=3)
    for number in range(6):
        await centre.say(ContactArrived(contact=f"c{number}", queue="sales", customer="x"))
        await centre.say(ContactReleased(contact=f"c{number}"))
    for frame in centre.log.read():
        history.apply(Turn(frame.first_seq, frame.first_seq + len(frame.rows) - 1, frame.rows, frame.payload))
    assert (len(history), history.forgotten) == (3, 3)
    assert history.find("c0") is None
    assert [record.contact for record in history.of_customer("x")] == ["c5", "c4", "c3"]
    assert history.as_of == centre.log.durable_seq


async def test_a_name_used_again_is_the_latest_contact(centre: Centre) -> None:
    ids = []
    for _ in range(2):
        (receipt,) = await centre.say(ContactArrived(contact="c", queue="sales"))
        ids.append(receipt.seq)
        await centre.say(ContactReleased(contact="c"))
    assert centre.views.contact("c").contact.id == ids[1]
    assert centre.views.contact(str(ids[0])).contact.id == ids[0]
    first, second = (centre.views.timeline(str(number)).events for number in ids)
    assert [event.type for event in first] == [event.type for event in second]
    assert first[-1].seq < second[0].seq
    assert {event.contact_id for event in first} == {ids[0]}


async def test_what_is_unknown_is_said(centre: Centre) -> None:
    with pytest.raises(KeyError, match="no contact 'x'"):
        centre.views.contact("x")
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
    assert any(event.data["setting"] == "wrap_up_ns" for event in settings)
