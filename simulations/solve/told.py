"""A plan as values and rows: every queue and interval, every group, shifts, trunks and costs."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.version import installed_version
from simulations.experiment.costs import total_costs
from simulations.experiment.estimates import mean
from simulations.experiment.files import TABLES, fill_run, scenario_hash, write_json
from simulations.experiment.intervals import interval_rows, write_csv
from simulations.experiment.summary import plain
from simulations.experiment.whole import whole
from simulations.queueing.arrays import Floats
from simulations.scenario.roster import scheduled_ns
from simulations.scenario.sections import Group
from simulations.solve.objective import objective_of
from simulations.solve.solve import Solution
from simulations.solve.trials import proven_misses, seen_misses

Row = dict[str, Any]
QUEUE_FIGURES: Final = ("service_level", "abandon_rate", "staffed_level", "lost_rate", "dismissed_rate")


def plan_rows(solution: Solution) -> list[Row]:
    """Return the table of intervals as simulations tell it, with what is required and what the agents cost.

    What is required is what the queue needs by itself; scheduled and actual agents are all who may serve it. `cost` is
    that of the contacts and the queue's part of the agents' pay: those of a group are shared by the time that queues
    need.
    """
    required, with_shrinkage = required_agents(solution)
    pay = agents_pay(solution)
    rows = interval_rows(solution.check)
    intervals = required.shape[1]
    for number, row in enumerate(rows):
        q, i = divmod(number, intervals)
        row["agents_required"], row["agents_required_with_shrinkage"] = int(required[q, i]), int(with_shrinkage[q, i])
        at_work = row["agents_actual"]
        row["gap"] = None if at_work is None else round(at_work - float(required[q, i]), 6)
        row["cost"] = round((row["cost"] or 0.0) + float(pay[q, i]), 6)
    return rows


def required_agents(solution: Solution) -> tuple[Any, Any]:
    """Return the agents at work that each queue needs by itself, and those to be paid; shape (queues, intervals).

    Of a queue whose agents serve it alone they are those found. Of one that shares agents with others they are those of
    the formulas: no more than all who may serve it, and more than these where its goal is missed. What sharing saves is
    seen in the sums of the groups. So they are where its goal is out of reach, as nobody who may serve has a shift.
    """
    demand = solution.demand
    found = demand.serves @ solution.needed.staffing
    there = demand.serves @ solution.check.agents_at_work()
    alone = demand.needs[: len(found)]  # the first sets are the queues alone
    lacks_agents = solution.missed & ~solution.unreached[:, None]
    alone = np.where(lacks_agents, np.maximum(alone, np.floor(there) + 1.0), np.minimum(alone, np.ceil(there - 1e-9)))
    shares_agents = (demand.serves @ (demand.serves.sum(axis=0) > 1.0) > 0.0)[:, None]
    by_formulas = shares_agents | (solution.beyond & (found == 0.0))
    required = np.where(by_formulas, alone, found)
    paid = np.where(by_formulas, np.ceil(alone * _paid_for_one(solution) - 1e-9), demand.serves @ shrunk(solution))
    return np.rint(required).astype(np.int64), np.rint(paid).astype(np.int64)


def _paid_for_one(solution: Solution) -> Floats:
    """Return how many of those who may serve a queue are paid for one at work, shape (queues, intervals)."""
    serves = solution.demand.serves
    at_work = np.array(
        [(1.0 - min(group.shrinkage, 0.99)) * (1.0 - min(group.absence, 0.99)) for group in _groups(solution)]
    )
    paid = paid_hours(solution)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = serves @ paid / (serves @ (paid * at_work[:, None]))
    # Where nobody is on a shift, all groups that may serve it count alike.
    return np.asarray(np.where(np.isfinite(found), found, (serves @ (1.0 / at_work) / serves.sum(axis=1))[:, None]))


def shrunk(solution: Solution) -> Any:
    """Return the agents of each group and interval that are to be paid, so that the required are at work."""
    shares = np.array([1.0 - min(group.shrinkage, 0.99) for group in _groups(solution)])
    return np.ceil(solution.needed.staffing / shares[:, None] - 1e-9).astype(np.int64)


def _groups(solution: Solution) -> list[Group]:
    return solution.scenario.file.groups


def paid_hours(solution: Solution) -> Floats:
    """Return the paid hours of each group and interval, shape (groups, intervals)."""
    hours: Floats = scheduled_ns(solution.scenario.file, solution.check.edges_ns) / 3_600e9
    return hours


def unsure_intervals(solution: Solution) -> Any:
    """Return where the check lies on the wrong side of a goal and its limits reach it, shape (queues, intervals).

    Nothing says that the goal is missed there, nor that it is kept: more replications do.
    """
    return seen_misses(solution.check, list(solution.goals.values())).any & ~solution.missed


def marks(solution: Solution) -> tuple[Any, Any]:
    """Return what stands behind the service level and behind the share lost, each of shape (queues, intervals).

    `*` where the target of that figure is missed, `?` where it is by no more than chance, else nothing.
    """
    goals = list(solution.goals.values())
    proven, seen = proven_misses(solution.check, goals), seen_misses(solution.check, goals)
    level, loss = (
        np.where(beyond, "*", np.where(at_all, "?", "")) for beyond, at_all in zip(proven, seen, strict=True)
    )
    return np.where(solution.unreached[:, None] & solution.missed, "*", level), loss


def agents_pay(solution: Solution) -> Floats:
    """Return what the agents of each queue and interval cost, shape (queues, intervals)."""
    demand, file = solution.demand, solution.scenario.file
    parts = demand.serves[:, :, None] * (demand.loads[:, None, :] + 1e-9)
    totals = np.maximum(parts.sum(axis=0), 1e-12)
    rates = np.array([file.costs.agent_hour.of(group.name) for group in file.groups])
    shared: Floats = (parts / totals * paid_hours(solution) * rates[:, None]).sum(axis=1)
    return shared


def told(solution: Solution) -> Row:
    """Return everything that `--json` prints: shares 0 to 1, times in s."""
    file, check = solution.scenario.file, solution.check
    gap = None if solution.scheduled is None else solution.scheduled.gap
    objective = objective_of(file)
    return {
        "scenario": file.name,
        "version": installed_version(),
        "seed": solution.seed,
        "check_seed": check.seed,
        "replications": solution.replications,
        "trials": solution.trials,
        "elapsed_s": round(solution.elapsed_s, 3),
        "kept": solution.kept,
        "holds": solution.holds.value,
        "out_of_reach": solution.out_of_reach,
        "max_block": solution.p_block,
        "objective": {
            "least": objective.least.value,
            "says": objective.words(solution.holds),
            "unpriced_groups": objective.unpriced,
            "left_out": objective.left_out,
        },
        "queues": _queues(solution),
        "groups": _groups_told(solution),
        "trunk_groups": _trunk_groups(solution),
        "paid_hours": round(float(paid_hours(solution).sum()), 6),
        "shifts_gap": None if gap is None else round(gap, 6),
        "shifts_spared": solution.scheduled is not None and solution.scheduled.is_spared,
        "cost": plain(mean(total_costs(check), check.confidence)) | {"currency": file.costs.currency},
        "intervals": plan_rows(solution),
    }


def _queues(solution: Solution) -> dict[str, Row]:
    """Return the goals of each queue, and what the plan came to with other callers."""
    unsure = unsure_intervals(solution)
    return {
        name: {
            "target": goal.service_level,
            "within_s": goal.within_s,
            "max_abandon": goal.p_abandon,
            "intervals_missed": int(solution.missed[place].sum()),
            "intervals_unsure": int(unsure[place].sum()),
            "intervals_out_of_reach": int(solution.beyond[place].sum()),
            "unreached": bool(solution.unreached[place]),
            "unreachable": bool(solution.unreachable[place]),
            **{key: plain(solution.check.estimate(key, name)) for key in QUEUE_FIGURES},
        }
        for place, (name, goal) in enumerate(solution.goals.items())
    }


def _trunk_groups(solution: Solution) -> dict[str, Row]:
    """Return the channels of each trunk group, the calls that found none, and whether these are more than asked for:
    `missed` beyond chance, `unsure` by no more than chance."""
    columns = zip(
        solution.channels.items(),
        solution.blocked,
        solution.short_of_trunks,
        solution.unsure_of_trunks,
        solution.beyond_channels.sum(axis=1),
        strict=True,
    )
    return {
        name: {
            "channels": count,
            "blocked_busiest": round(float(share), 6) if np.isfinite(share) else None,
            "missed": bool(is_short),
            "unsure": bool(is_unsure),
            "intervals_out_of_reach": int(out),
        }
        for (name, count), share, is_short, is_unsure, out in columns
    }


def _groups_told(solution: Solution) -> dict[str, Row]:
    """Return the agents of each group by interval, and its shifts."""
    hours, with_shrinkage = paid_hours(solution), shrunk(solution)
    step_h = solution.scenario.file.horizon.interval_ns / 3_600e9
    return {
        group.name: {
            "required": [int(count) for count in solution.needed.staffing[place]],
            "required_with_shrinkage": [int(count) for count in with_shrinkage[place]],
            "scheduled": [round(float(count), 6) for count in hours[place] / step_h],
            "paid_hours": round(float(hours[place].sum()), 6),
            "shifts": entry.get("shifts", []),
        }
        for place, (entry, group) in enumerate(zip(solution.scenario.raw["agents"], _groups(solution), strict=True))
    }


def write_plan(solution: Solution, folder: Path) -> list[Path]:
    """Write the plan: the files of a run, with what is required in the table of intervals, and `plan.json`.

    Returns their paths. Raises OSError.
    """
    with whole(folder, TABLES) as fresh:
        written = fill_run(solution.scenario, solution.check, fresh)
        write_csv(plan_rows(solution), fresh / "intervals.csv")
        write_json(told(solution) | {"scenario_hash": scenario_hash(solution.scenario)}, fresh / "plan.json")
    return [folder / name for name in ("plan.json", *(path.name for path in written))]
