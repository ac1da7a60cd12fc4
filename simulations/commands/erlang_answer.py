"""What `trunkline erlang` answers: the figures at the agents given, or at the fewest that keep what is asked."""

import json
import math
from typing import Any, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from engine.commands.outcome import Exit
from simulations.commands.answer import print_csv
from simulations.commands.printing import printing, say
from simulations.commands.tables import print_table
from simulations.queueing import (
    Figures,
    UnfitInput,
    agents_for,
    erlang_a,
    erlang_b,
    erlang_b_servers,
    trunks_for,
)
from simulations.queueing.results import unit_of

WITHIN_S: Final = 20.0
WORDS: Final = {
    "agents": "agents",
    "trunks": "trunks",
    "load_erlangs": "load",
    "p_wait": "has to wait",
    "p_abandon": "gives up",
    "p_block": "finds no trunk",
    "asa_s": "mean wait of the answered (ASA)",
    "wait_s": "mean wait of all",
    "wait_abandoned_s": "mean wait of those who give up",
    "service_level_offered": "answered in time, of those let in",
    "service_level_all": "answered in time, of all who come",
    "service_level_answered": "answered in time, of the answered",
    "service_level_virtual": "would be answered in time",
    "occupancy": "agents busy",
    "mean_waiting": "waiting, on the mean",
}
OPTIONS: Final = {
    "rate_per_h": "--rate",
    "handle_s": "--handle",
    "patience": "--patience",
    "patience_s": "--patience",
    "within_s": "--within",
    "service_level": "--target",
    "p_abandon": "--max-abandon",
    "asa_s": "--max-asa",
    "occupancy": "--max-occupancy",
    "p_block": "--max-block",
}
"""What says an input of the formulas."""


class Question(msgspec.Struct, frozen=True):
    """What was asked: None where nothing was said."""

    formula: str
    rate_per_h: float
    handle_s: float
    patience_s: float | None = None
    agents: int | None = None
    share: float | None = None
    within_s: float | None = None
    definition: str = "offered"
    max_abandon: float | None = None
    max_asa_s: float | None = None
    max_occupancy: float | None = None
    trunks: int | None = None
    max_block: float | None = None


def answer(question: Question, *, as_json: bool, as_csv: bool) -> Exit:
    """Print the answer; FINDINGS where the queue grows without bound. Raises typer.BadParameter and Unreachable."""
    if as_json and as_csv:
        raise typer.BadParameter("give one of them", param_hint="--json, --csv")
    with Console(stderr=True).status("computing; the first time, the formulas are compiled"):
        try:
            found = loss(question) if question.formula == "b" else delay(question)
        except UnfitInput as error:
            raise _of_option(question, str(error)) from None
    with printing():
        if as_json:
            typer.echo(json.dumps(found))
        elif as_csv:
            print_csv([found])
        else:
            print_table(table(found))
    if question.formula != "b" and question.share is not None and found["p_block"] and not _keeps(question, found):
        say(
            f"note: the target is of those let in: {100.0 * found['p_block']:.4g} % find no trunk, and of all who come "
            f"{100.0 * found['service_level_all']:.4g} % are answered in time; ask for trunks by --max-block"
        )
    if found["asa_s"] is None:
        say("note: more comes than the agents can take and nobody gives up: the queue grows for ever")
        return Exit.FINDINGS
    return Exit.OK


def _of_option(question: Question, text: str) -> typer.BadParameter:
    """Return what a formula refuses, with the option that said it where it is that of one."""
    name, _, wrong = text.partition(" ")
    option = "--target" if (question.formula, name) == ("b", "p_block") else OPTIONS.get(name)
    return typer.BadParameter(text) if option is None else typer.BadParameter(f"it {wrong}", param_hint=option)


def _keeps(question: Question, found: dict[str, Any]) -> bool:
    """Tell whether the share that the target asks for would hold of all who come, those without a trunk included."""
    level: float = found[f"service_level_{question.definition}"] * (1.0 - found["p_block"])
    return level >= (question.share or 0.0)


