"""`trunkline init`, and what `trunkline check` says of a scenario."""

import shutil
from pathlib import Path
from typing import Annotated, Final

import typer

from engine.commands.outcome import Exit, errors_as_exits
from engine.errors import ConfigError, TrunklineError
from engine.model.durations import format_duration

EXAMPLE: Final = Path(__file__).parents[1] / "scenario" / "example"


class FolderInUse(TrunklineError):
    """A file that would be written is there already."""


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder for the example; made if absent.", file_okay=False)
    ],
) -> None:
    """Write a commented scenario with its data, to begin with. Example: trunkline init plan"""
    with errors_as_exits(folder):
        for path in write_example(folder):
            typer.echo(f"written: {path}")
        typer.echo(f"next: trunkline simulate {folder / 'hotline.yaml'} -n 50")


def write_example(folder: Path) -> list[Path]:
    """Copy the example into `folder`; nothing is overwritten. Raises FolderInUse and OSError."""
    targets = [folder / source.name for source in sorted(EXAMPLE.iterdir())]
    for target in targets:
        if target.exists():
            raise FolderInUse(f"{target} is there already; name another folder, or remove it")
    folder.mkdir(parents=True, exist_ok=True)
    for target in targets:
        shutil.copyfile(EXAMPLE / target.name, target)
    return targets


def check_scenario(path: Path) -> Exit | None:
    """Print every fault of a scenario, or a summary of a good one; None if the file is no scenario."""
    from engine.config.document import read_document
    from simulations.scenario.load import is_scenario
    from simulations.scenario.roster import serving_groups
    from simulations.scenario.scenario import Scenario

    if not is_scenario(read_document(path).value):
        return None
    try:
        scenario = Scenario.load(path)
        model = scenario.model
    except ConfigError as error:
        typer.echo("\n".join(error.faults))
        return Exit.FINDINGS
    file = scenario.file
    agents = ", ".join(f"{name} {count}" for name, count in model.agent_groups)
    interval = format_duration(file.horizon.interval_ns)
    typer.echo(
        f"{path}: good. A scenario of {file.intervals} intervals of {interval}, {len(file.queues)} queues; agents at "
        f"work at most: {agents}."
    )
    for name, groups in zip(file.queues, serving_groups(file), strict=True):
        if not groups.any():
            typer.echo(f"{path}: note: no agent can serve queue '{name}' as it is required at first")
    return Exit.OK
