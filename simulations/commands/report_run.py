"""What `trunkline report` does: reads a folder, plays what it asks beside, and writes the page."""

import webbrowser
from pathlib import Path

import typer

from engine.commands.outcome import Exit
from engine.errors import ConfigError
from simulations.commands.printing import printing, say
from simulations.commands.simulate_run import progress_bar
from simulations.compare.sensitivity import kept_sensitivity
from simulations.experiment.whole import write_text
from simulations.report.folder import read_folder
from simulations.report.page import page


def run(folder: Path, out: Path | None, language: str, sensitive: bool, show: bool) -> Exit:
    """Write the page and tell where. Raises ResultsUnreadable, SimulationFailed and OSError."""
    found = read_folder(folder)
    if sensitive and found.run is not None and found.scenario is not None:
        try:
            with progress_bar("sensitivity") as told:
                found.sensitivity = kept_sensitivity(found.scenario, found.run, folder, told)
        except ConfigError as error:
            say(f"note: no sensitivity, as the scenario cannot be played again: {error}")
    target = out or folder / "report.html"
    write_text(target, page(found, language))
    with printing():
        typer.echo(f"written: {target}")
    if show and not webbrowser.open(target.resolve().as_uri()):
        say(f"note: no browser could be opened here: open {target.resolve()} in one")
    return Exit.OK
