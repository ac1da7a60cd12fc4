"""Recorded calls through the kernel: it routes as it must, and what happened at the bank comes out again."""

from functools import cache

import msgspec
import numpy as np
import pytest

from simulations.fit.arrivals import day_counts
from simulations.fit.calls import CALL, SECOND_NS, STINT, Calls
from simulations.fit.duty import at_work, stints, who_serves
from simulations.fit.observed import edges_ns
from simulations.fit.patience import fit_patience
from simulations.fit.read_bank import PRIORITY_CREDIT_S
from simulations.fit.recorded import Crew, People, Replayed, as_recorded, calibrated, people_of, replay
from simulations.fit.statistics import Array
from simulations.queueing import erlang_a, erlang_c
from tests.simulations.fit.bank_months import month

START_S = 1_800_000_000


def made(*arrivals_s: int, kinds: tuple[int, ...] = ()) -> Calls:
    rows = np.zeros(len(arrivals_s), CALL)
    rows["arrival_ns"] = (START_S + np.array(arrivals_s)) * SECOND_NS
    rows["type"] = kinds or 0
    return Calls(rows, ("sales", "help"), ("ann", "bob"), "UTC", "made up", {})


def people(calls: Calls, patience_s: list[int], handle_s: list[int], credit_s: list[int] | None = None) -> People:
    line_ns = calls.rows["arrival_ns"] - np.array(credit_s or [0] * len(calls.rows)) * SECOND_NS
    return People(line_ns, np.array(patience_s) * SECOND_NS, np.array(handle_s) * SECOND_NS)


def crew(*worked: tuple[int, int, int], serves: Array | None = None, wrap_up_s: int = 0) -> Crew:
    rows = np.array([(agent, START_S + begin, START_S + end) for agent, begin, end in worked], STINT)
    rows["from_ns"] *= SECOND_NS
    rows["to_ns"] *= SECOND_NS
    return Crew(rows, np.ones((2, 2), bool) if serves is None else serves, wrap_up_s * SECOND_NS)


def waits_s(found: Replayed) -> list[float]:
    return [wait_ns / SECOND_NS for wait_ns in found.wait_ns.tolist()]


def test_calls_wait_for_the_agent_and_give_up_when_their_patience_ends() -> None:
    calls = made(0, 10, 20)
    found = replay(calls, people(calls, [99, 30, 200], [100, 50, 50]), crew((0, 0, 500), wrap_up_s=15))
    assert waits_s(found) == [0, 30, 95]
    assert found.answered.tolist() == [True, False, True]
    assert found.abandoned.tolist() == [False, True, False]
    assert [found.abandonment, found.p_wait] == pytest.approx([1 / 3, 2 / 3])


def test_credit_is_a_place_in_line_and_no_head_start_beyond_it() -> None:
    calls = made(0, 10, 60, 101)
    found = replay(calls, people(calls, [999] * 4, [300, 10, 10, 10], [0, 0, 90, 90]), crew((0, 0, 900)))
    assert waits_s(found) == [0, 300, 240, 219], "the one credited with 90 s first, then as they came"


def test_agents_serve_their_types_within_their_hours() -> None:
    calls = made(0, 10, 100, kinds=(0, 1, 1))
    own = np.array([[True, False], [False, True]])
    found = replay(
        calls, people(calls, [40, 40, 400], [100, 100, 100]), crew((0, 0, 90), (1, 60, 80), (1, 200, 300), serves=own)
    )
    assert found.answered.tolist() == [True, False, True]
    assert waits_s(found) == [0, 40, 100]


def test_who_is_busy_when_the_shift_ends_finishes_the_call() -> None:
    calls = made(0, 50)
    found = replay(calls, people(calls, [10, 500], [100, 10]), crew((0, 0, 60), (1, 300, 400)))
    assert waits_s(found) == [0, 250]


def test_more_calls_at_once_than_there_was_room_for() -> None:
    calls = made(*[0] * 5_000)
    found = replay(calls, people(calls, [599] * 5_000, [60] * 5_000), crew((0, 0, 100_000)))
    assert (found.answered ^ found.abandoned).all(), "each call has its own fate"
    assert found.answered.sum() == 10, "one agent, ten minutes of patience, talks of a minute"
    assert sorted(waits_s(found)) == [*range(0, 600, 60), *[599] * 4_990]


