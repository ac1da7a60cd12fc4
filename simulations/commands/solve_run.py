"""What `trunkline solve` does: finds a plan, with a progress bar on stderr, and tells it on stdout."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import numpy as np
import typer
from rich.table import Table

from engine.commands.outcome import Exit
from engine.errors import ConfigError
from simulations.commands import options
from simulations.commands.answer import of_seed, tell
from simulations.commands.loading import loaded
from simulations.commands.printing import printer
from simulations.commands.simulate_run import progress_bar
from simulations.commands.tables import print_table, table_of
from simulations.commands.workers import workers_of
from simulations.notation.amounts import parse_share, parse_target
from simulations.queueing.arrays import Truths
from simulations.queueing.errors import UnfitInput
from simulations.scenario.scenario import Scenario
from simulations.solve.goals import Question, check_groups, goals_of
from simulations.solve.routes import routes_of, shares_of
from simulations.solve.solve import Solution, solve
from simulations.solve.timetable import parse_shift
from simulations.solve.told import marks, plan_rows, told, write_plan
from simulations.solve.trunks import idle_without_outage

Value = TypeVar("Value")
HEADINGS: Final = (
    "offered",
    "re-\nquired",
    "with\nshrink-\nage",
    "sched-\nuled",
    "service\nlevel, %",
    "lost,\n%",
    "busy,\n%",
)
THOUSANDS_FROM: Final = 100_000.0
"""Costs from there on are shown in thousands."""
NOTICED: Final = 0.001
"""Share hung up on, or refused by kept trunks, from which a plan is told to do so."""


class Asked(options.Asked, frozen=True, kw_only=True):
    """And what the plan must keep."""

    targets: tuple[str, ...]
    max_abandon: tuple[str, ...]
    max_block: str
    shifts: tuple[str, ...]
    group_max: tuple[str, ...]


def run(asked: Asked) -> Exit:
    """Solve and tell. Raises ConfigError, Unreachable, SimulationFailed and OSError; typer.BadParameter."""
    scenario = loaded(asked.path, asked.changes)
    question = question_of(asked, scenario)
    with progress_bar("trials") as bar, workers_of(asked.workers, asked.cluster) as workers:
        try:
            found = solve(
                scenario,
                question,
                replications=asked.replications,
                seed=asked.seed,
                workers=workers,
                told=bar,
            )
        except UnfitInput as error:
            raise typer.BadParameter(str(error)) from None
    tell(found, asked.form, values=told, rows=plan_rows, table=print_plan, write=write_plan, out=asked.out)
    return Exit.OK if found.kept else Exit.FINDINGS


def question_of(asked: Asked, scenario: Scenario) -> Question:
    """Return the question. Raises typer.BadParameter and ConfigError."""
    file, step_s = scenario.file, scenario.file.horizon.interval_ns / 1e9
    with _option("--target"):
        targets = _by_name(asked.targets, _target)
        goals_of(file, targets, {})
    with _option("--max-abandon"):
        max_abandon = _by_name(asked.max_abandon, _some)
        goals_of(file, {}, max_abandon)
    with _option("--max-block"):
        p_block = None if asked.max_block == "keep" else _some(asked.max_block)
        if p_block == 1.0:
            raise ValueError("all calls may be refused then, so there would be no trunks; give less, or 'keep'")
    with _option("--shift"):
        shifts = tuple(parse_shift(text, step_s) for text in asked.shifts)
    with _option("--group-max"):
        group_max = {name or "": count for name, count in _by_name(asked.group_max, _agents).items()}
        if "" in group_max:
            raise ValueError(f"'{asked.group_max[0]}' names no group; write it as GROUP=20")
        check_groups(file, group_max)
    return Question(goals_of(file, targets, max_abandon), shifts, group_max, p_block)


@contextmanager
def _option(name: str) -> Iterator[None]:
    """Name the option in what is wrong with it. Raises typer.BadParameter for ValueErrors, and ConfigError."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError([f"{name}: {fault}" for fault in error.faults]) from None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=name) from None


def _target(text: str) -> tuple[float, float | None]:
    """Return a share of less than 1, and within how many s. Raises ValueError."""
    share, within_s = parse_target(text)
    if share >= 1.0:
        raise ValueError(f"'{text}' asks for everybody in time, which no number of agents promises; give less")
    return share, within_s


def _some(text: str) -> float:
    """Return a share of more than 0. Raises ValueError."""
    share = parse_share(text)
    if share <= 0.0:
        raise ValueError(f"'{text}' takes agents or trunks without end; give more than 0%")
    return share


