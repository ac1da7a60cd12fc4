"""A sweep as values and rows, and the files of it: `sweep.json`, `sweep.csv` and the scenario that was varied."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TextIO

from engine.version import installed_version
from simulations.compare.sweep import Sweep
from simulations.experiment.figures import COUNTS, FIGURES
from simulations.experiment.files import how_made, write_json, write_locked
from simulations.experiment.whole import whole

FIGURE_COLUMNS: Final = (*COUNTS, *FIGURES, "p_wait", "occupancy", "cost")
"""Each with its limits beside it, as `asa_s`, `asa_s_lo`, `asa_s_hi`. Occupancy and cost are of all queues together."""
Row = dict[str, Any]


def told(found: Sweep) -> dict[str, Any]:
    """Return the sweep as one object; shares 0 to 1, times in s, counts and cost of one replication in the mean."""
    return {
        "scenario": found.scenario.name,
        "version": installed_version(),
        "seed": found.seed,
        "replications": found.replications,
        "confidence": found.confidence,
        "currency": found.scenario.file.costs.currency,
        "varied": [{"name": axis.name, "values": list(axis.values)} for axis in found.axes],
        "figures": {name: _described(name) for name in FIGURE_COLUMNS},
        "points": [
            {"values": dict(zip(_names(found), point.values, strict=True)), "key": point.key}
            | {key: point.told[key] for key in ("contacts", "all", "queues", "groups", "trunk_groups", "cost")}
            for point in found.points
        ],
    }


def _described(name: str) -> dict[str, str]:
    if name in FIGURES:
        return {"title": FIGURES[name].title, "unit": FIGURES[name].unit}
    title = {"p_wait": "not answered at once", "answered_in_threshold": "answered within the threshold"}
    unit = {"p_wait": "share", "occupancy": "share", "cost": "currency"}
    return {"title": title.get(name, name.replace("_", " ")), "unit": unit.get(name, "")}


def _names(found: Sweep) -> list[str]:
    return [axis.name for axis in found.axes]


def columns(found: Sweep) -> list[str]:
    """Return the columns of the table: the names varied, `queue`, and each figure with its limits."""
    limits = [f"{name}{end}" for name in FIGURE_COLUMNS for end in ("", "_lo", "_hi")]
    return [*_names(found), "queue", "replications", *limits]


def rows(found: Sweep) -> Iterator[Row]:
    """Yield a row for each point and queue, and last in each point one of `all`; None where nothing can be told."""
    for point in found.points:
        varied = dict(zip(_names(found), point.values, strict=True))
        together = point.told["all"] | {"cost": point.told["cost"]}
        for queue, figures in [*point.told["queues"].items(), ("all", together)]:
            row: Row = varied | {"queue": queue, "replications": found.replications}
            for name in FIGURE_COLUMNS:
                figure = figures.get(name, {})
                row |= {f"{name}{end}": figure.get(key) for end, key in _ENDS}
            yield row


_ENDS: Final = (("", "value"), ("_lo", "low"), ("_hi", "high"))


def write_rows(found: Sweep, file: TextIO) -> None:
    """Write the rows as CSV."""
    writer = csv.DictWriter(file, columns(found))
    writer.writeheader()
    writer.writerows(rows(found))


def write_sweep(found: Sweep, folder: Path) -> list[Path]:
    """Write the files beside the points, made anew if they are there; return their paths. Raises OSError."""
    with whole(folder) as fresh:
        write_json(told(found) | how_made(), fresh / "sweep.json")
        with (fresh / "sweep.csv").open("w", encoding="utf-8", newline="") as file:
            write_rows(found, file)
        locked = write_locked(found.scenario, fresh)
    return [folder / "sweep.json", folder / "sweep.csv", folder / locked.name]
