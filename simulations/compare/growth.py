"""A scenario as it will be when more contacts come, or fewer, with staff and lines that go along, or stay."""

import copy
import math
from pathlib import Path
from typing import Any

from simulations.scenario.heads import in_proportion, shifts_of
from simulations.scenario.scenario import Scenario


def grown(scenario: Scenario, volume: float, *, staff_grows: bool) -> Scenario:
    """Return the scenario with so many times the contacts, and agents and channels, rounded, if they grow.

    Of a group whose shifts say counts these grow in proportion. What trunk groups reserve stays, as far as there are
    channels. Raises ConfigError for arrivals from a trace, of which there is no more or less.
    """
    if volume == 1.0:
        return scenario
    raw: dict[str, Any] = copy.deepcopy(scenario.raw)
    raw["factors"] = {**(raw.get("factors") or {}), "volume": scenario.file.factors.volume * volume}
    if staff_grows:
        raw["queues"] = {name: _grown(queue, volume, scenario.folder) for name, queue in raw["queues"].items()}
        if raw.get("agents"):
            raw["agents"] = [_grown(group, volume, scenario.folder) for group in raw["agents"]]
        for lines in (raw.get("trunk_groups") or {}).values():
            lines["channels"] = math.ceil(lines["channels"] * volume)
            if isinstance(lines.get("reserve"), int):
                lines["reserve"] = min(lines["reserve"], lines["channels"])
    return Scenario.of(raw, scenario.folder)


def _grown(entry: dict[str, Any], volume: float, folder: Path) -> dict[str, Any]:
    """Return a group with so many times its agents, or a queue with so many times those of its own."""
    found = dict(entry)
    for key in ("agents", "count"):
        if entry.get(key) is not None:
            found[key] = round(entry[key] * volume)
    if entry.get("staffing") is not None:
        found["staffing"] = [round(count * volume) for count in entry["staffing"]]
    shifts = shifts_of(entry, folder)
    counted = [place for place, shift in enumerate(shifts) if shift.get("count") is not None]
    if counted:
        heads = [shifts[place]["count"] for place in counted]
        for place, count in zip(counted, in_proportion(heads, round(sum(heads) * volume)), strict=True):
            shifts[place] = shifts[place] | {"count": count}
        found["shifts"] = shifts
    return found
