"""`trunkline sweep`: what can be said to it, with help; what is done lies in `sweep_run`."""

from pathlib import Path
from typing import Annotated

import typer

from engine.commands.outcome import errors_as_exits
from simulations.commands.options import AsJson, Changes, Cluster, Seed, Workers, form_of


def sweep(
    scenario: Annotated[Path, typer.Argument(metavar="FILE", help="Scenario file (YAML), or folder of results.")],
    vary: Annotated[
        list[str],
        typer.Option(
            "--vary",
            metavar="NAME=FROM:TO:STEP",
            help="volume, aht, patience or shrinkage (factors of all), or as --set; or NAME=VALUE,VALUE. Repeatable.",
        ),
    ],
    replications: Annotated[
        int | None,
        typer.Option("-n", "--replications", min=2, max=100_000, help="Of each point; not said: as the file says."),
    ] = None,
    changes: Changes = None,
    seed: Seed = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="DIR", help="Keep every point there; an interrupted sweep goes on."),
    ] = None,
    workers: Workers = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a row a point and queue as CSV.")] = False,
) -> None:
    """Play a scenario at every point of a grid, with the same callers, and tell what each comes to.

    Example: trunkline sweep hotline.yaml --vary volume=0.8:1.3:0.1 --vary agents.support.count=5:9:1 -o out
    """
    with errors_as_exits(out):
        from simulations.commands.sweep_run import Asked, run

        form = form_of(as_json, as_csv)
        asked = Asked(
            path=scenario,
            vary=tuple(vary),
            replications=replications,
            changes=tuple(changes or ()),
            seed=seed,
            out=out,
            workers=workers,
            cluster=cluster,
            form=form,
        )
        raise typer.Exit(run(asked))
