"""Doors: who is let into a queue, what happens after a while, and how people get out."""

import pytest

from engine.messages import kinds as k
from engine.model.settings import SECOND_NS, AgentSetting, QueueSetting, TrunkGroupSetting
from tests.kernel.scene import Scene


def exits(scene: Scene) -> list[int]:
    """The ways out among what followed."""
    return [fact.a for fact in scene.all(k.CONTACT_LEFT)]


@pytest.mark.parametrize("wait_s", [5, 6])
def test_a_quick_hang_up_is_a_short_abandonment(wait_s: int) -> None:
    scene = Scene(available=())
    contact = scene.arrive()
    scene.wait(wait_s)
    scene.release(contact)
    assert exits(scene) == [k.EXIT_SHORT_ABANDONED if wait_s <= 5 else k.EXIT_ABANDONED]


@pytest.mark.parametrize(
    ("kind", "way_out"),
    [
        (k.CALLBACK_REQUESTED, k.EXIT_CALLBACK),
        (k.EXIT_KEY_PRESSED, k.EXIT_KEY),
        (k.CONTACT_WITHDRAWN, k.EXIT_WITHDRAWN),
    ],
)
def test_other_ways_out_are_no_abandonments_even_while_it_rings(kind: int, way_out: int) -> None:
    scene = Scene()
    contact = scene.arrive()
    scene.fact(kind, contact=contact)
    assert exits(scene) == [way_out]
    assert scene.only(k.CONTACT_LEFT).flags == k.FLAG_WAITED | k.FLAG_CLOSES
    assert scene.agent_state(0) == "idle"


def test_a_release_by_the_system_is_an_error() -> None:
    scene = Scene(available=())
    scene.release(scene.arrive(), k.BY_SYSTEM)
    assert exits(scene) == [k.EXIT_SYSTEM_ERROR]


def test_a_closed_queue_refuses_arrivals_or_sends_them_on_but_keeps_those_who_wait() -> None:
    scene = Scene(queues=2, available=())
    early = scene.arrive()
    scene.fact(k.QUEUE_CLOSED, queue=0)
    assert scene.state(early) == "waiting"
    scene.arrive()
    assert exits(scene) == [k.EXIT_REFUSED_CLOSED]
    scene.queue(0, QueueSetting.CLOSED_TARGET, 1)
    scene.arrive()
    assert scene.kinds() == ["contact_left", "contact_queued"]
    assert exits(scene) == [k.EXIT_OVERFLOWED]
    assert scene.only(k.CONTACT_QUEUED).queue == 1
    scene.fact(k.QUEUE_OPENED, queue=0)
    scene.arrive()
    assert scene.only(k.CONTACT_QUEUED).queue == 0
    scene.status(0, k.STATUS_AVAILABLE)
    assert scene.offered() == [(early, 0)]


def test_a_full_queue_counts_those_being_offered() -> None:
    scene = Scene()
    scene.queue(0, QueueSetting.MAX_LENGTH, 2)
    scene.arrive()
    scene.arrive()
    scene.arrive()
    assert exits(scene) == [k.EXIT_REFUSED_FULL]


def test_full_queues_in_a_circle_end_in_a_refusal() -> None:
    scene = Scene(queues=2, available=())
    for queue in range(2):
        scene.queue(queue, QueueSetting.MAX_LENGTH, 1)
        scene.queue(queue, QueueSetting.FULL_TARGET, 1 - queue)
        scene.arrive(queue)
    scene.arrive()
    assert exits(scene) == [k.EXIT_OVERFLOWED] * 8 + [k.EXIT_REFUSED_FULL]


@pytest.mark.parametrize(("rule", "status", "joins"), [(1, 0, False), (1, 1, True), (2, 1, False), (2, 2, True)])
def test_whether_people_join_an_empty_queue(rule: int, status: int, joins: bool) -> None:
    scene = Scene(available=())
    scene.queue(0, QueueSetting.JOIN_EMPTY, rule)
    scene.status(0, status)
    scene.arrive()
    assert exits(scene) == ([] if joins else [k.EXIT_REFUSED_EMPTY])


def test_a_line_that_does_not_exist_yet_is_empty_when_nobody_has_the_skill() -> None:
    scene = Scene()
    scene.queue(0, QueueSetting.JOIN_EMPTY, 1)
    scene.requirement(1, (3, 5))
    scene.arrive(requirement=1)
    assert exits(scene) == [k.EXIT_REFUSED_EMPTY]