def _agents(text: str) -> int:
    """Return a number of agents. Raises ValueError."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"'{text}' is not a number of agents; write GROUP=20")
    return int(text)


def _by_name(said: tuple[str, ...], parse: Callable[[str], Value]) -> dict[str | None, Value]:
    """Return values by name, None where none was said, as in `sales=80/20` and `80/20`. Raises ValueError."""
    found: dict[str | None, Value] = {}
    for text in said:
        before, equals, after = text.rpartition("=")
        name, value = before.strip() if equals else None, parse(after.strip())
        if found.setdefault(name, value) != value:
            others = [other for other in said if other.rpartition("=")[0].strip() == (name or "") and other != text]
            raise ValueError(f"'{others[0]}' and '{text}' contradict each other: leave out one of them")
    return found


def print_plan(found: Solution) -> None:
    """Print the tables."""
    said = told(found)
    print_table(_intervals(found, said))
    if found.scheduled is not None:
        print_table(_shifts(said))
    if found.channels:
        print_table(_trunks(said))
    printer().print(
        f"{found.holds.words.capitalize()}{'' if found.kept else ' (marked)'} within "
        f"{found.check.confidence:.0%} confidence, with other callers than the plan was made from. "
        f"{_unreached(found)}{_refused(found)}{_out_of_reach(found)}"
        f"{_unsure(found, said)}{_idle_trunks(found)}{_dismissed(said)}"
        f"{said['paid_hours']:g} paid hours{_cost(found, said)}. {_shifts_proven(said)}{said['objective']['says']} "
        f"{found.trials} trials of "
        f"{found.replications} replications in {found.elapsed_s:.1f} s. "
        f"{of_seed(said['seed'], 'plan')}",
        soft_wrap=True,
    )


def _unreached(found: Solution) -> str:
    """Return which queues' calls are all refused, whoever is at work, and what helps: nothing where that is told as out
    of reach.
    """
    advice = (
        "give them some, or let --max-block plan them" if found.p_block is None else "a lower --max-block buys some"
    )
    helped = _names(found, found.unreached & ~found.unreachable)
    beyond = _names(found, found.unreachable)
    return (f"No call to {helped} finds a channel: {advice}. " if helped else "") + (
        f"No call to {beyond} finds a channel, and more channels do not help. " if beyond else ""
    )


def _names(found: Solution, chosen: Truths) -> str:
    """Return queues with their trunk groups."""
    queues = found.scenario.file.queues.items()
    named = (
        f"{name} ({', '.join(queue.trunk_groups)})"
        for (name, queue), is_so in zip(queues, chosen, strict=True)
        if is_so
    )
    return ", ".join(named)


def _refused(found: Solution) -> str:
    """Return which share trunks refuse of which nothing was asked: targets do not tell it."""
    if found.p_block is not None:
        return ""
    nobody = {name for name, is_so in zip(found.scenario.file.queues, found.unreached, strict=True) if is_so}
    told = [
        f"{share:.1%} of the {route.calls} to {', '.join(route.groups)}"
        for route, share in zip(routes_of(found.scenario.file), shares_of(found.check).max(axis=-1), strict=True)
        if share >= NOTICED and not nobody.issuperset(route.queues)
    ]
    if not told:
        return ""
    return f"Targets are of those who come through: {', '.join(told)} find no channel in the busiest interval. "


def _out_of_reach(found: Solution) -> str:
    """Return which of the targets agents cannot help, of which the plan keeps what can be kept."""
    return f"Out of reach: {found.out_of_reach}. " if found.out_of_reach else ""


def _unsure(found: Solution, said: dict[str, Any]) -> str:
    """Return how many intervals, and which trunks, these replications leave open."""
    count = sum(one["intervals_unsure"] for one in said["queues"].values())
    trunks = [name for name, one in said["trunk_groups"].items() if one["unsure"]]
    parts = [f"{count} interval{'' if count == 1 else 's'}"] if count else []
    parts += [f"trunk group{'' if len(trunks) == 1 else 's'} {', '.join(trunks)}"] if trunks else []
    if not parts:
        return ""
    were = "was" if count + len(trunks) == 1 else "were"
    text = f"{' and '.join(parts)} {were} on the wrong side of a target by no more than chance (?)"
    return f"{text[0].upper()}{text[1:]}: -n {4 * found.replications} tells twice as sharply. "


def _idle_trunks(found: Solution) -> str:
    """Return which trunk groups got no channel, though they may be needed where something breaks."""
    told, groups = [], found.scenario.file.trunk_groups
    if found.p_block is None:
        return ""
    for name, sites in idle_without_outage(found.scenario.file, found.channels).items():
        at = f" (site {groups[name].site})" if groups[name].site else ""
        told.append(
            f"Trunk group {name}{at} gets no channel, as others carry the calls here; a plan for an outage of "
            f"{', '.join(sites)} may need some: `trunkline resilience` tells. "
        )
    return "".join(told)


def _dismissed(said: dict[str, Any]) -> str:
    """Return which queues hang up on people: they need fewer agents, and serve fewer customers."""
    found = [
        f"{one['dismissed_rate']['value']:.1%} in {name}"
        for name, one in said["queues"].items()
        if (one["dismissed_rate"]["value"] or 0.0) >= NOTICED
    ]
    return f"The queue itself hangs up on {', '.join(found)} (max_wait, leave_empty). " if found else ""


def _cost(found: Solution, said: dict[str, Any]) -> str:
    """Return what the plan costs."""
    cost = said["cost"]
    return f"; cost {cost['value']:,.0f} {cost['currency']}" if found.scenario.file.costs.are_said else ""


def _shifts_proven(said: dict[str, Any]) -> str:
    """Return how far from the cheapest the shifts are at most."""
    gap = said["shifts_gap"]
    if said["shifts_spared"]:
        return "The targets hold without some of the shifts first found; those are left out, and no bound is known. "
    if gap is None:
        return ""
    if gap == 0.0:
        return "No cheaper shifts cover what these cover. "
    return f"Shifts that cover as much are cheaper by {gap:.1%} at most: the search ended before it was proven. "


def _intervals(found: Solution, said: dict[str, Any]) -> Table:
    rows, queues = said["intervals"], len(found.goals)
    unit = 1000.0 if max((row["cost"] or 0.0 for row in rows), default=0.0) >= THOUSANDS_FROM else 1.0
    currency = f"{'1000 ' if unit > 1 else ''}{said['cost']['currency']}"
    priced = (f"cost,\n{currency}",) if found.scenario.file.costs.are_said else ()
    table = table_of(
        ("from", "queue", *HEADINGS, *priced),
        names=2,
        is_tight=True,
        title=f"{said['scenario']}: agents an interval",
        caption=_caption(found),
    )
    level_marks, loss_marks = marks(found)
    count, lost = len(rows) // queues, found.check.by_queue("lost_rate").value
    starts = slice(11, 16) if rows[0]["interval_start"][:10] == rows[-1]["interval_start"][:10] else slice(5, 16)
    for place in range(count):
        for q in range(queues):
            row = rows[q * count + place]
            level = row["service_level"]
            # Near 100 % the limits do not lie evenly about it: the farther one is told.
            half = None if row["sl_hi"] is None else max(row["sl_hi"] - level, level - row["sl_lo"])
            table.add_row(
                row["interval_start"][starts].replace("T", " ") if q == 0 else "",
                row["queue"],
                _number(row["offered"], 0),
                str(row["agents_required"]),
                str(row["agents_required_with_shrinkage"]),
                _number(row["agents_scheduled"], 1),
                _share(level, half) + level_marks[q, place],
                _share(_known(lost[q, place])) + loss_marks[q, place],
                _share(row["occupancy"]),
                *(_number(None if row["cost"] is None else row["cost"] / unit, 0) for _ in priced),
            )
    return table


def _caption(found: Solution) -> str:
    words = "lost: gave up or sent away; * target missed, ? by no more than chance"
    if not (found.demand.serves.sum(axis=0) > 1.0).any():
        return words
    return f"required: by the queue itself; scheduled, busy: all who may serve it, and others, too; {words}"


def _shifts(said: dict[str, Any]) -> Table:
    table = table_of(("group", "hours", "breaks", "days", "agents"), names=4, title="shifts")
    for name, group in said["groups"].items():
        for shift in group["shifts"]:
            days = ", ".join(shift.get("days", ["every day"]))
            table.add_row(name, shift["hours"], ", ".join(shift.get("breaks", [])), days, str(shift["count"]))
    return table


def _trunks(said: dict[str, Any]) -> Table:
    marked = [("*" if one["missed"] else "?" if one["unsure"] else "") for one in said["trunk_groups"].values()]
    caption = "* more than asked for, ? by no more than chance" if any(marked) else ""
    if said["max_block"] is None:
        caption = "kept as they are"
    table = table_of(("trunks", "channels", "blocked in the\nbusiest interval, %"), caption=caption)
    for (name, group), mark in zip(said["trunk_groups"].items(), marked, strict=True):
        table.add_row(name, str(group["channels"]), _share(group["blocked_busiest"]) + mark)
    return table


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _share(value: float | None, half: float | None = None) -> str:
    if value is None:
        return "-"
    return f"{value * 100:.1f}" + ("" if half is None else f" ±{half * 100:.1f}")
