"""`trunkline report`: one self-contained page out of a folder of results; what can be said to it, with help."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from engine.commands.outcome import errors_as_exits


class Language(StrEnum):
    """Languages of the page."""

    EN = "en"
    VI = "vi"


def report(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Folder that simulate, solve, compare, sweep or whatif wrote.", file_okay=False
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="The page; not said: report.html in the folder.")
    ] = None,
    language: Annotated[Language, typer.Option("--language", help="Of the page.")] = Language.EN,
    sensitivity: Annotated[
        bool,
        typer.Option(
            "--sensitivity/--no-sensitivity", help="Play the scenario with a little more and less of everything."
        ),
    ] = True,
    show: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Draw what a folder of results holds as one page that needs no network. Example: trunkline report out --open"""
    with errors_as_exits(folder):
        from simulations.commands.report_run import run

        raise typer.Exit(run(folder, out, language.value, sensitivity, show))
