"""What the kernel estimates by pool, when it looks, and when prices are computed anew."""

import pytest

from engine.kernel.erlang import APT, PATIENCE_GUESS_NS, loss_rate, mean_handle_ns
from engine.kernel.estimates import ALIKE_CONTACTS
from engine.kernel.prices import slots_by_quits
from engine.kernel.tables import WAITING_LEVELS, Capacity, new_tables
from engine.messages import kinds as k
from engine.model.settings import SECOND_NS, AgentSetting, QueueSetting
from tests.kernel.scene import Scene

SLOW = 3
"""The agent at another level."""


def centre() -> Scene:
    """Four agents of one skill for two queues, all offline; one is at another level."""
    scene = Scene(agents=4, queues=2, available=())
    for queue in range(2):
        scene.requirement(queue + 1, (queue, 1))
        scene.queue(queue, QueueSetting.REQUIREMENT, queue + 1)
    for agent in range(4):
        scene.skill(agent, 0, 2 if agent == SLOW else 5)
        scene.skill(agent, 1, 5)
    return scene


def pools(scene: Scene) -> list[int]:
    """Of each agent, -1 where it is not known yet."""
    return [int(pool) for pool in scene.tables.agent_pools]


def serve(scene: Scene, agent: int, lasts_s: float) -> None:
    """The agent, who alone is there, takes a contact for so long."""
    contact = scene.arrive()
    scene.answer(contact, agent)
    scene.wait(lasts_s)
    scene.release(contact)


def test_agents_of_the_same_queues_and_levels_are_one_pool() -> None:
    scene = centre()
    assert pools(scene) == [-1] * 4, "nothing is noted of what agents are on the way to their skills"
    assert (scene.tables.pools["key"] != 0).sum() == 0
    for agent in range(4):
        scene.status(agent, k.STATUS_AVAILABLE)
    found = pools(scene)
    assert found[0] == found[1] == found[2] != found[SLOW]
    scene.skill(1, 0, 2)
    assert pools(scene)[1] == found[SLOW], "levels count at once"
    scene.skill(2, 1, 0)
    assert pools(scene)[2] not in found, "and so do queues"


def test_a_pool_is_known_by_its_own_contacts_as_far_as_there_are_many() -> None:
    scene = centre()
    for agent, lasts_s in ((0, 60), (SLOW, 500)):
        scene.status(agent, k.STATUS_AVAILABLE)
        for _ in range(20):
            serve(scene, agent, lasts_s)
        scene.status(agent, k.STATUS_OFFLINE)
    for agent in (0, SLOW):
        scene.status(agent, k.STATUS_AVAILABLE)
    scene.wait(600)
    scene.arrive()
    t = scene.tables
    mean_ns = mean_handle_ns(t, 0)
    fast_ns, slow_ns = (t.service_means[0, t.agent_pools[agent]] for agent in (0, SLOW))
    drawn_to_ns = t.queues["long_handle_ns"][0] / t.queues["long_handled"][0]
    for found_ns, lasted_ns in ((fast_ns, 60e9), (slow_ns, 500e9)):
        drawn_ns = (20 * lasted_ns + ALIKE_CONTACTS * drawn_to_ns) / (20 + ALIKE_CONTACTS)
        assert found_ns / mean_ns == pytest.approx(drawn_ns / drawn_to_ns, rel=0.02)
    assert slow_ns > APT * mean_ns
    line = t.queues["first_line"][0]
    assert t.lines["idle"][line] == 1, (
        "the fast agent is free, the slow one is being offered the contact, or the other way"
    )
    assert t.lines["apt_idle"][line] + (scene.offered()[0][1] == 0) == 1, "only the fast one is apt"


