"""Agents: one aggregate for all queues; capacity, wrap-up, coming, going, and being removed."""

import pytest

from engine.messages import kinds as k
from engine.model.settings import SECOND_NS, AgentSetting, ChannelSetting, QueueSetting
from tests.kernel.scene import Scene


def test_timed_wrap_up_ends_by_itself_and_brings_the_next_contact() -> None:
    scene = Scene()
    scene.queue(0, QueueSetting.WRAP_UP_NS, 10 * SECOND_NS)
    first, _ = scene.talk()
    second = scene.arrive()
    scene.release(first)
    assert scene.kinds() == ["contact_ended", "wrap_up_started"]
    assert scene.agent_state(0) == "wrapping"
    assert scene.wait(9) == []
    scene.wait(1)
    assert scene.only(k.WRAP_UP_ENDED).b == 10 * SECOND_NS
    assert scene.offered() == [(second, 0)]


def test_wrap_up_by_the_agent_lasts_until_the_agent_says_so() -> None:
    scene = Scene()
    scene.agent(0, AgentSetting.WRAP_UP_NS, -1)
    scene.release(scene.talk()[0])
    waiting = scene.arrive()
    assert scene.wait(3600) == []
    scene.fact(k.WRAP_UP_FINISHED, agent=0)
    assert scene.kinds() == ["wrap_up_ended", "offer_made"]
    assert scene.offered() == [(waiting, 0)]


def test_wrap_up_after_one_queues_contact_holds_for_all_queues() -> None:
    scene = Scene(queues=2)
    scene.queue(0, QueueSetting.WRAP_UP_NS, 30 * SECOND_NS)
    first, _ = scene.talk(0)
    scene.release(first)
    scene.arrive(1)
    assert scene.offered() == []
    scene.wait(30)
    assert scene.only(k.OFFER_MADE).queue == 1


def test_the_agents_own_wrap_up_goes_before_the_queues() -> None:
    scene = Scene()
    scene.queue(0, QueueSetting.WRAP_UP_NS, 30 * SECOND_NS)
    scene.agent(0, AgentSetting.WRAP_UP_NS, 0)
    scene.release(scene.talk()[0])
    assert scene.agent_state(0) == "idle"


@pytest.mark.parametrize("away", [k.STATUS_PAUSED, k.STATUS_OFFLINE])
def test_who_goes_with_contacts_in_hand_wraps_them_up_and_gets_no_more(away: int) -> None:
    scene = Scene()
    scene.queue(0, QueueSetting.WRAP_UP_NS, 10 * SECOND_NS)
    contact, _ = scene.talk()
    scene.status(0, away)
    waiting = scene.arrive()
    assert scene.agent_state(0) == "busy"
    scene.release(contact)
    assert scene.kinds() == ["contact_ended", "wrap_up_started"]
    assert scene.agent_state(0) == "wrapping"
    scene.wait(10)
    assert scene.kinds() == ["wrap_up_ended"]
    assert scene.agent_state(0) == k.STATUS_NAMES[away]
    assert scene.state(waiting) == "waiting"
    scene.status(0, k.STATUS_AVAILABLE)
    assert scene.offered() == [(waiting, 0)]


@pytest.mark.parametrize("away", [k.STATUS_PAUSED, k.STATUS_OFFLINE])
def test_who_goes_in_wrap_up_finishes_it(away: int) -> None:
    scene = Scene()
    scene.queue(0, QueueSetting.WRAP_UP_NS, -1)
    scene.release(scene.talk()[0])
    scene.wait(5)
    scene.status(0, away)
    assert scene.said == []
    assert scene.agent_state(0) == "wrapping"
    scene.fact(k.WRAP_UP_FINISHED, agent=0)
    assert scene.only(k.WRAP_UP_ENDED).b == 5 * SECOND_NS
    assert scene.agent_state(0) == k.STATUS_NAMES[away]


def test_a_removed_agent_wraps_nothing_up() -> None:
    scene = Scene()
    scene.queue(0, QueueSetting.WRAP_UP_NS, -1)
    scene.agent(0, AgentSetting.CAPACITY + k.VOICE, 2)
    (first, _), (second, _) = scene.talk(), scene.talk()
    scene.release(first)
    assert scene.kinds() == ["contact_ended", "wrap_up_started"]
    scene.agent(0, AgentSetting.EXISTS, 0)
    assert scene.kinds() == ["wrap_up_ended"]
    scene.release(second)
    assert scene.kinds() == ["contact_ended"]
    assert scene.agent_state(0) == "offline"


