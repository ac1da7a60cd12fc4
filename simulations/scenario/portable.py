"""A scenario as plain values that mean the same in any folder: what other files say stands in it."""

import copy
import re
from pathlib import Path
from typing import Any, Final

from engine.model.fields import FromEnvironment
from simulations.scenario.scenario import Scenario
from simulations.scenario.shift_files import read_shifts

_EMPIRICAL: Final = re.compile(r"(\s*empirical\s*\((?:\s*file\s*=)?\s*)([^)]*?)(\s*\)\s*)")


def portable(scenario: Scenario) -> dict[str, Any]:
    """Return what the file says, with volumes and shifts inline and other files by whole paths."""
    folder = scenario.folder.resolve()
    raw: dict[str, Any] = _whole_paths(copy.deepcopy(scenario.raw), folder)
    for name, queue in scenario.file.queues.items():
        arrivals = raw["queues"][name].get("arrivals")
        if arrivals is None or queue.arrivals is None:
            continue
        if queue.arrivals.volumes is not None:
            for key in ("csv", "column", "repeat"):
                arrivals.pop(key, None)
            arrivals["volumes"] = list(queue.arrivals.volumes)
        if "trace" in arrivals:
            arrivals["trace"] = str(folder / arrivals["trace"])
    for entry in raw.get("agents") or ():
        if isinstance(entry.get("shifts"), str):
            entry["shifts"] = read_shifts(folder / entry["shifts"])
    return raw


def as_written(value: Any) -> Any:
    """Return plain values as a file has to say them: a `$` doubled, what the environment said written out."""
    if isinstance(value, dict):
        return {key: as_written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_written(item) for item in value]
    if isinstance(value, FromEnvironment) and value.isdecimal():
        return int(value)
    return value.replace("$", "$$") if isinstance(value, str) else value


def _whole_paths(value: Any, folder: Path) -> Any:
    if isinstance(value, dict):
        return {key: _whole_paths(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_paths(item, folder) for item in value]
    match = _EMPIRICAL.fullmatch(value) if isinstance(value, str) else None
    return value if match is None else f"{match[1]}{folder / match[2]}{match[3]}"
