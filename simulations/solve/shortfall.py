"""Where no shifts cover all that is required, though each interval by itself could be: when, of whom, how many."""

from typing import Any, Final

import numpy as np

from simulations.queueing.arrays import Floats
from simulations.queueing.errors import Unreachable
from simulations.scenario.file import ScenarioFile
from simulations.solve.stretches import named
from simulations.staffing.programme import ADVICE
from simulations.staffing.task import Lack

STRETCHES_TOLD: Final = 3
"""The worst of those in which shifts fall short."""


def no_shifts(file: ScenarioFile, lacking: list[Lack], sets: Any, able: Any, most: Floats) -> Unreachable:
    """Return the error that says when shifts must fall short of what is required, of which queues and groups.

    `sets` of shape (rows, queues) and `able` of shape (rows, groups) say what the rows of what is lacking stand for;
    `most` agents of each group a day, shape (groups,).
    """
    stretches: list[list[Lack]] = []
    for one in sorted(lacking):
        last = stretches[-1][-1] if stretches else None
        if last is not None and (last.row, last.interval + 1) == (one.row, one.interval):
            stretches[-1].append(one)
        else:
            stretches.append([one])
    stretches.sort(key=lambda stretch: -sum(one.missing for one in stretch))
    names = [group.name for group in file.groups]
    told = []
    for stretch in stretches[:STRETCHES_TOLD]:
        row, worst = stretch[0].row, max(stretch, key=lambda one: one.missing)
        groups = [name for name, serves in zip(names, able[row] > 0.0, strict=True) if serves]
        when = f"{named(file, (one.interval for one in stretch))}, {_queues(file, sets[row])} ({', '.join(groups)})"
        told.append(f"{when}: {worst.missing:.2g} of {worst.required:.3g} agents at work are missing")
    more = f"; and {len(stretches) - STRETCHES_TOLD} stretches more" if len(stretches) > STRETCHES_TOLD else ""
    bars = [f"{name}={count:g}" for name, count in zip(names, most, strict=True) if np.isfinite(count)]
    barred = f" with --group-max {', '.join(bars)} a day" if bars else ""
    text = f"no shifts cover all that is required{barred}, though they do each interval by itself"
    return Unreachable(f"{text}; {'; '.join(told)}{more}; {ADVICE}")


def _queues(file: ScenarioFile, members: Any) -> str:
    names = np.array(list(file.queues))[np.asarray(members, np.bool_)]
    return f"{'queue' if len(names) == 1 else 'queues'} {', '.join(names)}"
