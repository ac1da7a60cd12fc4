"""Refusals: a fact that cannot be true is answered by its reason and changes nothing."""

import pytest

from engine.kernel.tables import Tables
from engine.messages import kinds as k
from engine.messages.rows import pack_arrival, pack_requirement
from engine.model.settings import QUEUE_COLUMNS, STRICT_CREDIT_NS, AgentSetting, EngineSetting, QueueSetting
from tests.kernel.scene import Scene


def contents(t: Tables) -> dict[str, bytes]:
    """Every table but what a refused fact may change: the book."""
    return {name: table.tobytes() for name, table in t.items() if name not in {"book", "agenda"}}


def assert_refused(scene: Scene, reason: int, kind: int, **fields: int) -> None:
    before, refused = contents(scene.tables), scene.tables.book["refused"][0]
    (said,) = scene.fact(kind, **fields)
    assert (said.kind, said.a, said.b) == (k.FACT_REFUSED, reason, kind)
    assert (said.contact, said.agent) == (fields.get("contact", -1), fields.get("agent", -1))
    assert contents(scene.tables) == before
    assert scene.tables.book["refused"][0] == refused + 1


@pytest.mark.parametrize(
    "fields",
    [
        {"queue": 1},
        {"queue": -1},
        {"agent": 1},
        {"agent": -2},
        {"a": -1},
        {"a": pack_arrival(4, 0)},
        {"a": pack_arrival(0, 8)},
        {"a": pack_arrival(0, 0, 8)},
        {"a": pack_arrival(0, 0, 0, 2)},
        {"b": -1},
        {"b": 1 << 62},
    ],
)
def test_arrivals_out_of_range(fields: dict[str, int]) -> None:
    scene = Scene()
    assert_refused(scene, k.REFUSED_OUT_OF_RANGE, k.CONTACT_ARRIVED, **{"contact": 0, "queue": 0} | fields)


@pytest.mark.parametrize("slot", [-1, 1, 63, 1 << 30])
def test_an_arrival_takes_the_next_free_slot_and_no_other(slot: int) -> None:
    assert_refused(Scene(), k.REFUSED_SLOT_TAKEN, k.CONTACT_ARRIVED, contact=slot, queue=0)


def test_an_arrival_beyond_the_last_slot() -> None:
    scene = Scene(contacts=2, available=())
    scene.arrive()
    scene.arrive()
    assert_refused(scene, k.REFUSED_SLOT_TAKEN, k.CONTACT_ARRIVED, contact=0, queue=0)


@pytest.mark.parametrize("kind", range(k.CONTACT_RELEASED, k.PRIORITY_CHANGED + 1))
def test_facts_about_contacts_that_are_not_there(kind: int) -> None:
    scene = Scene()
    decline = {"a": k.OFFER_REJECTED} if kind == k.OFFER_DECLINED else {}
    assert_refused(scene, k.REFUSED_OUT_OF_RANGE, kind, contact=64, agent=0, queue=0, **decline)
    assert_refused(scene, k.REFUSED_OUT_OF_RANGE, kind, contact=-1, agent=0, queue=0, **decline)
    assert_refused(scene, k.REFUSED_WRONG_STATE, kind, contact=0, agent=0, queue=0, **decline)


@pytest.mark.parametrize("kind", [k.CALLBACK_REQUESTED, k.EXIT_KEY_PRESSED, k.CONTACT_WITHDRAWN, k.CONTACT_RESUMED])
def test_a_contact_that_talks_cannot_leave_the_queue(kind: int) -> None:
    scene = Scene()
    contact, _ = scene.talk()
    assert_refused(scene, k.REFUSED_WRONG_STATE, kind, contact=contact)


def test_a_contact_that_waits_cannot_be_held() -> None:
    scene = Scene(available=())
    assert_refused(scene, k.REFUSED_WRONG_STATE, k.CONTACT_HELD, contact=scene.arrive())


@pytest.mark.parametrize("reason", [0, k.OFFER_CONTACT_LEFT, k.OFFER_TAKEN_ELSEWHERE, k.OFFER_WITHDRAWN, 99])
def test_an_agent_cannot_decline_for_the_engines_reasons(reason: int) -> None:
    scene = Scene()
    contact = scene.arrive()
    assert_refused(scene, k.REFUSED_OUT_OF_RANGE, k.OFFER_DECLINED, contact=contact, agent=0, a=reason)


def test_an_offer_that_was_never_made() -> None:
    scene = Scene(agents=2)
    contact = scene.arrive()
    for agent in (-1, 1, 2, 1 << 20):
        assert_refused(scene, k.REFUSED_NO_SUCH_OFFER, k.OFFER_ANSWERED, contact=contact, agent=agent)


