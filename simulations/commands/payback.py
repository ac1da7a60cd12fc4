"""`trunkline payback`: structures over the months, by investment, running cost, benefit, and when they have paid."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands.outcome import errors_as_exits
from simulations.commands.options import AsJson, Cluster, PairedReplications, Seed, Workers, form_of
from simulations.commands.players import players

if TYPE_CHECKING:
    from simulations.experiment.simulate import Workers as Players

Places = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Scenario files; the first is the yardstick.")]


def payback(
    files: Places,
    months: Annotated[
        int | None, typer.Option("--months", min=1, max=600, help="Not said: as the first file says.")
    ] = None,
    replications: PairedReplications = None,
    seed: Seed = None,
    workers: Workers = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a row a structure and month as CSV.")] = False,
) -> None:
    """Tell what structures cost and bring over the months. Example: trunkline payback a.yaml b.yaml --months 24"""
    with errors_as_exits():
        form = form_of(as_json, as_csv)
        with players(workers, cluster) as who:
            _payback(files, months, replications, seed, who, form)


def _payback(
    files: list[Path],
    months: int | None,
    replications: int | None,
    seed: int | None,
    workers: "Players | None",
    form: str,
) -> None:
    import csv
    import sys

    import msgspec

    from simulations.commands.simulate_run import progress_bar
    from simulations.compare.payback import outlook, told
    from simulations.scenario.scenario import Scenario

    scenarios = [Scenario.load(path) for path in files]
    first = scenarios[0].file
    months = months or first.business.months
    count = replications or max(first.experiment.replications, 2)
    seed = first.experiment.seed if seed is None else seed
    outlooks = []
    with progress_bar("structures") as progress:
        for place, scenario in enumerate(scenarios):
            outlooks.append(outlook(scenario, months, count, seed, workers))
            progress(place + 1, len(scenarios))
    found = told(outlooks)
    if form == "json":
        typer.echo(msgspec.json.encode({"seed": seed, "replications": count, "structures": found}))
    elif form == "csv":
        rows = [_flat(one["scenario"], month) for one in found for month in one["months"]]
        writer = csv.DictWriter(sys.stdout, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    else:
        _print(found, count, seed, first.experiment.confidence)


def _flat(name: str, month: dict[str, Any]) -> dict[str, Any]:
    found = {"scenario": name, **{key: month[key] for key in ("month", "volume", "service_level")}}
    for key in ("cost", "benefit", "balance"):
        found |= {key: month[key]["value"], f"{key}_lo": month[key]["low"], f"{key}_hi": month[key]["high"]}
    return found


def _print(found: list[dict[str, Any]], count: int, seed: int, confidence: float) -> None:
    from rich.console import Console

    from simulations.commands.tables import money_unit, number, table_of, with_half

    months, console = len(found[0]["months"]), Console(highlight=False)
    unit, word = money_unit(one["balance"]["value"] for one in found)
    table = table_of(
        ("structure", "investment", "cost", "benefit", "service level", "balance", "paid back"),
        title=f"{months} months, amounts in {word}{found[0]['currency']}",
        caption=f"cost, benefit: of month 1; balance: benefit less cost and investment, ±: {confidence:.0%} confidence",
    )
    for one in found:
        begin, end = one["months"][0], one["months"][-1]
        levels = f"{begin['service_level']:.0%}" + (f" to {end['service_level']:.0%}" if months > 1 else "")
        amounts = (one["investment"], begin["cost"]["value"], begin["benefit"]["value"])
        cells = [number(amount / unit, 0) for amount in amounts]
        table.add_row(one["scenario"], *cells, levels, with_half(one["balance"], unit), _month(one["payback_month"]))
    console.print(table)
    if len(found) > 1:
        gaps = table_of(
            ("structure", "balance", "better from"), title=f"less {found[0]['scenario']}, with the same callers"
        )
        for one in found[1:]:
            gap = one["against_first"]
            gaps.add_row(one["scenario"], with_half(gap["balance"], unit, sign="+"), _month(gap["payback_month"]))
        console.print(gaps)
    typer.echo(f"{count} replications of each volume. Seed {seed}: the same seed gives the same figures.")


def _month(month: dict[str, int | None]) -> str:
    value, low, high = month["value"], month["low"], month["high"]
    if value is None:
        return "not in time" if low is None else f"not; perhaps month {low}"
    return f"month {value}" + ("" if low == high == value else f" ({low} to {high or 'later'})")
