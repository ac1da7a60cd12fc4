"""The summary of a result: every queue and all together over the whole horizon, as values, and as a table to read."""

from typing import Any, Final

import numpy as np
from rich import box
from rich.table import Table

from engine.version import installed_version
from simulations.experiment.costs import total_benefits, total_costs
from simulations.experiment.estimates import Estimate, mean
from simulations.experiment.figures import COUNTS, FIGURES, LEVEL_OF, RARE
from simulations.experiment.narrow import narrowed
from simulations.experiment.result import Result

SHOWN: Final = ("service_level", "asa_s", "abandon_rate", "dismissed_rate", "blocked_rate", "aht_s")
PLAIN_FROM: Final = 1000.0
"""Figures of which a table tells no tenths."""
TITLES: Final = {"service_level": "service level", "asa_s": "ASA, s", "abandon_rate": "abandoned"} | {
    "dismissed_rate": "hung up on",
    "blocked_rate": "blocked",
    "aht_s": "AHT, s",
}


def summary(result: Result) -> dict[str, Any]:
    """Return everything that `--json` prints: figures as {value, low, high}, times in s, shares 0 to 1."""
    file = result.model.file
    return {
        "scenario": file.name,
        "version": installed_version(),
        "seed": result.seed,
        "replications": result.replications,
        "confidence": result.confidence,
        "contacts": result.contacts,
        "elapsed_s": round(result.elapsed_s, 3),
        "until": narrowed(result),
        "all": _figures(result, None),
        "queues": {name: _figures(result, name) for name in result.queues},
        "groups": {name: {"occupancy": plain(result.occupancy(name))} for name in result.groups},
        "trunk_groups": {
            name: {"peak": plain(mean(result.peak_trunks[:, place].max(axis=-1), result.confidence))}
            for place, name in enumerate(result.trunk_groups)
        },
        "cost": plain(mean(total_costs(result), result.confidence)) | {"currency": file.costs.currency},
        "benefit": plain(mean(total_benefits(result), result.confidence)) | {"currency": file.costs.currency},
    }


def _figures(result: Result, queue: str | None) -> dict[str, Any]:
    found = {name: plain(result.estimate(name, queue)) for name in (*COUNTS, *FIGURES, "p_wait")}
    if queue is None:
        found["occupancy"] = plain(result.occupancy())
    return found


def plain(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate as values for JSON, None where it cannot be told."""
    return {
        key: round(float(value), 6) if np.isfinite(value) else None
        for key, value in (("value", estimate.value), ("low", estimate.low), ("high", estimate.high))
    }


def summary_table(result: Result) -> Table:
    """Return a table to read: each figure with half the width of its interval."""
    title = f"{result.model.file.name}: {result.replications} replications, seed {result.seed}"
    of = LEVEL_OF[result.model.file.service_level_formula]
    caption = f"± {result.confidence:.0%} confidence; counts and times of one replication\n"
    caption += f"service level: answered within the threshold, {of}"
    table = Table(title=title, caption=caption, box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("queue")
    shown = [name for name in SHOWN if name not in RARE or result.estimate(name).value > 0]
    for heading in ("offered", *(TITLES[name] for name in shown)):
        table.add_column(heading, justify="right")
    for name in (*result.queues, None):
        if name is None and len(result.queues) == 1:
            continue
        cells = [_count(result.estimate("offered", name))]
        cells += [_cell(result.estimate(figure, name), FIGURES[figure].unit) for figure in shown]
        table.add_row(name or "all", *cells)
    return table


def staff_table(result: Result) -> Table:
    """Return a table of the groups of agents."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("agents")
    for heading in ("at most", "at work, mean", "occupancy"):
        table.add_column(heading, justify="right")
    at_work = result.agents_at_work()
    for place, (name, count) in enumerate(result.model.agent_groups):
        occupancy = _cell(result.occupancy(name), "share")
        table.add_row(name, str(count), f"{at_work[place].mean():.1f}", occupancy)
    return table


def _cell(estimate: Estimate, unit: str) -> str:
    if not np.isfinite(estimate.value):
        return "-"
    scale, sign = (100.0, "%") if unit == "share" else (1.0, "")
    digits = 0 if estimate.value * scale >= PLAIN_FROM else 1
    half = "" if not np.isfinite(estimate.half_width) else f" ±{estimate.half_width * scale:.{digits}f}"
    return f"{estimate.value * scale:.{digits}f}{half}{sign}"


def _count(estimate: Estimate) -> str:
    half = "" if not np.isfinite(estimate.half_width) else f" ±{estimate.half_width:.0f}"
    return f"{estimate.value:.0f}{half}"
