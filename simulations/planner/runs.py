"""What simulating and solving come to, for notebooks: the results, and tables of them."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from simulations.compare.paired import limited
from simulations.experiment.figures import COUNTS, FIGURES
from simulations.experiment.files import write_run
from simulations.experiment.intervals import interval_rows
from simulations.experiment.result import Result
from simulations.experiment.summary import plain, summary
from simulations.notation.numbers import with_half
from simulations.planner.tables import Array, Row, shown, structured
from simulations.scenario.scenario import Scenario
from simulations.solve.solve import Solution
from simulations.solve.told import plan_rows, told, write_plan

SHARE: Final = 0.01
LEVELS: Final = {"service_level": "service level, %", "abandon_rate": "abandoned, %"}


class Run(Result, kw_only=True):
    """Replications of one scenario, as `trunkline simulate` plays them.

    >>> run.estimate("service_level", "sales")  # value, low, high
    >>> run.estimate("asa_s", "sales", by_interval=True).value  # shape (intervals,), s
    >>> run.count("offered")  # shape (replications, queues, intervals)
    >>> pandas.DataFrame(run.intervals())

    `estimate` takes a name of FIGURES (service_level, abandon_rate, dismissed_rate, blocked_rate, asa_s, aht_s, ...) or
    COUNTS (offered, answered, abandoned, ...), `p_wait` or `occupancy`; its limits are Student's t over the
    replications, of a ratio by the delta method (Law, Simulation Modeling and Analysis, 9.6). Shares are 0 to 1, times
    s, counts those of one replication.
    """

    scenario: Scenario

    def intervals(self) -> Array:
        """Return a structured array, a row a queue and interval, queue by queue: the columns of `intervals.csv`."""
        return structured(interval_rows(self))

    def figures(self) -> Array:
        """Return a structured array of the whole horizon: queue, figure, value, low, high; `all` queues at the end."""
        found = summary(self)
        rows = [
            {"queue": queue, "figure": name, **figures[name]}
            for queue, figures in [*found["queues"].items(), ("all", found["all"])]
            for name in (*COUNTS, *FIGURES, "p_wait", "occupancy")
            if name in figures
        ]
        return structured([*rows, *({"queue": "all", "figure": name, **_amount(found[name])} for name in _MONEY)])

    def save(self, folder: Path | str) -> list[Path]:
        """Write the files that `trunkline simulate -o` writes; return their paths. Raises OSError."""
        return write_run(self.scenario, self, Path(folder))

    def __repr__(self) -> str:
        return f"<Run of '{self.scenario.name}': {self.replications} replications, seed {self.seed}>"

    def _repr_html_(self) -> str:
        """Return a row a queue, and one of all together."""
        found = summary(self)
        names = found["queues"] | {"all": found["all"]}
        rows = [
            [
                name,
                with_half(one["offered"], digits=0),
                *(with_half(one[key], SHARE) for key in LEVELS),
                with_half(one["asa_s"]),
                with_half(one["aht_s"]),
            ]
            for name, one in names.items()
        ]
        cost = (
            f"; cost {with_half(found['cost'], digits=0)} {found['cost']['currency']}" if found["cost"]["value"] else ""
        )
        return shown(
            f"{self.scenario.name}: {self.replications} replications, seed {self.seed}",
            ["queue", "offered", *LEVELS.values(), "ASA, s", "AHT, s"],
            rows,
            f"± {self.confidence:.0%} confidence; counts of one replication; occupancy "
            f"{with_half(found['all']['occupancy'], SHARE)} %{cost}",
        )


_MONEY: Final = ("cost", "benefit")


def _amount(figure: Row) -> Row:
    return {key: figure[key] for key in ("value", "low", "high")}


class Plan(Solution):
    """Agents, shifts and trunks that keep what was asked, as `trunkline solve` finds them.

    `scenario` is the one with the staff and trunks found; `check` what it came to with callers that the plan was not
    made from; `needed.staffing` the agents of each group and interval, shape (groups, intervals); `kept` tells whether
    all holds.
    """

    def intervals(self) -> Array:
        """Return a structured array, a row a queue and interval, with `agents_required` and what the plan came to."""
        return structured(plan_rows(self))

    def figures(self) -> Array:
        """Return a structured array, a row a queue: target, what the plan came to, intervals missed."""
        return structured(
            {
                "queue": name,
                "target": goal.service_level,
                "within_s": goal.within_s,
                **limited("service_level", plain(self.check.estimate("service_level", name))),
                **limited("abandon_rate", plain(self.check.estimate("abandon_rate", name))),
                **limited("lost_rate", plain(self.check.estimate("lost_rate", name))),
                "intervals_missed": float(self.missed[place].sum()),
            }
            for place, (name, goal) in enumerate(self.goals.items())
        )

    def shifts(self) -> Array:
        """Return a structured array, a row a shift: group, hours, breaks, agents; no rows where none were asked for."""
        return structured(
            {
                "group": name,
                "hours": shift["hours"],
                "breaks": ", ".join(shift.get("breaks", [])),
                "agents": float(shift["count"]),
            }
            for name, group in told(self)["groups"].items()
            for shift in group["shifts"]
            if isinstance(shift, dict)
        )

    def save(self, folder: Path | str) -> list[Path]:
        """Write the files that `trunkline solve -o` writes; return their paths. Raises OSError."""
        return write_plan(self, Path(folder))

    def __repr__(self) -> str:
        kept = self.holds.words if self.kept else f"{int(np.sum(self.missed))} intervals miss their target"
        return f"<Plan of '{self.scenario.name}': {kept}>"

    def _repr_html_(self) -> str:
        """Return a row a queue."""
        found = told(self)
        rows = []
        for place, (name, one) in enumerate(found["queues"].items()):
            required = [row["agents_required"] for row in found["intervals"] if row["queue"] == name]
            rows.append(
                [
                    name,
                    f"{one['target']:.0%} in {one['within_s']:g} s",
                    *(with_half(one[key], SHARE) for key in LEVELS),
                    f"{min(required)} to {max(required)}",
                    f"{int(self.missed[place].sum())} of {len(required)}",
                ]
            )
        cost = found["cost"]
        return shown(
            f"{self.scenario.name}: a plan, {self.holds.words}",
            ["queue", "target", *LEVELS.values(), "agents required", "intervals missed"],
            rows,
            f"± {self.check.confidence:.0%} confidence, by other callers than the plan was made from; "
            f"{found['paid_hours']:g} paid hours; cost {with_half(cost, digits=0)} {cost['currency']}",
            words=2,
        )


def run_of(scenario: Scenario, found: Result) -> Run:
    """Return a result with its scenario."""
    return Run(**fields_of(found), scenario=scenario)


def plan_of(found: Solution) -> Plan:
    """Return a solution as a plan."""
    return Plan(**fields_of(found))


def fields_of(found: Any) -> dict[str, Any]:
    """Return the fields of a struct by name, for one that has more to tell of them."""
    return {name: getattr(found, name) for name in found.__struct_fields__}
