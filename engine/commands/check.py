"""`trunkline check`: every fault of a configuration file, or a summary of what it describes."""

from itertools import pairwise
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from engine.commands.outcome import Exit
from engine.config import Config, compile_directory, compile_settings, load_config
from engine.config.agents import Agent
from engine.config.queues import Queue
from engine.errors import ConfigError
from engine.messages.kinds import CHANNEL_NAMES, STRATEGY_NAMES
from engine.model.durations import format_duration


def check(path: Path) -> Exit:
    """Print the summary of a good configuration, or every fault of a bad one."""
    try:
        config = load_config(path)
        compile_settings(config, compile_directory(config))
    except ConfigError as error:
        typer.echo("\n".join(error.faults))
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
        f"no agent can serve queue '{name}' as it is required at first" for name in config.queues if not able[name]
    ]
    for note in [*notes, *step_notes(config), *circle_notes(config)]:
        console.print(f"{path}: note: {note}", soft_wrap=True)


def step_notes(config: Config) -> list[str]:
    """Tell which queues' steps stand in another order than they happen: perhaps a time since the last was meant."""
    return [
        f"steps of queue '{name}' do not stand in the order of their times; "
        "'after' counts from when the contact entered the queue, never from the step before"
        for name, queue in config.queues.items()
        if any(later.after_ns < step.after_ns for step, later in pairwise(queue.steps))
    ]


def circle_notes(config: Config) -> list[str]:
    """Tell which queues send their contacts round in a circle when they are all full, empty or closed."""
    notes: dict[str, None] = {}
    for key in ("when_full", "when_empty", "when_closed"):
        following = {name: getattr(queue, key) for name, queue in config.queues.items()}
        for start in following:
            path = [start]
            while (to := following.get(path[-1])) is not None and to not in path:
                path.append(to)
            if to == start and start == min(path):
                route = " -> ".join([*path, start])
                notes[f"'{key}' leads round in a circle: {route}; a contact that none of them takes is refused"] = None
    return list(notes)


def able_agents(config: Config) -> dict[str, int]:
    """Count for each queue the agents who could be offered its contacts before any step relaxes the requirement."""
    listed = {name for agent in config.agents for name in agent.queues}
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
