"""The formulas against the literature's numbers, and the prices against the equation that they solve."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.kernel.erlang import PATIENCE_GUESS_NS, loss_rate
from engine.kernel.expected_wait import expected_wait
from engine.kernel.prices import price_levels
from engine.kernel.tables import FREE_LEVELS, WAITING_LEVELS, Capacity, new_tables
from engine.messages import kinds as k
from engine.model.settings import AgentSetting, ChannelSetting, QueueSetting
from tests.kernel import naive_formulas as naive
from tests.kernel.scene import Scene

VALIDATION = Path(__file__).parents[2] / ".." / "shared" / "data" / "planning" / "validation.json"


def published(table: str) -> list[dict[str, Any]]:
    """The points of one table; none where the shared data is not there."""
    if not VALIDATION.exists():
        return []
    points: list[dict[str, Any]] = json.loads(VALIDATION.read_text())[table]
    return points


@pytest.mark.skipif(not VALIDATION.exists(), reason="needs ../shared/data/planning")
def test_abandonments_of_erlang_a() -> None:
    points = published("erlang_a")
    assert len(points) > 20
    for point in points:
        rate, mean, patience = point["lam"], point["aht"], point["patience"]
        lost = loss_rate(point["c"], rate, mean, patience)
        assert lost / rate == pytest.approx(point["pab"], rel=1e-8), point


@pytest.mark.skipif(not VALIDATION.exists(), reason="needs ../shared/data/planning")
def test_blocking_of_erlang_b_in_the_twin() -> None:
    for point in published("erlang_b"):
        assert naive.erlang_b(point["c"], point["a"]) == pytest.approx(point["B"], rel=1e-9), point


@pytest.mark.parametrize(("agents", "rate", "mean", "patience"), [(1, 0.5, 1, 1), (20, 4, 4.5, 2), (200, 60, 3, 5)])
def test_the_twin_and_the_kernel_lose_alike(agents: int, rate: float, mean: float, patience: float) -> None:
    found = loss_rate(agents, rate, mean, patience)
    assert found == pytest.approx(naive.abandonment_rate(agents, rate, mean, patience), rel=1e-12)


def relative_values(agents: int, rate: float, mean: float, patience: float, states: int) -> tuple[float, Any]:
    """Solve g = c(s) + sum over s' of q(s, s') (V(s') - V(s)) with V(0) = 0; return (g, V)."""
    system, costs = np.zeros((states + 1, states + 1)), np.zeros(states + 1)
    for s in range(states + 1):
        up = rate if s < states else 0.0
        down = min(s, agents) / mean + max(s - agents, 0) / patience
        system[s, s] -= up + down
        if s < states:
            system[s, s + 1] += up
        if s:
            system[s, s - 1] += down
        costs[s] = max(s - agents, 0) / patience
    system[:, 0] = -1.0  # V(0) is 0, so its column has room for g
    solved = np.linalg.solve(system, -costs)
    g, values = solved[0], solved.copy()
    values[0] = 0.0
    return float(g), values


@pytest.mark.parametrize(
    ("agents", "load", "patience_s", "value"),
    [(1, 0.5, 60.0, 1.0), (3, 3.2, 120.0, 1.0), (8, 6.0, 30.0, 2.5), (12, 14.0, 300.0, 0.5)],
)
def test_prices_solve_the_poisson_equation(agents: int, load: float, patience_s: float, value: float) -> None:
    mean_s, t = 180.0, new_tables(Capacity(contacts=2, agents=1, queues=1, lines=1, requirements=1, intervals=1))
    t.queues["waited_ns"] = patience_s * 1e9 - PATIENCE_GUESS_NS
    rate = load / mean_s
    t.queues["settings"][0, QueueSetting.VALUE] = 1000 * value
    quits = loss_rate(float(agents), rate / 1e9, mean_s * 1e9, patience_s * 1e9)
    price_levels(t, 0, float(agents), rate / 1e9, mean_s * 1e9, quits)
    lost, values = relative_values(agents, rate, mean_s, patience_s, agents + 400)
    assert loss_rate(agents, rate, mean_s, patience_s) == pytest.approx(lost, rel=1e-6)
    for slack in range(1 - WAITING_LEVELS, min(agents + 1, FREE_LEVELS)):
        present = agents - slack
        price = t.prices[0, WAITING_LEVELS + slack]
        assert price == pytest.approx(value * (values[present + 1] - values[present]), rel=1e-5)
    assert (np.diff(t.prices[0, 1 : WAITING_LEVELS + min(agents + 1, FREE_LEVELS)]) < 0).all(), "less slack is dearer"


def test_slots_need_not_be_whole() -> None:
    t = new_tables(Capacity(contacts=2, agents=1, queues=1, lines=1, requirements=1, intervals=1))
    found = []
    for slots in (4.0, 4.2, 4.5, 4.8, 5.0):
        price_levels(t, 0, slots, 4 / 180e9, 180e9, loss_rate(slots, 4 / 180e9, 180e9, PATIENCE_GUESS_NS))
        found.append(t.prices[0].copy())
    for fewer, more in itertools.pairwise(found):
        assert (more[1:36] < fewer[1:36]).all()


def test_a_queue_without_traffic_or_agents_prices_who_waits_alone() -> None:
    t = new_tables(Capacity(contacts=2, agents=1, queues=1, lines=1, requirements=1, intervals=1))
    for slots, rate in ((0.0, 1e-9), (3.0, 0.0)):
        t.prices[:] = 7.0
        price_levels(t, 0, slots, rate, 1e9, rate)
        assert t.prices[0, : WAITING_LEVELS + 1].tolist() == pytest.approx([1.0] * (WAITING_LEVELS + 1))
        assert not t.prices[0, WAITING_LEVELS + 1 :].any()


def test_nobody_is_thought_more_patient_than_many_thresholds() -> None:
    t = new_tables(Capacity(contacts=2, agents=1, queues=1, lines=1, requirements=1, intervals=1))
    t.queues["waited_ns"] = 1e18
    price_levels(t, 0, 2.0, 1e-11, 60e9, loss_rate(2.0, 1e-11, 60e9, 1e18))
    assert (t.prices[0, 1 : WAITING_LEVELS + 1] > 0.01).all()


def waits(scene: Scene, place: int = 0, queue: int = 0) -> tuple[int, int, list[float]]:
    """Place, slots, and p50, p80 and p90 in seconds."""
    at, slots, _, _, *quantiles = expected_wait(scene.tables, queue, -1, -1, place)
    return at, slots, [quantile / 1e9 for quantile in quantiles]


def test_expected_waits_are_quantiles_of_what_is_ahead_and_of_ringing() -> None:
    scene = Scene(agents=4, queues=1)
    assert waits(scene)[:2] == (1, 4)
    assert waits(scene)[2] == pytest.approx([-5 * np.log(1 - share) for share in (0.5, 0.8, 0.9)])
    for _ in range(4):
        scene.talk()
    medians = [waits(scene, place)[2][0] for place in range(1, 60)]
    assert medians == sorted(medians)
    assert medians[0] == waits(scene)[2][0]
    # Drawn instead of matched: talks of 180 s in the mean end on four slots, those ahead give up, then it rings.
    draws = np.random.default_rng(1)
    queue = scene.tables.queues[0]
    patience_s, ring_s = (queue["waited_ns"] / 1e9 + 300) / (queue["quit"] + 1), 5 / 5
    for place in (1, 3, 40):
        stages = [1 / (4 / 180 + j / patience_s) for j in range(place)]
        drawn = sum(draws.exponential(stage, 200_000) for stage in [*stages, ring_s])
        assert waits(scene, place)[2] == pytest.approx(np.quantile(drawn, (0.5, 0.8, 0.9)).tolist(), rel=0.03)
    for agent in range(4):
        scene.status(agent, k.STATUS_PAUSED)
    assert waits(scene)[1:] == (0, [-1e-9] * 3)


def test_those_who_ring_are_ahead_of_nobody() -> None:
    scene = Scene(agents=2)
    scene.talk()
    scene.arrive()
    assert waits(scene)[0] == 1
    scene.arrive()
    assert waits(scene)[0] == 2


def test_who_can_take_nothing_more_serves_nobody_who_waits_whatever_is_in_hand() -> None:
    scene = Scene(queues=2)
    scene.queue(1, QueueSetting.CHANNEL, k.CHAT)
    scene.agent(0, AgentSetting.CAPACITY + k.CHAT, 2)
    scene.agent(0, AgentSetting.NEEDS_PHONE, 1)
    scene.setting(k.TABLE_CHANNEL, k.VOICE, ChannelSetting.MAY_INTERRUPT, 1 << k.CHAT)
    scene.fact(k.AGENT_REACHABILITY_CHANGED, agent=0, a=0)
    contact, _ = scene.talk(1, channel=k.CHAT)
    assert scene.agent_state(0) == "busy"
    assert (waits(scene)[1], waits(scene, queue=1)[1]) == (0, 2), "no call rings, and one more chat does"
    scene.fact(k.AGENT_REACHABILITY_CHANGED, agent=0, a=1)
    assert waits(scene)[1] == 1
    scene.arrive(1, channel=k.CHAT)
    scene.wait(20)
    assert scene.only(k.AGENT_SUSPENDED).agent == 0
    assert scene.agent_state(0) == "busy"
    assert (waits(scene)[1], waits(scene, queue=1)[1]) == (0, 0), "set aside"
    scene.release(contact)
    assert (waits(scene)[1], waits(scene, queue=1)[1]) == (0, 0)
    scene.status(0, k.STATUS_AVAILABLE)
    assert (waits(scene)[1], waits(scene, queue=1)[1]) == (1, 2)


def test_an_agent_counts_as_many_times_as_it_takes_contacts_at_once() -> None:
    scene = Scene(agents=2, queues=2)
    for queue in range(2):
        scene.queue(queue, QueueSetting.CHANNEL, k.CHAT)
    scene.queue(1, QueueSetting.MEMBERS_ONLY, 1)
    for agent in range(2):
        scene.agent(agent, AgentSetting.CAPACITY + k.CHAT, 3)
    scene.setting(k.TABLE_MEMBERSHIP, 0, 0, 1, 1)
    assert [waits(scene, queue=queue)[1] for queue in range(2)] == [6, 3]
    for _ in range(5):
        scene.talk(channel=k.CHAT)
    assert waits(scene)[2][0] < 5, "one of six is free"
    contact, _ = scene.talk(channel=k.CHAT)
    assert waits(scene)[2][0] == pytest.approx(180 * np.log(2) / 6, rel=0.1)
    scene.release(contact)
    scene.status(1, k.STATUS_OFFLINE)
    assert waits(scene)[1] == 3
    scene.agent(0, AgentSetting.CAPACITY + k.CHAT, 1)
    assert waits(scene)[1] == 1


def test_a_queue_of_chats_is_short_of_slots_rather_than_of_heads() -> None:
    scene = Scene(agents=2)
    scene.queue(0, QueueSetting.CHANNEL, k.CHAT)
    for agent in range(2):
        scene.agent(agent, AgentSetting.CAPACITY + k.CHAT, 3)
    for _ in range(2):
        scene.release(scene.arrive(channel=k.CHAT))
    scene.wait(61)
    scene.arrive(channel=k.CHAT)
    prices = scene.tables.prices[0]
    assert (prices[WAITING_LEVELS + 1 : WAITING_LEVELS + 7] > 0).all()


def test_what_is_told_on_entry_is_the_expected_wait_of_the_moment() -> None:
    scene = Scene(agents=2)
    for _ in range(2):
        scene.talk()
    for _ in range(60):
        expected = waits(scene)[2]
        contact = scene.arrive()
        told = [scene.tables.contacts[name][contact] / 1e9 for name in ("told_p50_ns", "told_p90_ns")]
        assert told == [np.ceil(expected[0]), np.ceil(expected[2])]


def test_prices_fade_while_their_queue_is_silent() -> None:
    scene = Scene(agents=3, queues=2)
    for _ in range(3):
        scene.release(scene.talk(1)[0])
    scene.wait(61)
    scene.release(scene.talk(1)[0])
    before = scene.tables.prices[1, WAITING_LEVELS + 1]
    scene.wait(7200)
    for _ in range(2):
        scene.release(scene.talk(0)[0])
    assert scene.tables.prices[1, WAITING_LEVELS + 1] < 0.2 * before


def test_who_enters_after_a_silence_counts_in_full() -> None:
    scene = Scene(agents=1)
    scene.arrive()
    scene.wait(7200)
    scene.arrive()
    assert scene.tables.queues["arrivals"][0] == pytest.approx(1, abs=0.05)


def test_a_queue_costs_the_same_however_many_lines_it_has() -> None:
    scores = []
    for mixes in (0, 5):
        scene = Scene(agents=2, queues=2)
        scene.queue(0, QueueSetting.STRATEGY, k.ERLANG)
        for number in range(6):
            scene.requirement(number + 1)
            contact = scene.arrive(1, requirement=number if number <= mixes else 0)
            scene.release(contact)
        scene.wait(61)
        scene.release(scene.arrive(1))
        scene.arrive(0)
        scores.append(scene.only(k.OFFER_MADE).a)
    assert scores[0] == pytest.approx(scores[1], rel=0.01)
    assert scores[0] > 0
