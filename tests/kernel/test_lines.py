"""Lines are given back: many combinations pass through few places, one after the other, for ever."""

import numpy as np

from engine.kernel.waiting_line import common_lines
from engine.messages import kinds as k
from engine.model.settings import PRIORITIES, QueueSetting
from tests.kernel.scene import Scene

LINES = 4
REQUIREMENTS = 12


def scene_of_many() -> Scene:
    """Two queues, nobody at work, and more requirements than lines."""
    scene = Scene(agents=2, queues=2, available=(), lines=LINES, requirements=REQUIREMENTS + 1)
    for number in range(1, REQUIREMENTS + 1):
        scene.requirement(number, (number % 3, 1 + number // 3))
    for agent in range(2):
        for skill in range(3):
            scene.skill(agent, skill, 2 + 3 * agent)
    return scene


def in_use(scene: Scene) -> set[tuple[int, int, int]]:
    """Queue, requirement and channel of every line."""
    lines = scene.tables.lines[: int(scene.tables.book["lines"][0])]
    return {tuple(int(line[name]) for name in ("queue", "requirement", "channel")) for line in lines}  # type: ignore[misc]


def test_many_combinations_pass_through_few_lines_for_ever() -> None:
    scene = scene_of_many()
    kept = [scene.arrive(queue) for queue in range(2)]
    seen = set()
    for lap in range(20):
        for number in range(1, REQUIREMENTS + 1):
            contact = scene.arrive(lap % 2, requirement=number)
            assert scene.kinds() == ["contact_queued"], (lap, number)
            seen |= in_use(scene)
            scene.release(contact)
    assert len(seen) == 2 + 2 * REQUIREMENTS
    assert [scene.state(contact) for contact in kept] == ["waiting", "waiting"]
    assert {(0, 0, 0), (1, 0, 0)} < in_use(scene)


def test_a_line_that_is_given_back_leaves_nothing_behind() -> None:
    scene, plain = scene_of_many(), scene_of_many()
    for number in range(1, REQUIREMENTS + 1):
        scene.release(scene.arrive(requirement=number))
    for each in (scene, plain):
        each.status(1, k.STATUS_AVAILABLE)
        each.arrive(requirement=5)
        assert each.offered()
    wanted = plain.tables.lines[0]
    (place,) = np.flatnonzero(scene.tables.lines["requirement"][:LINES] == 5)
    for name in ("queue", "requirement", "channel", "count", "holders", "slots", "idle"):
        assert scene.tables.lines[name][place] == wanted[name], name
    assert np.array_equal(scene.tables.agent_masks[place], plain.tables.agent_masks[0])
    assert not np.any(scene.tables.lines["head"] >= 0)
    assert scene.tables.lines["head"].shape[1] == PRIORITIES
    for agent in range(2):
        bits = int(scene.tables.line_masks[agent, 0])
        assert [bool(bits >> line & 1) for line in range(LINES)] == [
            bool(int(scene.tables.agent_masks[line, 0]) >> agent & 1) for line in range(LINES)
        ]


def test_who_waits_rings_or_waits_for_one_agent_keeps_the_line() -> None:
    scene = scene_of_many()
    scene.queue(0, QueueSetting.PREFERRED_WAIT_NS, 10**12)
    scene.queue(0, QueueSetting.JOIN_EMPTY, 0)
    scene.arrive(requirement=9)
    scene.status(0, k.STATUS_AVAILABLE)
    scene.arrive(requirement=1)
    assert scene.offered()
    scene.arrive(requirement=2, agent=0)
    scene.arrive(requirement=10)
    assert in_use(scene) == {(0, number, 0) for number in (9, 1, 2, 10)}
    scene.arrive(requirement=11)
    assert scene.only(k.CONTACT_LEFT).a == k.EXIT_SYSTEM_ERROR


def test_who_talks_keeps_no_line_and_is_not_lost_for_want_of_one() -> None:
    scene = scene_of_many()
    scene.status(0, k.STATUS_AVAILABLE)
    contact, _ = scene.talk(requirement=1)
    waiting = [scene.arrive(requirement=number) for number in (8, 9, 10, 11)]
    assert scene.kinds() == ["contact_queued"]
    assert (0, 1, 0) not in in_use(scene)
    for kind, fields in ((k.REQUEUE_REQUESTED, {}), (k.TRANSFER_REQUESTED, {"queue": 0, "agent": 1})):
        scene.fact(kind, contact=contact, **fields)
        assert scene.only(k.FACT_REFUSED).a == k.REFUSED_NOT_ADMITTED
    scene.release(waiting[0])
    scene.fact(k.REQUEUE_REQUESTED, contact=contact)
    assert "contact_queued" in scene.kinds()


def test_the_next_oldest_line_takes_over_the_prices() -> None:
    scene = scene_of_many()
    scene.status(1, k.STATUS_AVAILABLE)
    scene.talk(requirement=1)
    oldest = int(scene.tables.queues["first_line"][0])
    scene.arrive(0, requirement=11)
    scene.arrive(0, requirement=10)
    second = int(scene.tables.lines["next_line"][scene.tables.queues["first_line"][0]])
    assert scene.tables.lines["next_line"][second] == oldest
    short = len(scene.tables.agents) + 1
    assert int(scene.tables.line_masks[short, 0]) >> oldest & 1
    for number in (8, 9):
        scene.arrive(1, requirement=number)
    assert scene.tables.lines["queue"][oldest] == 1
    assert scene.tables.lines["next_line"][second] == -1
    assert int(scene.tables.line_masks[short, 0]) >> second & 1
    assert common_lines(scene.tables) == LINES
