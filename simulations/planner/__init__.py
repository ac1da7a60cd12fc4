"""The planner in Python, for notebooks and scripts: the questions of the commands, and answers that show themselves.

>>> from simulations.planner import Scenario, simulate, solve
>>> scenario = Scenario.load("hotline.yaml").changed("agents.support.count=8")
>>> run = simulate(scenario, 50, seed=7)
>>> run.estimate("service_level", "sales")  # value, low, high
>>> plan = solve(scenario, "80/20", max_abandon="5%")

Shares are 0 to 1, times in s (names end in `_s`), counts those of one replication in the mean, amounts in the
scenario's currency; limits are those of an interval of confidence. Answers have `figures()`, and where there are
intervals `intervals()`: structured arrays, which numpy and `pandas.DataFrame` take as they are. `save(folder)` writes
the files of the command, which `trunkline report folder` draws. Errors are subclasses of TrunklineError.
"""

from simulations.experiment.cluster import Cluster
from simulations.planner.differences import Cases, Comparison, Grid, Months
from simulations.planner.questions import (
    compare,
    erlang,
    fit,
    payback,
    record,
    resilience,
    simulate,
    solve,
    sweep,
    whatif,
)
from simulations.planner.records import Fitted, WhatIf
from simulations.planner.runs import Plan, Run
from simulations.scenario.scenario import Scenario

__all__ = [
    "Cases",
    "Cluster",
    "Comparison",
    "Fitted",
    "Grid",
    "Months",
    "Plan",
    "Run",
    "Scenario",
    "WhatIf",
    "compare",
    "erlang",
    "fit",
    "payback",
    "record",
    "resilience",
    "simulate",
    "solve",
    "sweep",
    "whatif",
]
