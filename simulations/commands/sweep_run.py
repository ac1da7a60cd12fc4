"""What `trunkline sweep` does: plays the grid, with a progress bar on stderr, and tells it on stdout."""

from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from engine.commands.outcome import Exit
from engine.errors import ConfigError
from simulations.commands import options
from simulations.commands.answer import of_seed, tell
from simulations.commands.loading import loaded
from simulations.commands.printing import printer, say
from simulations.commands.simulate_run import progress_bar
from simulations.commands.tables import print_table
from simulations.commands.workers import workers_of
from simulations.compare.sweep import POINTS, Sweep, sweep
from simulations.compare.sweep_told import rows, told, write_sweep
from simulations.compare.vary import Axis, parse_vary
from simulations.experiment.figures import FIGURES, RARE
from simulations.scenario.scenario import Scenario

SHOWN: Final = ("service_level", "asa_s", "abandon_rate", "dismissed_rate", "blocked_rate", "occupancy")
HEADINGS: Final = {"service_level": "service\nlevel, %", "asa_s": "ASA, s", "abandon_rate": "gave\nup, %"} | {
    "dismissed_rate": "hung up\non, %",
    "blocked_rate": "blocked,\n%",
    "occupancy": "busy, %",
}
THOUSANDS_FROM: Final = 100_000.0
"""Costs from there on are shown in thousands."""


class Asked(options.Asked, frozen=True, kw_only=True):
    """And what varies."""

    vary: tuple[str, ...]


def run(asked: Asked) -> Exit:
    """Play and tell. Raises ConfigError, SimulationFailed and OSError; typer.BadParameter."""
    axes = _axes(asked.vary)
    scenario = loaded(asked.path, asked.changes)
    _tell_notes(scenario, axes)
    try:
        with progress_bar("replications") as bar, workers_of(asked.workers, asked.cluster) as workers:
            found = sweep(
                scenario,
                axes,
                asked.replications,
                asked.seed,
                folder=asked.out,
                workers=workers,
                progress=bar,
            )
    except KeyboardInterrupt:
        say(_interrupted(asked.out))
        return Exit.INTERRUPTED
    tell(found, asked.form, values=told, rows=rows, table=print_sweep, write=write_sweep, out=asked.out)
    return Exit.OK


def _axes(said: tuple[str, ...]) -> list[Axis]:
    try:
        return [parse_vary(text) for text in said]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--vary") from None


def _tell_notes(scenario: Scenario, axes: list[Axis]) -> None:
    """Say what the values of an axis come to beside what they say, by the first of them that does."""
    for axis in axes:
        with suppress(ConfigError):  # of values that the scenario does not take: told by the sweep, all of them
            notes = (scenario.changed(axis.change(value)).notes for value in axis.values)
            for note in next((one for one in notes if one), ()):
                say(f"note: {note.removeprefix('--set ')}")


def _interrupted(out: Path | None) -> str:
    if out is None:
        return "interrupted: nothing is kept; with -o DIR the same command goes on where it was"
    return f"interrupted: what was played is kept in {out / POINTS}; the same command goes on from there"


def print_sweep(found: Sweep) -> None:
    """Print the table: a row a point and queue."""
    print_table(_table_of(found))
    kept = sum(point.kept for point in found.points)
    were = f" {kept} of {len(found.points)} points were there already and were not played again." if kept else ""
    printer().print(f"{of_seed(found.seed)}{were}", soft_wrap=True)


def _table_of(found: Sweep) -> Table:
    table = Table(
        title=f"{found.scenario.name}: {len(found.points)} points, {found.replications} replications of each",
        caption=f"± {found.confidence:.0%} confidence; the same callers at every point",
        box=SIMPLE_HEAD,
        padding=0,
        pad_edge=False,
    )
    for axis in found.axes:
        table.add_column(axis.name.replace(".", ".\n"), justify="right")
    table.add_column("queue")
    costs = [abs(point.told["cost"]["value"] or 0.0) for point in found.points]
    unit = 1000.0 if max(costs) >= THOUSANDS_FROM else 1.0
    currency = ("1000 " if unit > 1 else "") + found.scenario.file.costs.currency
    shown = [name for name in SHOWN if name not in RARE or _is_any(found, name)]
    for heading in (*(HEADINGS.get(name, name) for name in shown), f"cost,\n{currency}"):
        table.add_column(heading, justify="right")
    for point in found.points:
        queues = point.told["queues"] if len(point.told["queues"]) > 1 else {}
        varied = [str(value) for value in point.values]
        for name, figures in [*queues.items(), ("all", point.told["all"] | {"cost": point.told["cost"]})]:
            cells = [_cell(figures.get(figure), figure, unit) for figure in (*shown, "cost")]
            table.add_row(*varied, name, *cells, end_section=name == "all" and bool(queues))
            varied = [""] * len(varied)
    return table


def _is_any(found: Sweep, figure: str) -> bool:
    return any(point.told["all"][figure]["value"] for point in found.points)


def _cell(figure: dict[str, Any] | None, name: str, cost_unit: float) -> str:
    """Return a figure and half the width of its interval: shares in %, times in s."""
    if figure is None or figure["value"] is None:
        return "-"
    is_share = name == "occupancy" or (name in FIGURES and FIGURES[name].unit == "share")
    scale = 100.0 if is_share else 1.0 / cost_unit if name == "cost" else 1.0
    digits = 0 if name == "cost" else 1
    half = "" if figure["low"] is None else f" ±{(figure['high'] - figure['low']) / 2 * scale:,.{digits}f}"
    return f"{figure['value'] * scale:,.{digits}f}{half}"