@pytest.mark.parametrize(("rule", "status", "leaves"), [(1, 1, False), (1, 0, True), (2, 1, True)])
def test_whether_people_leave_when_the_last_agent_does(rule: int, status: int, leaves: bool) -> None:
    scene = Scene()
    scene.queue(0, QueueSetting.LEAVE_EMPTY, rule)
    scene.talk()
    waiting = [scene.arrive(), scene.arrive()]
    scene.status(0, status)
    scene.wait(0)
    assert exits(scene) == ([k.EXIT_EMPTY] * 2 if leaves else [])
    assert [scene.state(contact) for contact in waiting] == (["closed"] * 2 if leaves else ["waiting"] * 2)


def test_who_rings_at_the_last_agent_leaves_too_when_the_agent_goes() -> None:
    scene = Scene()
    scene.queue(0, QueueSetting.LEAVE_EMPTY, 1)
    scene.arrive()
    scene.status(0, k.STATUS_OFFLINE)
    scene.wait(0)
    assert exits(scene) == [k.EXIT_EMPTY]


@pytest.mark.parametrize("how", ["removed", "skill", "requirement", "members", "rule"])
def test_a_queue_may_be_deserted_in_other_ways(how: str) -> None:
    scene = Scene(available=())
    scene.requirement(1, (3, 5))
    scene.skill(0, 3, 5)
    scene.queue(0, QueueSetting.REQUIREMENT, 1)
    scene.status(0, k.STATUS_PAUSED)
    if how != "rule":
        scene.queue(0, QueueSetting.LEAVE_EMPTY, 1)
    scene.arrive()
    assert scene.wait(0) == []
    if how == "removed":
        scene.agent(0, AgentSetting.EXISTS, 0)
    elif how == "skill":
        scene.skill(0, 3, 4)
    elif how == "requirement":
        scene.requirement(1, (3, 6))
    elif how == "members":
        scene.queue(0, QueueSetting.MEMBERS_ONLY, 1)
    else:
        scene.status(0, k.STATUS_OFFLINE)
        scene.queue(0, QueueSetting.LEAVE_EMPTY, 1)
    scene.wait(0)
    assert exits(scene) == [k.EXIT_EMPTY]


def test_a_deserted_queue_hands_its_people_on_with_their_place() -> None:
    scene = Scene(agents=2, queues=2)
    scene.queue(0, QueueSetting.MEMBERS_ONLY, 1)
    scene.setting(k.TABLE_MEMBERSHIP, 0, 0, 1, 0)
    scene.queue(0, QueueSetting.LEAVE_EMPTY, 1)
    scene.queue(0, QueueSetting.EMPTY_TARGET, 1)
    scene.talk(0)
    moved, since = scene.arrive(0), scene.now_ns
    scene.wait(40)
    scene.status(0, k.STATUS_OFFLINE)
    scene.wait(0)
    assert exits(scene) == [k.EXIT_OVERFLOWED]
    assert (scene.only(k.CONTACT_QUEUED).queue, scene.only(k.CONTACT_QUEUED).a) == (1, since)
    assert scene.offered() == [(moved, 1)]


def test_two_deserted_queues_do_not_hand_people_to_and_fro() -> None:
    scene = Scene(queues=2)
    for queue in range(2):
        scene.queue(queue, QueueSetting.LEAVE_EMPTY, 1)
        scene.queue(queue, QueueSetting.EMPTY_TARGET, 1 - queue)
    scene.arrive()
    scene.status(0, k.STATUS_OFFLINE)
    scene.wait(0)
    assert exits(scene) == [k.EXIT_EMPTY]


def test_timed_steps_relax_overflow_and_time_out() -> None:
    scene = Scene(queues=2)
    scene.requirement(1, (0, 1))
    scene.requirement(2, (0, 8), relaxed=1)
    scene.queue(0, QueueSetting.REQUIREMENT, 2)
    scene.step(0, 0, 10, k.STEP_RELAX)
    scene.step(0, 1, 20, k.STEP_OVERFLOW, 1)
    scene.queue(1, QueueSetting.MEMBERS_ONLY, 1)
    scene.step(1, 0, 30, k.STEP_TIME_OUT)
    contact, since = scene.arrive(), scene.now_ns
    scene.wait(10)
    assert (scene.only(k.REQUIREMENT_RELAXED).a, scene.only(k.REQUIREMENT_RELAXED).b) == (1, 0)
    scene.wait(10)
    assert exits(scene) == [k.EXIT_OVERFLOWED]
    assert (scene.only(k.CONTACT_QUEUED).queue, scene.only(k.CONTACT_QUEUED).a) == (1, since)
    scene.wait(30)
    assert exits(scene) == [k.EXIT_TIMED_OUT]
    assert scene.only(k.CONTACT_LEFT).b == 30 * SECOND_NS
    assert scene.state(contact) == "closed"


