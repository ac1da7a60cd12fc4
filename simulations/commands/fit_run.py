"""What `trunkline fit` does: reads, estimates, writes the scenario, tells."""

from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
import typer
from rich.console import Console

from engine.commands.outcome import Exit
from simulations.commands.answer import print_csv
from simulations.commands.fit_told import tell_whole_day
from simulations.commands.options import Form
from simulations.commands.printing import printer, printing, say
from simulations.commands.tables import print_table, table_of
from simulations.fit.arrivals import WEEKDAYS
from simulations.fit.calls import Calls
from simulations.fit.fitted import Fit, QueueFit, fit
from simulations.fit.read import read_calls
from simulations.fit.scenario_file import (
    among_others,
    hours_told,
    judged,
    paused_told,
    ranged,
    retrials_told,
    ring_told,
    write_scenario,
)
from simulations.fit.whole_day import WholeDay, whole_day
from simulations.scenario.scenario import Scenario
from simulations.world.runner import SimulationFailed

COLUMNS: Final = (
    "queue",
    "calls",
    "a day",
    "busyness %",
    "abandoned %",
    "waited %",
    "mean wait s",
    "talk s",
    "talk cv",
    "patience s",
    "patience median s",
    "best law of talk",
    "off by",
)
SHOWN: Final = (0, 1, 2, 3, 4, 6, 7, 8, 9)
"""Of them on a terminal, whose lines are short; the lines below the table say the rest."""


class Asked(NamedTuple):
    """What was said on the command line."""

    record: Path
    out: Path | None
    time_zone: str
    interval_s: int
    weekdays: tuple[int, ...] | None
    bad_lines: int
    form: Form


def weekdays_of(text: str) -> tuple[int, ...]:
    """Return the numbers of `mon,tue` or `mon-fri`, Monday 0. Raises ValueError."""
    found: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            raise ValueError(f"'{part}' is no weekday; write {', '.join(WEEKDAYS)} or mon-fri")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        found.update(range(begin, end + 1) if begin <= end else (*range(begin, 7), *range(end + 1)))
    return tuple(sorted(found))


def run(asked: Asked) -> Exit:
    """Do what was asked. Raises ConfigError, LogError, FilesThere and OSError."""
    with Console(stderr=True).status("reading") as status:
        calls = read_calls(asked.record, asked.time_zone, asked.bad_lines)
        status.update(f"estimating from {len(calls.rows):,} calls")
        weekdays = None if asked.weekdays is None else np.array(asked.weekdays)
        found = fit(calls, asked.interval_s, weekdays)
    written = [] if asked.out is None else write_scenario(found, calls, asked.out)
    checked = None if asked.out is None or asked.form == "csv" else _checked(found, calls, asked.out)
    with printing():
        if asked.form == "json":
            typer.echo(msgspec.json.encode(msgspec.to_builtins(found) | {"whole_day": checked}))
        elif asked.form == "csv":
            print_csv(dict(zip(COLUMNS, _cells(queue), strict=True)) for queue in found.queues)
        else:
            _tell(found)
            if checked is not None:
                tell_whole_day(found, checked)
    for path in written:
        say(f"written: {path}")
    if asked.out is not None:
        say(f"next: trunkline simulate {asked.out} -n 50")
    return Exit.OK


def _checked(found: Fit, calls: Calls, path: Path) -> WholeDay | None:
    """Play the day that was written; None where nobody is known who answers, or nobody could play it."""
    if not found.groups:
        return None
    with Console(stderr=True).status("playing the fitted day"):
        try:
            return whole_day(found, calls, Scenario.load(path))
        except SimulationFailed as error:
            say(f"the fitted day cannot be played, so nothing tells whether it is like those: {error}")
            return None


def _cells(queue: QueueFit) -> list[str]:
    best = [queue.talk.laws[0].name, f"{queue.talk.laws[0].ks_distance:.3f}"] if queue.talk.laws else ["", ""]
    return [
        queue.name,
        str(queue.calls),
        f"{queue.arrivals.volume.value:.1f}",
        f"{100 * queue.arrivals.busyness.value:.1f}",
        f"{100 * queue.abandoned.value:.2f}",
        f"{100 * queue.waited.value:.1f}",
        f"{queue.wait_s.value:.1f}",
        f"{queue.talk.mean_s.value:.1f}",
        f"{queue.talk.cv:.2f}",
        f"{queue.patience.exponential_s.value:.0f}",
        f"{queue.patience.median_s:.0f}",
        *best,
    ]


def _tell(found: Fit) -> None:
    console = printer()
    table = table_of(
        [COLUMNS[place].replace(" ", "\n") for place in SHOWN],
        title=f"{found.calls:,} calls, {found.first_day} to {found.last_day}",
    )
    for queue in found.queues:
        cells = _cells(queue)
        table.add_row(*(cells[place] for place in SHOWN))
    print_table(table)
    days = f"{found.days_chosen} of {found.days} days ({', '.join(found.weekdays)})"
    lines = [f"volumes and staff are of {days}"]
    lines += [f"{one.name}: busyness {ranged(one.arrivals.busyness)}; talk {judged(one.talk)}" for one in found.queues]
    lines += [f"{one.name}: {ring_told(one.rings)}" for one in found.queues if one.rings and one.rings.are_told]
    if called_again := retrials_told(found):
        lines.append(called_again)
    lines += [f"{one.name}: {among_others(one)}" for one in found.channels]
    for group in found.groups:
        lines.append(
            f"{len(group.agents)} agents serve {', '.join(group.queues)}; at most {max(group.at_work):.1f} at once"
            f"{paused_told(group)}"
        )
    if found.groups:
        lines.append(f"hours at work: {hours_told(found)}")
    lines += [f"{count} x {text}" for text, count in sorted(found.remarks.items())]
    for line in lines:
        console.print(line, soft_wrap=True, markup=False)