def loss(question: Question) -> dict[str, Any]:
    """Answer by Erlang's B: servers and trunks are one, and nobody waits."""
    refuse(question, "patience_s", "within_s", "max_abandon", "max_asa_s", "max_occupancy", "max_block")
    if question.agents is not None and question.trunks is not None:
        raise typer.BadParameter("in formula b they are the same: give one of them", param_hint="--agents, --trunks")
    load = question.rate_per_h / 3600.0 * question.handle_s
    servers = question.agents if question.agents is not None else question.trunks
    if (servers is None) == (question.share is None):
        raise typer.BadParameter("give either --trunks, or --target with the share that may be lost, as 1%")
    if servers is None:
        servers = erlang_b_servers(load, question.share or 0.0)
    blocked = erlang_b(load, servers)
    busy = load * (1.0 - blocked) / servers if servers else 0.0
    figures = Figures(servers, load, 0.0, 0.0, blocked, 0.0, 0.0, math.nan, 1.0, 1.0, 1.0, busy, 0.0)
    return report(question, figures, servers)


def delay(question: Question) -> dict[str, Any]:
    """Answer by Erlang's C or A."""
    if question.formula == "c":
        refuse(question, "patience_s", "max_abandon")
    elif question.patience_s is None:
        raise typer.BadParameter("formula a needs it: give the mean patience, as 3m", param_hint="--patience")
    if question.trunks is not None and question.max_block is not None:
        raise typer.BadParameter("give one of them", param_hint="--trunks, --max-block")
    bounds = {
        "service_level": question.share,
        "p_abandon": question.max_abandon,
        "asa_s": question.max_asa_s,
        "occupancy": question.max_occupancy,
    }
    asked = any(bound is not None for bound in bounds.values())
    if (question.agents is not None) == asked:
        raise typer.BadParameter("give either --agents, or what the fewest must keep: --target 80/20, --max-abandon 5%")
    patience_s = math.inf if question.patience_s is None else question.patience_s
    within_s = threshold_s(question)
    agents = question.agents
    if agents is None:
        agents = agents_for(
            question.rate_per_h,
            question.handle_s,
            patience=patience_s,
            within_s=within_s,
            definition=question.definition,
            trunks=question.trunks,
            **bounds,
        )
    trunks = question.trunks
    if question.max_block is not None:
        trunks = trunks_for(question.rate_per_h, question.handle_s, agents, question.max_block, patience_s=patience_s)
    figures = erlang_a(question.rate_per_h, question.handle_s, patience_s, agents, within_s=within_s, trunks=trunks)
    return report(question, figures, trunks)


def threshold_s(question: Question) -> float:
    """Return the threshold of the service level, s."""
    return WITHIN_S if question.within_s is None else question.within_s


def refuse(question: Question, *names: str) -> None:
    """Say of what was given which the formula does not know."""
    given = [f"--{name.removesuffix('_s').replace('_', '-')}" for name in names if getattr(question, name) is not None]
    if given:
        raise typer.BadParameter(f"formula {question.formula} does not know {', '.join(given)}: leave it out")


def report(question: Question, figures: Figures, trunks: int | None) -> dict[str, Any]:
    """Return what was asked and found, by key; None where there is no such number."""
    asked = {
        "formula": question.formula,
        "rate_per_h": question.rate_per_h,
        "handle_s": question.handle_s,
        "patience_s": question.patience_s,
        "within_s": None if question.formula == "b" else threshold_s(question),
    }
    found = {name: value if math.isfinite(value) else None for name, value in figures._asdict().items()}
    of_all = figures.service_level_offered * (1.0 - figures.p_block)
    return {**asked, **found, "service_level_all": of_all, "agents": int(figures.agents), "trunks": trunks}


def table(found: dict[str, Any]) -> Table:
    """Return the answer as a table with units."""
    asked = f"Erlang {found['formula'].upper()}: {found['rate_per_h']:g}/h, handled in {found['handle_s']:g} s"
    if found["patience_s"] is not None:
        asked += f", patience {found['patience_s']:g} s"
    if found["within_s"] is not None:
        asked += f"; in time is within {found['within_s']:g} s"
    shown = Table("what", "key", title=asked, title_justify="left", box=None, header_style="dim")
    shown.add_column("value", justify="right")
    shown.add_column("unit")
    for key, words in WORDS.items():
        value = found[key]
        if value is None:
            cells = ("none" if key in {"trunks", "wait_abandoned_s"} else "without end", "")
        elif isinstance(value, int):
            cells = (str(value), "")
        elif key.startswith(("p_", "service", "occ")):
            cells = (f"{100.0 * value:.4g}", "%")
        else:
            cells = (f"{value:.4g}", unit_of(key))
        shown.add_row(words, key, *cells)
    return shown