def test_the_fastest_at_work_are_apt_however_slow() -> None:
    scene = centre()
    scene.status(0, k.STATUS_AVAILABLE)
    for _ in range(40):
        serve(scene, 0, 60)
    scene.status(SLOW, k.STATUS_AVAILABLE)
    scene.status(0, k.STATUS_OFFLINE)
    for _ in range(40):
        serve(scene, SLOW, 500)
    scene.status(0, k.STATUS_AVAILABLE)
    line, t = scene.tables.queues["first_line"][0], scene.tables
    for zero, apt in ((k.STATUS_AVAILABLE, 1), (k.STATUS_OFFLINE, 1), (k.STATUS_AVAILABLE, 1)):
        scene.status(0, zero)
        scene.wait(61)
        scene.release(scene.arrive())
        assert t.lines["idle"][line] == 1 + (zero == k.STATUS_AVAILABLE)
        assert t.lines["apt_idle"][line] == apt, "the slow one, when it is alone"
        assert t.queues["own_slots"][0] > 0


def test_a_pool_that_nobody_belongs_to_is_forgotten() -> None:
    scene = centre()
    scene.status(0, k.STATUS_AVAILABLE)
    serve(scene, 0, 100)
    pool = pools(scene)[0]
    assert scene.tables.services[0, pool, 0] > 0
    for agent in range(3):
        scene.agent(agent, AgentSetting.EXISTS, 0)
    scene.status(SLOW, k.STATUS_AVAILABLE)
    scene.wait(601)
    scene.arrive()
    scene.arrive()
    assert scene.tables.pools["key"][pool] == 0
    assert not scene.tables.services[0, pool].any()


def test_prices_are_computed_only_while_some_queue_chooses_by_them() -> None:
    scene = centre()
    t = scene.tables
    for queue in range(2):
        scene.queue(queue, QueueSetting.STRATEGY, k.LONGEST_IDLE)
    for agent in range(4):
        scene.status(agent, k.STATUS_AVAILABLE)
    for _ in range(20):
        contact, _ = scene.talk()
        scene.wait(30)
        scene.release(contact)
    assert t.queues["handled"][0] > 10, "what waits are told by is estimated all the same"
    assert not t.prices.any()
    assert not t.queues["looked_at_ns"].any()
    scene.queue(1, QueueSetting.STRATEGY, k.ERLANG)
    assert not t.prices.any(), "nobody came there yet"
    scene.release(scene.arrive(queue=1))
    assert t.prices[0].any()
    assert t.prices[1].any()
    assert t.line_prices[t.queues["first_line"][0]] > 0.0, "both are priced at once"
    scene.queue(1, QueueSetting.STRATEGY, k.LONGEST_IDLE)
    scene.wait(3601)
    before = t.prices.copy(), t.queues["looked_at_ns"].copy()
    scene.release(scene.arrive())
    assert (t.prices == before[0]).all()
    assert (t.queues["looked_at_ns"] == before[1]).all(), "nobody asks any more"
    scene.queue(0, QueueSetting.STRATEGY, k.ERLANG)
    assert (t.queues["looked_at_ns"] == scene.now_ns).all(), "a queue that has contacts asks at once"


def test_prices_are_computed_anew_when_what_they_rest_on_has_moved() -> None:
    scene = centre()
    for agent in range(4):
        scene.status(agent, k.STATUS_AVAILABLE)
    for _ in range(60):
        contact, _ = scene.talk()
        scene.wait(30)
        scene.release(contact)
    queue, prices = scene.tables.queues[0], scene.tables.prices[0]
    looked_ns, rate, price = queue.looked_at_ns, queue.priced_rate, prices[WAITING_LEVELS]
    scene.wait(61)
    scene.release(scene.arrive())
    assert queue.rate != rate
    assert (queue.looked_at_ns, queue.priced_rate) == (looked_ns, rate), "not within half a standard deviation"
    scene.queue(0, QueueSetting.VALUE, 3000)
    scene.wait(61)
    scene.release(scene.arrive())
    assert prices[WAITING_LEVELS] > 1.5 * price, "a value counts within a minute"
    for _ in range(30):
        scene.release(scene.arrive())
    scene.wait(61)
    scene.release(scene.arrive())
    assert queue.priced_rate > 1.1 * rate
    scene.status(1, k.STATUS_OFFLINE)
    scene.wait(61)
    scene.release(scene.arrive())
    assert queue.looked_at_ns == queue.priced_at_ns == scene.now_ns, "fewer slots are looked at within a minute"