def test_the_same_people_come_again() -> None:
    calls = made(*range(0, 4000, 10))
    calls.rows["wait_ns"] = 30 * SECOND_NS
    calls.rows["abandoned"][::3] = True
    calls.rows["answered"] = ~calls.rows["abandoned"]
    calls.rows["handle_ns"] = np.where(calls.rows["answered"], 60 * SECOND_NS, -1)
    credit = np.zeros(400, np.int64)
    one = people_of(calls, calls, credit, recorded=True)
    assert (one.patience_ns[calls.rows["abandoned"]] == 30 * SECOND_NS).all()
    assert (one.patience_ns >= 30 * SECOND_NS).all()
    assert (one.handle_ns == 60 * SECOND_NS).all()
    again = people_of(calls, calls, credit, recorded=True)
    assert (one.patience_ns == again.patience_ns).all()
    other = people_of(calls, calls, credit, recorded=True, seed=2)
    assert (one.patience_ns != other.patience_ns).any()


def credit_ns(calls: Calls) -> Array:
    return np.where(calls.rows["priority"] == 2, round(PRIORITY_CREDIT_S * SECOND_NS), 0)


@cache
def january_crew() -> Crew:
    """January's agents, with the wrap-up at which January's mean wait comes out."""
    calls = month("january")
    own = people_of(calls, calls, credit_ns(calls), recorded=True)
    return calibrated(calls, own, Crew(stints(calls), who_serves(calls), 0), as_recorded(calls).mean_wait_s)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_january_comes_out_again() -> None:
    calls = month("january")
    happened = as_recorded(calls)
    found = replay(calls, people_of(calls, calls, credit_ns(calls), recorded=True), january_crew())
    assert found.mean_wait_s == pytest.approx(happened.mean_wait_s, abs=2), "to this it was fitted"
    assert found.abandonment == pytest.approx(happened.abandonment, abs=0.015)
    assert found.p_wait == pytest.approx(happened.p_wait, abs=0.05)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_february_comes_out_again_from_its_own_people_and_januarys_wrap_up() -> None:
    """No prediction: the talks are February's, and whoever gave up has the patience that was seen."""
    calls, learnt = month("february"), january_crew()
    happened = as_recorded(calls)
    of_february = msgspec.structs.replace(learnt, stints=stints(calls), serves=who_serves(calls))
    found = replay(calls, people_of(calls, calls, credit_ns(calls), recorded=True), of_february)
    assert found.abandonment == pytest.approx(happened.abandonment, abs=0.01)
    assert found.p_wait == pytest.approx(happened.p_wait, abs=0.04)
    assert found.mean_wait_s == pytest.approx(happened.mean_wait_s, abs=4)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_one_wrap_up_for_all_does_not_carry_over_to_drawn_people() -> None:
    """What suits people whose patience was seen makes drawn ones wait too long: why `predicted` knows more of them."""
    calls, learnt = month("february"), month("january")
    of_february = msgspec.structs.replace(january_crew(), stints=stints(calls), serves=who_serves(calls))
    found = replay(calls, people_of(calls, learnt, credit_ns(calls), recorded=False), of_february)
    assert found.mean_wait_s > as_recorded(calls).mean_wait_s + 8


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["january", "february"])
def test_erlang_overestimates(name: str) -> None:
    calls, wrap_up_s = month(name), january_crew().wrap_up_ns / SECOND_NS
    days, duty, happened = day_counts(calls, 1800), stints(calls), as_recorded(calls)
    staff = np.array([at_work(duty, edges) for edges in edges_ns(days.days, 1800, calls.time_zone)])
    known = (days.counts > 0) & (staff > 0.25)
    weights, agents = days.counts[known], np.maximum(1, np.round(staff[known]))
    handle_s = calls.rows["handle_ns"][calls.rows["handle_ns"] > 0].mean() / SECOND_NS + wrap_up_s
    patience_s = fit_patience(calls.waits_s, calls.rows["abandoned"]).exponential_s.value
    found = erlang_a(2 * weights, handle_s, patience_s, agents)
    assert np.average(found.p_abandon, weights=weights) > 1.3 * happened.abandonment
    assert np.average(found.wait_s, weights=weights) > 1.3 * happened.mean_wait_s
    assert weights[np.isinf(erlang_c(2 * weights, handle_s, agents).asa_s)].sum() > 0.4 * weights.sum()
