"""`trunkline init`, and what `trunkline check` says of a scenario."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer

from engine.commands.outcome import Exit, errors_as_exits
from engine.errors import ConfigError, TrunklineError
from engine.model.durations import format_duration
from simulations.commands.printing import printing
from simulations.experiment.whole import failing_as

EXAMPLES: Final = Path(__file__).parents[1] / "examples"
FIRST: Final = "hotline"
QUESTIONS: Final = {
    "hotline": "a daily hotline: who is needed when, and what it costs",
    "structures": "one central centre, an outsourcer, or regional ones with one customer base: which pays itself when?",
    "continuity": "a power cut at one of two sites: what is lost without a plan, with it, and with it late?",
    "digital-rush": "chat, social networks and e-mail beside calls: fourteen hours a day, or around the clock?",
}


class FolderInUse(TrunklineError):
    """A file that would be written is there already."""


def init(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR", help="Folder for the example; made if absent.", file_okay=False, show_default=False
        ),
    ] = None,
    example: Annotated[str, typer.Option("--example", metavar="NAME", help="Which one, see --list.")] = FIRST,
    names: Annotated[bool, typer.Option("--list", help="Tell what examples there are.")] = False,
) -> None:
    """Write a commented scenario with its data, to begin with. Example: trunkline init plan --example continuity"""
    if names:
        with printing():
            for name, question in QUESTIONS.items():
                typer.echo(f"{name:12}  {question}")
        return
    if folder is None:
        raise typer.BadParameter("say into which folder, as: trunkline init plan", param_hint="DIR")
    if example not in QUESTIONS:
        from engine.model.fields import nearest

        raise typer.BadParameter(
            f"there is no example '{example}'{nearest(example, QUESTIONS)}", param_hint="--example"
        )
    with errors_as_exits(folder):
        paths = write_example(folder, example)
    with printing():
        for path in paths:
            typer.echo(f"written: {path}")
        if example == FIRST:
            typer.echo(f"next: trunkline simulate {folder / 'hotline.yaml'} -n 50")
        else:
            typer.echo(f"next: read {folder / 'README.md'}")


def write_example(folder: Path, example: str = FIRST) -> list[Path]:
    """Copy an example into `folder`, all of it or nothing; no file is overwritten. Raises FolderInUse and OSError."""
    sources = sorted(path for path in (EXAMPLES / example).rglob("*") if path.is_file())
    places = [source.relative_to(EXAMPLES / example) for source in sources]
    targets = [folder / place for place in places]
    for target in targets:
        if target.exists():
            raise FolderInUse(f"{target} is there already; name another folder, or remove it")
    made: list[Path] = []
    try:
        for target in targets:
            _make_folder(target.parent, made)
        with TemporaryDirectory(prefix=".writing-", dir=folder) as name:
            written = [Path(name) / str(number) for number in range(len(sources))]
            for source, target, beside in zip(sources, targets, written, strict=True):
                with failing_as(target):
                    beside.write_bytes(source.read_bytes())
            for target, beside in zip(targets, written, strict=True):
                with failing_as(target):
                    beside.rename(target)
                made.append(target)
    except BaseException:
        for path in reversed(made):
            with suppress(OSError):  # the first error is the one to tell
                path.rmdir() if path.is_dir() else path.unlink()
        raise
    return targets


def _make_folder(folder: Path, made: list[Path]) -> None:
    """Make a folder with those above it, and add what was not there to `made`. Raises OSError."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir()
        made.append(one)


def check_scenario(path: Path) -> Exit | None:
    """Print every fault of a scenario, or a summary of a good one; None if the file is no scenario."""
    from engine.config.document import read_document
    from engine.model.fields import nearest
    from simulations.scenario.load import is_scenario
    from simulations.scenario.roster import emptied_shifts, serving_groups
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
    at_work = [group.at_work for group in file.groups]
    for name, able in zip(file.queues, serving_groups(file) @ at_work, strict=True):
        if not able:
            typer.echo(f"{path}: note: no agent can serve queue '{name}' as it is required at first")
    asked = {skill for queue in file.queues.values() for skill in queue.skills}
    asked |= {skill for queue in file.queues.values() for step in queue.steps for skill in step.skills or ()}
    for group in file.groups:
        for shift in emptied_shifts(group):
            typer.echo(
                f"{path}: note: nobody of group '{group.name}' works the shift {shift.told}: {group.count} less a "
                f"shrinkage of {group.shrinkage:.0%} are {group.at_work}, who are spread over all of its shifts"
            )
        for skill in sorted(set(group.skills) - asked):
            hint = nearest(skill, sorted(asked))
            typer.echo(f"{path}: note: group '{group.name}' has the skill '{skill}', which no queue asks for{hint}")
    return Exit.OK
