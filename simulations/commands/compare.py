"""`trunkline compare`: two scenarios with the same callers, and what differs beyond chance."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands.outcome import errors_as_exits
from simulations.commands.options import AsJson, Cluster, PairedReplications, Seed, Workers, form_of
from simulations.commands.players import players

if TYPE_CHECKING:
    from simulations.experiment.simulate import Workers as Players

Place = Annotated[Path, typer.Argument(help="Scenario file, or folder that simulate or solve wrote.", exists=True)]


def compare(
    one: Place,
    other: Place,
    replications: PairedReplications = None,
    seed: Seed = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", help="Write the differences there.")] = None,
    workers: Workers = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a row a figure as CSV.")] = False,
) -> None:
    """Play two scenarios with the same callers; tell the differences. Example: trunkline compare a.yaml out"""
    with errors_as_exits():
        form = form_of(as_json, as_csv)
        with players(workers, cluster) as who:
            _compare((one, other), replications, seed, who, out, form)


def _compare(
    places: tuple[Path, Path],
    replications: int | None,
    seed: int | None,
    workers: "Players | None",
    out: Path | None,
    form: str,
) -> None:
    import csv
    import sys

    import msgspec

    from simulations.compare.paired import compared
    from simulations.experiment.files import LOCKED
    from simulations.experiment.simulate import simulate
    from simulations.scenario.scenario import Scenario

    scenarios = [Scenario.load(place / LOCKED if place.is_dir() else place) for place in places]
    experiment = scenarios[0].file.experiment
    count, seed = replications or max(experiment.replications, 2), experiment.seed if seed is None else seed
    rows = compared(*(simulate(scenario, count, seed, workers=workers) for scenario in scenarios))
    found = {"seed": seed, "replications": count, "confidence": experiment.confidence, "figures": rows}
    if out is not None:
        found |= {"one": scenarios[0].name, "other": scenarios[1].name, "currency": scenarios[0].file.costs.currency}
        _write(found, out)
    if form == "json":
        typer.echo(msgspec.json.encode(found))
    elif form == "csv":
        flat = [_flat(row) for row in rows]
        writer = csv.DictWriter(sys.stdout, list(flat[0]))
        writer.writeheader()
        writer.writerows(flat)
    else:
        _print(rows, count, seed)


def _write(found: dict[str, Any], folder: Path) -> None:
    from engine.version import installed_version
    from simulations.experiment.files import how_made, write_json, write_table

    folder.mkdir(parents=True, exist_ok=True)
    write_json(found | {"version": installed_version()} | how_made(), folder / "compare.json")
    write_table(map(_flat, found["figures"]), folder / "compare.csv")
    typer.echo(f"written: {folder / 'compare.json'}", err=True)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    found = {"queue": row["queue"], "figure": row["figure"]}
    for key in ("one", "other", "difference"):
        found |= {key: row[key]["value"], f"{key}_lo": row[key]["low"], f"{key}_hi": row[key]["high"]}
    return found | {"better": row["better"] or ""}


def _print(rows: list[dict[str, Any]], count: int, seed: int) -> None:
    from rich.console import Console

    from simulations.commands.tables import PLAIN_FROM, number, table_of, with_half

    caption = "shares in %, times in s; ± confidence of the scenario"
    headings = ("queue", "figure", "one", "other", "difference", "better")
    table = table_of(headings, names=2, title="other minus one, same callers", caption=caption)
    for row in rows:
        unit = 0.01 if row["figure"] in ("service_level", "abandon_rate", "blocked_rate") else 1.0
        values = [row[key]["value"] for key in ("one", "other")]
        digits = 0 if max(abs(value or 0.0) for value in values) / unit >= PLAIN_FROM else 2
        cells = ["-" if value is None else number(value / unit, digits) for value in values]
        gap = with_half(row["difference"], unit, digits=digits, sign="+")
        table.add_row(row["queue"], row["figure"], *cells, gap, row["better"] or "chance")
    Console(highlight=False).print(table)
    typer.echo(f"{count} replications of each. Seed {seed}: the same seed gives the same figures.")