def test_relaxing_lets_a_free_agent_serve_at_once() -> None:
    scene = Scene()
    scene.requirement(1, (0, 1))
    scene.requirement(2, (0, 8), relaxed=1)
    scene.skill(0, 0, 3)
    scene.step(0, 0, 10, k.STEP_RELAX)
    contact = scene.arrive(requirement=2)
    assert scene.offered() == []
    scene.wait(10)
    assert scene.offered() == [(contact, 0)]


def test_a_step_that_the_target_does_not_take_is_passed_over() -> None:
    scene = Scene(queues=2, available=())
    scene.step(0, 0, 5, k.STEP_OVERFLOW, 1)
    scene.step(0, 1, 9, k.STEP_CALLBACK)
    scene.fact(k.QUEUE_CLOSED, queue=1)
    scene.arrive()
    scene.wait(9)
    assert exits(scene) == [k.EXIT_CALLBACK]


def test_who_is_called_back_passes_over_steps_for_a_callback() -> None:
    scene = Scene(available=())
    scene.step(0, 0, 2, k.STEP_CALLBACK)
    scene.step(0, 1, 5, k.STEP_CALLBACK)
    scene.step(0, 2, 30, k.STEP_TIME_OUT)
    scene.arrive(since_s=60, flags=k.FLAG_CALLS_BACK)
    scene.wait(29)
    assert exits(scene) == []
    scene.wait(1)
    assert exits(scene) == [k.EXIT_TIMED_OUT]


@pytest.mark.parametrize("target", [-1, 1])
@pytest.mark.parametrize("bar", ["closed", "full", "empty"])
def test_who_is_called_back_is_let_in_whatever_bars_the_door(bar: str, target: int) -> None:
    scene = Scene(queues=2, available=())
    for queue in (0, 1):
        scene.queue(queue, QueueSetting.JOIN_EMPTY, 1 if bar == "empty" else 0)
        scene.queue(queue, QueueSetting.MAX_LENGTH, 1 if bar == "full" else 0)
        if bar == "full":
            scene.arrive(queue)
        if bar == "closed":
            scene.fact(k.QUEUE_CLOSED, queue=queue)
    scene.status(0, k.STATUS_OFFLINE)
    for column in (QueueSetting.CLOSED_TARGET, QueueSetting.FULL_TARGET, QueueSetting.EMPTY_TARGET):
        scene.queue(0, column, target)
    scene.arrive(0)
    assert exits(scene)[-1] in {k.EXIT_REFUSED_CLOSED, k.EXIT_REFUSED_FULL, k.EXIT_REFUSED_EMPTY}
    promised = scene.arrive(0, flags=k.FLAG_CALLS_BACK)
    assert scene.kinds() == ["contact_queued"]
    assert scene.only(k.CONTACT_QUEUED).queue == 0
    assert scene.state(promised) == "waiting"


@pytest.mark.parametrize("target", [-1, 1])
def test_who_is_called_back_waits_on_when_everybody_has_gone(target: int) -> None:
    scene = Scene(queues=2, agents=2, available=(0,))
    scene.setting(k.TABLE_MEMBERSHIP, 0, 0, 1, 0)
    scene.queue(0, QueueSetting.MEMBERS_ONLY, 1)
    scene.queue(0, QueueSetting.LEAVE_EMPTY, 1)
    scene.queue(0, QueueSetting.EMPTY_TARGET, target)
    scene.talk()
    promised, caller = scene.arrive(since_s=60, flags=k.FLAG_CALLS_BACK), scene.arrive()
    second = scene.arrive(priority=3, flags=k.FLAG_CALLS_BACK)
    scene.status(0, k.STATUS_OFFLINE)
    scene.wait(0)
    assert [(fact.contact, fact.a) for fact in scene.all(k.CONTACT_LEFT)] == [
        (caller, k.EXIT_EMPTY if target < 0 else k.EXIT_OVERFLOWED)
    ]
    late = scene.arrive(flags=k.FLAG_CALLS_BACK)
    assert scene.wait(3600) == []
    assert [scene.state(contact) for contact in (promised, second, late)] == ["waiting"] * 3
    scene.setting(k.TABLE_MEMBERSHIP, 1, 0, 1, 0)
    scene.status(1, k.STATUS_AVAILABLE)
    assert scene.offered() == [(second, 1)]


