"""Holding back: a free agent is kept for the queue that would lose more, for a while, and with a row that says so."""

import math

import pytest

from engine.kernel.hold_back import HOLD
from engine.kernel.tables import WAITING_LEVELS
from engine.messages import kinds as k
from engine.messages.rows import HELD_LONG_ENOUGH
from engine.model.settings import SECOND_NS, QueueSetting
from tests.kernel.scene import Scene

BASIC, GOLD = 0, 1
BOUND_S = 60
FLEXIBLE = 2
"""The flexible agent who is idle longest when a scene begins."""


def centre(*, bound_s: int = BOUND_S, value: int = 20, specialists: int = 1, flexible: int = 2) -> Scene:
    """Specialists serve the basic queue only, the flexible serve both; gold contacts keep the flexible dear."""
    scene = Scene(agents=specialists + flexible, queues=2)
    scene.requirement(1, (0, 1))
    scene.requirement(2, (1, 1))
    for queue in (BASIC, GOLD):
        scene.queue(queue, QueueSetting.REQUIREMENT, queue + 1)
        scene.queue(queue, QueueSetting.STRATEGY, k.ERLANG)
    scene.queue(GOLD, QueueSetting.VALUE, 1000 * value)
    scene.queue(BASIC, QueueSetting.HOLD_BACK_NS, bound_s * SECOND_NS)
    for agent in range(specialists + flexible):
        scene.skill(agent, 0, 5)
        if agent >= specialists:
            scene.skill(agent, 1, 5)
    for _ in range(7):  # gold traffic, so that it has a price
        contact, _ = scene.talk(GOLD)
        scene.wait(40)
        scene.release(contact)
    return scene


def busy(scene: Scene) -> tuple[int, int]:
    """The specialist takes a contact; return it and a second one, which finds only flexible agents."""
    first, agent = scene.talk(BASIC)
    assert agent == 0, "the specialist is cheapest"
    return first, scene.arrive(BASIC)


def test_the_flexible_agent_is_kept_and_the_row_says_why() -> None:
    scene = centre()
    _, second = busy(scene)
    held = scene.only(k.AGENT_HELD_BACK)
    assert (held.contact, held.queue, held.agent) == (second, BASIC, FLEXIBLE)
    assert scene.state(second) == "waiting"
    assert held.b > HOLD * held.a > 0
    prices, mean = scene.tables.prices, mean_of(scene, BASIC)
    assert held.a == pytest.approx(1000 * prices[BASIC, WAITING_LEVELS], abs=2), "one waits"
    taken = 180e9 * scene.tables.queues["handling_rate"][GOLD]
    dearest, next_one = prices[GOLD, WAITING_LEVELS + 2], prices[GOLD, WAITING_LEVELS + 1]
    assert mean == pytest.approx(180e9)
    price = dearest * min(taken, 1) + next_one * max(taken - 1, 0)
    assert held.b == pytest.approx(1000 * price, rel=1e-3)


def mean_of(scene: Scene, queue: int) -> float:
    """Mean handling time as the kernel estimates it, ns."""
    entry = scene.tables.queues[queue]
    return float((entry["handle_ns"] + 18e9) / (entry["handled"] + 0.1))


def test_it_is_said_once_however_much_happens() -> None:
    scene = centre()
    busy(scene)
    for _ in range(3):
        scene.status(2, k.STATUS_PAUSED)
        scene.status(2, k.STATUS_AVAILABLE)
        assert scene.all(k.AGENT_HELD_BACK) == []


def test_the_agent_who_nobody_else_needs_takes_the_contact() -> None:
    scene = centre()
    first, second = busy(scene)
    scene.release(first)
    assert scene.offered() == [(second, 0)]


def test_the_bound_of_the_queue_ends_it() -> None:
    scene = centre()
    _, second = busy(scene)
    assert scene.wait(BOUND_S - 1) == []
    scene.wait(1)
    assert scene.only(k.REQUIREMENT_RELAXED).b == HELD_LONG_ENOUGH
    assert scene.offered() == [(second, FLEXIBLE)]


def test_the_bound_passes_quietly_where_the_agent_is_gone() -> None:
    scene = centre()
    _, second = busy(scene)
    for _ in range(2):
        scene.talk(GOLD)
    scene.wait(BOUND_S)
    assert scene.only(k.REQUIREMENT_RELAXED).b == HELD_LONG_ENOUGH
    assert scene.offered() == []
    scene.wait(5 * BOUND_S)
    assert scene.state(second) == "waiting"


def test_a_gold_contact_gets_the_agent_that_was_kept() -> None:
    scene = centre()
    busy(scene)
    gold = scene.arrive(GOLD)
    assert scene.offered() == [(gold, FLEXIBLE)]


