"""Shifts at least cost that cover what is needed, played; where a queue still misses its goal, more are asked for."""

from typing import Any, Final

import msgspec
import numpy as np

from simulations.queueing.arrays import Floats, Integers
from simulations.scenario.scenario import Scenario
from simulations.solve.staffed import on_shifts
from simulations.solve.timetable import Timetable
from simulations.solve.trials import Trial, Trials
from simulations.staffing import Cover, cover

ROUNDS_MAX: Final = 15
NODES_MAX: Final = 300
"""Of the search for one cover: some seconds."""


class Scheduled(msgspec.Struct):
    """Shifts that cover the needs."""

    shifts: list[list[dict[str, Any]]]
    """By group, as a scenario's file says them, with counts."""
    on_duty: Floats
    """Shape (groups, intervals): on their shift, breaks and shrinkage taken off."""
    plan: Cover
    needs: Floats
    """Shape (sets, intervals): what was covered in the end."""
    trial: Trial
    kept: bool
    rounds: int


def scheduled(
    scenario: Scenario,
    trials: Trials,
    table: Timetable,
    needs: Integers | Floats,
    prices: Floats,
    shares: Floats,
    group_max: Floats,
    channels: dict[str, int],
) -> Scheduled:
    """Return shifts that cover `needs` of shape (sets, intervals) and keep the goals when they are played.

    `prices` of an hour and `shares` at work of the paid have the shape (groups,), `group_max` too. Raises Unreachable.
    """
    demand = trials.demand
    wanted = np.asarray(needs, float).copy()
    single = {int(np.flatnonzero(members)[0]): row for row, members in enumerate(demand.sets) if members.sum() == 1}
    best: Scheduled | None = None
    for round_ in range(1, ROUNDS_MAX + 1):
        plan = cover(
            wanted,
            table.works,
            prices[:, None] * table.paid_hours,
            able=demand.able * shares,
            most=np.where(table.allowed > 0.0, np.inf, 0.0),
            group_max=np.where(np.isfinite(group_max), group_max, 1e6),
            nodes_max=NODES_MAX,
        )
        shifts = [
            [said | {"count": int(count)} for said, count in zip(table.said, counts, strict=True) if count]
            for counts in plan.counts
        ]
        trial = trials.play(on_shifts(scenario, shifts, channels))
        on_duty = plan.on_duty * shares[:, None]
        now = Scheduled(shifts, on_duty, plan, wanted.copy(), trial, not trial.missed.any(), round_)
        if best is None or (trial.missed.sum(), plan.cost) <= (best.trial.missed.sum(), best.plan.cost):
            best = now
        if now.kept:
            break
        duty = (demand.able > 0.0).astype(float) @ on_duty
        for q, i in np.argwhere(trial.missed):
            more = min(trial.steps[q, i], 1.0 + 0.1 * duty[single[int(q)], i])
            for row in _rows(demand.sets, trial.missed[:, i], int(q)):
                wanted[row, i] = max(wanted[row, i], duty[row, i] + more)
    assert best is not None
    return best


def _rows(sets: Any, missed: Any, queue: int) -> list[int]:
    """Return the sets to raise for a queue: itself, and those all of whose queues miss their goal."""
    return [
        row for row, members in enumerate(sets) if members[queue] and (members.sum() == 1 or (missed | ~members).all())
    ]
