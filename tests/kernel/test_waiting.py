"""Waiting: in which order contacts are served, and by whom."""

import pytest

from engine.messages import kinds as k
from engine.model.settings import SECOND_NS, AgentSetting, QueueSetting
from tests.kernel.scene import Scene


def next_served(scene: Scene, agent: int = 0) -> int:
    """The contact the agent gets once available."""
    scene.status(agent, k.STATUS_AVAILABLE)
    return scene.only(k.OFFER_MADE).contact


def test_first_come_first_served() -> None:
    scene = Scene(available=())
    first = scene.arrive()
    scene.wait(1)
    scene.arrive()
    assert next_served(scene) == first


def test_priority_is_absolute_unless_it_ages() -> None:
    scene = Scene(available=())
    scene.arrive()
    scene.wait(600)
    urgent = scene.arrive(priority=1)
    assert next_served(scene) == urgent


@pytest.mark.parametrize(("head_start", "patient_first"), [(29, True), (31, False)])
def test_an_aged_contact_passes_a_fresh_urgent_one(head_start: int, patient_first: bool) -> None:
    scene = Scene(available=())
    scene.queue(0, QueueSetting.PRIORITY_CREDIT_NS, head_start * SECOND_NS)
    patient = scene.arrive()
    scene.wait(30)
    urgent = scene.arrive(priority=1)
    assert next_served(scene) == (patient if patient_first else urgent)


def test_equal_effective_waits_go_by_who_came_first() -> None:
    scene = Scene(available=())
    scene.queue(0, QueueSetting.PRIORITY_CREDIT_NS, 0)
    first = scene.arrive(priority=0)
    scene.arrive(priority=5)
    assert next_served(scene) == first


def test_a_raised_priority_moves_a_waiting_contact() -> None:
    scene = Scene(available=())
    scene.arrive()
    second = scene.arrive()
    scene.fact(k.PRIORITY_CHANGED, contact=second, a=5)
    assert next_served(scene) == second


def test_a_contact_brings_its_place_in_line() -> None:
    scene = Scene(available=())
    scene.arrive()
    called_back = scene.arrive(since_s=300)
    assert next_served(scene) == called_back


def test_an_unanswered_offer_keeps_the_place() -> None:
    scene = Scene()
    first = scene.arrive()
    scene.wait(1)
    scene.arrive()
    scene.wait(19)
    assert scene.state(first) == "waiting"
    scene.wait(5)
    assert scene.offered() == [(first, 0)]


@pytest.mark.parametrize(("keep_place", "goes_first"), [(True, True), (False, False)])
def test_a_transfer_keeps_its_place_only_when_asked(keep_place: bool, goes_first: bool) -> None:
    scene = Scene(agents=2, queues=2, available=(0,))
    scene.queue(1, QueueSetting.MEMBERS_ONLY, 1)
    scene.setting(k.TABLE_MEMBERSHIP, 1, 0, 1, 1)
    moved, _ = scene.talk(0)
    scene.wait(60)
    other = scene.arrive(1)
    scene.wait(1)
    scene.transfer(moved, queue=1, keep_place=keep_place)
    assert scene.only(k.CONTACT_ENDED).a == k.BY_TRANSFER
    assert next_served(scene, 1) == (moved if goes_first else other)


def test_a_requeued_contact_keeps_its_place() -> None:
    scene = Scene(agents=2, available=(0,))
    back, _ = scene.talk()
    scene.wait(60)
    scene.arrive()
    scene.status(0, k.STATUS_PAUSED)
    scene.fact(k.REQUEUE_REQUESTED, contact=back, flags=k.FLAG_KEEP_PLACE)
    assert next_served(scene, 1) == back


def test_the_longest_wait_of_all_queues_is_served_first() -> None:
    scene = Scene(queues=3, available=())
    scene.arrive(2)
    scene.wait(1)
    scene.arrive(0)
    scene.wait(1)
    scene.arrive(1)
    scene.status(0, k.STATUS_AVAILABLE)
    order = [scene.only(k.OFFER_MADE).queue]
    for _ in range(2):
        contact = scene.only(k.OFFER_MADE).contact
        scene.answer(contact, 0)
        scene.release(contact)
        order.append(scene.only(k.OFFER_MADE).queue)
    assert order == [2, 0, 1]


def test_a_queues_head_start_counts_between_queues() -> None:
    scene = Scene(queues=2, available=())
    scene.queue(1, QueueSetting.QUEUE_CREDIT_NS, 10 * SECOND_NS)
    scene.arrive(0)
    scene.wait(9)
    favoured = scene.arrive(1)
    assert next_served(scene) == favoured


def test_idle_time_is_the_agents_own_across_queues() -> None:
    scene = Scene(agents=2, queues=2)
    scene.queue(0, QueueSetting.STRATEGY, k.LONGEST_IDLE)
    scene.queue(1, QueueSetting.STRATEGY, k.LONGEST_IDLE)
    first, agent = scene.talk(0)
    assert agent == 0
    scene.wait(5)
    scene.release(first)
    scene.wait(5)
    scene.arrive(1)
    assert scene.only(k.OFFER_MADE).agent == 1