def test_capacity_is_by_channel() -> None:
    scene = Scene()
    scene.agent(0, AgentSetting.CAPACITY + k.CHAT, 2)
    chats = [scene.arrive(channel=k.CHAT) for _ in range(3)]
    assert [scene.state(chat) for chat in chats] == ["offered", "offered", "waiting"]
    scene.arrive()
    assert scene.offered() == []


def test_a_channel_that_may_interrupt_does() -> None:
    scene = Scene()
    scene.agent(0, AgentSetting.CAPACITY + k.CHAT, 1)
    scene.arrive(channel=k.CHAT)
    call = scene.arrive()
    assert scene.offered() == []
    scene.setting(k.TABLE_CHANNEL, k.VOICE, ChannelSetting.MAY_INTERRUPT, 1 << k.CHAT)
    assert scene.offered() == [(call, 0)]


def test_capacity_lowered_while_busy_takes_nothing_away_and_brings_nothing_new() -> None:
    scene = Scene()
    scene.agent(0, AgentSetting.CAPACITY + k.CHAT, 3)
    chats = [scene.arrive(channel=k.CHAT) for _ in range(3)]
    for chat in chats:
        scene.answer(chat, 0)
    scene.agent(0, AgentSetting.CAPACITY + k.CHAT, 1)
    fourth = scene.arrive(channel=k.CHAT)
    scene.release(chats[0])
    scene.release(chats[1])
    assert scene.state(fourth) == "waiting"
    scene.release(chats[2])
    assert scene.offered() == [(fourth, 0)]


def test_capacity_raised_while_people_wait_serves_them() -> None:
    scene = Scene()
    scene.agent(0, AgentSetting.CAPACITY + k.CHAT, 1)
    chats = [scene.arrive(channel=k.CHAT) for _ in range(3)]
    scene.agent(0, AgentSetting.CAPACITY + k.CHAT, 3)
    assert scene.offered() == [(chats[1], 0), (chats[2], 0)]


def test_learning_a_skill_while_idle_brings_those_who_waited_for_it() -> None:
    scene = Scene()
    scene.requirement(1, (3, 5))
    contact = scene.arrive(requirement=1)
    scene.skill(0, 3, 4)
    assert scene.offered() == []
    scene.skill(0, 3, 5)
    assert scene.offered() == [(contact, 0)]


def test_asking_for_less_brings_those_who_can() -> None:
    scene = Scene()
    scene.requirement(1, (3, 5))
    contact = scene.arrive(requirement=1)
    scene.requirement(1, (3, 0))
    assert scene.offered() == [(contact, 0)]


def test_opening_a_queue_to_non_members_serves_the_weightiest_waits_first() -> None:
    scene = Scene(queues=2)
    for queue in range(2):
        scene.queue(queue, QueueSetting.MEMBERS_ONLY, 1)
    scene.arrive(1)
    scene.wait(5)
    scene.arrive(0)
    scene.queue(0, QueueSetting.MEMBERS_ONLY, 0)
    assert scene.only(k.OFFER_MADE).queue == 0


def test_a_pause_lets_the_ringing_go_on_but_brings_nothing_new() -> None:
    scene = Scene()
    contact = scene.arrive()
    scene.status(0, k.STATUS_PAUSED)
    assert scene.said == []
    scene.answer(contact, 0)
    scene.arrive()
    scene.release(contact)
    assert scene.offered() == []
    assert scene.agent_state(0) == "paused"


def test_what_rings_at_an_agent_who_goes_offline_rings_elsewhere_with_its_place() -> None:
    scene = Scene(agents=2, available=(0,))
    contact, since = scene.arrive(), scene.now_ns
    scene.status(1, k.STATUS_AVAILABLE)
    scene.wait(5)
    scene.status(0, k.STATUS_OFFLINE)
    assert scene.only(k.OFFER_ENDED).a == k.OFFER_WITHDRAWN
    assert scene.offered() == [(contact, 1)]
    assert scene.tables.contacts["line_ns"][contact] == since


