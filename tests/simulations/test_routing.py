"""The erlang strategy, live and untuned, against exact optima and against plain policies on the same callers."""

import numpy as np
import pytest

from benchmarks.bench_routing import half_width, losses, plain_policies
from benchmarks.routing_centres import Case, cases
from benchmarks.routing_optimum import solve
from benchmarks.routing_plain import index_of
from benchmarks.routing_world import Rates

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
CASES = {case.name: case for case in cases()}
CALLS, SEEDS = 30_000, 4


@pytest.mark.parametrize(
    ("name", "gap_max"),
    [
        ("N, values 1 and 1", 0.01),
        ("N, values 3 and 1", 0.012),
        ("N, values 1 and 3", 0.01),
        ("V", 0.01),
        ("X", 0.012),
        ("BIL, values 1 and 1", 0.01),
        ("BIL, values 1 and 3", 0.012),
    ],
)
def test_it_comes_near_the_exact_optimum(name: str, gap_max: float) -> None:
    case = CASES[name]
    optimum = solve(case.centre, case.values)
    if case.optimum is not None:
        assert optimum.lost_per_min == pytest.approx(case.optimum, abs=1e-5), "as published"
    gaps = losses(case, "erlang", optimum, CALLS, SEEDS) / optimum.lost_per_min - 1.0
    assert 0.0 <= gaps.mean() < gap_max + half_width(gaps)


def test_what_decisions_lose_is_what_callers_do() -> None:
    case = CASES["V"]
    optimum = solve(case.centre, case.values)
    for policy, gap in (("c-mu", 0.0), ("longest wait", 0.036)):
        by_decisions, by_callers = (losses(case, policy, known, CALLS, SEEDS) for known in (optimum, None))
        assert by_decisions.mean() / optimum.lost_per_min - 1.0 == pytest.approx(gap, abs=0.008)
        assert by_decisions.mean() == pytest.approx(by_callers.mean(), rel=0.05)
        assert np.ptp(by_decisions) < 0.2 * np.ptp(by_callers), "the same, known better"


def test_c_mu_goes_by_the_rate_of_the_agent_who_chooses() -> None:
    case = CASES["X"]
    index = index_of(case.centre, case.values, theta=False)
    np.testing.assert_allclose(index, [[1 / 4, 1 / 6], [1 / 6, 1 / 4]])
    optimum = solve(case.centre, case.values)
    gaps = losses(case, "c-mu", optimum, CALLS, SEEDS) / optimum.lost_per_min - 1.0
    assert gaps.mean() == pytest.approx(0.1193, abs=0.01), "as solved exactly for the chain of this policy"


def test_rates_that_are_wrong_for_good_cost_something_and_true_ones_do_not() -> None:
    case = CASES["N, values 1 and 3"]
    optimum = solve(case.centre, case.values)
    own, wrong, true = (
        losses(case, "erlang", optimum, CALLS, SEEDS, rates).mean() / optimum.lost_per_min - 1.0
        for rates in (Rates(), Rates(1.2, 0.8), Rates(are_true=True))
    )
    assert true < 0.006
    assert own < 0.01 < wrong < 0.05


@pytest.mark.parametrize("name", ["M, values 1 and 3", "R6x10, values 1 and 3"])
def test_it_loses_less_than_plain_policies(name: str) -> None:
    case: Case = CASES[name]
    ours = losses(case, "erlang", None, CALLS, SEEDS)
    for policy in plain_policies(case):
        assert ours.mean() < losses(case, policy, None, CALLS, SEEDS).mean(), policy
