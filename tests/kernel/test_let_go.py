"""Who let go of a contact is not the one it goes to next, as long as somebody else is free."""

import pytest

from engine.messages import kinds as k
from engine.model.settings import SECOND_NS, AgentSetting, QueueSetting
from tests.kernel.scene import Scene

PLAIN = [strategy for strategy in range(k.STRATEGIES) if strategy != k.RING_ALL]


def talking(strategy: int, agent: int = 0, agents: int = 3) -> tuple[Scene, int]:
    """One contact with `agent`, whom every strategy would choose next, and colleagues who are free."""
    scene = Scene(agents=agents, queues=2, available=(agent,))
    for queue in range(2):
        scene.queue(queue, QueueSetting.STRATEGY, strategy)
        for other in range(agents):
            scene.setting(k.TABLE_MEMBERSHIP, other, 0, 9 if other != agent else 1, queue)
    contact, _ = scene.talk()
    scene.wait(10)
    for other in range(agents):
        scene.status(other, k.STATUS_AVAILABLE)
    return scene, contact


@pytest.mark.parametrize("strategy", PLAIN)
def test_a_contact_put_back_goes_to_a_colleague(strategy: int) -> None:
    scene, contact = talking(strategy)
    scene.fact(k.REQUEUE_REQUESTED, contact=contact)
    ((offered, agent),) = scene.offered()
    assert (offered, agent != 0) == (contact, True)


@pytest.mark.parametrize("strategy", PLAIN)
@pytest.mark.parametrize("keep_place", [False, True])
def test_a_transfer_to_a_queue_goes_to_a_colleague(strategy: int, keep_place: bool) -> None:
    scene, contact = talking(strategy)
    scene.transfer(contact, queue=1, keep_place=keep_place)
    ((offered, agent),) = scene.offered()
    assert (offered, agent != 0) == (contact, True)


def test_ring_all_rings_at_everybody_else() -> None:
    scene, contact = talking(k.RING_ALL)
    scene.fact(k.REQUEUE_REQUESTED, contact=contact)
    assert scene.offered() == [(contact, 1), (contact, 2)]


def test_longest_idle_stays_the_order_among_colleagues() -> None:
    scene, contact = talking(k.LONGEST_IDLE)
    scene.fact(k.REQUEUE_REQUESTED, contact=contact)
    assert scene.offered() == [(contact, 1)]


@pytest.mark.parametrize("strategy", range(k.STRATEGIES))
def test_when_nobody_else_is_free_nobody_is_kept_idle(strategy: int) -> None:
    scene, contact = talking(strategy)
    for other in (1, 2):
        scene.status(other, k.STATUS_PAUSED)
    scene.fact(k.REQUEUE_REQUESTED, contact=contact)
    assert scene.offered() == [(contact, 0)]


def test_who_let_go_takes_somebody_else_who_waits() -> None:
    scene, contact = talking(k.LONGEST_IDLE)
    scene.requirement(1, (0, 1))
    scene.skill(0, 0, 1)
    waiting = scene.arrive(requirement=1)
    assert scene.offered() == []
    scene.fact(k.REQUEUE_REQUESTED, contact=contact)
    assert sorted(scene.offered()) == sorted([(waiting, 0), (contact, 1)])


@pytest.mark.parametrize("strategy", PLAIN)
@pytest.mark.parametrize("how", ["requeued", "moved", "declined"])
def test_an_offer_that_ends_goes_to_a_colleague(strategy: int, how: str) -> None:
    scene = Scene(agents=2, queues=2, available=(0,))
    for queue in range(2):
        scene.queue(queue, QueueSetting.STRATEGY, strategy)
    scene.agent(0, AgentSetting.DECLINE_DELAY_NS, 0)
    contact = scene.arrive()
    assert scene.offered() == [(contact, 0)]
    scene.status(1, k.STATUS_AVAILABLE)
    if how == "requeued":
        scene.fact(k.REQUEUE_REQUESTED, contact=contact)
    elif how == "moved":
        scene.transfer(contact, queue=1)
    else:
        scene.decline(contact, 0)
    assert scene.offered() == [(contact, 1)]


def test_in_the_next_turn_everybody_may_have_it() -> None:
    scene, contact = talking(k.LONGEST_IDLE)
    scene.agent(0, AgentSetting.WRAP_UP_NS, 2 * SECOND_NS)
    for other in (1, 2):
        scene.status(other, k.STATUS_PAUSED)
    scene.fact(k.REQUEUE_REQUESTED, contact=contact)
    assert scene.offered() == []
    scene.wait(2)
    assert scene.offered() == [(contact, 0)]


