"""How long a planner waits for a day: `solve` of 48 half hours, six queues and ten groups with one skill or two.

The whole way is taken: formulas, trials by the kernel with all its routing, and the check with other callers. Clock
time on all cores, as that is what is waited for, with the processor time beside it; compiling is done before.
"""

import math
import time
from typing import Any

from benchmarks.report import line
from simulations.scenario.scenario import Scenario
from simulations.solve.goals import Question, goals_of
from simulations.solve.solve import Solution, solve

NAMES = ("solve_day_s",)
INTERVALS, QUEUES, GROUPS = 48, 6, 10
ROUNDS = 3


def run() -> list[dict[str, Any]]:
    """Return the median time of a day's plan."""
    asked(3)
    took = []
    for _ in range(ROUNDS):
        began, worked = time.monotonic(), time.process_time()
        found = asked(20)
        took.append((time.monotonic() - began, time.process_time() - worked, found))
    clock_s, processor_s, found = sorted(took, key=lambda one: one[0])[ROUNDS // 2]
    agent_hours = float(found.needed.staffing.sum()) / 2
    bound = float(found.demand.needs[-1].sum()) / 2
    return [
        line(
            "solve_day_s",
            round(clock_s, 2),
            "s",
            inputs=f"{INTERVALS} intervals, {QUEUES} queues, {GROUPS} groups, 80/20 and 5 % abandoned, 20 replications",
            processor_s=round(processor_s, 2),
            trials=found.trials,
            kept=found.kept,
            agent_hours=agent_hours,
            peer={"name": "agent hours that one queue of all would need by Erlang A: a bound", "agent_hours": bound},
        )
    ]


def asked(replications: int) -> Solution:
    """Solve the day."""
    scenario = day()
    return solve(scenario, Question(goals_of(scenario.file, {}, {None: 0.05})), replications=replications)


def day() -> Scenario:
    """Return a day with one peak, six queues of different size, a group for each and four that serve two."""
    shape = [30 + 70 * math.sin(math.pi * place / (INTERVALS - 1)) ** 2 for place in range(INTERVALS)]
    queues = {
        f"q{k}": {
            "service_level": "80% in 20s",
            "arrivals": {"volumes": [volume * (0.5 + 0.25 * k) for volume in shape]},
            "handle": {"talk": "exponential(5m)"},
            "patience": "exponential(3m)",
            "skills": {f"s{k}": 1},
        }
        for k in range(QUEUES)
    }
    skills = [[k] for k in range(QUEUES)] + [[k, k + 1] for k in range(GROUPS - QUEUES)]
    return Scenario.of(
        {
            "name": "day",
            "horizon": {"from": "2026-11-23 00:00", "to": "2026-11-24 00:00", "interval": "30m"},
            "queues": queues,
            "agents": [
                {"group": f"g{g}", "count": 1, "skills": {f"s{k}": 1 for k in served}}
                for g, served in enumerate(skills)
            ],
        }
    )
