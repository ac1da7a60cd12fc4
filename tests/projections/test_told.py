"""What customers are told on entry is what the read models say of the same place at the same moment."""

from engine.messages.observed import AgentStatusChanged, ContactArrived, OfferAnswered
from tests.projections.support import Centre


async def test_what_is_told_on_entry_is_the_expected_wait_of_that_place(centre: Centre) -> None:
    await centre.say(
        AgentStatusChanged(agent="alice", status="available"), AgentStatusChanged(agent="bob", status="available")
    )
    for number in range(2):
        await centre.say(ContactArrived(contact=f"b{number}", queue="sales"))
    await centre.after(2, OfferAnswered(contact="b0", agent="alice"))
    for number in range(60):
        expected = centre.views.queue("sales").expected_wait
        assert expected.p50_s is not None
        assert expected.p90_s is not None
        await centre.say(ContactArrived(contact=f"c{number}", queue="sales"))
        row = centre.views.tables.contacts[centre.views.open_contacts.slot_of(f"c{number}")]
        assert -0.05 <= row["told_p50_ns"] / 1e9 - expected.p50_s <= 1.05, number
        assert -0.05 <= row["told_p90_ns"] / 1e9 - expected.p90_s <= 1.05, number
        listed = centre.views.contacts.waiting("sales").contacts[-1]
        assert listed.expected_wait.p50_s == expected.p50_s


async def test_a_contact_that_rings_waits_for_that_alone(centre: Centre) -> None:
    await centre.say(AgentStatusChanged(agent="alice", status="available"))
    free = centre.views.queue("sales").expected_wait
    await centre.say(ContactArrived(contact="c", queue="sales"))
    (listed,) = centre.views.contacts.waiting("sales").contacts
    assert (listed.state, listed.position) == ("offered", 1)
    told = centre.views.contacts.find("c").contact.visits[0]
    assert told.told_p50_s is not None
    assert free.p50_s is not None
    assert free.p50_s <= told.told_p50_s <= free.p50_s + 1
    assert (listed.expected_wait.p50_s, listed.expected_wait.p90_s) == (free.p50_s, free.p90_s)
    waiting = centre.views.contacts.explain("c").waiting
    assert waiting is not None
    explained = waiting.expected_wait
    assert (explained.p50_s, explained.place) == (free.p50_s, 1)