def test_who_comes_later_does_not_pass_who_is_held_back() -> None:
    scene = centre(bound_s=600)
    first, second = busy(scene)
    scene.wait(170)
    third = scene.arrive(BASIC)
    assert scene.kinds() == ["contact_queued"]
    scene.release(first)
    assert scene.offered() == [(second, 0)]
    assert scene.only(k.AGENT_HELD_BACK).contact == third, "now it is the first, and waits for its own reason"


def test_nobody_is_kept_when_there_is_nobody_else_to_wait_for() -> None:
    scene = centre(flexible=1)
    _, second = busy(scene)
    assert scene.offered() == []
    scene.status(0, k.STATUS_PAUSED)
    assert scene.offered() == [(second, 1)]


def test_a_price_that_falls_lets_go() -> None:
    scene = centre()
    _, second = busy(scene)
    held = scene.only(k.AGENT_HELD_BACK)
    stake = held.a / 1000
    gold = scene.tables.queues[GOLD]
    scale = 180e9 * gold["handling_rate"]
    for price, offers in ((1.1 * HOLD * stake, []), (0.9 * HOLD * stake, [(second, FLEXIBLE)])):
        scene.tables.prices[GOLD] = price / scale
        scene.queue(GOLD, QueueSetting.RING_ALL_LIMIT, 3)
        assert scene.offered() == offers


def test_an_agent_who_comes_free_is_kept_as_well() -> None:
    scene = centre(flexible=1)
    gold, agent = scene.talk(GOLD)
    _, second = busy(scene)
    assert scene.said[-1].kind == k.CONTACT_QUEUED
    scene.release(gold)
    assert scene.only(k.AGENT_HELD_BACK)[1:4] == (second, BASIC, agent)
    assert scene.offered() == []


def test_queues_of_equal_value_do_not_hold_back() -> None:
    scene = centre(value=1)
    _, second = busy(scene)
    assert scene.offered() == [(second, FLEXIBLE)]


@pytest.mark.parametrize(("column", "value"), [(QueueSetting.HOLD_BACK_NS, 0), (QueueSetting.STRATEGY, k.LONGEST_IDLE)])
def test_only_where_the_queue_has_it_so(column: int, value: int) -> None:
    scene = centre()
    scene.queue(BASIC, column, value)
    scene.talk(BASIC)
    contact = scene.arrive(BASIC)
    assert [c for c, _ in scene.offered()] == [contact]


@pytest.mark.parametrize("column", [QueueSetting.HOLD_BACK_NS, QueueSetting.STRATEGY])
def test_a_change_of_the_rule_frees_those_who_wait(column: int) -> None:
    scene = centre()
    _, second = busy(scene)
    scene.queue(BASIC, column, k.LONGEST_IDLE if column == QueueSetting.STRATEGY else 0)
    if not scene.offered():  # the bound lies behind, and so is due now
        scene.wait(0)
    assert scene.offered() == [(second, FLEXIBLE)]


def test_who_changes_priority_or_leaves_is_followed_by_the_next() -> None:
    scene = centre()
    _, second = busy(scene)
    third = scene.arrive(BASIC)
    scene.fact(k.PRIORITY_CHANGED, contact=third, a=5)
    assert scene.only(k.AGENT_HELD_BACK).contact == third
    scene.release(third)
    assert scene.said[-1].kind == k.CONTACT_LEFT, "the second is held back already"
    scene.release(second)
    assert scene.tables.book["held_back"][0] == 0
    assert scene.is_quiet()


def test_the_share_grows_with_those_who_wait() -> None:
    scene = centre(specialists=1, flexible=3, value=1000)
    for _ in range(2):
        scene.release(scene.talk(BASIC)[0])
    scene.wait(61)
    busy(scene)
    stakes = [scene.only(k.AGENT_HELD_BACK).a]
    for _ in range(3):
        scene.arrive(BASIC)
        scene.arrive(BASIC)
        scene.release(_head(scene))
        stakes += [held.a for held in scene.all(k.AGENT_HELD_BACK)]
    assert stakes == sorted(stakes)
    assert stakes[-1] > stakes[0]


def _head(scene: Scene) -> int:
    waiting = [c for c in range(64) if scene.state(c) == "waiting"]
    return min(waiting, key=lambda c: int(scene.tables.contacts["order"][c]))


def test_a_contact_of_no_value_waits_until_its_bound() -> None:
    scene = centre()
    scene.queue(BASIC, QueueSetting.VALUE, 0)
    busy(scene)
    assert scene.only(k.AGENT_HELD_BACK).a == 0
    assert scene.wait(math.nextafter(BOUND_S, math.inf))[-1].kind == k.OFFER_MADE
