"""Offers: what becomes of a contact and of an agent when a phone rings and is, or is not, picked up."""

import pytest

from engine.messages import kinds as k
from engine.messages.rows import unpack_choice
from engine.model.settings import SECOND_NS, AgentSetting, QueueSetting
from tests.kernel.scene import Scene


def test_a_contact_is_offered_answered_and_ended() -> None:
    scene = Scene()
    contact = scene.arrive()
    assert scene.kinds() == ["contact_queued", "offer_made"]
    scene.wait(3)
    scene.answer(contact, 0)
    answered = scene.only(k.CONTACT_ANSWERED)
    assert (answered.a, answered.b) == (3 * SECOND_NS, 3 * SECOND_NS)
    assert (scene.state(contact), scene.agent_state(0)) == ("connected", "busy")
    scene.wait(60)
    scene.release(contact, k.BY_AGENT)
    assert scene.only(k.CONTACT_ENDED).b == 60 * SECOND_NS
    assert (scene.state(contact), scene.agent_state(0)) == ("closed", "idle")
    assert scene.is_quiet()


def test_an_offer_that_rings_out_goes_to_the_next_agent_and_rests_the_first() -> None:
    scene = Scene(agents=2)
    contact = scene.arrive()
    assert scene.offered() == [(contact, 0)]
    scene.wait(20)
    assert scene.only(k.OFFER_ENDED).a == k.OFFER_NO_ANSWER
    assert scene.only(k.AGENT_SUSPENDED).agent == 0
    assert scene.offered() == [(contact, 1)]
    assert scene.agent_state(0) == "not_responding"


def test_after_three_rings_unanswered_an_agent_stays_away_until_the_status_changes() -> None:
    scene = Scene()
    contact = scene.arrive()
    rings = [fact for fact in scene.wait(3600) if fact.kind == k.OFFER_ENDED]
    assert len(rings) == 3
    assert scene.tables.agents["suspended_until_ns"][0] == -1
    scene.status(0, k.STATUS_AVAILABLE)
    assert scene.offered() == [(contact, 0)]


def test_an_answer_forgives_earlier_misses() -> None:
    scene = Scene()
    contact = scene.arrive()
    scene.wait(50)
    assert scene.tables.agents["misses"][0] == 2
    scene.answer(contact, 0)
    assert scene.tables.agents["misses"][0] == 0


@pytest.mark.parametrize(
    ("reason", "seconds"),
    [(k.OFFER_REJECTED, 2), (k.OFFER_BUSY, 10), (k.OFFER_UNREACHABLE, 10), (k.OFFER_NO_ANSWER, 5)],
)
def test_each_reason_has_its_own_rest(reason: int, seconds: int) -> None:
    scene = Scene()
    contact = scene.arrive()
    scene.decline(contact, 0, reason)
    assert scene.only(k.AGENT_SUSPENDED).a == scene.now_ns + seconds * SECOND_NS
    assert scene.state(contact) == "waiting"
    scene.wait(seconds)
    assert scene.offered() == [(contact, 0)]


def test_a_late_answer_is_refused_and_changes_nothing() -> None:
    scene = Scene(agents=2)
    contact = scene.arrive()
    scene.wait(21)
    scene.answer(contact, 0)
    assert scene.only(k.FACT_REFUSED).a == k.REFUSED_NO_SUCH_OFFER
    scene.answer(contact, 1)
    assert scene.only(k.CONTACT_ANSWERED).agent == 1
    scene.answer(contact, 0)
    assert scene.only(k.FACT_REFUSED).a == k.REFUSED_NO_SUCH_OFFER


def test_an_answer_before_the_deadline_row_still_counts() -> None:
    scene = Scene()
    contact = scene.arrive()
    scene.now_ns += 25 * SECOND_NS
    scene.answer(contact, 0)
    assert scene.state(contact) == "connected"
    assert scene.wait(60) == []


