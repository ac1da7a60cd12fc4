"""A scenario as planners handle it in Python: load it, change it, build it once."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from engine.config.document import Location
from engine.errors import ConfigError
from simulations.scenario.build import Model, build
from simulations.scenario.file import ScenarioFile
from simulations.scenario.load import load_document, load_scenario

LOCKED = "scenario.lock.yaml"
"""The scenario as it was played, in a folder of results."""


def no_results(folder: Path | str) -> str:
    """Return what is said of a folder without results, and what to do."""
    return f"{folder}: there are no results; make some with 'trunkline simulate FILE -o {folder}'"


class Scenario(msgspec.Struct, dict=True):
    """A contact centre and a stretch of time.

    >>> scenario = Scenario.load("hotline.yaml").changed("queues.sales.agents=12")
    """

    raw: dict[str, Any]
    """What the file says with all changes made, as plain values; never to be written into."""
    file: ScenarioFile
    """The same, checked and typed."""
    folder: Path
    """What files named in it are relative to."""
    path: str = ""
    notes: tuple[str, ...] = ()
    """What changes came to beside what they say: shifts in proportion to a count, for one."""

    @classmethod
    def load(cls, path: Path | str, changes: Iterable[str] = ()) -> "Scenario":
        """Return the scenario in a file, with `changes` made first, each as `queues.sales.agents=12`.

        Of a folder of results, the scenario as it was played. Raises ConfigError with every fault: line and column.
        """
        if Path(path).is_dir():
            if not (Path(path) / LOCKED).exists():
                raise ConfigError([no_results(path)])
            path = Path(path) / LOCKED
        path = Path(path)
        folder = path.parent
        found = load_scenario(path, folder, changes)
        return cls(found.value, found.file, folder, str(path), found.notes)

    @classmethod
    def of(cls, raw: dict[str, Any], folder: Path | str = ".", changes: Iterable[str] = ()) -> "Scenario":
        """Return the scenario that plain values say, as a YAML file would. Raises ConfigError."""
        found = load_scenario(raw, Path(folder), changes)
        return cls(found.value, found.file, Path(folder), notes=found.notes)

    def changed(self, *changes: str) -> "Scenario":
        """Return the scenario with changes made, each as `queues.sales.agents=12`. Raises ConfigError."""
        return Scenario.of(self.raw, self.folder, changes)

    def fault(self, location: Location, text: str) -> ConfigError:
        """Return an error that says what is wrong with the value at `location`, as ("queues", "sales"), and where it
        stands: file, line and column of its key.
        """
        document, _ = load_document(Path(self.path) if self.path else self.raw, self.folder)
        document = document.without_faults()
        document.add(location, text, at_key=True)
        return ConfigError(document.sentences())

    @property
    def name(self) -> str:
        """What it is called."""
        return self.file.name

    @cached_property
    def model(self) -> Model:
        """The arrays that run; made once. Raises ConfigError when a trace cannot be read."""
        return build(self.file, self.folder)
