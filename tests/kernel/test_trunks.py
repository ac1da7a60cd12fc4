"""Trunk groups that find their reserve themselves: against the exact chain, and through the kernel."""

import heapq
import json
import random
from pathlib import Path

import numpy as np
import pytest

from engine.kernel.erlang import HANDLE_GUESS_NS, channel_cost, load_of
from engine.kernel.tables import Capacity
from engine.kernel.trunks import best_reserve, reservation_cost
from engine.messages import kinds as k
from engine.messages.rows import pack_arrival, pack_trunks, unpack_reserve, unpack_trunks
from engine.model.settings import RESERVE_AUTO, SECOND_NS, TrunkGroupSetting
from tests.kernel import naive_formulas as naive
from tests.kernel.facts import Fact
from tests.kernel.scene import BEGIN_NS, Scene, SteppedKernel

VALIDATION = Path(__file__).parents[2] / ".." / "shared" / "data" / "planning" / "validation.json"


def exact_blocking(channels: int, reserve: int, protected: float, unprotected: float) -> tuple[float, float]:
    """Blocking of both kinds, by solving the balance equations of the chain."""
    rates = np.zeros((channels + 1, channels + 1))
    for busy in range(channels):
        rates[busy, busy + 1] = protected + (unprotected if busy < channels - reserve else 0.0)
        rates[busy + 1, busy] = busy + 1
    rates -= np.diag(rates.sum(axis=1))
    system = np.vstack([rates.T[1:], np.ones(channels + 1)])
    chances = np.linalg.solve(system, [*[0.0] * channels, 1.0])
    return float(chances[-1]), float(chances[channels - reserve :].sum())


CHAINS = [(1, 0, 0.5, 0.5), (4, 1, 1.0, 2.0), (6, 2, 3.0, 4.0), (12, 3, 2.0, 14.0), (30, 30, 10.0, 10.0)]


@pytest.mark.parametrize(("channels", "reserve", "protected", "unprotected"), CHAINS)
def test_the_cost_is_what_the_chain_loses(channels: int, reserve: int, protected: float, unprotected: float) -> None:
    full, closed = exact_blocking(channels, reserve, protected, unprotected)
    for value in (0.0, 1.0, 25.0):
        cost = unprotected * closed + value * protected * full
        assert reservation_cost(channels, reserve, protected, unprotected, value) == pytest.approx(cost, rel=1e-9)
    twin = naive.reservation(channels, reserve, protected, unprotected)
    assert twin == pytest.approx((full, closed), rel=1e-9)


def test_without_reserve_it_is_formula_b() -> None:
    for channels, load in ((1, 0.3), (10, 7.0), (200, 190.0)):
        cost = reservation_cost(channels, 0, load / 4, load * 3 / 4, 1.0)
        assert cost == pytest.approx(load * naive.erlang_b(channels, load), rel=1e-9)


@pytest.mark.parametrize("value", [1.0, 3.0, 10.0, 300.0])
@pytest.mark.parametrize(("channels", "protected", "unprotected"), [(5, 1, 4), (20, 4, 18), (30, 20, 5), (60, 10, 70)])
def test_no_other_reserve_costs_less(channels: int, protected: float, unprotected: float, value: float) -> None:
    best = best_reserve(channels, protected, unprotected, value)
    costs = [reservation_cost(channels, r, protected, unprotected, value) for r in range(channels + 1)]
    assert costs[best] == min(costs)
    assert best == naive.best_reserve(channels, protected, unprotected, value)


def test_the_dearer_the_protected_the_more_is_kept() -> None:
    reserves = [best_reserve(30, 5.0, 28.0, value) for value in (1.0, 2.0, 10.0, 100.0, 10_000.0)]
    assert reserves == sorted(reserves)
    assert reserves[0] == 0 < reserves[1] < reserves[-1] < 30


def test_where_nothing_is_lost_nothing_is_kept() -> None:
    assert best_reserve(1_000_000, 10.0, 10.0, 1e6) == 0
    assert best_reserve(0, 1.0, 1.0, 10.0) == best_reserve(9, 0.0, 9.0, 10.0) == best_reserve(9, 9.0, 0.0, 10.0) == 0


