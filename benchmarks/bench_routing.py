"""What routing by `erlang` loses, untuned and by its own estimates: against exact optima and against plain policies.

Every policy meets the same callers, so differences are paired. Centres of two types are solved exactly, and what their
decisions lose against the optimum is added up: see `routing_optimum`.
"""

from typing import Any

import numpy as np

from benchmarks.report import line
from benchmarks.routing_centres import Case, cases
from benchmarks.routing_optimum import solve
from benchmarks.routing_plain import index_of, route_by_index
from benchmarks.routing_world import (
    OWN,
    Optimum,
    Policy,
    Rates,
    callers_of,
    costs_of,
    erlang,
    fifo,
    least_flexible,
    nothing_known,
    play_kernel,
)

NAMES = ("routing_gap_pct", "routing_against_plain_pct")
CALLS, SEEDS = 100_000, 8


def run() -> list[dict[str, Any]]:
    """Return the gaps to each optimum, and the distance from the best plain policy on every other centre."""
    return [gap(case) if is_solvable(case) else against_plain(case) for case in cases()]


def is_solvable(case: Case) -> bool:
    """Tell whether the optimum can be computed."""
    return len(case.values) == 2 and case.swing == 0.0


def gap(case: Case, name: str = "routing_gap_pct", seeds: int = SEEDS) -> dict[str, Any]:
    """Return by how much more than the least each policy loses, per cent, as the line of this name."""
    optimum = solve(case.centre, case.values)
    found = {
        policy: losses(case, policy, optimum, CALLS, seeds) / optimum.lost_per_min - 1.0
        for policy in ("erlang", *plain_policies(case))
    }
    return line(
        name,
        round(100 * float(found["erlang"].mean()), 2),
        "%",
        peer={"name": "the optimum", "lost_per_min": round(optimum.lost_per_min, 6)},
        centre=case.name,
        half_width_95=round(100 * half_width(found["erlang"]), 2),
        plain_pct={policy: round(100 * float(gaps.mean()), 2) for policy, gaps in found.items() if policy != "erlang"},
        calls=CALLS * seeds,
    )


def against_plain(case: Case) -> dict[str, Any]:
    """Return by how much `erlang` loses more than the best of the plain policies, per cent: below 0 is better."""
    ours = losses(case, "erlang")
    plain = {name: losses(case, name) for name in plain_policies(case)}
    best = min(plain, key=lambda name: float(plain[name].mean()))
    differences = (ours - plain[best]) / plain[best].mean()
    return line(
        "routing_against_plain_pct",
        round(100 * float(differences.mean()), 2),
        "%",
        peer={"name": best, "lost_per_min": {name: round(float(found.mean()), 4) for name, found in plain.items()}},
        centre=case.name,
        lost_per_min=round(float(ours.mean()), 4),
        half_width_95=round(100 * half_width(differences), 2),
        calls=CALLS * SEEDS,
    )


def plain_policies(case: Case) -> dict[str, Any]:
    """Return what others do: how the kernel is configured, or an index by type and group."""
    return {
        "longest wait": fifo(),
        "least flexible first": least_flexible(case.centre),
        "c-mu": index_of(case.centre, case.values, theta=True),
        "c-mu/theta": index_of(case.centre, case.values, theta=False),
    }


def losses(
    case: Case,
    policy: str,
    optimum: Optimum | None = None,
    calls: int = CALLS,
    seeds: int = SEEDS,
    rates: Rates = OWN,
) -> Any:
    """Return the value lost a minute in each run, float64 (seeds,), each run's first tenth left out."""
    chosen = erlang() if policy == "erlang" else plain_policies(case)[policy]
    known = optimum or nothing_known(case.centre)
    found = []
    for seed in range(seeds):
        callers = callers_of(case.centre, calls, seed, case.swing)
        if isinstance(chosen, Policy):
            lost = play_kernel(case.centre, case.values, chosen, callers, known, rates)
        else:
            lost = route_by_index(case.centre, chosen, callers, known)
        found.append(np.mean(costs_of(callers, case.values, lost, optimum)[1:]))
    return np.array(found)


def half_width(found: Any) -> float:
    """Return half of a confidence interval of 95 % for the mean."""
    return float(1.96 * np.std(found, ddof=1) / len(found) ** 0.5)
