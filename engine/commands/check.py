"""`trunkline check`: every fault of a configuration file, or a summary of what it describes."""

from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.table import Table

from engine.commands.outcome import Exit
from engine.config import Config, compile_directory, compile_settings
from engine.config.able import able_agents
from engine.config.document import Document
from engine.config.doubts import doubts_in
from engine.config.load import load_placed
from engine.errors import ConfigError, TlsFilesUnusable
from engine.messages.kinds import CHANNEL_NAMES, STRATEGY_NAMES
from engine.model.durations import format_duration
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
        config, document = load_placed(path)
        compile_settings(config, compile_directory(config))
    except ConfigError as error:
        typer.echo("\n".join(error.faults))
        return Exit.FINDINGS
    if faults := certificate_faults(config):
        typer.echo("\n".join(f"{path}: {fault}" for fault in faults))
        return Exit.FINDINGS
    print_summary(document, config)
    return Exit.OK


def print_summary(document: Document, config: Config) -> None:
    """Print what the file describes, and what is doubtful in it."""
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
    console.print(f"{document.path}: good. {described}; adapters: {adapters}.", soft_wrap=True)
    for doubt in doubts_in(document, config, able):
        console.print(doubt, soft_wrap=True, markup=False)


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