@pytest.mark.parametrize("away", ["engaged", "paused", "offline", "the same agent"])
def test_a_transfer_to_an_agent_who_is_not_free_stays_with_the_sender(away: str) -> None:
    scene, contact = talking(k.LONGEST_IDLE, agents=2)
    to = 1
    if away == "engaged":
        scene.talk()
    elif away == "the same agent":
        to = 0
    else:
        scene.status(1, k.STATUS_PAUSED if away == "paused" else k.STATUS_OFFLINE)
    scene.transfer(contact, agent=to)
    assert scene.only(k.FACT_REFUSED).a == k.REFUSED_NOT_ADMITTED
    assert scene.state(contact) == "connected"


def test_a_transfer_to_an_engaged_agent_waits_where_the_queue_has_it_so() -> None:
    scene, contact = talking(k.LONGEST_IDLE, agents=2)
    other, _ = scene.talk()
    scene.queue(0, QueueSetting.PREFERRED_WAIT_NS, 60 * SECOND_NS)
    scene.transfer(contact, agent=1)
    assert (scene.only(k.CONTACT_QUEUED).agent, scene.offered()) == (1, [])
    scene.release(other)
    assert scene.offered() == [(contact, 1)]


def test_an_offer_stays_where_it_rings_when_it_is_sent_there() -> None:
    scene = Scene(agents=1)
    contact = scene.arrive()
    scene.transfer(contact, agent=0)
    assert scene.only(k.FACT_REFUSED).a == k.REFUSED_NOT_ADMITTED
    assert scene.state(contact) == "offered"


def test_who_waits_for_an_agent_is_let_go_when_the_rule_goes() -> None:
    scene, contact = talking(k.LONGEST_IDLE, agents=3)
    scene.queue(0, QueueSetting.PREFERRED_WAIT_NS, 3600 * SECOND_NS)
    others = [scene.talk()[0] for _ in range(2)]
    scene.transfer(contact, agent=1)
    scene.status(0, k.STATUS_PAUSED)
    scene.wait(5)
    scene.status(0, k.STATUS_AVAILABLE)
    scene.queue(0, QueueSetting.PREFERRED_WAIT_NS, 0)
    scene.wait(0)
    assert scene.offered() == [(contact, 0)]
    assert len(others) == 2


def test_plain_queues_of_one_agent_are_served_by_the_wait_alone() -> None:
    scene = Scene(agents=1, queues=2, available=())
    for queue in range(2):
        scene.queue(queue, QueueSetting.STRATEGY, k.LONGEST_IDLE)
    scene.queue(1, QueueSetting.THRESHOLD_NS, 200 * SECOND_NS)
    longest = scene.arrive(1)
    scene.wait(300)
    scene.arrive(0)
    scene.wait(60)
    scene.status(0, k.STATUS_AVAILABLE)
    assert scene.offered() == [(longest, 0)]


def test_who_let_go_serves_it_when_the_colleague_who_came_free_serves_another() -> None:
    scene = Scene(agents=2, available=(1,))
    for agent in range(2):
        scene.agent(agent, AgentSetting.CAPACITY + k.CHAT, 3)
    scene.agent(0, AgentSetting.DECLINE_DELAY_NS, 11 * SECOND_NS)
    scene.agent(1, AgentSetting.WRAP_UP_NS, 12 * SECOND_NS)
    scene.queue(0, QueueSetting.RING_LIMIT_NS, 10 * SECOND_NS)
    for agent in range(2):
        scene.requirement(1 + agent, (agent, 1))
        scene.skill(agent, agent, 1)
    scene.release(scene.talk()[0])
    for_the_second = scene.arrive(requirement=2)
    scene.status(0, k.STATUS_AVAILABLE)
    for_the_first, for_both = scene.arrive(channel=k.CHAT, requirement=1), scene.arrive(channel=k.CHAT)
    scene.decline(for_the_first, 0)
    scene.now_ns += 13 * SECOND_NS
    scene.fact(k.DEADLINE_PASSED)
    happened = [scene.kinds().index(kind) for kind in ("offer_ended", "agent_resumed", "wrap_up_ended")]
    assert happened == sorted(happened), "one row finds the offer over, then one agent back, then the other"
    assert scene.offered() == [(for_the_first, 0), (for_the_second, 1), (for_both, 0)]
