"""What can be said of continuity plans on the command line: `trunkline plan ...`."""

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from engine.commands.outcome import errors_as_exits

DEFAULT_URL: Final = "http://127.0.0.1:8080"

plan_app = typer.Typer(
    help="Check, look at, activate and end continuity plans of a running engine, over HTTP.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(metavar="PLAN", help="Name of the plan.")]
Address = Annotated[str, typer.Option("--url", envvar="TRUNKLINE_URL", help="Where the engine's HTTP adapter listens.")]
Token = Annotated[
    str, typer.Option("--token", envvar="TRUNKLINE_TOKEN", help="Bearer token; best given by the variable.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object.")]
Reason = Annotated[str, typer.Option("--reason", help="Why: it stands in the log.")]


@plan_app.command("check", epilog="Example: trunkline plan check plans/hanoi-power.yaml --config centre.yaml")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plan's file, or a configuration.", dir_okay=False)],
    config: Annotated[
        Path | None, typer.Option("--config", help="The configuration whose queues, sites and lines it names.")
    ] = None,
) -> None:
    """Check plans without an engine: print every fault as file:line:column (exit 1), or what they do (exit 0)."""
    with errors_as_exits():
        from engine.commands.plan_check import check as run

        raise typer.Exit(run(file, config))


@plan_app.command("status", epilog="Example: trunkline plan status")
def status(url: Address = DEFAULT_URL, token: Token = "", as_json: AsJson = False) -> None:
    """Print all plans, and which are in force."""
    with errors_as_exits():
        from engine.commands.plan import Client
        from engine.commands.plan import status as run

        run(Client(url, token), as_json)


@plan_app.command("preview", epilog="Example: trunkline plan preview hanoi-power")
def preview(name: Name, url: Address = DEFAULT_URL, token: Token = "", as_json: AsJson = False) -> None:
    """Print what a plan would change now, and the next hour with it and without."""
    with errors_as_exits():
        from engine.commands.plan import Client
        from engine.commands.plan import preview as run

        run(Client(url, token), name, as_json)


@plan_app.command("activate", epilog='Example: trunkline plan activate hanoi-power --reason "no power" --until 12:00')
def activate(
    name: Name,
    reason: Reason,
    until: Annotated[
        str,
        typer.Option("--until", help="A time of day, a duration as 2h, or an instant; else as long as may be."),
    ] = "",
    drill: Annotated[bool, typer.Option("--drill", help="As an exercise.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who says so, where there are no tokens.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask once more.")] = False,
    url: Address = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Activate a plan, or prolong it, after showing what it changes and asking once more."""
    with errors_as_exits():
        from engine.commands.plan import Client
        from engine.commands.plan import activate as run

        order = {"reason": reason, "until": until, "drill": drill, "by": by}
        run(Client(url, token), name, order, sure=yes, as_json=as_json)


@plan_app.command("deactivate", epilog='Example: trunkline plan deactivate hanoi-power --reason "power is back"')
def deactivate(
    name: Name,
    reason: Reason = "",
    by: Annotated[str, typer.Option("--by", help="Who says so, where there are no tokens.")] = "",
    url: Address = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """End a plan, and put back what it changed."""
    with errors_as_exits():
        from engine.commands.plan import Client
        from engine.commands.plan import deactivate as run

        run(Client(url, token), name, {"reason": reason, "by": by}, as_json)


@plan_app.command("print", epilog="Example: trunkline plan print hanoi-power --language vi > hanoi-power.md")
def print_runbook(
    name: Name,
    language: Annotated[Literal["en", "vi"], typer.Option("--language", help="Of the runbook.")] = "en",
    url: Address = DEFAULT_URL,
    token: Token = "",
) -> None:
    """Print a plan's runbook as Markdown, for the day when no screen works."""
    with errors_as_exits():
        from engine.commands.plan import Client
        from engine.commands.runbook import runbook

        typer.echo(runbook(Client(url, token).detail(name), language, url), nl=False)
