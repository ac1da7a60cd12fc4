"""`trunkline compare`: two scenarios with the same callers, and what differs beyond chance."""

from pathlib import Path
from typing import Annotated, Any

import typer

from engine.commands.outcome import errors_as_exits
from simulations.commands.options import AsJson, Changes, Cluster, Form, Out, PairedReplications, Seed, Workers, form_of

Place = Annotated[Path, typer.Argument(help="Scenario file, or folder that simulate or solve wrote.", exists=True)]


def compare(
    one: Place,
    other: Place,
    replications: PairedReplications = None,
    changes: Changes = None,
    seed: Seed = None,
    out: Out = None,
    workers: Workers = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a row a figure as CSV.")] = False,
) -> None:
    """Play two scenarios with the same callers; tell the differences. Example: trunkline compare a.yaml out"""
    with errors_as_exits():
        form = form_of(as_json, as_csv)
        _compare((one, other), tuple(changes or ()), replications, seed, (workers, cluster), out, form)


def _compare(
    places: tuple[Path, Path],
    changes: tuple[str, ...],
    replications: int | None,
    seed: int | None,
    who: tuple[int | None, str | None],
    out: Path | None,
    form: Form,
) -> None:
    from simulations.commands.answer import tell
    from simulations.commands.loading import loaded
    from simulations.commands.simulate_run import progress_bar
    from simulations.commands.workers import workers_of
    from simulations.compare.files import comparison_rows, write_comparison
    from simulations.compare.paired import comparison, played_alike

    scenarios = [loaded(place, changes) for place in places]
    with progress_bar("replications") as bar, workers_of(*who) as workers:
        results = played_alike(scenarios, replications, seed, workers=workers, progress=bar)
    found = comparison(results[0], results[1], (str(places[0]), str(places[1])))
    tell(found, form, rows=comparison_rows, table=_print, write=write_comparison, out=out)


def _print(found: dict[str, Any]) -> None:
    from simulations.commands.answer import of_seed
    from simulations.commands.tables import TITLES, print_table, table_of
    from simulations.compare.paired import winner
    from simulations.compare.unlike import currencies, sentences
    from simulations.experiment.figures import RARE
    from simulations.notation.numbers import PLAIN_FROM, number, with_half

    table = table_of(
        ("queue", "figure", "one", "other", "difference", "better"),
        names=2,
        title=f"one: {_named(found, 'one')}; other: {_named(found, 'other')}; other minus one, same callers",
        caption=f"± {found['confidence']:.0%} confidence",
    )
    money = ", ".join(currencies(found))
    last = ""
    for row in found["figures"]:
        values = [row[key]["value"] for key in ("one", "other")]
        if row["figure"] in RARE and not any(values):
            continue
        unit = 0.01 if row["figure"] in ("service_level", "abandon_rate", "dismissed_rate", "blocked_rate") else 1.0
        digits = 0 if max(abs(value or 0.0) for value in values) / unit >= PLAIN_FROM else 2
        cells = ["-" if value is None else number(value / unit, digits) for value in values]
        gap = with_half(row["difference"], unit, digits=digits, sign="+")
        title = TITLES.get(row["figure"], f"{row['figure']}, {money}")
        table.add_row("" if row["queue"] == last else row["queue"], title, *cells, gap, winner(row))
        last = row["queue"]
    print_table(table)
    for sentence in sentences(found):
        typer.echo(sentence)
    typer.echo(f"{found['replications']} replications of each. {of_seed(found['seed'])}")


def _named(found: dict[str, Any], side: str) -> str:
    """Return what a side is called, with its file where both are called the same."""
    return f"{found[side]} ({found[f'{side}_file']})" if found["one"] == found["other"] else found[side]
