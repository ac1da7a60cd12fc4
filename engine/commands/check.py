"""`trunkline check`: every fault of a configuration file, or a summary of what it describes."""

import math
from collections import deque
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from itertools import pairwise
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.table import Table

from engine.commands.outcome import Exit
from engine.config import Config, compile_directory, compile_settings, load_config
from engine.config.agents import Agent
from engine.config.queues import Queue
from engine.errors import ConfigError, TlsFilesUnusable
from engine.messages.kinds import CHANNEL_NAMES, STEP_OVERFLOW, STEP_RELAX, STRATEGY_NAMES
from engine.model.durations import format_duration
from engine.model.quality import CASE_REPORTS
from engine.model.tls import ServerTls

CHECKS: Final = "trunkline.checks"
"""Entry point group of checks of further kinds of files: functions of a path, None if the file is not of the kind."""


def check(path: Path) -> Exit:
    """Print the summary of a good configuration, or every fault of a bad one; files of other kinds have checks too."""
    for point in entry_points(group=CHECKS):
        found: Exit | None = point.load()(path)
        if found is not None:
            return found
    try:
        config = load_config(path)
        compile_settings(config, compile_directory(config))
    except ConfigError as error:
        typer.echo("\n".join(error.faults))
        return Exit.FINDINGS
    if faults := certificate_faults(config):
        typer.echo("\n".join(f"{path}: {fault}" for fault in faults))
        return Exit.FINDINGS
    print_summary(path, config)
    return Exit.OK


def print_summary(path: Path, config: Config) -> None:
    """Print what the file describes, and which queues nobody could serve."""
    console = Console(highlight=False)
    able = able_agents(config)
    console.print(_queue_table(config, able))
    counts = (
        ("agent", config.agents),
        ("queue", config.queues),
        ("skill", config.skill_names),
        ("trunk group", config.trunk_groups),
        ("site", config.sites),
        ("token", config.tokens),
    )
    described = ", ".join(f"{len(found)} {what}{'' if len(found) == 1 else 's'}" for what, found in counts)
    adapters = ", ".join(config.adapters) or "none"
    console.print(f"{path}: good. {described}; adapters: {adapters}.", soft_wrap=True)
    notes = [
        f"no agent can serve queue '{name}' as it is required at first"
        for name in config.queues
        if not able[name] and name != CASE_REPORTS
    ]
    for note in [*notes, *step_notes(config), *circle_notes(config), *adapter_notes(config)]:
        console.print(f"{path}: note: {note}", soft_wrap=True)


def certificate_faults(config: Config) -> list[str]:
    """Tell which adapters could not be started, for their certificates: those are files of their own."""
    faults = []
    for name, settings in config.adapters.items():
        tls = getattr(settings, "tls", None)
        try:
            if isinstance(tls, ServerTls):
                tls.server_context()
        except (OSError, TlsFilesUnusable) as error:
            faults.append(f"adapters.{name}.tls: {error}")
    return faults


def step_notes(config: Config) -> list[str]:
    """Tell which queues' steps stand in another order than they happen: perhaps a time since the last was meant."""
    return [
        f"steps of queue '{name}' do not stand in the order of their times; "
        "'after' counts from when the contact entered the queue, never from the step before"
        for name, queue in config.queues.items()
        if any(later.after_ns < step.after_ns for step, later in pairwise(queue.steps))
    ]


def adapter_notes(config: Config) -> list[str]:
    """Tell what the settings of adapters note themselves, as a file that a wallboard misses."""
    told = {name: getattr(settings, "notes", None) for name, settings in config.adapters.items()}
    return [
        f"adapter '{name}': {note}"
        for name, notes in told.items()
        if notes is not None
        for note in notes(config.queues)
    ]


def circle_notes(config: Config) -> list[str]:
    """Tell which queues send contacts round in a circle: when all are full, empty or closed, or by their steps."""
    notes = []
    for key in ("when_full", "when_empty", "when_closed"):
        following = {name: [getattr(queue, key)] for name, queue in config.queues.items()}
        notes += [
            f"'{key}' leads round in a circle: {route}; a contact that none of them takes is refused"
            for route in _circles(following)
        ]
    overflows = {name: _overflows(queue) for name, queue in config.queues.items()}
    return notes + [
        f"overflow steps lead round in a circle: {route}; times begin again in each queue, so a contact may go round "
        "until it is served or gives up"
        for route in _circles(overflows)
    ]


def _overflows(queue: Queue) -> list[str | None]:
    """Return the queues to which overflow steps lead that come before the contact must leave."""
    ends = [step.after_ns for step in queue.steps if step.do not in (STEP_OVERFLOW, STEP_RELAX)]
    if queue.max_wait_ns is not None:
        ends.append(queue.max_wait_ns)
    end_ns = min(ends, default=math.inf)
    return [step.to for step in queue.steps if step.do == STEP_OVERFLOW and step.after_ns < end_ns]


def _circles(following: Mapping[str, Iterable[str | None]]) -> list[str]:
    """Name the circles among queues as routes: the shortest from each queue that stands first in one, each set once."""
    found: dict[frozenset[str], str] = {}
    for start in sorted(following):
        route = _way_back(following, start)
        if route:
            found.setdefault(frozenset(route), " -> ".join([*route, start]))
    return list(found.values())


def _way_back(following: Mapping[str, Iterable[str | None]], start: str) -> list[str]:
    """Return the shortest route that leads back to the queue; empty if none does."""
    routes, seen = deque([[start]]), {start}
    while routes:
        route = routes.popleft()
        for to in following.get(route[-1], ()):
            if to == start:
                return route
            if to is not None and to not in seen:
                seen.add(to)
                routes.append([*route, to])
    return []


def able_agents(config: Config) -> dict[str, int]:
    """Count for each queue the agents who could be offered its contacts before any step relaxes the requirement."""
    listed = config.listed_queues
    able = dict.fromkeys(config.queues, 0)
    for agent in config.agents:
        own = set(agent.queues)
        for name, queue in config.queues.items():
            members_only = name in listed if queue.members_only is None else queue.members_only
            able[name] += (name in own or not members_only) and could_serve(config, agent, queue)
    return able


def could_serve(config: Config, agent: Agent, queue: Queue) -> bool:
    """Tell whether an agent among those of the queue has the skills and the channel for it."""
    has_skills = all(agent.skills.get(skill, 0) >= level for skill, level in queue.skills.items())
    return has_skills and config.capacity(queue.channel, agent.capacity) > 0


def _queue_table(config: Config, able: dict[str, int]) -> Table:
    table = Table("queue", "channel", "strategy", "skills", "service level", "agents", title=config.service.name)
    for name, queue in config.queues.items():
        level = queue.service_level
        table.add_row(
            name,
            CHANNEL_NAMES[queue.channel],
            STRATEGY_NAMES[queue.strategy],
            ", ".join(f"{skill} {least}" for skill, least in queue.skills.items()) or "-",
            f"{level.target:.0%} in {format_duration(level.threshold_ns)}",
            str(able[name]),
        )
    return table
