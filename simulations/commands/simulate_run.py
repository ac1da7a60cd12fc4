"""What `trunkline simulate` does: plays, with a progress bar on stderr, and tells, on stdout."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from engine.commands.outcome import Exit
from simulations.commands import options
from simulations.commands.answer import tell
from simulations.commands.loading import loaded
from simulations.commands.printing import printer, say
from simulations.commands.tables import print_table
from simulations.commands.workers import workers_of
from simulations.experiment.files import write_run
from simulations.experiment.intervals import interval_rows
from simulations.experiment.narrow import narrowed, stop_of, too_wide
from simulations.experiment.recording import record
from simulations.experiment.result import Result
from simulations.experiment.simulate import Progress as Told
from simulations.experiment.simulate import simulate
from simulations.experiment.summary import staff_table, summary, summary_table


class Asked(options.Asked, frozen=True, kw_only=True):
    """And by what the replications end, all of it, and where the first is written."""

    until: tuple[str, ...]
    log: Path | None


def run(asked: Asked) -> Exit:
    """Play and tell. Raises ConfigError, SimulationFailed and OSError."""
    scenario = loaded(asked.path, asked.changes)
    stops = [stop_of(until, scenario.file.queues, "--until") for until in asked.until]
    with progress_bar("replications") as told, workers_of(asked.workers, asked.cluster) as workers:
        result = simulate(scenario, asked.replications, asked.seed, workers=workers, stops=stops, progress=told)
    try:
        if asked.log is not None:
            record(scenario, result.seed, 0, asked.log)
            say(f"written: {asked.log}")
    finally:  # what was found is told, and written, even where there can be no log
        tell(
            result,
            asked.form,
            values=summary,
            rows=interval_rows,
            table=print_result,
            write=partial(write_run, scenario),
            out=asked.out,
        )
        for note in too_wide(narrowed(result), result.replications):
            say(f"note: {note}")
    return Exit.OK


def print_result(result: Result) -> None:
    """Print the tables."""
    print_table(summary_table(result))
    print_table(staff_table(result))
    rate = result.contacts / result.elapsed_s if result.elapsed_s else 0.0
    printer().print(
        f"{result.contacts:,} contacts in {result.elapsed_s:.1f} s, {rate:,.0f} a second. Seed {result.seed}: the same "
        "seed gives the same figures.",
        soft_wrap=True,
    )


@contextmanager
def progress_bar(what: str) -> Iterator[Told]:
    """Show a bar on stderr while something goes on; where nobody looks, nothing."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("compiling (once, about a minute)", total=None)

        def told(done: int, planned: int) -> None:
            progress.update(task, description=what, completed=done, total=planned)

        yield told
