"""`trunkline solve`: what can be said to it, with help; what is done lies in `solve_run`."""

from pathlib import Path
from typing import Annotated

import typer

from engine.commands.outcome import errors_as_exits
from simulations.commands.options import AsJson, Changes, Cluster, Seed, Workers, form_of


def solve(
    scenario: Annotated[Path, typer.Argument(metavar="FILE", help="Scenario file (YAML), or folder of results.")],
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="[QUEUE=]TARGET", help="80/20: 80% within 20 s; not said: as in the file."),
    ] = None,
    max_abandon: Annotated[
        list[str] | None,
        typer.Option("--max-abandon", metavar="[QUEUE=]SHARE", help="At most so many give up: 5%."),
    ] = None,
    max_block: Annotated[
        str, typer.Option("--max-block", metavar="SHARE", help="Share of calls without a trunk; 'keep': trunks stay.")
    ] = "1%",
    shift: Annotated[
        list[str] | None,
        typer.Option(
            "--shift",
            metavar="LENGTH@FIRST-LAST[/BREAK@FROM-TO]",
            help="A kind of shift, as 8h30m@6:00-13:30/30m@3h-5h; not said: those of the file.",
        ),
    ] = None,
    group_max: Annotated[
        list[str] | None, typer.Option("--group-max", metavar="GROUP=AGENTS", help="At most so many of a group.")
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option("-n", "--replications", min=2, max=100_000, help="Of each trial; not said: as the file says."),
    ] = None,
    changes: Changes = None,
    seed: Seed = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", help="Write the plan there.")] = None,
    workers: Workers = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the table of intervals as CSV.")] = False,
) -> None:
    """Find the agents of every interval, shifts and trunks that keep targets at least cost, and check by simulating.

    Exits with 1 where an interval still misses its target.

    Example: trunkline solve hotline.yaml --target sales=80/20 --max-abandon 5% -o plan
    """
    with errors_as_exits():
        from simulations.commands.solve_run import Asked, run

        form = form_of(as_json, as_csv)
        asked = Asked(
            path=scenario,
            targets=tuple(target or ()),
            max_abandon=tuple(max_abandon or ()),
            max_block=max_block,
            shifts=tuple(shift or ()),
            group_max=tuple(group_max or ()),
            replications=replications,
            changes=tuple(changes or ()),
            seed=seed,
            out=out,
            workers=workers,
            cluster=cluster,
            form=form,
        )
        raise typer.Exit(run(asked))