def test_abandoning_while_it_rings_frees_the_agent_for_the_next_and_is_no_miss() -> None:
    scene = Scene()
    first, second = scene.arrive(), scene.arrive()
    scene.wait(8)
    scene.release(first)
    assert scene.kinds() == ["offer_ended", "contact_left", "offer_made"]
    assert scene.only(k.OFFER_ENDED).a == k.OFFER_CONTACT_LEFT
    assert scene.only(k.CONTACT_LEFT).a == k.EXIT_ABANDONED
    assert scene.offered() == [(second, 0)]
    assert scene.tables.agents["misses"][0] == 0


def test_ring_all_rings_everybody_and_the_first_to_answer_has_it() -> None:
    scene = Scene(agents=4)
    scene.queue(0, QueueSetting.STRATEGY, k.RING_ALL)
    contact = scene.arrive()
    assert scene.offered() == [(contact, agent) for agent in range(4)]
    other = scene.arrive()
    assert scene.offered() == []
    scene.answer(contact, 2)
    taken = scene.all(k.OFFER_ENDED)
    assert sorted(fact.agent for fact in taken) == [0, 1, 3]
    assert {fact.a for fact in taken} == {k.OFFER_TAKEN_ELSEWHERE}
    assert {contact for contact, _ in scene.offered()} == {other}


def test_ring_all_goes_back_in_line_only_when_the_last_phone_stopped() -> None:
    scene = Scene(agents=2)
    scene.queue(0, QueueSetting.STRATEGY, k.RING_ALL)
    contact = scene.arrive()
    scene.decline(contact, 0)
    assert scene.state(contact) == "offered"
    scene.decline(contact, 1)
    assert scene.state(contact) == "waiting"


def test_ring_all_rings_no_more_than_its_limit() -> None:
    scene = Scene(agents=4)
    scene.queue(0, QueueSetting.STRATEGY, k.RING_ALL)
    scene.queue(0, QueueSetting.RING_ALL_LIMIT, 3)
    scene.arrive()
    assert [agent for _, agent in scene.offered()] == [0, 1, 2]


def test_a_phone_that_goes_stops_ringing_and_lets_the_agent_chat() -> None:
    scene = Scene(agents=2)
    for agent in range(2):
        scene.agent(agent, AgentSetting.CAPACITY + k.CHAT, 1)
        scene.agent(agent, AgentSetting.NEEDS_PHONE, 1)
    scene.fact(k.AGENT_REACHABILITY_CHANGED, agent=0, a=1)
    call, chat, other = scene.arrive(), scene.arrive(channel=k.CHAT), scene.arrive(channel=k.CHAT)
    assert (scene.state(call), scene.state(chat), scene.state(other)) == ("offered", "offered", "waiting")
    scene.fact(k.AGENT_REACHABILITY_CHANGED, agent=0, a=0)
    assert scene.only(k.OFFER_ENDED).contact == call
    assert scene.offered() == [(other, 0)]


def test_a_phone_that_nobody_needs_may_come_and_go() -> None:
    scene = Scene()
    contact = scene.arrive()
    scene.fact(k.AGENT_REACHABILITY_CHANGED, agent=0, a=0)
    assert scene.said == []
    assert scene.state(contact) == "offered"


def test_an_offer_says_who_else_was_considered() -> None:
    scene = Scene(agents=3)
    scene.queue(0, QueueSetting.STRATEGY, k.LONGEST_IDLE)
    scene.arrive()
    candidates, strategy, second, tied, chosen_for_agent = unpack_choice(scene.only(k.OFFER_MADE).b)
    assert (candidates, strategy, second, tied, chosen_for_agent) == (3, k.LONGEST_IDLE, 1, True, False)


def test_no_more_than_sixteen_contacts_ring_at_one_agent_and_each_answer_brings_the_next() -> None:
    scene = Scene()
    scene.agent(0, AgentSetting.CAPACITY + k.CHAT, 1000)
    contacts = [scene.arrive(channel=k.CHAT) for _ in range(20)]
    assert scene.tables.agents["ringing"][0] == 16
    scene.answer(contacts[0], 0)
    assert scene.offered() == [(contacts[16], 0)]
