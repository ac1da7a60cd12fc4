"""`trunkline fit`: what can be said to it, with help; what is done lies in `fit_run`."""

from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

import typer

from engine.commands.outcome import errors_as_exits
from engine.model.time_zones import meant
from simulations.commands.options import AsJson, form_of
from simulations.notation.amounts import parse_interval


def time_zone_of(value: str) -> str:
    """Check the name of a time zone. Raises typer.BadParameter."""
    if value not in available_timezones():
        raise typer.BadParameter(f"'{value}' is not a time zone{meant(value)}")
    return value


def _interval(text: str) -> str:
    try:
        parse_interval(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return text


def fit(
    record: Annotated[
        Path,
        typer.Argument(
            metavar="LOG|FILE", help="Folder of a log, Asterisk's queue_log, or a CSV of calls.", exists=True
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE.yaml", help="Write the scenario there.", dir_okay=False)
    ] = None,
    time_zone: Annotated[
        str, typer.Option("--time-zone", callback=time_zone_of, help="By which days and hours are told.")
    ] = "UTC",
    interval: Annotated[str, typer.Option("--interval", callback=_interval, help="Of the volumes.")] = "30m",
    days: Annotated[
        str | None,
        typer.Option("--days", help="Weekdays to learn a day from: mon,tue or mon-fri; not said: the busy ones."),
    ] = None,
    bad_lines: Annotated[int, typer.Option("--bad-lines", min=0, help="Pass over so many lines of no use.")] = 0,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the table of queues as CSV.")] = False,
) -> None:
    """Learn a scenario from recorded calls: arrivals, durations, patience, retrials, staff, each with its fit.

    A CSV has a heading with arrival, wait_s and outcome (answered, abandoned, other), and may have handle_s, wrap_up_s,
    queue, priority, agent and customer.

    Example: trunkline fit /var/log/asterisk/queue_log --time-zone Asia/Ho_Chi_Minh -o day.yaml
    """
    with errors_as_exits(record):
        from simulations.commands.fit_run import Asked, run, weekdays_of

        form = form_of(as_json, as_csv)
        try:
            chosen = None if days is None else weekdays_of(days)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--days") from None
        raise typer.Exit(run(Asked(record, out, time_zone, parse_interval(interval), chosen, bad_lines, form)))
