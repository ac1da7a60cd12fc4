"""`trunkline simulate`: what can be said to it, with help; what is done lies in `simulate_run`."""

from pathlib import Path
from typing import Annotated

import typer

from engine.commands.outcome import errors_as_exits
from simulations.commands.options import AsJson, Changes, Cluster, Seed, Workers, form_of


def simulate(
    scenario: Annotated[Path, typer.Argument(metavar="FILE", help="Scenario file (YAML), or folder of results.")],
    replications: Annotated[
        int | None,
        typer.Option("-n", "--replications", min=1, max=100_000, help="How often; not said: as the file says."),
    ] = None,
    until: Annotated[
        list[str] | None,
        typer.Option(
            "--until",
            metavar="FIGURE=HALF",
            help="More, until it is so narrow: sales.service_level=1%; repeatable, all must be.",
        ),
    ] = None,
    changes: Changes = None,
    seed: Seed = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", help="Write the results there.")] = None,
    log: Annotated[
        Path | None, typer.Option("--log", metavar="DIR", help="Write the first replication as a log of the engine.")
    ] = None,
    workers: Workers = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the table of intervals as CSV.")] = False,
) -> None:
    """Play a scenario many times and tell what comes of it. Example: trunkline simulate hotline.yaml -n 50 -o out"""
    with errors_as_exits():
        from simulations.commands.simulate_run import Asked, run

        form = form_of(as_json, as_csv)
        asked = Asked(
            path=scenario,
            replications=replications,
            until=tuple(until or ()),
            changes=tuple(changes or ()),
            seed=seed,
            out=out,
            log=log,
            workers=workers,
            cluster=cluster,
            form=form,
        )
        raise typer.Exit(run(asked))
