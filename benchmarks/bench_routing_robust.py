"""How `erlang` fares with arrival rates that are wrong for good, with the true ones, and in centres it was not made on.

The tables of docs/ROUTING.md beside those of `routing`, with the same world and the same plain policies.
"""

from collections.abc import Iterator
from typing import Any, Final

from benchmarks.bench_routing import CALLS, gap, half_width, is_solvable, losses, plain_policies
from benchmarks.report import line
from benchmarks.routing_centres import Case, cases, unseen
from benchmarks.routing_optimum import solve
from benchmarks.routing_world import OWN, Rates

NAMES = ("routing_wrong_rates_pct", "routing_true_rates_pct", "routing_unseen_gap_pct")
SEEDS = 4
TOO_MUCH, TOO_LITTLE = 1.2, 0.8
WRONG: Final = {
    "as estimated": OWN,
    "+ -": Rates(TOO_MUCH, TOO_LITTLE),
    "- +": Rates(TOO_LITTLE, TOO_MUCH),
    "+ +": Rates(TOO_MUCH, TOO_MUCH),
    "- -": Rates(TOO_LITTLE, TOO_LITTLE),
}
"""Every second type's estimates by the first, the others' by the second sign: 20 % too high or too low."""
LEFT_OUT: Final = ("M", "6x10, seed 7", "8x14", "12x20", "R6x10, values 1 and 1")


def run() -> Iterator[dict[str, Any]]:
    """Yield a line a centre and table."""
    for case in cases():
        if not case.name.startswith(LEFT_OUT):
            yield wrong_rates(case)
    for case in cases():
        if is_solvable(case):
            yield true_rates(case)
    for case in unseen():
        yield gap(case, "routing_unseen_gap_pct", SEEDS)


def wrong_rates(case: Case) -> dict[str, Any]:
    """Return the distance from the optimum, or else the best plain policy, per cent, by how rates are wrong."""
    optimum = solve(case.centre, case.values) if is_solvable(case) else None
    peer = "the optimum"
    least = optimum.lost_per_min if optimum else 0.0
    if optimum is None:
        plain = {name: float(losses(case, name, None, CALLS, SEEDS).mean()) for name in plain_policies(case)}
        peer = min(plain, key=lambda name: plain[name])
        least = plain[peer]
    found = {
        name: round(100 * float(losses(case, "erlang", optimum, CALLS, SEEDS, rates).mean() / least - 1.0), 2)
        for name, rates in WRONG.items()
    }
    return line(
        "routing_wrong_rates_pct",
        max(found.values()),
        "%",
        peer={"name": peer, "lost_per_min": round(least, 6)},
        centre=case.name,
        by_error_pct=found,
        calls=CALLS * SEEDS,
    )


def true_rates(case: Case) -> dict[str, Any]:
    """Return by how much more than the least is lost where the arrival rates are known, per cent."""
    optimum = solve(case.centre, case.values)
    gaps = losses(case, "erlang", optimum, CALLS, 2 * SEEDS, Rates(are_true=True)) / optimum.lost_per_min - 1.0
    return line(
        "routing_true_rates_pct",
        round(100 * float(gaps.mean()), 2),
        "%",
        peer={"name": "the optimum", "lost_per_min": round(optimum.lost_per_min, 6)},
        centre=case.name,
        half_width_95=round(100 * half_width(gaps), 2),
        calls=2 * CALLS * SEEDS,
    )
