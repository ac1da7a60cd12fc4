"""The command line `trunkline`: what can be said, with help; what is done lies in engine.commands."""

import gc
import re
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Final

import typer

from engine.commands.log_line import log_app
from engine.commands.log_lines import LogFormat
from engine.commands.outcome import errors_as_exits, on_lines_of
from engine.commands.plan_line import plan_app
from engine.model.scopes import TOKEN_ID, Scope
from engine.version import installed_version

COMMANDS: Final = "trunkline.commands"
"""Entry point group of further subcommands: functions that typer understands."""
_EXITS: Final = (
    "Exit codes: 0 done; 1 done, with findings; 2 command line not understood; 3 log damaged; 4 folder in use by "
    "another process; 5 could not be done; 130 interrupted by Ctrl-C."
)

app = typer.Typer(
    name="trunkline",
    help="Event-sourced call routing: one log, one deterministic kernel, live counters.",
    epilog=_EXITS,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
token_app = typer.Typer(help="Make bearer tokens for the HTTP interface.", no_args_is_help=True)
app.add_typer(token_app, name="token")
app.add_typer(plan_app, name="plan")
app.add_typer(log_app, name="log")

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration file (YAML).", dir_okay=False)]
ConfigFiles = Annotated[
    list[Path], typer.Argument(metavar="CONFIG...", help="Configurations, scenarios (YAML).", dir_okay=False)
]
DataFolder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the log.", file_okay=False, exists=True)]


@app.command(epilog="Example: trunkline serve centre.yaml --data /var/lib/trunkline")
def serve(
    config: ConfigFile,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder of the log; made if absent.")],
    log_format: Annotated[LogFormat, typer.Option(help="How the process writes what it says.")] = LogFormat.LOGFMT,
) -> None:
    """Run the engine with its adapters until SIGTERM or Ctrl-C."""
    with errors_as_exits(data, on_lines_of(log_format)):
        gc.disable()  # what is imported stays, and looking through it again and again is a sixth of a start's work
        from engine.commands.serve import serve as run

        run(config, data, log_format)


@app.command(epilog="Example: trunkline check centre.yaml")
def check(configs: ConfigFiles) -> None:
    """Check configurations: print every fault as file:line:column (exit 1), or a summary of each (exit 0)."""
    with errors_as_exits():
        from engine.commands.check import check as run

        raise typer.Exit(max(run(config) for config in configs))


@app.command(epilog="Example: trunkline verify /var/lib/trunkline --json")
def verify(
    data: DataFolder,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Decide a recorded log again and compare every decision (exit 1 if one differs)."""
    with errors_as_exits(data):
        from engine.commands.verify import verify as run

        raise typer.Exit(run(data, as_json))


@app.command(epilog="Example: trunkline backup /var/lib/trunkline /backup/trunkline")
def backup(
    data: DataFolder,
    to: Annotated[Path, typer.Argument(metavar="TO", help="Folder of the copy; made if absent.", file_okay=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Copy a data folder, also while an engine writes it; into an earlier copy, only what is new."""
    with errors_as_exits(to):
        from engine.commands.backup import backup as run

        raise typer.Exit(run(data, to, as_json))


@app.command(epilog="Example: trunkline restore /backup/trunkline /var/lib/trunkline")
def restore(
    backup_folder: Annotated[Path, typer.Argument(metavar="BACKUP", help="Folder of the copy.", exists=True)],
    data: Annotated[Path, typer.Argument(metavar="DIR", help="Folder without a log; made if absent.", file_okay=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Bring a backup back, checked, so that an engine can start from it."""
    with errors_as_exits(data):
        from engine.commands.backup import restore as run

        raise typer.Exit(run(backup_folder, data, as_json))


@app.command(epilog="Example: trunkline password, or: pass show desk/an | trunkline password --stdin")
def password(
    from_stdin: Annotated[
        bool, typer.Option("--stdin", help="Read it from the standard input, as scripts do.")
    ] = False,
) -> None:
    """Hash a password for the agent desk: print what the configuration holds of it."""
    from engine.commands.password import print_hash

    with errors_as_exits():
        given = sys.stdin.readline().rstrip("\r\n") if from_stdin else _asked_password()
        print_hash(given)


def _asked_password() -> str:
    found: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return found


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"trunkline {installed_version()}")


def _token_id(value: str) -> str:
    if not re.fullmatch(TOKEN_ID, value):
        raise typer.BadParameter("write small letters, digits and hyphens, at most 32")
    return value


@token_app.command("new", epilog="Example: trunkline token new --id wallboard --scope read")
def token_new(
    scope: Annotated[list[Scope], typer.Option("--scope", help="What the token may do; repeatable.")],
    token_id: Annotated[str, typer.Option("--id", callback=_token_id, help="Name to recognise it by.")] = "token",
    agent: Annotated[str | None, typer.Option("--agent", help="The only agent whom it may act as.")] = None,
) -> None:
    """Print a new secret once, and the lines of the configuration that let it in."""
    from engine.commands.token import new_token

    if agent is not None and {Scope.SUPERVISE, Scope.ADMIN} & set(scope):
        raise typer.BadParameter("a token with supervise or admin acts as anybody: leave out --agent, or these scopes")
    new_token(token_id, scope, agent)


def add_installed_commands(program: typer.Typer) -> None:
    """Add the subcommands that this installation brings beside the engine's own."""
    for point in entry_points(group=COMMANDS):
        try:
            program.command(point.name)(point.load())
        except (ImportError, AttributeError) as error:
            typer.echo(f"warning: the command '{point.name}' cannot be loaded: {error}", err=True)


def main() -> None:
    """Run the command line."""
    add_installed_commands(app)
    app()


if __name__ == "__main__":
    main()
