"""`trunkline payback`: structures over the months, by investment, running cost, benefit, and when they have paid."""

from pathlib import Path
from typing import Annotated, Any

import typer

from engine.commands.outcome import errors_as_exits
from simulations.commands.options import AsJson, Changes, Cluster, Out, PairedReplications, Seed, Workers, form_of

Places = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Scenario files; the first is the yardstick.")]


def payback(
    files: Places,
    months: Annotated[
        int | None, typer.Option("--months", min=1, max=600, help="Not said: as the first file says.")
    ] = None,
    replications: PairedReplications = None,
    changes: Changes = None,
    seed: Seed = None,
    out: Out = None,
    workers: Workers = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a row a structure and month as CSV.")] = False,
) -> None:
    """Tell what structures cost and bring over the months. Example: trunkline payback a.yaml b.yaml --months 24"""
    with errors_as_exits():
        from simulations.commands.answer import tell
        from simulations.commands.loading import loaded
        from simulations.commands.simulate_run import progress_bar
        from simulations.commands.workers import workers_of
        from simulations.compare.files import month_rows, write_payback
        from simulations.compare.payback import structures

        form = form_of(as_json, as_csv)
        scenarios = [loaded(path, changes or ()) for path in files]
        with progress_bar("structures") as bar, workers_of(workers, cluster) as who:
            found = structures(scenarios, months, replications, seed, workers=who, progress=bar)
        tell(found, form, rows=month_rows, table=_print, write=write_payback, out=out)


def _print(answer: dict[str, Any]) -> None:
    from simulations.commands.answer import of_seed
    from simulations.commands.tables import print_table, table_of
    from simulations.notation.numbers import money_unit, number, with_half

    found, confidence = answer["structures"], answer["confidence"]
    months = len(found[0]["months"])
    unit, word = money_unit(one["balance"]["value"] for one in found)
    table = table_of(
        ("structure", "investment", "cost", "benefit", "service level", "balance", "paid back"),
        title=f"{months} months, amounts in {word}{found[0]['currency']}",
        caption=f"cost, benefit: of month 1; balance: benefit less all cost; ± {confidence:.0%} confidence",
    )
    for one in found:
        begin, end = one["months"][0], one["months"][-1]
        levels = " to ".join(_level(month) for month in ([begin, end] if months > 1 else [begin]))
        amounts = (one["investment"], begin["cost"]["value"], begin["benefit"]["value"])
        cells = [number(amount / unit, 0) for amount in amounts]
        table.add_row(one["scenario"], *cells, levels, with_half(one["balance"], unit), _month(one["payback_month"]))
    print_table(table)
    if len(found) > 1:
        gaps = table_of(
            ("structure", "balance", "better from"), title=f"less {found[0]['scenario']}, with the same callers"
        )
        for one in found[1:]:
            gap = one["against_first"]
            gaps.add_row(one["scenario"], with_half(gap["balance"], unit, sign="+"), _month(gap["payback_month"]))
        print_table(gaps)
    typer.echo(f"{answer['replications']} replications of each volume. {of_seed(answer['seed'])}")


def _level(month: dict[str, Any]) -> str:
    return "-" if month["service_level"] is None else f"{month['service_level']:.0%}"


def _month(month: dict[str, int | None]) -> str:
    value, low, high = month["value"], month["low"], month["high"]
    if value is None:
        return "not in time" if low is None else f"not; perhaps month {low}"
    return f"month {value}" + ("" if low == high == value else f" ({low} to {high or 'later'})")
