"""What `trunkline whatif` does: reads the log, plays both sides, with a progress bar on stderr, and tells on stdout."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from engine.commands.outcome import Exit
from simulations.commands.answer import of_seed, tell
from simulations.commands.options import Form
from simulations.commands.printing import printer
from simulations.commands.simulate_run import progress_bar
from simulations.commands.tables import TITLES, print_table
from simulations.commands.workers import workers_of
from simulations.experiment.figures import RARE
from simulations.whatif.contact import ways_told
from simulations.whatif.files import figure_rows_of, step_rows, write_answer, write_way
from simulations.whatif.policy import load_policy
from simulations.whatif.record import read_record
from simulations.whatif.told import told
from simulations.whatif.whatif import ask

Row = dict[str, Any]
SHARES: Final = ("service_level", "abandon_rate", "dismissed_rate", "blocked_rate", "occupancy")
CLOCK: Final = slice(11, 23)
"""Of a moment, the time of day."""


class Asked(msgspec.Struct, frozen=True):
    """What was asked for."""

    log: Path
    policy: str
    replications: int = 10
    seed: int = 1
    contact: str | None = None
    time_zone: str = "UTC"
    span_ns: tuple[int | None, int | None] = (None, None)
    out: Path | None = None
    workers: int | None = None
    cluster: str | None = None
    form: Form = "table"


def run(asked: Asked) -> Exit:
    """Ask and tell. Raises ConfigError, LogError, LogDamaged, SimulationFailed, ClusterFailed and OSError."""
    with Console(stderr=True).status("reading the log") as status:
        record = read_record(
            asked.log,
            lambda rows: status.update(f"reading the log: {rows:,} rows"),
            since_ns=asked.span_ns[0],
            until_ns=asked.span_ns[1],
        )
    said = load_policy(asked.policy, record)
    if asked.contact is not None:
        with progress_bar("replications"):
            way = ways_told(record, said, record.number_of(asked.contact), asked.seed, asked.time_zone)
        tell(way, asked.form, rows=step_rows, table=_print_way, write=write_way, out=asked.out, drawn=False)
        return Exit.OK
    with progress_bar("replications") as bar, workers_of(asked.workers, asked.cluster) as workers:
        answer = ask(
            record, said, asked.replications, asked.seed, time_zone=asked.time_zone, workers=workers, progress=bar
        )
        found = told(answer)
    tell(found, asked.form, rows=figure_rows_of, table=print_answer, write=write_answer, out=asked.out)
    return Exit.OK


def print_answer(found: dict[str, Any]) -> None:
    """Print the tables and sentences."""
    console = printer()
    say = partial(console.print, soft_wrap=True, markup=False)
    say(found["model"])
    _print_fidelity(console, found)
    _print_figures(found)
    _print_first(say, found["first_difference"])
    _print_queues(found)
    for key, words in (("longer", "waits longer now"), ("shorter", "waits less now")):
        for one in found["contacts_changed"][key]:
            say(f"{words}: {_contact(one)}")
    for text, count in found["left_out"].items():
        say(f"{count} x {text}")
    if refused := found["refused_facts"]["now"]:
        say(f"{refused} recorded facts made no sense under the policy, such as a transfer to who is not there")
    say(
        f"{found['contacts']} contacts, {found['from']} to {found['to']}; {found['replications']} replications. "
        f"{of_seed(found['seed'])}"
    )


def _print_fidelity(console: Console, found: dict[str, Any]) -> None:
    table = _table("How near the model is, by first waits: recorded and played")
    table.add_column("queue")
    sides = ("record", "model", "draws")
    figures = [f"{figure}\n{side}" for figure in ("gave\nup, %", "mean\nwait, s") for side in sides]
    for heading in ("contacts", *figures):
        table.add_column(heading, justify="right")
    for one in found["fidelity"]["queues"]:
        recorded, model, draws = one["recorded"], one["model"], one["draws"]
        shares = [f"{side['abandoned'] * 100:.1f}" for side in (recorded, model)]
        shares.append("–".join(f"{end * 100:.1f}" for end in draws["abandoned"]) if draws else "-")
        waits = [_short(side["wait_s"]) for side in (recorded, model)]
        waits.append("–".join(map(_short, draws["wait_s"])) if draws else "-")
        table.add_row(one["queue"], str(recorded["contacts"]), *shares, *waits)
    print_table(table)
    console.print(
        f"{found['fidelity']['same_agent']:.1%} of those answered got the agent of the record. Of single draws "
        f"{found['confidence']:.0%} lie between the limits of 'draws': a record beyond them differs from the model by "
        "more than what is drawn. Each contact counts once here, in the queue that it came to, with its wait until it "
        "was answered or gave up for the first time; below every queue counts whoever came to it, as by an overflow, a "
        "transfer or a return to the line.",
        soft_wrap=True,
    )


def _short(seconds: float) -> str:
    return f"{seconds:,.{2 if seconds < 10 else 1}f}"


def _print_figures(found: dict[str, Any]) -> None:
    table = _table("The recorded rules and the policy, both through the model")
    for heading in ("queue", "figure"):
        table.add_column(heading)
    for heading in ("before", "now", "difference"):
        table.add_column(heading, justify="right")
    table.add_column("")
    last = ""
    for row in [*found["figures"], {"queue": "all", "figure": "occupancy", "verdict": ""} | found["occupancy"]]:
        values = [row[side]["value"] for side in ("before", "now")]
        if values == [None, None] or (row["figure"] in RARE and not any(values)):
            continue
        table.add_row("" if row["queue"] == last else row["queue"], TITLES[row["figure"]], *_cells(row))
        last = row["queue"]
    print_table(table)


def _cells(row: Row) -> list[str]:
    """Return before, now, the difference with half of its interval, and the verdict."""
    scale = 100.0 if row["figure"] in SHARES else 1.0
    values = ["-" if row[side]["value"] is None else f"{row[side]['value'] * scale:,.2f}" for side in ("before", "now")]
    apart = row["difference"]
    if apart["value"] is None:
        return [*values, "-", ""]
    half = "" if apart["high"] is None else f" ±{(apart['high'] - apart['low']) / 2 * scale:,.2f}"
    return [*values, f"{apart['value'] * scale:+,.2f}{half}", row["verdict"]]


def _print_first(say: Callable[[str], None], first: dict[str, Any] | None) -> None:
    if first is None:
        say("No decision differs: under the policy the router does the same.")
        return
    say(
        f"The first decision that differs: {first['at']}, contact {first['contact']} (sequence {first['seq']}) in "
        f"{first['queue']}, arrived {first['arrived'][CLOCK]}."
    )
    say(f"  before: {first['before']['says']}")
    say(f"  now:    {first['now']['says']}")


def _print_queues(found: dict[str, Any]) -> None:
    table = _table("Who wins and who loses, by the queue they came to")
    table.add_column("queue")
    for heading in ("contacts", "wait less", "wait longer", "mean change, s", "more lost"):
        table.add_column(heading, justify="right")
    for one in found["queues"]:
        change = "-" if one["wait_change_s"] is None else f"{one['wait_change_s']:+,.2f}"
        counts = (str(one["contacts"]), str(one["wait_shorter"]), str(one["wait_longer"]))
        table.add_row(one["queue"], *counts, change, f"{one['lost_change']:+,.1f}")
    print_table(table)


def _contact(one: dict[str, Any]) -> str:
    clock = one["arrived"][CLOCK]
    sides = "; ".join(f"{side} {_waits(one[side])}" for side in ("before", "now"))
    return f"{one['contact']} ({one['seq']}) in {one['queue']} at {clock}: {sides}"


def _waits(side: dict[str, Any]) -> str:
    """Return the mean wait, and what it led to in how many draws: one draw's agent would be no fact of the others."""
    ends = [f"{words} in {side[key]:.0%}" for key, words in (("answered", "answered"), ("gave_up", "gave up"))]
    said = [text for text, key in zip(ends, ("answered", "gave_up"), strict=True) if side[key] > 0.0]
    return f"{side['wait_s']:,.1f} s, {', '.join(said)}"


def _print_way(found: dict[str, Any]) -> None:
    console = printer()
    console.print(found["model"], soft_wrap=True, markup=False)
    console.print(f"Contact {found['contact']} (sequence {found['seq']}) in {found['queue']}", markup=False)
    for key, words in (("recorded", "recorded"), ("before", "recorded rules, model"), ("now", "policy, model")):
        console.print(f"{words}:")
        for step in found[key]:
            console.print(f"  {step['at'][CLOCK]}  {step['says']}", soft_wrap=True, markup=False)


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