def test_transfers_to_nowhere() -> None:
    scene = Scene()
    contact, _ = scene.talk()
    for fields in ({}, {"queue": 1}, {"agent": 1}, {"queue": -2, "agent": 0}):
        assert_refused(scene, k.REFUSED_OUT_OF_RANGE, k.TRANSFER_REQUESTED, contact=contact, **fields)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (k.AGENT_STATUS_CHANGED, {"agent": 1}),
        (k.AGENT_STATUS_CHANGED, {"agent": 0, "a": 3}),
        (k.AGENT_STATUS_CHANGED, {"agent": 0, "a": -1}),
        (k.AGENT_REACHABILITY_CHANGED, {"agent": 0, "a": 2}),
        (k.WRAP_UP_FINISHED, {"agent": -1}),
        (k.QUEUE_OPENED, {"queue": 1}),
        (k.QUEUE_CLOSED, {"queue": -1}),
        (k.PRIORITY_CHANGED, {"contact": 0, "a": 8}),
        (k.REQUIREMENT_DEFINED, {"queue": 0}),
        (k.REQUIREMENT_DEFINED, {"queue": 8}),
        (k.REQUIREMENT_DEFINED, {"queue": 2, "b": 2}),
        (k.REQUIREMENT_DEFINED, {"queue": 2, "a": pack_requirement((256, 1))}),
        (k.REQUIREMENT_DEFINED, {"queue": 2, "a": 5}),
        (k.REQUIREMENT_DEFINED, {"queue": 2, "a": -1}),
        (k.REQUIREMENT_DEFINED, {"queue": 2, "a": 1 << 60}),
        (0, {}),
        (26, {}),
        (99, {}),
    ],
)
def test_other_facts_out_of_range(kind: int, fields: dict[str, int]) -> None:
    scene = Scene(available=())
    scene.arrive()
    assert_refused(scene, k.REFUSED_OUT_OF_RANGE, kind, **fields)


@pytest.mark.parametrize(
    ("table", "index", "column", "value", "second"),
    [
        (0, 0, 0, 0, 0),
        (8, 0, 0, 0, 0),
        (k.TABLE_QUEUE, 1, 0, 0, 0),
        (k.TABLE_QUEUE, 0, QUEUE_COLUMNS, 0, 0),
        (k.TABLE_QUEUE, 0, -1, 0, 0),
        (k.TABLE_QUEUE, 0, QueueSetting.STRATEGY, k.STRATEGIES, 0),
        (k.TABLE_QUEUE, 0, QueueSetting.RING_LIMIT_NS, 0, 0),
        (k.TABLE_QUEUE, 0, QueueSetting.RING_ALL_LIMIT, 0, 0),
        (k.TABLE_QUEUE, 0, QueueSetting.REQUIREMENT, 8, 0),
        (k.TABLE_QUEUE, 0, QueueSetting.CHANNEL, 4, 0),
        (k.TABLE_QUEUE, 0, QueueSetting.FULL_TARGET, 1, 0),
        (k.TABLE_QUEUE, 0, QueueSetting.FULL_TARGET, -2, 0),
        (k.TABLE_QUEUE, 0, QueueSetting.PRIORITY_CREDIT_NS, STRICT_CREDIT_NS + 1, 0),
        (k.TABLE_QUEUE, 0, QueueSetting.FIRST_STEP, -1, 0),
        (k.TABLE_QUEUE, 0, QueueSetting.FIRST_STEP + 1, 6, 0),
        (k.TABLE_QUEUE, 0, QueueSetting.FIRST_STEP + 2, 1, 0),
        (k.TABLE_AGENT, 0, AgentSetting.CAPACITY, 1001, 0),
        (k.TABLE_AGENT, 0, AgentSetting.WRAP_UP_NS, -3, 0),
        (k.TABLE_AGENT, 1, AgentSetting.EXISTS, 1, 0),
        (k.TABLE_TRUNK_GROUP, 0, 0, -1, 0),
        (k.TABLE_TRUNK_GROUP, 0, 1, -2, 0),
        (k.TABLE_TRUNK_GROUP, 0, 2, -1, 0),
        (k.TABLE_TRUNK_GROUP, 0, 3, 0, 0),
        (k.TABLE_CHANNEL, 0, 0, 16, 0),
        (k.TABLE_ENGINE, 0, EngineSetting.INTERVAL_NS, 0, 0),
        (k.TABLE_SKILL_LEVEL, 0, 0, 32, 0),
        (k.TABLE_SKILL_LEVEL, 0, 0, 1, 256),
        (k.TABLE_MEMBERSHIP, 0, 0, 1, 1),
        (k.TABLE_MEMBERSHIP, 0, 0, 1 << 15, 0),
    ],
)
def test_settings_out_of_range(table: int, index: int, column: int, value: int, second: int) -> None:
    fields = {"agent": table, "queue": index, "contact": int(column), "a": value, "b": second}
    assert_refused(Scene(), k.REFUSED_OUT_OF_RANGE, k.SETTING_CHANGED, **fields)


def test_time_never_goes_back() -> None:
    scene = Scene()
    scene.arrive()
    now_ns = scene.now_ns
    scene.now_ns -= 10**9
    scene.release(0)
    assert scene.tables.book["now_ns"][0] == now_ns
    assert scene.only(k.CONTACT_LEFT).b == 0
