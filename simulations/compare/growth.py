"""A scenario as it will be when more contacts come, with staff and lines that grow along, or stay."""

import copy
import math
from typing import Any

from simulations.scenario.scenario import Scenario


def grown(scenario: Scenario, volume: float, *, staff_grows: bool) -> Scenario:
    """Return the scenario with so many times the contacts, and agents and channels, rounded, if they grow.

    Raises ConfigError for arrivals from a trace, of which there is no more or less.
    """
    if volume == 1.0:
        return scenario
    raw: dict[str, Any] = copy.deepcopy(scenario.raw)
    raw["factors"] = {**(raw.get("factors") or {}), "volume": scenario.file.factors.volume * volume}
    if staff_grows:
        for entry in [*raw["queues"].values(), *(raw.get("agents") or [])]:
            _grow(entry, volume)
        for lines in (raw.get("trunk_groups") or {}).values():
            lines["channels"] = math.ceil(lines["channels"] * volume)
    return Scenario.of(raw, scenario.folder)


def _grow(entry: dict[str, Any], volume: float) -> None:
    """Let a group grow, or the short form of one in a queue."""
    for key in ("agents", "count"):
        if entry.get(key) is not None:
            entry[key] = round(entry[key] * volume)
    if entry.get("staffing") is not None:
        entry["staffing"] = [round(count * volume) for count in entry["staffing"]]