class Line(SteppedKernel):
    """A trunk group under two Poisson streams of calls, of which nobody is served: each holds a channel for a while."""

    def __init__(self, channels: int, reserve: int, value: int = 10) -> None:
        super().__init__(Capacity(contacts=64, agents=1, queues=1, trunk_groups=1, requirements=2, lines=4))
        self.now_ns = BEGIN_NS
        for column, setting in (
            (TrunkGroupSetting.CHANNELS, channels),
            (TrunkGroupSetting.RESERVE, reserve),
            (TrunkGroupSetting.PROTECTED_VALUE, 1000 * value),
        ):
            self._say(k.SETTING_CHANGED, agent=k.TABLE_TRUNK_GROUP, queue=0, contact=int(column), a=setting)
        self.offered, self.refused, self.reserves = [0, 0], [0, 0], list[tuple[int, float, float]]()

    def _say(self, kind: int, **fields: int) -> list[Fact]:
        return self.observe(Fact(kind, at_ns=self.now_ns, **fields))

    def offer(self) -> None:
        """One call comes, and is over."""
        slot = int(self.tables.slots[self.tables.book[0].slot_head])
        self._say(k.CONTACT_ARRIVED, contact=slot, queue=0, a=pack_arrival(0, 0, 0, 0))
        self._say(k.CONTACT_RELEASED, contact=slot, a=k.BY_CUSTOMER)

    def carry(self, calls: int, protected: float, unprotected: float, mean_s: float = 100.0, seed: int = 1) -> None:
        """Let so many calls come, with these loads in erlangs."""
        draw, ends = random.Random(seed), list[tuple[int, int]]()
        for _ in range(calls):
            self.now_ns += int(draw.expovariate((protected + unprotected) / mean_s) * SECOND_NS)
            while ends and ends[0][0] <= self.now_ns:
                self._say(k.CONTACT_RELEASED, contact=heapq.heappop(ends)[1], a=k.BY_CUSTOMER)
            kind = int(draw.random() < unprotected / (protected + unprotected))
            book = self.tables.book[0]
            slot, flags = int(self.tables.slots[book.slot_head]), 0 if kind else k.FLAG_PROTECTED
            said = self._say(k.CONTACT_ARRIVED, contact=slot, queue=0, a=pack_arrival(0, 0, 0, 0), flags=flags)
            self.offered[kind] += 1
            self.reserves += [unpack_reserve(row.b) for row in said if row.kind == k.TRUNK_RESERVE_CHANGED]
            if any(row.kind == k.CONTACT_LEFT for row in said):
                self.refused[kind] += 1
            else:
                heapq.heappush(ends, (self.now_ns + int(draw.expovariate(1 / mean_s) * SECOND_NS), slot))

    def blocking(self) -> list[float]:
        """Of protected and unprotected calls."""
        return [refused / max(offered, 1) for refused, offered in zip(self.refused, self.offered, strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("reserve", [0, 1, 3])
def test_the_kernel_blocks_like_the_chain(reserve: int) -> None:
    line = Line(8, reserve)
    line.carry(12_000, 2.0, 6.0)
    assert line.blocking() == pytest.approx(exact_blocking(8, reserve, 2.0, 6.0), rel=0.1, abs=0.006)


@pytest.mark.slow
def test_the_reserve_found_is_the_one_for_the_loads_there_are() -> None:
    line = Line(20, RESERVE_AUTO, value=10)
    line.carry(15_000, 4.0, 18.0)
    reserve, protected, unprotected = line.reserves[-1]
    assert line.tables.trunk_groups["reserve"][0] == reserve
    assert protected == pytest.approx(4.0, rel=0.5)
    assert unprotected == pytest.approx(18.0, rel=0.3)
    assert abs(reserve - best_reserve(20, 4.0, 18.0, 10.0)) <= 1
    fixed = Line(20, 0)
    fixed.carry(15_000, 4.0, 18.0)
    lost = [line.refused[0] * 10 + line.refused[1], fixed.refused[0] * 10 + fixed.refused[1]]
    assert lost[0] < 0.8 * lost[1], "worth it"


@pytest.mark.parametrize("regular", [True, False])
@pytest.mark.parametrize("gap_s", [3600, 600, 60, 7])
def test_as_many_calls_are_estimated_as_come(gap_s: int, regular: bool) -> None:
    """On the mean over time; and where calls come by chance, on the mean of what each finds when it comes, too."""
    draw, line, met, seen = random.Random(4), Line(30, 0), list[float](), list[float]()
    call_s = look_s = 0.0
    for _ in range(2_000):
        while look_s < call_s:
            seen.append(estimated_rate(line, look_s))
            look_s += gap_s * 0.1618034
        met.append(estimated_rate(line, call_s))
        line.now_ns = BEGIN_NS + int(call_s * SECOND_NS)
        line.offer()
        call_s += gap_s if regular else draw.expovariate(1 / gap_s)
    assert np.mean(seen[len(seen) // 4 :]) * gap_s == pytest.approx(1, abs=0.02 if regular else 0.1)
    if not regular:
        assert np.mean(met[500:]) * gap_s == pytest.approx(1, abs=0.1)


def estimated_rate(line: Line, at_s: float) -> float:
    """Calls a second of late, as the kernel sees it then."""
    line.tables.book["now_ns"] = BEGIN_NS + int(at_s * SECOND_NS)
    group = line.tables.trunk_groups[0]
    lasts_s = (float(group["held_ns"]) + HANDLE_GUESS_NS * 0.1) / (float(group["ended"]) + 0.1) / 1e9
    return float(load_of(line.tables, 0, float(group["unprotected"])) / lasts_s)


def test_each_change_is_written_before_the_call_it_decides_upon() -> None:
    line = Line(3, RESERVE_AUTO, value=100)
    line.carry(300, 1.0, 4.0)
    rows = line.produced()
    changed = rows[rows["kind"] == k.TRUNK_RESERVE_CHANGED]
    assert len(changed) > 0
    following = rows["kind"][np.flatnonzero(rows["kind"] == k.TRUNK_RESERVE_CHANGED) + 1]
    assert set(following.tolist()) <= {k.CONTACT_RECEIVED, k.CONTACT_LEFT}


def test_a_fixed_reserve_is_never_thought_about() -> None:
    line = Line(3, 1)
    line.carry(200, 1.0, 4.0)
    assert line.reserves == []
    assert line.tables.trunk_groups["best_reserve"][0] == 0
    assert line.tables.trunk_groups["protected"][0] > 0.0, "what a channel costs is asked of every group"


@pytest.mark.parametrize("way_out", [k.EXIT_REFUSED_FULL, k.EXIT_REFUSED_EMPTY, k.EXIT_REFUSED_CLOSED])
def test_a_refuse_step_says_why_the_queue_cannot_serve(way_out: int) -> None:
    scene = Scene(agents=1)
    scene.step(0, 0, 30, k.STEP_REFUSE)
    scene.talk()
    contact = scene.arrive()
    if way_out == k.EXIT_REFUSED_CLOSED:
        scene.fact(k.QUEUE_CLOSED, queue=0)
    elif way_out == k.EXIT_REFUSED_EMPTY:
        scene.status(0, k.STATUS_OFFLINE)
    scene.wait(30)
    left = scene.only(k.CONTACT_LEFT)
    assert (left.contact, left.a, left.b) == (contact, way_out, 30 * SECOND_NS)


def test_what_a_gap_hid_ends_as_unknown() -> None:
    scene = Scene(agents=1)
    contact, _ = scene.talk()
    waiting = scene.arrive()
    scene.release(waiting, by=k.BY_UNKNOWN)
    assert scene.only(k.CONTACT_LEFT).a == k.EXIT_UNKNOWN
    scene.release(contact, by=k.BY_UNKNOWN)
    assert scene.only(k.CONTACT_ENDED).a == k.BY_UNKNOWN


class Outgoing(Scene):
    """Two trunk groups, and contacts whose customers are called through them."""

    def __init__(self, *channels: int, reserve: int = 0) -> None:
        super().__init__(agents=1, available=())
        for group, count in enumerate(channels):
            self.setting(k.TABLE_TRUNK_GROUP, group, TrunkGroupSetting.CHANNELS, count)
            self.setting(k.TABLE_TRUNK_GROUP, group, TrunkGroupSetting.RESERVE, reserve)

    def request(self, contact: int, *groups: int) -> Fact:
        """A call out is wanted; what follows."""
        a, b = pack_trunks(groups)
        (said,) = self.fact(k.TRUNK_REQUESTED, contact=contact, a=a, b=b)
        return said

    def seized(self, *groups: int, flags: int = 0) -> int:
        """The group that a new contact gets a channel of, -1 for none."""
        said = self.request(self.arrive(flags=flags), *groups)
        return said.a if said.kind == k.TRUNK_SEIZED else -1

    def figures(self, group: int = 0) -> tuple[int, int, int]:
        """Channels busy, seized, and requests refused."""
        found = self.tables.trunk_groups[group]
        return int(found["busy"]), int(found["seized"]), int(found["refused"])


def test_a_call_out_and_a_call_in_share_the_channels() -> None:
    scene = Outgoing(2)
    assert scene.seized(0) == 0
    caller = scene.arrive(trunk_group=0)
    assert scene.figures() == (2, 2, 0)
    waits = scene.arrive()
    refused = scene.request(waits, 0)
    assert (refused.kind, refused.a, refused.b) == (k.TRUNK_REFUSED, 0, 1)
    assert scene.state(waits) == "waiting"
    scene.arrive(trunk_group=0)
    assert scene.only(k.CONTACT_LEFT).a == k.EXIT_REFUSED_TRUNK
    assert scene.figures() == (2, 2, 2)
    scene.release(caller)
    assert scene.request(waits, 0).kind == k.TRUNK_SEIZED
    assert scene.figures() == (2, 3, 2)


def test_a_channel_is_free_again_when_its_call_failed_or_its_contact_is_closed() -> None:
    scene = Outgoing(1)
    contact = scene.arrive()
    scene.request(contact, 0)
    scene.wait(40)
    assert scene.fact(k.TRUNK_RELEASED, contact=contact) == []
    assert scene.figures() == (0, 1, 0)
    assert scene.tables.trunk_groups["held_ns"][0] == 40 * SECOND_NS, "since it was seized, not since the arrival"
    scene.wait(10)
    scene.request(contact, 0)
    scene.wait(5)
    scene.release(contact)
    assert scene.figures() == (0, 2, 0)
    assert scene.tables.trunk_groups["held_ns"][0] == 45 * SECOND_NS


def test_it_is_kept_from_agent_to_agent() -> None:
    scene = Outgoing(1)
    scene.status(0, k.STATUS_AVAILABLE)
    contact = scene.arrive()
    scene.request(contact, 0)
    scene.answer(contact, 0)
    scene.status(0, k.STATUS_PAUSED)
    scene.transfer(contact, queue=0)
    assert scene.state(contact) == "waiting"
    assert scene.figures() == (1, 1, 0)


def test_the_channel_goes_with_a_caller_who_moves_to_another_contact() -> None:
    scene = Outgoing(2, 1)
    caller, other = scene.arrive(trunk_group=0), scene.arrive(trunk_group=1)
    scene.wait(10)
    assert scene.fact(k.CALLER_MOVED, contact=caller, a=other) == []
    assert (scene.figures(0), scene.figures(1)) == ((1, 1, 0), (0, 1, 0)), "the other contact's own caller is gone"
    scene.release(caller)
    assert scene.figures() == (1, 1, 0)
    scene.fact(k.TRUNK_RELEASED, contact=other)
    assert scene.only(k.FACT_REFUSED).a == k.REFUSED_WRONG_STATE, "it is a caller's own channel still"
    scene.wait(5)
    scene.release(other)
    assert scene.figures() == (0, 1, 0)
    assert scene.tables.trunk_groups["held_ns"][0] == 15 * SECOND_NS


def test_a_caller_moves_between_two_contacts_that_are_there() -> None:
    scene = Outgoing(2)
    caller, other = scene.arrive(trunk_group=0), scene.arrive()
    scene.release(other)
    for to, reason in ((other, k.REFUSED_WRONG_STATE), (caller, k.REFUSED_WRONG_STATE), (64, k.REFUSED_OUT_OF_RANGE)):
        scene.fact(k.CALLER_MOVED, contact=caller, a=to)
        assert scene.only(k.FACT_REFUSED).a == reason
    assert scene.figures() == (1, 1, 0)


def test_a_reserve_is_for_protected_calls_out_too() -> None:
    scene = Outgoing(2, reserve=1)
    assert [scene.seized(0), scene.seized(0), scene.seized(0, flags=k.FLAG_PROTECTED)] == [0, -1, 0]


def test_the_first_group_is_taken_while_others_lose_nothing_by_it_and_then_the_cheapest() -> None:
    scene = Outgoing(4, 12)
    asked = [scene.seized(0, 1) for _ in range(16)]
    assert asked[0] == 0
    assert asked[:4] != [0, 0, 0, 0], "not to the last channel while the other group has plenty"
    assert sorted(asked) == [0] * 4 + [1] * 12
    assert scene.seized(0, 1) == -1
    assert scene.figures() == (4, 4, 1)
    assert scene.figures(1) == (12, 12, 0), "a request that finds nothing counts once"


@pytest.mark.parametrize("load", [0.5, 4.0, 30.0])
def test_a_channel_costs_by_formula_b(load: float) -> None:
    for busy, limit in ((0, 5), (3, 5), (4, 5), (10, 40)):
        wanted = naive.erlang_b(limit, load) / naive.erlang_b(busy, load)
        assert channel_cost(load, busy, limit) == pytest.approx(wanted if wanted > 1e-9 else 0.0, rel=1e-9)
    assert channel_cost(0.0, 0, 5) == 0.0


def test_trunk_facts_that_cannot_be_are_refused() -> None:
    scene = Outgoing(3, 3)
    contact, caller = scene.arrive(), scene.arrive(trunk_group=1)

    def refusal(kind: int, **fields: int) -> int:
        (said,) = scene.fact(kind, **fields)
        return said.a if said.kind == k.FACT_REFUSED else 0

    good, _ = pack_trunks([0])
    assert refusal(k.TRUNK_RELEASED, contact=contact) == k.REFUSED_WRONG_STATE
    for kind in (k.TRUNK_REQUESTED, k.TRUNK_RELEASED):
        assert refusal(kind, contact=caller, a=good) == k.REFUSED_WRONG_STATE, "a caller's own channel stays"
        assert refusal(kind, contact=50, a=good) == k.REFUSED_WRONG_STATE
        assert refusal(kind, contact=64, a=good) == k.REFUSED_OUT_OF_RANGE
    for a in (0, -1, 1 << 60, *(pack_trunks(groups)[0] for groups in ([2], [0, 1, 2]))):
        assert refusal(k.TRUNK_REQUESTED, contact=contact, a=a) == k.REFUSED_OUT_OF_RANGE
    assert scene.figures() == (0, 0, 0)
    assert scene.request(contact, 0).kind == k.TRUNK_SEIZED
    assert scene.request(contact, 1).a == k.REFUSED_WRONG_STATE, "one channel a contact"


def test_eight_groups_fit_a_request() -> None:
    groups = [7, 0, 4095, 3, 2, 1, 30_000, 5]
    assert unpack_trunks(*pack_trunks(groups)) == groups
    assert unpack_trunks(*pack_trunks([6])) == [6]


@pytest.mark.skipif(not VALIDATION.exists(), reason="needs ../shared/data/planning")
def test_the_cost_agrees_with_exact_points() -> None:
    points = json.loads(VALIDATION.read_text())["trunk_reservation_loss"]
    assert len(points) >= 12
    for point in points:
        channels, protected, unprotected = point["C"], point["a1"], point["a2"]
        for value in (1.0, 4.0, 20.0):
            cost = value * protected * point["B1"] + unprotected * point["B2"]
            assert reservation_cost(channels, point["r"], protected, unprotected, value) == pytest.approx(
                cost, rel=1e-9
            )
            best = best_reserve(channels, protected, unprotected, value)
            assert reservation_cost(channels, best, protected, unprotected, value) <= cost * (1 + 1e-12)