def test_a_transfer_to_a_busy_agent_waits_for_that_agent_as_long_as_the_queue_allows() -> None:
    scene = Scene(agents=2)
    scene.queue(0, QueueSetting.PREFERRED_WAIT_NS, 60 * SECOND_NS)
    (one, first), (other, second) = scene.talk(), scene.talk()
    scene.transfer(one, agent=second)
    assert scene.only(k.CONTACT_QUEUED).agent == second
    assert scene.state(one) == "waiting"
    assert scene.agent_state(first) == "idle"
    scene.release(other)
    assert scene.offered() == [(one, second)]


def test_those_who_wait_for_an_agent_who_goes_offline_wait_for_anybody() -> None:
    scene = Scene(agents=2)
    scene.queue(0, QueueSetting.PREFERRED_WAIT_NS, 3600 * SECOND_NS)
    talking, agent = scene.talk()
    waiting = [scene.arrive(agent=agent) for _ in range(2)]
    assert [scene.state(contact) for contact in waiting] == ["waiting"] * 2
    scene.status(agent, k.STATUS_OFFLINE)
    assert scene.offered() == [(waiting[0], 1 - agent)]
    assert len(scene.all(k.REQUIREMENT_RELAXED)) == 2
    scene.release(talking)


def test_an_own_contact_ringing_at_an_agent_who_goes_offline_is_not_left_behind() -> None:
    scene = Scene(agents=2)
    scene.queue(0, QueueSetting.PREFERRED_WAIT_NS, 3600 * SECOND_NS)
    contact = scene.arrive(agent=1)
    assert scene.offered() == [(contact, 1)]
    scene.status(1, k.STATUS_OFFLINE)
    assert scene.offered() == [(contact, 0)]


def test_a_removed_agent_finishes_the_talk_and_gets_nothing_more() -> None:
    scene = Scene(agents=1)
    scene.agent(0, AgentSetting.CAPACITY + k.CHAT, 1)
    scene.setting(k.TABLE_CHANNEL, k.CHAT, ChannelSetting.MAY_INTERRUPT, 1 << k.VOICE)
    scene.queue(0, QueueSetting.PREFERRED_WAIT_NS, 3600 * SECOND_NS)
    talking, _ = scene.talk()
    chat, mine = scene.arrive(channel=k.CHAT), scene.arrive(agent=0)
    assert scene.state(chat) == "offered"
    scene.agent(0, AgentSetting.EXISTS, 0)
    assert (scene.state(talking), scene.state(chat), scene.state(mine)) == ("connected", "waiting", "waiting")
    scene.release(talking)
    assert scene.agent_state(0) == "offline"
    scene.status(0, k.STATUS_AVAILABLE)
    assert scene.only(k.FACT_REFUSED).a == k.REFUSED_WRONG_STATE
    scene.agent(0, AgentSetting.EXISTS, 1)
    scene.status(0, k.STATUS_AVAILABLE)
    assert scene.offered() == [(chat, 0)]


def test_two_agents_never_own_one_contact() -> None:
    scene = Scene(agents=3)
    scene.queue(0, QueueSetting.STRATEGY, k.RING_ALL)
    contact = scene.arrive()
    for agent in range(3):
        scene.answer(contact, agent)
    assert scene.tables.agents["connected"].tolist() == [1, 0, 0]


def test_holding_does_not_free_the_agent_and_is_counted() -> None:
    scene = Scene()
    contact, _ = scene.talk()
    scene.wait(10)
    scene.fact(k.CONTACT_HELD, contact=contact)
    waiting = scene.arrive()
    scene.wait(30)
    scene.fact(k.CONTACT_RESUMED, contact=contact)
    scene.wait(5)
    assert scene.state(waiting) == "waiting"
    scene.release(contact)
    assert scene.only(k.CONTACT_ENDED).b == 45 * SECOND_NS
    assert scene.tables.agents["hold_ns"][0] == 30 * SECOND_NS


@pytest.mark.parametrize("seconds", [0, 3])
def test_no_agent_is_stuck_after_everything_ended(seconds: int) -> None:
    scene = Scene(agents=3)
    scene.queue(0, QueueSetting.WRAP_UP_NS, seconds * SECOND_NS)
    for contact in [scene.talk()[0] for _ in range(3)]:
        scene.release(contact)
    scene.wait(seconds)
    assert [scene.agent_state(agent) for agent in range(3)] == ["idle"] * 3
    assert scene.is_quiet()
    assert not scene.tables.agents["load"].any()


