"""Scenarios of commands: loaded with the changes that were asked for, and what these came to said on stderr."""

from collections.abc import Iterable
from pathlib import Path

from simulations.commands.printing import say
from simulations.scenario.scenario import Scenario


def loaded(path: Path, changes: Iterable[str] = ()) -> Scenario:
    """Return the scenario in a file or a folder of results, changed. Raises ConfigError."""
    scenario = Scenario.load(path, changes)
    for note in scenario.notes:
        say(f"note: {note}")
    return scenario
