"""`trunkline whatif`: what can be said to it, with help; what is done lies in `whatif_run`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.commands.outcome import errors_as_exits
from simulations.commands.fit import time_zone_of
from simulations.commands.options import AsJson, Cluster, Out, Workers, form_of


def _instant_ns(text: str | None, option: str, time_zone: str) -> int | None:
    from simulations.fit.calls import instant_ns

    try:
        return None if text is None else instant_ns(datetime.fromisoformat(text), time_zone)
    except ValueError:
        raise typer.BadParameter(
            f"'{text}' is no time; write 2026-11-17 or '2026-11-17 07:30'", param_hint=option
        ) from None


def whatif(
    log: Annotated[
        Path,
        typer.Option("--log", metavar="DIR", help="Data folder of the record.", exists=True, file_okay=False),
    ],
    policy: Annotated[
        str,
        typer.Option(
            "--policy",
            metavar="FILE|YAML",
            help="What is other: a YAML file, or '{queues: {sales: {strategy: erlang}}}' itself.",
        ),
    ],
    replications: Annotated[
        int, typer.Option("-n", "--replications", min=2, max=10_000, help="Each draws anew what no record tells.")
    ] = 10,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of all chance.")] = 1,
    contact: Annotated[
        str | None, typer.Option("--contact", metavar="ID", help="Tell this contact's way, by name or sequence.")
    ] = None,
    time_zone: Annotated[
        str, typer.Option("--time-zone", callback=time_zone_of, help="By which times are told and hours said.")
    ] = "UTC",
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Play from then on: 2026-11-17, or '2026-11-17 07:30'.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Play as far as then.")] = None,
    out: Out = None,
    workers: Workers = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a row a figure as CSV.")] = False,
) -> None:
    """Ask a model what recorded time would have been under other rules or with other staff, by the router itself.

    Example: trunkline whatif --log /var/lib/trunkline --policy '{agents: {add: {like: anna, count: 2}}}'
    """
    with errors_as_exits(log):
        from simulations.commands.whatif_run import Asked, run

        form = form_of(as_json, as_csv)
        span = _instant_ns(since, "--from", time_zone), _instant_ns(until, "--to", time_zone)
        asked = Asked(log, policy, replications, seed, contact, time_zone, span, out, workers, cluster, form)
        raise typer.Exit(run(asked))
