"""How fast planners get their staffing: Erlang A and C over many intervals of about 500 erlangs, beside pyworkforce.

pyworkforce knows Erlang C alone, so its question is Erlang C's: the positions that answer 80 % within 20 s. It is asked
with its own cap on occupancy off (by default it silently adds agents until they are 85 % busy: 589 where 513 do), and
in balance: overloaded, it returns chances above 1. Ours is Erlang A's staffing, which asks more of each evaluation; the
line tells Erlang C's, too, where both find the same agents. Processor time, as both are plain computing.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from pyworkforce.queuing import ErlangC

from benchmarks.report import line
from simulations.queueing import agents_for, erlang_a, erlang_c

NAMES = ("erlang_a_vs_pyworkforce", "erlang_a_points_per_s")
INTERVALS = 20_000
PEER_INTERVALS = 40
ROUNDS = 5
HANDLE_S, PATIENCE_S, WITHIN_S, LEVEL = 300.0, 180.0, 20.0, 0.8


def run() -> list[dict[str, Any]]:
    """Return the ratio of staffing rates, and how many points a second all figures of Erlang A take."""
    rates_per_h = 6000.0 * np.random.default_rng(7).uniform(0.9, 1.1, INTERVALS)
    some: list[float] = rates_per_h[:PEER_INTERVALS].tolist()
    agents = agents_for(rates_per_h, HANDLE_S, service_level=LEVEL, within_s=WITHIN_S)
    peer_agents = [positions(rate) for rate in some]
    if agents[:PEER_INTERVALS].tolist() != peer_agents:
        raise AssertionError("Erlang C's agents differ from pyworkforce's")
    ours = per_s(
        INTERVALS,
        lambda: agents_for(rates_per_h, HANDLE_S, patience=PATIENCE_S, service_level=LEVEL, within_s=WITHIN_S),
    )
    ours_c = per_s(INTERVALS, lambda: agents_for(rates_per_h, HANDLE_S, service_level=LEVEL, within_s=WITHIN_S))
    peer = per_s(PEER_INTERVALS, lambda: [positions(rate) for rate in some])
    figures = per_s(INTERVALS, lambda: erlang_a(rates_per_h, HANDLE_S, PATIENCE_S, 490, within_s=WITHIN_S))
    figures_c = per_s(INTERVALS, lambda: erlang_c(rates_per_h, HANDLE_S, agents, within_s=WITHIN_S))
    inputs = f"{INTERVALS} intervals of 450 to 550 erlangs, 80 % within 20 s, median of {ROUNDS}, processor time"
    return [
        line(
            "erlang_a_vs_pyworkforce",
            round(ours / peer, 1),
            "x",
            inputs=inputs,
            erlang_a_staffings_per_s=round(ours),
            erlang_c_staffings_per_s=round(ours_c),
            erlang_c_ratio=round(ours_c / peer, 1),
            peer={
                "name": "pyworkforce, Erlang C (it has no Erlang A), max_occupancy 1",
                "staffings_per_s": round(peer),
            },
        ),
        line(
            "erlang_a_points_per_s",
            round(figures),
            "points/s",
            inputs=f"{INTERVALS} points of 450 to 550 erlangs, 490 agents, all thirteen figures, processor time",
            peer={"name": "Erlang C of the same", "points_per_s": round(figures_c)},
        ),
    ]


def positions(rate_per_h: float) -> int:
    """Ask pyworkforce, whose times are in minutes."""
    centre = ErlangC(transactions=rate_per_h, aht=HANDLE_S / 60, interval=60, asa=WITHIN_S / 60, shrinkage=0.0)
    return int(centre.required_positions(service_level=LEVEL, max_occupancy=1.0)["raw_positions"])


def per_s(points: int, work: Callable[[], object]) -> float:
    """Return points per second of processor time, the median of some rounds after one that compiles."""
    work()
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return points / statistics.median(took)