def test_no_more_than_sixteen_wrap_ups_pile_up() -> None:
    scene = Scene()
    scene.agent(0, AgentSetting.CAPACITY + k.CHAT, 30)
    scene.queue(0, QueueSetting.WRAP_UP_NS, -1)
    for _ in range(20):
        scene.release(scene.talk(channel=k.CHAT)[0])
    assert scene.tables.agents["wrapping"][0] == 16
    scene.fact(k.WRAP_UP_FINISHED, agent=0)
    assert len(scene.all(k.WRAP_UP_ENDED)) == 16


def wrapping_twice() -> tuple[Scene, list[int]]:
    """A scene whose agent wraps up two contacts until told to stop, and the sequences of their arrivals."""
    scene = Scene(agents=2, available=(0,))
    scene.agent(0, AgentSetting.WRAP_UP_NS, -1)
    scene.agent(0, AgentSetting.CAPACITY, 3)
    arrivals = []
    for _ in range(2):
        contact, _ = scene.talk()
        arrivals.append(int(scene.tables.contacts["arrival_seq"][contact]))
        scene.release(contact)
    return scene, arrivals


def test_the_wrap_up_of_one_contact_ends_alone() -> None:
    scene, (first, second) = wrapping_twice()
    scene.fact(k.WRAP_UP_FINISHED, agent=0, a=second)
    assert scene.kinds() == ["wrap_up_ended"]
    assert scene.tables.agents["wrapping"][0] == 1
    scene.fact(k.WRAP_UP_FINISHED, agent=0, a=second)
    assert scene.only(k.FACT_REFUSED).a == k.REFUSED_WRONG_STATE
    scene.fact(k.WRAP_UP_FINISHED, agent=0, a=first)
    assert scene.kinds() == ["wrap_up_ended"]
    assert scene.tables.agents["wrapping"][0] == 0


def test_the_wrap_ups_of_all_contacts_end_together() -> None:
    scene, _ = wrapping_twice()
    scene.fact(k.WRAP_UP_FINISHED, agent=0)
    assert scene.kinds() == ["wrap_up_ended", "wrap_up_ended"]


@pytest.mark.parametrize("first", [k.STATUS_AVAILABLE, k.STATUS_PAUSED])
def test_who_is_ready_again_has_nothing_to_wrap_up_from_before_they_were_offline(first: int) -> None:
    scene, _ = wrapping_twice()
    scene.status(0, k.STATUS_OFFLINE)
    assert scene.tables.agents["wrapping"][0] == 2
    scene.wait(3600)
    scene.status(0, first)
    scene.status(0, k.STATUS_AVAILABLE)
    assert scene.tables.agents["wrapping"][0] == 0
    assert scene.agent_state(0) == "idle"
    contact = scene.arrive()
    assert scene.offered() == [(contact, 0)]


def test_a_wrap_up_goes_on_that_began_since_the_agent_came_or_ends_by_itself() -> None:
    scene, _ = wrapping_twice()
    scene.status(0, k.STATUS_PAUSED)
    scene.status(0, k.STATUS_AVAILABLE)
    assert scene.tables.agents["wrapping"][0] == 2, "not offline meanwhile"
    scene.fact(k.WRAP_UP_FINISHED, agent=0)
    scene.agent(0, AgentSetting.WRAP_UP_NS, 60 * SECOND_NS)
    scene.release(scene.talk()[0])
    scene.status(0, k.STATUS_OFFLINE)
    scene.wait(20)
    scene.status(0, k.STATUS_AVAILABLE)
    assert scene.agent_state(0) == "wrapping"
    scene.wait(40)
    assert scene.agent_state(0) == "idle"


def test_a_contact_that_another_agent_wraps_up_is_refused() -> None:
    scene, (first, _) = wrapping_twice()
    scene.fact(k.WRAP_UP_FINISHED, agent=1, a=first)
    assert scene.only(k.FACT_REFUSED).a == k.REFUSED_WRONG_STATE
    assert scene.tables.agents["wrapping"][0] == 2