@pytest.mark.parametrize(("counted", "factor"), [(0, 0.2), (100, 1.0), (190, 1.0), (520, 2.5)])
def test_a_chain_that_expects_other_abandonments_than_come_has_other_slots(counted: int, factor: float) -> None:
    t = new_tables(Capacity(contacts=2, agents=1, queues=1, lines=1, requirements=1, intervals=1))
    queue = t.queues[:1]
    queue["own_slots"], queue["rate"], queue["own_mean_ns"] = 10.0, 1.0 / 20e9, 180e9
    queue["waited_ns"], queue["quit"], queue["expected_quit"] = 180e9 * (counted + 1) - PATIENCE_GUESS_NS, counted, 94
    slots, quits = slots_by_quits(t, 0)
    expects = loss_rate(10.0, 1.0 / 20e9, 180e9, 180e9)
    assert queue["quit_share"][0] == pytest.approx(expects * 20e9), "what it expects is what it expects uncorrected"
    assert quits == pytest.approx(loss_rate(slots, 1.0 / 20e9, 180e9, 180e9))
    assert quits == pytest.approx(factor * expects, rel=0.06), "a factor of two is let pass"


def test_a_day_like_any_other_does_not_move_the_handling_time() -> None:
    t = new_tables(Capacity(contacts=2, agents=1, queues=1, lines=1, requirements=1, intervals=1))
    queue = t.queues[:1]
    queue["long_handled"], queue["long_handle_ns"], queue["handled"] = 10_000, 10_000 * 200e9, 100
    for day_ns, found_ns in ((200e9, 200e9), (225e9, 200e9), (300e9, 300e9)):
        queue["handle_ns"] = 100 * day_ns
        assert mean_handle_ns(t, 0) == pytest.approx(found_ns, rel=0.001)


def test_a_queue_looks_again_when_others_are_at_work_though_they_are_as_many() -> None:
    """Two leave who serve one queue only, and two come who serve another one as well."""
    scene = Scene(agents=4, queues=2, available=(0, 1))
    for queue in range(2):
        scene.requirement(queue + 1, (queue, 1))
        scene.queue(queue, QueueSetting.REQUIREMENT, queue + 1)
        scene.queue(queue, QueueSetting.STRATEGY, k.ERLANG)
    for agent in range(4):
        scene.skill(agent, 0, 5)
    for agent in (2, 3):
        scene.skill(agent, 1, 5)
    calls(scene, 200)
    while looked_at(scene) < scene.now_ns - 120 * SECOND_NS:
        calls(scene, 1)
    looked = looked_at(scene)
    scene.status(0, k.STATUS_PAUSED)
    scene.status(0, k.STATUS_AVAILABLE)
    calls(scene, 5)
    assert looked_at(scene) == looked, "it looked a moment ago, and the same are there"
    for agent, status in enumerate([k.STATUS_OFFLINE, k.STATUS_OFFLINE, k.STATUS_AVAILABLE, k.STATUS_AVAILABLE]):
        scene.status(agent, status)
    calls(scene, 2)
    assert looked_at(scene) > looked


def calls(scene: Scene, count: int) -> None:
    """So many calls of a minute, one after the other."""
    for _ in range(count):
        contact, _ = scene.talk()
        scene.wait(60)
        scene.release(contact)


def looked_at(scene: Scene) -> int:
    """When the first queue looked at who may serve it."""
    return int(scene.tables.queues["looked_at_ns"][0])
