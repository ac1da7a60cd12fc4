"""The erlang strategy, live and untuned, against exact optima and against plain policies on the same callers."""

import pytest

from benchmarks.bench_routing import half_width, losses, plain_policies
from benchmarks.routing_centres import Case, cases

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
CASES = {case.name: case for case in cases()}
CALLS, SEEDS = 30_000, 4


@pytest.mark.parametrize(
    ("name", "gap_max"),
    [
        ("N, values 1 and 1", 0.03),
        ("N, values 3 and 1", 0.03),
        ("N, values 1 and 3", 0.03),
        ("V", 0.03),
        ("X", 0.06),
    ],
)
def test_it_comes_near_the_exact_optimum(name: str, gap_max: float) -> None:
    case = CASES[name]
    assert case.optimum is not None
    assert case.control is not None
    plain, known = case.control
    differences = losses(case, "erlang", CALLS, SEEDS) - losses(case, plain, CALLS, SEEDS)
    gap = (known + differences.mean()) / case.optimum - 1.0
    assert gap < gap_max + half_width(differences) / case.optimum
    assert gap > -half_width(differences) / case.optimum - 0.01, "nobody loses less than the optimum"


@pytest.mark.parametrize("name", ["M, values 1 and 3", "BIL, values 1 and 3", "R6x10, values 1 and 3"])
def test_it_loses_less_than_plain_policies(name: str) -> None:
    case: Case = CASES[name]
    ours = losses(case, "erlang", CALLS, SEEDS)
    for policy in plain_policies(case):
        assert ours.mean() < losses(case, policy, CALLS, SEEDS).mean(), policy