def test_a_step_deleted_while_people_wait_is_not_taken() -> None:
    scene = Scene(available=())
    scene.step(0, 0, 30, k.STEP_TIME_OUT)
    contact = scene.arrive()
    scene.step(0, 0, 0, k.STEP_NONE)
    assert scene.wait(3600) == []
    assert scene.state(contact) == "waiting"


def test_a_step_moved_while_people_wait_is_taken_at_its_new_time() -> None:
    scene = Scene(available=())
    scene.step(0, 0, 30, k.STEP_TIME_OUT)
    scene.arrive()
    scene.queue(0, QueueSetting.FIRST_STEP, 50 * SECOND_NS)
    assert scene.wait(49) == []
    scene.wait(1)
    assert exits(scene) == [k.EXIT_TIMED_OUT]


def test_overflow_rules_in_a_circle_take_a_second_a_round() -> None:
    scene = Scene(queues=2, available=())
    for queue in range(2):
        scene.step(queue, 0, 0, k.STEP_OVERFLOW, 1 - queue)
    scene.arrive()
    scene.wait(10)
    assert len(scene.all(k.CONTACT_QUEUED)) == 11


def test_a_trunk_group_keeps_its_reserve_for_protected_traffic() -> None:
    scene = Scene(available=())
    scene.setting(k.TABLE_TRUNK_GROUP, 0, TrunkGroupSetting.CHANNELS, 2)
    scene.setting(k.TABLE_TRUNK_GROUP, 0, TrunkGroupSetting.RESERVE, 1)
    first = scene.arrive(trunk_group=0)
    assert scene.kinds() == ["contact_received", "contact_queued"]
    scene.arrive(trunk_group=0)
    assert exits(scene) == [k.EXIT_REFUSED_TRUNK]
    scene.arrive(trunk_group=0, flags=k.FLAG_PROTECTED)
    assert scene.kinds() == ["contact_received", "contact_queued"]
    scene.arrive(trunk_group=0, flags=k.FLAG_PROTECTED)
    assert exits(scene) == [k.EXIT_REFUSED_TRUNK]
    scene.release(first)
    scene.arrive(trunk_group=0, flags=k.FLAG_PROTECTED)
    assert scene.kinds() == ["contact_received", "contact_queued"]
    assert scene.tables.trunk_groups["busy"][0] == 2


def test_when_all_lines_are_in_use_a_new_combination_is_refused_by_name() -> None:
    scene = Scene(available=(), lines=1)
    kept = scene.arrive()
    scene.arrive(requirement=3)
    assert exits(scene) == [k.EXIT_SYSTEM_ERROR]
    assert scene.state(kept) == "waiting"


def test_when_all_lines_are_in_use_a_contact_that_cannot_relax_keeps_asking() -> None:
    scene = Scene(available=(), lines=1)
    scene.requirement(2, (0, 8), relaxed=1)
    scene.queue(0, QueueSetting.REQUIREMENT, 2)
    scene.step(0, 0, 5, k.STEP_RELAX)
    scene.arrive()
    scene.wait(5)
    assert scene.only(k.REQUIREMENT_RELAXED).a == 2


@pytest.mark.parametrize("rule", [QueueSetting.OPEN, QueueSetting.MAX_LENGTH])
def test_a_transfer_to_a_queue_that_lets_nobody_in_leaves_the_call_where_it_is(rule: QueueSetting) -> None:
    scene = Scene(queues=2, available=(0,))
    contact = scene.arrive()
    scene.fact(k.OFFER_ANSWERED, contact=contact, agent=0)
    if rule == QueueSetting.MAX_LENGTH:
        scene.arrive(1)
        scene.queue(1, rule, 1)
    else:
        scene.fact(k.QUEUE_CLOSED, queue=1)
    scene.fact(k.TRANSFER_REQUESTED, contact=contact, queue=1)
    assert scene.only(k.FACT_REFUSED).a == k.REFUSED_NOT_ADMITTED
    assert scene.state(contact) == "connected"


def test_after_closing_time_a_call_may_still_go_to_a_colleague_or_back_to_its_place() -> None:
    scene = Scene(agents=2, available=(0,))
    contact = scene.arrive()
    scene.fact(k.OFFER_ANSWERED, contact=contact, agent=0)
    scene.status(1, k.STATUS_AVAILABLE)
    scene.fact(k.QUEUE_CLOSED, queue=0)
    scene.fact(k.TRANSFER_REQUESTED, contact=contact, agent=1)
    assert scene.only(k.OFFER_MADE).agent == 1
    scene.fact(k.OFFER_ANSWERED, contact=contact, agent=1)
    scene.fact(k.REQUEUE_REQUESTED, contact=contact)
    assert scene.only(k.CONTACT_QUEUED).queue == 0
