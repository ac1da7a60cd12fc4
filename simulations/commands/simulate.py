"""`trunkline simulate`: what can be said to it, with help; what is done lies in `simulate_run`."""

from pathlib import Path
from typing import Annotated

import typer

from engine.commands.outcome import errors_as_exits
from simulations.commands.players import ClusterOption


def simulate(
    scenario: Annotated[Path, typer.Argument(metavar="FILE", help="Scenario file (YAML).", dir_okay=False)],
    replications: Annotated[
        int | None,
        typer.Option("-n", "--replications", min=1, max=100_000, help="How often; not said: as the file says."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="FIGURE=HALF", help="More, until it is so narrow: sales.service_level=1%."),
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="WHERE=VALUE", help="Change the scenario first; repeatable.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all chance.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", help="Write the results there.")] = None,
    log: Annotated[
        Path | None, typer.Option("--log", metavar="DIR", help="Write the first replication as a log of the engine.")
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Threads; not said: one a core.")] = None,
    cluster: ClusterOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the table of intervals as CSV.")] = False,
) -> None:
    """Play a scenario many times and tell what comes of it. Example: trunkline simulate hotline.yaml -n 50 -o out"""
    with errors_as_exits():
        from simulations.commands.simulate_run import Asked, run

        if as_json and as_csv:
            raise typer.BadParameter("say --json or --csv, not both")
        asked = Asked(
            scenario, replications, until, tuple(changes or ()), seed, out, log, workers, cluster, as_json, as_csv
        )
        raise typer.Exit(run(asked))
