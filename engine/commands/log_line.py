"""What can be said of a log on the command line: `trunkline log ...`."""

from pathlib import Path
from typing import Annotated

import typer

from engine.commands.outcome import errors_as_exits
from engine.model.durations import parse_duration

log_app = typer.Typer(help="Look after the log of a data folder.", no_args_is_help=True)


def _duration(value: str) -> str:
    try:
        parse_duration(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return value


@log_app.command("prune", epilog="Example: trunkline log prune /var/lib/trunkline --keep 90d --dry-run")
def prune(
    data: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the log.", file_okay=False, exists=True)],
    keep: Annotated[str, typer.Option("--keep", callback=_duration, help="How long rows are kept: 2d or more.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Delete old segments of a log that no engine writes, and keep the state at which the rest begins."""
    with errors_as_exits(data):
        from engine.commands.prune import prune as run

        raise typer.Exit(run(data, parse_duration(keep), dry_run, as_json))