def test_round_robin_goes_on_after_the_last() -> None:
    scene = Scene(agents=3)
    scene.queue(0, QueueSetting.STRATEGY, k.ROUND_ROBIN)
    order = []
    for _ in range(4):
        contact, agent = scene.talk()
        order.append(agent)
        scene.release(contact)
    assert order == [0, 1, 2, 0]


def test_top_down_prefers_the_first_member() -> None:
    scene = Scene(agents=3)
    scene.queue(0, QueueSetting.STRATEGY, k.TOP_DOWN)
    for agent, position in ((0, 3), (1, 1), (2, 2)):
        scene.setting(k.TABLE_MEMBERSHIP, agent, 0, position, 0)
    assert [scene.talk()[1] for _ in range(3)] == [1, 2, 0]


def test_skill_best_takes_the_most_skilled() -> None:
    scene = Scene(agents=3)
    scene.queue(0, QueueSetting.STRATEGY, k.SKILL_BEST)
    scene.requirement(1, (7, 1))
    for agent, level in enumerate((2, 9, 5)):
        scene.skill(agent, 7, level)
    assert [scene.talk(requirement=1)[1] for _ in range(3)] == [1, 2, 0]


def test_fewest_contacts_and_least_occupied() -> None:
    scene = Scene(agents=2)
    scene.queue(0, QueueSetting.STRATEGY, k.FEWEST_CONTACTS)
    scene.release(scene.talk()[0])
    assert scene.talk()[1] == 1
    scene = Scene(agents=2)
    scene.queue(0, QueueSetting.STRATEGY, k.LEAST_OCCUPIED)
    contact, agent = scene.talk()
    scene.wait(30)
    scene.release(contact)
    assert scene.talk()[1] == 1 - agent


def test_occupancy_does_not_remember_the_time_before_the_log_in() -> None:
    scene = Scene(agents=2)
    scene.queue(0, QueueSetting.STRATEGY, k.LEAST_OCCUPIED)
    contact, agent = scene.talk()
    scene.wait(100)
    scene.status(agent, k.STATUS_OFFLINE)
    scene.status(agent, k.STATUS_AVAILABLE)
    scene.release(contact)
    assert scene.tables.agents["busy_ns"][agent] == 0


def test_the_erlang_strategy_spends_the_agent_whom_nobody_else_needs() -> None:
    scene = Scene(agents=2, queues=2)
    scene.requirement(1, (1, 1))
    scene.requirement(2, (2, 1))
    scene.queue(0, QueueSetting.REQUIREMENT, 1)
    scene.queue(1, QueueSetting.REQUIREMENT, 2)
    scene.skill(0, 1, 5)
    scene.skill(0, 2, 5)
    scene.skill(1, 1, 5)
    scene.release(scene.talk(1)[0])
    scene.wait(120)
    scene.release(scene.talk(1)[0])
    scene.arrive(0)
    assert scene.only(k.OFFER_MADE).agent == 1


def test_a_preferred_agent_is_waited_for_as_long_as_the_queue_allows() -> None:
    scene = Scene(agents=2, available=(0,))
    scene.queue(0, QueueSetting.PREFERRED_WAIT_NS, 30 * SECOND_NS)
    busy, _ = scene.talk()
    scene.status(1, k.STATUS_AVAILABLE)
    mine = scene.arrive(agent=0)
    assert scene.offered() == []
    scene.wait(29)
    assert scene.state(mine) == "waiting"
    scene.wait(1)
    assert scene.offered() == [(mine, 1)]
    scene.release(busy)


def test_a_preferred_agent_serves_its_own_before_older_contacts() -> None:
    scene = Scene(agents=1)
    scene.queue(0, QueueSetting.PREFERRED_WAIT_NS, 3600 * SECOND_NS)
    talking, _ = scene.talk()
    scene.arrive()
    scene.wait(10)
    mine = scene.arrive(agent=0)
    scene.release(talking)
    assert scene.offered() == [(mine, 0)]


def test_an_own_contact_on_a_free_channel_does_not_wait_behind_one_on_a_busy_channel() -> None:
    scene = Scene()
    scene.queue(0, QueueSetting.PREFERRED_WAIT_NS, 3600 * SECOND_NS)
    scene.agent(0, AgentSetting.CAPACITY + k.CHAT, 1)
    scene.setting(k.TABLE_CHANNEL, k.CHAT, 0, 1 << k.VOICE)
    scene.talk()
    scene.status(0, k.STATUS_PAUSED)
    scene.arrive(agent=0)
    chat = scene.arrive(channel=k.CHAT, agent=0)
    scene.status(0, k.STATUS_AVAILABLE)
    assert scene.offered() == [(chat, 0)]
